/* SPDX-License-Identifier: MIT */
/* The scan: what answers and events change. Which command comes next is hcicommand.c's. Numbers in comments are
 * sections of Bluetooth Core 5.4, Vol 4 Part E. */
#include "hciscan.h"

#include <string.h>

#include <aerie/cursor.h>

#include "hcicommand.h"

#define INQUIRY_UNIT_MS   1280u
#define INQUIRY_LATE_MS   5000u /* after the time of an inquiry, until it is taken for ended */
#define INQUIRY_UNITS_MAX 48u

void hciscan_init(struct hciscan *s, const struct hciscan_config *config, uint64_t now_ms)
{
	memset(s, 0, sizeof *s);
	s->config = *config;
	s->setup_at_ms = s->le.at_ms = s->inquiry.at_ms = now_ms;
}

static void note(struct hciscan *s, enum hciscan_note n, uint8_t status)
{
	if (s->told >> n & 1)
		return;
	s->told |= 1u << n;
	s->notes |= 1u << n;
	s->note_status[n] = status;
}

static void fail(struct hciscan *s, enum hciscan_fault fault, uint8_t status)
{
	if (s->fault != HCISCAN_OK)
		return;
	s->fault = fault;
	s->fault_status = status;
}

/* --- Answers. */

static void setup_done(struct hciscan *s, uint64_t now_ms)
{
	s->setup = SETUP_DONE;
	s->le.at_ms = s->inquiry.at_ms = now_ms;
}

static void after_le_features(struct hciscan *s, uint64_t now_ms)
{
	if (s->has_classic)
		s->setup = SETUP_INQUIRY_MODE;
	else
		setup_done(s, now_ms);
}

static void got_commands(struct hciscan *s, uint8_t status, struct aerie_cur *c)
{
	const uint8_t *commands = aerie_cur_take(c, 64);

	/* A controller that does not know this command has no extended scanning either. */
	s->ext_scan_commands = status == STATUS_OK && commands && (commands[37] & 0x60) == 0x60;
	s->setup = SETUP_FEATURES;
}

/* LMP features, Vol 2 Part C, 3.3: 30 RSSI with inquiry results, 37 BR/EDR not supported, 38 LE supported, 48 extended
 * inquiry response. */
static void got_features(struct hciscan *s, uint8_t status, struct aerie_cur *c, uint64_t now_ms)
{
	const uint8_t *f = aerie_cur_take(c, 8);
	bool classic, le;

	if (status != STATUS_OK || !f) {
		fail(s, HCISCAN_UNREADABLE, status);
		return;
	}
	classic = !(f[4] & 0x20);
	le = f[4] & 0x40;
	if (s->config.classic && !classic)
		note(s, HCISCAN_NOTE_NO_CLASSIC, 0);
	if (s->config.le && !le)
		note(s, HCISCAN_NOTE_NO_LE, 0);
	s->has_classic = s->config.classic && classic;
	s->has_le = s->config.le && le;
	s->mode_wanted = f[6] & 0x01 ? 2 : f[3] & 0x40 ? 1 : 0;
	if (!s->has_classic && !s->has_le)
		fail(s, HCISCAN_NO_RADIO, 0);
	s->setup = SETUP_LE_FEATURES;
	if (!s->has_le)
		after_le_features(s, now_ms);
}

/* LE features, Vol 6 Part B, 4.6: 11 LE Coded PHY, 12 LE extended advertising. The kernel goes by the commands;
 * both kinds of commands must not be mixed (3.1.1), so that they are wanted as well. */
static void got_le_features(struct hciscan *s, uint8_t status, struct aerie_cur *c, uint64_t now_ms)
{
	const uint8_t *f = aerie_cur_take(c, 8);

	s->extended = status == STATUS_OK && f && f[1] & 0x10 && s->ext_scan_commands;
	s->coded = s->extended && f[1] & 0x08;
	after_le_features(s, now_ms);
}

static void got_inquiry_mode(struct hciscan *s, uint8_t status, struct aerie_cur *c, uint64_t now_ms)
{
	uint8_t mode = aerie_cur_u8(c);

	s->mode_known = status == STATUS_OK && !c->bad;
	s->mode = s->mode_was = mode;
	if (!s->mode_known || mode == s->mode_wanted)
		setup_done(s, now_ms);
}

static void wrote_inquiry_mode(struct hciscan *s, uint8_t status, uint64_t now_ms)
{
	if (s->pending.octets[4] != s->mode_wanted) { /* the old one again, or not to be had again */
		s->mode_changed = false;
		return;
	}
	if (status == STATUS_OK) {
		s->mode = s->mode_wanted;
		s->mode_changed = s->mode != s->mode_was;
	}
	setup_done(s, now_ms);
}

static void le_refused(struct hciscan *s, uint8_t status, uint64_t now_ms)
{
	s->le.at_ms = now_ms + HCISCAN_AGAIN_MS;
	s->le.parameters_set = false;
	if (status == STATUS_DISALLOWED && s->inquiry.owner == OWNER_US && s->le.owner == OWNER_NONE) {
		s->interleave = true;
		note(s, HCISCAN_NOTE_INTERLEAVED, 0);
	} else if (status == STATUS_DISALLOWED) {
		s->le.owner = OWNER_OTHER;
		note(s, HCISCAN_NOTE_LE_OTHER, 0);
	} else if (status != STATUS_UNANSWERED) {
		note(s, HCISCAN_NOTE_LE_REFUSED, status);
	}
}

static void set_le_parameters(struct hciscan *s, uint8_t status, uint64_t now_ms)
{
	if (status != STATUS_OK) {
		le_refused(s, status, now_ms);
		return;
	}
	s->le.parameters_set = true;
	s->le.owner = OWNER_NONE;
}

static void set_le_enable(struct hciscan *s, uint8_t status, uint64_t now_ms)
{
	if (!s->pending.octets[4])
		s->le.owner = OWNER_NONE; /* off, or not to be had off: nothing more can be done */
	else if (status != STATUS_OK)
		le_refused(s, status, now_ms);
	else if (s->le.owner == OWNER_NONE)
		s->le.owner = OWNER_US;
}

static void inquiry_began(struct hciscan *s, uint8_t status, uint64_t now_ms)
{
	if (status == STATUS_OK) {
		s->inquiry.owner = OWNER_US;
		s->inquiry.until_ms = now_ms + s->config.inquiry_length * INQUIRY_UNIT_MS + INQUIRY_LATE_MS;
		s->counts.inquiries++;
		if (s->interleave)
			note(s, HCISCAN_NOTE_INTERLEAVED, 0);
		return;
	}
	if (status == STATUS_DISALLOWED && s->le.owner == OWNER_US && !s->interleave) {
		s->interleave = true; /* at once again, without LE */
		return;
	}
	s->inquiry.at_ms = now_ms + HCISCAN_AGAIN_MS;
	if (status == STATUS_DISALLOWED) {
		if (!(s->told >> HCISCAN_NOTE_INTERLEAVED & 1))
			s->interleave = false; /* it was not LE that was in the way */
		note(s, HCISCAN_NOTE_INQUIRY_OTHER, 0);
	} else if (status != STATUS_UNANSWERED) {
		note(s, HCISCAN_NOTE_INQUIRY_REFUSED, status);
	}
}

static void name_began(struct hciscan *s, uint8_t status, uint64_t now_ms)
{
	s->name.waiting = status == STATUS_OK;
	s->name.until_ms = now_ms + HCISCAN_NAME_MS;
}

static void own_done(struct hciscan *s, uint8_t status, struct aerie_cur *c, uint64_t now_ms)
{
	switch (s->pending.opcode) {
	case OP_READ_COMMANDS:
		got_commands(s, status, c);
		break;
	case OP_READ_FEATURES:
		got_features(s, status, c, now_ms);
		break;
	case OP_LE_READ_FEATURES:
		got_le_features(s, status, c, now_ms);
		break;
	case OP_READ_INQUIRY_MODE:
		got_inquiry_mode(s, status, c, now_ms);
		break;
	case OP_WRITE_INQUIRY_MODE:
		wrote_inquiry_mode(s, status, now_ms);
		break;
	case OP_LE_SCAN_PARAMETERS:
	case OP_LE_EXT_SCAN_PARAMETERS:
		set_le_parameters(s, status, now_ms);
		break;
	case OP_LE_SCAN_ENABLE:
	case OP_LE_EXT_SCAN_ENABLE:
		set_le_enable(s, status, now_ms);
		break;
	case OP_INQUIRY:
		inquiry_began(s, status, now_ms);
		break;
	case OP_INQUIRY_CANCEL:
		s->inquiry.owner = OWNER_NONE;
		s->inquiry.at_ms = now_ms + HCISCAN_REINQUIRY_MS;
		break;
	case OP_NAME_REQUEST:
		name_began(s, status, now_ms);
		break;
	case OP_NAME_REQUEST_CANCEL:
		s->name.waiting = false;
		break;
	}
}

/* The controller has forgotten everything, and with it what there was to put back. */
static void was_reset(struct hciscan *s, uint64_t now_ms)
{
	if (s->setup == SETUP_COMMANDS && !s->pending.waiting)
		return;
	note(s, HCISCAN_NOTE_RESET, 0);
	s->pending.waiting = false;
	s->n_outstanding = 0;
	s->setup = SETUP_COMMANDS;
	s->setup_at_ms = now_ms + HCISCAN_RESUME_MS;
	s->mode_known = s->mode_changed = s->name.waiting = s->le.parameters_set = false;
	s->le.owner = s->inquiry.owner = OWNER_NONE;
}

static void others_done(struct hciscan *s, uint16_t opcode, uint8_t value, uint8_t status, uint64_t now_ms)
{
	if (status != STATUS_OK)
		return;
	switch (opcode) {
	case OP_RESET:
		was_reset(s, now_ms);
		break;
	case OP_WRITE_INQUIRY_MODE: /* what they want is what is left behind */
		s->mode_was = s->mode = value;
		s->mode_changed = false;
		break;
	case OP_LE_SCAN_PARAMETERS:
	case OP_LE_EXT_SCAN_PARAMETERS:
		s->le.parameters_set = false;
		s->le.others_active = value == 1;
		s->le.at_ms = now_ms + HCISCAN_RESUME_MS;
		break;
	case OP_LE_SCAN_ENABLE:
	case OP_LE_EXT_SCAN_ENABLE:
		s->le.owner = value ? OWNER_OTHER : OWNER_NONE;
		s->le.parameters_set = false;
		s->le.at_ms = now_ms + (value ? HCISCAN_AGAIN_MS : HCISCAN_RESUME_MS);
		break;
	case OP_INQUIRY:
		s->inquiry.owner = OWNER_OTHER;
		s->inquiry.until_ms = now_ms + INQUIRY_UNITS_MAX * INQUIRY_UNIT_MS + INQUIRY_LATE_MS;
		break;
	case OP_INQUIRY_CANCEL:
		s->inquiry.owner = OWNER_NONE;
		s->inquiry.at_ms = now_ms + HCISCAN_RESUME_MS;
		break;
	}
}

/* An answer belongs to the oldest command of its opcode that is under way. */
static void answered(struct hciscan *s, uint16_t opcode, uint8_t status, struct aerie_cur *c, uint64_t now_ms)
{
	bool ours = s->pending.waiting && !s->pending.seen && s->pending.opcode == opcode;
	uint8_t value = 0;
	unsigned i;

	for (i = 0; i < s->n_outstanding && s->outstanding[i].opcode != opcode; i++)
		;
	if (i < s->n_outstanding) {
		ours = s->outstanding[i].ours;
		value = s->outstanding[i].value;
		s->n_outstanding--;
		memmove(&s->outstanding[i], &s->outstanding[i + 1], (s->n_outstanding - i) * sizeof *s->outstanding);
	} else if (!ours) {
		return; /* of a command sent before we listened */
	}
	if (!ours) {
		others_done(s, opcode, value, status, now_ms);
		return;
	}
	if (!s->pending.waiting || s->pending.opcode != opcode)
		return; /* too late: it was given up */
	s->pending.waiting = false;
	s->unanswered_in_row = 0;
	own_done(s, status, c, now_ms);
}

static void give_up_pending(struct hciscan *s, uint64_t now_ms)
{
	struct aerie_cur none = aerie_cur_make(s->pending.octets, 0);

	s->pending.waiting = false;
	s->counts.unanswered++;
	if (++s->unanswered_in_row >= HCISCAN_UNANSWERED_MAX)
		fail(s, HCISCAN_SILENT, 0);
	if (s->setup == SETUP_DONE) /* else the step is simply tried again */
		own_done(s, STATUS_UNANSWERED, &none, now_ms);
}

/* --- Events. */

static void inquiry_ended(struct hciscan *s, uint64_t now_ms)
{
	uint64_t again = now_ms + (s->inquiry.owner == OWNER_US ? HCISCAN_REINQUIRY_MS : HCISCAN_RESUME_MS);

	s->inquiry.owner = OWNER_NONE;
	if (s->inquiry.at_ms < again)
		s->inquiry.at_ms = again;
}

/* Extended inquiry response data, Vol 3 Part C, 8: does it hold the complete name (type 0x09)? */
static bool has_complete_name(struct aerie_cur *c)
{
	while (aerie_cur_left(c) > 1) {
		uint8_t len = aerie_cur_u8(c);
		struct aerie_cur data;

		if (len == 0)
			return false;
		data = aerie_cur_sub(c, len);
		if (aerie_cur_u8(&data) == 0x09 && aerie_cur_left(&data) > 0)
			return true;
	}
	return false;
}

/* Each response: BD_ADDR, Page_Scan_Repetition_Mode, then 1 reserved octet (7.7.33, 7.7.38) or 2 (7.7.2; and 7.7.33 as
 * Bluetooth 1.1 controllers send it), Class_Of_Device, Clock_Offset, and RSSI but for 7.7.2. */
static void inquiry_results(struct hciscan *s, uint8_t event, struct aerie_cur *c, uint64_t now_ms)
{
	uint8_t n = aerie_cur_u8(c), i;
	size_t left = aerie_cur_left(c), reserved = event == EV_INQUIRY_RESULT ? 2 : 1;

	if (event == EV_INQUIRY_RESULT_RSSI && n > 0 && left == n * (size_t)15)
		reserved = 2;
	for (i = 0; i < n && !c->bad; i++) {
		const uint8_t *address = aerie_cur_take(c, 6);
		uint8_t mode = aerie_cur_u8(c);
		uint16_t clock_offset;
		bool named;

		aerie_cur_skip(c, reserved + 3);
		clock_offset = aerie_cur_le16(c);
		if (event != EV_INQUIRY_RESULT)
			aerie_cur_u8(c);
		if (c->bad)
			return;
		named = event == EV_EXTENDED_INQUIRY_RESULT && has_complete_name(c);
		s->counts.inquiry_results++;
		names_heard(&s->names, address, mode, clock_offset, named, now_ms);
		if (event == EV_EXTENDED_INQUIRY_RESULT)
			return; /* always one response, whatever it says */
	}
}

static void name_complete(struct hciscan *s, struct aerie_cur *c)
{
	uint8_t status = aerie_cur_u8(c);
	const uint8_t *address = aerie_cur_take(c, 6);

	if (!address)
		return;
	if (status == STATUS_OK) {
		s->counts.names++;
		names_known(&s->names, address);
	}
	if (memcmp(address, s->name.address, 6) == 0)
		s->name.waiting = false;
}

static void le_meta(struct hciscan *s, struct aerie_cur *c, uint64_t now_ms)
{
	uint8_t subevent = aerie_cur_u8(c), n, i;
	size_t before_data = subevent == EV_LE_ADVERTISING_REPORT ? 8 : 23,
	       after_data = subevent == EV_LE_ADVERTISING_REPORT;

	if (subevent == EV_LE_SCAN_TIMEOUT) {
		s->le.owner = OWNER_NONE;
		s->le.at_ms = now_ms;
	}
	if (subevent != EV_LE_ADVERTISING_REPORT && subevent != EV_LE_EXT_ADVERTISING_REPORT)
		return;
	n = aerie_cur_u8(c);
	for (i = 0; i < n; i++) {
		aerie_cur_skip(c, before_data);
		aerie_cur_skip(c, aerie_cur_u8(c) + after_data); /* the data, and RSSI */
		if (c->bad)
			return;
		s->counts.le_reports++;
	}
}

static void command_answer(struct hciscan *s, uint8_t event, struct aerie_cur *c, uint64_t now_ms)
{
	uint8_t status = 0;
	uint16_t opcode;

	if (event == EV_COMMAND_STATUS)
		status = aerie_cur_u8(c);
	aerie_cur_skip(c, 1); /* Num_HCI_Command_Packets */
	opcode = aerie_cur_le16(c);
	if (event == EV_COMMAND_COMPLETE && opcode != 0)
		status = aerie_cur_u8(c);
	if (c->bad || opcode == 0)
		return;
	/* "Under way" to a command that is answered at its end. */
	if (event == EV_COMMAND_STATUS && status == STATUS_OK && opcode != OP_INQUIRY && opcode != OP_NAME_REQUEST)
		return;
	answered(s, opcode, status, c, now_ms);
}

void hciscan_sent(struct hciscan *s, const uint8_t *packet, size_t len, uint64_t now_ms)
{
	struct aerie_cur c = aerie_cur_make(packet, len);
	uint16_t opcode;
	uint8_t plen, value;
	bool ours;

	if (aerie_cur_u8(&c) != PACKET_COMMAND)
		return;
	opcode = aerie_cur_le16(&c);
	plen = aerie_cur_u8(&c);
	if (c.bad || aerie_cur_left(&c) != plen) {
		s->counts.malformed++;
		return;
	}
	if (opcode == OP_LE_EXT_SCAN_PARAMETERS) /* behind own address type, filter policy and PHYs */
		aerie_cur_skip(&c, 3);
	value = aerie_cur_u8(&c);
	ours = s->pending.waiting && !s->pending.seen && len == s->pending.len &&
	       memcmp(packet, s->pending.octets, len) == 0;
	if (ours)
		s->pending.seen = true;
	if (s->n_outstanding == HCISCAN_OUTSTANDING_MAX) {
		s->counts.pushed_out++;
		s->n_outstanding--;
		memmove(&s->outstanding[0], &s->outstanding[1], s->n_outstanding * sizeof *s->outstanding);
	}
	s->outstanding[s->n_outstanding].opcode = opcode;
	s->outstanding[s->n_outstanding].value = value;
	s->outstanding[s->n_outstanding].ours = ours;
	s->n_outstanding++;
}

void hciscan_received(struct hciscan *s, const uint8_t *packet, size_t len, uint64_t now_ms)
{
	struct aerie_cur c = aerie_cur_make(packet, len);
	uint8_t event, plen;

	if (aerie_cur_u8(&c) != PACKET_EVENT)
		return;
	event = aerie_cur_u8(&c);
	plen = aerie_cur_u8(&c);
	if (c.bad || aerie_cur_left(&c) != plen) {
		s->counts.malformed++;
		return;
	}
	switch (event) {
	case EV_INQUIRY_COMPLETE:
		inquiry_ended(s, now_ms);
		break;
	case EV_INQUIRY_RESULT:
	case EV_INQUIRY_RESULT_RSSI:
	case EV_EXTENDED_INQUIRY_RESULT:
		inquiry_results(s, event, &c, now_ms);
		break;
	case EV_NAME_COMPLETE:
		name_complete(s, &c);
		break;
	case EV_COMMAND_COMPLETE:
	case EV_COMMAND_STATUS:
		command_answer(s, event, &c, now_ms);
		break;
	case EV_LE_META:
		le_meta(s, &c, now_ms);
		break;
	}
	s->counts.malformed += !!c.bad;
}

/* --- From outside. */

size_t hciscan_next(struct hciscan *s, uint64_t now_ms, uint8_t to[HCISCAN_COMMAND_MAX])
{
	size_t n = 0;

	if (s->pending.waiting && now_ms - s->pending.since_ms >= HCISCAN_ANSWER_MS)
		give_up_pending(s, now_ms);
	if (s->inquiry.owner != OWNER_NONE && now_ms >= s->inquiry.until_ms)
		inquiry_ended(s, now_ms);
	if (s->name.waiting && now_ms >= s->name.until_ms)
		s->name.waiting = false;
	if (s->pending.waiting || s->fault != HCISCAN_OK)
		return 0;
	if (s->stopping)
		n = hcicommand_undo(s, now_ms);
	else if (s->setup != SETUP_DONE)
		n = hcicommand_setup(s, now_ms);
	else if ((n = hcicommand_le(s, now_ms)) == 0 && (n = hcicommand_inquiry(s, now_ms)) == 0)
		n = hcicommand_name(s, now_ms);
	if (n)
		memcpy(to, s->pending.octets, n);
	return n;
}

void hciscan_stop(struct hciscan *s)
{
	s->stopping = true;
}

bool hciscan_stopped(const struct hciscan *s)
{
	return s->stopping &&
	       (s->fault != HCISCAN_OK || !(s->pending.waiting || s->inquiry.owner == OWNER_US || s->name.waiting ||
	                                    s->le.owner == OWNER_US || s->mode_changed));
}

enum hciscan_note hciscan_note(struct hciscan *s, uint8_t *ret_status)
{
	enum hciscan_note n;

	for (n = 1; n < HCISCAN_NOTES; n++)
		if (s->notes >> n & 1) {
			s->notes &= ~(1u << n);
			*ret_status = s->note_status[n];
			return n;
		}
	return HCISCAN_NOTE_NONE;
}

const char *hciscan_note_text(enum hciscan_note n)
{
	static const char *const texts[HCISCAN_NOTES] = {
		[HCISCAN_NOTE_NO_CLASSIC] = "the controller has no classic Bluetooth (BR/EDR): only LE is scanned",
		[HCISCAN_NOTE_NO_LE] = "the controller has no LE: only classic Bluetooth is scanned",
		[HCISCAN_NOTE_LE_OTHER] =
			"another program scans LE: what it asks for is heard, and our scan begins when it ends its own",
		[HCISCAN_NOTE_LE_REFUSED] = "the controller refuses to scan LE; it is asked again every 10 s",
		[HCISCAN_NOTE_INQUIRY_OTHER] =
			"another program inquires: its results are heard, and our inquiry follows",
		[HCISCAN_NOTE_INQUIRY_REFUSED] = "the controller refuses inquiries; it is asked again every 10 s",
		[HCISCAN_NOTE_INTERLEAVED] = "the controller cannot scan LE during an inquiry: they take turns",
		[HCISCAN_NOTE_RESET] = "another program reset the controller: scanning begins anew",
	};

	return texts[n] ? texts[n] : "";
}

const char *hciscan_fault_text(enum hciscan_fault fault)
{
	static const char *const texts[] = {
		[HCISCAN_OK] = "",
		[HCISCAN_SILENT] = "the controller does not answer any more; unplug it and plug it in again",
		[HCISCAN_NO_RADIO] =
			"the controller has nothing of what is to be scanned; see the options classic= and le=",
		[HCISCAN_UNREADABLE] = "the controller does not tell its features",
	};

	return texts[fault];
}
