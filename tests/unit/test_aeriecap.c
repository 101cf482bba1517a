/* SPDX-License-Identifier: MIT */
/* libaeriecap from inside a program: what a host sees is read from a pipe. Octets expected are put together by hand
 * from the tables of the protocol and the msgpack specification. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aeriecap.h"

static const struct aeriecap_packet some_packet = {
	.content = "\xd4\x00\xff", .caplen = 3, .origlen = 70000, .dlt = 105, .ts_sec = 0x61626364, .ts_usec = 999999
};

/* --- Definitions. */

Test(aeriecap, adler_equals_the_known_check_value)
{
	cr_assert_eq(aeriecap_adler("IEEE802.11", 10), 0x0D770242u);
	cr_assert_eq(aeriecap_adler("abc", 3), 0u); /* less than four octets */
	cr_assert_eq(aeriecap_adler("\xff\xff\xff\xff", 4), 0x03fcu + (0x9f6u << 16)); /* 4 * 255, 10 * 255 */
}

Test(aeriecap, options_are_found_whatever_their_case_and_quotes)
{
	const char *definition = "wlan0:name=\"a, b=c\",Channel=6,empty=,last=x", *value, *interface;

	cr_assert_eq(aeriecap_parse_interface(definition, &interface), 5);
	cr_assert_eq(memcmp(interface, "wlan0", 5), 0);
	cr_assert_eq(aeriecap_find_option(definition, "name", &value), 6);
	cr_assert_eq(memcmp(value, "a, b=c", 6), 0);
	cr_assert_eq(aeriecap_find_option(definition, "channel", &value), 1);
	cr_assert_eq(*value, '6');
	cr_assert_eq(aeriecap_find_option(definition, "empty", &value), 0);
	cr_assert_eq(aeriecap_find_option(definition, "last", &value), 1);
	cr_assert_eq(*value, 'x');
	cr_assert_eq(aeriecap_find_option(definition, "b", &value), 0); /* within a quoted value */
	cr_assert_eq(aeriecap_find_option(definition, "chan", &value), 0);
	cr_assert_eq(aeriecap_find_option("wlan0", "name", &value), 0);
	definition = "wlan0:Channels=1,6HT40+,11,add_channels=13,block_channels=1,2";
	cr_assert_eq(aeriecap_find_option(definition, "channels", &value), 11, "as in the host");
	cr_assert_eq(memcmp(value, "1,6HT40+,11", 11), 0);
	cr_assert_eq(aeriecap_find_option(definition, "add_channels", &value), 2);
	cr_assert_eq(aeriecap_find_option(definition, "block_channels", &value), 3);
}

Test(aeriecap, malformed_options_are_refused)
{
	const char *value;

	cr_assert_eq(aeriecap_find_option("x:name", "other", &value), -1);
	cr_assert_eq(aeriecap_find_option("x:name=\"a", "name", &value), -1);
	cr_assert_eq(aeriecap_find_option("x:name=\"a\"b,c=d", "c", &value), -1);
	cr_assert_eq(aeriecap_find_option("x:,", "c", &value), -1);
	cr_assert_eq(aeriecap_find_option("x:name=a,b", "name", &value), 1);
	cr_assert_eq(aeriecap_find_option("x:name=a,b", "c", &value), -1);
	cr_assert_eq(aeriecap_find_option("x:channels=1,,6", "c", &value), -1);
}

Test(aeriecap, values_of_options_are_taken_and_others_stay)
{
	static const char definition[] = "w0:Text=\"a, b\",on=T,off=False,n=65535,empty=,UUID=0123abcd-0000-0000-0000-00AA01000042";
	char text[5] = "keep", uuid[AERIECAP_UUID_ROOM] = "keep", msg[AERIECAP_MSG_MAX] = "";
	uint32_t n = 7;
	int on = 5;

	cr_expect_eq(aeriecap_option_text(definition, "nothing", text, sizeof text, msg), 0);
	cr_expect_eq(aeriecap_option_text(definition, "empty", text, sizeof text, msg), 0);
	cr_expect_eq(aeriecap_option_flag(definition, "nothing", &on, msg), 0);
	cr_expect_eq(aeriecap_option_number(definition, "nothing", 1, 9, "a number", &n, msg), 0);
	cr_expect_eq(aeriecap_option_uuid("w0", uuid, msg), 0);
	cr_expect(!strcmp(text, "keep") && !strcmp(uuid, "keep") && n == 7 && on == 5, "untouched");
	cr_expect_eq(aeriecap_option_text(definition, "text", text, sizeof text, msg), 1, "4 octets fit in 5");
	cr_expect_str_eq(text, "a, b");
	cr_expect_eq(aeriecap_option_flag(definition, "on", &on, msg), 1);
	cr_expect_eq(on, 1);
	cr_expect_eq(aeriecap_option_flag(definition, "off", &on, msg), 1);
	cr_expect_eq(on, 0);
	cr_expect_eq(aeriecap_option_number(definition, "n", 1, 65535, "a UDP port", &n, msg), 1);
	cr_expect_eq(n, 65535u);
	cr_expect_eq(aeriecap_option_number("w0:n=0xAf", "n", 1, 65535, "a UDP port", &n, msg), 1, "as the host reads numbers");
	cr_expect_eq(n, 175u);
	cr_expect_eq(aeriecap_option_number("w0:n=010", "n", 1, 65535, "a UDP port", &n, msg), 1);
	cr_expect_eq(n, 10u, "never octal");
	cr_expect_eq(aeriecap_option_uuid(definition, uuid, msg), 1);
	cr_expect_str_eq(uuid, "0123abcd-0000-0000-0000-00AA01000042");
	cr_expect_str_eq(msg, "");
}

Test(aeriecap, wrong_values_of_options_are_told_in_a_sentence_and_touch_nothing)
{
	static const struct {
		const char *definition, *told;
		enum { TEXT, FLAG, NUMBER, UUID } kind;
	} cases[] = {
		{ "w0:x=abcde", "the value of x is too long: it may have 4 octets", TEXT },
		{ "w0:x=\"abc", "the options of 'w0:x=\"abc' are not option=value[,option=\"quoted\"...]", TEXT },
		{ "w0:y", "the options of 'w0:y' are not option=value[,option=\"quoted\"...]", FLAG },
		{ "w0:x=yes", "x=yes is neither true nor false", FLAG },
		{ "w0:x=truely", "x=truely is neither true nor false", FLAG },
		{ "w0:x=0", "x=0 is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=65536", "x=65536 is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=-1", "x=-1 is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=+1", "x=+1 is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=\" 1\"", "x= 1 is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=0x", "x=0x is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=0x-5", "x=0x-5 is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=0x10000", "x=0x10000 is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=1f", "x=1f is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=1 ", "x=1  is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=18446744073709551617", "x=18446744073709551617 is not a UDP port from 1 to 65535", NUMBER },
		{ "w0:x=000000000000000000000001", "the value of x is too long: it may have 23 octets", NUMBER },
		{ "w0:uuid=1234", "uuid=1234 is not a UUID (8-4-4-4-12 hexadecimal digits)", UUID },
		{ "w0:uuid=0123abcd-0000-0000-0000-00AA0100004g", "uuid=0123abcd-0000-0000-0000-00AA0100004g is not a UUID "
		  "(8-4-4-4-12 hexadecimal digits)", UUID },
		{ "w0:uuid=0123abcd+0000-0000-0000-00AA01000042", "uuid=0123abcd+0000-0000-0000-00AA01000042 is not a UUID "
		  "(8-4-4-4-12 hexadecimal digits)", UUID },
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[5] = "keep", uuid[AERIECAP_UUID_ROOM] = "keep", msg[AERIECAP_MSG_MAX] = "";
		const char *definition = cases[i].definition;
		uint32_t n = 7;
		int on = 5;
		int r = cases[i].kind == TEXT   ? aeriecap_option_text(definition, "x", text, sizeof text, msg) :
			cases[i].kind == FLAG   ? aeriecap_option_flag(definition, "x", &on, msg) :
			cases[i].kind == NUMBER ? aeriecap_option_number(definition, "x", 1, 65535, "a UDP port", &n, msg) :
						  aeriecap_option_uuid(definition, uuid, msg);

		cr_expect_eq(r, -1, "%s", definition);
		cr_expect_str_eq(msg, cases[i].told, "%s: %s", definition, msg);
		cr_expect(!strcmp(text, "keep") && !strcmp(uuid, "keep") && n == 7 && on == 5, "%s: untouched", definition);
	}
}

/* --- Frames. */

Test(aeriecap, packet_with_all_blocks_is_golden)
{
	static const struct aeriecap_signal signal = {
		.signal_dbm = -42, .noise_dbm = -95, .signal_rssi = 7, .noise_rssi = 8, .freq_khz = 2437000,
		.datarate = 10, .channel = "6"
	};
	static const struct aeriecap_gps gps = {
		.lat = 1.5, .lon = -2.0, .alt = 3.0f, .speed = 0.5f, .heading = 90.0f, .precision = 2.0f, .fix = 3,
		.ts_sec = 5, .ts_usec = 6, .type = "t", .name = "n", .uuid = "u"
	};
	static const uint8_t expected[] = {
		0x83,
		0x01, 0x8c, 0x01, 0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x02, 0xcb, 0xc0, 0, 0, 0, 0, 0, 0, 0,
		0x03, 0xca, 0x40, 0x40, 0, 0, 0x04, 0xcc, 3, 0x05, 0xca, 0x3f, 0, 0, 0, 0x06, 0xca, 0x42, 0xb4, 0, 0,
		0x07, 0xca, 0x40, 0, 0, 0, 0x08, 0xcf, 0, 0, 0, 0, 0, 0, 0, 5, 0x09, 0xce, 0, 0, 0, 6,
		0x0a, 0xa1, 't', 0x0b, 0xa1, 'n', 0x0c, 0xa1, 'u',
		0x02, 0x87, 0x01, 0xce, 0xff, 0xff, 0xff, 0xd6, 0x02, 0xce, 0xff, 0xff, 0xff, 0xa1,
		0x03, 0xce, 0, 0, 0, 7, 0x04, 0xce, 0, 0, 0, 8, 0x05, 0xcf, 0, 0, 0, 0, 0, 0x25, 0x2f, 0x88,
		0x06, 0xcf, 0, 0, 0, 0, 0, 0, 0, 10, 0x07, 0xa1, '6',
		0x04, 0x85, 0x01, 0xce, 0, 0, 0, 105, 0x02, 0xcf, 0, 0, 0, 0, 0x61, 0x62, 0x63, 0x64,
		0x03, 0xce, 0, 0x0f, 0x42, 0x3f, 0x04, 0xce, 0, 1, 0x11, 0x70, 0x06, 0xc4, 3, 0xd4, 0, 0xff
	};
	struct host h = start();
	struct aeriecap_packet packet = some_packet;
	struct aeriecap_batch *batch = aeriecap_batch_new(h.cap, 0);
	static struct frame f;
	int i;

	packet.signal = &signal;
	packet.gps = &gps;
	cr_assert_eq(aeriecap_send_packet(h.cap, &packet), 1);
	cr_assert_eq(aeriecap_batch_add(batch, &packet), 1);
	cr_assert_eq(aeriecap_batch_send(batch), 1);
	for (i = 0; i < 2; i++) {
		read_frame(&h, &f);
		cr_assert_eq(f.command, 16);
		cr_assert_eq(f.code, 0);
		cr_assert_eq(f.seqno, 2u + (unsigned)i);
		cr_assert_eq(f.len, sizeof expected);
		cr_assert_arr_eq(f.body, expected, sizeof expected);
	}
	aeriecap_batch_free(batch);
	finish(&h);
}

/* The fast path writes a frame of its own; it must be the one that msgpack-c makes. Lengths around its forms. */
Test(aeriecap, batch_and_single_packets_have_the_same_octets)
{
	static const uint32_t lengths[] = { 0, 1, 255, 256, 257, 15999, 16000, 16001, 40000 };
	static uint8_t content[40000];
	static struct frame one, other;
	struct host h = start();
	struct aeriecap_batch *batch = aeriecap_batch_new(h.cap, 0);
	size_t i;

	for (i = 0; i < sizeof content; i++)
		content[i] = (uint8_t)(i * 7);
	for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct aeriecap_packet packet = some_packet;

		packet.content = content;
		packet.caplen = lengths[i];
		cr_assert_eq(aeriecap_send_packet(h.cap, &packet), 1);
		read_frame(&h, &one);
		if (lengths[i] == 16001) { /* the first that is cut is told, after it */
			read_frame(&h, &other);
			cr_assert_eq(other.command, 5);
		}
		cr_assert_eq(aeriecap_batch_add(batch, &packet), 1);
		cr_assert_eq(aeriecap_batch_send(batch), 1);
		read_frame(&h, &other);
		cr_assert_eq(one.len, other.len);
		cr_assert_eq(memcmp(one.body, other.body, one.len), 0);
	}
	aeriecap_batch_free(batch);
	finish(&h);
}

Test(aeriecap, longest_packet_with_all_blocks_fits_a_frame)
{
	char text[300];
	struct aeriecap_signal signal = { -1, -1, 1, 1, 1, 1, text };
	struct aeriecap_gps gps = { .type = text, .name = text, .uuid = text };
	static uint8_t content[65535];
	static struct frame f;
	struct host h = start();
	struct aeriecap_packet packet = some_packet;

	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = 0;
	packet.content = content;
	packet.caplen = sizeof content;
	packet.signal = &signal;
	packet.gps = &gps;
	cr_assert_eq(aeriecap_send_packet(h.cap, &packet), 1);
	read_frame(&h, &f); /* asserts on its length */
	cr_assert_gt(f.len, 16000);
	finish(&h);
}

Test(aeriecap, json_report_is_golden)
{
	static const uint8_t expected[] = {0x81, 5, 0x84, 1, 0xa6, 'R', 'T',  'L', '4', '3', '3', 2, 0xcf, 0,   0,  0,
					   0,    0, 0,    0, 9,    3,   0xce, 0,   0,   0,   8,   4, 0xa2, '{', '}'};
	static char longer[20000];
	static struct frame f;
	struct host h = start();

	cr_assert_eq(aeriecap_send_json(h.cap, "RTL433", 9, 8, "{}"), 1);
	read_frame(&h, &f);
	cr_assert_eq(f.len, sizeof expected);
	cr_assert_arr_eq(f.body, expected, sizeof expected);
	memset(longer, ' ', sizeof longer - 1);
	cr_assert_eq(aeriecap_send_json(h.cap, "RTL433", 9, 8, longer), -1);
	finish(&h);
}

/* --fixed-gps is told with sensors' reports as with packets: {1: {1: 1.5, 2: -2.0, ...}, 5: ...} */
Test(aeriecap, json_report_has_the_fixed_location)
{
	static const uint8_t begins[] = {0x82, 1,    0x89, 1, 0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0,    0, 2, 0xcb,
					 0xc0, 0,    0,    0, 0,    0,    0,    0, 3, 0xca, 0x42, 0x08, 0, 0, 4,
					 0xcc, 3};
	static struct frame f;
	struct host h = start();

	h.cap->have_fixed_gps = true;
	h.cap->fixed_gps = (struct aeriecap_gps){.lat = 1.5, .lon = -2, .alt = 34, .fix = 3};
	cr_assert_eq(aeriecap_send_json(h.cap, "RTL433", 9, 8, "{}"), 1);
	read_frame(&h, &f);
	cr_assert_gt(f.len, sizeof begins);
	cr_assert_arr_eq(f.body, begins, sizeof begins);
	finish(&h);
}

Test(aeriecap, message_error_and_ping_are_golden)
{
	static const uint8_t message[] = {0x82, 1, 0xcc, 4, 2, 0xa4, 'o', 'h', ' ', '1'},
			     error[] = {0x81, 1, 0xa3, 'b', 'a', 'd'};
	static struct frame f;
	struct host h = start();

	cr_assert_eq(aeriecap_send_message(h.cap, AERIECAP_ERROR, "oh %d", 1), 1);
	cr_assert_eq(aeriecap_send_error(h.cap, 77, "bad"), 1);
	cr_assert_eq(aeriecap_send_ping(h.cap), 1);
	read_frame(&h, &f);
	cr_assert(f.command == 5 && f.code == 0 && f.seqno == 2 && f.len == sizeof message);
	cr_assert_arr_eq(f.body, message, sizeof message);
	read_frame(&h, &f);
	cr_assert(f.command == 6 && f.code == 1 && f.seqno == 77 && f.len == sizeof error);
	cr_assert_arr_eq(f.body, error, sizeof error);
	read_frame(&h, &f);
	cr_assert(f.command == 2 && f.code == 0 && f.seqno == 3 && f.len == 0);
	finish(&h);
}

Test(aeriecap, long_message_is_cut_between_characters)
{
	static char text[3000];
	static struct frame f;
	struct host h = start();
	size_t i;

	for (i = 0; i + 2 < sizeof text; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	cr_assert_eq(aeriecap_send_message(h.cap, AERIECAP_INFO, "%s", text), 1);
	read_frame(&h, &f);
	cr_assert_eq(f.len % 2, 0u); /* 82 01 cc 02 02 da LL LL: 8 octets, then whole characters */
	finish(&h);
}

/* --- Sequence numbers. */

Test(aeriecap, sequence_numbers_pass_over_zero)
{
	static struct frame f;
	static const uint32_t expected[] = { UINT32_MAX - 1, UINT32_MAX, 1, 2, 3 };
	struct host h = start();
	struct aeriecap_batch *batch = aeriecap_batch_new(h.cap, 0);
	int i;

	h.cap->out.seqno = UINT32_MAX - 2;
	for (i = 0; i < 4; i++)
		cr_assert_eq(aeriecap_batch_add(batch, &some_packet), 1);
	cr_assert_eq(aeriecap_batch_send(batch), 1);
	cr_assert_eq(aeriecap_send_packet(h.cap, &some_packet), 1);
	for (i = 0; i < 5; i++) {
		read_frame(&h, &f);
		cr_assert_eq(f.seqno, expected[i]);
	}
	aeriecap_batch_free(batch);
	finish(&h);
}

Test(aeriecap, numbers_taken_while_a_batch_is_filled_are_not_used_twice)
{
	static const unsigned commands[] = { 5, 16, 16, 16 };
	static struct frame f;
	struct host h = start();
	struct aeriecap_batch *batch = aeriecap_batch_new(h.cap, 0);
	int i;

	for (i = 0; i < 2; i++)
		cr_assert_eq(aeriecap_batch_add(batch, &some_packet), 1);
	cr_assert_eq(aeriecap_send_message(h.cap, AERIECAP_INFO, "in between"), 1);
	cr_assert_eq(aeriecap_batch_add(batch, &some_packet), 1);
	cr_assert_eq(aeriecap_batch_send(batch), 1);
	for (i = 0; i < 4; i++) {
		read_frame(&h, &f);
		cr_assert_eq(f.command, commands[i]);
		cr_assert_eq(f.seqno, 2u + (unsigned)i);
	}
	aeriecap_batch_free(batch);
	finish(&h);
}

/* --- Back-pressure. */

Test(aeriecap, single_packets_are_refused_when_the_ring_is_full_but_messages_are_not)
{
	static uint8_t content[10000];
	static struct frame f;
	struct host h = start();
	struct aeriecap_packet packet = some_packet;
	unsigned long sent = 0, got = 0;
	int r;

	packet.content = content;
	packet.caplen = sizeof content;
	while ((r = aeriecap_send_packet(h.cap, &packet)) == 1)
		sent++;
	cr_assert_eq(r, 0);
	cr_assert_gt(sent, 400); /* 4 MiB of ring */
	cr_assert_eq(aeriecap_send_message(h.cap, AERIECAP_INFO, "still"), 1);
	do {
		int cancel;

		read_frame(&h, &f);
		got += f.command == 16;
		out_lock(h.cap, &cancel);
		out_flush(h.cap);
		out_unlock(h.cap, cancel);
	} while (f.command == 16);
	cr_assert_eq(got, sent); /* nothing is lost or overtaken */
	cr_assert_eq(f.command, 5);
	cr_assert_eq(aeriecap_send_packet(h.cap, &packet), 1);
	finish(&h);
}

Test(aeriecap, batch_that_is_sent_in_part_keeps_frames_whole)
{
	static uint8_t content[1003];
	static struct frame f;
	struct host h = start();
	struct aeriecap_packet packet = some_packet;
	struct aeriecap_batch *batch = aeriecap_batch_new(h.cap, 300000);
	unsigned n = 0, i;

	packet.content = content;
	packet.caplen = sizeof content;
	for (; aeriecap_batch_add(batch, &packet) == 1; n++)
		content[0]++;
	cr_assert_gt(n, 250);
	cr_assert_eq(aeriecap_batch_send(batch), 0); /* a pipe takes 64 KiB */
	cr_assert_eq(aeriecap_batch_add(batch, &packet), 0); /* not before it is sent */
	cr_assert_eq(aeriecap_send_message(h.cap, AERIECAP_INFO, "in between"), 1); /* must not end up within a frame */
	for (i = 0; i < n + 1; i++) {
		read_frame(&h, &f);
		if (f.command == 16)
			cr_assert_eq(aeriecap_batch_send(batch) >= 0, true);
	}
	cr_assert_eq(aeriecap_batch_send(batch), 1);
	cr_assert_eq(aeriecap_batch_pending(batch), 0u);
	aeriecap_batch_free(batch);
	finish(&h);
}

/* --- The loop. */

static int list_many(struct aeriecap *cap, uint32_t seqno, struct aeriecap_list *list, char *msg)
{
	char name[32];
	int i;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "interface-number-%04d", i);
		cr_assert_eq(aeriecap_list_add(list, name, "a=b", "hardware of some kind"), 0);
	}
	return i;
}

static int list_two(struct aeriecap *cap, uint32_t seqno, struct aeriecap_list *list, char *msg)
{
	cr_assert_eq(seqno, 9u);
	aeriecap_list_add(list, "wlan0", NULL, "ath9k");
	aeriecap_list_add(list, "w1", "vif=x", NULL);
	return 2;
}

static int list_failing(struct aeriecap *cap, uint32_t seqno, struct aeriecap_list *list, char *msg)
{
	strcpy(msg, "no permission");
	return -1;
}

Test(aeriecap, list_report_is_golden)
{
	static const uint8_t expected[] = {
		0x83, 1, 0xce, 0, 0, 0, 9, 4, 0xa9, '1', '.', '2', '.', '3', '-', 'a', 'b', 'c', 2, 0x92,
		0x82, 1, 0xa5, 'w', 'l', 'a', 'n', '0', 3, 0xa5, 'a', 't', 'h', '9', 'k',
		0x82, 1, 0xa2, 'w', '1', 2, 0xa5, 'v', 'i', 'f', '=', 'x'
	};
	static struct frame f;
	struct host h = start();

	aeriecap_on_list(h.cap, list_two);
	request(&h, 14, 9, NULL, 0);
	cr_assert_eq(aeriecap_loop(h.cap), 0);
	read_frame(&h, &f);
	cr_assert(f.command == 15 && f.code == 0 && f.seqno == 2 && f.len == sizeof expected);
	cr_assert_arr_eq(f.body, expected, sizeof expected);
	finish(&h);
}

Test(aeriecap, list_that_does_not_fit_is_cut_and_says_so)
{
	static struct frame f;
	struct host h = start();

	aeriecap_on_list(h.cap, list_many);
	request(&h, 14, 9, NULL, 0);
	cr_assert_eq(aeriecap_loop(h.cap), 0);
	read_frame(&h, &f);
	cr_assert_eq(f.command, 15);
	cr_assert(contains(&f, "interface-number-0200"));
	cr_assert(contains(&f, " of 1000 interfaces fit in the report"));
	finish(&h);
}

Test(aeriecap, failed_list_is_an_error_with_the_request_number)
{
	static struct frame f;
	struct host h = start();

	aeriecap_on_list(h.cap, list_failing);
	request(&h, 14, 9, NULL, 0);
	cr_assert_eq(aeriecap_loop(h.cap), 0);
	read_frame(&h, &f);
	cr_assert(f.command == 6 && f.code == 1 && f.seqno == 9);
	cr_assert(contains(&f, "no permission"));
	finish(&h);
}

static int open_radio(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info,
		      char *msg)
{
	cr_assert_str_eq(definition, "w0");
	aeriecap_info_set_uuid(info, "U");
	aeriecap_info_set_capif(info, "w0mon");
	aeriecap_info_set_hardware(info, "hw");
	aeriecap_info_set_channel(info, "6");
	aeriecap_info_add_channel(info, "1");
	aeriecap_info_add_channel(info, "6HT40+");
	aeriecap_info_set_dlt(info, 127);
	strcpy(msg, "ok");
	return 0;
}

static int probe_radio(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info,
		       char *msg)
{
	open_radio(cap, seqno, definition, info, msg);
	return 1;
}

static int capture_failing(struct aeriecap *cap, char *msg)
{
	aeriecap_send_packet(cap, &some_packet);
	strcpy(msg, "the radio went away");
	return -1;
}

static const uint8_t definition_w0[] = { 0x81, 1, 0xa2, 'w', '0' };

Test(aeriecap, probe_report_is_golden)
{
	static const uint8_t expected[] = {
		0x83, 1, 0xce, 0, 0, 0, 8, 2, 0x84, 4, 0xa5, 'w', '0', 'm', 'o', 'n', 3, 0xa2, 'h', 'w', 5, 0xa1, '6',
		6, 0x92, 0xa1, '1', 0xa6, '6', 'H', 'T', '4', '0', '+', 3, 0xa2, 'o', 'k'
	};
	static struct frame f;
	struct host h = start();

	aeriecap_on_probe(h.cap, probe_radio);
	request(&h, 10, 8, definition_w0, sizeof definition_w0);
	cr_assert_eq(aeriecap_loop(h.cap), 0);
	read_frame(&h, &f);
	cr_assert(f.command == 11 && f.code == 1 && f.seqno == 8 && f.len == sizeof expected);
	cr_assert_arr_eq(f.body, expected, sizeof expected);
	finish(&h);
}

Test(aeriecap, open_report_is_golden_and_a_failed_capture_is_an_error)
{
	static const uint8_t expected[] = {
		0x89, 1, 0xce, 0, 0, 0, 7, 2, 0xce, 0, 0, 0, 127, 3, 0xa5, 'w', '0', 'm', 'o', 'n',
		4, 0x92, 0xa1, '1', 0xa6, '6', 'H', 'T', '4', '0', '+', 5, 0xa1, '6', 7, 0xa2, 'h', 'w', 8, 0xa1, 'U',
		9, 0xa2, 'o', 'k', 10, 0xa9, '1', '.', '2', '.', '3', '-', 'a', 'b', 'c'
	};
	static struct frame f;
	struct host h = start();

	aeriecap_on_open(h.cap, open_radio);
	aeriecap_on_capture(h.cap, capture_failing);
	request(&h, 12, 7, definition_w0, sizeof definition_w0);
	cr_assert_eq(aeriecap_loop(h.cap), 1);
	read_frame(&h, &f);
	cr_assert(f.command == 13 && f.code == 1 && f.seqno == 7 && f.len == sizeof expected);
	cr_assert_arr_eq(f.body, expected, sizeof expected);
	read_frame(&h, &f);
	cr_assert_eq(f.command, 16);
	read_frame(&h, &f);
	cr_assert(f.command == 6 && f.code == 1 && f.seqno == 0);
	cr_assert(contains(&f, "the radio went away"));
	finish(&h);
}

Test(aeriecap, program_without_probe_or_open_says_no)
{
	static struct frame f;
	struct host h = start();

	request(&h, 10, 8, definition_w0, sizeof definition_w0);
	cr_assert_eq(aeriecap_loop(h.cap), 0);
	read_frame(&h, &f);
	cr_assert(f.command == 11 && f.code == 0 && f.seqno == 8);
	finish(&h);
	h = start();
	request(&h, 12, 8, definition_w0, sizeof definition_w0);
	cr_assert_eq(aeriecap_loop(h.cap), 1);
	read_frame(&h, &f);
	cr_assert(f.command == 13 && f.code == 0 && contains(&f, "cannot open sources"));
	finish(&h);
}

Test(aeriecap, silent_host_is_given_up_and_a_pinging_one_is_not)
{
	static struct frame f;
	struct host h = start();
	uint64_t began = now_ms();

	aeriecap_set_ping_timeout(h.cap, 50);
	cr_assert_eq(aeriecap_loop(h.cap), 1);
	cr_assert_geq(now_ms() - began, 50u);
	finish(&h);

	h = start(); /* the time is up for this one at once, but what has come is read before that counts */
	aeriecap_set_ping_timeout(h.cap, 0);
	request(&h, 2, 5, NULL, 0);
	close(h.to);
	h.to = -1;
	cr_assert_eq(aeriecap_loop(h.cap), 0);
	read_frame(&h, &f);
	cr_assert(f.command == 3 && f.seqno == 5);
	finish(&h);
}

/* What capture threads do for ever until they are told to end. */
static int capture_sleeping(struct aeriecap *cap, char *msg)
{
	cr_assert_eq(aeriecap_sleep(cap, UINT64_C(3600000000)), -1);
	return 0;
}

static int capture_flooding(struct aeriecap *cap, char *msg)
{
	struct aeriecap_batch *batch = aeriecap_batch_new(cap, 100000);
	int r = 1;

	while (r > 0)
		if (aeriecap_batch_add(batch, &some_packet) == 0)
			r = aeriecap_batch_flush(batch);
	aeriecap_batch_free(batch);
	cr_assert_eq(r, -1);
	return 0;
}

static int capture_single(struct aeriecap *cap, char *msg)
{
	int r = 1;

	while (r >= 0) {
		r = aeriecap_send_packet(cap, &some_packet);
		if (r == 0)
			r = aeriecap_wait(cap);
	}
	return 0;
}

static void *run_loop(void *data)
{
	struct host *h = data;

	return (void *)(intptr_t)aeriecap_loop(h->cap);
}

static void close_while(aeriecap_capture_fn *capture, unsigned packets)
{
	static struct frame f;
	struct host h = start();
	pthread_t thread;
	void *status;
	uint32_t seqno = 1;
	bool pong = false;

	aeriecap_on_open(h.cap, open_radio);
	aeriecap_on_capture(h.cap, capture);
	cr_assert_eq(pthread_create(&thread, NULL, run_loop, &h), 0);
	request(&h, 12, 7, definition_w0, sizeof definition_w0);
	read_frame(&h, &f);
	cr_assert_eq(f.command, 13);
	request(&h, 2, 1000, NULL, 0);
	while (packets > 0 || !pong) { /* the PONG comes in between */
		read_frame(&h, &f);
		pong = pong || f.command == 3;
		if (f.command == 16) {
			cr_assert_eq(f.seqno, seqno + 1);
			seqno = f.seqno;
			packets -= packets > 0;
		}
	}
	close(h.to);
	h.to = -1;
	cr_assert_eq(pthread_join(thread, &status), 0);
	cr_assert_eq((intptr_t)status, 0);
	finish(&h);
}

Test(aeriecap, sleeping_capture_ends_with_the_link, .timeout = 60)
{
	close_while(capture_sleeping, 0);
}

Test(aeriecap, blocked_batch_ends_with_the_link, .timeout = 60)
{
	close_while(capture_flooding, 20000);
}

Test(aeriecap, blocked_single_packets_end_with_the_link, .timeout = 60)
{
	close_while(capture_single, 20000);
}

#ifndef __SANITIZE_THREAD__ /* it loses sight of the locks of a thread that is cancelled within poll() */
static int capture_stuck(struct aeriecap *cap, char *msg)
{
	for (;;)
		poll(NULL, 0, -1); /* a driver that blocks: cancelled */
	return 0;
}

Test(aeriecap, stuck_capture_is_cancelled, .timeout = 60)
{
	close_while(capture_stuck, 0);
}
#endif

#ifndef __SANITIZE_ADDRESS__ /* when another thread than the first ends a forked process, it takes criterion's memory for leaked */
static int open_hanging(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	int fd = *(int *)aeriecap_user(cap);

	cr_assert_eq(write(fd, "", 1), 1);
	for (;;)
		poll(NULL, 0, -1);
	return 0;
}

Test(aeriecap, signal_ends_a_program_whose_callback_hangs, .timeout = 120)
{
	struct host h = start();
	int there[2], status;
	char octet;
	pid_t pid;

	cr_assert_eq(pipe(there), 0);
	aeriecap_set_user(h.cap, &there[1]);
	aeriecap_on_open(h.cap, open_hanging);
	request(&h, 12, 7, definition_w0, sizeof definition_w0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(100 + aeriecap_loop(h.cap));
	cr_assert_eq(read(there[0], &octet, 1), 1);
	cr_assert_eq(kill(pid, SIGTERM), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == AERIECAP_EXIT_FAILED);
	close(there[0]);
	close(there[1]);
	finish(&h);
}
#endif

static int unknown_refusing(struct aeriecap *cap, uint32_t seqno, uint16_t command, const void *body, size_t len)
{
	cr_assert(seqno == 3 && len == 2 && memcmp(body, "\x80\x80", 2) == 0);
	return command == 200 ? 0 : -1;
}

Test(aeriecap, unknown_commands_go_to_the_callback)
{
	static struct frame f;
	struct host h = start();

	aeriecap_on_unknown(h.cap, unknown_refusing);
	request(&h, 200, 3, "\x80\x80", 2);
	request(&h, 201, 3, "\x80\x80", 2);
	cr_assert_eq(aeriecap_loop(h.cap), 1);
	read_frame(&h, &f);
	cr_assert(f.command == 6 && contains(&f, "command 201"));
	finish(&h);
}

/* --- Programs of others. */

Test(aeriecap, lines_of_a_program_are_read_and_its_status_is_known)
{
	char script[] = "printf 'one\\n\\ntwo\\r\\n'; head -c 200000 /dev/zero | tr '\\0' x; printf '\\ncut here: 12345\\nlast'; exit 3";
	char sh[] = "sh", c[] = "-c", *argv[] = { sh, c, script, NULL }, msg[AERIECAP_MSG_MAX] = "";
	static char line[AERIECAP_LINE_MAX + 1], small[9];
	struct host h = start();
	struct aeriecap_child *child = aeriecap_child_start(h.cap, argv, msg);

	cr_assert_not_null(child, "%s", msg);
	cr_expect_eq(aeriecap_child_line(child, line, sizeof line), 3);
	cr_expect_str_eq(line, "one");
	cr_expect_eq(aeriecap_child_line(child, line, sizeof line), 0);
	cr_expect_eq(aeriecap_child_line(child, line, sizeof line), 3);
	cr_expect_str_eq(line, "two");
	cr_expect_eq(aeriecap_child_line(child, line, sizeof line), (int)AERIECAP_LINE_MAX);
	cr_expect_eq(strspn(line, "x"), AERIECAP_LINE_MAX);
	cr_expect_eq(aeriecap_child_line(child, small, sizeof small), 8);
	cr_expect_str_eq(small, "cut here");
	cr_expect_eq(aeriecap_child_line(child, line, sizeof line), 4);
	cr_expect_str_eq(line, "last");
	cr_expect_eq(aeriecap_child_line(child, line, sizeof line), -1);
	cr_expect_eq(aeriecap_child_line(child, line, sizeof line), -1);
	cr_expect_eq(aeriecap_child_end(child), 3);
	finish(&h);
}

Test(aeriecap, program_that_is_missing_is_told)
{
	char name[] = "no-such-program", *argv[] = { name, NULL }, msg[AERIECAP_MSG_MAX] = "";
	struct host h = start();

	cr_expect_null(aeriecap_child_start(h.cap, argv, msg));
	cr_expect_str_eq(msg, "cannot start no-such-program: No such file or directory");
	cr_expect_eq(aeriecap_child_end(NULL), 0);
	finish(&h);
}

static int child_result, child_status;

static int capture_of_a_program(struct aeriecap *cap, char *msg)
{
	char name[] = "sleep", time[] = "1000", *argv[] = { name, time, NULL }, line[10];
	struct aeriecap_child *child = aeriecap_child_start(cap, argv, msg);

	cr_assert_not_null(child, "%s", msg);
	cr_assert_eq(aeriecap_send_message(cap, AERIECAP_INFO, "started"), 1);
	child_result = aeriecap_child_line(child, line, sizeof line);
	child_status = aeriecap_child_end(child);
	return 0;
}

/* SIGTERM is blocked in our threads; the program has it as it should be. */
Test(aeriecap, silent_program_ends_with_the_link, .timeout = 60)
{
	struct host h = start();

	aeriecap_on_open(h.cap, open_radio);
	aeriecap_on_capture(h.cap, capture_of_a_program);
	request(&h, 12, 7, definition_w0, sizeof definition_w0);
	request(&h, 4, 8, NULL, 0); /* SHUTDOWN */
	child_result = child_status = 0;
	cr_assert_eq(aeriecap_loop(h.cap), 0);
	cr_expect_eq(child_result, -1);
	cr_expect_eq(child_status, 128 + 15);
	finish(&h);
}

static int stubborn_pid;

static int capture_of_a_stubborn_program(struct aeriecap *cap, char *msg)
{
	char name[] = "sh", option[] = "-c", script[] = "trap '' TERM; echo $$; exec sleep 60";
	char *argv[] = { name, option, script, NULL }, line[20];
	struct aeriecap_child *child = aeriecap_child_start(cap, argv, msg);

	cr_assert_not_null(child, "%s", msg);
	cr_assert_gt(aeriecap_child_line(child, line, sizeof line), 0);
	stubborn_pid = atoi(line);
	cr_assert_eq(aeriecap_send_message(cap, AERIECAP_INFO, "started"), 1);
	child_result = aeriecap_child_line(child, line, sizeof line);
	child_status = aeriecap_child_end(child);
	return 0;
}

/* The main thread cancels a capture that takes a second to end, which this one does. */
Test(aeriecap, program_that_ignores_sigterm_is_killed_when_the_capture_ends, .timeout = 60)
{
	static struct frame f;
	struct host h = start();
	pthread_t thread;
	void *status;

	child_result = child_status = 0;
	aeriecap_on_open(h.cap, open_radio);
	aeriecap_on_capture(h.cap, capture_of_a_stubborn_program);
	cr_assert_eq(pthread_create(&thread, NULL, run_loop, &h), 0);
	request(&h, 12, 7, definition_w0, sizeof definition_w0);
	do
		read_frame(&h, &f);
	while (f.command != 5); /* MESSAGE: it has started */
	request(&h, 4, 8, NULL, 0); /* SHUTDOWN */
	cr_assert_eq(pthread_join(thread, &status), 0);
	cr_expect_eq((intptr_t)status, 0);
	cr_expect_eq(child_result, -1);
	cr_expect_eq(child_status, 128 + 9);
	cr_expect(kill(stubborn_pid, 0) < 0 && errno == ESRCH);
	finish(&h);
}

/* --- The ring. */

Test(aeriecap, ring_keeps_order_over_its_end)
{
	struct ring r;
	uint8_t out[7];
	unsigned put = 0, got = 0, i;
	size_t len;

	cr_assert_eq(ring_init(&r, 7), 0);
	for (i = 0; i < 1000; i++) {
		uint8_t in[3] = { (uint8_t)put, (uint8_t)(put + 1), (uint8_t)(put + 2) };
		size_t n = i % 4, k;

		if (n <= ring_room(&r)) {
			ring_put(&r, in, n);
			put += (unsigned)n;
		}
		n = i % 3;
		if (n > r.used)
			n = r.used;
		ring_peek(&r, out, n);
		for (k = 0; k < n; k++)
			cr_assert_eq(out[k], (uint8_t)(got + k));
		ring_drop(&r, n);
		got += (unsigned)n;
		cr_assert_eq(r.used, put - got);
		ring_data(&r, &len);
		cr_assert_leq(len, r.used);
	}
	cr_assert_gt(got, 500);
	ring_free(&r);
}
