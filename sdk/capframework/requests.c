/* SPDX-License-Identifier: MIT */
/* Frames from the host: taken off the in ring, checked, and answered. */
#include <stdio.h>
#include <string.h>

#include <aerie/msgpack.h>

#include "handler.h"
#include "report.h"
#include "request.h"

int reported(int r, char *msg, size_t room)
{
	if (r > 0)
		return 0;
	snprintf(msg, room, r == 0 ? "the host does not read its reports" : "a report could not be sent");
	return -1;
}

/* The text under a key of a map, copied with a NUL. 1; 0: there is none, or it is longer than room - 1 octets or has a
 * NUL in it (*ret_problem says so); -1: not msgpack, or not a map. */
static int get_text(const struct request *rq, uint64_t key, char *text, size_t room, const char **ret_problem)
{
	struct aerie_cur c = aerie_cur_make(rq->body, rq->len);
	uint32_t n = aerie_mp_map(&c), len = 0;
	const uint8_t *found = NULL;

	while (n-- > 0 && !c.bad) {
		if (aerie_mp_int(&c) == key && !c.bad)
			found = aerie_mp_octets(&c, &len);
		else
			aerie_mp_skip(&c);
	}
	if (c.bad)
		return -1;
	*ret_problem = !found ? "it is missing" : len >= room ? "it is too long" : "it contains a NUL";
	if (!found || len >= room || memchr(found, 0, len))
		return 0;
	memcpy(text, found, len);
	text[len] = 0;
	return 1;
}

static int get_definition(const struct request *rq, char *definition, size_t size, char *why, char *msg, size_t room)
{
	const char *problem = "";
	int r = get_text(rq, 1, definition, size, &problem);

	if (r < 0) {
		snprintf(msg, room, "command %u from the host is not the msgpack map it should be",
			 (unsigned)rq->command);
		return -1;
	}
	if (r == 0)
		snprintf(why, AERIECAP_MSG_MAX, "cannot use the definition: %s", problem);
	return r;
}

static int on_ping(struct aeriecap *cap, const struct request *rq, char *msg, size_t room)
{
	cap->last_ping_ms = now_ms();
	cap->pong_seqno = rq->seqno; /* when there is no room, only the last is answered later */
	loop_pong(cap);
	return 0;
}

static int on_ignored(struct aeriecap *cap, const struct request *rq, char *msg, size_t room)
{
	return 0;
}

/* Before a source is open it says why there will be none: all that whoever started us elsewhere gets to know. */
static int on_shutdown(struct aeriecap *cap, const struct request *rq, char *msg, size_t room)
{
	char reason[AERIECAP_MSG_MAX] = "", *p;
	const char *problem = "";

	(void)get_text(rq, 1, reason, sizeof reason, &problem); /* it may give none */
	for (p = reason; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	fprintf(stderr, "%s: the host %s the source%s%s\n", cap->program, cap->opened ? "ends" : "refuses",
		reason[0] ? ": " : "", reason);
	loop_drain(cap, cap->opened ? AERIECAP_EXIT_OK : AERIECAP_EXIT_FAILED);
	return 0;
}

static int on_list(struct aeriecap *cap, const struct request *rq, char *msg, size_t room)
{
	char text[AERIECAP_MSG_MAX] = "";
	struct aeriecap_list list;
	int r = 0;

	if (cap->opened) {
		aeriecap_send_error(cap, rq->seqno, "cannot list interfaces while a source is open");
		return 0;
	}
	memset(&list, 0, sizeof list);
	if (cap->list)
		r = cap->list(cap, rq->seqno, &list, text);
	if (r < 0)
		r = aeriecap_send_error(cap, rq->seqno, "%s", text[0] ? text : "cannot list interfaces");
	else
		r = report_list(cap, rq->seqno, &list, text);
	list_clear(&list);
	loop_drain(cap, AERIECAP_EXIT_OK);
	return reported(r, msg, room);
}

static int on_probe(struct aeriecap *cap, const struct request *rq, char *msg, size_t room)
{
	char definition[PROBE_DEFINITION_MAX + 1], text[AERIECAP_MSG_MAX] = "";
	struct aeriecap_info info;
	int r;

	memset(&info, 0, sizeof info);
	if (cap->opened)
		return reported(report_probe(cap, rq->seqno, false, &info, "cannot probe while a source is open"), msg,
				room);
	r = get_definition(rq, definition, sizeof definition, text, msg, room);
	if (r < 0)
		return -1;
	if (r > 0)
		r = cap->probe ? cap->probe(cap, rq->seqno, definition, &info, text) : 0;
	r = report_probe(cap, rq->seqno, r > 0, &info, text);
	info_clear(&info);
	loop_drain(cap, AERIECAP_EXIT_OK);
	/* A host that asked several programs hangs up when another was faster: that is no failure. */
	return r < 0 ? 0 : reported(r, msg, room);
}

static int on_open(struct aeriecap *cap, const struct request *rq, char *msg, size_t room)
{
	char definition[OPEN_DEFINITION_MAX + 1], text[AERIECAP_MSG_MAX] = "";
	struct aeriecap_info info;
	bool ok = false;
	int r;

	memset(&info, 0, sizeof info);
	if (cap->opened)
		return reported(report_open(cap, rq->seqno, false, &info, "a source is open already"), msg, room);
	r = get_definition(rq, definition, sizeof definition, text, msg, room);
	if (r < 0)
		return -1;
	if (r > 0 && !cap->open)
		snprintf(text, sizeof text, "this program cannot open sources");
	else if (r > 0)
		ok = cap->open(cap, rq->seqno, definition, &info, text) >= 0;
	if (!ok && !text[0])
		snprintf(text, sizeof text, "cannot open the source");
	r = report_open(cap, rq->seqno, ok, &info, text);
	info_clear(&info);
	if (!ok) {
		loop_drain(cap, AERIECAP_EXIT_FAILED);
		return reported(r, msg, room);
	}
	cap->opened = true;
	if (r > 0 && capture_start(cap) < 0) {
		aeriecap_send_error(cap, rq->seqno, "cannot start the capture thread");
		loop_drain(cap, AERIECAP_EXIT_FAILED);
	}
	return reported(r, msg, room);
}

static int on_unknown(struct aeriecap *cap, const struct request *rq, char *msg, size_t room)
{
	if (cap->unknown) {
		if (cap->unknown(cap, rq->seqno, rq->command, rq->body, rq->len) >= 0)
			return 0;
		snprintf(msg, room, "the host sent a command %u that this program refuses", (unsigned)rq->command);
		return -1;
	}
	if (cap->complaints++ < COMPLAINTS_MAX)
		aeriecap_send_message(cap, AERIECAP_ERROR, "ignored a command %u, which this program does not know",
				      (unsigned)rq->command);
	return 0;
}

static int dispatch(struct aeriecap *cap, const struct request *rq, char *msg, size_t room)
{
	static const struct {
		uint16_t command;
		request_fn *fn;
	} table[] = {
		{ CMD_PING, on_ping },         { CMD_PONG, on_ignored },     { CMD_SHUTDOWN, on_shutdown },
		{ CMD_MESSAGE, on_ignored },   { CMD_ERROR, on_ignored },    { CMD_PROBEREQ, on_probe },
		{ CMD_OPENREQ, on_open },      { CMD_LISTREQ, on_list },     { CMD_CONFIGREQ, request_config },
	};
	size_t i;

	for (i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].command == rq->command)
			break;
	if (cap->phase != PHASE_RUN && rq->command != CMD_PING)
		return 0; /* on the way out nothing is begun */
	return (i < sizeof table / sizeof *table ? table[i].fn : on_unknown)(cap, rq, msg, room);
}

/* A version 2 frame: only its PING is understood, and answered in version 3, which tells the host what we speak. */
static int on_v2(struct aeriecap *cap, const uint8_t *frame, char *msg, size_t room)
{
	struct aerie_cur c = aerie_cur_make(frame, PROTOCOL_V2_HEADER);
	const char *command;
	struct request rq;
	int cancel;

	aerie_cur_skip(&c, PROTOCOL_PREFIX);
	command = (const char *)aerie_cur_take(&c, PROTOCOL_V2_COMMAND);
	memset(&rq, 0, sizeof rq);
	rq.command = CMD_PING;
	rq.seqno = aerie_cur_be32(&c);
	if (!command || strncmp(command, "PING", PROTOCOL_V2_COMMAND) != 0) {
		snprintf(msg, room, "the host speaks protocol version 2, this program only version 3");
		return -1;
	}
	out_lock(cap, &cancel);
	cap->out.old_host = true;
	out_unlock(cap, cancel);
	return on_ping(cap, &rq, msg, room);
}

/* How long the frame at the start of the ring is: 0 not known yet, -1 it is none. */
static long frame_length(const struct aeriecap *cap, bool *ret_v2, char *msg, size_t room)
{
	uint8_t prefix[PROTOCOL_PREFIX];
	struct aerie_cur c = aerie_cur_make(prefix, sizeof prefix);
	uint32_t signature, sentinel, version, body, header = PROTOCOL_HEADER;

	if (cap->in.used < sizeof prefix)
		return 0;
	ring_peek(&cap->in, prefix, sizeof prefix);
	signature = aerie_cur_be32(&c);
	sentinel = aerie_cur_be16(&c);
	version = aerie_cur_be16(&c);
	body = aerie_cur_be32(&c);
	*ret_v2 = sentinel == PROTOCOL_V2_SENTINEL && version == PROTOCOL_V2_VERSION;
	if (*ret_v2)
		header = PROTOCOL_V2_HEADER;
	else if (signature == PROTOCOL_SIGNATURE && sentinel == PROTOCOL_SENTINEL && version != PROTOCOL_VERSION) {
		snprintf(msg, room, "the host speaks protocol version %u, this program only version 3",
			 (unsigned)version);
		return -1;
	}
	if (signature != PROTOCOL_SIGNATURE || (!*ret_v2 && sentinel != PROTOCOL_SENTINEL)) {
		snprintf(msg, room, "what came from the host is not a frame of the capture protocol");
		return -1;
	}
	if (body > REQUEST_MAX - header) {
		snprintf(msg, room, "a frame from the host is too long: %lu octets, %u are allowed",
			 (unsigned long)body + header, REQUEST_MAX);
		return -1;
	}
	return (long)(header + body);
}

int request_next(struct aeriecap *cap, char *msg, size_t room)
{
	uint8_t frame[REQUEST_MAX];
	struct request rq;
	struct aerie_cur c;
	bool v2 = false;
	long len = frame_length(cap, &v2, msg, room);

	if (len <= 0 || cap->in.used < (size_t)len)
		return len < 0 ? -1 : 0;
	ring_peek(&cap->in, frame, (size_t)len);
	ring_drop(&cap->in, (size_t)len);
	if (v2)
		return on_v2(cap, frame, msg, room) < 0 ? -1 : 1;
	c = aerie_cur_make(frame, (size_t)len);
	aerie_cur_skip(&c, PROTOCOL_PREFIX);
	rq.command = aerie_cur_be16(&c);
	aerie_cur_skip(&c, 2); /* the code: 1 in every request */
	rq.seqno = aerie_cur_be32(&c);
	rq.body = c.p;
	rq.len = aerie_cur_left(&c);
	return dispatch(cap, &rq, msg, room) < 0 ? -1 : 1;
}
