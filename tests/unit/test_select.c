/* SPDX-License-Identifier: MIT */
/* Field specifications on records of every type and rule. Expected values are worked out by hand from what world_record() puts in; the
 * recorder writes compact JSON and checks that counts are exact. */
#include <criterion/criterion.h>

#include <errno.h>

#include <core/module.h>

#include "selectsuite.h"

TestSuite(select, .init = setup, .fini = teardown);

static struct aerie_selection *select_json(const char *fields)
{
	const struct aerie_value *v = value_make(fields);
	struct aerie_selection *s = NULL;
	char why[256] = "";

	cr_assert_eq(S->selection_new(h, v, &s, why, sizeof why), 0, "%s: %s", fields, why);
	value_drop(v);
	return s;
}

/* What a selection shows of a record; to be freed. */
static char *show(const char *fields, const struct aerie_rec *rec)
{
	struct aerie_selection *s = select_json(fields);
	struct recorder r;
	int err;

	recorder_init(&r);
	err = S->visit(h, s, rec, &recorder_visitor, &r);
	cr_assert(!err && !r.wrong && !r.depth, "%s: %d, %s, after %s", fields, err, r.wrong, r.text);
	S->selection_free(s);
	return r.text;
}

#define SHOWS(rec, fields, want)                  \
	do {                                      \
		char *text_ = show(fields, rec);  \
		cr_expect_str_eq(text_, want);    \
		free(text_);                      \
	} while (0)

static char *at_path(const struct aerie_rec *rec, const char *path)
{
	char copy[256], *rest, *part;
	const char *parts[20];
	struct recorder r;
	uint32_t n = 0;
	int err, looked;

	snprintf(copy, sizeof copy, "%s", path);
	for (part = strtok_r(copy, "|", &rest); part; part = strtok_r(NULL, "|", &rest))
		parts[n++] = strcmp(part, "-") ? part : "";
	recorder_init(&r);
	err = S->visit_path(h, rec, parts, n, &recorder_visitor, &r);
	looked = S->visit_path(h, rec, parts, n, NULL, NULL);
	cr_expect_eq(err, looked, "%s: %d, %d", path, err, looked);
	cr_expect(!r.wrong && !r.depth, "%s: %s", path, r.wrong);
	cr_expect(!err || (err == -ENOENT && !r.len), "%s: %d", path, err);
	if (err)
		recorder_reset(&r);
	return err ? strdup("none") : r.text;
}

#define AT(path, want)                            \
	do {                                      \
		char *text_ = at_path(full, path); \
		cr_expect_str_eq(text_, want, "%s: %s", path, text_); \
		free(text_);                      \
	} while (0)

static void refused(const char *fields, const char *why_part)
{
	const struct aerie_value *v = value_make(fields);
	struct aerie_selection *s = (void *)&core;
	char why[256] = "";

	cr_expect_eq(S->selection_new(h, v, &s, why, sizeof why), -EINVAL, "%.80s", fields);
	cr_expect(strstr(why, why_part), "%s", why);
	cr_expect_eq((void *)s, (void *)&core, "untouched on failure");
	value_drop(v);
}

Test(select, shows_the_fields_in_the_order_in_which_they_were_asked_for)
{
	SHOWS(full, "[\"w.u8\", \"w.mac\", \"w.name\"]", "{\"w.u8\":200,\"w.mac\":\"AA:BB:CC:00:01:02\",\"w.name\":\"Kitchen AP\"}");
	SHOWS(full, "[\"w.name\", \"w.u8\"]", "{\"w.name\":\"Kitchen AP\",\"w.u8\":200}");
}

Test(select, every_type_of_value_is_shown_as_in_the_whole_record)
{
	SHOWS(full, "[\"w.key\",\"w.uuid\",\"w.bytes\",\"w.i64\",\"w.f64\",\"w.time\",\"w.texts\",\"w.doubles\",\"w.keys\",\"w.numbers\"]",
	      "{\"w.key\":\"K1_CC000102\",\"w.uuid\":\"5FE30000-0000-0000-0000-000000000000\",\"w.bytes\":\"01abff\","
	      "\"w.i64\":-9223372036854775808,\"w.f64\":2.5,\"w.time\":999999,\"w.texts\":[\"one\"],\"w.doubles\":[0.5,3],"
	      "\"w.keys\":[\"00:11:22:33:AA:BB\"],\"w.numbers\":{\"3\":0.25}}");
	SHOWS(full, "[\"w.sub\",\"w.list\"]",
	      "{\"w.sub\":{\"sub.max_dbm\":-42,\"sub.entries\":[{\"entry.text\":\"e1\"}]},"
	      "\"w.list\":[{\"leaf.ssid\":\"home\",\"leaf.signal\":-30},{\"leaf.ssid\":\"caf\xc3\xa9\"}]}");
}

Test(select, members_that_come_from_rules_are_selected_like_any_other)
{
	SHOWS(full, "[\"w.count\",\"w.first\",\"w.shared\",\"w.phy\",\"w.keymac\"]",
	      "{\"w.count\":2,\"w.first\":\"Kitchen AP\",\"w.shared\":\"00000000-0000-0000-0000-000000000007\","
	      "\"w.phy\":\"IEEE802.11\",\"w.keymac\":\"AA:BB:CC:00:01:02\"}");
	SHOWS(bare, "[\"w.count\",\"w.first\"]", "{\"w.count\":0,\"w.first\":\"00:00:00:00:00:00\"}");
}

Test(select, a_path_goes_into_sub_records_and_is_named_by_its_last_part)
{
	SHOWS(full, "[\"w.sub/sub.max_dbm\"]", "{\"sub.max_dbm\":-42}");
	SHOWS(full, "[\"//w.sub//sub.max_dbm/\"]", "{\"sub.max_dbm\":-42}");
	SHOWS(full, "[\"w.sub/sub.entries/entry.text\"]", "{\"entry.text\":[\"e1\"]}");
}

Test(select, lists_are_gone_through_element_by_element)
{
	SHOWS(full, "[\"w.list/leaf.ssid\"]", "{\"leaf.ssid\":[\"home\",\"caf\xc3\xa9\"]}");
	SHOWS(full, "[\"w.list/leaf.signal\"]", "{\"leaf.signal\":[-30,0]}");
	SHOWS(full, "[\"w.vec/sub.max_dbm\"]", "{\"sub.max_dbm\":[0,-10]}");
	SHOWS(full, "[\"w.vec/sub.entries/entry.text\"]", "{\"entry.text\":[[\"a\"],[\"a\",\"b\"]]}");
	SHOWS(full, "[\"w.reckeys/leaf.ssid\"]", "{\"leaf.ssid\":[\"behind a key\"]}");
}

Test(select, maps_of_every_kind_keep_their_keys)
{
	SHOWS(full, "[\"w.int/leaf.ssid\"]", "{\"leaf.ssid\":{\"12\":\"twelve\",\"5\":\"five\"}}");
	SHOWS(full, "[\"w.int/leaf.signal\"]", "{\"leaf.signal\":{\"12\":-12,\"5\":0}}");
	SHOWS(full, "[\"w.fmap/leaf.ssid\"]", "{\"leaf.ssid\":{\"2412000.000000\":\"ch1\"}}");
	SHOWS(full, "[\"w.str/leaf.ssid\"]", "{\"leaf.ssid\":{\"one\":\"by text\"}}");
	SHOWS(full, "[\"w.macmap/leaf.ssid\"]", "{\"leaf.ssid\":{\"00:11:22:33:AA:BB\":\"by mac\"}}");
	SHOWS(full, "[\"w.uuidmap/leaf.ssid\"]", "{\"leaf.ssid\":{\"5FE30000-0000-0000-0000-000000000000\":\"by uuid\"}}");
	SHOWS(full, "[\"w.keymap/leaf.ssid\"]", "{\"leaf.ssid\":{\"K2_BB\":\"by key\"}}");
}

Test(select, parts_of_series_are_selected)
{
	/* Samples at 999990 and 999995, seen at 1000000: second t is at t modulo 60 (30, 35). */
	SHOWS(full, "[[\"w.rrd/kismet.common.rrd.last_time\",\"a\"],[\"w.minute/kismet.common.rrd.last_time\",\"b\"],"
		    "\"w.rrd/kismet.common.rrd.serial_time\",\"w.rrd/kismet.common.rrd.last_value\"]",
	      "{\"a\":999990,\"b\":999995,\"kismet.common.rrd.serial_time\":1000000,\"kismet.common.rrd.last_value\":4}");
	SHOWS(full, "[\"w.minute/kismet.common.rrd.minute_vec\"]",
	      "{\"kismet.common.rrd.minute_vec\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,-70,"
	      "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}");
	/* Hour 277 (its number modulo 24 is 13) is under way. */
	SHOWS(full, "[\"w.rrd/kismet.common.rrd.day_vec\"]",
	      "{\"kismet.common.rrd.day_vec\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0.00111111,0,0,0,0,0,0,0,0,0,0]}");
	SHOWS(full, "[[\"w.minute/kismet.common.rrd.hour_vec\",\"a\"],[\"w.rrd/no.such.part\",\"b\"]]", "{\"a\":0,\"b\":0}");
	SHOWS(bare, "[\"w.rrd/kismet.common.rrd.last_time\",\"w.minute\"]", "{\"kismet.common.rrd.last_time\":0,\"w.minute\":0}");
}

Test(select, what_is_absent_is_0_under_the_name_of_its_last_part)
{
	SHOWS(full, "[\"w.dyn\",\"w.empty\",\"w.sub\"]", "{\"w.dyn\":0,\"w.empty\":0,\"w.sub\":{\"sub.max_dbm\":-42,"
							    "\"sub.entries\":[{\"entry.text\":\"e1\"}]}}");
	SHOWS(bare, "[\"w.sub\",\"w.sub/sub.max_dbm\",\"w.list\",\"w.list/leaf.ssid\",\"w.int/leaf.signal\"]",
	      "{\"w.sub\":0,\"sub.max_dbm\":0,\"w.list\":[],\"leaf.ssid\":[],\"leaf.signal\":{}}");
	SHOWS(full, "[\"never.registered\",\"w.sub/never\",[\"nor/this\",\"that\"],\"w.name/w.u8\",\"w.count/x\",\"leaf.ssid\"]",
	      "{\"never.registered\":0,\"never\":0,\"that\":0,\"w.u8\":0,\"x\":0,\"leaf.ssid\":0}");
	SHOWS(full, "[\"w.list/never\",\"w.texts/deeper\"]", "{\"never\":[0,0],\"deeper\":[0]}");
}

Test(select, of_two_with_the_same_name_only_the_last_is_shown)
{
	SHOWS(full, "[\"w.u8\",[\"w.name\",\"n\"],[\"w.mac\",\"n\"]]", "{\"w.u8\":200,\"n\":\"AA:BB:CC:00:01:02\"}");
	SHOWS(full, "[\"w.list/leaf.ssid\",\"w.u8\",\"w.int/leaf.ssid\"]", "{\"w.u8\":200,\"leaf.ssid\":{\"12\":\"twelve\",\"5\":\"five\"}}");
	SHOWS(full, "[\"w.u8\",\"w.u8\",[\"w.name\",\"w.u8\"]]", "{\"w.u8\":\"Kitchen AP\"}");
}

Test(select, renames_are_escaped_in_every_form)
{
	struct aerie_selection *s = select_json("[[\"w.u8\",\"a.\\\"b\\\\c.\\u0001\\n\\u00e9\"]]");
	const struct aerie_name *n = s->name[0];
	const char *json = "\"a.\\\"b\\\\c.\\u0001\\u000a\xc3\xa9\":", *under = "\"a_\\\"b\\\\c_\\u0001\\u000a\xc3\xa9\":";

	cr_expect_str_eq(n->text, "a.\"b\\c.\x01\n\xc3\xa9");
	cr_expect_eq(n->len, strlen(n->text));
	cr_expect_str_eq(n->under, "a_\"b\\c_\x01\n\xc3\xa9");
	cr_expect_eq(n->under_len, n->len);
	cr_expect(n->json_len == strlen(json) && !memcmp(n->json, json, n->json_len), "%s", n->json);
	cr_expect(!memcmp(n->json_under, under, n->json_len), "%s", n->json_under);
	cr_expect_str_eq(n->type, "uint8_t", "the field's, for formats that describe");
	cr_expect_str_eq(n->help, "x");
	S->selection_free(s);
}

Test(select, names_that_are_no_utf8_become_well_formed)
{
	struct aerie_selection *s = NULL;
	char why[256];

	cr_assert_eq(S->selection_path(h, "w.sub/a\xff\xc3(", &s, why, sizeof why), 0);
	cr_expect_str_eq(s->name[0]->text, "a\xef\xbf\xbd\xef\xbf\xbd(");
	cr_expect_str_eq(s->name[0]->json, "\"a\xef\xbf\xbd\xef\xbf\xbd(\":");
	S->selection_free(s);
}

Test(select, a_field_is_found_by_the_name_that_it_had_once)
{
	const char *asked = "[\"w.sub/kismet.common.signal.last_signal_dbm\",[\"w.sub/kismet.common.signal.last_signal_dbm\",\"dbm\"]]";
	struct aerie_rec *sub = F->sub(full, world_slot[S_SUB]);

	aerie_set_i32(sub, s_last, -55);
	SHOWS(full, asked, "{\"kismet.common.signal.last_signal_dbm\":-55,\"dbm\":-55}");
	SHOWS(bare, asked, "{\"kismet.common.signal.last_signal_dbm\":0,\"dbm\":0}");
	AT("w.sub|kismet.common.signal.last_signal_dbm", "-55");
}

Test(select, nothing_selected_is_the_whole_record)
{
	static const char *const nothing[] = { "null", "[]" };
	char *whole = recorder_show(core, full);
	size_t i;

	for (i = 0; i < 2; i++) {
		cr_expect_null(select_json(nothing[i]));
		SHOWS(full, nothing[i], whole);
	}
	free(whole);
}

Test(select, malformed_fields_are_told_by_their_place)
{
	char many[9000] = "[\"w.u8\"", deep[64] = "[\"1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17\"]", long_path[4300];
	size_t i;

	refused("\"w.u8\"", "`fields` must be a list");
	refused("{}", "`fields` must be a list");
	refused("[\"w.u8\", 7]", "element 2: it must be a path, or a pair");
	refused("[[\"w.u8\"]]", "element 1: a list in it must be a pair");
	refused("[[\"w.u8\", \"a\", \"b\"]]", "pair of texts");
	refused("[[\"w.u8\", 1]]", "pair of texts");
	refused("[[\"w.u8\", \"\"]]", "its name is empty");
	refused("[\"\"]", "the path is empty");
	refused("[\"//\"]", "the path is empty");
	refused(deep, "at most 16 parts");
	for (i = 0; i < AERIE_SELECT_FIELDS_MAX; i++)
		strcat(many, ",\"w.u8\"");
	strcat(many, "]");
	refused(many, "at most 512 elements, this has 513");
	snprintf(long_path, sizeof long_path, "[\"%4097s\"]", "x");
	refused(long_path, "at most 4096 octets, this one has 4097");
}

Test(select, a_failing_visitor_ends_the_visit_wherever_it_fails)
{
	struct aerie_selection *s = select_json("[\"w.list/leaf.ssid\",\"w.int/leaf.ssid\",\"w.rrd/kismet.common.rrd.minute_vec\",\"w.u8\",\"x\"]");
	struct recorder r;
	int i, err = -EIO;

	for (i = 0; err == -EIO && i < 300; i++) {
		recorder_init(&r);
		r.fail_after = i;
		err = S->visit(h, s, full, &recorder_visitor, &r);
		cr_assert(err == -EIO || !err, "%d: %d", i, err);
		cr_assert_null(r.wrong);
		recorder_reset(&r);
	}
	cr_expect_gt(i, 70);
	cr_expect_eq(err, 0);
	S->selection_free(s);
}

Test(select, one_selection_serves_records_of_several_types)
{
	struct aerie_rec *leaf = F->new_record(h, world_leaf);
	struct aerie_selection *s = select_json("[\"leaf.ssid\",\"w.u8\"]");
	struct recorder r;
	int i;

	world_leaf_fill(leaf, "x", 0);
	for (i = 0; i < 3; i++) {
		recorder_init(&r);
		S->visit(h, s, leaf, &recorder_visitor, &r);
		cr_expect_str_eq(r.text, "{\"leaf.ssid\":\"x\",\"w.u8\":0}");
		recorder_reset(&r);
		S->visit(h, s, full, &recorder_visitor, &r);
		cr_expect_str_eq(r.text, "{\"leaf.ssid\":0,\"w.u8\":200}");
		recorder_reset(&r);
	}
	S->selection_free(s);
	F->free_record(leaf);
}

/* ---- Paths ---- */

Test(select, a_path_leads_to_members_entries_and_numbers)
{
	AT("w.u8", "200");
	AT("-|w.u8|-", "200");
	AT("w.sub|sub.max_dbm", "-42");
	AT("w.sub|sub.entries", "[{\"entry.text\":\"e1\"}]");
	AT("w.vec|1|sub.entries|1|entry.text", "\"b\"");
	AT("w.texts|0", "\"one\"");
	AT("w.doubles|1", "3");
	AT("w.list|1|leaf.ssid", "\"caf\xc3\xa9\"");
	AT("w.int|12|leaf.ssid", "\"twelve\"");
	AT("w.int|12", "{\"leaf.ssid\":\"twelve\",\"leaf.signal\":-12}");
	AT("w.fmap|2412000.000000|leaf.ssid", "\"ch1\"");
	AT("w.str|one|leaf.ssid", "\"by text\"");
	AT("w.macmap|00:11:22:33:AA:BB|leaf.ssid", "\"by mac\"");
	AT("w.uuidmap|5FE30000-0000-0000-0000-000000000000|leaf.ssid", "\"by uuid\"");
	AT("w.keymap|K2_BB|leaf.ssid", "\"by key\"");
	AT("w.keys|0", "\"00:11:22:33:AA:BB\"");
	AT("w.reckeys|0", "\"one\"");
	AT("w.numbers|3", "0.25");
	AT("w.count", "2");
	AT("w.rrd|kismet.common.rrd.last_time", "999990");
	AT("w.rrd|kismet.common.rrd.minute_vec|30", "4");
}

Test(select, a_path_to_nothing_is_not_there)
{
	static const char *const paths[] = {
		"never", "w.dyn", "w.empty", "w.u8|x", "w.sub|never", "w.sub|sub.max_dbm|0", "w.vec|2", "w.vec|01", "w.vec|-1", "w.vec|x",
		"w.vec|4294967296", "w.vec|99999999999", "w.int|7", "w.int|012", "w.int|12|never", "w.texts|0|0", "w.keys|0|x", "w.reckeys|0|leaf.ssid",
		"w.keys|00:11:22:33:AA:BB", "w.numbers|3|0", "w.count|0", "w.first|0", "w.rrd|never", "w.rrd|kismet.common.rrd.last_time|0",
		"w.rrd|kismet.common.rrd.minute_vec|60", "w.rrd|kismet.common.rrd.minute_vec|0|0", "w.minute|kismet.common.rrd.hour_vec",
		"w.uuid|0", "w.name|0",
	};
	size_t i;

	for (i = 0; i < sizeof paths / sizeof *paths; i++)
		AT(paths[i], "none");
}

Test(select, no_path_at_all_is_the_whole_record)
{
	char *whole = recorder_show(core, full);

	AT("-", whole);
	free(whole);
}

/* ---- Tables ---- */

Test(select, searching_finds_a_text_in_any_selected_field)
{
	struct aerie_selection *s = select_json("[\"w.name\",\"w.mac\",\"w.u8\",\"w.f64\",\"w.bytes\",\"w.list/leaf.ssid\",\"w.sub\",\"w.dyn\"]");

	cr_expect_eq(S->search(h, s, full, "kitchen"), 1);
	cr_expect_eq(S->search(h, s, full, "KITCHEN ap"), 1);
	cr_expect_eq(S->search(h, s, full, "kitchen ap "), 0);
	cr_expect_eq(S->search(h, s, full, "cc:00:01"), 1);
	cr_expect_eq(S->search(h, s, full, "200"), 1);
	cr_expect_eq(S->search(h, s, full, "2.5"), 1);
	cr_expect_eq(S->search(h, s, full, "1abF"), 1);
	cr_expect_eq(S->search(h, s, full, "ome"), 1);
	cr_expect_eq(S->search(h, s, full, "-42"), 0, "records have no text");
	cr_expect_eq(S->search(h, s, full, "twelve"), 0, "not selected");
	cr_expect_eq(S->search(h, s, full, ""), 1);
	S->selection_free(s);
	s = select_json("[\"w.dyn\",\"w.sub/sub.max_dbm\"]");
	cr_expect_eq(S->search(h, s, bare, "0"), 0, "the 0 of what is absent is no text");
	S->selection_free(s);
	cr_expect_eq(S->search(h, NULL, full, "TWELVE"), 1, "in the whole record");
	cr_expect_eq(S->search(h, NULL, full, "no such text"), 0);
}

Test(select, records_are_ordered_by_number_or_text)
{
	struct aerie_selection *s = select_json("[\"w.f64\",\"w.name\",\"w.dyn\",\"w.mac\",\"w.list/leaf.ssid\",\"w.bytes\",\"w.sub\",\"w.name\"]");
	struct aerie_order o;

	cr_expect(!S->order(h, s, 0, full, &o) && o.kind == AERIE_ORDER_NUMBER && o.number == 2.5);
	cr_expect(!S->order(h, s, 1, full, &o) && o.kind == AERIE_ORDER_TEXT && o.len == 10);
	cr_expect_str_eq(o.text, "kitchen ap");
	cr_expect_eq(o.text[63], 0);
	cr_expect(!S->order(h, s, 2, full, &o) && o.kind == AERIE_ORDER_ABSENT);
	cr_expect(!S->order(h, s, 3, full, &o) && o.kind == AERIE_ORDER_TEXT);
	cr_expect_str_eq(o.text, "aa:bb:cc:00:01:02");
	cr_expect(!S->order(h, s, 4, full, &o) && o.kind == AERIE_ORDER_TEXT);
	cr_expect_str_eq(o.text, "home", "the first of several");
	cr_expect(!S->order(h, s, 5, full, &o) && o.len == 6);
	cr_expect_str_eq(o.text, "01abff");
	cr_expect(!S->order(h, s, 6, full, &o) && o.kind == AERIE_ORDER_ABSENT);
	cr_expect(!S->order(h, s, 7, full, &o) && o.kind == AERIE_ORDER_TEXT, "counted as given, also when the name comes again");
	cr_expect_eq(S->order(h, s, 8, full, &o), -EINVAL);
	cr_expect_eq(S->order(h, NULL, 0, full, &o), -EINVAL);
	S->selection_free(s);
}
