/* SPDX-License-Identifier: MIT */
/* The Bluetooth scan against any controller and any other program. The input is a list of steps: an octet that says
 * what happens, one with a length, and so many octets. */
/* link: datasources/linux_bluetooth/hciscan.c datasources/linux_bluetooth/hcicommand.c
 * datasources/linux_bluetooth/names.c */
#include <stdlib.h>
#include <string.h>

#include "../../datasources/linux_bluetooth/hciscan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step { STEP_SENT, STEP_RECEIVED, STEP_NEXT, STEP_TIME, STEP_ANSWER, STEP_STOP, STEPS };

static void next(struct hciscan *s, uint64_t now_ms)
{
	uint8_t command[HCISCAN_COMMAND_MAX];
	bool waiting = s->pending.waiting;
	size_t n = hciscan_next(s, now_ms, command);

	if (n == 0)
		return;
	if (n < 4 || n > sizeof command || command[0] != 1 || command[3] != n - 4)
		abort(); /* not an H4 command */
	if (waiting && s->unanswered_in_row == 0)
		abort(); /* two at a time */
	hciscan_sent(s, command, n, now_ms);
}

/* Command Complete for what is under way, with these return parameters. */
static void answer(struct hciscan *s, const uint8_t *data, size_t len, uint64_t now_ms)
{
	uint8_t event[3 + 255] = {
		4, 0x0e, (uint8_t)(3 + len), 1, (uint8_t)s->pending.opcode, (uint8_t)(s->pending.opcode >> 8)
	};

	if (len > 252)
		return;
	memcpy(event + 6, data, len);
	hciscan_received(s, event, 6 + len, now_ms);
}

static void check(struct hciscan *s)
{
	enum hciscan_note n;
	uint8_t status;

	if (s->n_outstanding > HCISCAN_OUTSTANDING_MAX || s->names.asked > NAMES_PER_ROUND || s->setup > SETUP_DONE)
		abort();
	while ((n = hciscan_note(s, &status)) != HCISCAN_NOTE_NONE)
		if (!*hciscan_note_text(n))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hciscan s;
	struct hciscan_config config = { .inquiry_length = 8 };
	uint64_t now_ms = 0;
	unsigned i;

	if (size < 1 || size > 65536)
		return 0;
	config.classic = data[0] & 1;
	config.le = data[0] & 2;
	config.active = data[0] & 4;
	config.names = data[0] & 8;
	hciscan_init(&s, &config, now_ms);
	for (data++, size--; size >= 2;) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;
		const uint8_t *octets = data + 2;

		switch (data[0] % STEPS) {
		case STEP_SENT:
			hciscan_sent(&s, octets, len, now_ms);
			break;
		case STEP_RECEIVED:
			hciscan_received(&s, octets, len, now_ms);
			break;
		case STEP_NEXT:
			next(&s, now_ms);
			break;
		case STEP_TIME:
			now_ms += data[1] * UINT64_C(250);
			len = 0;
			break;
		case STEP_ANSWER:
			answer(&s, octets, len, now_ms);
			break;
		case STEP_STOP:
			hciscan_stop(&s);
			break;
		}
		check(&s);
		data += 2 + len;
		size -= 2 + len;
	}
	/* Whatever happened: a controller that answers comes to rest. */
	hciscan_stop(&s);
	for (i = 0; i < 16 && !hciscan_stopped(&s); i++) {
		now_ms += HCISCAN_ANSWER_MS;
		next(&s, now_ms);
		if (s.pending.waiting)
			answer(&s, (const uint8_t *)"", 1, now_ms);
	}
	if (!hciscan_stopped(&s))
		abort();
	return 0;
}
