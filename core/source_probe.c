/* SPDX-License-Identifier: MIT */
/* Which driver is a definition for? All that can tell are asked at once, each through its own program; the first in the order
 * of registration that says yes gets it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/config.h>
#include <core/source.h>

static void on_gone(void *user)
{
	struct sources *s = user;

	s->handles--;
}

static void end_link(struct probe *p)
{
	caplink_end(p->link, on_gone, p->source->all);
	p->link = NULL;
}

void source_probe_end(struct source *src)
{
	uint32_t i;

	uv_timer_stop(&src->answer);
	for (i = 0; i < src->n_probes; i++) {
		end_link(&src->probes[i]);
		driver_unref(src->probes[i].driver);
	}
	free(src->probes);
	src->probes = NULL;
	src->n_probes = 0;
}

/* ---- Nobody took it ---- */

/* What is wrong with the interface as a file; NULL: nothing, or it is no file's name. */
static const char *wrong_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno == EACCES)
			return "lies in a directory that this user may not search; change its permissions";
		return strpbrk(path, "/.") ? "does not exist; check the path" : NULL;
	}
	if (S_ISDIR(st.st_mode))
		return "is a directory; name a file in it";
	return access(path, R_OK) < 0 ? "may not be read by this user; change its permissions" : NULL;
}

/* "TYPE: message; TYPE: message" */
static void list_tried(const struct source *src, char *text, size_t room)
{
	size_t at = 0;
	uint32_t i;

	text[0] = '\0';
	for (i = 0; i < src->n_probes && at < room; i++) {
		const struct probe *p = &src->probes[i];
		int n = snprintf(text + at, room - at, "%s%s: %.300s", i ? "; " : "", p->driver->type,
				 p->message[0] ? p->message : "not its own");

		at += n > 0 ? (size_t)n : 0;
	}
}

/* Was somebody not asked, or not in time, so that it is not known? */
static bool is_open_question(const struct source *src)
{
	uint32_t i;

	for (i = 0; i < src->n_probes; i++)
		if (src->probes[i].failed)
			return true;
	return false;
}

static void nobody(struct source *src)
{
	const char *wrong = wrong_file(src->def->interface);
	char tried[1024];

	list_tried(src, tried, sizeof tried);
	if (src->n_probes == 0)
		source_fail(src, false, "no loaded driver can tell what it is; load a datasource module, or name one with type=");
	else if (wrong)
		source_fail(src, false, "%.256s %s. Tried %s", src->def->interface, wrong, tried);
	else if (is_open_question(src))
		source_fail_late(src, "it is not known which driver opens it. Tried %s", tried);
	else
		source_fail(src, false, "no driver opens it; check the interface, or name a driver with type=. Tried %s", tried);
}

/* ---- Answers ---- */

static void decide(struct source *src)
{
	uint32_t i;

	for (i = 0; i < src->n_probes; i++) {
		struct probe *p = &src->probes[i];

		if (!p->answered)
			return;
		if (p->ours) {
			struct driver *d = driver_ref(p->driver);

			source_probe_end(src);
			source_chosen(src, d);
			return;
		}
	}
	nobody(src);
}

static void answer(struct probe *p, bool ours, const char *message)
{
	if (p->answered)
		return;
	p->answered = true;
	p->ours = ours;
	if (message[0])
		snprintf(p->message, sizeof p->message, "%s", message);
	end_link(p);
	decide(p->source);
}

static void on_frame(void *user, const struct link_frame *f, const uint8_t *body)
{
	struct probe *p = user;
	struct link_report r;

	if (f->command != LINK_PROBEREPORT && f->command != LINK_ERROR && f->command != LINK_MESSAGE)
		return;
	if (link_parse_report(f->command, body, f->len, &r) < 0)
		answer(p, false, "its program sent a report that is malformed");
	else if (f->command == LINK_MESSAGE)
		snprintf(p->message, sizeof p->message, "%s", r.message);
	else if (f->command == LINK_ERROR)
		answer(p, false, r.message);
	else if (r.seqno != p->seqno)
		answer(p, false, "its program answered a request that was not made");
	else
		answer(p, f->code != 0, r.message);
}

static void on_over(void *user, bool clean, const char *why)
{
	answer(user, false, clean ? "its program ended without an answer" : why);
}

static const struct caplink_events events = { on_frame, on_over };

static void on_timeout(uv_timer_t *t)
{
	struct source *src = t->data;
	uint32_t i;

	for (i = 0; i < src->n_probes; i++) {
		struct probe *p = &src->probes[i];

		if (p->answered)
			continue;
		p->answered = p->failed = true;
		snprintf(p->message, sizeof p->message, "%s did not answer in time", caplink_name(p->link));
		end_link(p);
	}
	decide(src);
}

/* ---- Questions ---- */

static void ask(struct probe *p)
{
	struct source *src = p->source;
	char path[SOURCE_PATH];
	int r;

	p->answered = true;
	if (source_find_program(src->all, p->driver->program, path, p->message, sizeof p->message) < 0)
		return;
	r = caplink_open(src->all->core, path, &events, p, &p->link);
	if (r < 0)
		snprintf(p->message, sizeof p->message, "%.512s cannot be started: %s", path, strerror(-r));
	if (r == 0) {
		src->all->handles++;
		r = caplink_send(p->link, LINK_PROBEREQ, src->def->text, &p->seqno);
		if (r < 0) {
			snprintf(p->message, sizeof p->message, "%.512s cannot be asked: %s", path, strerror(-r));
			end_link(p);
		}
	}
	p->answered = r < 0;
	p->failed = source_is_shortage(r);
}

void source_probe(struct source *src)
{
	struct driver *drivers[SOURCE_PROBES];
	uint32_t n = sources_drivers(src->all, AERIE_DRIVER_PROBE, drivers, SOURCE_PROBES), i;
	uint64_t limit_us = config_duration_us(src->all->core->config, "source_answer_timeout", 10000000);

	src->state = SOURCE_PROBING;
	src->probes = calloc(n ? n : 1, sizeof *src->probes);
	if (!src->probes) {
		for (i = 0; i < n; i++)
			driver_unref(drivers[i]);
		source_fail(src, false, "memory is out; stop other programs");
		return;
	}
	src->n_probes = n;
	for (i = 0; i < n; i++) {
		src->probes[i].source = src;
		src->probes[i].driver = drivers[i];
		ask(&src->probes[i]);
	}
	uv_timer_start(&src->answer, on_timeout, limit_us / 1000, 0);
	decide(src);
}
