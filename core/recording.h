/* SPDX-License-Identifier: MIT */
/* Recordings: values written down while a record can be seen, to be written out later, by other threads. The recordings
 * of <aerie/select.h>. */
#ifndef CORE_RECORDING_H
#define CORE_RECORDING_H

#include <stdbool.h>

#include <core/core.h>

#define RECORDING_LIMIT_MAX (1ull << 32) /* octets; a greater limit is taken for this one */

struct registry;

enum note_kind {
	NOTE_BEGIN_MAP, NOTE_BEGIN_LIST, NOTE_END_MAP, NOTE_END_LIST, NOTE_KEY, NOTE_NAME, NOTE_KEY_TEXT, NOTE_NULL,
	NOTE_U64, NOTE_I64, NOTE_F64, NOTE_STR, NOTE_ASCII, NOTE_BYTES, NOTE_F64S
};

/* A call, followed by len octets that came with it, filled up to a multiple of 8. */
struct note {
	uint32_t kind, len;
	union {
		uint64_t u64;
		int64_t i64;
		double f64;
		const struct aerie_name *name; /* registered, so it lives as long as the host */
		struct {
			uint32_t count;
			uint32_t units; /* of 8 octets, from here to behind the end; while it is open: the `open` before it */
		} span; /* of a map or list */
	} value;
};

struct aerie_recording {
	uint32_t magic;
	uint32_t open; /* where the innermost map or list that is open begins, in 8 octets, + 1; 0: none */
	const struct registry *registry;
	uint8_t *data;
	uint64_t len, room, limit;
	uint64_t whole; /* up to here are values that were completed */
};

/* Members of struct aerie_select; recording_play() is in select_play.c. */
struct aerie_recording *recording_new(const struct aerie_host *h, uint64_t limit);
extern const struct aerie_visitor recording_visitor;
uint64_t recording_u64(const struct aerie_recording *r, uint64_t at, const char *name, uint64_t dflt);
void recording_free(struct aerie_recording *r);

/* For those who play. `at` is where a note begins, below r->whole. */
struct note recording_note(const struct aerie_recording *r, uint64_t at, const void **ret_octets);
/* Behind the value, or the key, that begins with n. */
uint64_t recording_behind(const struct note *n, uint64_t at);
bool recording_is_key(const struct note *n);
/* Of a note that is a key; not terminated. */
const char *recording_key_text(const struct note *n, const void *octets, uint32_t *ret_len);
int recording_play_note(const struct note *n, const void *octets, const struct aerie_visitor *vt, void *v);
/* Writes the value that begins at *at, and moves *at behind it. */
int recording_play_value(const struct aerie_recording *r, uint64_t *at, const struct aerie_visitor *vt, void *v);

#endif
