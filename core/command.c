/* SPDX-License-Identifier: MIT */
/* Bodies of POST requests. A form (application/x-www-form-urlencoded) is split first and decoded afterwards, so
 * that a '&' or '=' within a variable survives; the command is its variable msgpack= (base64) or json=, or the
 * whole body where its type says so. What is wrong with a body is kept as a sentence, and told when the handler
 * gives up with -EBADMSG. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <aerie/base64.h>
#include <core/command.h>
#include <core/value.h>

#define REASON 320u
#define MEDIA_TYPE 128u

/* A text that a handler was given. */
struct kept {
	struct kept *next;
	char text[];
};

struct command {
	bool form_read, read;
	int form_err, err; /* what reading them gave; stays */
	uint32_t status;   /* of the reason */
	char reason[REASON];
	struct query form;
	char *text; /* what form points into */
	json_t *root;
	struct kept *kept;
};

static int fail(struct command *c, uint32_t status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int fail(struct command *c, uint32_t status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->reason, sizeof c->reason, fmt, ap);
	va_end(ap);
	c->status = status;
	return -EBADMSG;
}

/* A request that a handler sees as const is part of a reply, which is not. */
static struct command *command_of(const struct aerie_request *req)
{
	struct aerie_request *own = (struct aerie_request *)req;

	if (!own->command)
		own->command = calloc(1, sizeof *own->command);
	return own->command;
}

void command_free(struct command *c)
{
	struct kept *k, *next;

	if (!c)
		return;
	for (k = c->kept; k; k = next) {
		next = k->next;
		free(k);
	}
	json_decref(c->root);
	free(c->form.var);
	free(c->text);
	free(c);
}

/* ---- the body's type ---- */

enum body { BODY_NONE, BODY_FORM, BODY_JSON, BODY_MSGPACK, BODY_OTHER };

/* The media type without its parameters (RFC 9110 8.3.1), cut to room. */
static void media_type(const char *content_type, char dst[MEDIA_TYPE])
{
	size_t n;

	content_type += strspn(content_type, " \t");
	n = strcspn(content_type, "; \t");
	(void)snprintf(dst, MEDIA_TYPE, "%.*s", n < MEDIA_TYPE ? (int)n : (int)MEDIA_TYPE - 1, content_type);
}

static enum body body_kind(const struct aerie_http_request *raw)
{
	static const struct {
		const char *type;
		enum body kind;
	} types[] = {
		{ "application/x-www-form-urlencoded", BODY_FORM },
		{ "application/json", BODY_JSON },
		{ "application/msgpack", BODY_MSGPACK },
		{ "application/x-msgpack", BODY_MSGPACK },
		{ "application/vnd.msgpack", BODY_MSGPACK },
	};
	char type[MEDIA_TYPE];
	size_t i;

	if (!raw->body_len)
		return BODY_NONE;
	if (!raw->content_type)
		return BODY_OTHER;
	media_type(raw->content_type, type);
	for (i = 0; i < sizeof types / sizeof types[0]; i++)
		if (!strcasecmp(type, types[i].type))
			return types[i].kind;
	return BODY_OTHER;
}

static int refuse_type(struct command *c, const struct aerie_http_request *raw)
{
	static const char known[] =
		"application/x-www-form-urlencoded with a variable json= or msgpack=, application/json or "
		"application/msgpack";
	char type[MEDIA_TYPE] = "without a Content-Type";

	if (raw->content_type)
		media_type(raw->content_type, type);
	return fail(c, 415, "the body is %s%s, which is not understood here; send %s",
		    raw->content_type ? "of type " : "", type, known);
}

/* ---- forms ---- */

static int decode_variable(struct command *c, char *name, size_t len)
{
	struct query_variable *var = &c->form.var[c->form.n];
	char *end = name + len, *value = memchr(name, '=', len);
	int n;

	*end = '\0';
	if (value)
		*value++ = '\0';
	else
		value = end;
	n = percent_decode(name, strlen(name), 1);
	if (n < 0)
		return fail(c, 400, "the form's variable %u has a malformed escape in its name", c->form.n + 1);
	name[n] = '\0';
	var->name = name;
	n = percent_decode(value, (size_t)(end - value), 1);
	if (n < 0)
		return fail(c, 400,
			    "the form's variable %.64s has a malformed escape: %% needs two hexadecimal digits, not 00",
			    name);
	value[n] = '\0';
	var->value = value;
	c->form.n++;
	return 0;
}

static int split_form(struct command *c, size_t len)
{
	char *p = c->text, *end = c->text + len, *next;
	size_t n = 1, i;
	int err = 0;

	for (i = 0; i < len; i++)
		n += p[i] == '&';
	if (n > FORM_VARIABLES)
		return fail(c, 400, "the form has more than %u variables", FORM_VARIABLES);
	c->form.var = calloc(n, sizeof *c->form.var);
	if (!c->form.var)
		return -ENOMEM;
	for (; !err && p < end; p = next + 1) {
		next = memchr(p, '&', (size_t)(end - p));
		if (!next)
			next = end;
		if (next > p)
			err = decode_variable(c, p, (size_t)(next - p));
	}
	return err;
}

static int read_form(struct command *c, const struct aerie_http_request *raw)
{
	size_t len = (size_t)raw->body_len;

	if (memchr(raw->body, 0, len))
		return fail(c, 400, "the form has an octet 0");
	c->text = malloc(len + 1);
	if (!c->text)
		return -ENOMEM;
	memcpy(c->text, raw->body, len);
	c->text[len] = '\0';
	return split_form(c, len);
}

static int need_form(struct command *c, const struct aerie_http_request *raw)
{
	if (c->form_read)
		return c->form_err;
	c->form_read = true;
	c->form_err = 0;
	if (raw->body_len > COMMAND_OCTETS)
		c->form_err = fail(c, 413, "the body is longer than %u octets", COMMAND_OCTETS);
	else if (body_kind(raw) == BODY_FORM)
		c->form_err = read_form(c, raw);
	return c->form_err;
}

static const char *find(const struct command *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->form.n; i++)
		if (!strcmp(c->form.var[i].name, name))
			return c->form.var[i].value;
	return NULL;
}

/* ---- the command ---- */

static int from_json(struct command *c, const char *text, size_t len)
{
	char why[REASON - 32];
	int err = value_from_json(text, len, &c->root, why, sizeof why);

	return err == -EBADMSG ? fail(c, 400, "the command is refused: %s", why) : err;
}

static int from_msgpack(struct command *c, const uint8_t *data, size_t len)
{
	char why[REASON - 32];
	int err = value_from_msgpack(data, len, &c->root, why, sizeof why);

	return err == -EBADMSG ? fail(c, 400, "the command is refused: %s", why) : err;
}

/* Who writes base64 into a form without escaping its '+' sends a space; and base64(1) breaks lines. */
static size_t mend(const char *text, char *dst)
{
	size_t n = 0;

	for (; *text; text++)
		if (*text != '\n' && *text != '\r')
			dst[n++] = *text == ' ' ? '+' : *text;
	return n;
}

static int from_base64(struct command *c, const char *text)
{
	size_t len = strlen(text);
	char *mended = malloc(len + 1);
	uint8_t *data = malloc(AERIE_BASE64_ROOM(len));
	int64_t n;
	int err = -ENOMEM;

	if (mended && data) {
		len = mend(text, mended);
		n = aerie_base64_decode(mended, len, data);
		if (n >= 0)
			err = from_msgpack(c, data, (size_t)n);
		else if ((size_t)(-1 - n) < len)
			err = fail(c, 400, "the command is refused: msgpack= is not base64 at character %zu",
				   (size_t)-n);
		else
			err = fail(c, 400, "the command is refused: the base64 of msgpack= ends within an octet");
	}
	free(mended);
	free(data);
	return err;
}

static int from_form(struct command *c)
{
	const char *packed = find(c, "msgpack"), *json = find(c, "json");

	if (packed)
		return from_base64(c, packed);
	return json ? from_json(c, json, strlen(json)) : -ENODATA;
}

static int read_command(struct command *c, const struct aerie_http_request *raw)
{
	enum body kind = body_kind(raw);
	int err = need_form(c, raw);

	if (err)
		return err;
	switch (kind) {
	case BODY_NONE:
		return -ENODATA;
	case BODY_FORM:
		err = from_form(c);
		break;
	case BODY_JSON:
		err = from_json(c, raw->body, (size_t)raw->body_len);
		break;
	case BODY_MSGPACK:
		err = from_msgpack(c, raw->body, (size_t)raw->body_len);
		break;
	case BODY_OTHER:
		return refuse_type(c, raw);
	}
	if (!err && !json_is_object(c->root))
		err = fail(c, 400, "the command is refused: it is %s, and must be a map of names and values",
			   value_kind_name(c->root));
	return err;
}

int command_get(const struct aerie_request *req, const struct aerie_value **ret_map)
{
	struct command *c = command_of(req);

	if (!c)
		return -ENOMEM;
	if (!c->read) {
		c->read = true;
		c->err = read_command(c, &req->raw);
	}
	if (!c->err)
		*ret_map = (const struct aerie_value *)(const void *)c->root;
	return c->err;
}

const char *command_form(const struct aerie_request *req, const char *name)
{
	struct command *c = command_of(req);

	return c && !need_form(c, &req->raw) ? find(c, name) : NULL;
}

const char *command_json(const struct aerie_request *req, const struct aerie_value *v, uint32_t *ret_len)
{
	struct command *c = command_of(req);
	const json_t *json = (const json_t *)(const void *)v;
	size_t len = v ? json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) : 0;
	struct kept *k = c && len && len < UINT32_MAX ? malloc(sizeof *k + len + 1) : NULL;

	if (!k)
		return NULL;
	(void)json_dumpb(json, k->text, len, JSON_COMPACT | JSON_ENCODE_ANY);
	k->text[len] = '\0';
	k->next = c->kept;
	c->kept = k;
	if (ret_len)
		*ret_len = (uint32_t)len;
	return k->text;
}

uint32_t command_explain(const struct aerie_request *req, int err, const char **ret_text)
{
	const struct command *c = req->command;

	*ret_text = "malformed request";
	if (c && c->reason[0]) {
		*ret_text = c->reason;
		return c->status;
	}
	if (err == -ENODATA)
		*ret_text = "this needs a command: a form variable json= or msgpack= (base64), or a body of type "
			    "application/json or application/msgpack";
	return 400;
}
