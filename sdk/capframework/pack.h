/* SPDX-License-Identifier: MIT */
/* Puts a frame together in a buffer of fixed size, its body with msgpack-c. */
#ifndef CAP_PACK_H
#define CAP_PACK_H

#include <stdbool.h>

#include <msgpack.h>

#include "handler.h"

struct pack {
	uint8_t buf[AERIECAP_FRAME_MAX];
	size_t len;
	bool full; /* something did not fit: the frame is of no use */
	msgpack_packer mp;
};

void pack_begin(struct pack *p);
void pack_map(struct pack *p, uint32_t n);
void pack_array(struct pack *p, uint32_t n);
void pack_key(struct pack *p, unsigned key);
void pack_text(struct pack *p, unsigned key, const char *text, size_t max); /* cut to max octets, at a character */
void pack_u8(struct pack *p, unsigned key, uint8_t v);
void pack_u16(struct pack *p, unsigned key, uint32_t v);
void pack_bool(struct pack *p, unsigned key, bool v);
void pack_float(struct pack *p, unsigned key, float v);
void pack_u32(struct pack *p, unsigned key, uint32_t v);
void pack_u64(struct pack *p, unsigned key, uint64_t v);
/* Writes the header and sends: as the send functions. seqno NULL: a fresh number. */
int pack_send(struct pack *p, struct aeriecap *cap, uint16_t command, uint16_t code, const uint32_t *seqno,
	      bool packet);

#endif
