/* SPDX-License-Identifier: MIT */
/* The router: which route a path finds, what it is told of its parameters, and what is refused how. Expected values are by
 * hand from <aerie/http.h> and, for percent-encoding, RFC 3986. */
#include "http.h"

/* Replies with the route's own tag, its suffix and its parameters, so that a test sees which one ran. */
static int tell(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const char *a = http_service.param(req, "a"), *b = http_service.param(req, "b"), *q = http_service.query(req, "q");
	char text[4096];

	(void)snprintf(text, sizeof text, "%s .%s a=%s b=%s q=%s", (const char *)user, http_service.suffix(req), a ? a : "-", b ? b : "-",
		       q ? q : "-");
	return http_service.reply_octets(rep, "text/plain", text, strlen(text));
}

static int tell_rest(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const char *k = http_service.param(req, "k"), *a = http_service.rest(req, 0), *b = http_service.rest(req, 1);
	char text[4096];
	uint32_t n = 0;

	while (http_service.rest(req, n))
		n++;
	cr_assert_null(http_service.rest(req, n + 1));
	cr_assert_null(http_service.rest(req, UINT32_MAX));
	(void)snprintf(text, sizeof text, "rest .%s k=%s path=%s 0=%s 1=%s n=%u", http_service.suffix(req), k ? k : "-",
		       http_service.param(req, "path"), a ? a : "-", b ? b : "-", n);
	return http_service.reply_octets(rep, "text/plain", text, strlen(text));
}

static int fails_with(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return *(const int *)user;
}

static int emit_one(void *user, const struct aerie_visitor *vt, void *v)
{
	return vt->u64(v, 1);
}

static int value(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_value(rep, emit_one, NULL, NULL);
}

static int emit_half(void *user, const struct aerie_visitor *vt, void *v)
{
	int err = vt->begin_list(v, 2);

	return err ? err : -EIO;
}

static int half(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_value(rep, emit_half, NULL, NULL);
}

static int both(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	int err = http_service.reply_octets(rep, "text/plain", "first", 5);

	return err ? err : http_service.reply_octets(rep, "text/plain", "second", 6) == -EALREADY ? 0 : -EIO;
}

static const int enoent = -ENOENT, einval = -EINVAL, enomem = -ENOMEM, eagain = -EAGAIN, eio = -EIO, nothing = 0;

static void up(void)
{
	const uint32_t get = AERIE_HTTP_GET, post = AERIE_HTTP_POST;
	const struct {
		uint32_t methods;
		const char *path, *formats, *role;
		aerie_handler_fn *fn;
		const void *user;
	} rows[] = {
		{ get, "/", "", NULL, tell, "root" },
		{ get, "/things/all", NULL, NULL, tell, "all" },
		{ get, "/things/all", "html", NULL, tell, "html" },
		{ post, "/things/all", "run|json", NULL, tell, "post" },
		{ get, "/things/:a/thing", NULL, NULL, tell, "thing" },
		{ get, "/things/special/thing", NULL, NULL, tell, "special" },
		{ get, "/things/:a/of/:b", NULL, NULL, tell, "of" },
		{ get, "/files/:a", "", NULL, tell, "file" },
		{ get | post, "/secret/admin", "", "admin", tell, "admin" },
		{ get, "/secret/reader", "", "readonly", tell, "reader" },
		{ get, "/secret/any", "", "any", tell, "any" },
		{ get, "/secret/two", "", "scan|gps", tell, "two" },
		{ get, "/always", "", "", tell, "always" },
		{ get, "/tree/:k/leaf/*path", NULL, NULL, tell_rest, NULL },
		{ get, "/tree/:k/leaf", NULL, NULL, tell, "whole" },
		{ get, "/tree/:k/leaf.json/fixed", "", NULL, tell, "fixed" },
		{ get, "/tree/:k/leaf/long/:x/*path", NULL, NULL, tell_rest, NULL },
		{ get, "/web/*path", "", NULL, tell_rest, NULL },
		{ get, "/fail/enoent", "", NULL, fails_with, &enoent },
		{ get, "/fail/einval", "", NULL, fails_with, &einval },
		{ get, "/fail/enomem", "", NULL, fails_with, &enomem },
		{ get, "/fail/eagain", "", NULL, fails_with, &eagain },
		{ get, "/fail/eio", "", NULL, fails_with, &eio },
		{ get, "/fail/nothing", "", NULL, fails_with, &nothing },
		{ get, "/fail/value", "", NULL, value, NULL },
		{ get, "/twice", "", NULL, both, NULL },
		{ get, "/half", NULL, NULL, half, NULL },
		{ get, "/value", NULL, NULL, value, NULL },
	};
	size_t i;

	router_up();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_assert_eq(add_route(rows[i].methods, rows[i].path, rows[i].formats, rows[i].role, rows[i].fn, (void *)rows[i].user), 0,
			     "%s", mod->fail_text);
	routes_done();
}

TestSuite(router, .init = up, .fini = router_down);

static void check(const char *path, uint32_t status, const char *body)
{
	struct answer a = ask(path);

	cr_assert_eq(a.status, status, "%s: %u", path, a.status);
	if (body)
		cr_assert_str_eq(a.body, body);
	free(a.body);
}

Test(router, path_finds_its_route_and_decoded_parameters)
{
	check("/", 200, "root . a=- b=- q=-");
	check("//", 200, "root . a=- b=- q=-");
	check("/things/all.json", 200, "all .json a=- b=- q=-");
	check("/things/all.msgpack", 200, "all .msgpack a=- b=- q=-");
	check("//things///all.json/", 200, "all .json a=- b=- q=-");
	check("/things/x/thing.ekjson", 200, "thing .ekjson a=x b=- q=-");
	check("/things/x/of/y.json", 200, "of .json a=x b=y q=-");
	check("/things/x/of/y.z.json", 200, "of .json a=x b=y.z q=-");
	check("/things/a%20b%2Fc%3f/thing.json", 200, "thing .json a=a b/c? b=- q=-");
	check("/things/a+b/thing.json", 200, "thing .json a=a+b b=- q=-");
	check("/th%69ngs/%61ll%2ejson", 200, "all .json a=- b=- q=-");
	check("/files/a.tar.gz", 200, "file . a=a.tar.gz b=- q=-");
	check("/files/.", 200, "file . a=. b=- q=-");
}

Test(router, literal_segment_wins_over_a_parameter)
{
	check("/things/special/thing.json", 200, "special .json a=- b=- q=-");
	check("/things/specialx/thing.json", 200, "thing .json a=specialx b=- q=-");
}

Test(router, own_format_wins_over_any_serializer)
{
	check("/things/all.html", 200, "html .html a=- b=- q=-");
}

Test(router, unknown_path_and_unknown_format_are_told_apart)
{
	check("/nothing", 404, "ERROR: no such path\n");
	check("/things", 404, "ERROR: no such path\n");
	check("/things/all/more.json", 404, "ERROR: no such path\n");
	check("/things/all.xml", 404, "ERROR: no such format; this path ends in one of: html, run, json, cmd, ekjson, itjson, jcmd, msgpack, prettyjson, tjson\n");
	check("/things/x/thing", 404, "ERROR: no such format; this path ends in one of: cmd, ekjson, itjson, jcmd, json, msgpack, prettyjson, tjson\n");
	check("/things/x/thing.JSON", 404, NULL);
	check("/things/x/thing.", 404, NULL);
	check("/things//thing.json", 404, NULL);
	check("/things/all.run", 405, NULL);
	check("/secret/reader.json", 404, "ERROR: no such path\n");
}

Test(router, wrong_method_is_405_with_what_is_allowed)
{
	struct answer a = ask_query(AERIE_HTTP_POST, "/things/x/thing.json", NULL, NULL);

	cr_assert_eq(a.status, 405);
	cr_assert_str_eq(a.allow, "GET, HEAD");
	free(a.body);
	a = ask_query(AERIE_HTTP_DELETE, "/things/all.json", NULL, NULL);
	cr_assert_eq(a.status, 405);
	cr_assert_str_eq(a.allow, "GET, HEAD, POST");
	free(a.body);
	a = ask_query(0, "/things/all.ekjson", NULL, NULL);
	cr_assert_eq(a.status, 405);
	cr_assert_str_eq(a.allow, "GET, HEAD");
	free(a.body);
	a = ask_query(AERIE_HTTP_POST, "/things/all.json", NULL, NULL);
	cr_assert_eq(a.status, 200);
	cr_assert_str_eq(a.body, "post .json a=- b=- q=-");
	free(a.body);
	a = ask_query(AERIE_HTTP_POST, "/nothing.json", NULL, NULL);
	cr_assert_eq(a.status, 404);
	free(a.body);
}

Test(router, role_decides_who_may)
{
	static const struct {
		const char *path, *role;
		uint32_t status;
	} rows[] = {
		{ "/secret/admin", NULL, 401 },       { "/secret/admin", "readonly", 403 }, { "/secret/admin", "admin", 200 },
		{ "/secret/reader", NULL, 401 },      { "/secret/reader", "other", 403 },   { "/secret/reader", "readonly", 200 },
		{ "/secret/reader", "admin", 200 },   { "/things/all.json", "other", 200 }, { "/secret/reader", "", 401 },
		{ "/secret/any", NULL, 401 },	      { "/secret/any", "", 401 },	    { "/secret/any", "of my own", 200 },
		{ "/secret/two", NULL, 401 },	      { "/secret/two", "readonly", 403 },   { "/secret/two", "scan", 200 },
		{ "/secret/two", "gps", 200 },	      { "/secret/two", "sca", 403 },	    { "/secret/two", "scan|gps", 403 },
		{ "/secret/two", "admin", 200 },      { "/always", NULL, 200 },		    { "/always", "other", 200 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct answer a = ask_query(AERIE_HTTP_GET, rows[i].path, NULL, rows[i].role);

		cr_assert_eq(a.status, rows[i].status, "%s as %s: %u", rows[i].path, rows[i].role, a.status);
		free(a.body);
	}
}

Test(router, login_for_all_closes_open_routes_but_those_always_open)
{
	static const struct {
		const char *path, *role;
		uint32_t status;
	} rows[] = {
		{ "/things/all.json", NULL, 401 },    { "/things/all.json", "other", 403 }, { "/things/all.json", "readonly", 200 },
		{ "/things/all.json", "admin", 200 }, { "/always", NULL, 200 },		    { "/secret/any", "other", 200 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct aerie_http_request req = {
			.size = sizeof req, .method = AERIE_HTTP_GET, .path = rows[i].path, .role = rows[i].role, .peer = "test",
			.flags = AERIE_REQUEST_LOGIN_FOR_ALL,
		};
		struct answer a = ask_request(&req);

		cr_assert_eq(a.status, rows[i].status, "%s as %s: %u", rows[i].path, rows[i].role, a.status);
		free(a.body);
	}
}

Test(router, wrong_role_is_told_with_both_roles)
{
	struct answer a = ask_query(AERIE_HTTP_GET, "/secret/two", NULL, "readonly");

	cr_assert_str_eq(a.body, "ERROR: this needs a login with the role scan|gps; this one has the role readonly\n");
	free(a.body);
}

Test(router, star_matches_the_rest_of_the_path)
{
	static const struct {
		const char *path;
		uint32_t status;
		const char *body;
	} rows[] = {
		{ "/tree/x/leaf.json/a", 200, "rest .json k=x path=a 0=a 1=- n=1" },
		{ "/tree/x/leaf.json/a/b.c/d", 200, "rest .json k=x path=a/b.c/d 0=a 1=b.c n=3" },
		{ "/tree/x/leaf.msgpack//a//b/", 200, "rest .msgpack k=x path=a/b 0=a 1=b n=2" },
		{ "/tree/x/leaf.json/a%2fb/%20", 200, "rest .json k=x path=a/b/  0=a/b 1=  n=2" },
		{ "/tree/x/leaf.json", 200, "whole .json a=- b=- q=-" },
		{ "/tree/x/leaf.json/", 200, "whole .json a=- b=- q=-" },
		{ "/tree/x/leaf/a.json", 404, NULL },
		{ "/tree/x/leaf.xml/a", 404,
		  "ERROR: no such format; this path ends in one of: cmd, ekjson, itjson, jcmd, json, msgpack, prettyjson, tjson\n" },
		{ "/tree/x/leaf.json/fixed", 200, "fixed . a=- b=- q=-" },
		{ "/tree/x/leaf.json/fixed/not", 200, "rest .json k=x path=fixed/not 0=fixed 1=not n=2" },
		{ "/tree/x/leaf/long/x.json/y/z", 200, "rest .json k=x path=y/z 0=y 1=z n=2" },
		{ "/web/index.html", 200, "rest . k=- path=index.html 0=index.html 1=- n=1" },
		{ "/web/a/b/", 200, "rest . k=- path=a/b 0=a 1=b n=2" },
		{ "/web", 404, NULL },
		{ "/tree/.json/leaf.json/%2e%2e", 200, "rest .json k=.json path=.. 0=.. 1=- n=1" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(rows[i].path, rows[i].status, rows[i].body);
}

Test(router, methods_of_a_path_are_known_to_the_transport)
{
	static const struct {
		const char *path;
		uint32_t method, status, methods;
	} rows[] = {
		{ "/things/all.json", 0, 405, AERIE_HTTP_GET | AERIE_HTTP_POST },
		{ "/things/all.json", AERIE_HTTP_GET, 200, AERIE_HTTP_GET | AERIE_HTTP_POST },
		{ "/things/all.ekjson", 0, 405, AERIE_HTTP_GET },
		{ "/secret/admin", AERIE_HTTP_GET, 401, AERIE_HTTP_GET | AERIE_HTTP_POST },
		{ "/tree/x/leaf.json/a/b", 0, 405, AERIE_HTTP_GET },
		{ "/things/all.xml", 0, 404, 0 },
		{ "/nothing", 0, 404, 0 },
		{ "/things/%/thing.json", 0, 400, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct answer a = ask_query(rows[i].method, rows[i].path, NULL, NULL);

		cr_assert_eq(a.status, rows[i].status, "%s: %u", rows[i].path, a.status);
		cr_assert_eq(a.methods, rows[i].methods, "%s: %#x", rows[i].path, a.methods);
		free(a.body);
	}
}

Test(router, malformed_paths_are_400_or_414)
{
	char text[70000];

	check("/things/%/thing.json", 400, NULL);
	check("/things/%2/thing.json", 400, NULL);
	check("/things/%zz/thing.json", 400, NULL);
	check("/things/%00/thing.json", 400, NULL);
	check("/things/x%00y/thing.json", 400, NULL);
	check("", 400, NULL);
	check("things/all.json", 400, NULL);
	check("*", 400, NULL);
	memset(text, 0, sizeof text);
	memset(text, '/', 4000);
	check(text, 200, "root . a=- b=- q=-");
	memset(text + 4000, 'x', 200);
	check(text, 414, NULL);
	(void)snprintf(text, sizeof text, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32");
	check(text, 404, NULL);
	strcat(text, "/33");
	check(text, 400, NULL);
}

Test(router, query_is_decoded_and_limited)
{
	static const struct {
		const char *query, *q;
	} rows[] = {
		{ "q=1", "1" },        { "x=2&q=a+b%26c", "a b&c" }, { "q", "" },          { "&&q=3&q=4&", "3" }, { "%71=5", "5" },
		{ "q=a=b", "a=b" },    { "=x", "-" },                { "", "-" },          { "Q=1", "-" },
	};
	char text[20000], expect[64];
	struct answer a;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		a = ask_query(AERIE_HTTP_GET, "/", rows[i].query, NULL);
		(void)snprintf(expect, sizeof expect, "root . a=- b=- q=%s", rows[i].q);
		cr_assert_eq(a.status, 200);
		cr_assert_str_eq(a.body, expect);
		free(a.body);
	}
	a = ask_query(AERIE_HTTP_GET, "/", "q=%", NULL);
	cr_assert_eq(a.status, 400);
	free(a.body);
	a = ask_query(AERIE_HTTP_GET, "/", "%00=1", NULL);
	cr_assert_eq(a.status, 400);
	free(a.body);
	memset(text, '&', 300);
	text[300] = '\0';
	a = ask_query(AERIE_HTTP_GET, "/", text, NULL);
	cr_assert_eq(a.status, 400);
	free(a.body);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	a = ask_query(AERIE_HTTP_GET, "/", text, NULL);
	cr_assert_eq(a.status, 414);
	free(a.body);
}

Test(router, what_a_handler_returns_becomes_a_status)
{
	check("/fail/enoent", 404, "ERROR: not found\n");
	check("/fail/einval", 400, NULL);
	check("/fail/enomem", 503, NULL);
	check("/fail/eagain", 503, NULL);
	check("/fail/eio", 500, NULL);
	check("/fail/nothing", 500, NULL);
	check("/fail/value", 500, NULL); /* a value where the path names no serializer */
	check("/twice", 200, "first");
	check("/value.json", 200, "1");
}

static void note(void *user, const struct aerie_message *m)
{
	(void)snprintf(user, 512, "%s", m->text);
}

Test(router, failed_handler_is_told_on_the_bus)
{
	char text[512] = "";

	check("/fail/eio", 500, NULL);
	bus_service.recent(&mod->host, 0, note, text);
	cr_assert_not_null(strstr(text, "/fail/eio of test failed: Input/output error"), "%s", text);
}

Test(router, failed_body_is_told_on_the_bus)
{
	char text[512] = "";
	struct answer a = ask("/half.json");

	cr_assert_eq(a.end, -EIO);
	cr_assert_eq(a.len, 0, "a part helps nobody");
	free(a.body);
	bus_service.recent(&mod->host, 0, note, text);
	cr_assert_str_eq(text, "http: the reply of /half of test failed: Input/output error; please report it to its author");
}

Test(router, response_names_its_content_type_and_length)
{
	struct answer a = ask("/value.json");

	cr_assert_str_eq(a.type, "application/json");
	cr_assert_eq(a.length, -1);
	free(a.body);
	a = ask("/value.msgpack");
	cr_assert_str_eq(a.type, "application/msgpack");
	free(a.body);
	a = ask("/nothing");
	cr_assert_str_eq(a.type, "text/plain; charset=utf-8");
	cr_assert_eq(a.length, (int64_t)strlen("ERROR: no such path\n"));
	free(a.body);
}

/* ---- registration ---- */

static int first(void *user, const struct aerie_route *r, const char *owner)
{
	*(struct aerie_route *)user = *r;
	return 1;
}

TestSuite(routes, .init = router_up, .fini = router_down);

Test(routes, route_that_another_one_would_shadow_is_refused)
{
	static const struct {
		uint32_t methods;
		const char *path, *formats;
		int err;
	} rows[] = {
		{ AERIE_HTTP_GET, "/a/:x/b", NULL, 0 },
		{ AERIE_HTTP_GET, "/a/:y/b", NULL, -EEXIST },
		{ AERIE_HTTP_GET | AERIE_HTTP_POST, "/a/:y/b", NULL, -EEXIST },
		{ AERIE_HTTP_POST, "/a/:y/b", NULL, 0 },
		{ AERIE_HTTP_GET, "/a/y/b", NULL, 0 },
		{ AERIE_HTTP_GET, "/a/:y/c", NULL, 0 },
		{ AERIE_HTTP_GET, "/a/:x/b", "html|txt", 0 },
		{ AERIE_HTTP_GET, "/a/:x/b", "pdf|txt", -EEXIST },
		{ AERIE_HTTP_GET, "/a/:x/b", "pdf", 0 },
		{ AERIE_HTTP_GET, "/a/:x/b", "", 0 },
		{ AERIE_HTTP_GET, "/a/:z/b", "", -EEXIST },
		{ AERIE_HTTP_GET, "/a/*x", NULL, 0 },
		{ AERIE_HTTP_GET, "/a/*y", NULL, -EEXIST },
		{ AERIE_HTTP_POST, "/a/*y", NULL, 0 },
		{ AERIE_HTTP_GET, "/a/*y", "html", 0 },
		{ AERIE_HTTP_GET, "/a/*y", "txt|html", -EEXIST },
		{ AERIE_HTTP_GET, "/a/:x", NULL, 0 },
		{ AERIE_HTTP_GET, "/a/:x/*y", NULL, 0 },
		{ AERIE_HTTP_GET, "/b/*x", "", 0 },
		{ AERIE_HTTP_GET, "/b/*x", NULL, 0 },
		{ AERIE_HTTP_GET, "/b/*z", "", -EEXIST },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_assert_eq(add_route(rows[i].methods, rows[i].path, rows[i].formats, NULL, tell, NULL), rows[i].err, "row %zu", i);
	cr_assert_not_null(strstr(mod->fail_text, "test has a route for the same path"), "%s", mod->fail_text);
	routes_done();
}

Test(routes, malformed_routes_are_refused_with_a_reason)
{
	static const struct {
		uint32_t methods;
		const char *path, *formats, *reason;
	} rows[] = {
		{ AERIE_HTTP_GET, "a", NULL, "begin with '/'" },
		{ AERIE_HTTP_GET, "/a//b", NULL, "segment is empty" },
		{ AERIE_HTTP_GET, "/a b", NULL, "segment is empty or not plain" },
		{ AERIE_HTTP_GET, "/:", NULL, "parameter is not named" },
		{ AERIE_HTTP_GET, "/:A", NULL, "parameter is not named" },
		{ AERIE_HTTP_GET, "/:a/:a", NULL, "same name" },
		{ AERIE_HTTP_GET, "/:a/*a", NULL, "same name" },
		{ AERIE_HTTP_GET, "/a/*", NULL, "parameter is not named" },
		{ AERIE_HTTP_GET, "/a/*b/c", NULL, "follows the one with '*'" },
		{ AERIE_HTTP_GET, "/a/*b/*c", NULL, "follows the one with '*'" },
		{ AERIE_HTTP_GET, "/*a", NULL, "no segment before '*'" },
		{ AERIE_HTTP_GET, "/*a", "json", "no segment before '*'" },
		{ AERIE_HTTP_GET, "/a", "JSON", "format is not" },
		{ AERIE_HTTP_GET, "/a", "json||x", "format is not" },
		{ AERIE_HTTP_GET, "/a", "aaaaaaaaaaaaaaaaa", "format is not" },
		{ 0, "/a", NULL, "methods are none" },
		{ 1u << 20, "/a", NULL, "methods are none or unknown" },
		{ AERIE_HTTP_GET, NULL, NULL, "no path" },
		{ AERIE_HTTP_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/33", NULL,
		  "too many segments" },
	};
	struct aerie_route r = { .size = sizeof r, .methods = AERIE_HTTP_GET, .path = "/a", .handle = tell, .summary = "s", .help = "" };
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_assert_eq(add_route(rows[i].methods, rows[i].path, rows[i].formats, NULL, tell, NULL), -EINVAL, "row %zu", i);
		cr_assert_not_null(strstr(mod->fail_text, rows[i].reason), "row %zu: %s", i, mod->fail_text);
	}
	cr_assert_eq(http_service.register_route(&mod->host, &r), -EINVAL);
	cr_assert_not_null(strstr(mod->fail_text, "no summary or no help"));
}

static int n_destroyed;
static void destroyed(void *user)
{
	n_destroyed++;
}

Test(routes, users_are_destroyed_once_and_only_after_success)
{
	struct aerie_route r = {
		.size = sizeof r, .methods = AERIE_HTTP_GET, .path = "/a", .handle = tell, .summary = "s", .help = "h", .destroy = destroyed,
	};

	n_destroyed = 0;
	cr_assert_eq(http_service.register_route(&mod->host, &r), 0);
	cr_assert_eq(http_service.register_route(&mod->host, &r), -EEXIST);
	cr_assert_eq(n_destroyed, 0);
	routes_done();
	epochs_withdraw(core.epochs, mod);
	cr_assert_eq(n_destroyed, 1);
}

/* A handler that sees nothing of the transport's flag. */
static int tell_flags(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.raw(req)->flags & (AERIE_REQUEST_NOT_LONG | AERIE_REQUEST_ONLY_QUICK) ? -EIO : http_service.reply_octets(rep, "text/plain", "ran", 3);
}

Test(routes, routes_are_run_where_the_transport_has_time)
{
	struct aerie_route r = { .size = sizeof r, .methods = AERIE_HTTP_GET, .formats = "", .handle = tell_flags, .summary = "s", .help = "h" };
	static const struct {
		const char *path, *role;
		uint32_t flags, status;
	} rows[] = {
		{ "/short", NULL, AERIE_REQUEST_NOT_LONG, 200 },
		{ "/long", "reader", 0, 200 },
		{ "/long", "reader", AERIE_REQUEST_NOT_LONG, 0 },
		{ "/long", NULL, AERIE_REQUEST_NOT_LONG, 401 },  /* what is refused takes no time */
		{ "/longer", NULL, AERIE_REQUEST_NOT_LONG, 404 },
		{ "/quick", NULL, 0, 200 },
		{ "/quick", NULL, AERIE_REQUEST_NOT_LONG, 200 },
		{ "/quick", NULL, AERIE_REQUEST_ONLY_QUICK, 200 },
		{ "/short", NULL, AERIE_REQUEST_ONLY_QUICK, 0 },
		{ "/long", "reader", AERIE_REQUEST_ONLY_QUICK, 0 },
		{ "/long", NULL, AERIE_REQUEST_ONLY_QUICK, 401 },
		{ "/longer", NULL, AERIE_REQUEST_ONLY_QUICK, 0 }, /* who else has it may take long */
		{ "/%", NULL, AERIE_REQUEST_ONLY_QUICK, 400 },
	};
	struct aerie_http_response res = { .size = sizeof res };
	size_t i;

	r.path = "/short";
	cr_assert_eq(http_service.register_route(&mod->host, &r), 0);
	r.path = "/long";
	r.role = "reader";
	r.flags = AERIE_ROUTE_LONG;
	cr_assert_eq(http_service.register_route(&mod->host, &r), 0);
	r.path = "/quick";
	r.role = NULL;
	r.flags = AERIE_ROUTE_QUICK;
	cr_assert_eq(http_service.register_route(&mod->host, &r), 0);
	r.path = "/both";
	r.flags = AERIE_ROUTE_QUICK | AERIE_ROUTE_LONG;
	cr_assert_eq(http_service.register_route(&mod->host, &r), -EINVAL);
	cr_assert_not_null(strstr(mod->fail_text, "both quick and long"), "%s", mod->fail_text);
	r.path = "/unknown";
	r.flags = 1u << 31;
	cr_assert_eq(http_service.register_route(&mod->host, &r), -EINVAL);
	cr_assert_not_null(strstr(mod->fail_text, "unknown flag"), "%s", mod->fail_text);
	routes_done();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = rows[i].path, .role = rows[i].role,
						  .flags = rows[i].flags };
		struct aerie_reply *rep = http_service.dispatch(&mod->host, &req, &res);

		cr_assert_not_null(rep, "row %zu", i);
		cr_expect_eq(res.status, rows[i].status, "row %zu: %u", i, res.status);
		http_service.reply_free(rep);
	}
}

static int n_emitted, n_dropped;

static int emit_many(void *user, const struct aerie_visitor *vt, void *v)
{
	int n = *(int *)user, err = vt->begin_list(v, (uint32_t)n), i;

	n_emitted++;
	for (i = 0; !err && i < n; i++)
		err = vt->u64(v, 1234567);
	return err ? err : vt->end_list(v);
}

static void drop(void *user)
{
	n_dropped++;
}

static int many(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	int err = http_service.reply_header(rep, "X-Many", "1");

	return err ? err : http_service.reply_value(rep, emit_many, user, drop);
}

static uint64_t octets_of(struct aerie_reply *rep)
{
	char buf[4096];
	uint64_t all = 0;
	int64_t n;

	while ((n = http_service.read(rep, buf, sizeof buf)) > 0)
		all += (uint64_t)n;
	cr_expect_eq(n, 0);
	return all;
}

Test(routes, a_quick_route_whose_value_is_long_is_run_elsewhere)
{
	static int few = 5000, lots = 10000; /* of 8 octets: less than 64 KiB, and more */
	struct aerie_route r = { .size = sizeof r, .methods = AERIE_HTTP_GET, .handle = many, .flags = AERIE_ROUTE_QUICK, .summary = "s", .help = "h" };
	static const struct {
		const char *path;
		uint32_t flags, status;
		int emitted;
		uint64_t octets;
	} rows[] = {
		{ "/few.json", AERIE_REQUEST_ONLY_QUICK, 200, 1, 5000 * 8 + 1 },
		{ "/lots.json", AERIE_REQUEST_ONLY_QUICK, 0, 1, 0 },
		{ "/lots.json", AERIE_REQUEST_NOT_LONG, 200, 1, 10000 * 8 + 1 },
		{ "/half.json", AERIE_REQUEST_ONLY_QUICK, 200, 0, 0 },
	};
	struct aerie_http_response res = { .size = sizeof res };
	char c;
	size_t i;

	r.path = "/few";
	r.user = &few;
	cr_assert_eq(http_service.register_route(&mod->host, &r), 0);
	r.path = "/lots";
	r.user = &lots;
	cr_assert_eq(http_service.register_route(&mod->host, &r), 0);
	r.path = "/half";
	r.handle = half;
	cr_assert_eq(http_service.register_route(&mod->host, &r), 0);
	routes_done();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = rows[i].path, .flags = rows[i].flags };
		struct aerie_reply *rep;

		n_emitted = n_dropped = 0;
		rep = http_service.dispatch(&mod->host, &req, &res);
		cr_assert_not_null(rep);
		cr_expect_eq(res.status, rows[i].status, "row %zu: %u", i, res.status);
		cr_expect_eq(res.n_headers, rows[i].octets ? 1 : 0, "row %zu", i);
		if (strcmp(rows[i].path, "/half.json"))
			cr_expect_eq(octets_of(rep), rows[i].octets, "row %zu", i);
		else
			cr_expect_eq(http_service.read(rep, &c, 1), -EIO); /* as it fails when it is read */
		http_service.reply_free(rep);
		cr_expect_eq(n_emitted, rows[i].emitted, "row %zu: %d", i, n_emitted);
		cr_expect_eq(n_dropped, rows[i].emitted, "row %zu: %d", i, n_dropped);
	}
}

/* As a browser sends it for a page of another site, with the user's login. */
Test(routes, another_site_changes_nothing)
{
	static const struct {
		const char *path;
		uint32_t method, flags, status;
	} rows[] = {
		{ "/do.cmd", AERIE_HTTP_GET, AERIE_REQUEST_FOREIGN, 403 },    { "/do.jcmd", AERIE_HTTP_GET, AERIE_REQUEST_FOREIGN, 403 },
		{ "/do.c%6dd", AERIE_HTTP_GET, AERIE_REQUEST_FOREIGN, 403 },  { "//do.cmd//", AERIE_HTTP_GET, AERIE_REQUEST_FOREIGN, 403 },
		{ "/do.json", AERIE_HTTP_GET, AERIE_REQUEST_FOREIGN, 200 },   { "/do.json", AERIE_HTTP_POST, AERIE_REQUEST_FOREIGN, 403 },
		{ "/do.cmd", AERIE_HTTP_POST, AERIE_REQUEST_FOREIGN, 403 },   { "/do.cmd", AERIE_HTTP_GET, 0, 200 },
		{ "/do.cmd", AERIE_HTTP_POST, 0, 200 },			      { "/not.cmd", AERIE_HTTP_POST, AERIE_REQUEST_FOREIGN, 404 },
	};
	struct aerie_route r = { .size = sizeof r, .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .path = "/do", .formats = "cmd|jcmd|json", .role = "any",
				 .handle = tell_flags, .summary = "s", .help = "h" };
	struct aerie_http_response res = { .size = sizeof res };
	size_t i;

	cr_assert_eq(http_service.register_route(&mod->host, &r), 0);
	routes_done();
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct aerie_http_request req = { .size = sizeof req, .method = rows[i].method, .path = rows[i].path, .role = "admin",
						  .flags = rows[i].flags };
		struct aerie_reply *rep = http_service.dispatch(&mod->host, &req, &res);

		cr_assert_not_null(rep, "row %zu", i);
		cr_expect_eq(res.status, rows[i].status, "%s: %u", rows[i].path, res.status);
		http_service.reply_free(rep);
	}
}

Test(routes, withdrawn_routes_are_gone_and_a_reply_under_way_keeps_its_epoch)
{
	struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = "/v.json" };
	struct aerie_http_response res = { .size = sizeof res };
	struct aerie_reply *rep;
	char buf[16];

	cr_assert_eq(add_route(AERIE_HTTP_GET, "/v", NULL, NULL, value, NULL), 0);
	routes_done();
	rep = http_service.dispatch(&mod->host, &req, &res);
	cr_assert_eq(res.status, 200);
	epochs_withdraw(core.epochs, mod);
	cr_assert_eq(epochs_holding(core.epochs, mod), 1);
	cr_assert_eq(http_service.read(rep, buf, sizeof buf), 1);
	cr_assert_eq(buf[0], '1');
	http_service.reply_free(rep);
	cr_assert_eq(epochs_holding(core.epochs, mod), 0);
	rep = http_service.dispatch(&mod->host, &req, &res);
	cr_assert_eq(res.status, 404);
	http_service.reply_free(rep);
}

Test(routes, what_a_route_says_of_itself_is_copied_and_told)
{
	char name[] = "key", help[] = "The device.", record[] = "device", fields[] = "kismet.a kismet.b", example[] = "\"X\"";
	struct aerie_param params[] = {
		AERIE_PARAM(AERIE_IN_PATH, 0, name, "key", help, example),
		AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "list", "string[]", "Some.", NULL),
	};
	struct aerie_route r = {
		.size = sizeof r, .methods = AERIE_HTTP_GET, .path = "/by/:key", .handle = tell, .summary = "s", .help = "h",
		.params = params, .n_params = 2, .result = AERIE_RESULT_LIST, .record = record, .fields = fields,
		.forms = AERIE_FORM_PAGE,
	};
	struct aerie_route told = { 0 };

	cr_assert_eq(http_service.register_route(&mod->host, &r), 0, "%s", mod->fail_text);
	memset(name, 'x', sizeof name - 1);
	memset(help, 'x', sizeof help - 1);
	memset(record, 'x', sizeof record - 1);
	memset(fields, 'x', sizeof fields - 1);
	memset(example, 'x', sizeof example - 1);
	memset(params, 0, sizeof params);
	routes_done();
	http_service.each_route(&mod->host, first, &told);
	cr_assert_eq(told.n_params, 2);
	cr_assert_eq(told.params[0].size, sizeof told.params[0]);
	cr_assert_eq(told.params[0].in, AERIE_IN_PATH);
	cr_assert_eq(told.params[0].flags, AERIE_PARAM_REQUIRED, "a segment always is");
	cr_assert_str_eq(told.params[0].name, "key");
	cr_assert_str_eq(told.params[0].type, "key");
	cr_assert_str_eq(told.params[0].help, "The device.");
	cr_assert_str_eq(told.params[0].example, "\"X\"");
	cr_assert_eq(told.params[1].in, AERIE_IN_COMMAND);
	cr_assert_str_eq(told.params[1].type, "string[]");
	cr_assert_null(told.params[1].example);
	cr_assert_eq(told.result, AERIE_RESULT_LIST);
	cr_assert_eq(told.forms, AERIE_FORM_PAGE);
	cr_assert_str_eq(told.record, "device");
	cr_assert_str_eq(told.fields, "kismet.a kismet.b");
}

Test(routes, malformed_parameters_are_refused_with_a_reason)
{
	static const struct {
		struct aerie_param p;
		const char *reason;
	} rows[] = {
		{ AERIE_PARAM(0, 0, "k", "key", "h", NULL), "given nowhere" },
		{ AERIE_PARAM(9, 0, "k", "key", "h", NULL), "given nowhere" },
		{ AERIE_PARAM(AERIE_IN_QUERY, 0, "", "key", "h", NULL), "no name or no help" },
		{ AERIE_PARAM(AERIE_IN_QUERY, 0, "k", "key", "", NULL), "no name or no help" },
		{ AERIE_PARAM(AERIE_IN_QUERY, 0, "k", "key", NULL, NULL), "no name or no help" },
		{ AERIE_PARAM(AERIE_IN_QUERY, 0, "k", "keys", "h", NULL), "type is unknown" },
		{ AERIE_PARAM(AERIE_IN_QUERY, 0, "k", "[]", "h", NULL), "type is unknown" },
		{ AERIE_PARAM(AERIE_IN_QUERY, 0, "k", NULL, "h", NULL), "type is unknown" },
		{ AERIE_PARAM(AERIE_IN_PATH, 0, "other", "key", "h", NULL), "no segment of it" },
	};
	struct aerie_route r = {
		.size = sizeof r, .methods = AERIE_HTTP_GET, .path = "/by/:key", .handle = tell, .summary = "s", .help = "h", .n_params = 1,
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		r.params = &rows[i].p;
		cr_assert_eq(http_service.register_route(&mod->host, &r), -EINVAL, "row %zu", i);
		cr_assert_not_null(strstr(mod->fail_text, rows[i].reason), "row %zu: %s", i, mod->fail_text);
	}
	r.params = NULL;
	cr_assert_eq(http_service.register_route(&mod->host, &r), -EINVAL);
	r.n_params = 0;
	r.forms = AERIE_FORM_PAGE;
	cr_assert_eq(http_service.register_route(&mod->host, &r), -EINVAL, "only lists have forms");
	r.forms = 1u << 10;
	r.result = AERIE_RESULT_LIST;
	cr_assert_eq(http_service.register_route(&mod->host, &r), -EINVAL, "an unknown form");
	r.forms = 0;
	r.result = 99;
	cr_assert_eq(http_service.register_route(&mod->host, &r), -EINVAL);
	r.size = offsetof(struct aerie_route, params); /* built before there were parameters */
	cr_assert_eq(http_service.register_route(&mod->host, &r), 0, "%s", mod->fail_text);
	routes_done();
}

static int collect(void *user, const struct aerie_route *r, const char *owner)
{
	strcat(user, r->path);
	strcat(user, " ");
	strcat(user, owner);
	strcat(user, ";");
	return 0;
}

static int collect_suffix(void *user, const char *suffix, const char *content_type, const char *help)
{
	strcat(user, suffix);
	strcat(user, ";");
	return 0;
}

Test(routes, enumeration_gives_routes_and_serializers)
{
	char text[256] = "", suffixes[256] = "";

	cr_assert_eq(add_route(AERIE_HTTP_GET, "/z", NULL, NULL, tell, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/a/:b", NULL, NULL, tell, NULL), 0);
	routes_done();
	http_service.each_route(&mod->host, collect, text);
	cr_assert_str_eq(text, "/z test;/a/:b test;");
	serializers_service.each(&mod->host, collect_suffix, suffixes);
	cr_assert_str_eq(suffixes, "cmd;ekjson;itjson;jcmd;json;msgpack;prettyjson;tjson;");
}

static void *open_none(void *user, struct aerie_sink *sink)
{
	return NULL;
}

static int close_none(void *state)
{
	return 0;
}

Test(routes, malformed_serializers_are_refused)
{
	struct aerie_visitor incomplete = { .size = sizeof incomplete };
	struct aerie_serializer s = {
		.size = sizeof s, .suffix = "json", .content_type = "x/y", .help = "h", .visitor = &incomplete, .open = open_none, .close = close_none,
	};

	cr_assert_eq(serializers_service.register_serializer(&mod->host, &s), -EEXIST);
	s.suffix = "Json";
	cr_assert_eq(serializers_service.register_serializer(&mod->host, &s), -EINVAL);
	s.suffix = "other";
	cr_assert_eq(serializers_service.register_serializer(&mod->host, &s), -EINVAL);
	cr_assert_not_null(strstr(mod->fail_text, "visitor lacks a function"));
	s.open = NULL;
	cr_assert_eq(serializers_service.register_serializer(&mod->host, &s), -EINVAL);
}
