/* SPDX-License-Identifier: MIT */
/* TZSP, the TaZmen Sniffer Protocol: one captured frame per UDP datagram, with what the radio knew as tagged fields. */
#ifndef TZSP_TZSP_H
#define TZSP_TZSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TZSP_TAGS 64u /* tagged fields of a datagram; more: TZSP_MALFORMED */

/* What a datagram turned out to be. */
enum tzsp_kind {
	TZSP_FRAME,     /* a frame of a known encapsulation: everything below is filled in */
	TZSP_SIGNALLING, /* keepalive, configuration, port opener: nothing in it for us */
	TZSP_OTHER,     /* a frame, but not of a radio: Ethernet, ... (encapsulation is filled in) */
	TZSP_BAD_FCS,   /* a frame that the sensor found damaged; filled in as a frame */
	TZSP_MALFORMED, /* cut, of another version, without end of the tagged fields, or empty */
	TZSP_KINDS
};

struct tzsp_frame {
	uint16_t encapsulation;
	uint32_t dlt; /* link type of libpcap's registry */
	const uint8_t *data; /* leads into the datagram */
	uint32_t len, origlen; /* origlen: before it was cut, at least len */
	int32_t signal_dbm;  /* 0: not told, as below */
	uint32_t rate_100kbps;
	uint32_t channel, freq_khz;
};

enum tzsp_kind tzsp_parse(const uint8_t *datagram, size_t len, struct tzsp_frame *ret);

#endif
