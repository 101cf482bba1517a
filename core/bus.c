/* SPDX-License-Identifier: MIT */
/* The message bus. Messages get a number, are kept in a ring, written out as lines, and handed to subscribers; events are only
 * handed to subscribers. Subscribers are registrations, found through the pinned epoch, and are called without a lock. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <core/bus.h>
#include <core/epoch.h>
#include <core/loop.h>

/* How long the first line waits for whoever reads them, before the host goes on without it. */
#define SHOW_MS 1000

struct kept {
	uint64_t seq, time_us;
	int level;
	char text[BUS_TEXT_MAX + 1];
};

struct bus {
	struct core *core;
	atomic_uint message_subs, event_subs; /* of the newest epoch: the quick look before pinning one */
	pthread_mutex_t lock; /* guards the rest */
	uint64_t seq;
	int fd, level_mask;
	bool stamped; /* lines of text begin with the time */
	uint64_t unshown; /* lines since the place that they are written to took the last one */
	struct kept ring[BUS_KEPT]; /* message seq lies at seq % BUS_KEPT */
};

struct subscriber {
	aerie_message_fn *on_message;
	aerie_event_fn *on_event;
	char *topic; /* NULL for messages */
	void *user;
	void (*destroy)(void *user);
};

/* A subscriber that publishes would call itself again: what it says is kept and written, but not handed on. */
static _Thread_local unsigned delivering;

static const struct {
	int level;
	const char *word;
} level_words[] = {
	{ AERIE_LOG_DEBUG, "DEBUG" }, { AERIE_LOG_INFO, "INFO" },   { AERIE_LOG_ERROR, "ERROR" },
	{ AERIE_LOG_ALERT, "ALERT" }, { AERIE_LOG_FATAL, "FATAL" },
};

static const char *level_word(int level)
{
	size_t i;

	for (i = 0; i < sizeof level_words / sizeof level_words[0]; i++)
		if (level_words[i].level == level)
			return level_words[i].word;
	return "INFO";
}

/* Octets of the UTF-8 sequence at s, 0 when it is none (RFC 3629 4). */
static size_t utf8_len(const unsigned char *s)
{
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* One line of UTF-8, at most BUS_TEXT_MAX octets: texts may carry octets from the air, and terminals obey control characters. */
static void clean(char *dst, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t out = 0, n;

	while (*s) {
		n = utf8_len(s);
		if (out + (n ? n : 1) > BUS_TEXT_MAX)
			break;
		if (n == 0)
			dst[out++] = '?';
		else if (n == 1)
			dst[out++] = *s < 0x20 || *s == 0x7f ? ' ' : (char)*s;
		else if (n == 2 && s[0] == 0xc2 && s[1] < 0xa0) /* C1 controls */
			dst[out++] = ' ';
		else
			memcpy(dst + out, s, n), out += n;
		s += n ? n : 1;
	}
	while (out && dst[out - 1] == ' ')
		out--;
	dst[out] = '\0';
}

static void write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* the place for complaints is gone itself */
		text += n;
		len -= (size_t)n;
	}
}

/* time_us 0: without the time. */
static void write_line(int fd, int level, const char *text, uint64_t time_us)
{
	char line[BUS_TEXT_MAX + 48], stamp[32] = "";
	time_t t = (time_t)(time_us / 1000000u);
	struct tm tm;
	int n;

	if (time_us && localtime_r(&t, &tm))
		(void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S%z ", &tm);
	n = snprintf(line, sizeof line, "%s%s: %s\n", stamp, level_word(level), text);
	write_all(fd, line, (size_t)n);
}

/* A line fits where poll() says that there is room: pipes take PIPE_BUF octets then. */
static bool has_room(const struct bus *b)
{
	struct pollfd p = { .fd = b->fd, .events = POLLOUT };
	int n;

	do {
		n = poll(&p, 1, b->unshown ? 0 : SHOW_MS);
	} while (n < 0 && errno == EINTR);
	return n != 0;
}

/* Under the lock. A terminal that was stopped, or a pipe that nobody reads, must not stop the host. */
static void show(struct bus *b, int level, const char *text, uint64_t time_us)
{
	bool room = has_room(b);
	char notice[96];

	if (room && b->unshown) {
		(void)snprintf(notice, sizeof notice, "%" PRIu64 " messages were not shown here, because nobody took them", b->unshown);
		write_line(b->fd, AERIE_LOG_ERROR, notice, time_us);
		b->unshown = 0;
		room = has_room(b);
	}
	if (room)
		write_line(b->fd, level, text, time_us);
	else
		b->unshown++;
}

static uint64_t now_us(const struct bus *b)
{
	if (b->core && b->core->loop)
		return loop_now_us(b->core->loop);
	return (uint64_t)time(NULL) * 1000000u;
}

static void deliver_message(struct bus *b, const struct aerie_message *msg)
{
	struct epoch *ep = epoch_pin(b->core->epochs);
	const struct subscriber *s;
	size_t i;

	delivering++;
	for (i = 0; i < ep->n_regs[REG_SUBSCRIBER]; i++) {
		s = ep->regs[REG_SUBSCRIBER][i]->item;
		if (s->on_message)
			s->on_message(s->user, msg);
	}
	delivering--;
	epoch_unpin(ep);
}

static void publish_text(struct bus *b, int level, const char *text)
{
	struct aerie_message msg = { .size = sizeof msg, .level = level };
	char cleaned[BUS_TEXT_MAX + 1];
	struct kept *k;

	clean(cleaned, text);
	if (!b) {
		write_line(STDERR_FILENO, level, cleaned, 0);
		return;
	}
	msg.text = cleaned;
	pthread_mutex_lock(&b->lock);
	msg.time_us = now_us(b); /* under the lock: who looks after a time sees every message from before it */
	msg.time_s = msg.time_us / 1000000u;
	msg.seq = ++b->seq;
	k = &b->ring[msg.seq % BUS_KEPT];
	k->seq = msg.seq;
	k->time_us = msg.time_us;
	k->level = level;
	memcpy(k->text, cleaned, strlen(cleaned) + 1);
	if (b->fd >= 0 && (b->level_mask & level))
		show(b, level, cleaned, b->stamped ? msg.time_us : 0);
	pthread_mutex_unlock(&b->lock);
	if (!delivering && atomic_load_explicit(&b->message_subs, memory_order_acquire))
		deliver_message(b, &msg);
}

void bus_printf(struct bus *b, int level, const char *fmt, ...)
{
	char text[4 * BUS_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	publish_text(b, level, text);
}

static void deliver_event(struct bus *b, const struct aerie_event *e)
{
	struct epoch *ep = epoch_pin(b->core->epochs);
	const struct subscriber *s;
	size_t i;

	delivering++;
	for (i = 0; i < ep->n_regs[REG_SUBSCRIBER]; i++) {
		s = ep->regs[REG_SUBSCRIBER][i]->item;
		if (s->topic && (!strcmp(s->topic, "*") || !strcmp(s->topic, e->topic)))
			s->on_event(s->user, e);
	}
	delivering--;
	epoch_unpin(ep);
}

void bus_publish(struct bus *b, const char *topic, uint64_t key, const struct aerie_rec *rec)
{
	struct aerie_event e = { .size = sizeof e, .topic = topic, .key = key, .rec = rec };

	if (!b || !atomic_load_explicit(&b->event_subs, memory_order_relaxed) || delivering)
		return;
	e.time_us = now_us(b);
	deliver_event(b, &e);
}

/* The builder of REG_SUBSCRIBER: there is nothing to compile, but the counts are taken here. The index must not be NULL. */
static void *count_subscribers(void *user, const struct epoch *ep)
{
	struct bus *b = user;
	const struct subscriber *s;
	unsigned messages = 0, events = 0;
	size_t i;

	for (i = 0; i < ep->n_regs[REG_SUBSCRIBER]; i++) {
		s = ep->regs[REG_SUBSCRIBER][i]->item;
		if (s->topic)
			events++;
		else
			messages++;
	}
	atomic_store(&b->message_subs, messages);
	atomic_store(&b->event_subs, events);
	return b;
}

static void subscriber_destroy(void *item)
{
	struct subscriber *s = item;

	if (s->destroy)
		s->destroy(s->user);
	free(s->topic);
	free(s);
}

static int add_subscriber(struct module *m, const struct subscriber *from, const char *topic)
{
	struct subscriber *s = malloc(sizeof *s);
	int err;

	if (!s)
		return -ENOMEM;
	*s = *from;
	s->topic = topic ? strdup(topic) : NULL;
	err = topic && !s->topic ? -ENOMEM : module_register(m, REG_SUBSCRIBER, s, subscriber_destroy);
	if (err < 0) {
		free(s->topic);
		free(s);
	}
	return err;
}

static int subscribe_messages(const struct aerie_host *h, aerie_message_fn *fn, void *user, void (*destroy)(void *user))
{
	struct subscriber s = { .on_message = fn, .user = user, .destroy = destroy };

	THREAD_ASSERT(THREAD_MAIN);
	if (!fn)
		return module_fail(module_of(h), -EINVAL, "subscribe_messages: no function given");
	return add_subscriber(module_of(h), &s, NULL);
}

static int subscribe(const struct aerie_host *h, const char *topic, aerie_event_fn *fn, void *user, void (*destroy)(void *user))
{
	struct subscriber s = { .on_event = fn, .user = user, .destroy = destroy };

	THREAD_ASSERT(THREAD_MAIN);
	if (!fn || !topic || !*topic)
		return module_fail(module_of(h), -EINVAL, "subscribe: a topic and a function are needed");
	return add_subscriber(module_of(h), &s, topic);
}

static void service_message(const struct aerie_host *h, int level, const char *text)
{
	publish_text(module_of(h)->core->bus, level, text ? text : "");
}

static void service_publish(const struct aerie_host *h, const char *topic, uint64_t key, const struct aerie_rec *rec)
{
	if (topic)
		bus_publish(module_of(h)->core->bus, topic, key, rec);
}

/* A copy of message seq, or of the oldest that is kept behind it; false behind the last. */
static bool kept_at(struct bus *b, uint64_t seq, uint64_t last, struct kept *ret_kept)
{
	bool there;

	pthread_mutex_lock(&b->lock);
	if (b->seq > BUS_KEPT && seq <= b->seq - BUS_KEPT)
		seq = b->seq - BUS_KEPT + 1;
	there = seq <= last;
	if (there)
		*ret_kept = b->ring[seq % BUS_KEPT];
	pthread_mutex_unlock(&b->lock);
	return there;
}

/* One at a time: that needs no memory that could be out, and calls fn without the lock. */
static void recent(const struct aerie_host *h, uint64_t after_seq, aerie_message_fn *fn, void *user)
{
	struct bus *b = module_of(h)->core->bus;
	struct aerie_message msg = { .size = sizeof msg };
	struct kept k;
	uint64_t last;

	pthread_mutex_lock(&b->lock);
	last = b->seq;
	pthread_mutex_unlock(&b->lock);
	for (; after_seq < last && kept_at(b, after_seq + 1, last, &k); after_seq = k.seq) {
		msg.level = k.level;
		msg.time_us = k.time_us;
		msg.time_s = k.time_us / 1000000u;
		msg.seq = k.seq;
		msg.text = k.text;
		fn(user, &msg);
	}
}

struct bus *bus_new(struct core *core)
{
	struct bus *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->core = core;
	b->fd = -1;
	pthread_mutex_init(&b->lock, NULL);
	if (core && core->epochs)
		epochs_set_builder(core->epochs, REG_SUBSCRIBER, count_subscribers, NULL, b);
	return b;
}

void bus_free(struct bus *b)
{
	if (!b)
		return;
	pthread_mutex_destroy(&b->lock);
	free(b);
}

void bus_set_output(struct bus *b, int fd, int level_mask)
{
	pthread_mutex_lock(&b->lock);
	b->fd = fd;
	b->level_mask = level_mask;
	pthread_mutex_unlock(&b->lock);
}

void bus_stamp_output(struct bus *b)
{
	pthread_mutex_lock(&b->lock);
	b->stamped = true;
	pthread_mutex_unlock(&b->lock);
}

const struct aerie_bus bus_service = {
	.size = sizeof(struct aerie_bus),
	.message = service_message,
	.recent = recent,
	.subscribe_messages = subscribe_messages,
	.subscribe = subscribe,
	.publish = service_publish,
};
