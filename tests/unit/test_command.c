/* SPDX-License-Identifier: MIT */
/* Bodies of POST requests: commands and forms, and what is refused how. JSON and msgpack texts are by hand from
 * RFC 8259 and the msgpack specification; base64 vectors are those of RFC 4648 10. */
#include <math.h>

#include "http.h"

#include <aerie/base64.h>
#include <core/command.h>
#include <core/value.h>

#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"
#define MSGPACK "application/msgpack"

/* Replies with the command as JSON. */
static int echo(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct aerie_value *command, *again;
	int err = http_service.command(req, &command);
	const char *text;
	uint32_t len;

	if (err)
		return err;
	cr_assert_eq(http_service.command(req, &again), 0);
	cr_assert_eq(command, again);
	text = http_service.value_json(req, command, &len);
	cr_assert_not_null(text);
	cr_assert_eq(strlen(text), len);
	return http_service.reply_octets(rep, "text/plain", text, len);
}

/* Replies with form variables. */
static int form(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const char *a = http_service.form(req, "a"), *b = http_service.form(req, "b");
	char text[256];

	(void)snprintf(text, sizeof text, "a=%s b=%s", a ? a : "(none)", b ? b : "(none)");
	return http_service.reply_octets(rep, "text/plain", text, strlen(text));
}

/* Reads one of each kind. */
static int kinds(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct aerie_http *h = &http_service;
	const struct aerie_value *c, *list;
	uint32_t len = 77;
	int err = h->command(req, &c);

	if (err)
		return err;
	list = h->value_get(c, "list");
	cr_expect_eq(h->value_kind(c), AERIE_VALUE_MAP);
	cr_expect_eq(h->value_count(c), 8);
	cr_expect_eq(h->value_kind(list), AERIE_VALUE_LIST);
	cr_expect_eq(h->value_count(list), 2);
	cr_expect_str_eq(h->value_str(h->value_at(list, 1), &len), "b\xc3\xa4");
	cr_expect_eq(len, 3);
	cr_expect_null(h->value_at(list, 2));
	cr_expect_null(h->value_at(c, 0));
	cr_expect_null(h->value_get(list, "a"));
	cr_expect_null(h->value_get(c, "nobody"));
	cr_expect_eq(h->value_kind(NULL), AERIE_VALUE_NULL);
	cr_expect_eq(h->value_count(NULL), 0);
	cr_expect_null(h->value_str(NULL, &len));
	cr_expect_null(h->value_str(h->value_get(c, "int"), &len));
	cr_expect_eq(len, 3);
	cr_expect_eq(h->value_kind(h->value_get(c, "int")), AERIE_VALUE_INT);
	cr_expect_eq(h->value_int(h->value_get(c, "int"), 5), INT64_MIN);
	cr_expect_eq(h->value_kind(h->value_get(c, "real")), AERIE_VALUE_REAL);
	cr_expect_eq(h->value_int(h->value_get(c, "real"), 5), 5);
	cr_expect(fabs(h->value_real(h->value_get(c, "real"), 0) - 0.5) < 1e-12);
	cr_expect_eq(h->value_int(h->value_get(c, "whole"), 5), 3);
	cr_expect_eq(h->value_int(h->value_get(c, "huge"), 5), 5);
	cr_expect_eq(h->value_kind(h->value_get(c, "yes")), AERIE_VALUE_BOOL);
	cr_expect_eq(h->value_int(h->value_get(c, "yes"), 5), 1);
	cr_expect_eq(h->value_int(h->value_get(c, "no"), 5), 0);
	cr_expect(fabs(h->value_real(h->value_get(c, "yes"), 9) - 9) < 1e-12);
	cr_expect_eq(h->value_kind(h->value_get(c, "null")), AERIE_VALUE_NULL);
	cr_expect_eq(h->value_int(list, 5), 5);
	return h->reply_octets(rep, "text/plain", "ok", 2);
}

static int gives_up(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return -EBADMSG;
}

static void up(void)
{
	router_up();
	cr_assert_eq(add_route(AERIE_HTTP_POST, "/echo", "", NULL, echo, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_POST, "/form", "", NULL, form, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_POST, "/kinds", "", NULL, kinds, NULL), 0);
	cr_assert_eq(add_route(AERIE_HTTP_POST, "/gives_up", "", NULL, gives_up, NULL), 0);
	routes_done();
}

TestSuite(command, .init = up, .fini = router_down);

static struct answer post(const char *path, const char *type, const void *body, size_t len)
{
	return ask_request(&(struct aerie_http_request){
		.size = sizeof(struct aerie_http_request), .method = AERIE_HTTP_POST, .path = path, .peer = "test",
		.content_type = type, .body = body, .body_len = len,
	});
}

static void expect(const char *path, const char *type, const void *body, size_t len, uint32_t status, const char *text)
{
	struct answer a = post(path, type, body, len);

	cr_expect_eq(a.status, status, "%.60s: %u, %s", (const char *)body, a.status, a.body);
	if (text[strlen(text) - 1] == '*')
		cr_expect(!strncmp(a.body, text, strlen(text) - 1), "%.60s: %s", (const char *)body, a.body);
	else
		cr_expect_str_eq(a.body, text, "%.60s: %s", (const char *)body, a.body);
	free(a.body);
}

#define REFUSED "ERROR: the command is refused: "

struct row {
	const char *type, *body;
	size_t len; /* 0: strlen */
	uint32_t status;
	const char *text; /* "...*": begins with */
};

static void expect_rows(const char *path, const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		expect(path, rows[i].type, rows[i].body, rows[i].len ? rows[i].len : strlen(rows[i].body), rows[i].status, rows[i].text);
}
#define EXPECT_ROWS(path, rows) expect_rows(path, rows, sizeof rows / sizeof rows[0])

Test(command, comes_in_five_ways)
{
	static const struct row rows[] = {
		{ FORM, "json=%7B%22a%22%3A1%7D", 0, 200, "{\"a\":1}" },
		{ FORM, "x=1&json={\"a\":\"b=c\"}&y", 0, 200, "{\"a\":\"b=c\"}" },
		{ FORM "; charset=UTF-8", "json={\"a\":1}", 0, 200, "{\"a\":1}" },
		{ "Application/X-WWW-Form-URLencoded;charset=utf-8", "json={}", 0, 200, "{}" },
		{ FORM, "json=%7B%22a%22%3A%22x%26y%3Dz%2B%25%22%7D", 0, 200, "{\"a\":\"x&y=z+%\"}" }, /* split first, then decoded */
		{ JSON, "{\"a\":[1,2.5,null,true]}", 0, 200, "{\"a\":[1,2.5,null,true]}" },
		{ JSON ";charset=UTF-8", " {} ", 0, 200, "{}" },
		{ MSGPACK, "\x81\xa1" "a\x01", 0, 200, "{\"a\":1}" },
		{ "application/x-msgpack", "\x80", 0, 200, "{}" },
		{ FORM, "msgpack=gaFhAQ%3D%3D", 0, 200, "{\"a\":1}" },
		{ FORM, "msgpack=gaFhAQ==", 0, 200, "{\"a\":1}" },
		{ FORM, "msgpack=gaFhAQ", 0, 200, "{\"a\":1}" },
		{ FORM, "msgpack=gaFhAQ&json={\"b\":1}", 0, 200, "{\"a\":1}" }, /* msgpack first */
		/* {"a": -5, "b": "~~~?"}: its base64 has '+' and '/' (base64(1)) */
		{ FORM, "msgpack=gqFh%2B6FipH5%2Bfj8%3D", 0, 200, "{\"a\":-5,\"b\":\"~~~?\"}" },
		{ FORM, "msgpack=gqFh+6FipH5+fj8=", 0, 200, "{\"a\":-5,\"b\":\"~~~?\"}" }, /* '+' not escaped */
		{ FORM, "msgpack=gqFh-6FipH5-fj8", 0, 200, "{\"a\":-5,\"b\":\"~~~?\"}" },  /* URL alphabet */
		{ FORM, "msgpack=gqFh%2B6Fi%0ApH5%2Bfj8%3D%0A", 0, 200, "{\"a\":-5,\"b\":\"~~~?\"}" }, /* broken lines */
	};

	EXPECT_ROWS("/echo", rows);
}

Test(command, of_another_kind_or_malformed_is_refused_by_name)
{
	static const struct row rows[] = {
		{ NULL, "", 0, 400, "ERROR: this needs a command: *" },
		{ FORM, "", 0, 400, "ERROR: this needs a command: *" },
		{ FORM, "a=b", 0, 400, "ERROR: this needs a command: *" },
		{ "multipart/form-data; boundary=x", "--x", 0, 415, "ERROR: the body is of type multipart/form-data, which is not understood here; send *" },
		{ "text/plain", "{}", 0, 415, "ERROR: the body is of type text/plain, *" },
		{ NULL, "{}", 0, 415, "ERROR: the body is without a Content-Type, *" },
		{ JSON, "[]", 0, 400, REFUSED "it is a list, and must be a map of names and values\n" },
		{ JSON, "1", 0, 400, REFUSED "it is a number, *" },
		{ JSON, "\"x\"", 0, 400, REFUSED "it is a text, *" },
		{ JSON, "null", 0, 400, REFUSED "it is null, *" },
		{ JSON, "{\"a\":}", 0, 400, REFUSED "it is not JSON: line 1, column 6: *" },
		{ JSON, "{'a':1}", 0, 400, REFUSED "it is not JSON: line 1, column 2: *" },
		{ JSON, "{\"a\":1}x", 0, 400, REFUSED "it is not JSON: *" },
		{ JSON, "{\"a\":1", 0, 400, REFUSED "it is not JSON: *" },
		{ JSON, "{\"a\":1,\"a\":2}", 0, 400, REFUSED "it is not JSON: *" },
		{ JSON, "{\"a\":\"\xff\"}", 0, 400, REFUSED "it is not JSON: *" },
		{ JSON, "{\"a\":\"\\u0000\"}", 0, 400, REFUSED "it is not JSON: *" },
		{ JSON, "{\"a\":NaN}", 0, 400, REFUSED "it is not JSON: *" },
		{ JSON, "{\"a\":9223372036854775808}", 0, 400, REFUSED "it is not JSON: line 1, column 24: too big integer*" },
		{ FORM, "json=", 0, 400, REFUSED "it is not JSON: *" },
		{ FORM, "json=%7", 0, 400, "ERROR: the form's variable json has a malformed escape: *" },
		{ FORM, "json=%00", 0, 400, "ERROR: the form's variable json has a malformed escape: *" },
		{ FORM, "a=1&%zz=1", 0, 400, "ERROR: the form's variable 2 has a malformed escape in its name\n" },
		{ FORM, "a\0b", 3, 400, "ERROR: the form has an octet 0\n" },
		{ FORM, "msgpack=ga*hAQ", 0, 400, REFUSED "msgpack= is not base64 at character 3\n" },
		{ FORM, "msgpack=g", 0, 400, REFUSED "the base64 of msgpack= ends within an octet\n" },
		{ FORM, "msgpack=", 0, 400, REFUSED "its msgpack ends within a value\n" },
		{ MSGPACK, "\x91\x01", 0, 400, REFUSED "it is a list, *" },
		{ MSGPACK, "\x81", 0, 400, REFUSED "its msgpack ends within a value\n" },
		{ MSGPACK, "\x81\xa2" "a", 0, 400, REFUSED "its msgpack ends within a value\n" },
		{ MSGPACK, "\x81\xa1" "a", 0, 400, REFUSED "its msgpack ends within a value\n" },
		{ MSGPACK, "\x81\xa1" "a\xcb\x01", 0, 400, REFUSED "its msgpack ends within a value\n" },
		{ MSGPACK, "\x81\xa1" "a\xdd\xff\xff\xff\xff\x01", 0, 400, REFUSED "its msgpack ends within a value\n" }, /* count bomb */
		{ MSGPACK, "\xdf\xff\xff\xff\xff\xa1" "a\x01", 0, 400, REFUSED "its msgpack ends within a value\n" },
		{ MSGPACK, "\x81\x01\x01", 0, 400, REFUSED "a key in its msgpack is no text\n" },
		{ MSGPACK, "\x82\xa1" "a\x01\xa1" "a\x01", 0, 400, REFUSED "a key in its msgpack is there twice: a\n" },
		{ MSGPACK, "\x81\xa1\xff\x01", 0, 400, REFUSED "a key in its msgpack is not UTF-8\n" },
		{ MSGPACK, "\x81\xa1" "a\xa1\xff", 0, 400, REFUSED "a text in its msgpack is not UTF-8\n" },
		{ MSGPACK, "\x81\xa1" "a\xa1\0", 5, 400, REFUSED "a text in its msgpack has an octet 0\n" },
		{ MSGPACK, "\x81\xa1" "a\xd4\x01\x02", 0, 400, REFUSED "its msgpack has a value of an extension type\n" },
		{ MSGPACK, "\x81\xa1" "a\xc1", 0, 400, REFUSED "its msgpack has an octet c1, which is never used\n" },
		{ MSGPACK, "\x80\xc0", 0, 400, REFUSED "its msgpack goes on after its value: 1 more octets\n" },
		{ MSGPACK, "\x81\xa1" "a\xcb\x7f\xf0\0\0\0\0\0\0", 12, 400, REFUSED "a number in its msgpack is not finite\n" },
		{ MSGPACK, "\x81\xa1" "a\xcf\x80\0\0\0\0\0\0\0", 12, 400, REFUSED "a number in its msgpack is too large: 9223372036854775808\n" },
	};

	EXPECT_ROWS("/echo", rows);
	expect("/gives_up", JSON, "{}", 2, 400, "ERROR: malformed request\n");
}

Test(command, keeps_every_octet_of_64_bit_numbers)
{
	static const struct row rows[] = {
		{ JSON, "{\"a\":9223372036854775807,\"b\":-9223372036854775808}", 0, 200, "{\"a\":9223372036854775807,\"b\":-9223372036854775808}" },
		{ MSGPACK, "\x81\xa1" "a\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 12, 200, "{\"a\":9223372036854775807}" },
		{ MSGPACK, "\x81\xa1" "a\xd3\x80\0\0\0\0\0\0\0", 12, 200, "{\"a\":-9223372036854775808}" },
		{ MSGPACK, "\x81\xa1" "a\xd3\x80\0\0\0\0\0\0\1", 12, 200, "{\"a\":-9223372036854775807}" },
		{ MSGPACK, "\x81\xa1" "a\xce\xff\xff\xff\xff", 8, 200, "{\"a\":4294967295}" },
		{ MSGPACK, "\x81\xa1" "a\xd2\xff\xff\xff\xfe", 8, 200, "{\"a\":-2}" },
		{ MSGPACK, "\x81\xa1" "a\xd0\x80", 0, 200, "{\"a\":-128}" },
		{ MSGPACK, "\x81\xa1" "a\xca\x3f\x80\0\0", 8, 200, "{\"a\":1.0}" },
		{ MSGPACK, "\x84\xa1" "a\xc0\xa1" "b\xc2\xa1" "c\xc3\xa1" "d\xc4\x01z", 0, 200, "{\"a\":null,\"b\":false,\"c\":true,\"d\":\"z\"}" },
	};

	EXPECT_ROWS("/echo", rows);
}

/* A map with "a": lists within one another, so that there are `levels` in all. */
static size_t nest_json(char *dst, size_t levels)
{
	size_t n = (size_t)sprintf(dst, "{\"a\":"), i;

	for (i = 1; i < levels; i++)
		dst[n++] = '[';
	for (i = 1; i < levels; i++)
		dst[n++] = ']';
	dst[n++] = '}';
	return n;
}

static size_t nest_msgpack(char *dst, size_t levels)
{
	memcpy(dst, "\x81\xa1" "a", 3);
	memset(dst + 3, '\x91', levels - 2);
	dst[levels + 1] = '\x90';
	return levels + 2;
}

Test(command, deeper_than_32_levels_is_refused)
{
	static char buf[2 * 100000 + 16];

	expect("/echo", JSON, buf, nest_json(buf, 32), 200, "{\"a\":*");
	expect("/echo", JSON, buf, nest_json(buf, 33), 400, REFUSED "it is nested deeper than 32 levels\n");
	expect("/echo", JSON, buf, nest_json(buf, 100000), 400, REFUSED "it is nested deeper than 32 levels\n");
	expect("/echo", MSGPACK, buf, nest_msgpack(buf, 32), 200, "{\"a\":*");
	expect("/echo", MSGPACK, buf, nest_msgpack(buf, 33), 400, REFUSED "it is nested deeper than 32 levels\n");
	expect("/echo", MSGPACK, buf, nest_msgpack(buf, 100000), 400, REFUSED "it is nested deeper than 32 levels\n");
}

Test(command, of_more_than_100000_values_is_refused)
{
	size_t n = VALUE_ELEMENTS, len, i;
	char *buf = malloc(2 * n + 16);

	len = (size_t)sprintf(buf, "{\"a\":[0");
	for (i = 3; i < n; i++) /* the map, the list, and the first */
		len += (size_t)sprintf(buf + len, ",0");
	len += (size_t)sprintf(buf + len, "]}");
	expect("/echo", JSON, buf, len, 200, "{\"a\":[0,0,*");
	memcpy(buf + len - 2, ",0]}", 4);
	expect("/echo", JSON, buf, len + 2, 400, REFUSED "it has more than 100000 values\n");
	memset(buf, 0, n + 16);
	memcpy(buf, "\x81\xa1" "a\xdd\0\1\x86\x9f", 8); /* 99999 */
	expect("/echo", MSGPACK, buf, 8 + 99999, 400, REFUSED "it has more than 100000 values\n");
	buf[7] = '\x9e';
	expect("/echo", MSGPACK, buf, 8 + 99998, 200, "{\"a\":[0,0,*");
	free(buf);
}

Test(command, with_too_many_values_is_refused_before_it_is_read)
{
	size_t room = 3 * (VALUE_ELEMENTS + 100), len = 0, i;
	char *buf = malloc(room);

	/* Neither ends: whoever reads it says that it is not JSON. */
	for (i = 0; i <= VALUE_ELEMENTS; i++)
		len += (size_t)sprintf(buf + len, "0,");
	expect("/echo", JSON, buf, len, 400, REFUSED "it has more than 100000 values\n");
	for (i = len = 0; i < VALUE_ELEMENTS; i++)
		len += (size_t)sprintf(buf + len, "[]");
	expect("/echo", JSON, buf, len, 400, REFUSED "it is not JSON*");
	len += (size_t)sprintf(buf + len, "{}");
	expect("/echo", JSON, buf, len, 400, REFUSED "it has more than 100000 values\n");
	/* In a text, these are letters. */
	len = (size_t)sprintf(buf, "{\"a\":\"\\\"");
	for (i = 0; i <= VALUE_ELEMENTS; i++)
		len += (size_t)sprintf(buf + len, i % 2 ? "[," : "{,");
	len += (size_t)sprintf(buf + len, "\\\\\"}");
	expect("/echo", JSON, buf, len, 200, "{\"a\":\"\\\"{,[,*");
	free(buf);
}

Test(command, with_a_key_too_long_for_msgpack_is_refused)
{
	char buf[300];

	memset(buf, 'k', sizeof buf);
	memcpy(buf, "\x81\xda\x01\x00", 4);
	buf[260] = 1;
	expect("/echo", MSGPACK, buf, 261, 200, "{\"kkk*");
	buf[3] = 1;
	buf[261] = 1;
	buf[260] = 'k';
	expect("/echo", MSGPACK, buf, 262, 400, REFUSED "a key in its msgpack is longer than 256 octets\n");
}

Test(command, with_a_map_of_more_than_4096_keys_is_refused)
{
	static char buf[VALUE_KEYS * 16];
	size_t len = 0, n;
	uint8_t *p;

	for (n = 0; n <= VALUE_KEYS; n++)
		len += (size_t)sprintf(buf + len, "%s\"%zu\":0", n ? "," : "{", n);
	buf[len] = '}';
	expect("/echo", JSON, buf, len + 1, 400, REFUSED "one of its maps has more than 4096 keys\n");
	len = (size_t)(strrchr(buf, ',') - buf);
	buf[len] = '}';
	expect("/echo", JSON, buf, len + 1, 200, "{\"0\":0,*");
	memcpy(buf, "\xde\x10\x01", 3); /* 4097 */
	for (p = (uint8_t *)buf + 3, n = 0; n <= VALUE_KEYS; n++, p += 4)
		memcpy(p, (uint8_t[]){ 0xa2, (uint8_t)('0' + n / 70), (uint8_t)('0' + n % 70), 0 }, 4);
	expect("/echo", MSGPACK, buf, (size_t)((char *)p - buf), 400, REFUSED "one of its maps has more than 4096 keys\n");
	buf[2] = 0;
	expect("/echo", MSGPACK, buf, (size_t)((char *)p - buf) - 4, 200, "{\"00\":0,*");
}

Test(value, of_a_message_is_parsed_and_its_keys_keep_their_order)
{
	static const char text[] = "{\"z\":1,\"a\":{\"b\":2},\"\":3} ";
	const struct aerie_value *v = NULL;
	char why[128] = "";

	cr_assert_eq(http_service.value_parse(text, sizeof text - 1, &v, why, sizeof why), 0, "%s", why);
	cr_assert_str_eq(http_service.value_key(v, 0), "z");
	cr_assert_str_eq(http_service.value_key(v, 1), "a");
	cr_assert_str_eq(http_service.value_key(v, 2), "");
	cr_assert_null(http_service.value_key(v, 3));
	cr_assert_null(http_service.value_key(v, UINT32_MAX));
	cr_assert_null(http_service.value_key(http_service.value_get(v, "z"), 0), "no map");
	cr_assert_null(http_service.value_key(NULL, 0));
	cr_assert_eq(http_service.value_int(http_service.value_get(http_service.value_get(v, "a"), "b"), 0), 2);
	http_service.value_free(v);
	http_service.value_free(NULL);
	v = NULL;
	cr_assert_eq(http_service.value_parse("[1,", 3, &v, why, sizeof why), -EBADMSG);
	cr_assert_not_null(strstr(why, "line 1"), "%s", why);
	cr_assert_null(v);
	cr_assert_eq(http_service.value_parse("{}x", 3, &v, why, sizeof why), -EBADMSG);
	cr_assert_eq(http_service.value_parse("", 0, &v, why, 8), -EBADMSG);
	cr_assert_lt(strlen(why), 8);
	cr_assert_eq(http_service.value_parse("", (uint64_t)VALUE_OCTETS + 1, &v, why, sizeof why), -EBADMSG);
	cr_assert_eq(http_service.value_parse("\"text\"", 6, &v, why, sizeof why), 0, "any value will do");
	cr_assert_str_eq(http_service.value_str(v, NULL), "text");
	http_service.value_free(v);
}

Test(command, values_are_read_by_kind)
{
	static const char body[] = "{\"list\":[\"a\",\"b\xc3\xa4\"],\"int\":-9223372036854775808,\"real\":0.5,\"whole\":3.0,"
				   "\"huge\":1e300,\"yes\":true,\"no\":false,\"null\":null}";

	expect("/kinds", JSON, body, sizeof body - 1, 200, "ok");
}

Test(command, form_variables_are_split_before_they_are_decoded)
{
	static const struct row rows[] = {
		{ FORM, "a=1&b=2", 0, 200, "a=1 b=2" },
		{ FORM, "a=x%26b%3Dy+z%2B&b=%C3%A4", 0, 200, "a=x&b=y z+ b=\xc3\xa4" },
		{ FORM, "&&a&&b=&", 0, 200, "a= b=" },
		{ FORM, "a=first&a=second", 0, 200, "a=first b=(none)" },
		{ FORM, "%61=name", 0, 200, "a=name b=(none)" },
		{ FORM, "a==b", 0, 200, "a==b b=(none)" },
		{ JSON, "{\"a\":1}", 0, 200, "a=(none) b=(none)" },
		{ NULL, "", 0, 200, "a=(none) b=(none)" },
	};

	EXPECT_ROWS("/form", rows);
}

Test(command, a_form_of_more_than_1024_variables_is_refused)
{
	char body[2 * FORM_VARIABLES + 16];
	size_t i;

	for (i = 0; i < FORM_VARIABLES; i++)
		memcpy(body + 2 * i, "x&", 2);
	memcpy(body + 2 * FORM_VARIABLES - 2, "json={}", 7);
	expect("/echo", FORM, body, 2 * FORM_VARIABLES + 5, 200, "{}");
	memcpy(body + 2 * FORM_VARIABLES - 2, "x&json={}", 9);
	expect("/echo", FORM, body, 2 * FORM_VARIABLES + 7, 400, "ERROR: the form has more than 1024 variables\n");
}

Test(base64, decodes_both_alphabets_and_says_where_it_cannot)
{
	static const struct {
		const char *text;
		int64_t n;
		const char *octets;
	} rows[] = {
		{ "", 0, "" }, { "Zg==", 1, "f" }, { "Zm8=", 2, "fo" }, { "Zm9v", 3, "foo" }, { "Zm9vYg==", 4, "foob" },
		{ "Zm9vYmE=", 5, "fooba" }, { "Zm9vYmFy", 6, "foobar" }, { "Zg", 1, "f" }, { "Zm8", 2, "fo" },
		{ "-_8", 2, "\xfb\xff" }, { "+/8=", 2, "\xfb\xff" }, { "Z", -2, "" }, { "Zm9v!", -5, "" }, { "Z===", -2, "" },
		{ "=", -1, "" }, { "Zg==Zg==", -3, "" }, { "Zm 9v", -3, "" },
	};
	uint8_t dst[16];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cr_assert_eq(aerie_base64_decode(rows[i].text, strlen(rows[i].text), dst), rows[i].n, "%s", rows[i].text);
		if (rows[i].n > 0)
			cr_assert_arr_eq(dst, rows[i].octets, (size_t)rows[i].n);
	}
}
