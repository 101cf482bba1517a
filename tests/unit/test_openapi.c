/* SPDX-License-Identifier: MIT */
/* The OpenAPI document when memory is out at any point of making it, and what its texts become. What a whole document holds is
 * tests/integration/test_docs.py. */
#include <jansson.h>

#include <core/registry.h>
#include <core/strings.h>

#include "http.h"

#include "../../httpd/docs/docs.h"
#include "../../httpd/docs/tree.h"

static long allocations, fail_at; /* fail_at: the allocation that fails, and all behind it; 0: none does */

static void *failing_malloc(size_t n)
{
	return fail_at && ++allocations >= fail_at ? NULL : malloc(n);
}

static int each_plugin(const struct aerie_host *h, int (*fn)(void *user, const struct aerie_plugin_info *info), void *user)
{
	static const struct aerie_plugin_info rows[] = {
		{ .size = sizeof rows[0], .state = AERIE_PLUGIN_RUNNING, .id = "test", .summary = "A test." },
		{ .size = sizeof rows[0], .state = AERIE_PLUGIN_REFUSED, .id = "other", .summary = "Not there." },
	};
	int r = fn(user, &rows[0]);

	return r ? r : fn(user, &rows[1]);
}

static const char *host_version(const struct aerie_host *h)
{
	return "1.2.3";
}

static const struct aerie_plugins plugins = { .size = sizeof plugins, .each = each_plugin, .host_version = host_version };
static struct docs docs;

static int nothing(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_octets(rep, "text/plain", "", 0);
}

static void setup(void)
{
	static const struct aerie_param params[] = {
		AERIE_PARAM(AERIE_IN_PATH, 0, "key", "key", "A key.", "\"a\""),
		AERIE_PARAM(AERIE_IN_QUERY, 0, "n", "integer", "A number.", "1"),
		AERIE_PARAM(AERIE_IN_QUERY, 0, "list", "fields", "A list.", "[\"x.a\"]"),
		AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "names", "string[]", "Names.", "[\"a\"]"),
		AERIE_PARAM(AERIE_IN_COMMAND, 0, "fields", "fields", "Fields.", "[\"x.a\"]"),
	};
	static const struct aerie_member members[] = {
		AERIE_MEMBER(AERIE_T_U8, 0, 0, "x.a", "dBm", "A.", 0, NULL),
		AERIE_MEMBER(AERIE_T_RRD, 0, 0, "x.series", "", "A series.", 0, NULL),
		AERIE_MEMBER(AERIE_T_MAP_MAC, AERIE_T_U64, AERIE_FIELD_AS_KEYS, "x.macs", "", "Addresses.", 0, NULL),
	};
	struct aerie_route route = {
		.size = sizeof route, .methods = AERIE_HTTP_GET | AERIE_HTTP_POST, .path = "/x/:key/y", .role = "admin", .summary = "s",
		.help = "h", .handle = nothing, .params = params, .n_params = 5, .result = AERIE_RESULT_LIST, .record = "x.rec",
		.fields = "x.macs x.nowhere", .forms = AERIE_FORM_WRAPPED | AERIE_FORM_PAGE | AERIE_FORM_TABLE,
	};
	aerie_record_id id;

	router_up();
	core.strings = strings_new();
	core.registry = registry_new(&core);
	docs = (struct docs){ &mod->host, &http_service, &fields_service, &serializers_service, &plugins };
	cr_assert_eq(fields_service.define_record(&mod->host, "x.rec", 0, members, 3, &id), 0);
	cr_assert_eq(http_service.register_route(&mod->host, &route), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/openapi", "json", NULL, docs_openapi, &docs), 0);
	routes_done();
	fail_at = allocations = 0;
	json_set_alloc_funcs(failing_malloc, free);
}

static void teardown(void)
{
	json_set_alloc_funcs(malloc, free);
	router_down();
	registry_free(core.registry);
	strings_free(core.strings);
}

TestSuite(openapi, .init = setup, .fini = teardown);

Test(openapi, memory_that_is_out_at_any_point_is_503_and_nothing_is_lost)
{
	struct answer a;
	long n = 0;

	for (;;) {
		allocations = 0;
		fail_at = ++n;
		a = ask("/openapi.json");
		if (a.status == 200)
			break;
		cr_assert_eq(a.status, 503, "at allocation %ld: %u", n, a.status);
		free(a.body);
	}
	fail_at = 0;
	cr_assert_gt(n, 500, "%ld allocations", n);
	cr_assert_str_eq(a.type, "application/json");
	free(a.body);
}

Test(openapi, a_route_becomes_a_path_with_its_parameters_command_and_result)
{
	struct answer a = ask("/openapi.json");
	json_t *doc = json_loads(a.body, 0, NULL), *post, *get, *items;

	cr_assert_not_null(doc);
	cr_assert_str_eq(json_string_value(json_object_get(doc, "openapi")), "3.0.3");
	cr_assert_eq(json_array_size(json_object_get(doc, "tags")), 1, "modules that run");
	post = json_object_get(json_object_get(json_object_get(doc, "paths"), "/x/{key}/y.{format}"), "post");
	get = json_object_get(json_object_get(json_object_get(doc, "paths"), "/x/{key}/y.{format}"), "get");
	cr_assert_not_null(post);
	cr_assert_str_eq(json_string_value(json_object_get(get, "operationId")), "get_x_key_y_format");
	cr_assert_eq(json_array_size(json_object_get(get, "parameters")), 4);
	cr_assert_null(json_object_get(get, "requestBody"));
	cr_assert(json_is_true(json_object_get(json_object_get(post, "requestBody"), "required")));
	cr_assert_str_eq(json_string_value(json_array_get(json_object_get(post, "x-roles"), 0)), "admin");
	items = json_object_get(json_object_get(json_object_get(json_object_get(json_object_get(get, "responses"), "200"), "content"),
						"application/json"), "schema");
	cr_assert_eq(json_array_size(json_object_get(items, "oneOf")), 2, "the list, and a page of it");
	items = json_object_get(json_object_get(json_array_get(json_object_get(items, "oneOf"), 0), "items"), "allOf");
	cr_assert_str_eq(json_string_value(json_object_get(json_array_get(items, 0), "$ref")), "#/components/schemas/x.rec");
	cr_assert_eq(json_object_size(json_object_get(json_array_get(items, 1), "properties")), 1, "names that nobody defined are left out");
	json_decref(doc);
	free(a.body);
}

Test(openapi, texts_become_utf8)
{
	/* Unicode 15, 3.9, U+FFFD Substitution of Maximal Subparts, table 3-8 and 3-11. */
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "", "" }, { "a\xc3\xa9\xf0\x9f\x98\x80", "a\xc3\xa9\xf0\x9f\x98\x80" }, { "\xff", "\xef\xbf\xbd" },
		{ "\xe2\x82", "\xef\xbf\xbd" }, { "\xe2\x28", "\xef\xbf\xbd(" }, { "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, { "x\xf4\x91\x92\x93y", "x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy" },
	};
	struct tree t = { 0 };
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		json_t *value = tree_text(rows[i].text);

		cr_assert_str_eq(json_string_value(value), rows[i].expected, "row %zu", i);
		json_decref(value);
	}
	tree_put(&t, object, "\xff", json_true());
	cr_assert(json_is_true(json_object_get(object, "\xef\xbf\xbd")));
	cr_assert_eq(t.err, 0);
	tree_put(&t, object, "x", NULL);
	cr_assert_eq(t.err, -ENOMEM);
	json_decref(object);
}
