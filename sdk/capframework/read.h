/* SPDX-License-Identifier: MIT */
/* Reads the msgpack of a host's requests from a bounds-checked cursor, without memory of its own: msgpack-c's reader
 * allocates as many objects as a five-octet header claims to have. A reader that fails sets the cursor's `bad`. */
#ifndef CAP_READ_H
#define CAP_READ_H

#include <stdbool.h>

#include <aerie/cursor.h>

uint32_t read_map(struct aerie_cur *c);  /* number of pairs */
uint32_t read_array(struct aerie_cur *c); /* number of values */
double read_number(struct aerie_cur *c); /* an integer or a float */
bool read_bool(struct aerie_cur *c); /* a boolean, or a number that is not 0 */
uint64_t read_uint(struct aerie_cur *c); /* of any width; a negative number is bad */
struct aerie_cur read_text(struct aerie_cur *c); /* str or bin */
void read_skip(struct aerie_cur *c);     /* one value, with all that is in it */

/* The text under a key of a map, copied with a NUL. 1; 0: there is none, or it is longer than room - 1 octets or has a
 * NUL in it (*ret_problem says so); -1: not msgpack, or not a map. */
int read_map_text(const void *body, size_t len, uint64_t key, char *text, size_t room, const char **ret_problem);

#endif
