/* SPDX-License-Identifier: MIT */
/* Frames in a buffer of fixed size. Values have the width that the protocol's tables give them, keys the shortest. */
#include "pack.h"

#include <string.h>

static int append(void *data, const char *from, size_t len)
{
	struct pack *p = data;

	if (p->full || len > sizeof p->buf - p->len) {
		p->full = true;
		return -1;
	}
	memcpy(p->buf + p->len, from, len);
	p->len += len;
	return 0;
}

void pack_begin(struct pack *p)
{
	p->len = PROTOCOL_HEADER;
	p->full = false;
	msgpack_packer_init(&p->mp, p, append);
}

void pack_map(struct pack *p, uint32_t n)
{
	msgpack_pack_map(&p->mp, n);
}

void pack_array(struct pack *p, uint32_t n)
{
	msgpack_pack_array(&p->mp, n);
}

void pack_key(struct pack *p, unsigned key)
{
	msgpack_pack_unsigned_int(&p->mp, key);
}

void pack_text(struct pack *p, unsigned key, const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len > max) {
		len = max;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	if (key)
		pack_key(p, key);
	msgpack_pack_str(&p->mp, len);
	msgpack_pack_str_body(&p->mp, text, len);
}

void pack_u8(struct pack *p, unsigned key, uint8_t v)
{
	pack_key(p, key);
	msgpack_pack_fix_uint8(&p->mp, v);
}

void pack_u16(struct pack *p, unsigned key, uint32_t v)
{
	pack_key(p, key);
	msgpack_pack_fix_uint16(&p->mp, v > UINT16_MAX ? UINT16_MAX : (uint16_t)v);
}

void pack_bool(struct pack *p, unsigned key, bool v)
{
	pack_key(p, key);
	if (v)
		msgpack_pack_true(&p->mp);
	else
		msgpack_pack_false(&p->mp);
}

void pack_float(struct pack *p, unsigned key, float v)
{
	pack_key(p, key);
	msgpack_pack_float(&p->mp, v);
}

void pack_u32(struct pack *p, unsigned key, uint32_t v)
{
	pack_key(p, key);
	msgpack_pack_fix_uint32(&p->mp, v);
}

void pack_u64(struct pack *p, unsigned key, uint64_t v)
{
	pack_key(p, key);
	msgpack_pack_fix_uint64(&p->mp, v);
}

int pack_send(struct pack *p, struct aeriecap *cap, uint16_t command, uint16_t code, const uint32_t *seqno, bool packet)
{
	int cancel, r;

	if (p->full)
		return -1;
	put_header(p->buf, (uint32_t)(p->len - PROTOCOL_HEADER), command, code, 0);
	out_lock(cap, &cancel);
	r = out_append(cap, p->buf, p->len, seqno, packet);
	out_unlock(cap, cancel);
	return r;
}
