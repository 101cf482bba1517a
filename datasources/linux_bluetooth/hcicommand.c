/* SPDX-License-Identifier: MIT */
/* The command that the scan sends next. Numbers in comments are sections of Bluetooth Core 5.4, Vol 4 Part E. */
#include "hcicommand.h"

#include <string.h>

/* In 0.625 ms. All of the time where there is only LE; else half of it, for inquiries and pages need the radio, too. */
#define LE_INTERVAL 0x0060u

static size_t command(struct hciscan *s, uint16_t opcode, const void *parameters, size_t len, uint64_t now_ms)
{
	uint8_t *c = s->pending.octets;

	c[0] = PACKET_COMMAND;
	c[1] = (uint8_t)opcode;
	c[2] = (uint8_t)(opcode >> 8);
	c[3] = (uint8_t)len;
	if (len)
		memcpy(c + 4, parameters, len);
	s->pending.len = len + 4;
	s->pending.opcode = opcode;
	s->pending.waiting = true;
	s->pending.seen = false;
	s->pending.since_ms = now_ms;
	s->counts.commands++;
	return s->pending.len;
}

size_t hcicommand_setup(struct hciscan *s, uint64_t now_ms)
{
	if (now_ms < s->setup_at_ms)
		return 0;
	switch (s->setup) {
	case SETUP_COMMANDS:
		return command(s, OP_READ_COMMANDS, NULL, 0, now_ms);
	case SETUP_FEATURES:
		return command(s, OP_READ_FEATURES, NULL, 0, now_ms);
	case SETUP_LE_FEATURES:
		return command(s, OP_LE_READ_FEATURES, NULL, 0, now_ms);
	default:
		if (s->mode_known)
			return command(s, OP_WRITE_INQUIRY_MODE, &s->mode_wanted, 1, now_ms);
		return command(s, OP_READ_INQUIRY_MODE, NULL, 0, now_ms);
	}
}

static size_t put_phy(uint8_t *to, bool active, uint16_t interval, uint16_t window)
{
	to[0] = active;
	to[1] = (uint8_t)interval;
	to[2] = (uint8_t)(interval >> 8);
	to[3] = (uint8_t)window;
	to[4] = (uint8_t)(window >> 8);
	return 5;
}

static size_t le_parameters(struct hciscan *s, uint64_t now_ms)
{
	uint16_t window = s->has_classic ? LE_INTERVAL / 2 : LE_INTERVAL;
	uint8_t p[HCISCAN_COMMAND_MAX - 4] = { 0 };
	size_t n;

	if (!s->extended) {
		n = put_phy(p, s->config.active, LE_INTERVAL, window);
		p[n++] = s->config.own_random;
		p[n++] = 0; /* filter policy: all */
		return command(s, OP_LE_SCAN_PARAMETERS, p, n, now_ms);
	}
	p[0] = s->config.own_random;
	p[1] = 0;
	p[2] = s->coded ? 0x05 : 0x01; /* LE 1M, and LE Coded */
	n = 3;
	if (s->coded) { /* taking turns */
		n += put_phy(p + n, s->config.active, 2 * LE_INTERVAL, window);
		n += put_phy(p + n, s->config.active, 2 * LE_INTERVAL, window);
	} else {
		n += put_phy(p + n, s->config.active, LE_INTERVAL, window);
	}
	return command(s, OP_LE_EXT_SCAN_PARAMETERS, p, n, now_ms);
}

/* Every report, also those like one before: it is an observation. */
static size_t le_enable(struct hciscan *s, bool on, uint64_t now_ms)
{
	uint8_t p[6] = { on };

	return s->extended ? command(s, OP_LE_EXT_SCAN_ENABLE, p, 6, now_ms)
	                   : command(s, OP_LE_SCAN_ENABLE, p, 2, now_ms);
}

/* Another program looks for LE devices: the kernel's discovery would end with our inquiry. A passive scan of
 * others, which may never end, is not in the way. */
static bool others_search(const struct hciscan *s)
{
	return s->le.owner == OWNER_OTHER && s->le.others_active;
}

static bool inquiry_due(const struct hciscan *s, uint64_t now_ms)
{
	return s->has_classic && s->inquiry.owner == OWNER_NONE && now_ms >= s->inquiry.at_ms && !s->name.waiting &&
	       !others_search(s);
}

size_t hcicommand_le(struct hciscan *s, uint64_t now_ms)
{
	bool yields = s->inquiry.owner == OWNER_OTHER ||
	              (s->interleave && (s->inquiry.owner == OWNER_US || inquiry_due(s, now_ms)));

	if (!s->has_le)
		return 0;
	if (s->le.owner == OWNER_US)
		return yields ? le_enable(s, false, now_ms) : 0;
	if (yields || now_ms < s->le.at_ms)
		return 0;
	/* While a scan is on, the parameters are refused: that is how one is found that began before us. */
	return s->le.parameters_set && s->le.owner == OWNER_NONE ? le_enable(s, true, now_ms)
	                                                         : le_parameters(s, now_ms);
}

size_t hcicommand_inquiry(struct hciscan *s, uint64_t now_ms)
{
	uint8_t p[5] = { 0x33, 0x8b, 0x9e, s->config.inquiry_length, 0 }; /* general inquiry, any number of responses */

	if (s->inquiry.owner == OWNER_US && others_search(s))
		return command(s, OP_INQUIRY_CANCEL, NULL, 0, now_ms);
	if (!inquiry_due(s, now_ms))
		return 0;
	names_round(&s->names, now_ms);
	return command(s, OP_INQUIRY, p, sizeof p, now_ms);
}

size_t hcicommand_name(struct hciscan *s, uint64_t now_ms)
{
	struct name_device *d;
	uint8_t p[10];

	if (!s->config.names || !s->has_classic || s->inquiry.owner != OWNER_NONE || s->name.waiting ||
	    others_search(s))
		return 0;
	d = names_next(&s->names, now_ms);
	if (!d)
		return 0;
	names_asked(&s->names, d, now_ms);
	memcpy(p, d->address, 6);
	p[6] = d->page_scan_repetition_mode;
	p[7] = 0;
	p[8] = (uint8_t)d->clock_offset;
	p[9] = (uint8_t)(d->clock_offset >> 8) | 0x80; /* the offset is valid */
	memcpy(s->name.address, d->address, 6);
	s->counts.name_requests++;
	return command(s, OP_NAME_REQUEST, p, sizeof p, now_ms);
}

size_t hcicommand_undo(struct hciscan *s, uint64_t now_ms)
{
	if (s->inquiry.owner == OWNER_US)
		return command(s, OP_INQUIRY_CANCEL, NULL, 0, now_ms);
	if (s->name.waiting)
		return command(s, OP_NAME_REQUEST_CANCEL, s->name.address, 6, now_ms);
	if (s->le.owner == OWNER_US)
		return le_enable(s, false, now_ms);
	if (s->mode_changed)
		return command(s, OP_WRITE_INQUIRY_MODE, &s->mode_was, 1, now_ms);
	return 0;
}
