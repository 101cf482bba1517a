/* SPDX-License-Identifier: MIT */
/* "aerie.devices/1": the store of tracked devices. Since ABI 1.0.
 *
 * A callback holds exactly one device at a time, locked: asking for a second one inside a callback is -EDEADLK. Relations
 * between devices are stored as keys. A device's record is of its PHY's type: the common members (kismet.device.base.*)
 * first, then those that the PHY added. */
#ifndef AERIE_DEVICES_H
#define AERIE_DEVICES_H

#include <aerie/fields.h>
#include <aerie/packets.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AERIE_DEVICES_SERVICE "aerie.devices/1"

struct aerie_cursor; /* a walk over devices; owned by the host */

/* The device of a callback. rec is valid, and writable by its PHY, until the callback returns. */
struct aerie_device {
	uint64_t key;
	struct aerie_rec *rec;
	uint32_t created; /* 1: made by this very call */
	uint32_t reserved;
};

/* Return 0; or AERIE_DEVICE_UNCHANGED when nothing was written. A negative errno is handed to the caller. */
typedef int aerie_device_fn(void *user, struct aerie_device *dev);
#define AERIE_DEVICE_UNCHANGED 1

/* How a packet concerns a device: which common fields track() updates. */
#define AERIE_TRACK_CREATE (1u << 0)    /* make the device when it is not known; else -ENOENT */
#define AERIE_TRACK_TX (1u << 1)        /* it sent the packet: packets.tx_total */
#define AERIE_TRACK_RX (1u << 2)        /* the packet is addressed to it: packets.rx_total */
#define AERIE_TRACK_SIGNAL (1u << 3)    /* the radio values are its own: signal record */
#define AERIE_TRACK_CHANNEL (1u << 4)   /* channel, frequency and frequency map */
#define AERIE_TRACK_LLC (1u << 5)       /* a management or control frame: packets.llc */
#define AERIE_TRACK_DATA (1u << 6)      /* a data frame with payload: packets.data, datasize */
#define AERIE_TRACK_CRYPT (1u << 7)     /* whose payload is encrypted: packets.crypt */
#define AERIE_TRACK_SEEN (1u << 8)      /* only seenby, signal and channel: a duplicate from another source */

struct aerie_track {
	uint32_t size;
	uint32_t flags; /* AERIE_TRACK_... */
	uint64_t key;
	uint32_t datasize; /* payload octets, with AERIE_TRACK_DATA */
	uint32_t reserved;
};

/* Slots of the common members, the same in every PHY's record type. */
struct aerie_device_slots {
	uint32_t size;
	aerie_slot key, name, username, type, basic_type_set, crypt, basic_crypt_set, first_time, last_time, mod_time;
	aerie_slot packets_total, packets_rx, packets_tx, packets_llc, packets_error, packets_data, packets_crypt;
	aerie_slot packets_filtered, datasize, signal, freq_khz_map, channel, frequency, manuf, num_alerts, tags, seenby;
	aerie_slot related_devices, packets_rrd, rx_rrd, tx_rrd, datasize_rrd;
};

/* Bits of kismet.device.base.basic_type_set. */
#define AERIE_BASIC_AP 1u
#define AERIE_BASIC_CLIENT 2u
#define AERIE_BASIC_WIRED 4u
#define AERIE_BASIC_PEER 8u

/* What a cursor walks over. Zero means "no condition". */
struct aerie_device_query {
	uint32_t size;
	uint32_t phy;           /* number of a PHY */
	uint64_t changed_since; /* only devices changed after this server time, seconds since 1970; costs what it finds */
	uint64_t mac;           /* only devices with this address (aerie_mac_u64) ... */
	uint64_t mac_mask;      /* ... under this mask; 0: no condition */
};

struct aerie_devices {
	uint32_t size;
	uint32_t reserved;
	/* [main, load] The record type of the common members, and their slots. */
	aerie_record_id (*base_type)(const struct aerie_host *h);
	int (*slots)(const struct aerie_host *h, struct aerie_device_slots *ret_slots); /* size set by the caller */

	/* [worker] Updates the common fields of device t->key by packet p, then calls fn (may be NULL) under the same lock.
	 * One device takes part in one packet once: call it once per device and packet, with the flags or-ed. */
	int (*track)(const struct aerie_host *h, const struct aerie_packet *p, const struct aerie_track *t,
		     aerie_device_fn *fn, void *user);
	/* [any] Calls fn with the device locked; -ENOENT when there is none. */
	int (*with)(const struct aerie_host *h, uint64_t key, aerie_device_fn *fn, void *user);

	/* [any] Walks over the keys of the devices that a query picks, in no promised order. A device that is removed on the way
	 * is skipped by with(). NULL when memory is out. */
	struct aerie_cursor *(*cursor_open)(const struct aerie_host *h, const struct aerie_device_query *q);
	/* Up to n keys; 0 at the end; -ENOMEM. */
	int (*cursor_next)(struct aerie_cursor *c, uint64_t *ret_keys, uint32_t n);
	/* Fixes the set of the walk, at a bit per device of the store: of the keys that are still to come, those for which keep(user, key)
	 * returns 1 (0: not; below 0: the error that ends it, and with it the walk). keep NULL: all. Returns how many keys the walk yields in all, fewer if
	 * devices are removed meanwhile; -ENOMEM, or keep's error. Once fixed, it only tells that number again. keep is called with
	 * nothing held. */
	int64_t (*cursor_fix)(struct aerie_cursor *c, int (*keep)(void *user, uint64_t key), void *user);
	void (*cursor_close)(struct aerie_cursor *c); /* with no device held; NULL is fine */

	/* [any] Devices in the store. */
	uint64_t (*count)(const struct aerie_host *h);
	/* [any] Text of a key ("4202770D00000000_554433221100"): at most 40 octets and a NUL; returns the length, or -ENOENT
	 * when its PHY is unknown. Source: kismet-compatible key text, doc/architecture.md "Device keys". */
	int (*key_text)(const struct aerie_host *h, uint64_t key, char ret_text[41]);
	/* [any] -EINVAL: not a key; -ENOENT: a key of a PHY that is not loaded. Does not look for the device. */
	int (*key_parse)(const struct aerie_host *h, const char *text, uint64_t *ret_key);
};

#ifdef __cplusplus
}
#endif
#endif
