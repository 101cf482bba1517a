/* SPDX-License-Identifier: MIT */
/* Records under arbitrary sequences of calls: what the air says decides which texts, map keys and samples a record is
 * given. Each step is three octets: what to do, and two that it is done with. After it all the record must be
 * visitable by the rules, and must leave no text behind. link: core, tests/unit/testcore.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <core/registry.h>
#include <core/strings.h>
#include <tests/unit/testcore.h>

#define F (&fields_service)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static aerie_slot s_text, s_bytes, s_uuid, s_sub, s_ints, s_uuids, s_strs, s_recs, s_vec, s_texts, s_full, s_signal, s_num, s_sub_text;

struct run {
	struct core *core;
	const struct aerie_host *h;
	struct aerie_rec *rec;
	uint32_t time;
};

static aerie_record_id define(struct core *core)
{
	const struct aerie_member sub[] = {
		AERIE_MEMBER(AERIE_T_STR, 0, 0, "sub.text", "", "x", 0, &s_sub_text),
	};
	struct aerie_member members[] = {
		AERIE_MEMBER(AERIE_T_STR, 0, 0, "text", "", "x", 0, &s_text),
		AERIE_MEMBER(AERIE_T_BYTES, 0, 0, "bytes", "", "x", 0, &s_bytes),
		AERIE_MEMBER(AERIE_T_UUID, 0, 0, "uuid", "", "x", 0, &s_uuid),
		AERIE_MEMBER(AERIE_T_MAP_INT, AERIE_T_U64, 0, "ints", "", "x", 0, &s_ints),
		AERIE_MEMBER(AERIE_T_MAP_UUID, AERIE_T_F64, 0, "uuids", "", "x", 0, &s_uuids),
		AERIE_MEMBER(AERIE_T_MAP_STR, AERIE_T_STR, 0, "strs", "", "x", 0, &s_strs),
		AERIE_MEMBER(AERIE_T_VEC, AERIE_T_U64, 0, "vec", "", "x", 0, &s_vec),
		AERIE_MEMBER(AERIE_T_VEC, AERIE_T_STR, 0, "texts", "", "x", 0, &s_texts),
		AERIE_MEMBER(AERIE_T_RRD, 0, 0, "full", "", "x", 0, &s_full),
		AERIE_MEMBER(AERIE_T_RRD_MINUTE, 0, AERIE_FIELD_RRD_SIGNAL, "signal", "", "x", 0, &s_signal),
		AERIE_MEMBER(AERIE_T_U32, 0, AERIE_FIELD_DYNAMIC, "num", "", "x", 0, &s_num),
		AERIE_MEMBER(AERIE_T_RECORD, 0, 0, "sub", "", "x", 0, &s_sub),
		AERIE_MEMBER(AERIE_T_MAP_INT, AERIE_T_RECORD, AERIE_FIELD_AS_LIST, "recs", "", "x", 0, &s_recs),
	};
	aerie_record_id leaf = 0, id = 0;
	size_t n = sizeof members / sizeof *members, i;

	if (F->define_record(testcore_host(core), "sub", 0, sub, 1, &leaf) < 0)
		abort();
	members[n - 2].record = members[n - 1].record = leaf;
	for (i = 0; i < n; i++)
		members[i].def.limit = 20;
	if (F->define_record(testcore_host(core), "fuzzed", 0, members, (uint32_t)n, &id) < 0)
		abort();
	return id;
}

static uint64_t uuid_key(struct aerie_uuid *u, uint8_t a)
{
	memset(u, a, sizeof *u);
	return aerie_ptr_key(u);
}

static void step(struct run *r, uint8_t what, uint8_t a, uint8_t b)
{
	static const aerie_slot *const all[] = { &s_text, &s_bytes, &s_uuid, &s_sub, &s_ints, &s_uuids, &s_strs, &s_recs,
						 &s_vec, &s_texts, &s_full, &s_signal, &s_num };
	const char text[4] = { (char)a, (char)b, (char)a, (char)b };
	struct aerie_uuid u;
	struct aerie_rec *sub;
	const struct aerie_str *s;
	uint64_t *cell;

	switch (what % 17) {
	case 0:
		F->set_text(r->rec, s_text, (const char *)(uintptr_t)"aaaaaaaaaaaaaaaaaaa\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80" + a % 16, b % 12);
		break;
	case 1:
		F->set_bytes(r->rec, s_bytes, (const uint8_t *)"0123456789012345678901234567890123456789", a % 40);
		break;
	case 2:
		uuid_key(&u, a);
		F->set_uuid(r->rec, s_uuid, &u);
		break;
	case 3:
		sub = a % 2 ? F->sub(r->rec, s_sub) : F->map_record(r->rec, s_recs, b);
		if (sub)
			F->set_text(sub, s_sub_text, text, a % 4);
		break;
	case 4:
	case 5:
		cell = F->map_cell(r->rec, s_ints, a % 40);
		if (cell)
			*cell += b;
		break;
	case 6:
	case 7:
		cell = F->map_cell(r->rec, s_uuids, uuid_key(&u, a % 40));
		if (cell)
			*cell = aerie_f64_key(b);
		break;
	case 8:
		s = F->intern(r->h, text, 1 + b % 2);
		F->map_set_str(r->rec, s_strs, aerie_ptr_key(s), s);
		F->release(r->h, s);
		break;
	case 9:
		F->map_remove(r->rec, s_ints, a % 40);
		F->map_remove(r->rec, s_recs, b);
		break;
	case 10:
		F->map_remove(r->rec, s_uuids, uuid_key(&u, a % 40));
		break;
	case 11:
		s = F->intern(r->h, text, 1 + b % 2);
		F->map_remove(r->rec, s_strs, aerie_ptr_key(s));
		F->vec_push_str(r->rec, s_texts, s);
		F->release(r->h, s);
		break;
	case 12:
		F->vec_push(r->rec, s_vec, b);
		break;
	case 13:
		r->time += (uint32_t)a * (b & 1 ? 1 : b);
		break;
	case 14:
		F->rrd_add(r->rec, s_full, r->time - a % 64, (int8_t)b * (a & 128 ? 0.5 : 1));
		break;
	case 15:
		F->rrd_add(r->rec, s_signal, r->time - a % 64, -(double)b);
		break;
	default:
		if (a % 4 == 0)
			F->clear(r->rec, *all[b % (sizeof all / sizeof *all)]);
		aerie_set_u32(r->rec, s_num, b);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct core *core;
	static aerie_record_id type;
	struct run r;
	uint64_t texts;
	size_t i;

	if (!core) {
		core = testcore_new();
		testcore_set_time(core, 100000);
		type = define(core);
	}
	texts = strings_count(core->strings);
	r = (struct run){ core, testcore_host(core), F->new_record(testcore_host(core), type), 90000 };
	for (i = 0; i + 3 <= len && i < 6000; i += 3)
		step(&r, data[i], data[i + 1], data[i + 2]);
	free(recorder_show(core, r.rec));
	F->free_record(r.rec);
	if (strings_count(core->strings) != texts)
		abort();
	return 0;
}
