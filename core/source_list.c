/* SPDX-License-Identifier: MIT */
/* Which interfaces are there? Every driver that can list is asked at once, each through its own program. [main] */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/bus.h>
#include <core/loop.h>
#include <core/registry.h>
#include <core/source.h>

#define LIST_LIMIT_MS 10000u

struct list;

struct asked {
	struct list *list;
	struct driver *driver;
	struct caplink *link;
	uint32_t seqno;
};

struct list {
	struct list *next;
	struct sources *all;
	void (*fn)(void *user, const struct aerie_rec *rec);
	void *user;
	uv_timer_t limit;
	uint32_t n, left; /* asked; without answer yet */
	struct asked asked[SOURCE_PROBES];
};

static void on_gone(void *user)
{
	((struct sources *)user)->handles--;
}

static void on_closed(uv_handle_t *h)
{
	struct list *l = h->data;

	l->all->handles--;
	free(l);
}

static void finish(struct list *l)
{
	struct list **link = &l->all->lists;
	uint32_t i;

	while (*link != l)
		link = &(*link)->next;
	*link = l->next;
	for (i = 0; i < l->n; i++) {
		caplink_end(l->asked[i].link, on_gone, l->all);
		l->asked[i].link = NULL;
		driver_unref(l->asked[i].driver);
	}
	l->fn(l->user, NULL);
	uv_close((uv_handle_t *)&l->limit, on_closed);
}

static void answered(struct asked *a)
{
	caplink_end(a->link, on_gone, a->list->all);
	a->link = NULL;
	if (--a->list->left == 0)
		finish(a->list);
}

static void tell(const struct asked *a, const char *why)
{
	bus_printf(a->list->all->core->bus, AERIE_LOG_ERROR, "interfaces of type %s cannot be listed: %s", a->driver->type, why);
}

/* The source that has an interface open, or captures from it under this name; or no UUID. */
static struct aerie_uuid user_of(struct sources *s, const struct driver *d, const struct link_interface *i)
{
	struct aerie_uuid uuid = { { 0 } };
	struct source *src;

	for (src = s->first; src; src = src->next) {
		const struct aerie_str *captured = aerie_get_str(src->rec, s->slots.capture_interface);

		if (src->state != SOURCE_RUNNING || src->remote || src->driver != d)
			continue;
		if (strcmp(src->def->interface, i->interface) == 0 || (captured && strcmp(captured->text, i->interface) == 0))
			uuid = src->uuid;
	}
	return uuid;
}

static void hand_out(struct asked *a, const struct link_list *found)
{
	struct list *l = a->list;
	uint32_t i;

	for (i = 0; i < found->n_interfaces; i++) {
		struct aerie_uuid uuid = user_of(l->all, a->driver, &found->interfaces[i]);
		struct aerie_rec *rec = probed_record_new(l->all, a->driver, &found->interfaces[i], found->version, &uuid);

		if (!rec) {
			tell(a, "memory is out; stop other programs");
			return;
		}
		l->fn(l->user, rec);
		fields_service.free_record(rec);
	}
	if (found->cut)
		tell(a, "some are missing, or their texts were too long");
}

static void take_list(struct asked *a, const struct link_frame *f, const uint8_t *body)
{
	struct link_list *found = malloc(sizeof *found);

	if (!found)
		tell(a, "memory is out; stop other programs");
	else if (link_parse_list(body, f->len, found) < 0)
		tell(a, "its program sent a report that is malformed");
	else if (found->seqno != a->seqno)
		tell(a, "its program answered a request that was not made");
	else if (f->code != 0)
		tell(a, found->message[0] ? found->message : "its program gave no reason");
	else
		hand_out(a, found);
	free(found);
	answered(a);
}

static void on_frame(void *user, const struct link_frame *f, const uint8_t *body)
{
	struct asked *a = user;
	struct link_report r;

	if (f->command == LINK_LISTREPORT) {
		take_list(a, f, body);
	} else if (f->command == LINK_ERROR) {
		tell(a, link_parse_report(f->command, body, f->len, &r) == 0 && r.message[0] ? r.message : "no reason given");
		answered(a);
	}
}

static void on_over(void *user, bool clean, const char *why)
{
	tell(user, clean ? "its program ended without an answer" : why);
	answered(user);
}

static const struct caplink_events events = { on_frame, on_over };

static void on_limit(uv_timer_t *t)
{
	struct list *l = t->data;
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (l->asked[i].link)
			tell(&l->asked[i], "its program did not answer in time");
	finish(l);
}

static int ask(struct asked *a)
{
	struct sources *s = a->list->all;
	char path[SOURCE_PATH], reason[SOURCE_TEXT];
	int r = source_find_program(s, a->driver->program, path, reason, sizeof reason);

	if (r < 0) {
		tell(a, reason);
		return r;
	}
	r = caplink_open(s->core, path, &events, a, &a->link);
	if (r == 0) {
		s->handles++;
		r = caplink_send(a->link, LINK_LISTREQ, NULL, &a->seqno);
	}
	if (r == 0)
		return 0;
	tell(a, strerror(-r));
	if (a->link)
		caplink_end(a->link, on_gone, s);
	a->link = NULL;
	return r;
}

void sources_list(struct sources *s, void (*fn)(void *user, const struct aerie_rec *rec), void *user)
{
	struct driver *drivers[SOURCE_PROBES];
	struct list *l = calloc(1, sizeof *l);
	uint32_t i;

	if (!l) {
		bus_printf(s->core->bus, AERIE_LOG_ERROR, "interfaces cannot be listed: memory is out; stop other programs");
		fn(user, NULL);
		return;
	}
	l->all = s;
	l->fn = fn;
	l->user = user;
	l->next = s->lists;
	s->lists = l;
	uv_timer_init(loop_uv(s->core->loop), &l->limit);
	l->limit.data = l;
	s->handles++;
	l->n = sources_drivers(s, AERIE_DRIVER_LIST, drivers, SOURCE_PROBES);
	for (i = 0; i < l->n; i++) {
		l->asked[i].list = l;
		l->asked[i].driver = drivers[i];
		l->left += ask(&l->asked[i]) == 0;
	}
	if (l->left)
		uv_timer_start(&l->limit, on_limit, LIST_LIMIT_MS, 0);
	else
		finish(l);
}

void sources_end_lists(struct sources *s)
{
	while (s->lists)
		finish(s->lists);
}
