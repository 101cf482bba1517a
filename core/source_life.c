/* SPDX-License-Identifier: MIT */
/* The life of a source: probe, open, run, drain, and open again. The states are in source.h. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/bus.h>
#include <core/config.h>
#include <core/loop.h>
#include <core/pipeline.h>
#include <core/registry.h>
#include <core/source.h>
#include <core/views.h>

#define TICK_MS 1000u
#define PINGS 3u /* in the time after which a silent source is lost; capture programs give up after 15 s without one */
#define LATE_TRIES 3u /* times that a file, or what nobody knows yet, is tried again when it took too long */
#define REMOTE_LOST 4u /* times that: a silent connection is cut */

const struct aerie_option source_options[] = {
	AERIE_OPTION(AERIE_OPT_STR, 0, "name", NULL, NULL, "Name shown for the source; the interface when not given."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "uuid", NULL, NULL, "Fixed identity of the source."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "type", NULL, NULL, "Driver that opens the source; all are asked when not given."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "retry", NULL, NULL,
		     "Opens a radio again after a failure; retry_on_source_error when not given."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "timestamp", NULL, NULL, "Takes this host's clock for packets of a remote source."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "channel", NULL, NULL, "Fixed channel, or the one to start hopping at."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "channels", NULL, NULL, "Channels to hop over, instead of all."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "add_channels", NULL, NULL, "Channels to hop over in addition."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "block_channels", NULL, NULL, "Channels not to hop over."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "channel_hop", NULL, NULL, "Hops over channels."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "channel_hoprate", NULL, NULL, "Speed of hopping, as in 5/sec, 10/min or 2/dwell."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "metagps", NULL, NULL, "Meta GPS that tells the location of the source; not used by this version."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "info_antenna_type", NULL, NULL, "Note: type of the antenna."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "info_antenna_gain", NULL, NULL, "Note: gain of the antenna in dB."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "info_antenna_orientation", NULL, NULL, "Note: direction of the antenna in degrees."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "info_antenna_beamwidth", NULL, NULL, "Note: width of the beam in degrees."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "info_amp_type", NULL, NULL, "Note: type of the amplifier."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "info_amp_gain", NULL, NULL, "Note: gain of the amplifier in dB."),
	AERIE_OPTION_END,
};

static struct sources *all_of(const struct source *src)
{
	return src->all;
}

static bool is_finite(const struct source *src)
{
	return src->driver && src->driver->flags & AERIE_DRIVER_FINITE;
}

/* ---- The end ---- */

static void on_gone(void *user)
{
	struct sources *s = user;

	s->handles--;
}

static void end_link(struct source *src)
{
	caplink_end(src->link, on_gone, src->all);
	src->link = NULL;
}

static void stop_work(struct source *src)
{
	source_tell_suppressed(src);
	source_probe_end(src);
	source_feed_close(src);
	uv_timer_stop(&src->answer);
	uv_timer_stop(&src->tick);
	end_link(src);
}

static void close_pipe(struct source *src)
{
	struct pipe_source *pipe = src->pipe;

	if (!pipe)
		return;
	source_sample(src);
	source_take_counters(src);
	pipe_source_free(pipe);
}

bool source_is_idle(const struct source *src)
{
	return src->state == SOURCE_DONE || src->state == SOURCE_FAILED || src->state == SOURCE_CLOSED;
}

static void on_retry(uv_timer_t *t)
{
	struct source *src = t->data;

	source_count_retry(src);
	source_start(src);
}

/* Twice as long with each failure in a row; one that ran for longer than the longest pause was all right. */
static uint64_t retry_delay_ms(struct source *src)
{
	uint64_t delay = config_duration_us(src->all->core->config, "source_retry_delay", 5000000) / 1000, factor;

	factor = src->backoff < 4 ? 1u << src->backoff : SOURCE_BACKOFF_MAX;
	src->backoff++;
	return delay * (factor < SOURCE_BACKOFF_MAX ? factor : SOURCE_BACKOFF_MAX);
}

static void forget_backoff(struct source *src)
{
	uint64_t delay = config_duration_us(src->all->core->config, "source_retry_delay", 5000000) / 1000;

	if (src->opened_ms && uv_now(loop_uv(src->all->core->loop)) - src->opened_ms > delay * SOURCE_BACKOFF_MAX)
		src->backoff = 0;
	src->opened_ms = 0;
}

static void attach(struct source *src);

/* Not before its packets are processed: who reads that it does not run any more finds them all counted. */
static void tell_done(struct source *src)
{
	source_set_state(src, false, NULL);
	source_log(src, AERIE_LOG_INFO, "done, %llu packets", (unsigned long long)src->base_packets);
	source_event(src, "DATASOURCE_CLOSED");
}

/* Packets are processed: what comes next? */
static void settle(void *user)
{
	struct source *src = user;
	struct sources *s = all_of(src);

	close_pipe(src);
	src->state = src->after == SOURCE_WAITING && s->stopping ? SOURCE_FAILED : src->after;
	if (src->state == SOURCE_DONE)
		tell_done(src);
	source_ops_done(src, OP_CLOSE, 0, 0, "closed"); /* perhaps somebody has opened it again meanwhile */
	if (src->newcomer)
		attach(src);
	else if (src->reopen)
		source_reopen(src);
	else if (src->state == SOURCE_WAITING)
		uv_timer_start(&src->answer, on_retry, retry_delay_ms(src), 0);
	else
		sources_check_done(s);
}

static void tell_not_open(struct source *src, const char *reason)
{
	int err = src->after == SOURCE_CLOSED ? -ECANCELED : -EIO;

	source_ops_done(src, OP_ADD, 0, src->after == SOURCE_WAITING ? 0 : err, reason); /* it is there, and will be tried again */
	source_ops_done(src, OP_OPEN, 0, err, reason);
}

/* Of a source that did not come to its end by itself. */
static void tell_end(struct source *src, const char *reason)
{
	source_set_state(src, false, reason);
	source_log(src, src->after == SOURCE_CLOSED ? AERIE_LOG_INFO : AERIE_LOG_ERROR, "%s%s", reason,
		   src->after == SOURCE_WAITING ? " (it is opened again)" : "");
	source_event(src, src->after == SOURCE_CLOSED ? "DATASOURCE_CLOSED" : "DATASOURCE_ERROR");
}

static void finish(struct source *src, enum source_state after, const char *reason)
{
	bool was_running = src->state == SOURCE_RUNNING;
	char copy[SOURCE_TEXT];

	snprintf(copy, sizeof copy, "%s", reason);
	snprintf(src->reason, sizeof src->reason, "%s", copy);
	src->after = after;
	src->lost = src->reopen = false;
	forget_backoff(src);
	stop_work(src);
	src->state = SOURCE_DRAINING;
	if (was_running)
		tuning_ended(src);
	if (after != SOURCE_DONE)
		tell_end(src, copy);
	tell_not_open(src, copy);
	source_ops_done(src, OP_TUNE, 0, -EPIPE, copy);
	if (src->pipe)
		pipe_source_drain(src->pipe, settle, src);
	else
		settle(src);
}

void source_fail(struct source *src, bool may_retry, const char *fmt, ...)
{
	char reason[SOURCE_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	finish(src, may_retry && src->retry && !is_finite(src) && !src->remote ? SOURCE_WAITING : SOURCE_FAILED, reason);
}

void source_fail_late(struct source *src, const char *fmt, ...)
{
	bool is_radio = src->driver && !is_finite(src), again = src->retry && !src->remote && (is_radio || src->backoff < LATE_TRIES);
	char reason[SOURCE_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	finish(src, again ? SOURCE_WAITING : SOURCE_FAILED, reason);
}

static void drop_newcomer(struct source *src)
{
	caplink_end(src->newcomer, on_gone, src->all);
	src->newcomer = NULL;
}

void source_close(struct source *src)
{
	static const char reason[] = "closed by a user";
	bool is_told;

	src->disabled = true;
	drop_newcomer(src);
	if (src->state != SOURCE_DRAINING) {
		finish(src, SOURCE_CLOSED, reason);
		return;
	}
	is_told = src->after != SOURCE_DONE;
	src->after = SOURCE_CLOSED;
	src->reopen = false;
	if (is_told)
		source_set_state(src, false, reason);
	else
		tell_end(src, reason);
	tell_not_open(src, reason);
}

void source_reopen(struct source *src)
{
	static const char waits[] = "waits for its capture program to connect";

	src->reopen = false;
	src->disabled = false;
	src->backoff = 0;
	if (src->remote) {
		enum source_state *end = src->state == SOURCE_DRAINING ? &src->after : &src->state;

		if (*end == SOURCE_CLOSED) {
			*end = SOURCE_FAILED;
			source_set_state(src, false, waits);
		}
		return;
	}
	if (src->state == SOURCE_DRAINING) {
		src->reopen = true;
		return;
	}
	uv_timer_stop(&src->answer);
	source_start(src);
}

void source_end(struct source *src)
{
	stop_work(src);
	close_pipe(src);
	drop_newcomer(src);
	src->reopen = false;
	if (!source_is_idle(src))
		source_set_state(src, false, NULL);
}

/* ---- Running ---- */

static void on_resume(void *user)
{
	struct source *src = user;

	if (src->link)
		caplink_resume(src->link);
	else
		source_feed_flush(src);
}

static uint64_t silence_limit_ms(const struct source *src)
{
	return config_duration_us(src->all->core->config, "source_silence_limit", 15000000) / 1000;
}

static void lose(struct source *src, uint64_t limit)
{
	char reason[SOURCE_TEXT];

	src->lost = true;
	snprintf(reason, sizeof reason, "%s did not answer for %g s", caplink_name(src->link), (double)limit / 1000);
	source_set_state(src, false, reason);
	source_log(src, AERIE_LOG_ERROR, "%s; it is shown again when it answers", reason);
	source_event(src, "DATASOURCE_ERROR");
}

static void find_again(struct source *src)
{
	src->lost = false;
	source_set_state(src, true, NULL);
	source_log(src, AERIE_LOG_INFO, "%s answers again", caplink_name(src->link));
	source_event(src, "DATASOURCE_OPENED");
}

static void on_tick(uv_timer_t *t);

/* A process that is stopped comes back as it was; a connection may be dead without a word. */
static void supervise(struct source *src, uint64_t now)
{
	uint64_t limit = silence_limit_ms(src), silence = caplink_silence_ms(src->link);

	if (now - src->pinged_ms >= limit / PINGS) {
		src->pinged_ms = now;
		(void)caplink_send(src->link, LINK_PING, NULL, NULL); /* one that does not read is told by its silence */
	}
	if (src->remote && silence >= limit * REMOTE_LOST)
		source_fail(src, true, "%s did not answer for %g s and was cut", caplink_name(src->link), (double)silence / 1000);
	else if (!src->lost && silence >= limit)
		lose(src, limit);
	else if (src->lost && silence < limit)
		find_again(src);
	else if (!src->lost && limit - silence < uv_timer_get_repeat(&src->tick)) /* not a tick later than the limit */
		uv_timer_start(&src->tick, on_tick, limit - silence, uv_timer_get_repeat(&src->tick));
}

static void on_tick(uv_timer_t *t)
{
	struct source *src = t->data;
	uint64_t now = uv_now(loop_uv(src->all->core->loop));

	if (now - src->sampled_ms >= TICK_MS) {
		src->sampled_ms = now;
		source_tell_suppressed(src);
		source_sample(src);
	}
	source_ops_tick(src);
	if (src->link)
		supervise(src, now);
}

static int message_level(uint8_t type)
{
	if (type & (AERIE_LOG_ERROR | AERIE_LOG_FATAL)) /* what is fatal for a capture program is not for the host */
		return AERIE_LOG_ERROR;
	if (type & AERIE_LOG_ALERT)
		return AERIE_LOG_ALERT;
	return type & AERIE_LOG_DEBUG ? AERIE_LOG_DEBUG : AERIE_LOG_INFO;
}

/* The definition's UUID, the capture program's, or the one that it has. */
static void choose_uuid(struct source *src, const struct link_report *r, struct aerie_uuid *ret)
{
	const char *given = definition_get(src->def, "uuid");

	if (given && source_parse_uuid(given, ret) == 0)
		return;
	*ret = src->uuid;
	if (!src->remote || !src->has_own_uuid) /* else the one it connected with */
		(void)source_parse_uuid(r->uuid, ret);
}

static bool is_used(struct source *src, const struct aerie_uuid *uuid)
{
	struct source *other;

	for (other = src->all->first; other; other = other->next)
		if (other != src && other->state == SOURCE_RUNNING && memcmp(&other->uuid, uuid, sizeof *uuid) == 0)
			return true;
	return false;
}

static struct pipe_source *make_pipe(struct source *src)
{
	struct pipe_source *pipe = pipe_source_new(all_of(src)->core->pipeline, src->number,
						   !!(src->driver->flags & (AERIE_DRIVER_LOSSLESS | AERIE_DRIVER_PASSIVE)),
						   on_resume, src);

	if (!pipe)
		return NULL;
	pipe->paused = src->paused;
	if (!(src->driver->flags & AERIE_DRIVER_FINITE))
		pipe_source_is_radio(pipe);
	pipe->host_clock = src->remote && definition_bool(src->def, "timestamp",
							  config_bool(src->all->core->config, "override_remote_timestamp", true));
	return pipe;
}

static void start_tick(struct source *src)
{
	uint64_t every = silence_limit_ms(src) / (2 * PINGS);

	src->opened_ms = src->pinged_ms = src->sampled_ms = uv_now(loop_uv(src->all->core->loop));
	every = every < 1 ? 1 : every < TICK_MS ? every : TICK_MS;
	uv_timer_start(&src->tick, on_tick, every, every);
}

void source_running(struct source *src, const struct link_report *r, const char *program)
{
	static const char same_uuid[] = "another source has the same UUID; give one of them another with uuid=";
	struct pipe_source *pipe = make_pipe(src);
	struct aerie_uuid uuid;

	uv_timer_stop(&src->answer);
	if (!pipe) {
		source_fail(src, true, "memory for its packets is out; stop other programs");
		return;
	}
	choose_uuid(src, r, &uuid);
	pipe->uuid = uuid;
	pipe->heard = views_source(src->all->core->views, &uuid);
	src->sampled_packets = src->sampled_octets = 0;
	pthread_mutex_lock(&src->lock);
	src->pipe = pipe;
	pthread_mutex_unlock(&src->lock);
	source_set_open(src, r, &uuid, program);
	src->state = SOURCE_RUNNING;
	if (src->link)
		caplink_set_pipe(src->link, pipe);
	start_tick(src);
	if (is_used(src, &uuid)) {
		source_set_warning(src, same_uuid);
		source_log(src, AERIE_LOG_ERROR, "%s", same_uuid);
	}
	tuning_opened(src, r);
	if (src->state != SOURCE_RUNNING)
		return;
	source_set_state(src, true, NULL); /* last: who reads that it runs finds all else of it */
	source_log(src, AERIE_LOG_INFO, "opened%s%s, DLT %u", r->hardware[0] ? ", " : "", r->hardware, r->dlt);
	if (r->message[0])
		source_log(src, AERIE_LOG_INFO, "%s", r->message);
	source_event(src, "DATASOURCE_OPENED");
	source_ops_done(src, OP_ADD, 0, 0, "open");
	source_ops_done(src, OP_OPEN, 0, 0, "open");
}

void source_pause(struct source *src, bool paused)
{
	src->paused = paused;
	if (src->pipe)
		src->pipe->paused = paused;
	source_set_paused(src);
	source_log(src, AERIE_LOG_INFO, paused ? "paused: its packets are discarded" : "resumed");
	source_event(src, paused ? "DATASOURCE_PAUSED" : "DATASOURCE_RESUMED");
}

static void take_open_report(struct source *src, const struct link_frame *f, const struct link_report *r)
{
	const char *name = caplink_name(src->link);

	if (src->state != SOURCE_OPENING)
		return; /* a second report changes nothing */
	if (r->seqno != src->open_seqno)
		source_fail(src, true, "%s answered request %u, but the open request was %u", name, r->seqno, src->open_seqno);
	else if (f->code == 0)
		source_fail(src, true, "cannot be opened: %s", r->message[0] ? r->message : "the capture program gave no reason");
	else
		source_running(src, r, src->remote ? "" : src->driver->program);
}

static const char *frame_name(uint16_t command)
{
	switch (command) {
	case LINK_OPENREPORT:
		return "an open report";
	case LINK_CONFIGREPORT:
		return "a configure report";
	case LINK_ERROR:
		return "an error";
	case LINK_MESSAGE:
		return "a message";
	default:
		return "a shutdown";
	}
}

static void on_frame(void *user, const struct link_frame *f, const uint8_t *body)
{
	struct source *src = user;
	const char *name = caplink_name(src->link);
	struct link_report r;

	if (f->command != LINK_OPENREPORT && f->command != LINK_ERROR && f->command != LINK_MESSAGE &&
	    f->command != LINK_SHUTDOWN && f->command != LINK_CONFIGREPORT)
		return; /* later versions may say more; it is theirs to cope with hosts that do not listen */
	if (link_parse_report(f->command, body, f->len, &r) < 0)
		source_fail(src, true, "%s sent %s that is malformed", name, frame_name(f->command));
	else if (f->command == LINK_OPENREPORT)
		take_open_report(src, f, &r);
	else if (f->command == LINK_CONFIGREPORT && src->state == SOURCE_RUNNING)
		tuning_report(src, f, &r);
	else if (f->command == LINK_CONFIGREPORT)
		return;
	else if (f->command == LINK_MESSAGE)
		source_log_said(src, message_level(r.message_type), r.message);
	else
		source_fail(src, true, "%s %s: %s", name, f->command == LINK_ERROR ? "failed" : "shut down",
			    r.message[0] ? r.message : "no reason given");
}

static void on_over(void *user, bool clean, const char *why)
{
	struct source *src = user;
	const char *name = caplink_name(src->link);

	if (!clean)
		source_fail(src, true, "%s", why);
	else if (src->state != SOURCE_RUNNING)
		source_fail(src, true, "%s ended before it answered the open request", name);
	else if (!is_finite(src))
		source_fail(src, true, "%s ended after %llu packets", name, (unsigned long long)caplink_packets(src->link));
	else
		finish(src, SOURCE_DONE, "it came to its end");
}

static const struct caplink_events events = { on_frame, on_over };

/* ---- Opening ---- */

static void on_open_timeout(uv_timer_t *t)
{
	struct source *src = t->data;

	source_fail_late(src, "%s did not answer the open request in time", caplink_name(src->link));
}

static void ask_to_open(struct source *src)
{
	int r = caplink_send(src->link, LINK_OPENREQ, src->def->text, &src->open_seqno);

	if (r < 0) {
		source_fail(src, true, "%s cannot be asked: %s", caplink_name(src->link), strerror(-r));
		return;
	}
	uv_timer_start(&src->answer, on_open_timeout,
		       config_duration_us(src->all->core->config, "source_answer_timeout", 10000000) / 1000, 0);
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The directory of this very program: in the build tree capture programs lie beside it. */
static void own_directory(char *dir, size_t room)
{
	ssize_t n = readlink("/proc/self/exe", dir, room - 1);

	dir[n > 0 ? n : 0] = '\0';
	if (strrchr(dir, '/'))
		*strrchr(dir, '/') = '\0';
}

int source_find_program(struct sources *s, const char *program, char *path, char *reason, size_t room)
{
	uint32_t n = s->core->config ? config_count(s->core->config, "helper_binary_path") : 0, i;
	char own[SOURCE_PATH / 2], searched[1024] = "";
	size_t at = 0;

	own_directory(own, sizeof own);
	for (i = 0; i < (n ? n : 2); i++) {
		const char *dir = n ? config_nth(s->core->config, "helper_binary_path", i) : i ? BINDIR : own;

		snprintf(path, SOURCE_PATH, "%.2000s/%s", dir, program);
		if (is_program(path) && access(path, X_OK) == 0)
			return 0;
		if (is_program(path)) {
			snprintf(reason, room, "%.1000s may not be executed by this user; change its permissions", path);
			return -EACCES;
		}
		if (at < sizeof searched)
			at += (size_t)snprintf(searched + at, sizeof searched - at, "%s%.256s", i ? ", " : "", dir);
	}
	snprintf(reason, room, "capture program %s was not found in %s; install it, or set helper_binary_path", program,
		 searched);
	return -ENOENT;
}

static void open_source(struct source *src)
{
	struct sources *s = all_of(src);
	char path[SOURCE_PATH], reason[SOURCE_TEXT];
	int r;

	src->state = SOURCE_OPENING;
	src->reason[0] = '\0';
	if (src->driver->flags & AERIE_DRIVER_PASSIVE && !src->driver->program) {
		if (source_feed_open(src) < 0)
			source_fail(src, true, "memory for its packets is out; stop other programs");
		return;
	}
	if (!src->driver->program) {
		source_fail(src, false, "sources of type %s have no capture program and are not opened by definition",
			    src->driver->type);
		return;
	}
	if (source_find_program(s, src->driver->program, path, reason, sizeof reason) < 0) {
		source_fail(src, false, "%s", reason);
		return;
	}
	r = caplink_open(s->core, path, &events, src, &src->link);
	if (r < 0) {
		if (source_is_shortage(r))
			source_fail_late(src, "%.1000s cannot be started: %s", path, strerror(-r));
		else
			source_fail(src, true, "%.1000s cannot be started: %s", path, strerror(-r));
		return;
	}
	s->handles++;
	ask_to_open(src);
}

/* ---- Remote captures ---- */

static void on_newcomer_frame(void *user, const struct link_frame *f, const uint8_t *body)
{
}

static void on_newcomer_over(void *user, bool clean, const char *why)
{
	struct source *src = user;

	drop_newcomer(src);
}

static const struct caplink_events newcomer_events = { on_newcomer_frame, on_newcomer_over };

/* The newcomer's connection becomes the source's. */
static void attach(struct source *src)
{
	src->link = src->newcomer;
	src->newcomer = NULL;
	/* What users tuned it to holds over a cut link, as it does for a local radio that is opened again. */
	if (strcmp(src->def->text, src->newcomer_def->text) != 0)
		src->tuning.known = false;
	definition_free(src->def);
	src->def = src->newcomer_def;
	src->newcomer_def = NULL;
	src->name = definition_get(src->def, "name") ? definition_get(src->def, "name") : src->def->interface;
	snprintf(src->peer, sizeof src->peer, "%s", src->newcomer_peer);
	src->remote = true;
	src->retry = false;
	src->state = SOURCE_OPENING;
	src->reason[0] = '\0';
	source_set_definition(src);
	source_set_driver(src);
	caplink_set_events(src->link, &events, src);
	ask_to_open(src);
}

void source_take_link(struct source *src, struct caplink *link, struct definition *d, const char *peer)
{
	drop_newcomer(src);
	definition_free(src->newcomer_def);
	src->newcomer = link;
	src->newcomer_def = d;
	snprintf(src->newcomer_peer, sizeof src->newcomer_peer, "%s", peer);
	caplink_set_events(link, &newcomer_events, src);
	if (source_is_idle(src) || src->state == SOURCE_WAITING)
		attach(src);
	else if (src->state != SOURCE_DRAINING)
		source_fail(src, false, "%s is replaced by a new connection from %s", caplink_name(src->link), peer);
}

/* ---- From the definition to the driver ---- */

int source_parse_uuid(const char *text, struct aerie_uuid *ret)
{
	static const struct aerie_uuid nil;
	struct aerie_uuid uuid;

	if (parse_uuid(text, uuid.b) < 0)
		return -EINVAL;
	if (memcmp(&uuid, &nil, sizeof nil) == 0)
		return -ENODATA;
	*ret = uuid;
	return 0;
}

static int check_uuid(const char *text, char *error)
{
	struct aerie_uuid uuid;
	int r = text ? source_parse_uuid(text, &uuid) : 0;

	if (r == -ENODATA)
		snprintf(error, DEFINITION_ERROR, "option 'uuid' is '%.64s', which names no source; leave it out for one of its own", text);
	else if (r < 0)
		snprintf(error, DEFINITION_ERROR, "option 'uuid' is '%.64s', which is not a UUID", text);
	return r < 0 ? -EINVAL : 0;
}

int source_check_values(const struct definition *d, char *error)
{
	static const char *const numbers[] = { "info_antenna_gain", "info_antenna_orientation", "info_antenna_beamwidth", "info_amp_gain" };
	const char *text;
	size_t i;
	char *end;

	if (check_uuid(definition_get(d, "uuid"), error) < 0)
		return -EINVAL;
	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		text = definition_get(d, numbers[i]);
		if (!text || (isfinite(strtod(text, &end)) && end != text && !*end))
			continue;
		snprintf(error, DEFINITION_ERROR, "option '%s' is '%.64s'; it must be a number such as 2.5", numbers[i], text);
		return -EINVAL;
	}
	return tuning_check(d, error);
}

void source_chosen(struct source *src, struct driver *d)
{
	src->driver = d;
	source_set_driver(src);
	source_start(src);
}

void source_start(struct source *src)
{
	const struct aerie_option *tables[] = { source_options, src->driver ? src->driver->options : NULL };
	char error[DEFINITION_ERROR];

	if (!src->driver)
		source_probe(src);
	else if (definition_check(src->def, tables, 2, error) < 0)
		source_fail(src, false, "%s", error);
	else
		open_source(src);
}
