/* SPDX-License-Identifier: MIT */
/* Tells capture programs that look for a host (--autodetect) where this one is: a datagram every 5 s. [main] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/announce.h>
#include <core/bus.h>
#include <core/config.h>
#include <core/loader.h>
#include <core/loop.h>
#include <core/module.h>
#include <core/remote.h>
#include <core/source.h>

#define EVERY_MS 5000u
#define TAG 0x00004B49534D4554u
#define TAG_VERSION 1u
#define UUID_OCTETS 36u
#define NAME_OCTETS 32u

const struct aerie_option announce_options[] = {
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "server_announce", "false", NULL,
		     "Tells capture programs of the network where this host is, every 5 s."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "server_announce_address", "0.0.0.0", NULL,
		     "IPv4 address that is told; 0.0.0.0: everybody on the network."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "server_name", NULL, NULL, "Name of this host, as others see it."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "servername", NULL, NULL, "Name that is told to capture programs; server_name when not given."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "server_announce_port", "2501", "1..65535", "UDP port that capture programs listen on."),
	AERIE_OPTION_END,
};

struct announce {
	struct core *core;
	uv_udp_t udp;
	uv_timer_t timer;
	struct sockaddr_in to;
	unsigned handles;
	int told; /* the error that was told last */
};

static uint8_t *put(uint8_t *p, uint64_t v, unsigned octets)
{
	while (octets--)
		*p++ = (uint8_t)(v >> 8 * octets);
	return p;
}

void announce_write(uint8_t out[ANNOUNCE_OCTETS], uint32_t web_port, uint32_t remote_port, uint64_t now_us, const char *uuid,
		    const char *name)
{
	uint8_t *p = out;

	memset(out, 0, ANNOUNCE_OCTETS);
	p = put(p, TAG, 8);
	p = put(p, TAG_VERSION, 2);
	p = put(p, web_port, 4);
	p = put(p, remote_port, 4);
	p = put(p, now_us / 1000000, 8);
	p = put(p, now_us % 1000000, 8);
	memcpy(p, uuid, strnlen(uuid, UUID_OCTETS));
	memcpy(p + UUID_OCTETS, name, strnlen(name, NAME_OCTETS - 1));
}

static const char *text_or(const char *text, const char *other)
{
	return text ? text : other;
}

static void on_timer(uv_timer_t *t)
{
	struct announce *a = t->data;
	struct core *c = a->core;
	uint8_t data[ANNOUNCE_OCTETS];
	uv_buf_t buf = uv_buf_init((char *)data, sizeof data);
	const char *uuid = c->loader ? plugins_service.server_uuid(&c->self->host) : NULL;
	int r;

	announce_write(data, (uint32_t)config_int(c->config, "httpd_port", 0), remote_port(c->sources->remote), loop_now_us(c->loop),
		       text_or(uuid, ""), text_or(config_str(c->config, "servername"), text_or(config_str(c->config, "server_name"), "aerie")));
	r = uv_udp_try_send(&a->udp, &buf, 1, (const struct sockaddr *)&a->to);
	if (r < 0 && r != a->told && r != UV_EAGAIN)
		bus_printf(c->bus, AERIE_LOG_ERROR, "this host cannot be announced: %s; set server_announce_address, or "
			   "server_announce=false", uv_strerror(r));
	if (r != UV_EAGAIN)
		a->told = r < 0 ? r : 0;
}

static int read_target(struct announce *a)
{
	const char *address = text_or(config_str(a->core->config, "server_announce_address"), "0.0.0.0");
	int port = (int)config_int(a->core->config, "server_announce_port", 2501);

	return uv_ip4_addr(strcmp(address, "0.0.0.0") == 0 ? "255.255.255.255" : address, port, &a->to);
}

struct announce *announce_start(struct core *core)
{
	struct announce *a;
	struct sockaddr_in any;
	int r;

	if (!config_bool(core->config, "server_announce", false))
		return NULL;
	a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	a->core = core;
	uv_udp_init(loop_uv(core->loop), &a->udp);
	uv_timer_init(loop_uv(core->loop), &a->timer);
	a->udp.data = a->timer.data = a;
	a->handles = 2;
	core->sources->handles += 2;
	(void)uv_ip4_addr("0.0.0.0", 0, &any);
	r = read_target(a);
	if (r == 0)
		r = uv_udp_bind(&a->udp, (const struct sockaddr *)&any, 0);
	if (r == 0)
		r = uv_udp_set_broadcast(&a->udp, 1);
	if (r == 0) {
		uv_timer_start(&a->timer, on_timer, 0, EVERY_MS);
		return a;
	}
	bus_printf(core->bus, AERIE_LOG_ERROR, "this host cannot be announced: %s; set server_announce_address to an IPv4 address",
		   uv_strerror(r));
	announce_stop(a);
	return NULL;
}

static void on_closed(uv_handle_t *h)
{
	struct announce *a = h->data;

	a->core->sources->handles--;
	if (--a->handles == 0)
		free(a);
}

void announce_stop(struct announce *a)
{
	if (!a)
		return;
	uv_close((uv_handle_t *)&a->udp, on_closed);
	uv_close((uv_handle_t *)&a->timer, on_closed);
}
