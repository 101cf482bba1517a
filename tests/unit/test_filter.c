/* SPDX-License-Identifier: MIT */
/* Filter specifications. Which text a pattern matches is PCRE2's business (pcre2pattern(3)); what is tested is which texts it is
 * given, what is told about bad ones, and that no pattern takes long. */
#include <criterion/criterion.h>

#include <errno.h>
#include <time.h>

#include <core/bus.h>
#include <core/module.h>

#include "selectsuite.h"

TestSuite(filter, .init = setup, .fini = teardown);

static struct aerie_filter *filter_value(json_t *list)
{
	struct aerie_filter *f = NULL;
	char why[512] = "";

	cr_assert_eq(S->filter_new(h, (const struct aerie_value *)(const void *)list, &f, why, sizeof why), 0, "%s", why);
	json_decref(list);
	return f;
}

static struct aerie_filter *filter_of(const char *path, const char *pattern)
{
	return filter_value(json_pack("[[ss]]", path, pattern));
}

static int matches(const struct aerie_rec *rec, const char *path, const char *pattern)
{
	struct aerie_filter *f = filter_of(path, pattern);
	int r = S->filter_matches(h, f, rec);

	S->filter_free(f);
	return r;
}

Test(filter, patterns_are_searched_in_texts)
{
	cr_expect_eq(matches(full, "w.name", "itche"), 1);
	cr_expect_eq(matches(full, "w.name", "^Kitchen AP$"), 1);
	cr_expect_eq(matches(full, "w.name", "^itche"), 0);
	cr_expect_eq(matches(full, "w.name", "kitchen"), 0, "the case counts");
	cr_expect_eq(matches(full, "w.name", "(?i)kitchen"), 1);
	cr_expect_eq(matches(full, "w.name", ""), 1);
	cr_expect_eq(matches(bare, "w.name", "^$"), 1, "shown as an empty text");
	cr_expect_eq(matches(bare, "w.empty", "^$"), 0, "not shown at all");
}

Test(filter, addresses_uuids_keys_and_octets_match_as_they_are_shown)
{
	cr_expect_eq(matches(full, "w.mac", "^AA:BB:CC:"), 1);
	cr_expect_eq(matches(full, "w.keymac", "01:02$"), 1);
	cr_expect_eq(matches(full, "w.uuid", "^5FE3[0-]+$"), 1);
	cr_expect_eq(matches(full, "w.shared", "7$"), 1);
	cr_expect_eq(matches(full, "w.key", "^K1_"), 1);
	cr_expect_eq(matches(full, "w.bytes", "^01ABFF$"), 1);
	cr_expect_eq(matches(full, "w.phy", "^IEEE802\\.11$"), 1);
	cr_expect_eq(matches(full, "w.first", "AP"), 1);
}

Test(filter, what_is_no_text_never_matches)
{
	static const char *const paths[] = { "w.u8", "w.i64", "w.f64", "w.time", "w.count", "w.dyn", "w.sub", "w.list", "w.int", "w.vec",
					     "w.doubles", "w.numbers", "w.rrd", "w.rrd/kismet.common.rrd.last_time", "never", "w.name/x",
					     "w.list/never", "w.sub/sub.max_dbm" };
	size_t i;

	for (i = 0; i < sizeof paths / sizeof *paths; i++)
		cr_expect_eq(matches(full, paths[i], ""), 0, "%s", paths[i]);
}

Test(filter, collections_on_the_way_and_at_the_end_fan_out)
{
	cr_expect_eq(matches(full, "w.list/leaf.ssid", "^home$"), 1);
	cr_expect_eq(matches(full, "w.list/leaf.ssid", "^caf.$"), 1, "the second one; '.' is a character");
	cr_expect_eq(matches(full, "w.list/leaf.ssid", "twelve"), 0);
	cr_expect_eq(matches(full, "w.vec/sub.entries/entry.text", "^b$"), 1);
	cr_expect_eq(matches(full, "w.int/leaf.ssid", "twelve"), 1);
	cr_expect_eq(matches(full, "w.fmap/leaf.ssid", "ch1"), 1);
	cr_expect_eq(matches(full, "w.str/leaf.ssid", "by text"), 1);
	cr_expect_eq(matches(full, "w.macmap/leaf.ssid", "by mac"), 1);
	cr_expect_eq(matches(full, "w.uuidmap/leaf.ssid", "by uuid"), 1);
	cr_expect_eq(matches(full, "w.keymap/leaf.ssid", "by key"), 1);
	cr_expect_eq(matches(full, "w.texts", "^one$"), 1);
	cr_expect_eq(matches(full, "w.keys", "^00:11:22:33:AA:BB$"), 1, "a map shown as its keys");
	cr_expect_eq(matches(full, "w.macmap/leaf.ssid", "00:11"), 0, "a key is not the value");
}

Test(filter, any_of_the_terms_is_enough)
{
	struct aerie_filter *f = filter_value(json_pack("[[ss][ss][ss]]", "w.name", "x", "never", ".", "w.mac", "^AA"));

	cr_expect_eq(S->filter_matches(h, f, full), 1);
	cr_expect_eq(S->filter_matches(h, f, bare), 0);
	S->filter_free(f);
}

Test(filter, no_terms_match_everything)
{
	struct aerie_filter *f = (void *)&core;
	char why[64];

	cr_expect(!S->filter_new(h, NULL, &f, why, sizeof why) && !f);
	f = (void *)&core;
	cr_expect(!S->filter_new(h, (const struct aerie_value *)(const void *)json_null(), &f, why, sizeof why) && !f);
	f = filter_value(json_array());
	cr_expect_null(f);
	cr_expect_eq(S->filter_matches(h, NULL, bare), 1);
}

/* 2.4.1 of pcre2unicode(3), "Matching in invalid UTF strings". */
Test(filter, ill_formed_texts_from_the_air_match_where_they_are_well_formed)
{
	F->set_text(full, world_slot[S_NAME], "caf\xc3\xa9 \xff\xfe bar \xc3", 14);
	cr_expect_eq(matches(full, "w.name", "^caf. "), 1);
	cr_expect_eq(matches(full, "w.name", "(?i)CAF\xc3\x89"), 1);
	cr_expect_eq(matches(full, "w.name", " bar "), 1);
	cr_expect_eq(matches(full, "w.name", "bar.*caf"), 0);
	cr_expect_eq(matches(full, "w.name", "\xef\xbf\xbd"), 0, "what is ill-formed matches nothing");
}

static void refused(json_t *list, const char *want)
{
	struct aerie_filter *f = (void *)&core;
	char why[512] = "";

	cr_expect_eq(S->filter_new(h, (const struct aerie_value *)(const void *)list, &f, why, sizeof why), -EINVAL, "%s", want);
	cr_expect(strstr(why, want), "\"%s\" is not in \"%s\"", want, why);
	cr_expect_eq((void *)f, (void *)&core, "untouched on failure");
	json_decref(list);
}

Test(filter, bad_patterns_are_told_with_reason_and_place)
{
	json_t *many = json_array();
	char text[5000], pattern[80];
	int i;

	refused(json_pack("[[ss][ss]]", "w.name", "ok", "w.name", "a(b"),
		"`regex`, element 2: the pattern \"a(b\" is malformed at octet 3: missing closing parenthesis");
	refused(json_pack("[[ss]]", "w.name", "*"), "quantifier does not follow a repeatable item");
	refused(json_pack("[[ss]]", "w.name", "[z-a]"), "range out of order in character class");
	refused(json_pack("[[ss]]", "w.name", "a\\Cb"), "octet 3: using \\C is disabled");
	refused(json_pack("[[ss]]", "w.name", "x\ny("), "\"x y(\"");
	refused(json_pack("[[ss]]", "w.name", "((((((((((a{900}){900}){900}){900}))))))"), "the pattern");
	memset(pattern, '(', 70);
	pattern[70] = 0;
	refused(json_pack("[[ss]]", "w.name", pattern), "((((...\" is malformed at octet 65: parentheses are too deeply nested");
	refused(json_pack("s", "x"), "`regex` must be a list of pairs");
	refused(json_pack("{}"), "`regex` must be a list of pairs");
	refused(json_pack("[s]", "w.name"), "element 1: it must be a pair of texts");
	refused(json_pack("[[s]]", "w.name"), "element 1: it must be a pair of texts");
	refused(json_pack("[[sss]]", "w.name", "a", "b"), "element 1: it must be a pair of texts");
	refused(json_pack("[[si]]", "w.name", 1), "element 1: it must be a pair of texts");
	refused(json_pack("[[ss]]", "/", "a"), "element 1: the path is empty");
	memset(text, 'a', 4097);
	text[4097] = 0;
	refused(json_pack("[[ss]]", "w.name", text), "longer than 4096 octets");
	refused(json_pack("[[ss]]", text, "a"), "at most 4096 octets");
	for (i = 0; i < 257; i++)
		json_array_append_new(many, json_pack("[ss]", "w.name", "a"));
	refused(many, "at most 256 elements, this has 257");
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Known bad ones: exponential, polynomial, recursive. Without limits, several would take longer than anyone lives. A text has at most
 * 4096 octets. The time is that of any machine under any sanitizer; at most 10 ms are usual. */
Test(filter, no_pattern_takes_long)
{
	static const char *const patterns[] = {
		"(a+)+$", "(a+)+b", "(a*)*b", "(a|a)*b", "(a|aa)+$", "(.*)*x", "(.*?)*?x$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y",
		"(a?){300}a{300}b", ".*.*.*.*.*.*.*.*.*b", "(?:a+){1,100}b", "(a(?1)?a)+b", "^(a|(?1)a)*b", "(?R)?a*b|a(?R)b", "(?=(a+))\\1*b",
		"(*NO_JIT)(a+)+$", "(*NO_JIT)(a|a)*b", "(*NO_JIT)(?:a|(a(?1)a))*b", "(*LIMIT_MATCH=4000000000)(a+)+$",
		"(*NO_JIT)(*LIMIT_MATCH=4000000000)(*LIMIT_DEPTH=4000000000)(*LIMIT_HEAP=4000000000)(a+)+b", "(?:(?:(?:a?)*)*)*b",
		"((a{0,5}){0,5}){0,5}b", "\\A(?>a*)*?b", "(?<=a{50})(a+)+b",
	};
	char text[4096];
	size_t i;

	memset(text, 'a', sizeof text);
	memcpy(text + sizeof text - 5, "!bxyB", 5); /* what the ends of patterns look for is there, but never where it would do */
	F->set_text(full, world_slot[S_NAME], text, sizeof text);
	for (i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		double before = cpu_seconds(), took;

		(void)matches(full, "w.name", patterns[i]);
		took = cpu_seconds() - before;
		cr_expect_lt(took, 0.5, "%s: %g s", patterns[i], took);
	}
}

static void count_messages(void *user, const struct aerie_message *m)
{
	*(int *)user += strstr(m->text, "(a+)+$") && strstr(m->text, "3 texts");
}

Test(filter, what_was_given_up_is_told)
{
	char text[64];
	struct aerie_filter *f = filter_of("w.name", "(a+)+$");
	int told = 0, i;

	memset(text, 'a', sizeof text);
	text[63] = '!';
	F->set_text(full, world_slot[S_NAME], text, sizeof text);
	for (i = 0; i < 3; i++)
		cr_expect_eq(S->filter_matches(h, f, full), 0);
	F->set_text(full, world_slot[S_NAME], "aaa", 3);
	cr_expect_eq(S->filter_matches(h, f, full), 1, "other texts are matched as ever");
	S->filter_free(f);
	bus_service.recent(h, 0, count_messages, &told);
	cr_expect_eq(told, 1);
}

/* Without a limit for all of them, these 100,000 texts would take more than 4 s; allowed are 0.5 s, and 10 us for each. */
Test(filter, many_matches_that_take_long_are_an_error_in_the_end)
{
	struct aerie_filter *f = filter_value(json_pack("[[ss][ss]]", "w.name", "^(([a-z])+.)+[A-Z]([a-z])+$", "w.mac", "^A"));
	double before = cpu_seconds(), took;
	int i, r, hits = 0, refused = 0;

	F->set_text(full, world_slot[S_NAME], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 32);
	for (i = 0; i < 100000; i++) {
		r = S->filter_matches(h, f, full);
		hits += r == 1;
		refused += r == -EDQUOT;
	}
	took = cpu_seconds() - before;
	cr_expect_gt(hits, 0);
	cr_expect_gt(refused, 0, "the other pattern ends with it");
	cr_expect_eq(hits + refused, 100000);
	cr_expect_lt(took, 3, "%g s", took);
	S->filter_free(f);
}

/* 256 patterns for a thousand texts of one record, which is locked meanwhile: 0.04 ms each, 10 s in all without a limit. */
Test(filter, one_record_does_not_take_long)
{
	const struct aerie_str *text = F->intern(h, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 32);
	json_t *list = json_array();
	struct aerie_filter *f;
	double before, took;
	int i;

	for (i = 0; i < 1000; i++)
		cr_assert_eq(F->vec_push_str(full, world_slot[S_TEXTS], text), 0);
	for (i = 0; i < 256; i++)
		json_array_append_new(list, json_pack("[ss]", "w.texts", "^(([a-z])+.)+[A-Z]([a-z])+$"));
	f = filter_value(list);
	before = cpu_seconds();
	cr_expect_eq(S->filter_matches(h, f, full), 0, "not decided, hence no match");
	took = cpu_seconds() - before;
	cr_expect_lt(took, 1, "%g s", took);
	cr_expect_eq(S->filter_matches(h, f, bare), 0, "the filter goes on");
	S->filter_free(f);
	F->release(h, text);
}

Test(filter, as_many_and_as_long_as_allowed_is_taken)
{
	json_t *list = json_array();
	struct aerie_filter *f;
	char pattern[4097];
	int i;

	for (i = 0; i < 4096; i++)
		pattern[i] = "abc.?"[i % 5];
	pattern[4096] = 0;
	for (i = 0; i < 255; i++)
		json_array_append_new(list, json_pack("[ss]", "w.name", "never"));
	json_array_append_new(list, json_pack("[ss]", "w.name", "AP"));
	f = filter_value(list);
	cr_expect_eq(S->filter_matches(h, f, full), 1);
	S->filter_free(f);
	cr_expect_eq(matches(full, "w.name", pattern), 0);
}
