/* SPDX-License-Identifier: MIT */
/* MESSAGE, ERROR and PING. */
#include <stdarg.h>
#include <stdio.h>

#include "handler.h"
#include "pack.h"

#define TEXT_ROOM (AERIECAP_MSG_MAX + 4u) /* so that a longer text is cut by pack_text(), between characters */

/* Far from the host, somebody may look at the terminal instead. */
static void tell_locally(const struct aeriecap *cap, bool error, const char *text)
{
	if (cap->remote.wanted)
		fprintf(stderr, "%s: %s\n", error ? "ERROR" : "INFO", text);
}

static int send_message(struct aeriecap *cap, unsigned type, const char *text)
{
	struct pack p;

	tell_locally(cap, type >= AERIECAP_ERROR, text);
	pack_begin(&p);
	pack_map(&p, 2);
	pack_u8(&p, 1, (uint8_t)type);
	pack_text(&p, 2, text, AERIECAP_MSG_MAX - 1);
	return pack_send(&p, cap, CMD_MESSAGE, 0, NULL, false);
}

int aeriecap_send_message(struct aeriecap *cap, unsigned type, const char *format, ...)
{
	char text[TEXT_ROOM];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return send_message(cap, type, text);
}

int aeriecap_warn(struct aeriecap *cap, const char *format, ...)
{
	char text[TEXT_ROOM];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return send_message(cap, AERIECAP_ERROR, text);
}

static int send_error(struct aeriecap *cap, uint32_t seqno, const char *text)
{
	struct pack p;
	bool old_host;
	int cancel;

	out_lock(cap, &cancel);
	old_host = cap->out.old_host;
	out_unlock(cap, cancel);
	if (old_host)
		send_message(cap, AERIECAP_ERROR, text);
	else
		tell_locally(cap, true, text);
	pack_begin(&p);
	pack_map(&p, 1);
	pack_text(&p, 1, text, AERIECAP_MSG_MAX - 1);
	return pack_send(&p, cap, CMD_ERROR, 1, &seqno, false);
}

int aeriecap_send_error(struct aeriecap *cap, uint32_t seqno, const char *format, ...)
{
	char text[TEXT_ROOM];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return send_error(cap, seqno, text);
}

int aeriecap_error(struct aeriecap *cap, const char *format, ...)
{
	char text[TEXT_ROOM];
	va_list args;
	int cancel, r;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	out_lock(cap, &cancel);
	cap->out.failing = true;
	out_unlock(cap, cancel);
	r = send_error(cap, 0, text);
	out_lock(cap, &cancel);
	cap->out.failed = true;
	wake_main(cap);
	out_unlock(cap, cancel);
	return r;
}

int aeriecap_send_ping(struct aeriecap *cap)
{
	struct pack p;

	p.len = PROTOCOL_HEADER;
	p.full = false;
	return pack_send(&p, cap, CMD_PING, 0, NULL, false);
}
