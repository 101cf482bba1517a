/* SPDX-License-Identifier: MIT */
/* Recordings: what is written out is what was written down, and a selection from a recording is the selection from the record. */
#include <criterion/criterion.h>

#include <errno.h>

#include <core/module.h>
#include <core/recording.h>

#include "selectsuite.h"

TestSuite(recording, .init = setup, .fini = teardown);

static struct aerie_recording *record(const struct aerie_rec *rec)
{
	struct aerie_recording *r = S->recording_new(h, 1 << 20);

	cr_assert_eq(S->visit(h, NULL, rec, S->recording_visitor, r), 0);
	return r;
}

static struct aerie_selection *select_json(const char *fields)
{
	const struct aerie_value *v = value_make(fields);
	struct aerie_selection *s = NULL;
	char why[256] = "";

	cr_assert_eq(S->selection_new(h, v, &s, why, sizeof why), 0, "%s: %s", fields, why);
	value_drop(v);
	return s;
}

/* The next value as text; NULL at the end. To be freed. */
static char *play(const struct aerie_recording *rec, uint64_t *at, const struct aerie_selection *s)
{
	struct recorder r;
	int err;

	recorder_init(&r);
	err = S->recording_play(h, rec, at, s, &recorder_visitor, &r);
	if (err == -ENODATA)
		return NULL;
	cr_assert(!err && !r.wrong && !r.depth, "%d, %s, after %s", err, r.wrong, r.text);
	return r.text;
}

#define PLAYS(rec, at, s, want)                     \
	do {                                        \
		char *text_ = play(rec, at, s);     \
		cr_expect_str_eq(text_, want);      \
		free(text_);                        \
	} while (0)

static char *visited(const struct aerie_selection *s, const struct aerie_rec *rec)
{
	struct recorder r;

	recorder_init(&r);
	cr_assert_eq(S->visit(h, s, rec, &recorder_visitor, &r), 0);
	return r.text;
}

Test(recording, whole_records_come_out_as_they_went_in)
{
	const struct aerie_rec *records[] = { full, bare };
	size_t i;

	for (i = 0; i < 2; i++) {
		struct aerie_recording *r = record(records[i]);
		char *whole = recorder_show(core, records[i]);
		uint64_t at = 0;

		PLAYS(r, &at, NULL, whole);
		cr_expect_null(play(r, &at, NULL));
		free(whole);
		S->recording_free(r);
	}
	S->recording_free(NULL);
}

Test(recording, values_come_out_one_after_the_other)
{
	const struct aerie_visitor *vt = S->recording_visitor;
	struct aerie_recording *r = S->recording_new(h, 4096);
	uint64_t at = 0, again;

	vt->u64(r, UINT64_MAX);
	vt->i64(r, -1);
	vt->begin_list(r, 0);
	vt->end_list(r);
	vt->begin_list(r, 4);
	vt->f64s(r, (const double[]){ 0.5, 1 }, 2);
	vt->null(r);
	vt->bytes(r, (const uint8_t *)"\0\xff", 2);
	vt->end_list(r);
	vt->str(r, "", 0);
	PLAYS(r, &at, NULL, "18446744073709551615");
	again = at;
	PLAYS(r, &at, NULL, "-1");
	PLAYS(r, &at, NULL, "[]");
	PLAYS(r, &at, NULL, "[0.5,1,null,\"00ff\"]");
	PLAYS(r, &at, NULL, "\"\"");
	cr_expect_null(play(r, &at, NULL));
	PLAYS(r, &again, NULL, "-1");
	S->recording_free(r);
}

Test(recording, a_selection_gives_what_it_gives_from_the_record)
{
	static const char *const fields[] = {
		"[\"w.u8\",\"w.mac\",\"w.name\",\"w.key\",\"w.uuid\",\"w.bytes\",\"w.i64\",\"w.f64\",\"w.time\",\"w.dyn\",\"w.empty\"]",
		"[\"w.name\",[\"w.u8\",\"renamed.\\\"\"],\"never\",\"w.sub/never\",\"w.name/x\"]",
		"[\"w.sub/kismet.common.signal.last_signal_dbm\"]",
		"[\"w.sub/sub.max_dbm\",\"w.sub\",\"w.sub/sub.entries/entry.text\"]",
		"[\"w.list/leaf.ssid\",\"w.list/leaf.signal\",\"w.list\",\"w.list/never\"]",
		"[\"w.vec/sub.entries/entry.text\",\"w.vec/sub.max_dbm\",\"w.texts\",\"w.texts/x\",\"w.doubles\",\"w.doubles/y\"]",
		"[\"w.int/leaf.ssid\"]", "[\"w.int/leaf.signal\"]", "[\"w.fmap/leaf.ssid\"]", "[\"w.str/leaf.ssid\"]", "[\"w.macmap/leaf.ssid\"]",
		"[\"w.uuidmap/leaf.ssid\"]", "[\"w.keymap/leaf.ssid\"]", "[\"w.keys\"]", "[\"w.reckeys\"]", "[\"w.numbers\",\"w.numbers/x\"]",
		"[\"w.rrd\",\"w.minute\",\"w.rrd/kismet.common.rrd.last_time\"]", "[\"w.rrd/kismet.common.rrd.minute_vec\"]",
		"[\"w.rrd/kismet.common.rrd.minute_vec/x\"]", "[\"w.minute/kismet.common.rrd.hour_vec\",\"w.rrd/x\"]",
		"[\"w.count\",\"w.first\",\"w.shared\",\"w.phy\",\"w.keymac\"]", "[[\"w.u8\",\"n\"],[\"w.name\",\"n\"]]",
	};
	const struct aerie_rec *records[] = { full, bare };
	size_t i, k;

	aerie_set_i32(F->sub(full, world_slot[S_SUB]), s_last, -55);
	for (k = 0; k < 2; k++) {
		struct aerie_recording *r = record(records[k]);

		for (i = 0; i < sizeof fields / sizeof *fields; i++) {
			struct aerie_selection *s = select_json(fields[i]);
			char *want = visited(s, records[k]);
			uint64_t at = 0;

			PLAYS(r, &at, s, want);
			cr_expect_null(play(r, &at, s));
			free(want);
			S->selection_free(s);
		}
		S->recording_free(r);
	}
}

Test(recording, a_list_of_maps_is_selected_from_map_by_map)
{
	struct aerie_recording *r = S->recording_new(h, 1 << 20);
	struct aerie_selection *s = select_json("[\"w.u8\",\"w.sub/sub.max_dbm\"]");
	const struct aerie_visitor *vt = S->recording_visitor;
	uint64_t at = 0;

	vt->begin_list(r, 4);
	S->visit(h, NULL, full, vt, r);
	vt->u64(r, 7);
	vt->f64s(r, (const double[]){ 2 }, 1);
	S->visit(h, NULL, bare, vt, r);
	vt->end_list(r);
	vt->u64(r, 8);
	vt->begin_list(r, 0);
	vt->end_list(r);
	PLAYS(r, &at, s, "[{\"w.u8\":200,\"sub.max_dbm\":-42},7,2,{\"w.u8\":0,\"sub.max_dbm\":0}]");
	PLAYS(r, &at, s, "8");
	PLAYS(r, &at, s, "[]");
	cr_expect_null(play(r, &at, s));
	S->selection_free(s);
	S->recording_free(r);
}

Test(recording, names_that_a_selection_gave_outlive_it)
{
	struct aerie_selection *s = select_json("[[\"w.u8\",\"my.\\\"name\"],\"never.seen\",\"w.mac\"]");
	struct aerie_recording *r = S->recording_new(h, 4096);
	uint64_t at = 0;

	S->visit(h, s, full, S->recording_visitor, r);
	S->selection_free(s);
	PLAYS(r, &at, NULL, "{\"my.\\\"name\":200,\"never.seen\":0,\"w.mac\":\"AA:BB:CC:00:01:02\"}");
	cr_expect_eq(S->recording_u64(r, 0, "my.\"name", 1), 200);
	S->recording_free(r);
}

Test(recording, numbers_are_found_by_name_in_their_own_map_only)
{
	struct aerie_recording *r = record(full);
	uint64_t at = 0;

	cr_expect_eq(S->recording_u64(r, 0, "w.u8", 1), 200);
	cr_expect_eq((int64_t)S->recording_u64(r, 0, "w.i64", 1), INT64_MIN);
	cr_expect_eq(S->recording_u64(r, 0, "w.name", 17), 17, "no number");
	cr_expect_eq(S->recording_u64(r, 0, "never", 17), 17);
	cr_expect_eq(S->recording_u64(r, 0, "sub.max_dbm", 17), 17, "in a record below");
	free(play(r, &at, NULL));
	cr_expect_eq(S->recording_u64(r, at, "w.u8", 17), 17, "behind the end");
	S->recording_free(r);
}

Test(recording, a_value_above_the_limit_is_taken_back_whole)
{
	struct aerie_recording *r = S->recording_new(h, 400);
	uint64_t at = 0;

	cr_expect_eq(S->recording_visitor->u64(r, 1), 0);
	cr_expect_eq(S->visit(h, NULL, full, S->recording_visitor, r), -EMSGSIZE);
	cr_expect_eq(S->recording_visitor->u64(r, 2), 0, "there is room again");
	PLAYS(r, &at, NULL, "1");
	PLAYS(r, &at, NULL, "2");
	cr_expect_null(play(r, &at, NULL));
	S->recording_free(r);
}

Test(recording, ends_without_their_begin_are_refused)
{
	const struct aerie_visitor *vt = S->recording_visitor;
	struct aerie_recording *r = S->recording_new(h, 4096);
	uint64_t at = 0;

	cr_expect_eq(vt->end_map(r), -EPROTO);
	cr_expect_eq(vt->key_text(r, "a", 1), -EPROTO);
	cr_expect_eq(vt->begin_list(r, 1), 0);
	cr_expect_eq(vt->end_map(r), -EPROTO);
	cr_expect_null(play(r, &at, NULL));
	S->recording_free(r);
}
