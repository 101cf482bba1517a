/* SPDX-License-Identifier: MIT */
/* A capture program that behaves, or misbehaves, as the interface of its definition says: "MODE[:...,count=N,...]". It
 * shares no code with the host, and does what real programs do when they fail. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { PING = 2, PONG = 3, SHUTDOWN = 4, MESSAGE = 5, ERROR = 6, PROBEREQ = 10, PROBEREPORT = 11, OPENREQ = 12, OPENREPORT = 13,
       LISTREQ = 14, LISTREPORT = 15, PACKET = 16, CONFIGREQ = 17, CONFIGREPORT = 18, NEWSOURCE = 19, UNKNOWN = 77 };

static int in_fd = -1, out_fd = -1;
static char definition[8300];
static uint32_t request;
static uint8_t body[65536]; /* of the last frame */
static uint32_t body_len;
static const char *program = "";
static int bytewise;

struct frame {
	uint8_t data[200000];
	size_t n;
};
static struct frame f;

static void out(const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n) {
		ssize_t w = write(out_fd, p, bytewise ? 1 : n);

		if (w <= 0)
			exit(90);
		p += w;
		n -= (size_t)w;
	}
}

static void put(uint64_t v, int octets)
{
	while (octets--)
		f.data[f.n++] = (uint8_t)(v >> 8 * octets);
}

static void put_text(const char *text)
{
	size_t n = strlen(text);

	put(0xda, 1);
	put(n, 2);
	memcpy(f.data + f.n, text, n);
	f.n += n;
}

static void begin(int type, int code, uint32_t seqno)
{
	f.n = 0;
	put(0xDECAFBAD, 4);
	put(0xA9A9, 2);
	put(3, 2);
	put(0, 4);
	put((uint64_t)type, 2);
	put((uint64_t)code, 2);
	put(seqno, 4);
}

static void end(void)
{
	size_t n = f.n;

	f.n = 8;
	put(n - 20, 4);
	f.n = n;
}

static void send_frame(void)
{
	end();
	out(f.data, f.n);
}

static void send_text(int type, const char *text)
{
	begin(type, 0, 9);
	put(type == MESSAGE ? 0x82 : 0x81, 1);
	if (type == MESSAGE)
		put(0x0102, 2); /* info */
	put(type == MESSAGE ? 2 : 1, 1);
	put_text(text);
	send_frame();
}

static void send_probe_report(int code, const char *message)
{
	begin(PROBEREPORT, code, request);
	put(0x8201ce, 3);
	put(request, 4);
	put(3, 1);
	put_text(message);
	send_frame();
}

static int mode(const char *name)
{
	return strcspn(definition, ":") == strlen(name) && strncmp(definition, name, strlen(name)) == 0;
}

static void send_open_report(int code, uint32_t seqno, const char *message)
{
	begin(OPENREPORT, code, seqno);
	put(mode("hops-already") ? 0x88 : 0x87, 1);
	put(0x01ce, 2);
	put(seqno, 4);
	put(0x02ce, 2);
	put(147, 4);
	put(0x03, 1);
	put_text("fake0");
	put(0x0492, 2);
	put_text("1");
	put_text("6HT40+");
	if (mode("hops-already")) { /* {1: 2.5, 2: true, 3: 1, 4: 1, 6: 1, 5: ["6HT40+", "11"]} */
		put(0x068601ca40200000, 8);
		put(0x02c30301, 4);
		put(0x04010601, 4);
		put(0x0592, 2);
		put_text("6HT40+");
		put_text("11");
	}
	put(0x07, 1);
	put_text("fake radio");
	put(0x08, 1);
	put_text(mode("nil-uuid") ? "00000000-0000-0000-0000-000000000000" : "12345678-0000-0000-0000-0000DEADBEEF");
	put(0x09, 1);
	put_text(message);
	send_frame();
}

/* A packet of size octets that begins with its number. */
static void make_packet(uint32_t number, uint32_t size)
{
	begin(PACKET, 0, number);
	put(0x810485, 3);
	put(0x01ce, 2);
	put(147, 4);
	put(0x02cf, 2);
	put(1700000000, 8);
	put(0x03ce, 2);
	put(number % 1000000, 4);
	put(0x04ce, 2);
	put(size, 4);
	put(0x06c6, 2);
	put(size, 4);
	put(number, 4);
	memset(f.data + f.n, 0x55, size - 4);
	f.n += size - 4;
	end();
}

static void send_packets(uint32_t count, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		make_packet(i, size ? size : 4 + i * 7 % 300);
		out(f.data, f.n);
	}
}

static void get(void *data, size_t n)
{
	uint8_t *p = data;

	while (n) {
		ssize_t r = read(in_fd, p, n);

		if (r <= 0)
			exit(0);
		p += r;
		n -= (size_t)r;
	}
}

static uint32_t be(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/* Reads a frame and returns its type; a request's text goes to `definition`. */
static int get_frame(void)
{
	uint8_t h[20];
	uint32_t n, len;
	const uint8_t *p = body + 3;

	get(h, sizeof h);
	n = be(h + 8, 4);
	if (be(h, 4) != 0xDECAFBAD || be(h + 4, 2) != 0xA9A9 || be(h + 6, 2) != 3 || n > sizeof body)
		exit(91);
	get(body, n);
	body_len = n;
	request = be(h + 16, 4);
	if (be(h + 12, 2) != PROBEREQ && be(h + 12, 2) != OPENREQ)
		return (int)be(h + 12, 2);
	if (be(body, 2) != 0x8101)
		exit(92);
	len = body[2] < 0xd9 ? body[2] & 0x1f : be(p, body[2] == 0xd9 ? 1 : 2);
	p += body[2] < 0xd9 ? 0 : body[2] == 0xd9 ? 1 : 2;
	memcpy(definition, p, len);
	definition[len] = '\0';
	return (int)be(h + 12, 2);
}

static uint32_t option(const char *name, uint32_t dflt)
{
	const char *at = strstr(definition, name);

	return at ? (uint32_t)strtoul(at + strlen(name), NULL, 10) : dflt;
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

static int answer_probe(void)
{
	if (mode("probe-exit"))
		return 3;
	if (mode("probe-silent"))
		wait_for_ever();
	if (mode("probe-garbage"))
		out("garbage", 7);
	else if (mode("probe-malformed")) {
		begin(PROBEREPORT, 1, request);
		put(0x81, 1);
		send_frame();
	} else {
		send_probe_report(!mode("not-mine"), mode("not-mine") ? "not a thing of mine" : "");
	}
	while (mode("probe-garbage") || mode("probe-malformed"))
		(void)get_frame();
	return 0;
}

/* Fails before the open report, or never gives it. */
static void spoil_open(void)
{
	if (mode("open-exit"))
		exit(4);
	if (mode("open-kill"))
		raise(SIGKILL);
	if (mode("open-silent"))
		wait_for_ever();
	if (mode("open-refused"))
		send_open_report(0, request, "the antenna is not plugged in");
	else if (mode("open-wrong-number"))
		send_open_report(1, request + 5, "");
	else if (mode("open-malformed")) {
		begin(OPENREPORT, 1, request);
		put(0x8201c1, 3);
		send_frame();
	} else if (mode("early-packet"))
		send_packets(1, 10);
	else if (mode("open-garbage"))
		out("HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	else if (mode("version-2")) {
		out("\xde\xca\xfb\xad\xab\xcd\x00\x02\0\0\0\0", 12);
	} else
		return;
	wait_for_ever();
}

/* {1: number, 2: channel} or {1: number, 3: hop block}, and 4: text */
static void send_config_report(int code, uint32_t seqno, int key, const void *value, size_t n, const char *message)
{
	begin(CONFIGREPORT, code, seqno);
	put(value ? 0x83 : 0x82, 1);
	put(0x01ce, 2);
	put(seqno, 4);
	if (value) {
		put((uint64_t)key, 1);
		memcpy(f.data + f.n, value, n);
		f.n += n;
	}
	put(4, 1);
	put_text(message);
	send_frame();
}

/* Tells what it was asked for, and does it. The requests' octets are as test_link.c has them. */
static void answer_config(void)
{
	char text[2048];
	size_t at;
	float rate;
	uint32_t bits, n, i;
	const uint8_t *p;

	if (mode("config-silent"))
		return;
	if (mode("config-exit"))
		exit(6);
	if (body[1] == 1) {
		snprintf(text, sizeof text, "asked for channel %.*s", body[2] & 0x1f, (const char *)body + 3);
		send_text(MESSAGE, text);
		if (mode("config-refused") || body[3] == '9')
			send_config_report(0, request, 0, NULL, 0, "no such channel here");
		else if (mode("config-wrong-number"))
			send_config_report(1, request + 7, 2, body + 2, body_len - 2, "");
		else
			send_config_report(1, request, 2, body + 2, body_len - 2, "");
		return;
	}
	bits = be(body + 5, 4);
	memcpy(&rate, &bits, sizeof rate);
	n = be(body + 17, 2);
	at = (size_t)snprintf(text, sizeof text, "asked to hop %.3f/s shuffle %d offset %u over", rate, body[10] == 0xc3,
			      be(body + 13, 2));
	for (i = 0, p = body + 19; i < n && at < 1500; i++, p += 1 + (*p & 0x1f))
		at += (size_t)snprintf(text + at, sizeof text - at, " %.*s", *p & 0x1f, (const char *)p + 1);
	send_text(MESSAGE, text);
	if (mode("config-refused") || body[20] == '9')
		send_config_report(0, request, 0, NULL, 0, "the radio is stuck");
	else
		send_config_report(1, request, 3, body + 2, body_len - 2, "");
}

/* One frame of a host that has nothing special in mind. */
static void serve(void)
{
	int type = get_frame();

	if (type == PING && !mode("deaf")) {
		begin(PONG, 0, request);
		send_frame();
	} else if (type == CONFIGREQ)
		answer_config();
}

/* A pipe beside the program opens when the other of two programs opens its other end. */
static void meet(void)
{
	char path[4096];

	snprintf(path, sizeof path, "%.4000s", program);
	*strrchr(path, '/') = '\0';
	strcat(path, "/pipe");
	if (open(path, strstr(program, "reader") ? O_RDONLY : O_WRONLY) < 0)
		exit(94);
}

static void answer_list(void)
{
	if (strstr(program, "meet"))
		meet();
	if (strstr(program, "exit"))
		exit(7);
	if (strstr(program, "silent"))
		for (;;)
			pause();
	if (strstr(program, "error")) {
		send_text(ERROR, "the bus is on fire");
		return;
	}
	begin(LISTREPORT, strstr(program, "failed") ? 1 : 0, 77);
	if (strstr(program, "cut")) {
		put(0x8201ce, 3);
	} else {
		put(0x83, 1);
		put(0x01ce, 2);
		put(strstr(program, "wrong") ? request + 1 : request, 4);
		put(0x04, 1);
		put_text("2025.09.0-abcdef1");
		put(0x0292, 2);
		put(0x8301, 2);
		put_text("fake0");
		put(2, 1);
		put_text("channel=6,fast=true");
		put(3, 1);
		put_text("fake radio");
		put(0x8101, 2);
		put_text("fake1");
	}
	send_frame();
	while (1)
		(void)get_frame();
}

/* What comes after the packets; does not return from what is not an orderly end. */
static void spoil_end(void)
{
	uint32_t i;

	if (mode("kill"))
		raise(SIGKILL);
	if (mode("exit"))
		exit(5);
	if (mode("error"))
		send_text(ERROR, "the antenna fell off");
	else if (mode("shutdown"))
		send_text(SHUTDOWN, "out of coffee");
	else if (mode("garbage"))
		out("This is not a frame, but it is longer than the header of one.", 61);
	else if (mode("gigantic")) {
		begin(PACKET, 0, 1);
		f.n = 8;
		put(0xffffffff, 4);
		f.n = 20;
		out(f.data, f.n);
	} else if (mode("huge")) {
		begin(PACKET, 0, 1);
		f.n = 8;
		put(131072 - 20 + 1, 4);
		f.n = 20;
		out(f.data, f.n);
	} else if (mode("half") || mode("half-kill")) {
		make_packet(0, 100);
		out(f.data, 50);
		if (mode("half-kill"))
			raise(SIGKILL);
		exit(0);
	} else if (mode("bad-message")) {
		begin(MESSAGE, 0, 0);
		put(0x8201, 2);
		send_frame();
	} else if (mode("messages")) {
		for (i = 0; i < 100; i++)
			send_text(MESSAGE, "hello");
		exit(0);
	} else if (mode("hang")) {
		close(out_fd);
	} else if (strncmp(definition, "config", 6) == 0 || mode("deaf") || mode("hops-already")) {
		for (;;)
			serve();
	} else if (mode("live") || mode("stubborn")) {
		if (mode("stubborn"))
			signal(SIGTERM, SIG_IGN);
		send_text(MESSAGE, "ready");
	} else
		return;
	while (mode("live"))
		serve(); /* ends with the host's pipe */
	wait_for_ever();
}

static void ask_pong(void)
{
	begin(PING, 0, 4711);
	send_frame();
	if (get_frame() != PONG)
		exit(93);
}

static int answer_open(void)
{
	spoil_open();
	bytewise = mode("bytewise");
	send_open_report(1, request, "");
	if (mode("ping"))
		ask_pong();
	if (mode("pinged") && get_frame() != PING)
		exit(94);
	begin(UNKNOWN, 0, 1); /* a command of the future */
	put(0xc0, 1);
	send_frame();
	send_packets(option("count=", 10), option("size=", 0));
	spoil_end();
	return 0;
}

static void connect_to(unsigned port, const char *source, const char *type, const char *uuid)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	in_fd = out_fd = socket(AF_INET, SOCK_STREAM, 0);
	if (in_fd < 0 || connect(in_fd, (struct sockaddr *)&a, sizeof a) < 0)
		exit(95);
	snprintf(definition, sizeof definition, "%s", source);
	if (mode("mute"))
		while (1)
			(void)get_frame();
	if (mode("http"))
		out("GET / HTTP/1.1\r\n\r\n", 18);
	if (mode("version-2-ping"))
		out("\xde\xca\xfb\xad\xab\xcd\0\2\0\0\0\0PING\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 48);
	begin(NEWSOURCE, 0, 2);
	put(uuid ? 0x83 : 0x82, 1);
	put(1, 1);
	put_text(source);
	put(2, 1);
	put_text(type);
	if (uuid) {
		put(3, 1);
		put_text(uuid);
	}
	if (mode("bad-newsource"))
		f.data[20] = 0x81;
	if (mode("half-newsource")) {
		end();
		out(f.data, f.n - 5);
		exit(0);
	}
	send_frame();
}

int main(int argc, char **argv)
{
	const char *source = "", *type = "fake", *uuid = NULL;
	unsigned port = 0;
	int i;

	program = argv[0];
	for (i = 1; i < argc; i++) {
		sscanf(argv[i], "--in-fd=%d", &in_fd);
		sscanf(argv[i], "--out-fd=%d", &out_fd);
		sscanf(argv[i], "--connect=%u", &port);
		if (strncmp(argv[i], "--source=", 9) == 0)
			source = argv[i] + 9;
		if (strncmp(argv[i], "--type=", 7) == 0)
			type = argv[i] + 7;
		if (strncmp(argv[i], "--uuid=", 7) == 0)
			uuid = argv[i] + 7;
	}
	if (port)
		connect_to(port, source, type, uuid);
	for (;;) {
		int frame = get_frame();

		if (frame == PROBEREQ)
			return answer_probe();
		if (frame == OPENREQ)
			return answer_open();
		if (frame == LISTREQ)
			answer_list();
	}
}
