/* SPDX-License-Identifier: MIT */
/* Compiles routes and matches paths against them.
 *
 * A table holds the routes of one epoch: those that match paths of one length sorted by number of segments, then those that end
 * in '*', the longest first; among each, literals before parameters, explicit formats before "any serializer", and then by
 * registration. The first that fits wins. A host has a few hundred routes at most, and few of one length, so a walk over them
 * costs less than anything cleverer would save. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/routes.h>

#define METHODS (AERIE_HTTP_GET | AERIE_HTTP_POST | AERIE_HTTP_PUT | AERIE_HTTP_DELETE)
#define FORMS (AERIE_FORM_WRAPPED | AERIE_FORM_PAGE | AERIE_FORM_TABLE)
#define LITERAL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-~"
#define NAME "abcdefghijklmnopqrstuvwxyz0123456789_"

static const char no_memory[] = "memory is out";

bool suffix_valid(const char *suffix)
{
	size_t len = suffix ? strlen(suffix) : 0;

	return len > 0 && len <= SUFFIX_OCTETS && strspn(suffix, "abcdefghijklmnopqrstuvwxyz0123456789") == len;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

void route_free(void *p)
{
	struct route *route = p;

	if (!route)
		return;
	if (route->r.destroy)
		route->r.destroy(route->r.user);
	if (route->ws) {
		if (route->ws->destroy)
			route->ws->destroy(route->ws->user);
		free((char *)route->ws->protocol);
		free(route->ws);
	}
	free((char *)route->r.path);
	free((char *)route->r.formats);
	free((char *)route->r.role);
	free((char *)route->r.summary);
	free((char *)route->r.help);
	free((char *)route->r.record);
	free((char *)route->r.fields);
	free((void *)route->r.params);
	free(route->owner);
	free(route->text);
	free(route);
}

/* One segment of a pattern, NUL-terminated. */
static const char *compile_segment(struct route *route, char *p)
{
	struct route_segment *seg = &route->seg[route->n];
	uint32_t i;

	if (route->n == PATH_SEGMENTS)
		return "the path has too many segments";
	if (route->rest)
		return "a segment follows the one with '*'";
	route->rest = *p == '*';
	seg->param = *p == ':' || route->rest;
	seg->text = p + seg->param;
	seg->len = (uint32_t)strlen(seg->text);
	if (!seg->len || strspn(seg->text, seg->param ? NAME : LITERAL) != seg->len)
		return seg->param ? "a parameter is not named [a-z0-9_]+" : "a segment is empty or not plain text";
	for (i = 0; seg->param && i < route->n; i++)
		if (route->seg[i].param && !strcmp(route->seg[i].text, seg->text))
			return "two parameters have the same name";
	route->n++;
	return NULL;
}

static const char *compile_path(struct route *route, char *p)
{
	const char *error;
	char *next;

	if (*p != '/')
		return "the path does not begin with '/'";
	for (p++; p && *p; p = next) {
		next = strchr(p, '/');
		if (next)
			*next++ = '\0';
		error = compile_segment(route, p);
		if (error)
			return error;
	}
	if (route->rest && route->n == 1 && (!route->r.formats || *route->r.formats))
		return "no segment before '*' can have the suffix";
	return NULL;
}

static const char *compile_formats(struct route *route, char *p)
{
	char *next;

	for (; p && *p; p = next) {
		next = strchr(p, '|');
		if (next)
			*next++ = '\0';
		if (!suffix_valid(p))
			return "a format is not [a-z0-9]{1,16}";
		if (route->n_formats == ROUTE_FORMATS)
			return "too many formats";
		route->format[route->n_formats++] = p;
	}
	return NULL;
}

static bool has_segment(const struct route *route, const char *name)
{
	uint32_t i;

	for (i = 0; i < route->n; i++)
		if (route->seg[i].param && !strcmp(route->seg[i].text, name))
			return true;
	return false;
}

static bool type_valid(const char *type)
{
	static const char *const types[] = {
		"string", "integer", "number", "boolean", "mac", "maskedmac", "key", "uuid", "time", "fields", "regex", "map", "any",
	};
	size_t len = strlen(type), i;

	if (len > 2 && !strcmp(type + len - 2, "[]"))
		len -= 2;
	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strlen(types[i]) == len && !memcmp(types[i], type, len))
			return true;
	return false;
}

static const char *check_param(const struct route *route, const struct aerie_param *p)
{
	if (p->in < AERIE_IN_PATH || p->in > AERIE_IN_MESSAGE)
		return "a parameter is given nowhere";
	if (!p->name || !*p->name || !p->help || !*p->help)
		return "a parameter has no name or no help";
	if (!p->type || !type_valid(p->type))
		return "a parameter's type is unknown";
	if (p->in == AERIE_IN_PATH && !has_segment(route, p->name))
		return "a parameter of the path is no segment of it";
	return NULL;
}

static const struct aerie_param *param_row(const struct aerie_param *table, uint32_t i)
{
	return (const struct aerie_param *)(const void *)((const char *)table + (size_t)i * table->size);
}

static const char *keep_text(char **at, const char *text)
{
	size_t len = text ? strlen(text) + 1 : 0;

	if (text)
		memcpy(*at, text, len);
	*at += len;
	return text ? *at - len : NULL;
}

/* Copies the rows, and behind them their texts. */
static const char *copy_params(struct route *route, const struct aerie_route *r)
{
	size_t octets = (size_t)r->n_params * sizeof(struct aerie_param);
	const char *error = NULL;
	struct aerie_param *rows;
	char *at;
	uint32_t i;

	if (!r->n_params)
		return NULL;
	if (!r->params || r->n_params > ROUTE_PARAMS || r->params->size < sizeof *rows || r->params->size % sizeof(void *))
		return "its parameters are no table, or too many";
	for (i = 0; !error && i < r->n_params; i++) {
		const struct aerie_param *p = param_row(r->params, i);

		error = check_param(route, p);
		if (!error)
			octets += strlen(p->name) + strlen(p->type) + strlen(p->help) + (p->example ? strlen(p->example) : 0) + 4;
	}
	if (error)
		return error;
	rows = malloc(octets);
	if (!rows)
		return no_memory;
	at = (char *)(rows + r->n_params);
	for (i = 0; i < r->n_params; i++) {
		const struct aerie_param *p = param_row(r->params, i);

		rows[i] = (struct aerie_param){
			.size = sizeof *rows, .in = p->in, .flags = p->flags, .name = keep_text(&at, p->name),
			.type = keep_text(&at, p->type), .help = keep_text(&at, p->help), .example = keep_text(&at, p->example),
		};
		if (p->in == AERIE_IN_PATH)
			rows[i].flags |= AERIE_PARAM_REQUIRED;
	}
	route->r.params = rows;
	route->r.n_params = r->n_params;
	return NULL;
}

static bool copied(const char *text, const char *original)
{
	return text || !original;
}

/* Copies of the texts; false: memory is out. */
static bool copy_texts(struct route *route, const struct aerie_route *r, const char *owner)
{
	size_t path_len = strlen(r->path) + 1, formats_len = r->formats ? strlen(r->formats) + 1 : 1;

	route->r = (struct aerie_route){
		.size = sizeof route->r, .methods = r->methods, .path = copy(r->path), .formats = copy(r->formats),
		.role = copy(r->role), .summary = copy(r->summary), .help = copy(r->help), .handle = r->handle, .result = r->result,
		.record = copy(r->record), .fields = copy(r->fields), .flags = r->flags, .forms = r->forms,
	};
	route->owner = copy(owner);
	route->text = calloc(1, path_len + formats_len);
	if (!route->r.path || !route->r.summary || !route->r.help || !route->owner || !route->text ||
	    !copied(route->r.formats, r->formats) || !copied(route->r.role, r->role) || !copied(route->r.record, r->record) ||
	    !copied(route->r.fields, r->fields))
		return false;
	memcpy(route->text, r->path, path_len);
	if (r->formats)
		memcpy(route->text + path_len, r->formats, formats_len);
	return true;
}

int route_new(const struct aerie_route *r, const char *owner, struct route **ret_route, const char **ret_error)
{
	struct route *route;

	if (!r->path)
		return *ret_error = "it has no path", -EINVAL;
	if (!r->methods || (r->methods & ~METHODS))
		return *ret_error = "its methods are none or unknown", -EINVAL;
	if (!r->summary || !*r->summary || !r->help || !*r->help)
		return *ret_error = "it has no summary or no help", -EINVAL;
	if (r->result > AERIE_RESULT_MAP)
		return *ret_error = "its result is unknown", -EINVAL;
	if (r->flags & ~(AERIE_ROUTE_LONG | AERIE_ROUTE_QUICK))
		return *ret_error = "it has an unknown flag", -EINVAL;
	if ((r->flags & (AERIE_ROUTE_LONG | AERIE_ROUTE_QUICK)) == (AERIE_ROUTE_LONG | AERIE_ROUTE_QUICK))
		return *ret_error = "it is both quick and long", -EINVAL;
	if (r->forms & ~FORMS || (r->forms && r->result != AERIE_RESULT_LIST))
		return *ret_error = "it has forms of a list, and is none, or unknown ones", -EINVAL;
	route = calloc(1, sizeof *route);
	if (!route || !copy_texts(route, r, owner)) {
		route_free(route);
		return *ret_error = no_memory, -ENOMEM;
	}
	*ret_error = compile_path(route, route->text);
	if (!*ret_error)
		*ret_error = compile_formats(route, route->text + strlen(r->path) + 1);
	if (!*ret_error)
		*ret_error = copy_params(route, r);
	if (*ret_error) {
		route_free(route);
		return *ret_error == no_memory ? -ENOMEM : -EINVAL;
	}
	route->r.user = r->user;
	*ret_route = route;
	return 0;
}

static bool role_listed(const char *list, const char *role)
{
	size_t len = strlen(role);
	const char *p, *end;

	for (p = list; *p; p = *end ? end + 1 : end) {
		end = p + strcspn(p, "|");
		if ((size_t)(end - p) == len && !memcmp(p, role, len))
			return true;
	}
	return false;
}

int role_check(const char *needed, const struct aerie_http_request *req)
{
	if (!needed && (req->flags & AERIE_REQUEST_LOGIN_FOR_ALL))
		needed = "readonly";
	if (!needed || !*needed)
		return 0;
	if (!req->role || !*req->role)
		return -EACCES;
	if (!strcmp(req->role, "admin") || !strcmp(needed, "any"))
		return 0;
	return role_listed(needed, req->role) ? 0 : -EPERM;
}

static bool same_shape(const struct route *a, const struct route *b)
{
	uint32_t i;

	if (a->n != b->n || a->rest != b->rest)
		return false;
	for (i = 0; i < a->n; i++) {
		if (a->seg[i].param != b->seg[i].param)
			return false;
		if (!a->seg[i].param && strcmp(a->seg[i].text, b->seg[i].text))
			return false;
	}
	return true;
}

static bool has_format(const struct route *route, const char *suffix)
{
	uint32_t i;

	for (i = 0; i < route->n_formats; i++)
		if (!strcmp(route->format[i], suffix))
			return true;
	return false;
}

bool route_conflicts(const struct route *a, const struct route *b)
{
	uint32_t i;

	if (!(a->r.methods & b->r.methods) || !same_shape(a, b))
		return false;
	if (!a->n_formats || !b->n_formats) /* any serializer, or none at all; a list beside them is more specific */
		return !a->n_formats && !b->n_formats && !a->r.formats == !b->r.formats;
	for (i = 0; i < a->n_formats; i++)
		if (has_format(b, a->format[i]))
			return true;
	return false;
}

struct sorted {
	const struct route *route;
	size_t i;
};

static int compare_routes(const void *pa, const void *pb)
{
	const struct sorted *sa = pa, *sb = pb;
	const struct route *a = sa->route, *b = sb->route;
	uint32_t i;

	if (a->rest != b->rest)
		return a->rest ? 1 : -1;
	if (a->n != b->n)
		return (a->n < b->n) != a->rest ? -1 : 1;
	for (i = 0; i < a->n; i++)
		if (a->seg[i].param != b->seg[i].param)
			return a->seg[i].param ? 1 : -1;
	if (!a->r.formats != !b->r.formats)
		return a->r.formats ? -1 : 1;
	return sa->i < sb->i ? -1 : 1;
}

static struct route_table *build(const struct epoch *ep, enum reg_kind kind)
{
	size_t n = ep->n_regs[kind], i;
	struct route_table *t = calloc(1, sizeof *t + n * sizeof t->route[0]);
	struct sorted *sorted = calloc(n + 1, sizeof *sorted);

	if (!t || !sorted) {
		free(t);
		free(sorted);
		return NULL;
	}
	for (i = 0; i < n; i++)
		sorted[i] = (struct sorted){ ep->regs[kind][i]->item, i };
	qsort(sorted, n, sizeof *sorted, compare_routes);
	for (i = 0; i < n; i++)
		t->route[i] = sorted[i].route;
	t->n = n;
	free(sorted);
	return t;
}

void *route_table_build(void *user, const struct epoch *ep)
{
	return build(ep, REG_ROUTE);
}

void *ws_table_build(void *user, const struct epoch *ep)
{
	return build(ep, REG_WS);
}

static int compare_serializers(const void *pa, const void *pb)
{
	const struct serializer *const *a = pa, *const *b = pb;

	return strcmp((*a)->s.suffix, (*b)->s.suffix);
}

void *serializer_table_build(void *user, const struct epoch *ep)
{
	size_t n = ep->n_regs[REG_SERIALIZER], i;
	struct serializer_table *t = calloc(1, sizeof *t + n * sizeof t->serializer[0]);

	if (!t)
		return NULL;
	for (i = 0; i < n; i++)
		t->serializer[i] = ep->regs[REG_SERIALIZER][i]->item;
	t->n = n;
	qsort(t->serializer, n, sizeof t->serializer[0], compare_serializers);
	return t;
}

const struct serializer *serializer_find(const struct serializer_table *t, const char *suffix)
{
	size_t i;

	for (i = 0; t && i < t->n; i++)
		if (!strcmp(t->serializer[i]->s.suffix, suffix))
			return t->serializer[i];
	return NULL;
}

static bool segment_fits(const struct route_segment *seg, const char *text, size_t len)
{
	return seg->param ? len > 0 : seg->len == len && !memcmp(seg->text, text, len);
}

static bool wants_suffix(const struct route *route)
{
	return !route->r.formats || route->n_formats;
}

/* The suffix of the path where this route has it, or NULL. */
static const char *suffix_for(const struct route *route, const struct path *path)
{
	uint32_t last = route->n - route->rest;

	return wants_suffix(route) && last && last <= path->n ? path_suffix(path->seg[last - 1]) : NULL;
}

/* Does the path fit, without the suffix (or NULL) of the segment that has it? */
static bool path_fits(const struct route *route, const struct path *path, const char *suffix)
{
	uint32_t last = route->n - route->rest, i;

	if (route->rest ? path->n < route->n : path->n != route->n)
		return false;
	for (i = 0; i < last; i++) {
		size_t len = strlen(path->seg[i]), cut = suffix && i + 1 == last ? strlen(suffix) + 1 : 0;

		if (!segment_fits(&route->seg[i], path->seg[i], len - cut))
			return false;
	}
	return true;
}

void route_table_match(const struct route_table *t, const struct serializer_table *ser, struct path *path, uint32_t method,
		       struct route_match *ret_match)
{
	struct route_match m = { .suffix = "" };
	const struct serializer *s;
	char *cut = NULL;
	size_t i;

	for (i = 0; t && i < t->n; i++) {
		const struct route *route = t->route[i];
		const char *suffix = suffix_for(route, path);

		if (!path_fits(route, path, suffix))
			continue;
		m.path_known = true;
		s = suffix ? serializer_find(ser, suffix) : NULL;
		if (wants_suffix(route) && !(suffix && (route->n_formats ? has_format(route, suffix) : s != NULL)))
			continue;
		m.format_known = true;
		m.methods |= route->r.methods;
		if (m.route || !(route->r.methods & method))
			continue;
		m.route = route;
		if (suffix) {
			m.suffix = suffix;
			m.serializer = s;
			cut = path->seg[route->n - route->rest - 1] + strlen(path->seg[route->n - route->rest - 1]) - strlen(suffix) - 1;
		}
	}
	if (cut)
		*cut = '\0';
	*ret_match = m;
}

static bool listed(const char *list, const char *suffix)
{
	size_t len = strlen(suffix);
	const char *p;

	for (p = list; (p = strstr(p, suffix)); p++)
		if ((p == list || p[-1] == ' ') && (!p[len] || p[len] == ','))
			return true;
	return false;
}

static size_t add_format(char *dst, size_t room, size_t at, const char *suffix)
{
	int n;

	if (listed(dst, suffix))
		return at;
	n = snprintf(dst + at, room - at, "%s%s", at ? ", " : "", suffix);
	return n < 0 || (size_t)n >= room - at ? room - 1 : at + (size_t)n;
}

void route_table_formats(const struct route_table *t, const struct serializer_table *ser, const struct path *path,
			 char *dst, size_t room)
{
	size_t i, j, at = 0;

	dst[0] = '\0';
	for (i = 0; i < t->n; i++) {
		const struct route *route = t->route[i];

		if (!wants_suffix(route) || !path_fits(route, path, suffix_for(route, path)))
			continue;
		for (j = 0; j < route->n_formats; j++)
			at = add_format(dst, room, at, route->format[j]);
		for (j = 0; !route->r.formats && ser && j < ser->n; j++)
			at = add_format(dst, room, at, ser->serializer[j]->s.suffix);
	}
}
