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
#define LINK_CHANNEL_TEXT 64u
struct link_hop {
	double rate; /* hops per second */
	bool shuffle;
	uint32_t skip, offset;
	uint32_t n_channels;
	const char (*channels)[LINK_CHANNEL_TEXT];
};
struct link_report {
	uint32_t seqno;
	bool has_seqno, has_dlt, cut;
	bool has_channel, has_hop; /* CONFIGREPORT: it stays on a channel, it hops; OPENREPORT: it hops already */
	struct link_hop hop;       /* its channels are hop_channels */
	uint32_t dlt;
	uint8_t message_type;
	char message[LINK_MESSAGE_TEXT];
	char capture_interface[LINK_TEXT], hardware[LINK_TEXT], channel[LINK_TEXT], uuid[LINK_TEXT], version[LINK_TEXT];
	uint32_t n_channels;
	char channels[LINK_CHANNELS][LINK_CHANNEL_TEXT], hop_channels[LINK_CHANNELS][LINK_CHANNEL_TEXT];
};
/* Body of a PROBEREPORT, OPENREPORT, CONFIGREPORT, MESSAGE, ERROR or SHUTDOWN. 0 or -EBADMSG. */
int link_parse_report(uint16_t command, const uint8_t *body, uint32_t len, struct link_report *ret);

/* The interfaces of a LISTREPORT. */
#define LINK_INTERFACES 256u
struct link_interface {
	char interface[LINK_TEXT], flags[LINK_TEXT], hardware[LINK_TEXT], capture_interface[LINK_TEXT];
};
struct link_list {
	uint32_t seqno, n_interfaces;
	bool has_seqno, cut;
	char message[LINK_MESSAGE_TEXT], version[LINK_TEXT];
	struct link_interface interfaces[LINK_INTERFACES];
};
int link_parse_list(const uint8_t *body, uint32_t len, struct link_list *ret); /* 0 or -EBADMSG */

/* What a remote capture says first. The definition must be whole: -EMSGSIZE when it is longer. */
#define LINK_DEFINITION 4097u
struct link_newsource {
	char definition[LINK_DEFINITION], type[LINK_TEXT], uuid[LINK_TEXT]; /* "": not given */
};
int link_parse_newsource(const uint8_t *body, uint32_t len, struct link_newsource *ret);

/* Frames to send: written to buf (room octets); the length or -ENOBUFS. text: definition or reason; NULL: no body. */
int link_write(uint8_t *buf, size_t room, uint16_t command, uint32_t seqno, const char *text);
/* A CONFIGREQ to hop; one for a fixed channel is link_write() with the channel as text. -EINVAL without channels. */
#define LINK_CONFIG_MAX (LINK_HEADER + 64u + LINK_CHANNELS * (LINK_CHANNEL_TEXT + 2u))
int link_write_hop(uint8_t *buf, size_t room, uint32_t seqno, const struct link_hop *hop);
/* A packet report in its plain form, or a JSON report: the body alone, as link_parse_packet() reads it. The length, or
 * -ENOBUFS. */
struct aerie_feed;
int link_write_packet(uint8_t *buf, size_t room, const struct aerie_feed *f);

/* link.c, for link_tune.c: a text, or a list of them, cut to its room, which sets *cut. */
struct aerie_cur;
void link_read_text(struct aerie_cur *c, bool *cut, char *dst, uint32_t room);
void link_read_channels(struct aerie_cur *c, bool *cut, char (*dst)[LINK_CHANNEL_TEXT], uint32_t *ret_n);
void link_read_hop(struct aerie_cur *c, struct link_report *r);
void link_read_config_member(struct aerie_cur *c, struct link_report *r, uint64_t key);
void link_put_header(uint8_t *p, uint32_t body_len, uint16_t command, uint32_t seqno);

#endif
