/* SPDX-License-Identifier: MIT */
/* Slows down the guessing of passwords: an address that was wrong a few times with a user's name waits before its next password for that
 * name is looked at, each time longer. Neither other addresses are affected, nor who shares the address and has another name: behind one
 * address may be a whole house. Only an address that was wrong many times, with whatever names, waits with all of them. */
#ifndef SERVER_THROTTLE_H
#define SERVER_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#define THROTTLE_FREE 5u         /* wrong passwords for a name without a wait, */
#define THROTTLE_FREE_ALL 20u    /* and of an address for all names */
#define THROTTLE_WAIT_MAX_S 60u  /* 1, 2, 4, ... up to this */
#define THROTTLE_FORGET_S 900u   /* after so long without a wrong password */
#define THROTTLE_ENTRIES 2048u   /* addresses, and their names; of more, the one that was quiet longest is forgotten */
#define THROTTLE_LAST 4u         /* wrong logins remembered of each */
#define THROTTLE_DIGEST 32u

struct throttle;

/* An address as the table knows it: IPv4 whole, IPv6 its /64. */
struct throttle_peer {
	uint8_t octets[16];
};
struct throttle_peer throttle_peer(const char *address);

struct throttle *throttle_new(void); /* NULL: out of memory */
void throttle_free(struct throttle *t);
/* Is this, by its digest, one of the last logins that the peer had wrong for this user? It is wrong again then, and neither counted nor
 * looked at: programs with old passwords do not lock their address out. */
bool throttle_is_repeat(struct throttle *t, const struct throttle_peer *p, const char *user, const uint8_t digest[THROTTLE_DIGEST],
			uint64_t now_s);
/* Seconds until a login of this peer for this user is looked at again; 0: now. */
unsigned throttle_wait(struct throttle *t, const struct throttle_peer *p, const char *user, uint64_t now_s);
/* The peer was wrong. */
void throttle_wrong(struct throttle *t, const struct throttle_peer *p, const char *user, const uint8_t digest[THROTTLE_DIGEST],
		    uint64_t now_s);
/* Forgets everybody: what was wrong may be right now. */
void throttle_clear(struct throttle *t);

#endif
