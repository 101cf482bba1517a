/* SPDX-License-Identifier: MIT */
/* The capture protocol, version 3, host side: frames, requests, reports. Bytes only: no sockets, no sources.
 * Source: kismet-compatible wire facts, doc/capture-protocol.md. */
#ifndef CORE_LINK_H
#define CORE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_SIGNATURE 0xDECAFBADu
#define LINK_SENTINEL 0xA9A9u
#define LINK_VERSION 3u
#define LINK_HEADER 20u
#define LINK_FRAME_MAX (128u * 1024u) /* header and body; a larger frame ends the link */

enum link_command {
	LINK_REGISTER = 1, LINK_PING = 2, LINK_PONG = 3, LINK_SHUTDOWN = 4, LINK_MESSAGE = 5, LINK_ERROR = 6,
	LINK_PROBEREQ = 10, LINK_PROBEREPORT = 11, LINK_OPENREQ = 12, LINK_OPENREPORT = 13, LINK_LISTREQ = 14,
	LINK_LISTREPORT = 15, LINK_PACKET = 16, LINK_CONFIGREQ = 17, LINK_CONFIGREPORT = 18, LINK_NEWSOURCE = 19
};

struct link_frame {
	uint16_t command, code;
	uint32_t seqno;
	uint32_t off, len; /* body within the buffer */
};

/* Looks at buf[off..len): 1 and a whole frame, 0 when octets are missing (ret_need: how many the frame has in all, when
 * known), -EBADMSG (signature, sentinel), -EPROTONOSUPPORT (version), -EMSGSIZE (too long). */
int link_next(const uint8_t *buf, uint32_t off, uint32_t len, struct link_frame *ret_frame, uint32_t *ret_need);

/* Reports. Texts are copied, cut to their room, and NUL-terminated; lists are limited (and say so in `cut`). */
#define LINK_TEXT 256u
#define LINK_MESSAGE_TEXT 1024u
#define LINK_CHANNELS 512u
struct link_report {
	uint32_t seqno;
	bool has_seqno, has_dlt, cut;
	uint32_t dlt;
	uint8_t message_type;
	char message[LINK_MESSAGE_TEXT];
	char capture_interface[LINK_TEXT], hardware[LINK_TEXT], channel[LINK_TEXT], uuid[LINK_TEXT], version[LINK_TEXT];
	uint32_t n_channels;
	char channels[LINK_CHANNELS][16];
};
/* Body of a PROBEREPORT, OPENREPORT, MESSAGE, ERROR or SHUTDOWN. 0 or -EBADMSG. */
int link_parse_report(uint16_t command, const uint8_t *body, uint32_t len, struct link_report *ret);

/* Frames to send: written to buf (room octets); the length or -ENOBUFS. text: definition or reason; NULL: no body. */
int link_write(uint8_t *buf, size_t room, uint16_t command, uint32_t seqno, const char *text);

#endif
