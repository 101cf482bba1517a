/* SPDX-License-Identifier: MIT */
/* Slows down the guessing of passwords, per address of the client: an address that was wrong a few times waits before the next
 * password of it is looked at, each time longer. Other addresses are not affected. */
#ifndef SERVER_THROTTLE_H
#define SERVER_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_FREE 5u         /* wrong passwords without a wait */
#define THROTTLE_WAIT_MAX_S 60u  /* 1, 2, 4, ... up to this */
#define THROTTLE_FORGET_S 900u   /* after so long without a wrong password */
#define THROTTLE_PEERS 1024u     /* remembered; of more, the one that was quiet longest is forgotten */
#define THROTTLE_DIGEST 32u

struct throttle;

/* An address as the table knows it: IPv4 whole, IPv6 its /64. */
struct throttle_peer {
	uint8_t octets[16];
};
struct throttle_peer throttle_peer(const char *address);

struct throttle *throttle_new(void); /* NULL: out of memory */
void throttle_free(struct throttle *t);
/* Is this, by its digest, the login that the peer had wrong last? It is wrong again then, and neither counted nor looked at: a
 * program with an old password does not lock its address out. */
bool throttle_is_repeat(struct throttle *t, const struct throttle_peer *p, const uint8_t digest[THROTTLE_DIGEST], uint64_t now_s);
/* Seconds until a login of this peer is looked at again; 0: now. */
unsigned throttle_wait(struct throttle *t, const struct throttle_peer *p, uint64_t now_s);
/* The peer was wrong. */
void throttle_wrong(struct throttle *t, const struct throttle_peer *p, const uint8_t digest[THROTTLE_DIGEST], uint64_t now_s);
/* Forgets everybody: what was wrong may be right now. */
void throttle_clear(struct throttle *t);

#endif
