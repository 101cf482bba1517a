/* SPDX-License-Identifier: MIT */
/* Field specifications, filter specifications, paths and texts to search for, as clients send them, against a record
 * with something in everything and one with nothing. The first octet says which of them the rest is. What a selection
 * shows must keep the rules of visitors, be the same from the record and from a recording of it, and come back in the
 * order asked for. */
/* link: core, tests/unit/testcore.c */
#include <stdint.h>

#include <core/recording.h>
#include <tests/unit/selectworld.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct core *core;
	const struct aerie_host *h;
	struct aerie_rec *rec[2];
	struct aerie_recording *recording[2];
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void world_up(struct world *w)
{
	int i;

	w->core = testcore_new();
	w->h = testcore_host(w->core);
	testcore_set_time(w->core, 1000000);
	world_define_all(w->core);
	w->rec[0] = world_record(w->core);
	w->rec[1] = F->new_record(w->h, world_type);
	for (i = 0; i < 2; i++) {
		w->recording[i] = S->recording_new(w->h, 1 << 20);
		check(!S->visit(w->h, NULL, w->rec[i], S->recording_visitor, w->recording[i]));
	}
}

/* Of a map that is shown as its keys, a recording has these alone. */
static bool goes_behind_keys(const struct aerie_selection *s)
{
	uint32_t i;

	for (i = 0; i < s->paths.n; i++)
		if (s->paths.path[i].n > 1 && !strcmp(s->paths.path[i].part[0], "w.reckeys"))
			return true;
	return false;
}

static void show(const struct world *w, const struct aerie_selection *s, int i)
{
	struct recorder visited, played;
	uint64_t at = 0;

	recorder_init(&visited);
	recorder_init(&played);
	check(!S->visit(w->h, s, w->rec[i], &recorder_visitor, &visited) && !visited.wrong && !visited.depth);
	check(!S->recording_play(w->h, w->recording[i], &at, s, &recorder_visitor, &played) && !played.wrong &&
	      !played.depth);
	check((s && goes_behind_keys(s)) || !strcmp(visited.text, played.text));
	recorder_reset(&visited);
	recorder_reset(&played);
}

static void try_fields(const struct world *w, const struct aerie_value *v)
{
	struct aerie_selection *s = NULL;
	struct aerie_order o;
	char why[300] = "";
	uint32_t i;
	int k;

	if (S->selection_new(w->h, v, &s, why, sizeof why) < 0) {
		check(why[0] == '`' && !s);
		return;
	}
	for (k = 0; k < 2; k++) {
		show(w, s, k);
		for (i = 0; !S->order(w->h, s, i, w->rec[k], &o); i++)
			check(o.kind <= AERIE_ORDER_TEXT);
		check(i == (s ? s->paths.n : 0));
		(void)S->search(w->h, s, w->rec[k], "e1");
	}
	S->selection_free(s);
}

static void try_regex(const struct world *w, const struct aerie_value *v)
{
	struct aerie_filter *f = NULL;
	char why[300] = "";
	int i;

	if (S->filter_new(w->h, v, &f, why, sizeof why) < 0) {
		check(why[0] == '`' && !f);
		return;
	}
	for (i = 0; i < 4; i++)
		(void)S->filter_matches(w->h, f, w->rec[i % 2]);
	S->filter_free(f);
}

static void try_path(const struct world *w, char *text)
{
	const char *parts[64];
	uint32_t n = 0;
	struct recorder r;
	int i, err;

	for (parts[n++] = text; *text && n < 64; text++)
		if (*text == '/') {
			*text = 0;
			parts[n++] = text + 1;
		}
	for (i = 0; i < 2; i++) {
		recorder_init(&r);
		err = S->visit_path(w->h, w->rec[i], parts, n, &recorder_visitor, &r);
		check((!err || err == -ENOENT) && !r.wrong && !r.depth && !err == (r.len > 0));
		check(S->visit_path(w->h, w->rec[i], parts, n, NULL, NULL) == err);
		recorder_reset(&r);
	}
}

static void try_text(const struct world *w, const char *text)
{
	struct aerie_selection *s = NULL;
	char why[300] = "";

	(void)S->search(w->h, NULL, w->rec[0], text);
	if (S->selection_path(w->h, text, &s, why, sizeof why) < 0)
		return;
	(void)S->search(w->h, s, w->rec[0], text);
	show(w, s, 0);
	S->selection_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	json_t *v = NULL;
	char why[256], *text;

	if (!w.core)
		world_up(&w);
	if (!size || size > 100000)
		return 0;
	if (data[0] == 'f' || data[0] == 'r') {
		if (value_from_json((const char *)data + 1, size - 1, &v, why, sizeof why) < 0)
			return 0;
		(data[0] == 'f' ? try_fields : try_regex)(&w, (const struct aerie_value *)(const void *)v);
		json_decref(v);
		return 0;
	}
	text = strndup((const char *)data + 1, size - 1);
	(data[0] == 'p' ? (void)try_path(&w, text) : try_text(&w, text));
	free(text);
	return 0;
}
