/* SPDX-License-Identifier: MIT */
/* The scan, octet for octet. Commands and events are written down by hand from Bluetooth Core 5.4, Vol 4 Part E, in
 * H4; the sections are named where they are used. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../hciscan.h"
#include "../options.h"

#include <aeriecap.h>

struct bench {
	struct hciscan scan;
	uint64_t now_ms;
	uint8_t command[HCISCAN_COMMAND_MAX];
	size_t len;
};

static size_t octets(const char *hex, uint8_t *to)
{
	size_t n = 0;
	unsigned v;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		cr_assert_eq(sscanf(hex, "%2x", &v), 1);
		to[n++] = (uint8_t)v;
		hex++;
	}
	return n;
}

static const struct hciscan_config everything = {
	.classic = true,
	.le = true,
	.names = true,
	.inquiry_length = 8,
};

static struct bench *begin(const struct hciscan_config *config)
{
	static struct bench b;

	memset(&b, 0, sizeof b);
	b.now_ms = 1000;
	hciscan_init(&b.scan, config, b.now_ms);
	return &b;
}

static void hears(struct bench *b, const char *hex)
{
	uint8_t packet[300];
	size_t n = octets(hex, packet);

	hciscan_received(&b->scan, packet, n, b->now_ms);
}

/* Another program's command passes. */
static void others(struct bench *b, const char *hex)
{
	uint8_t packet[300];
	size_t n = octets(hex, packet);

	hciscan_sent(&b->scan, packet, n, b->now_ms);
}

#define wants(b, hex) wants_at(b, hex, __LINE__)
static void wants_at(struct bench *b, const char *hex, int line)
{
	uint8_t expected[300];
	size_t n = octets(hex, expected);

	b->len = hciscan_next(&b->scan, b->now_ms, b->command);
	cr_assert_eq(b->len, n, "line %d: a command of %zu octets, opcode %02x%02x", line, b->len,
	             b->len ? b->command[2] : 0, b->len ? b->command[1] : 0);
	cr_assert_arr_eq(b->command, expected, n, "line %d: other octets", line);
	if (n)
		hciscan_sent(&b->scan, b->command, b->len, b->now_ms);
}

#define NOTHING           ""
#define READ_COMMANDS     "01 02 10 00"                      /* 7.4.2 */
#define READ_FEATURES     "01 03 10 00"                      /* 7.4.3 */
#define LE_READ_FEATURES  "01 03 20 00"                      /* 7.8.3 */
#define READ_INQUIRY_MODE "01 44 0c 00"                      /* 7.3.49 */
#define INQUIRY           "01 01 04 05 33 8b 9e 08 00"       /* 7.1.1: GIAC, 8 x 1.28 s, any number */
#define INQUIRY_CANCEL    "01 02 04 00"                      /* 7.1.2 */
#define LE_PARAMETERS     "01 0b 20 07 00 60 00 30 00 00 00" /* 7.8.10: passive, 60 ms, 30 ms, public, all */
#define LE_ON             "01 0c 20 02 01 00"                /* 7.8.11: on, duplicates too */
#define LE_OFF            "01 0c 20 02 00 00"

/* Command Complete (7.7.14) with status 0, and with 0x0c, Command Disallowed. */
#define OK(opcode)         "04 0e 04 01 " opcode " 00"
#define DISALLOWED(opcode) "04 0e 04 01 " opcode " 0c"
/* Command Status (7.7.15). */
#define STATUS(status, opcode) "04 0f 04 " status " 01 " opcode
#define INQUIRY_COMPLETE       "04 01 01 00" /* 7.7.1 */

static const char no_commands[] = "04 0e 44 01 02 10 00"
				  "00000000000000000000000000000000 00000000000000000000000000000000"
				  "00000000000000000000000000000000 00000000000000000000000000000000";
/* Octet 37: bits 5 and 6, LE Set Extended Scan Parameters and Enable. */
static const char extended_commands[] = "04 0e 44 01 02 10 00"
					"00000000000000000000000000000000 00000000000000000000000000000000"
					"00000000006000000000000000000000 00000000000000000000000000000000";
/* LMP features: RSSI with inquiry (octet 3, 0x40), LE (octet 4, 0x40), extended inquiry response (octet 6, 0x01). */
#define FEATURES_DUAL    "04 0e 0c 01 03 10 00 00 00 00 40 40 00 01 00"
#define FEATURES_LE_ONLY "04 0e 0c 01 03 10 00 00 00 00 00 60 00 00 00"
#define FEATURES_CLASSIC "04 0e 0c 01 03 10 00 00 00 00 40 00 00 00 00"
#define LE_FEATURES_NONE "04 0e 0c 01 03 20 00 00 00 00 00 00 00 00 00"
/* LE features (Vol 6 Part B, 4.6): bit 12 extended advertising, bit 11 Coded PHY. */
#define LE_FEATURES_EXTENDED "04 0e 0c 01 03 20 00 00 10 00 00 00 00 00 00"
#define LE_FEATURES_CODED    "04 0e 0c 01 03 20 00 00 18 00 00 00 00 00 00"
#define INQUIRY_MODE_2       "04 0e 05 01 44 0c 00 02"
#define INQUIRY_MODE_0       "04 0e 05 01 44 0c 00 00"

/* A controller with both, without extended scanning, whose inquiry mode is right: LE scans, nothing else is under
 * way. */
static struct bench *scanning(const struct hciscan_config *config)
{
	struct bench *b = begin(config);

	wants(b, READ_COMMANDS);
	hears(b, no_commands);
	wants(b, READ_FEATURES);
	hears(b, FEATURES_DUAL);
	wants(b, LE_READ_FEATURES);
	hears(b, LE_FEATURES_NONE);
	wants(b, READ_INQUIRY_MODE);
	hears(b, INQUIRY_MODE_2);
	wants(b, LE_PARAMETERS);
	hears(b, OK("0b 20"));
	wants(b, LE_ON);
	hears(b, OK("0c 20"));
	return b;
}

static struct bench *inquiring(const struct hciscan_config *config)
{
	struct bench *b = scanning(config);

	wants(b, INQUIRY);
	hears(b, STATUS("00", "01 04"));
	return b;
}

static void stops(struct bench *b)
{
	hciscan_stop(&b->scan);
	wants(b, NOTHING);
	cr_assert(hciscan_stopped(&b->scan));
}

Test(scan, asks_for_features_then_scans_le_and_inquires)
{
	struct bench *b = inquiring(&everything);

	wants(b, NOTHING);
	cr_assert_eq(b->scan.fault, HCISCAN_OK);
	cr_assert_eq(b->scan.counts.inquiries, 1);
	cr_assert_eq(b->scan.counts.malformed, 0);
}

Test(scan, sends_one_command_at_a_time)
{
	struct bench *b = begin(&everything);

	wants(b, READ_COMMANDS);
	wants(b, NOTHING);
	hears(b, "04 0e 01 05");       /* cut */
	hears(b, "04 0e 03 01 00 00"); /* no operation: only the number of commands */
	hears(b, OK("03 0c"));         /* somebody else's, sent before we listened */
	wants(b, NOTHING);
	hears(b, no_commands);
	wants(b, READ_FEATURES);
	cr_assert_eq(b->scan.counts.malformed, 1);
}

Test(scan, inquires_again_after_a_pause)
{
	struct bench *b = inquiring(&everything);

	b->now_ms += 10240;
	hears(b, INQUIRY_COMPLETE);
	wants(b, NOTHING);
	b->now_ms += HCISCAN_REINQUIRY_MS - 1;
	wants(b, NOTHING);
	b->now_ms += 1;
	wants(b, INQUIRY);
}

Test(scan, goes_on_when_an_inquiry_never_ends)
{
	struct bench *b = inquiring(&everything);

	b->now_ms += 8 * 1280 + 5000 - 1;
	wants(b, NOTHING);
	b->now_ms += 1 + HCISCAN_REINQUIRY_MS;
	wants(b, NOTHING); /* from now on it is taken for ended */
	b->now_ms += HCISCAN_REINQUIRY_MS;
	wants(b, INQUIRY);
}

Test(scan, uses_extended_commands_where_the_controller_has_them)
{
	struct bench *b = begin(&(struct hciscan_config){ .le = true, .inquiry_length = 8 });

	wants(b, READ_COMMANDS);
	hears(b, extended_commands);
	wants(b, READ_FEATURES);
	hears(b, FEATURES_DUAL);
	wants(b, LE_READ_FEATURES);
	hears(b, LE_FEATURES_EXTENDED);
	/* 7.8.64: public, all, LE 1M: passive, 60 ms, 60 ms. */
	wants(b, "01 41 20 08 00 00 01 00 60 00 60 00");
	hears(b, OK("41 20"));
	/* 7.8.65: on, duplicates too, no duration, no period. */
	wants(b, "01 42 20 06 01 00 00 00 00 00");
	hears(b, OK("42 20"));
	wants(b, NOTHING);
	hciscan_stop(&b->scan);
	wants(b, "01 42 20 06 00 00 00 00 00 00");
	hears(b, OK("42 20"));
	stops(b);
}

Test(scan, takes_turns_between_1m_and_coded)
{
	struct bench *b =
		begin(&(struct hciscan_config){ .le = true, .active = true, .own_random = true, .inquiry_length = 8 });

	wants(b, READ_COMMANDS);
	hears(b, extended_commands);
	wants(b, READ_FEATURES);
	hears(b, FEATURES_LE_ONLY);
	wants(b, LE_READ_FEATURES);
	hears(b, LE_FEATURES_CODED);
	/* Random, all, LE 1M and Coded: each active, 120 ms, 60 ms. */
	wants(b, "01 41 20 0d 01 00 05 01 c0 00 60 00 01 c0 00 60 00");
}

Test(scan, does_not_mix_extended_feature_with_missing_commands)
{
	struct bench *b = begin(&(struct hciscan_config){ .le = true, .active = true, .inquiry_length = 8 });

	wants(b, READ_COMMANDS);
	hears(b, no_commands);
	wants(b, READ_FEATURES);
	hears(b, FEATURES_LE_ONLY);
	wants(b, LE_READ_FEATURES);
	hears(b, LE_FEATURES_EXTENDED);
	wants(b, "01 0b 20 07 01 60 00 60 00 00 00"); /* 7.8.10, active, all of the time */
}

Test(scan, sets_the_inquiry_mode_and_puts_it_back)
{
	struct bench *b = begin(&(struct hciscan_config){ .classic = true, .inquiry_length = 8 });

	wants(b, READ_COMMANDS);
	hears(b, no_commands);
	wants(b, READ_FEATURES);
	hears(b, FEATURES_DUAL);
	wants(b, READ_INQUIRY_MODE);
	hears(b, INQUIRY_MODE_0);
	wants(b, "01 45 0c 01 02"); /* 7.3.50: RSSI or extended */
	hears(b, OK("45 0c"));
	wants(b, INQUIRY);
	hears(b, STATUS("00", "01 04"));
	hciscan_stop(&b->scan);
	cr_assert(!hciscan_stopped(&b->scan));
	wants(b, INQUIRY_CANCEL);
	hears(b, OK("02 04"));
	wants(b, "01 45 0c 01 00");
	cr_assert(!hciscan_stopped(&b->scan));
	hears(b, OK("45 0c"));
	stops(b);
}

Test(scan, stopped_while_the_mode_is_being_set_still_puts_it_back)
{
	struct bench *b = begin(&(struct hciscan_config){ .classic = true, .inquiry_length = 8 });

	wants(b, READ_COMMANDS);
	hears(b, no_commands);
	wants(b, READ_FEATURES);
	hears(b, FEATURES_CLASSIC);
	wants(b, READ_INQUIRY_MODE);
	hears(b, INQUIRY_MODE_0);
	wants(b, "01 45 0c 01 01"); /* no extended response: RSSI */
	hciscan_stop(&b->scan);
	wants(b, NOTHING);
	hears(b, OK("45 0c"));
	wants(b, "01 45 0c 01 00");
	hears(b, OK("45 0c"));
	stops(b);
}

Test(scan, leaves_the_mode_that_another_program_set)
{
	struct bench *b = begin(&(struct hciscan_config){ .classic = true, .inquiry_length = 8 });

	wants(b, READ_COMMANDS);
	hears(b, no_commands);
	wants(b, READ_FEATURES);
	hears(b, FEATURES_DUAL);
	wants(b, READ_INQUIRY_MODE);
	hears(b, INQUIRY_MODE_0);
	wants(b, "01 45 0c 01 02");
	hears(b, OK("45 0c"));
	others(b, "01 45 0c 01 01");
	hears(b, OK("45 0c"));
	stops(b);
}

Test(scan, ends_at_stop_what_it_began)
{
	struct bench *b = inquiring(&everything);

	hciscan_stop(&b->scan);
	wants(b, INQUIRY_CANCEL);
	hears(b, OK("02 04"));
	wants(b, LE_OFF);
	hears(b, OK("0c 20"));
	stops(b);
}

Test(scan, waits_at_stop_for_what_it_has_just_asked)
{
	struct bench *b = scanning(&everything);

	wants(b, INQUIRY);
	hciscan_stop(&b->scan);
	wants(b, NOTHING);
	hears(b, STATUS("00", "01 04"));
	wants(b, INQUIRY_CANCEL);
	hears(b, OK("02 04"));
	wants(b, LE_OFF);
	hears(b, DISALLOWED("0c 20")); /* refused: more cannot be done */
	stops(b);
}

Test(scan, leaves_a_scan_alone_that_began_before)
{
	struct hciscan_config le = { .le = true, .inquiry_length = 8 };
	struct bench *b = begin(&le);
	uint8_t status;

	wants(b, READ_COMMANDS);
	hears(b, no_commands);
	wants(b, READ_FEATURES);
	hears(b, FEATURES_DUAL);
	wants(b, LE_READ_FEATURES);
	hears(b, LE_FEATURES_NONE);
	wants(b, "01 0b 20 07 00 60 00 60 00 00 00");
	hears(b, DISALLOWED("0b 20"));
	wants(b, NOTHING);
	cr_assert_eq(hciscan_note(&b->scan, &status), HCISCAN_NOTE_LE_OTHER);
	cr_assert_eq(hciscan_note(&b->scan, &status), HCISCAN_NOTE_NONE);
	b->now_ms += HCISCAN_AGAIN_MS;
	wants(b, "01 0b 20 07 00 60 00 60 00 00 00");
	hears(b, DISALLOWED("0b 20"));
	cr_assert_eq(hciscan_note(&b->scan, &status), HCISCAN_NOTE_NONE, "told once");
	stops(b);
}

Test(scan, does_not_take_anothers_scan_for_a_weakness_of_the_controller)
{
	struct bench *b = begin(&everything);
	uint8_t status;

	wants(b, READ_COMMANDS);
	hears(b, no_commands);
	wants(b, READ_FEATURES);
	hears(b, FEATURES_DUAL);
	wants(b, LE_READ_FEATURES);
	hears(b, LE_FEATURES_NONE);
	wants(b, READ_INQUIRY_MODE);
	hears(b, INQUIRY_MODE_2);
	wants(b, LE_PARAMETERS);
	hears(b, DISALLOWED("0b 20"));
	cr_assert_eq(hciscan_note(&b->scan, &status), HCISCAN_NOTE_LE_OTHER);
	wants(b, INQUIRY);
	hears(b, STATUS("00", "01 04"));
	b->now_ms += HCISCAN_AGAIN_MS;
	wants(b, LE_PARAMETERS);
	hears(b, DISALLOWED("0b 20"));
	cr_assert_eq(hciscan_note(&b->scan, &status), HCISCAN_NOTE_NONE);
	cr_assert(!b->scan.interleave);
}

Test(scan, resumes_after_another_program_has_scanned)
{
	struct bench *b = inquiring(&everything);

	others(b, LE_OFF); /* as the kernel does before a scan of its own */
	hears(b, OK("0c 20"));
	others(b, "01 0b 20 07 01 12 00 12 00 00 00");
	hears(b, OK("0b 20"));
	others(b, "01 0c 20 02 01 01");
	hears(b, OK("0c 20"));
	wants(b, INQUIRY_CANCEL); /* theirs is an active scan */
	hears(b, OK("02 04"));
	b->now_ms += HCISCAN_REINQUIRY_MS / 2;
	wants(b, NOTHING);
	others(b, LE_OFF);
	hears(b, OK("0c 20"));
	wants(b, NOTHING);
	b->now_ms += HCISCAN_RESUME_MS;
	wants(b, LE_PARAMETERS); /* theirs were other */
	hears(b, OK("0b 20"));
	wants(b, LE_ON);
	hears(b, OK("0c 20"));
	wants(b, NOTHING);
	b->now_ms += HCISCAN_REINQUIRY_MS;
	wants(b, INQUIRY);
}

Test(scan, goes_on_inquiring_while_others_scan_passively)
{
	static const char *const passive[] = { "01 0b 20 07 00 60 00 30 00 00 01",
		                               "01 41 20 08 00 00 01 00 60 00 30 00" };
	static const char *const on[] = { "01 0c 20 02 01 01", "01 42 20 06 01 01 00 00 00 00" };
	static const char *const ok[] = { OK("0b 20"), OK("41 20"), OK("0c 20"), OK("42 20") };
	static const char active[] = "01 41 20 08 00 00 01 01 60 00 30 00";
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct bench *b = inquiring(&everything);

		others(b, passive[i]);
		hears(b, ok[i]);
		others(b, on[i]);
		hears(b, ok[2 + i]);
		wants(b, NOTHING);
		hears(b, INQUIRY_COMPLETE);
		b->now_ms += HCISCAN_AGAIN_MS - 1; /* our scan is not tried yet */
		wants(b, NOTHING);
		b->now_ms += 1;
		wants(b, LE_PARAMETERS);
		hears(b, DISALLOWED("0b 20"));
		wants(b, INQUIRY);
		hears(b, STATUS("00", "01 04"));
		others(b, active);
		hears(b, ok[1]);
		wants(b, INQUIRY_CANCEL);
	}
}

Test(scan, does_not_end_a_scan_that_another_program_took_over)
{
	struct bench *b = scanning(&(struct hciscan_config){ .le = true, .classic = true, .inquiry_length = 8 });

	others(b, "01 0c 20 02 01 01");
	hears(b, OK("0c 20"));
	stops(b);
}

Test(scan, tells_its_own_answer_from_that_of_another_with_the_same_command)
{
	struct bench *b = begin(&everything);

	wants(b, READ_COMMANDS);
	hears(b, no_commands);
	wants(b, READ_FEATURES);
	others(b, READ_FEATURES);
	hears(b, FEATURES_DUAL);    /* the first answer is the first's */
	hears(b, FEATURES_CLASSIC); /* the second is not ours, and changes nothing */
	wants(b, LE_READ_FEATURES);
}

Test(scan, waits_for_the_end_of_anothers_inquiry)
{
	struct bench *b = scanning(&everything);

	others(b, "01 01 04 05 33 8b 9e 04 00");
	hears(b, STATUS("00", "01 04"));
	wants(b, LE_OFF); /* with some controllers the kernel waits for the end of every LE scan, then */
	hears(b, OK("0c 20"));
	wants(b, NOTHING);
	b->now_ms += 5120;
	hears(b, INQUIRY_COMPLETE);
	wants(b, LE_ON);
	hears(b, OK("0c 20"));
	wants(b, NOTHING);
	b->now_ms += HCISCAN_RESUME_MS;
	wants(b, INQUIRY);
	hears(b, STATUS("00", "01 04"));
	others(b, INQUIRY_CANCEL); /* and when another ends ours, it is ended */
	hears(b, OK("02 04"));
	b->now_ms += HCISCAN_RESUME_MS;
	wants(b, INQUIRY);
}

Test(scan, takes_turns_where_the_controller_cannot_do_both)
{
	struct bench *b = scanning(&everything);
	uint8_t status;

	wants(b, INQUIRY);
	hears(b, STATUS("0c", "01 04"));
	wants(b, LE_OFF);
	hears(b, OK("0c 20"));
	wants(b, INQUIRY);
	hears(b, STATUS("00", "01 04"));
	wants(b, NOTHING);
	cr_assert_eq(hciscan_note(&b->scan, &status), HCISCAN_NOTE_INTERLEAVED);
	b->now_ms += 10240;
	hears(b, INQUIRY_COMPLETE);
	wants(b, LE_ON);
	hears(b, OK("0c 20"));
	wants(b, NOTHING);
	b->now_ms += HCISCAN_REINQUIRY_MS;
	wants(b, LE_OFF);
	hears(b, OK("0c 20"));
	wants(b, INQUIRY);
}

Test(scan, does_not_take_turns_when_it_was_another_inquiry_that_was_in_the_way)
{
	struct bench *b = scanning(&everything);
	uint8_t status;

	wants(b, INQUIRY);
	hears(b, STATUS("0c", "01 04"));
	wants(b, LE_OFF);
	hears(b, OK("0c 20"));
	wants(b, INQUIRY);
	hears(b, STATUS("0c", "01 04")); /* of one that began before us */
	cr_assert_eq(hciscan_note(&b->scan, &status), HCISCAN_NOTE_INQUIRY_OTHER);
	wants(b, LE_ON);
	hears(b, OK("0c 20"));
	wants(b, NOTHING);
	b->now_ms += HCISCAN_AGAIN_MS;
	wants(b, INQUIRY);
}

Test(scan, asks_again_when_refused_for_another_reason_and_tells_why)
{
	struct bench *b = scanning(&everything);
	uint8_t status;

	wants(b, INQUIRY);
	hears(b, STATUS("11", "01 04")); /* unsupported feature */
	cr_assert_eq(hciscan_note(&b->scan, &status), HCISCAN_NOTE_INQUIRY_REFUSED);
	cr_assert_eq(status, 0x11);
	wants(b, NOTHING);
	b->now_ms += HCISCAN_AGAIN_MS;
	wants(b, INQUIRY);
}

/* 7.7.38: one response, PSRM 1, class 0x240404, clock offset 0x1234, RSSI -60 (0xc4), 240 octets of data. */
#define EIR_HEAD "04 2f ff 01 010203040506 01 00 040424 3412 c4 "
#define EIR_ZEROS_220                                                                                                  \
	"0000000000000000000000000000000000000000 0000000000000000000000000000000000000000"                            \
	"0000000000000000000000000000000000000000 0000000000000000000000000000000000000000"                            \
	"0000000000000000000000000000000000000000 0000000000000000000000000000000000000000"                            \
	"0000000000000000000000000000000000000000 0000000000000000000000000000000000000000"                            \
	"0000000000000000000000000000000000000000 0000000000000000000000000000000000000000"                            \
	"0000000000000000000000000000000000000000"

/* 7.1.19: the device's address and PSRM, reserved, its clock offset with bit 15. */
#define NAME_REQUEST "01 19 04 0a 010203040506 01 00 3492"

static struct bench *found_one(const char *result)
{
	struct bench *b = inquiring(&everything);

	hears(b, result);
	wants(b, NOTHING);
	b->now_ms += 10240;
	hears(b, INQUIRY_COMPLETE);
	return b;
}

/* 7.7.7 */
static void name_comes(struct bench *b, const char *status_and_address)
{
	uint8_t packet[3 + 255] = { 0x04, 0x07, 0xff };

	octets(status_and_address, packet + 3);
	memcpy(packet + 10, "lab-speaker", 11);
	hciscan_received(&b->scan, packet, sizeof packet, b->now_ms);
}

Test(names, asks_a_device_whose_response_has_no_name)
{
	struct bench *b = found_one(EIR_HEAD "020a04 00000000000000000000000000000000 00" EIR_ZEROS_220);

	cr_assert_eq(b->scan.counts.inquiry_results, 1);
	cr_assert_eq(b->scan.counts.malformed, 0);
	wants(b, NAME_REQUEST);
	hears(b, STATUS("00", "19 04"));
	b->now_ms += HCISCAN_REINQUIRY_MS;
	wants(b, NOTHING); /* no inquiry while it pages */
	name_comes(b, "00 010203040506");
	cr_assert_eq(b->scan.counts.names, 1);
	wants(b, INQUIRY);
	hears(b, STATUS("00", "01 04"));
	hears(b, EIR_HEAD "020a04 00000000000000000000000000000000 00" EIR_ZEROS_220);
	hears(b, INQUIRY_COMPLETE);
	wants(b, NOTHING); /* its name is known */
}

Test(names, asks_nobody_whose_response_has_the_complete_name)
{
	struct bench *b = found_one(EIR_HEAD "0c096c61622d737065616b6572 00000000000000" EIR_ZEROS_220);

	cr_assert_eq(b->scan.counts.malformed, 0);
	wants(b, NOTHING);
	cr_assert_eq(b->scan.counts.name_requests, 0);
}

Test(names, asks_a_device_with_a_shortened_name)
{
	struct bench *b = found_one(EIR_HEAD "0c086c61622d737065616b6572 00000000000000" EIR_ZEROS_220);

	wants(b, NAME_REQUEST);
}

Test(names, asks_nobody_when_told_not_to)
{
	struct hciscan_config c = everything;
	struct bench *b;

	c.names = false;
	b = inquiring(&c);
	hears(b, "04 22 0f 01 010203040506 01 00 040424 3412 c4");
	hears(b, INQUIRY_COMPLETE);
	wants(b, NOTHING);
	cr_assert_eq(b->scan.counts.inquiry_results, 1);
}

Test(names, understands_every_form_of_a_result)
{
	/* 7.7.33, two responses; the form of Bluetooth 1.1 controllers, one; 7.7.2, one. */
	static const char *const results[] = {
		"04 22 1d 02 0a0a0a0a0a0a 00 00 000000 0000 a0 010203040506 01 00 040424 3412 c4",
		"04 22 10 01 010203040506 01 00 00 040424 3412 c4",
		"04 02 0f 01 010203040506 01 00 00 040424 3412",
	};
	static const unsigned n[] = { 2, 1, 1 };
	unsigned i;

	for (i = 0; i < 3; i++) {
		struct bench *b = found_one(results[i]);

		cr_assert_eq(b->scan.counts.inquiry_results, n[i]);
		cr_assert_eq(b->scan.counts.malformed, 0);
		if (i == 0) { /* in the order of being heard */
			wants(b, "01 19 04 0a 0a0a0a0a0a0a 00 00 0080");
			hears(b, STATUS("00", "19 04"));
			name_comes(b, "04 0a0a0a0a0a0a"); /* page timeout */
		}
		wants(b, NAME_REQUEST);
	}
}

Test(names, leaves_a_silent_device_alone_for_a_minute_then_for_half_an_hour)
{
	struct bench *b = inquiring(&everything);
	unsigned i;

	for (i = 0; i < NAMES_TRIES; i++) {
		hears(b, "04 02 0f 01 010203040506 01 00 00 040424 3412");
		hears(b, INQUIRY_COMPLETE);
		wants(b, NAME_REQUEST);
		hears(b, STATUS("00", "19 04"));
		name_comes(b, "04 010203040506");
		wants(b, NOTHING);
		b->now_ms += NAMES_RETRY_MS;
		wants(b, INQUIRY);
		hears(b, STATUS("00", "01 04"));
	}
	hears(b, "04 02 0f 01 010203040506 01 00 00 040424 3412");
	hears(b, INQUIRY_COMPLETE);
	wants(b, NOTHING);
	b->now_ms += NAMES_REST_MS;
	wants(b, INQUIRY);
	hears(b, STATUS("00", "01 04"));
	hears(b, "04 02 0f 01 010203040506 01 00 00 040424 3412");
	hears(b, INQUIRY_COMPLETE);
	wants(b, NAME_REQUEST);
}

Test(names, are_asked_for_a_few_times_between_two_inquiries)
{
	struct bench *b = inquiring(&everything);
	char result[64], request[64], answer[32], status[] = STATUS("00", "19 04");
	unsigned i;

	for (i = 0; i < NAMES_PER_ROUND + 3; i++) {
		snprintf(result, sizeof result, "04 02 0f 01 %02x0203040506 01 00 00 040424 3412", i);
		hears(b, result);
	}
	hears(b, INQUIRY_COMPLETE);
	for (i = 0; i < NAMES_PER_ROUND; i++) {
		snprintf(request, sizeof request, "01 19 04 0a %02x0203040506 01 00 3492", i);
		snprintf(answer, sizeof answer, "00 %02x0203040506", i);
		wants(b, request);
		hears(b, status);
		name_comes(b, answer);
	}
	wants(b, NOTHING);
	cr_assert_eq(b->scan.counts.name_requests, NAMES_PER_ROUND);
}

Test(names, forget_the_device_not_heard_for_longest)
{
	static struct names n;
	uint8_t address[6] = { 0 };
	unsigned i;

	names_round(&n, 0);
	for (i = 0; i <= NAMES_MAX; i++) {
		address[0] = (uint8_t)i;
		address[1] = (uint8_t)(i >> 8);
		names_heard(&n, address, 0, 0, i != NAMES_MAX, i);
	}
	cr_assert_eq(n.evicted, 1);
	cr_assert_eq(names_next(&n, NAMES_MAX), &n.devices[0], "the last one took the place of the first");
	cr_assert_eq(n.devices[0].address[0], NAMES_MAX);
}

Test(names, request_is_cancelled_at_stop)
{
	struct bench *b = found_one("04 02 0f 01 010203040506 01 00 00 040424 3412");

	wants(b, NAME_REQUEST);
	hears(b, STATUS("00", "19 04"));
	hciscan_stop(&b->scan);
	wants(b, "01 1a 04 06 010203040506"); /* 7.1.20 */
	hears(b, "04 0e 0a 01 1a 04 00 010203040506");
	wants(b, LE_OFF);
	hears(b, OK("0c 20"));
	stops(b);
}

Test(names, request_that_never_ends_is_given_up)
{
	struct bench *b = found_one("04 02 0f 01 010203040506 01 00 00 040424 3412");

	wants(b, NAME_REQUEST);
	hears(b, STATUS("00", "19 04"));
	b->now_ms += HCISCAN_NAME_MS - 1;
	wants(b, NOTHING);
	b->now_ms += 1;
	wants(b, INQUIRY);
}

Test(scan, counts_le_reports)
{
	struct bench *b = scanning(&everything);

	/* 7.7.65.2: two reports, of 3 and 0 octets of data. */
	hears(b, "04 3e 19 02 02 00 00 010203040506 03 020106 c4 03 01 010203040506 00 c0");
	/* 7.7.65.13: one report with 2 octets. */
	hears(b, "04 3e 1c 0d 01 0000 01 010203040506 01 00 ff 7f c4 0000 00 000000000000 02 0109");
	cr_assert_eq(b->scan.counts.le_reports, 3);
	cr_assert_eq(b->scan.counts.malformed, 0);
	hears(b, "04 3e 0d 02 01 00 00 010203040506 09 0201"); /* says 9, has 2 */
	cr_assert_eq(b->scan.counts.le_reports, 3);
	cr_assert_eq(b->scan.counts.malformed, 1);
}

Test(scan, begins_anew_after_a_scan_timeout)
{
	struct bench *b = scanning(&(struct hciscan_config){ .le = true, .classic = true, .inquiry_length = 8 });

	wants(b, INQUIRY);
	hears(b, STATUS("00", "01 04"));
	hears(b, "04 3e 01 11"); /* 7.7.65.17 */
	wants(b, LE_ON);
}

Test(scan, begins_anew_when_another_program_resets_the_controller)
{
	struct bench *b = inquiring(&everything);
	uint8_t status;

	others(b, "01 03 0c 00"); /* 7.3.2 */
	hears(b, OK("03 0c"));
	cr_assert_eq(hciscan_note(&b->scan, &status), HCISCAN_NOTE_RESET);
	wants(b, NOTHING);
	b->now_ms += HCISCAN_RESUME_MS;
	wants(b, READ_COMMANDS);
	hciscan_stop(&b->scan);
	hears(b, no_commands);
	stops(b);
}

Test(scan, reset_before_the_first_command_is_no_news)
{
	struct bench *b = begin(&everything);
	uint8_t status;

	others(b, "01 03 0c 00");
	hears(b, OK("03 0c"));
	cr_assert_eq(hciscan_note(&b->scan, &status), HCISCAN_NOTE_NONE);
	wants(b, READ_COMMANDS);
}

Test(scan, says_what_the_controller_does_not_have)
{
	static const struct {
		const char *features;
		enum hciscan_note note;
	} rows[] = { { FEATURES_LE_ONLY, HCISCAN_NOTE_NO_CLASSIC }, { FEATURES_CLASSIC, HCISCAN_NOTE_NO_LE } };
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct bench *b = begin(&everything);
		uint8_t status;

		wants(b, READ_COMMANDS);
		hears(b, no_commands);
		wants(b, READ_FEATURES);
		hears(b, rows[i].features);
		cr_assert_eq(hciscan_note(&b->scan, &status), rows[i].note);
		cr_assert_eq(b->scan.fault, HCISCAN_OK);
	}
}

Test(scan, fails_when_there_is_nothing_to_scan_with)
{
	struct bench *b = begin(&(struct hciscan_config){ .le = true, .inquiry_length = 8 });

	wants(b, READ_COMMANDS);
	hears(b, no_commands);
	wants(b, READ_FEATURES);
	hears(b, FEATURES_CLASSIC);
	cr_assert_eq(b->scan.fault, HCISCAN_NO_RADIO);
	wants(b, NOTHING);
}

Test(scan, fails_when_features_cannot_be_read)
{
	struct bench *b = begin(&everything);

	wants(b, READ_COMMANDS);
	hears(b, "04 0e 04 01 02 10 01"); /* unknown command: an old controller */
	wants(b, READ_FEATURES);
	hears(b, "04 0e 04 01 03 10 03"); /* hardware failure */
	cr_assert_eq(b->scan.fault, HCISCAN_UNREADABLE);
	cr_assert_eq(b->scan.fault_status, 3);
}

Test(scan, fails_when_the_controller_is_silent)
{
	struct bench *b = begin(&everything);
	unsigned i;

	for (i = 0; i < HCISCAN_UNANSWERED_MAX; i++) {
		wants(b, READ_COMMANDS);
		b->now_ms += HCISCAN_ANSWER_MS - 1;
		wants(b, NOTHING);
		b->now_ms += 1;
	}
	wants(b, NOTHING);
	cr_assert_eq(b->scan.fault, HCISCAN_SILENT);
	cr_assert_eq(b->scan.counts.unanswered, 3);
	hciscan_stop(&b->scan);
	cr_assert(hciscan_stopped(&b->scan), "nothing can be put back");
}

Test(scan, forgets_the_oldest_of_too_many_commands_under_way)
{
	struct bench *b = scanning(&everything);
	unsigned i;

	for (i = 0; i < HCISCAN_OUTSTANDING_MAX + 2; i++)
		others(b, "01 05 10 00");
	cr_assert_eq(b->scan.counts.pushed_out, 2);
	cr_assert_eq(b->scan.n_outstanding, HCISCAN_OUTSTANDING_MAX);
}

Test(scan, has_a_text_for_every_note_and_fault)
{
	enum hciscan_note n;
	enum hciscan_fault f;

	for (n = 1; n < HCISCAN_NOTES; n++)
		cr_assert_gt(strlen(hciscan_note_text(n)), 10);
	for (f = HCISCAN_SILENT; f <= HCISCAN_UNREADABLE; f++)
		cr_assert_gt(strlen(hciscan_fault_text(f)), 10);
}

/* --- Options. */

Test(options, have_the_defaults_of_the_manual)
{
	struct hciscan_config c;
	char msg[AERIECAP_MSG_MAX] = "";

	cr_assert_eq(options_parse("hci0:name=x", &c, msg), 0);
	cr_assert(c.classic && c.le && c.names && !c.active);
	cr_assert_eq(c.inquiry_length, 8);
	cr_assert_eq(options_parse("hci0", &c, msg), 0);
}

Test(options, are_taken)
{
	struct hciscan_config c;
	char msg[AERIECAP_MSG_MAX] = "";

	cr_assert_eq(options_parse("hci0:classic=false,active=true,names=F,inquiry_length=48", &c, msg), 0);
	cr_assert(!c.classic && c.le && c.active && !c.names);
	cr_assert_eq(c.inquiry_length, 48);
}

Test(options, that_make_no_sense_are_refused_with_the_reason)
{
	static const struct {
		const char *definition, *named;
	} rows[] = {
		{ "hci0:classic=yes", "classic=yes" },
		{ "hci0:inquiry_length=0", "1 to 48" },
		{ "hci0:inquiry_length=49", "1 to 48" },
		{ "hci0:inquiry_length=4x", "4x" },
		{ "hci0:inquiry_length=-1", "-1" },
		{ "hci0:classic=false,le=false", "nothing to scan" },
		{ "hci0:le=false,active=true", "active=true" },
		{ "hci0:le=\"true", "quoted" },
	};
	unsigned i;

	for (i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct hciscan_config c = { .inquiry_length = 77 };
		char msg[AERIECAP_MSG_MAX] = "";

		cr_assert_eq(options_parse(rows[i].definition, &c, msg), -1, "%s", rows[i].definition);
		cr_assert(strstr(msg, rows[i].named), "%s: %s", rows[i].definition, msg);
		cr_assert_eq(c.inquiry_length, 77, "untouched");
	}
}

Test(options, uuid_is_of_the_controller_unless_given)
{
	static const unsigned char address[6] = { 0x00, 0xAA, 0x01, 0x00, 0x00, 0x42 };
	char uuid[AERIECAP_UUID_ROOM], msg[AERIECAP_MSG_MAX] = "";

	/* Adler's sums from 0 (aeriecap.h) over "kismet_cap_linux_bluetooth", computed by three lines of Python. */
	cr_assert_eq(options_uuid("hci0", address, uuid, msg), 0);
	cr_assert_str_eq(uuid, "91DD0AE4-0000-0000-0000-00AA01000042");
	cr_assert_eq(options_uuid("hci0:uuid=0123abcd-0000-0000-0000-00AA01000042", address, uuid, msg), 0);
	cr_assert_str_eq(uuid, "0123abcd-0000-0000-0000-00AA01000042");
	cr_assert_eq(options_uuid("hci0:uuid=0123abcd", address, uuid, msg), -1);
}
