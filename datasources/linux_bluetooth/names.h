/* SPDX-License-Identifier: MIT */
/* Which classic devices are asked for their name, and when. A name request pages the device: it costs up to five
 * seconds of the radio and makes the device answer, so it is made rarely and never twice for a name that is known. */
#ifndef LINUX_BLUETOOTH_NAMES_H
#define LINUX_BLUETOOTH_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#define NAMES_MAX       128u   /* devices remembered; the one not heard for longest makes room */
#define NAMES_PER_ROUND 5u     /* requests between two inquiries */
#define NAMES_TRIES     3u     /* then the device is left alone for NAMES_REST_MS */
#define NAMES_RETRY_MS  60000u /* between two requests to a device */
#define NAMES_REST_MS   1800000u

struct name_device {
	uint8_t address[6]; /* as in HCI: least significant octet first */
	uint8_t page_scan_repetition_mode;
	uint16_t clock_offset;
	uint8_t tries;
	bool used, known;
	uint64_t heard_ms, not_before_ms;
};

struct names {
	struct name_device devices[NAMES_MAX];
	unsigned asked; /* in this round */
	uint64_t round_ms;
	uint64_t evicted;
};

/* A new inquiry begins: only devices that it or a later one finds are asked. */
void names_round(struct names *n, uint64_t now_ms);
/* An inquiry found the device. known: its name came with the result. */
void names_heard(struct names *n, const uint8_t address[6], uint8_t page_scan_repetition_mode, uint16_t clock_offset,
                 bool known, uint64_t now_ms);
/* The device to ask now, or NULL. */
struct name_device *names_next(struct names *n, uint64_t now_ms);
/* It is being asked: counts. */
void names_asked(struct names *n, struct name_device *d, uint64_t now_ms);
/* Somebody's request ended well. */
void names_known(struct names *n, const uint8_t address[6]);

#endif
