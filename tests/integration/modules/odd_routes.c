/* SPDX-License-Identifier: MIT */
/* A stranger's module whose texts try to break out of the pages and the document that describe it, and whose routes and records
 * have names that the document uses itself. */
#include <string.h>

#include <aerie/fields.h>
#include <aerie/http.h>
#include <aerie/serializer.h>
#include <aerie/websocket.h>

static const struct aerie_http *http;

static int emit_tail(void *user, const struct aerie_visitor *vt, void *v)
{
	const char *text = user;

	return vt->str(v, text, (uint32_t)strlen(text));
}

static int answer(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const char *tail = http->param(req, "tail");

	return http->reply_value(rep, emit_tail, (void *)(tail ? tail : "nothing"), NULL);
}

/* ---- a serializer that writes nothing ---- */

static int none(void *v)
{
	return 0;
}

static int count(void *v, uint32_t n)
{
	return 0;
}

static int name(void *v, const struct aerie_name *n)
{
	return 0;
}

static int text(void *v, const char *p, uint32_t len)
{
	return 0;
}

static int u64(void *v, uint64_t n)
{
	return 0;
}

static int i64(void *v, int64_t n)
{
	return 0;
}

static int f64(void *v, double n)
{
	return 0;
}

static int octets(void *v, const uint8_t *p, uint32_t len)
{
	return 0;
}

static int f64s(void *v, const double *p, uint32_t len)
{
	return 0;
}

static const struct aerie_visitor visitor = {
	.size = sizeof visitor, .begin_map = count, .key = name, .key_text = text, .end_map = none, .begin_list = count, .end_list = none,
	.null = none, .u64 = u64, .i64 = i64, .f64 = f64, .str = text, .ascii = text, .bytes = octets, .f64s = f64s,
};

static void *open_document(void *user, struct aerie_sink *sink)
{
	static char state;

	return &state;
}

/* ---- a WebSocket ---- */

static int ws_open(void *user, const struct aerie_http_request *req, struct aerie_ws *ws, void **ret_conn)
{
	*ret_conn = NULL;
	return 0;
}

static int ws_message(void *conn, uint32_t kind, const uint8_t *data, uint64_t len)
{
	return 0;
}

static void ws_close(void *conn)
{
}

/* ---- tables ---- */

static const struct aerie_param get_params[] = {
	AERIE_PARAM(AERIE_IN_PATH, 0, "format", "string", "Not the suffix.", "\"a\""),
	AERIE_PARAM(AERIE_IN_QUERY, 0, "\"><img src=x onerror=alert(1)>", "string", "</td></table>", "{"),
};
static const struct aerie_param post_params[] = {
	AERIE_PARAM(AERIE_IN_PATH, 0, "other", "string", "Another name for the first.", "\"a\""),
	AERIE_PARAM(AERIE_IN_COMMAND, 0, "a\"b\n", "any", "Odd.", "null"),
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "many", "integer[]", "Numbers.", "[1]"),
};
static const struct aerie_param ws_params[] = {
	AERIE_PARAM(AERIE_IN_PATH, 0, "name", "string", "Who talks.", "\"me\""),
	AERIE_PARAM(AERIE_IN_MESSAGE, 0, "say", "string", "What to say.", "\"hello\""),
};

#define ROUTE .size = sizeof(struct aerie_route), .handle = answer
#define PARAMS(table) .params = table, .n_params = sizeof table / sizeof table[0]

static const struct aerie_route routes[] = {
	{ ROUTE, .methods = AERIE_HTTP_GET, .path = "/odd/:format/list", .role = "one|\"two\"|", PARAMS(get_params),
	  .summary = "<script>alert(\"1\")</script> & 'more' \\ \t\x01", .help = "No UTF-8: \xff\xe2\x28. Then {{this}}." },
	{ ROUTE, .methods = AERIE_HTTP_POST, .path = "/odd/:other/list", PARAMS(post_params), .summary = "s", .help = "h" },
	{ ROUTE, .methods = AERIE_HTTP_GET, .path = "/odd/:third/list", .formats = "ekjson", .summary = "s", .help = "h" },
	{ ROUTE, .methods = AERIE_HTTP_GET, .path = "/odd/rest/*tail", .formats = "json|html", .summary = "s", .help = "h" },
	{ ROUTE, .methods = AERIE_HTTP_GET, .path = "/odd/map", .formats = "json", .summary = "s", .help = "h",
	  .result = AERIE_RESULT_MAP, .record = "aerie.series" },
};

static const struct aerie_member members[] = {
	AERIE_MEMBER(AERIE_T_U8, 0, 0, "odd.unit", "<b>", "</td><script>alert(2)</script>", 0, NULL),
	AERIE_MEMBER(AERIE_T_RRD, 0, 0, "odd.series", "", "A series.", 0, NULL),
	AERIE_MEMBER(AERIE_T_MAP_INT, AERIE_T_STR, AERIE_FIELD_AS_KEYS, "odd.keys", "", "Keys.", 0, NULL),
};

static int load(const struct aerie_host *h, void **ret_state)
{
	const struct aerie_fields *fields = h->get_service(h, AERIE_FIELDS_SERVICE);
	const struct aerie_serializers *serializers = h->get_service(h, AERIE_SERIALIZER_SERVICE);
	const struct aerie_websocket *websocket = h->get_service(h, AERIE_WEBSOCKET_SERVICE);
	const struct aerie_serializer serializer = {
		.size = sizeof serializer, .suffix = "odd", .content_type = "text/odd; a=\"<b>\"", .help = "<i>Writes nothing.</i>",
		.visitor = &visitor, .open = open_document, .close = none,
	};
	const struct aerie_ws_route ws = {
		.size = sizeof ws, .path = "/odd/:name/talk.ws", .role = "datasource", .summary = "s", .help = "h", .open = ws_open,
		.message = ws_message, .close = ws_close, PARAMS(ws_params),
	};
	aerie_record_id id;
	size_t i;
	int err;

	http = h->get_service(h, AERIE_HTTP_SERVICE);
	err = fields->define_record(h, "aerie.series", 0, members, sizeof members / sizeof members[0], &id);
	if (!err)
		err = serializers->register_serializer(h, &serializer);
	for (i = 0; !err && i < sizeof routes / sizeof routes[0]; i++)
		err = http->register_route(h, &routes[i]);
	if (!err)
		err = websocket->register_route(h, &ws);
	*ret_state = NULL;
	return err;
}

static const char *const needs[] = { AERIE_FIELDS_SERVICE, AERIE_HTTP_SERVICE, AERIE_SERIALIZER_SERVICE, AERIE_WEBSOCKET_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "org.example.breakout",
	.version = "1.0",
	.summary = "<script>alert(3)</script>",
	.license = "MIT",
	.requires_ = needs,
	.load = load,
};
AERIE_PLUGIN_EXPORT(plugin);
