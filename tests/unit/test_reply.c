/* SPDX-License-Identifier: MIT */
/* Replies as a transport pulls them, through the real serializer modules. msgpack is read back with msgpack-c, JSON compared
 * as text or parsed with jansson. */
#include <jansson.h>
#include <malloc.h>
#include <msgpack.h>
#include <pthread.h>
#include <stdatomic.h>

#include <core/reply.h>

#include "http.h"

static struct plan {
	uint64_t n, counted;  /* elements there are; elements that count() promises */
	uint64_t at, fail_at; /* fail_at: the element that fails, or 0 */
	uint64_t text;        /* octets of text in each element */
	int destroyed, count_calls, emit_error, begun, ended;
} plan;

static int next(void *user, const struct aerie_visitor *vt, void *v)
{
	struct plan *p = user;
	static char text[200000];
	int err;

	if (p->at == p->n)
		return 0;
	if (p->fail_at && p->at == p->fail_at)
		return -EIO;
	p->at++;
	if (!p->text)
		return (err = vt->u64(v, p->at)) ? err : 1;
	memset(text, 'x', p->text);
	return (err = vt->str(v, text, (uint32_t)p->text)) ? err : 1;
}

static int64_t count(void *user)
{
	struct plan *p = user;

	p->count_calls++;
	return (int64_t)p->counted;
}

static void destroy(void *user)
{
	((struct plan *)user)->destroyed++;
}

static int list(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_list(rep, next, count, &plan, destroy);
}

static int list_uncounted(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_list(rep, next, NULL, &plan, destroy);
}

static int list_wrapped(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_wrapped(rep, user, next, count, &plan, destroy);
}

static int next_entry(void *user, const struct aerie_visitor *vt, void *v)
{
	struct plan *p = user;
	char key[24];
	int err;

	if (p->at == p->n)
		return 0;
	err = vt->key_text(v, key, (uint32_t)snprintf(key, sizeof key, "k%u", (unsigned)p->at++));
	if (!err)
		err = vt->u64(v, p->at);
	return err ? err : 1;
}

static int map(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_map(rep, next_entry, count, &plan, destroy);
}

/* {"k": [the elements of next()]}: what is around the list comes with the first and behind the last of them. */
static int next_piece(void *user, const struct aerie_visitor *vt, void *v)
{
	struct plan *p = user;
	int err = 0;

	if (p->ended)
		return 0;
	if (!p->at && !p->begun) {
		p->begun = 1;
		err = vt->begin_map(v, 1);
		if (!err)
			err = vt->key_text(v, "k", 1);
		return !err && !(err = vt->begin_list(v, (uint32_t)p->n)) ? 1 : err;
	}
	if (p->at < p->n)
		return next(p, vt, v);
	p->ended = 1;
	err = vt->end_list(v);
	return !err && !(err = vt->end_map(v)) ? 1 : err;
}

static int pieces(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_pieces(rep, next_piece, &plan, destroy);
}

/* A list as one value, of elements of next(). */
static int emit_list(void *user, const struct aerie_visitor *vt, void *v)
{
	struct plan *p = user;
	int err = vt->begin_list(v, (uint32_t)p->n);

	while (!err && p->at < p->n)
		err = next(p, vt, v) < 0 ? -ENOMEM : 0;
	return err ? err : vt->end_list(v);
}

static int large(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_value(rep, emit_list, &plan, destroy);
}

static int emit(void *user, const struct aerie_visitor *vt, void *v)
{
	struct plan *p = user;
	int err = vt->begin_map(v, 1);

	if (!err)
		err = vt->key_text(v, "k", 1);
	if (p->emit_error)
		return p->emit_error;
	if (!err)
		err = vt->u64(v, 7);
	return err ? err : vt->end_map(v);
}

static int value(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_value(rep, emit, &plan, destroy);
}

static int then_fails(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	int err = http_service.reply_value(rep, emit, &plan, destroy);

	(void)http_service.reply_header(rep, "X-Lost", "1");
	return err ? err : -ENOENT;
}

static int emit_plan(void *user, const struct aerie_visitor *vt, void *v)
{
	return emit(&plan, vt, v);
}

static int made(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	http_service.reply_status(rep, 201);
	cr_assert_eq(http_service.reply_header(rep, "Location", "/made/7"), 0);
	cr_assert_eq(http_service.reply_header(rep, "X-Two", "a\tb \xc3\xa4"), 0);
	cr_assert_eq(http_service.reply_header(rep, "X-Two", "again"), 0);
	cr_assert_eq(http_service.reply_header(rep, "X-Empty", ""), 0);
	return http_service.reply_value(rep, emit, &plan, destroy);
}

static int refused(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	int err;

	http_service.reply_status(rep, 202);
	cr_assert_eq(http_service.reply_header(rep, "Location", "/nowhere"), 0);
	err = http_service.reply_error(rep, 429, "slowly");
	http_service.reply_status(rep, 200);
	return err ? err : http_service.reply_header(rep, "Retry-After", "5");
}

static void up(void)
{
	static char long_name[AERIE_WRAPPER_MAX + 2];

	plan = (struct plan){ 0 };
	memset(long_name, 'x', sizeof long_name - 1);
	router_up();
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/list", NULL, NULL, list, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/uncounted", NULL, NULL, list_uncounted, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/wrapped", NULL, NULL, list_wrapped, "aa\"Data"), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/wrapped/long", NULL, NULL, list_wrapped, long_name), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/value", NULL, NULL, value, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/map", NULL, NULL, map, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/pieces", NULL, NULL, pieces, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/large", NULL, NULL, large, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/made", NULL, NULL, made, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/refused", "", NULL, refused, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/fails", NULL, NULL, then_fails, NULL), 0);
	routes_done();
}

TestSuite(reply, .init = up, .fini = router_down);

static void check_text(const char *path, const char *text)
{
	struct answer a = ask(path);

	cr_assert_eq(a.status, 200);
	cr_assert_eq(a.end, 0);
	cr_assert_str_eq(a.body, text);
	cr_assert_eq(plan.destroyed, 1);
	free(a.body);
	plan = (struct plan){ 0 };
}

Test(reply, lists_of_none_one_and_three)
{
	check_text("/list.json", "[]");
	check_text("/list.ekjson", "");
	plan.n = 1;
	check_text("/list.json", "[1]");
	plan.n = 3;
	check_text("/list.json", "[1,2,3]");
	plan.n = 3;
	check_text("/list.ekjson", "1\n2\n3\n");
	plan.n = 3;
	check_text("/list.itjson", "1\n2\n3\n");
	plan.n = 2;
	check_text("/list.prettyjson", "[\r\n  1,\r\n  2\r\n]\r\n");
	check_text("/list.prettyjson", "[]\r\n");
	plan.n = plan.counted = 3;
	check_text("/list.msgpack", "\x93\x01\x02\x03");
}

Test(reply, wrapped_list_is_the_only_entry_of_a_map)
{
	struct answer a;

	check_text("/wrapped.json", "{\"aa\\\"Data\":[]}");
	plan.n = 3;
	check_text("/wrapped.json", "{\"aa\\\"Data\":[1,2,3]}");
	plan.n = plan.counted = 2;
	a = ask("/wrapped.msgpack");
	cr_assert_eq(a.end, 0);
	cr_assert_eq(a.len, 12);
	cr_assert_arr_eq(a.body, "\x81\xa7" "aa\"Data" "\x92\x01\x02", 12); /* fixmap 1, fixstr 7, fixarray 2 */
	free(a.body);
}

Test(reply, wrapper_with_too_long_a_name_is_refused)
{
	struct answer a = ask("/wrapped/long.json");

	cr_assert_eq(a.status, 400);
	cr_assert_eq(plan.destroyed, 1);
	free(a.body);
}

Test(reply, one_value)
{
	check_text("/value.json", "{\"k\":7}");
	check_text("/value.ekjson", "{\"k\":7}\n");
	check_text("/value.itjson", "{\"k\":7}\n");
	check_text("/value.tjson", "{\"k\":7}");
	check_text("/value.prettyjson", "{\r\n  \"k\": 7\r\n}\r\n");
	check_text("/value.msgpack", "\x81\xa1k\x07");
}

Test(reply, status_and_headers_are_those_of_the_handler)
{
	struct answer a = ask("/made.json");

	cr_assert_eq(a.status, 201);
	cr_assert_str_eq(a.headers, "Location: /made/7\nX-Two: a\tb \xc3\xa4\nX-Two: again\nX-Empty: \n");
	cr_assert_str_eq(a.body, "{\"k\":7}");
	free(a.body);
	a = ask("/list.json");
	cr_assert_eq(a.status, 200);
	cr_assert_str_eq(a.headers, "");
	free(a.body);
}

Test(reply, error_forgets_status_and_headers_before_it)
{
	struct answer a = ask("/refused");

	cr_assert_eq(a.status, 429);
	cr_assert_str_eq(a.headers, "Retry-After: 5\n");
	cr_assert_str_eq(a.body, "ERROR: slowly\n");
	free(a.body);
	a = ask("/fails.json");
	cr_assert_eq(a.status, 404);
	cr_assert_str_eq(a.headers, "");
	free(a.body);
}

/* RFC 9110 5.1, 5.5 and 5.6.2; what splits a response in two must not pass. */
Test(reply, headers_are_checked)
{
	static char longest[REPLY_HEADER_OCTETS];
	static const struct {
		const char *name, *value;
	} bad[] = {
		{ "", "x" },	   { "a b", "x" },     { "a:", "x" },	   { "a\r\nb", "x" }, { "X-\xc3\xa4", "x" }, { "X", "a\r\nSet-Cookie: y" },
		{ "X", "a\nb" },   { "X", "a\rb" },    { "X", "a\x7f" },   { "X", "\x01" },	     { NULL, "x" },	       { "X", NULL },
		{ "content-length", "1" }, { "Transfer-Encoding", "chunked" }, { "Connection", "close" }, { "Content-Type", "x/y" },
	};
	struct aerie_reply *rep = reply_new();
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_assert_eq(http_service.reply_header(rep, bad[i].name, bad[i].value), -EINVAL, "row %zu", i);
	memset(longest, 'x', sizeof longest - 3);
	cr_assert_eq(http_service.reply_header(rep, "X", longest), 0);
	cr_assert_eq(http_service.reply_header(rep, "XX", longest), -EINVAL);
	for (i = 1; i < REPLY_HEADERS; i++)
		cr_assert_eq(http_service.reply_header(rep, "X", "y"), 0);
	cr_assert_eq(http_service.reply_header(rep, "X", "y"), -EINVAL);
	cr_assert_eq(rep->n_headers, REPLY_HEADERS);
	http_service.reply_status(rep, 99);
	cr_assert_eq(rep->status, 200);
	reply_free(rep);
}

static int keep_document(void *user, const char *data, uint64_t len)
{
	memcpy(user, data, len);
	return 0;
}

Test(reply, document_is_one_value_within_a_limit)
{
	char text[4096] = "";

	cr_assert_eq(serializers_service.document(&mod->host, "json", emit_plan, keep_document, text, 7), 0);
	cr_assert_str_eq(text, "{\"k\":7}");
	cr_assert_eq(serializers_service.document(&mod->host, "xml", emit_plan, keep_document, text, 100), -ENOENT);
	cr_assert_eq(serializers_service.document(&mod->host, "json", emit_plan, keep_document, text, 6), -EMSGSIZE);
	plan.emit_error = -EIO;
	cr_assert_eq(serializers_service.document(&mod->host, "json", emit_plan, keep_document, text, 100), -EIO);
}

Test(reply, count_is_asked_only_by_serializers_that_need_it)
{
	struct answer a;

	plan.n = plan.counted = 2;
	a = ask("/list.json");
	cr_assert_eq(plan.count_calls, 0);
	free(a.body);
	plan.at = 0;
	a = ask("/list.msgpack");
	cr_assert_eq(plan.count_calls, 1);
	free(a.body);
	a = ask("/uncounted.json");
	cr_assert_eq(a.end, 0);
	free(a.body);
	a = ask("/uncounted.msgpack");
	cr_assert_eq(a.end, -ENOTSUP);
	cr_assert_eq(a.len, 0);
	free(a.body);
}

Test(reply, map_is_streamed_with_its_keys)
{
	struct answer a;

	check_text("/map.json", "{}");
	plan.n = 2;
	check_text("/map.json", "{\"k0\":1,\"k1\":2}");
	plan.n = plan.counted = 2;
	check_text("/map.msgpack", "\x82\xa2k0\x01\xa2k1\x02");
	plan.n = 3; /* more than were counted */
	plan.counted = 2;
	check_text("/map.msgpack", "\x82\xa2k0\x01\xa2k1\x02");
	plan.n = 2; /* fewer: a part is never taken for the whole */
	plan.counted = 3;
	a = ask("/map.msgpack");
	cr_assert_eq(a.end, -EPROTO);
	free(a.body);
}

Test(reply, value_in_pieces_is_one_value_and_not_counted)
{
	check_text("/pieces.json", "{\"k\":[]}");
	plan.n = 3;
	check_text("/pieces.json", "{\"k\":[1,2,3]}");
	plan.n = 3;
	check_text("/pieces.ekjson", "{\"k\":[1,2,3]}\n");
	plan.n = 3;
	check_text("/pieces.msgpack", "\x81\xa1k\x93\x01\x02\x03");
}

/* What reading a value of n texts of 200,000 octets ends with. */
static int64_t read_large(uint64_t n, uint64_t *ret_total)
{
	static char buf[1 << 20];
	struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = "/large.msgpack" };
	struct aerie_http_response res = { .size = sizeof res };
	struct aerie_reply *rep;
	int64_t got;

	plan = (struct plan){ .text = 200000, .n = n };
	rep = http_service.dispatch(&mod->host, &req, &res);
	for (*ret_total = 0; (got = http_service.read(rep, buf, sizeof buf)) > 0; *ret_total += (uint64_t)got)
		;
	http_service.reply_free(rep);
	return got;
}

Test(reply, value_has_a_limit)
{
	uint64_t n = REPLY_VALUE_MAX / 200000, total;

	cr_assert_eq(read_large(n, &total), 0);
	cr_assert_eq(total, 3 + n * (5 + 200000)); /* heads of a list16 and of str32 */
	cr_assert_eq(read_large(n + 2, &total), -ENOMEM);
	cr_assert_eq(total, 0);
}

Test(reply, elements_that_went_away_after_the_count_become_null)
{
	plan.n = 2;
	plan.counted = 4;
	check_text("/list.msgpack", "\x94\x01\x02\xc0\xc0");
	plan.n = 0;
	plan.counted = 1;
	check_text("/list.msgpack", "\x91\xc0");
	plan.n = 5; /* those that came after it wait for the next request */
	plan.counted = 2;
	check_text("/list.msgpack", "\x92\x01\x02");
}

/* The list's head has 5 octets; more padding than a chunk holds needs several reads. */
Test(reply, padding_is_made_in_pieces_too)
{
	struct answer a;
	size_t i;

	plan.n = 1;
	plan.counted = 300001;
	a = ask("/list.msgpack");
	cr_assert_eq(a.end, 0);
	cr_assert_eq(a.len, 5 + 300001);
	cr_assert_eq(a.body[5], 1);
	for (i = 6; i < a.len; i++)
		cr_assert_eq((uint8_t)a.body[i], 0xc0);
	free(a.body);
}

Test(reply, failing_element_cuts_the_reply)
{
	struct answer a;

	plan.n = 100000;
	plan.fail_at = 50000;
	a = ask("/list.json");
	cr_assert_eq(a.status, 200);
	cr_assert_eq(a.end, -EIO);
	cr_assert_gt(a.len, 0);
	cr_assert_neq(a.body[a.len - 1], ']');
	cr_assert_eq(plan.destroyed, 1);
	free(a.body);
}

Test(reply, error_stays_when_read_again)
{
	struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = "/value.json" };
	struct aerie_http_response res = { .size = sizeof res };
	struct aerie_reply *rep;
	char buf[64];

	plan.emit_error = -ENOENT;
	rep = http_service.dispatch(&mod->host, &req, &res);
	cr_assert_eq(http_service.read(rep, buf, sizeof buf), -ENOENT);
	cr_assert_eq(http_service.read(rep, buf, sizeof buf), -ENOENT);
	http_service.reply_free(rep);
	cr_assert_eq(plan.destroyed, 1);
}

Test(reply, handler_that_replied_and_then_fails_gives_the_failure)
{
	struct answer a = ask("/fails.json");

	cr_assert_eq(a.status, 404);
	cr_assert_eq(plan.destroyed, 1);
	free(a.body);
}

Test(reply, nothing_is_made_before_it_is_read_and_what_is_unread_is_destroyed)
{
	struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = "/list.json" };
	struct aerie_http_response res = { .size = sizeof res };
	struct aerie_reply *rep;
	char buf[10];

	plan.n = 1000000;
	rep = http_service.dispatch(&mod->host, &req, &res);
	cr_assert_eq(plan.at, 0);
	cr_assert_eq(http_service.read(rep, buf, sizeof buf), 10);
	cr_assert_arr_eq(buf, "[1,2,3,4,5", 10);
	cr_assert_leq(plan.at, REPLY_CHUNK);
	http_service.reply_free(rep);
	cr_assert_eq(plan.destroyed, 1);
}

static void check_memory(const char *path, size_t around)
{
	struct aerie_http_request req = { .size = sizeof req, .method = AERIE_HTTP_GET, .path = path };
	struct aerie_http_response res = { .size = sizeof res };
	struct aerie_reply *rep;
	size_t before, most = 0, total = 0, now;
	char buf[32768];
	int64_t n;

	plan.n = 1000000;
	plan.text = 20;
	rep = http_service.dispatch(&mod->host, &req, &res);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	while ((n = http_service.read(rep, buf, sizeof buf)) > 0) {
		total += (size_t)n;
		now = mallinfo2().uordblks + mallinfo2().hblkhd;
		if (now > before && now - before > most)
			most = now - before;
	}
	cr_assert_eq(n, 0);
	cr_assert_eq(total, 1000000u * 23 - 1 + around); /* "x...x" , ... */
	cr_assert_lt(most, 4 * REPLY_CHUNK, "%zu", most);
	http_service.reply_free(rep);
}

/* Heap in use may grow by the chunk, an element and its doubling, never by the list. */
Test(reply, million_elements_need_no_more_memory_than_a_chunk)
{
	check_memory("/list.json", strlen("[]"));
}

Test(reply, million_pieces_need_no_more_memory_than_a_chunk)
{
	check_memory("/pieces.json", strlen("{\"k\":[]}"));
}

Test(reply, element_larger_than_a_chunk_comes_whole)
{
	struct answer a;
	json_t *doc;

	plan.n = 3;
	plan.text = 150000;
	a = ask("/list.json");
	doc = json_loadb(a.body, a.len, 0, NULL);
	cr_assert_eq(json_array_size(doc), 3);
	cr_assert_eq(json_string_length(json_array_get(doc, 2)), 150000);
	json_decref(doc);
	free(a.body);
}

Test(reply, million_elements_of_msgpack_are_counted_and_parse)
{
	msgpack_unpacked u;
	struct answer a;
	size_t off = 0;

	plan.n = plan.counted = 1000000;
	a = ask("/list.msgpack");
	msgpack_unpacked_init(&u);
	cr_assert_eq(msgpack_unpack_next(&u, a.body, a.len, &off), MSGPACK_UNPACK_SUCCESS);
	cr_assert_eq(off, a.len);
	cr_assert_eq(u.data.type, MSGPACK_OBJECT_ARRAY);
	cr_assert_eq(u.data.via.array.size, 1000000);
	cr_assert_eq(u.data.via.array.ptr[999999].via.u64, 1000000);
	msgpack_unpacked_destroy(&u);
	free(a.body);
}

/* ---- requests while modules come and go ---- */

static atomic_int stop_asking, wrong, asked;

static int seven(void *user, const struct aerie_visitor *vt, void *v)
{
	return vt->u64(v, 7);
}

static int constant(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return http_service.reply_value(rep, seven, NULL, NULL);
}

static void *ask_all_the_time(void *arg)
{
	while (!atomic_load(&stop_asking)) {
		struct answer a = ask("/constant.json"), b = ask("/coming-and-going.json");

		if (a.status != 200 || strcmp(a.body, "7"))
			atomic_fetch_add(&wrong, 1);
		if (!(b.status == 404 || (b.status == 200 && !strcmp(b.body, "7"))))
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&asked, 1);
		free(a.body);
		free(b.body);
	}
	return NULL;
}

static void changing_up(void)
{
	router_up();
	cr_assert_eq(add_route(AERIE_HTTP_GET, "/constant", NULL, NULL, constant, NULL), 0);
	routes_done();
}

TestSuite(changing, .init = changing_up, .fini = router_down);

Test(changing, requests_see_whole_sets_of_routes)
{
	struct aerie_route r = {
		.size = sizeof r, .methods = AERIE_HTTP_GET, .path = "/coming-and-going", .summary = "s", .help = "h", .handle = constant,
	};
	pthread_t threads[4];
	struct module *other;
	unsigned i;

	atomic_store(&stop_asking, 0);
	for (i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, ask_all_the_time, NULL), 0);
	for (i = 0; i < 200 || atomic_load(&asked) < 200; i++) {
		other = module_new(&core, "other");
		cr_assert_eq(http_service.register_route(&other->host, &r), 0);
		cr_assert_eq(epochs_commit(core.epochs, other), 0);
		epochs_withdraw(core.epochs, other);
		cr_assert(epochs_wait(core.epochs, other, 60000));
		module_free(other);
	}
	atomic_store(&stop_asking, 1);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	cr_assert_eq(atomic_load(&wrong), 0);
}
