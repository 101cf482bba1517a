/* SPDX-License-Identifier: MIT */
/* The JSON writer. What it writes is parsed back with jansson, which refuses what is not JSON or not UTF-8; texts of numbers
 * are those of printf's %.6f (correctly rounded in glibc) and %llu. Replacement of ill-formed UTF-8 follows the examples of
 * the Unicode standard 15, table 3-8 to 3-11. */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "httpd/serializers/json/number.h"
#include "httpd/serializers/json/writer.h"

struct out {
	struct aerie_sink sink; /* first */
	char *buf;
	size_t size, limit;
};

/* Grows by the least, so that a missing request for room is found by the sanitizer. */
static int more(struct aerie_sink *s, size_t n)
{
	struct out *o = (struct out *)s;
	size_t used = (size_t)(s->cur - o->buf);

	if (used + n > o->limit)
		return -ENOMEM;
	o->buf = realloc(o->buf, used + n);
	o->size = used + n;
	s->cur = o->buf + used;
	s->end = o->buf + o->size;
	return 0;
}

static struct out o;
static void *w;
static const struct aerie_visitor *vt = &writer_visitor; /* or pretty_visitor */

static void begin(uint32_t flags)
{
	static uint32_t kept;

	kept = flags;
	o = (struct out){ .sink = { NULL, NULL, more }, .limit = 1u << 26 };
	w = writer_open(&kept, &o.sink);
	cr_assert_not_null(w);
}

/* The text; freed by the next begin's caller: tests are short. */
static char *finish(void)
{
	char *text;

	cr_assert_eq(writer_close(w), 0);
	text = calloc(1, (size_t)(o.sink.cur - o.buf) + 1);
	if (o.buf)
		memcpy(text, o.buf, (size_t)(o.sink.cur - o.buf));
	free(o.buf);
	return text;
}

static void expect(const char *text)
{
	char *got = finish();

	cr_assert_str_eq(got, text);
	free(got);
}

static const struct aerie_name name = {
	.size = sizeof name, .len = 5, .text = "a.b_c", .json = "\"a.b_c\":", .json_len = 8, .under_len = 5, .under = "a_b_c",
	.json_under = "\"a_b_c\":",
};

static void a_record(void)
{
	vt->begin_map(w, 2);
	vt->key(w, &name);
	vt->u64(w, 1);
	vt->key_text(w, "x.y", 3);
	vt->begin_list(w, 2);
	vt->null(w);
	vt->begin_map(w, 0);
	vt->end_map(w);
	vt->end_list(w);
	vt->end_map(w);
}

Test(json, structure_and_commas)
{
	begin(0);
	vt->begin_list(w, 3);
	a_record();
	a_record();
	vt->begin_list(w, 0);
	vt->end_list(w);
	vt->end_list(w);
	expect("[{\"a.b_c\":1,\"x.y\":[null,{}]},{\"a.b_c\":1,\"x.y\":[null,{}]},[]]");
}

Test(json, ekjson_writes_a_line_per_element_and_underscores_in_field_names_only)
{
	begin(WRITER_UNDERSCORES | WRITER_LINES);
	vt->begin_list(w, 2);
	a_record();
	a_record();
	vt->end_list(w);
	expect("{\"a_b_c\":1,\"x.y\":[null,{}]}\n{\"a_b_c\":1,\"x.y\":[null,{}]}\n");
	begin(WRITER_UNDERSCORES | WRITER_LINES);
	a_record();
	expect("{\"a_b_c\":1,\"x.y\":[null,{}]}\n");
	begin(WRITER_UNDERSCORES | WRITER_LINES);
	vt->begin_list(w, 1);
	vt->begin_list(w, 2);
	vt->u64(w, 1);
	vt->u64(w, 2);
	vt->end_list(w);
	vt->end_list(w);
	expect("[1,2]\n");
	begin(WRITER_UNDERSCORES | WRITER_LINES);
	vt->str(w, "a.b", 3);
	expect("\"a.b\"\n");
	begin(WRITER_UNDERSCORES | WRITER_LINES);
	vt->begin_list(w, 0);
	vt->end_list(w);
	expect("");
}

Test(json, itjson_keeps_names_and_tjson_is_one_document)
{
	begin(WRITER_LINES);
	vt->begin_list(w, 1);
	a_record();
	vt->end_list(w);
	expect("{\"a.b_c\":1,\"x.y\":[null,{}]}\n");
	begin(WRITER_UNDERSCORES);
	vt->begin_list(w, 1);
	a_record();
	vt->end_list(w);
	expect("[{\"a_b_c\":1,\"x.y\":[null,{}]}]");
}

static char *finish_pretty(void)
{
	char *text;

	cr_assert_eq(pretty_close(w), 0);
	text = calloc(1, (size_t)(o.sink.cur - o.buf) + 1);
	memcpy(text, o.buf, (size_t)(o.sink.cur - o.buf));
	free(o.buf);
	return text;
}

static void expect_pretty(const char *text)
{
	char *got = finish_pretty();

	cr_assert_str_eq(got, text);
	free(got);
	vt = &writer_visitor;
}

/* The form is that of today's servers: kismet-compat "Serializers". */
Test(json, prettyjson_puts_lines_between_values_and_a_description_before_each_field)
{
	struct aerie_name told = name;

	told.type = "map[int, \"x\"]";
	told.help = "Says \"a\".";
	vt = &pretty_visitor;
	begin(0);
	vt->begin_list(w, 6);
	a_record();
	vt->begin_map(w, 2);
	vt->key(w, &told);
	vt->f64(w, 0.5);
	told.type = NULL;
	vt->key(w, &told);
	vt->begin_map(w, 1);
	vt->key_text(w, "\xff", 1);
	vt->str(w, "a\nb", 3);
	vt->end_map(w);
	vt->end_map(w);
	vt->begin_list(w, 0);
	vt->end_list(w);
	vt->bytes(w, (const uint8_t *)"\xab", 1);
	vt->ascii(w, "x", 1);
	vt->f64s(w, (const double[]){ 1, 2 }, 2);
	vt->i64(w, -1);
	vt->end_list(w);
	expect_pretty("[\r\n"
		      "  {\r\n"
		      "    \"a.b_c\": 1,\r\n"
		      "    \"x.y\": [\r\n"
		      "      null,\r\n"
		      "      {}\r\n"
		      "    ]\r\n"
		      "  },\r\n"
		      "  {\r\n"
		      "    \"description.a.b_c\": \"map[int, \\\"x\\\"], Says \\\"a\\\".\",\r\n"
		      "    \"a.b_c\": 0.500000,\r\n"
		      "    \"description.a.b_c\": \"Says \\\"a\\\".\",\r\n"
		      "    \"a.b_c\": {\r\n"
		      "      \"\xef\xbf\xbd\": \"a\\nb\"\r\n"
		      "    }\r\n"
		      "  },\r\n"
		      "  [],\r\n"
		      "  \"AB\",\r\n"
		      "  \"x\",\r\n"
		      "  1,\r\n"
		      "  2,\r\n"
		      "  -1\r\n"
		      "]\r\n");
	vt = &pretty_visitor;
	begin(0);
	vt->begin_map(w, 0);
	vt->end_map(w);
	expect_pretty("{}\r\n");
}

Test(json, prettyjson_of_the_deepest_nesting_is_valid)
{
	json_error_t error;
	json_t *doc;
	char *text;
	unsigned i;

	vt = &pretty_visitor;
	begin(0);
	for (i = 0; i < WRITER_DEPTH / 2; i++) {
		cr_assert_eq(vt->begin_map(w, 1), 0);
		cr_assert_eq(vt->key(w, &name), 0);
		cr_assert_eq(vt->begin_list(w, 2), 0);
		cr_assert_eq(vt->u64(w, i), 0);
	}
	for (i = 0; i < WRITER_DEPTH / 2; i++) {
		vt->end_list(w);
		vt->end_map(w);
	}
	text = finish_pretty();
	doc = json_loads(text, 0, &error);
	cr_assert_not_null(doc, "%s", error.text);
	json_decref(doc);
	free(text);
	begin(0);
	for (i = 0; i < WRITER_DEPTH; i++)
		cr_assert_eq(vt->begin_list(w, 1), 0);
	cr_assert_eq(vt->begin_map(w, 1), -E2BIG);
	cr_assert_eq(pretty_close(w), -EPROTO);
	free(o.buf);
	vt = &writer_visitor;
}

Test(json, integers_are_those_of_printf)
{
	uint64_t u = 0;
	char expected[64], got[64];
	int i;

	for (i = 0; i < 200000; i++) {
		uint64_t v = i < 20000 ? (uint64_t)i : u >> (i & 63);

		u = u * 6364136223846793005ull + 1442695040888963407ull;
		*number_u64(got, v) = '\0';
		(void)snprintf(expected, sizeof expected, "%" PRIu64, v);
		cr_assert_str_eq(got, expected);
		*number_i64(got, (int64_t)(0 - v)) = '\0';
		(void)snprintf(expected, sizeof expected, "%" PRId64, (int64_t)(0 - v));
		cr_assert_str_eq(got, expected);
	}
	*number_u64(got, UINT64_MAX) = '\0';
	cr_assert_str_eq(got, "18446744073709551615");
	*number_i64(got, INT64_MIN) = '\0';
	cr_assert_str_eq(got, "-9223372036854775808");
	*number_i64(got, INT64_MAX) = '\0';
	cr_assert_str_eq(got, "9223372036854775807");
}

static void check_double(double v)
{
	char expected[400], got[NUMBER_F64 + 1];

	*number_f64(got, v) = '\0';
	(void)snprintf(expected, sizeof expected, v == floor(v) ? "%.0f" : "%.6f", v);
	cr_assert_str_eq(got, expected, "%.17g: %s", v, got);
}

Test(json, doubles_are_those_of_printf)
{
	static const double odd[] = {
		0.5, 1.5, -1.5, 0.1, 0.2, 0.3, 1e-6, 5e-7, 4.999999999e-7, 1e-300, 0.0000005, 0.0000015, 0.0000025, 2.5e-6, 1.0000005,
		/* exact ties at the seventh decimal: k / 2^7 with an odd k has exactly seven decimals that end in 5 */
		1.0 / 128, 3.0 / 128, 5.0 / 128, 127.0 / 128, 1000000 + 1.0 / 128, 1000000 + 3.0 / 128, -1.0 / 128, -3.0 / 128,
		999999.9999994, 999999.9999995, 999999.9999999, 0.9999995, 0.9999994999, 123456789.123456789, 3999999999.999999,
		4000000000.0000005, 4e9 + 0.3, 1e15, 1e15 + 0.5, 4503599627370495.5, 9007199254740993.0, 9e18, 1e19, 1e22, 1.7976931348623157e308,
		-1e300, -0.0000001, 2412000, 54.25,
	};
	uint64_t u = 42;
	char got[NUMBER_F64 + 1];
	size_t i;

	for (i = 0; i < sizeof odd / sizeof odd[0]; i++)
		check_double(odd[i]);
	for (i = 0; i < 300000; i++) {
		double d;

		u = u * 6364136223846793005ull + 1442695040888963407ull;
		check_double((double)(int64_t)u / 128 / (double)(1ull << (i % 56)));
		check_double((double)(u >> 11) / 9007199254740992.0 * pow(10, (double)(i % 24) - 8));
		memcpy(&d, &u, sizeof d);
		if (isfinite(d))
			check_double(d);
	}
	*number_f64(got, NAN) = '\0';
	cr_assert_str_eq(got, "0");
	*number_f64(got, -INFINITY) = '\0';
	cr_assert_str_eq(got, "0");
	*number_f64(got, -0.0) = '\0';
	cr_assert_str_eq(got, "0");
}

static void check_text(const char *in, size_t len, const char *parsed, size_t parsed_len)
{
	json_error_t error;
	json_t *doc;
	char *text;

	begin(0);
	cr_assert_eq(vt->str(w, in, (uint32_t)len), 0);
	text = finish();
	doc = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	cr_assert_not_null(doc, "%s: %s", text, error.text);
	cr_assert_eq(json_string_length(doc), parsed_len, "%s", text);
	cr_assert_arr_eq(json_string_value(doc), parsed, parsed_len);
	json_decref(doc);
	free(text);
}

Test(json, every_octet_alone_and_among_others_survives)
{
	char text[64];
	int c;
	size_t at;

	for (c = 0; c < 0x80; c++)
		for (at = 0; at < 20; at++) {
			memset(text, 'x', 20);
			text[at] = (char)c;
			check_text(text, 20, text, 20);
			check_text(text, at + 1, text, at + 1);
		}
}

Test(json, well_formed_utf8_survives)
{
	static const char *const texts[] = {
		"", "é", "日本語のSSID", "\xf0\x9f\x93\xb6 caf\xc3\xa9", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xe2\x80\xa8",
	};
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
		check_text(texts[i], strlen(texts[i]), texts[i], strlen(texts[i]));
}

#define R "\xef\xbf\xbd"
Test(json, each_maximal_ill_formed_part_becomes_one_replacement)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "\xff", R },
		{ "\x80", R },
		{ "a\xc0\xaf" "b", "a" R R "b" },
		{ "\xe2\x82", R },
		{ "\xe2\x82" "a", R "a" },
		{ "\xf0\x9f\x93", R },
		{ "\xf0\x9f\x93\xe2\x82\xac", R "\xe2\x82\xac" },
		{ "\xed\xa0\x80", R R R },
		{ "\xf4\x90\x80\x80", R R R R },
		{ "\xf5", R },
		{ "\xc2\xc2\x80", R "\xc2\x80" },
		/* Unicode 15, table 3-8: C0 AF E0 80 BF F0 81 82 41 */
		{ "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", R R R R R R R R "A" },
		/* table 3-9: ED A0 80 ED BF BF ED AF 41 */
		{ "\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", R R R R R R R R "A" },
		/* table 3-10: F4 91 92 93 FF 41 80 BF 42 */
		{ "\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", R R R R R "A" R R "B" },
		/* table 3-11: E1 80 E2 F0 91 92 F1 BF 41 */
		{ "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", R R R R "A" },
	};
	char padded[64];
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		check_text(rows[i].in, strlen(rows[i].in), rows[i].out, strlen(rows[i].out));
		(void)snprintf(padded, sizeof padded, "12345678%s", rows[i].in);
		begin(0);
		vt->str(w, padded, (uint32_t)strlen(padded));
		(void)snprintf(padded, sizeof padded, "\"12345678%s\"", rows[i].out);
		expect(padded);
	}
}

Test(json, keys_are_escaped_like_text)
{
	begin(0);
	vt->begin_map(w, 2);
	vt->key_text(w, "a\"\xff", 3);
	vt->u64(w, 1);
	vt->key_text(w, "", 0);
	vt->u64(w, 2);
	vt->end_map(w);
	expect("{\"a\\\"" R "\":1,\"\":2}");
}

Test(json, control_octets_use_short_escapes_or_u00xx)
{
	begin(0);
	vt->str(w, "\b\f\n\r\t\"\\\x01\x1f\0/", 11);
	expect("\"\\b\\f\\n\\r\\t\\\"\\\\\\u0001\\u001f\\u0000/\"");
}

Test(json, octets_are_hex_and_runs_of_numbers_are_elements)
{
	begin(0);
	vt->begin_list(w, 3);
	vt->bytes(w, (const uint8_t *)"\x00\xab\xff", 3);
	vt->f64s(w, (const double[]){ 1, 0.25 }, 2);
	vt->ascii(w, "AA:BB", 5);
	vt->bytes(w, NULL, 0);
	vt->end_list(w);
	expect("[\"00ABFF\",1,0.250000,\"AA:BB\",\"\"]");
}

Test(json, depth_is_limited)
{
	unsigned i;
	int err = 0;

	begin(0);
	for (i = 0; !err && i < WRITER_DEPTH + 1; i++)
		err = vt->begin_list(w, 1);
	cr_assert_eq(i, WRITER_DEPTH + 1);
	cr_assert_eq(err, -E2BIG);
	cr_assert_eq(writer_close(w), -EPROTO); /* and an unfinished document is no document */
	free(o.buf);
}

Test(json, failing_memory_is_an_error_at_every_size)
{
	char text[600];
	size_t limit, need;
	int err;

	memset(text, 0xff, sizeof text);
	begin(0);
	vt->str(w, text, sizeof text);
	need = (size_t)(o.sink.cur - o.buf);
	free(finish());
	for (limit = 0; limit < need; limit += 7) {
		begin(0);
		o.limit = limit;
		err = vt->str(w, text, sizeof text);
		cr_assert_eq(err, -ENOMEM);
		(void)writer_close(w);
		free(o.buf);
	}
}
