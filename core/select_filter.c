/* SPDX-License-Identifier: MIT */
/* Filter specifications: regular expressions (PCRE2, with JIT) over the texts that paths lead to.
 *
 * Patterns come from clients, so their work is limited: for one text in steps, and for one record in time, because the record
 * is locked meanwhile and may have a thousand texts; what is not decided within these counts as no match, and how often that
 * happened is told when the filter goes. And for all texts of a filter in time, because a pattern may stay just below the steps
 * a million times: after that the filter fails, so that nobody takes a part of a list for the whole.
 *
 * Texts come from the air and need not be UTF-8: patterns are compiled for UTF with PCRE2_MATCH_INVALID_UTF, so that
 * '.' is a character and (?i) knows more than ASCII, and what is ill-formed just matches nothing, instead of an error
 * (PCRE2_UTF alone) or of characters falling apart into octets (no UTF at all). */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <core/select.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <aerie/utf8.h>

#include <core/bus.h>
#include <core/module.h>
#include <core/value.h>

#define FILTER_MAGIC 0x46494c54u /* "FILT" */

#define STEPS_MAX 20000u             /* PCRE2's match limit: steps from one place of a text, about 2 ns each */
#define STEPS_TEXT 10000000u         /* the same from all places of a text, unless these are STEPS_MIN each */
#define STEPS_MIN 1000u
#define WORK_NS 500000000ull         /* of a filter in all: this, and for each text */
#define WORK_TEXT_NS 10000ull        /* this, which is a hundred times what a usual pattern takes */
#define WORK_RECORD_NS 100000000ull  /* and of a filter in one record */
#define MATCH_DEPTH 4000u            /* nested backtracking points, where there is no JIT */
#define MATCH_HEAP_KB 1024u          /* memory for these */
#define JIT_STACK_FIRST (32u * 1024u)
#define JIT_STACK_MAX (512u * 1024u) /* the same, for JIT code */
#define NESTING_MAX 64u              /* parentheses in one another */
#define WORK_ONE_NS 200000000ull     /* one match cannot take longer; if it seems so, the process was stopped meanwhile */
#define CODE_MAX (8u * 1024u * 1024u) /* octets of the compiled patterns of a filter */
#define OCTETS_MAX 65536u            /* of a member of octets that is looked at; they are matched as hex digits */
#define TEXTS_KEPT 1024u              /* texts that a thread counts for itself */
#define SPARES 8u                    /* threads that use a filter at once without making what they need anew */
#define SHOWN_MAX 64u                /* octets of a pattern in a message */

/* What a thread needs to match. */
struct matcher {
	pcre2_match_context *context;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
	uint64_t texts, work_ns; /* not yet added to those of the filter */
	char hex[OCTETS_MAX * 2];
};

struct term {
	pcre2_code *code;
	char shown[SHOWN_MAX + 4]; /* the pattern, for messages */
	uint64_t given_up;         /* relaxed atomic */
};

struct aerie_filter {
	uint32_t magic;
	struct core *core;
	struct paths paths;
	struct term *term;              /* one per path */
	struct matcher *spare[SPARES]; /* atomic */
	pcre2_compile_context *compile;
	uint64_t texts, work_ns; /* relaxed atomics: matched, and the time that it took, for WORK_NS */
	bool exhausted;          /* relaxed atomic: nothing is tried any more */
};

/* ---- What a thread needs ---- */

static void matcher_free(struct matcher *m)
{
	if (!m)
		return;
	pcre2_match_context_free(m->context);
	pcre2_match_data_free(m->data);
	pcre2_jit_stack_free(m->stack);
	free(m);
}

static struct matcher *matcher_new(void)
{
	struct matcher *m = malloc(sizeof *m);

	if (!m)
		return NULL;
	m->texts = m->work_ns = 0;
	m->context = pcre2_match_context_create(NULL);
	m->data = pcre2_match_data_create(1, NULL);
	m->stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MAX, NULL);
	if (!m->context || !m->data) {
		matcher_free(m);
		return NULL;
	}
	pcre2_set_depth_limit(m->context, MATCH_DEPTH);
	pcre2_set_heap_limit(m->context, MATCH_HEAP_KB);
	if (m->stack) /* without JIT there is none */
		pcre2_jit_stack_assign(m->context, NULL, m->stack);
	return m;
}

static struct matcher *take_matcher(struct aerie_filter *f)
{
	struct matcher *m;
	unsigned i;

	for (i = 0; i < SPARES; i++) {
		if (!__atomic_load_n(&f->spare[i], __ATOMIC_RELAXED))
			continue;
		m = __atomic_exchange_n(&f->spare[i], NULL, __ATOMIC_ACQUIRE);
		if (m)
			return m;
	}
	return matcher_new();
}

static void give_back(struct aerie_filter *f, struct matcher *m)
{
	struct matcher *none;
	unsigned i;

	if (m->work_ns || m->texts > TEXTS_KEPT) {
		__atomic_add_fetch(&f->texts, m->texts, __ATOMIC_RELAXED);
		__atomic_add_fetch(&f->work_ns, m->work_ns, __ATOMIC_RELAXED);
		m->texts = m->work_ns = 0;
	}

	for (i = 0; i < SPARES; i++) {
		none = NULL;
		if (__atomic_compare_exchange_n(&f->spare[i], &none, m, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			return;
	}
	matcher_free(m);
}

/* ---- Making ---- */

struct why {
	char *text;
	uint32_t room;
};

static int explain(const struct why *why, uint32_t i, const char *what)
{
	snprintf(why->text, why->room, "`regex`, element %u: %s", i + 1, what);
	return -EINVAL;
}

/* The beginning of a pattern, fit for a line of text. */
static void show_pattern(char dst[SHOWN_MAX + 4], const char *pattern, size_t len)
{
	size_t n = 0;

	while (n < len) {
		int c = aerie_utf8_next((const uint8_t *)pattern + n, len - n);
		size_t octets = (size_t)(c < 0 ? -c : c);

		if (n + octets > SHOWN_MAX)
			break;
		memcpy(dst + n, pattern + n, octets);
		if (c < 0)
			memset(dst + n, '?', octets);
		else if ((uint8_t)pattern[n] < 0x20 || pattern[n] == 0x7f)
			dst[n] = ' ';
		n += octets;
	}
	memcpy(dst + n, n < len ? "..." : "", n < len ? 4 : 1);
}

static int explain_pattern(const struct why *why, uint32_t i, const char *shown, int err, size_t at)
{
	char text[256];

	if (err == PCRE2_ERROR_HEAP_FAILED)
		return -ENOMEM;
	if (pcre2_get_error_message(err, (PCRE2_UCHAR *)text, sizeof text) < 0)
		snprintf(text, sizeof text, "error %d", err);
	snprintf(why->text, why->room, "`regex`, element %u: the pattern \"%s\" is malformed at octet %zu: %s", i + 1,
		 shown, at, text);
	return -EINVAL;
}

static size_t code_size(const pcre2_code *code)
{
	size_t size = 0, jit = 0;

	(void)pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
	(void)pcre2_pattern_info(code, PCRE2_INFO_JITSIZE, &jit);
	return size + jit;
}

/* Without JIT code for it, a pattern is interpreted, under the same limits. */
static int add_pattern(struct aerie_filter *f, const char *pattern, uint32_t len, size_t *total, const struct why *why)
{
	const uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
	uint32_t i = f->paths.n;
	struct term *t = &f->term[i];
	PCRE2_SIZE at = 0;
	int err = 0;

	show_pattern(t->shown, pattern, len);
	t->code = pcre2_compile((PCRE2_SPTR)pattern, len, options, &err, &at, f->compile);
	if (!t->code)
		return explain_pattern(why, i, t->shown, err, at);
	(void)pcre2_jit_compile(t->code, PCRE2_JIT_COMPLETE);
	*total += code_size(t->code);
	return *total > CODE_MAX ? explain(why, i, "the patterns are too large") : 0;
}

static int add_term(struct aerie_filter *f, const struct aerie_value *v, size_t *total, const struct why *why)
{
	uint32_t i = f->paths.n, path_len = 0, len = 0;
	const char *path = NULL, *pattern = NULL;
	char what[64];
	int err;

	if (value_kind(v) == AERIE_VALUE_LIST && value_count(v) == 2) {
		path = value_str(value_at(v, 0), &path_len);
		pattern = value_str(value_at(v, 1), &len);
	}
	if (!path || !pattern)
		return explain(why, i, "it must be a pair of texts: [path, pattern]");
	if (strlen(path) != path_len)
		return explain(why, i, "a path may not hold an octet 0");
	if (len > AERIE_SELECT_TEXT_MAX)
		return explain(why, i, "its pattern is longer than 4096 octets");
	snprintf(what, sizeof what, "`regex`, element %u", i + 1);
	err = path_spec_init(&f->paths.path[i], what, path, path_len, why->text, why->room);
	if (err)
		return err;
	err = add_pattern(f, pattern, len, total, why);
	f->paths.n++;
	return err;
}

static struct aerie_filter *filter_alloc(struct core *core, uint32_t n)
{
	struct aerie_filter *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	f->magic = FILTER_MAGIC;
	f->core = core;
	f->paths.path = calloc(n, sizeof *f->paths.path);
	f->term = calloc(n, sizeof *f->term);
	f->compile = pcre2_compile_context_create(NULL);
	f->spare[0] = matcher_new();
	if (!f->paths.path || !f->term || !f->compile || !f->spare[0]) {
		filter_free(f);
		return NULL;
	}
	pcre2_set_parens_nest_limit(f->compile, NESTING_MAX);
	return f;
}

int filter_new(const struct aerie_host *h, const struct aerie_value *regex, struct aerie_filter **ret_filter,
	       char *ret_why, uint32_t room)
{
	const struct why why = { ret_why, room };
	struct aerie_filter *f;
	size_t total = 0;
	uint32_t i, n;
	int err = 0;

	if (value_kind(regex) != AERIE_VALUE_NULL && value_kind(regex) != AERIE_VALUE_LIST) {
		snprintf(ret_why, room, "`regex` must be a list of pairs [path, pattern]");
		return -EINVAL;
	}
	n = regex ? value_count(regex) : 0;
	if (!n) {
		*ret_filter = NULL;
		return 0;
	}
	if (n > AERIE_SELECT_TERMS_MAX) {
		snprintf(ret_why, room, "`regex` may have at most %u elements, this has %u", AERIE_SELECT_TERMS_MAX, n);
		return -EINVAL;
	}
	f = filter_alloc(module_of(h)->core, n);
	for (i = 0; f && !err && i < n; i++)
		err = add_term(f, value_at(regex, i), &total, &why);
	if (!f || err) {
		filter_free(f);
		return err ? err : -ENOMEM;
	}
	*ret_filter = f;
	return 0;
}

/* What was given up is an answer that may be wrong. */
static void tell_given_up(const struct aerie_filter *f, const struct term *t)
{
	if (t->given_up && f->core->bus)
		bus_printf(f->core->bus, AERIE_LOG_INFO,
			   "filter: the pattern \"%s\" left %llu texts undecided, which count as no match: it needs too much "
			   "work, simplify it",
			   t->shown, (unsigned long long)t->given_up);
}

void filter_free(struct aerie_filter *f)
{
	uint32_t i;

	if (!f)
		return;
	assert(f->magic == FILTER_MAGIC);
	f->magic = 0;
	for (i = 0; f->term && i < f->paths.n; i++) {
		tell_given_up(f, &f->term[i]);
		pcre2_code_free(f->term[i].code);
	}
	for (i = 0; i < SPARES; i++)
		matcher_free(f->spare[i]);
	paths_free(&f->paths);
	pcre2_compile_context_free(f->compile);
	free(f->term);
	free(f);
}

/* ---- Matching: a visitor that looks at texts ---- */

struct matching {
	struct aerie_filter *f;
	struct matcher *m;
	struct term *term;
	uint64_t work_ns; /* in this record */
	bool hit;
	int err;
};

static void give_up(struct matching *at)
{
	__atomic_add_fetch(&at->term->given_up, 1, __ATOMIC_RELAXED);
}

/* The clock that costs nothing and ticks every few ms: matches are far shorter, but the ticks that they meet add up to
 * what they take together. */
static uint64_t coarse_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void count_work(struct matching *at, uint64_t ns)
{
	uint64_t texts = __atomic_load_n(&at->f->texts, __ATOMIC_RELAXED) + at->m->texts;

	if (ns > WORK_ONE_NS)
		ns = WORK_ONE_NS;
	at->work_ns += ns;
	at->m->work_ns += ns;
	if (__atomic_load_n(&at->f->work_ns, __ATOMIC_RELAXED) + at->m->work_ns > WORK_NS + texts * WORK_TEXT_NS)
		__atomic_store_n(&at->f->exhausted, true, __ATOMIC_RELAXED);
}

static uint32_t steps_for(uint32_t len)
{
	uint64_t steps = STEPS_TEXT / ((uint64_t)len + 1);

	return steps > STEPS_MAX ? STEPS_MAX : steps < STEPS_MIN ? STEPS_MIN : (uint32_t)steps;
}

static int match_text(void *v, const char *text, uint32_t len)
{
	struct matching *at = v;
	uint64_t begin, end;
	int r;

	if (__atomic_load_n(&at->f->exhausted, __ATOMIC_RELAXED)) {
		give_up(at);
		at->err = -EDQUOT;
		return LOOK_ENOUGH;
	}
	if (at->work_ns > WORK_RECORD_NS) {
		give_up(at);
		return 0;
	}
	begin = coarse_ns();
	pcre2_set_match_limit(at->m->context, steps_for(len));
	r = pcre2_match(at->term->code, (PCRE2_SPTR)text, len, 0, 0, at->m->data, at->m->context);
	end = coarse_ns();
	at->m->texts++;
	if (end > begin)
		count_work(at, end - begin);
	if (r >= 0) {
		at->hit = true;
		return LOOK_ENOUGH;
	}
	if (r != PCRE2_ERROR_NOMATCH)
		give_up(at);
	return 0;
}

static int match_bytes(void *v, const uint8_t *data, uint32_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	struct matching *at = v;
	uint32_t i;

	if (len > OCTETS_MAX) {
		give_up(at);
		return 0;
	}
	for (i = 0; i < len; i++) {
		at->m->hex[2 * i] = digits[data[i] >> 4];
		at->m->hex[2 * i + 1] = digits[data[i] & 15];
	}
	return match_text(v, at->m->hex, 2 * len);
}

static const struct aerie_visitor match_visitor = {
	.size = sizeof match_visitor,
	.begin_map = look_begin,
	.key = look_key,
	.key_text = look_text,
	.end_map = look_end,
	.begin_list = look_begin,
	.end_list = look_end,
	.null = look_end,
	.u64 = look_u64,
	.i64 = look_i64,
	.f64 = look_f64,
	.str = match_text,
	.ascii = match_text,
	.bytes = match_bytes,
	.f64s = look_f64s,
};

int filter_matches(const struct aerie_host *h, const struct aerie_filter *filter, const struct aerie_rec *rec)
{
	struct aerie_filter *f = (struct aerie_filter *)(uintptr_t)filter;
	struct matching at = { .f = f };
	const struct visit c = select_visit(h, &match_visitor, &at, VISIT_QUIET | VISIT_NO_SERIES);
	const struct plan *plan;
	uint32_t i;

	if (!f)
		return 1;
	assert(f->magic == FILTER_MAGIC);
	plan = paths_plan(&f->paths, c.registry, rec);
	at.m = plan ? take_matcher(f) : NULL;
	if (!at.m)
		return -ENOMEM;
	for (i = 0; i < f->paths.n && !at.hit && !at.err; i++) {
		at.term = &f->term[i];
		(void)hops_walk(&c, plan->path[i], rec);
	}
	give_back(f, at.m);
	return at.err ? at.err : at.hit;
}
