/* SPDX-License-Identifier: MIT */
/* The capture protocol, version 3, as the capture side needs it: numbers, limits and the frame header. */
#ifndef CAP_PROTOCOL_H
#define CAP_PROTOCOL_H

#include <stdint.h>

#define PROTOCOL_SIGNATURE 0xDECAFBADu
#define PROTOCOL_SENTINEL 0xA9A9u
#define PROTOCOL_VERSION 3u
#define PROTOCOL_HEADER 20u /* signature, sentinel, version, body length, command, code, sequence number */
#define PROTOCOL_PREFIX 12u /* the part that all versions have in common, up to the body length */

/* A version 2 header: the prefix, the command as text, the sequence number. Hosts that can speak both begin with a PING
 * in this shape, to find out whom they talk to. */
#define PROTOCOL_V2_SENTINEL 0xABCDu
#define PROTOCOL_V2_VERSION 2u
#define PROTOCOL_V2_HEADER 48u
#define PROTOCOL_V2_COMMAND 32u

#define REQUEST_MAX (64u * 1024u) /* the longest frame taken from a host; a longer one ends the link */
#define PROBE_DEFINITION_MAX 4096u
#define OPEN_DEFINITION_MAX 8192u

enum command {
	CMD_PING = 2,
	CMD_PONG = 3,
	CMD_SHUTDOWN = 4,
	CMD_MESSAGE = 5,
	CMD_ERROR = 6,
	CMD_PROBEREQ = 10,
	CMD_PROBEREPORT = 11,
	CMD_OPENREQ = 12,
	CMD_OPENREPORT = 13,
	CMD_LISTREQ = 14,
	CMD_LISTREPORT = 15,
	CMD_PACKET = 16,
	CMD_CONFIGREQ = 17,
	CMD_CONFIGREPORT = 18,
	CMD_NEWSOURCE = 19
};

static inline void put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

static inline void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static inline void put_header(uint8_t *p, uint32_t body, uint16_t command, uint16_t code, uint32_t seqno)
{
	put_be32(p, PROTOCOL_SIGNATURE);
	put_be16(p + 4, PROTOCOL_SENTINEL);
	put_be16(p + 6, PROTOCOL_VERSION);
	put_be32(p + 8, body);
	put_be16(p + 12, command);
	put_be16(p + 14, code);
	put_be32(p + 16, seqno);
}

static inline uint32_t next_seqno(uint32_t seqno)
{
	return seqno == UINT32_MAX ? 1 : seqno + 1;
}

#endif
