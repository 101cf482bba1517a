/* SPDX-License-Identifier: MIT */
/* Enumeration of record types and their members. Expected: <aerie/fields.h>, and the tables of the test. */
#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include <core/module.h>
#include <core/registry.h>

#include "testcore.h"

#define F (&fields_service)

static struct core *core;
static const struct aerie_host *h;

static void setup(void)
{
	core = testcore_new();
	h = testcore_host(core);
}

static void teardown(void)
{
	testcore_free(core);
}

TestSuite(describe, .init = setup, .fini = teardown);

/* What was told, as "a|b|". */
struct told {
	char text[1024];
	unsigned n, stop_at; /* the call that returns 7; 0: none does */
};

static int tell(struct told *t, const char *text)
{
	size_t len = strlen(t->text);

	(void)snprintf(t->text + len, sizeof t->text - len, "%s|", text);
	return ++t->n == t->stop_at ? 7 : 0;
}

static int on_record(void *user, const char *name, aerie_record_id type)
{
	char text[300];

	(void)snprintf(text, sizeof text, "%s#%u", name, type);
	return tell(user, text);
}

static int on_member(void *user, const struct aerie_field_info *info, const char *record, uint32_t optional)
{
	char text[300];

	(void)snprintf(text, sizeof text, "%s %s %s%s", info->name->text, info->name->type, record ? record : "-",
		       optional ? " optional" : "");
	return tell(user, text);
}

static aerie_record_id inner_type(void)
{
	static const struct aerie_member members[] = {
		AERIE_MEMBER(AERIE_T_I32, 0, 0, "x.signal", "dBm", "A signal.", 0, NULL),
	};
	aerie_record_id id = 0;

	cr_assert_eq(F->define_record(h, "x.inner", 0, members, 1, &id), 0);
	return id;
}

Test(describe, members_come_in_the_order_in_which_they_are_shown_with_their_records)
{
	aerie_record_id inner = inner_type(), outer = 0, top = 0;
	const struct aerie_member members[] = {
		AERIE_MEMBER(AERIE_T_STR, 0, 0, "x.name", "", "A name.", 0, NULL),
		AERIE_MEMBER(AERIE_T_RECORD, 0, 0, "x.best", "", "The best.", inner, NULL),
		AERIE_MEMBER(AERIE_T_MAP_MAC, AERIE_T_RECORD, 0, "x.all", "", "All.", inner, NULL),
		AERIE_MEMBER_RULE(AERIE_MEMBER_COUNT, AERIE_T_U64, "x.count", "", "How many.", "x.all", NULL, NULL),
		AERIE_MEMBER(AERIE_T_F64, 0, AERIE_FIELD_DYNAMIC, "x.speed", "km/h", "Speed.", 0, NULL),
		AERIE_MEMBER(AERIE_T_RRD_MINUTE, 0, 0, "x.series", "", "A series.", 0, NULL),
	};
	const struct aerie_member more[] = { AERIE_MEMBER(AERIE_T_MAP_KEY, AERIE_T_U64, 0, "x.keys", "", "Keys.", 0, NULL) };
	struct told t = { 0 };

	cr_assert_eq(F->define_record(h, "x.outer", 0, members, 6, &outer), 0);
	cr_assert_eq(F->define_record(h, "x.top", outer, more, 1, &top), 0);
	cr_assert_eq(F->each_member(h, "x.outer", on_member, &t), 0);
	cr_assert_str_eq(t.text, "x.name string -|x.best map[field, x] x.inner optional|x.all map[macaddr, x] x.inner|"
				 "x.count uint64_t -|x.speed double - optional|x.series map[field, x] - optional|");
	t = (struct told){ 0 };
	cr_assert_eq(F->each_member(h, "x.top", on_member, &t), 0);
	cr_assert_eq(t.n, 7, "those of the base come first");
	cr_assert(strstr(t.text, "x.series map[field, x] - optional|x.keys map[key,uint64_t] -|"));
}

static int keep(void *user, const struct aerie_field_info *info, const char *record, uint32_t optional)
{
	cr_assert_null(record);
	cr_assert_eq(optional, 0);
	*(struct aerie_field_info *)user = *info;
	return 0;
}

Test(describe, what_is_told_of_a_member_is_what_its_field_says)
{
	static const struct aerie_member members[] = {
		{ sizeof(struct aerie_member), AERIE_MEMBER_STORED,
		  { sizeof(struct aerie_field_def), AERIE_T_STR, 0, 0, 32, 0, "x.text", "words", "A text." }, 0, 0,
		  { NULL, NULL, NULL, NULL }, NULL },
	};
	struct aerie_field_info got = { 0 };
	aerie_record_id id;

	cr_assert_eq(F->define_record(h, "x.rec", 0, members, 1, &id), 0);
	cr_assert_eq(F->each_member(h, "x.rec", keep, &got), 0);
	cr_assert_eq(got.size, sizeof got);
	cr_assert_eq(got.type, AERIE_T_STR);
	cr_assert_eq(got.limit, 32);
	cr_assert_str_eq(got.unit, "words");
	cr_assert_str_eq(got.name->help, "A text.");
	cr_assert_str_eq(got.owner, "core");
}

Test(describe, each_type_is_told_once_with_its_newest_generation)
{
	static const struct aerie_member one[] = { AERIE_MEMBER(AERIE_T_U8, 0, 0, "x.a", "", "A.", 0, NULL) };
	static const struct aerie_member two[] = { AERIE_MEMBER(AERIE_T_U8, 0, 0, "x.a", "", "A.", 0, NULL),
						   AERIE_MEMBER(AERIE_T_U8, 0, 0, "x.b", "", "B.", 0, NULL) };
	struct told t = { 0 };
	aerie_record_id id, first;
	char expected[100];

	cr_assert_eq(F->each_record(h, on_record, &t), 0);
	cr_assert_str_eq(t.text, "", "nobody has defined a type yet");
	cr_assert_eq(F->define_record(h, "x.rec", 0, one, 1, &first), 0);
	cr_assert_eq(F->define_record(h, "x.other", 0, one, 1, &id), 0);
	cr_assert_eq(F->define_record(h, "x.rec", 0, two, 2, &id), 0);
	cr_assert_neq(id, first);
	cr_assert_eq(F->each_record(h, on_record, &t), 0);
	(void)snprintf(expected, sizeof expected, "x.other#%u|x.rec#%u|", first + 1, id);
	cr_assert_str_eq(t.text, expected);
	t = (struct told){ 0 };
	cr_assert_eq(F->each_member(h, "x.rec", on_member, &t), 0);
	cr_assert_str_eq(t.text, "x.a uint8_t -|x.b uint8_t -|");
}

Test(describe, enumeration_ends_where_it_is_told_to)
{
	static const struct aerie_member members[] = { AERIE_MEMBER(AERIE_T_U8, 0, 0, "x.a", "", "A.", 0, NULL),
						       AERIE_MEMBER(AERIE_T_U8, 0, 0, "x.b", "", "B.", 0, NULL) };
	struct told t = { .stop_at = 1 };
	aerie_record_id id;

	cr_assert_eq(F->define_record(h, "x.one", 0, members, 2, &id), 0);
	cr_assert_eq(F->define_record(h, "x.two", 0, members, 2, &id), 0);
	cr_assert_eq(F->each_record(h, on_record, &t), 7);
	cr_assert_eq(t.n, 1);
	t = (struct told){ .stop_at = 1 };
	cr_assert_eq(F->each_member(h, "x.two", on_member, &t), 7);
	cr_assert_str_eq(t.text, "x.a uint8_t -|");
	cr_assert_eq(F->each_member(h, "x.three", on_member, &t), -ENOENT);
	cr_assert_eq(F->each_member(h, NULL, on_member, &t), -ENOENT);
	cr_assert_eq(t.n, 1);
}

Test(describe, types_of_fields_are_named_as_clients_know_them)
{
	static const struct {
		uint32_t type, value;
		const char *name, *text;
	} rows[] = {
		/* The field list of the ecosystem's servers: kismet-compat B.3, /system/tracked_fields.html. */
		{ AERIE_T_KEY, 0, "x.1", "devicekey" },
		{ AERIE_T_BYTES, 0, "x.2", "bytearray" },
		{ AERIE_T_MAC, 0, "x.3", "mac_addr" },
		{ AERIE_T_UUID, 0, "x.4", "uuid" },
		{ AERIE_T_RECORD, 0, "x.5", "map[field, x]" },
		{ AERIE_T_VEC, AERIE_T_RECORD, "x.6", "vector[x]" },
		{ AERIE_T_VEC, AERIE_T_F64, "x.7", "vector[double]" },
		{ AERIE_T_VEC, AERIE_T_STR, "x.8", "vector[string]" },
		{ AERIE_T_MAP_INT, AERIE_T_RECORD, "x.9", "map[int, x]" },
		{ AERIE_T_MAP_MAC, AERIE_T_RECORD, "x.10", "map[macaddr, x]" },
		{ AERIE_T_MAP_STR, AERIE_T_RECORD, "x.11", "map[string, x]" },
		{ AERIE_T_MAP_F64, AERIE_T_RECORD, "x.12", "map[double, x]" },
		{ AERIE_T_MAP_F64, AERIE_T_F64, "x.13", "map[double,double]" },
		{ AERIE_T_MAP_KEY, AERIE_T_RECORD, "x.14", "map[key, x]" },
		{ AERIE_T_MAP_UUID, AERIE_T_RECORD, "x.15", "map[uuid, x]" },
	};
	aerie_field_id id;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct aerie_field_def d = AERIE_FIELD_DEF(rows[i].type, rows[i].value, 0, rows[i].name, "", "A field.");

		cr_assert_eq(F->define(h, &d, &id), 0);
		cr_assert_str_eq(F->name(h, id)->type, rows[i].text);
	}
}

#define GENERATIONS 300u

/* A type that is told is whole: as many members as its generation, each with its texts. */
static int count_member(void *user, const struct aerie_field_info *info, const char *record, uint32_t optional)
{
	cr_assert_eq(strlen(info->name->text), info->name->len);
	cr_assert_str_eq(info->owner, "core");
	++*(unsigned *)user;
	return 0;
}

static int count_type(void *user, const char *name, aerie_record_id type)
{
	unsigned members = 0;

	cr_assert_eq(F->each_member(h, name, count_member, &members), 0);
	cr_assert(members == 1 || members == 2, "%u members", members);
	++*(unsigned *)user;
	return 0;
}

static void *enumerate(void *user)
{
	unsigned n = 0;

	while (n < GENERATIONS) {
		n = 0;
		cr_assert_eq(F->each_record(h, count_type, &n), 0);
	}
	return NULL;
}

Test(describe, other_threads_enumerate_while_the_main_thread_defines)
{
	const struct aerie_member members[] = { AERIE_MEMBER(AERIE_T_U8, 0, 0, "x.a", "", "A.", 0, NULL),
						AERIE_MEMBER(AERIE_T_U8, 0, 0, "x.b", "", "B.", 0, NULL) };
	pthread_t threads[2];
	aerie_record_id id;
	char name[24];
	unsigned i;

	for (i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, enumerate, NULL), 0);
	for (i = 0; i < GENERATIONS; i++) {
		(void)snprintf(name, sizeof name, "x.rec%u", i);
		cr_assert_eq(F->define_record(h, name, 0, members, 1, &id), 0);
		cr_assert_eq(F->define_record(h, name, 0, members, 2, &id), 0);
	}
	for (i = 0; i < 2; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
}
