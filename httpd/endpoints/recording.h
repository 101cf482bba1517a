/* SPDX-License-Identifier: MIT */
/* Values written down, to be written to a serializer later, by another thread. For records that are there only during a call. */
#ifndef ENDPOINTS_RECORDING_H
#define ENDPOINTS_RECORDING_H

#include <stddef.h>
#include <stdint.h>

#include <aerie/visitor.h>

#define RECORDING_MAX (4u * 1024u * 1024u) /* octets of one; more: -EMSGSIZE */

struct recording {
	uint8_t *data;
	size_t len, room;
};

extern const struct aerie_visitor recording_visitor; /* v: the struct recording, all 0 at first */
/* Writes the value that begins at *at, and moves *at behind it. */
int recording_play(const struct recording *r, size_t *at, const struct aerie_visitor *vt, void *v);
/* The number behind a name in the value; dflt when it is not there. */
uint64_t recording_u64(const struct recording *r, const char *name, uint64_t dflt);
void recording_free(struct recording *r);

#endif
