/* SPDX-License-Identifier: MIT */
/* See proxy.h. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "proxy.h"

#define PREFIX_OCTETS 256u

static int configure_trusted(struct server *s, const struct aerie_config *c)
{
	const char *text = "", *header = NULL;
	struct network *trusted;
	char why[512];
	uint32_t n = 0, i;

	(void)s->config->count(c, "httpd_trusted_proxy", &n);
	(void)s->config->get_str(c, "httpd_proxy_header", &header);
	trusted = calloc(n + 1, sizeof *trusted);
	if (!trusted)
		return s->h->fail(s->h, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		(void)s->config->get_nth(c, "httpd_trusted_proxy", i, &text);
		if (!network_parse(text, &trusted[i]))
			continue;
		free(trusted);
		(void)snprintf(why, sizeof why, "httpd_trusted_proxy=%s is neither an address nor a network, such as 192.0.2.1 or 192.0.2.0/24", text);
		return s->h->fail(s->h, -EINVAL, why);
	}
	s->trusted = trusted;
	s->n_trusted = n;
	s->rfc7239 = header && !strcmp(header, "forwarded");
	return 0;
}

static int configure_prefix(struct server *s, const struct aerie_config *c)
{
	const char *text = "", *p;
	size_t len;

	(void)s->config->get_str(c, "httpd_uri_prefix", &text);
	len = strlen(text);
	while (len && text[len - 1] == '/')
		len--;
	for (p = text; *p; p++)
		if (*p <= 0x20 || *p == 0x7f || strchr("?#%\\\"<>", *p))
			len = PREFIX_OCTETS;
	if (len >= PREFIX_OCTETS || (len && text[0] != '/') || strstr(text, "//"))
		return s->h->fail(s->h, -EINVAL, "httpd_uri_prefix must be a path such as /aerie: it begins with '/', without escapes, query or \"//\"");
	s->prefix = strndup(text, len);
	return s->prefix ? 0 : s->h->fail(s->h, -ENOMEM, "out of memory");
}

void proxy_unload(struct server *s)
{
	free(s->trusted);
	free(s->prefix);
	s->trusted = NULL;
	s->n_trusted = 0;
	s->prefix = NULL;
}

int proxy_configure(struct server *s, const struct aerie_config *c)
{
	int err;

	proxy_unload(s);
	err = configure_trusted(s, c);
	return err ? err : configure_prefix(s, c);
}

bool proxy_trusts(const struct server *s, const struct sockaddr *a)
{
	struct address address;
	uint32_t i;

	if (!s->n_trusted || !address_of(a, &address))
		return false;
	for (i = 0; i < s->n_trusted; i++)
		if (network_has(&s->trusted[i], &address))
			return true;
	return false;
}

/* The last of a list's elements: the one that our proxy wrote. */
static void last_of(const char *list, char *ret_text, size_t room)
{
	const char *comma = strrchr(list, ','), *p = comma ? comma + 1 : list;
	size_t len;

	p += strspn(p, " \t");
	len = strcspn(p, " \t");
	ret_text[0] = '\0';
	if (len >= room)
		return;
	memcpy(ret_text, p, len);
	ret_text[len] = '\0';
}

static void read_fields(struct exchange *x, char *proto, size_t proto_room)
{
	const char *text;

	if (x->s->rfc7239) {
		text = exchange_last_header(x, "Forwarded");
		if (!text)
			return;
		address_forwarded(text, true, x->s->trusted, x->s->n_trusted, x->forwarded);
		address_parameter(text, "proto", proto, proto_room);
		address_parameter(text, "host", x->forwarded_host, sizeof x->forwarded_host);
		return;
	}
	text = exchange_last_header(x, "X-Forwarded-For");
	if (text)
		address_forwarded(text, false, x->s->trusted, x->s->n_trusted, x->forwarded);
	text = exchange_last_header(x, "X-Forwarded-Proto");
	if (text)
		last_of(text, proto, proto_room);
	text = exchange_last_header(x, "X-Forwarded-Host");
	if (text)
		last_of(text, x->forwarded_host, sizeof x->forwarded_host);
}

static void believe(struct exchange *x)
{
	char proto[8] = "";
	uint32_t i;

	read_fields(x, proto, sizeof proto);
	if (x->forwarded[0])
		(void)snprintf(x->peer, sizeof x->peer, "%s", x->forwarded);
	if (proto[0])
		x->secure = !strcmp(proto, "https");
	for (i = 0; x->forwarded_host[0] && i < x->n_headers; i++)
		if (!strcasecmp(x->headers[i].name, "Host"))
			x->headers[i].value = x->forwarded_host;
}

/* A proxy that takes the prefix off itself says so. */
static bool already_stripped(const struct exchange *x, bool trusted)
{
	const char *said = trusted ? exchange_last_header(x, "X-Forwarded-Prefix") : NULL;
	size_t len = said ? strlen(said) : 0;

	while (len && said[len - 1] == '/')
		len--;
	return said && len == strlen(x->s->prefix) && !strncmp(said, x->s->prefix, len);
}

/* Whose threads' time it takes. */
static uint32_t client_of(const char *peer)
{
	struct network n;

	if (network_parse(peer, &n) < 0)
		return 0;
	address_client(&n.address);
	return address_hash(&n.address);
}

bool proxy_apply(struct exchange *x)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *a = info ? info->client_addr : NULL;
	socklen_t len = a && a->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	size_t prefix = strlen(x->s->prefix);
	bool trusted = proxy_trusts(x->s, a);

	if (!a || getnameinfo(a, len, x->peer, sizeof x->peer, NULL, 0, NI_NUMERICHOST))
		(void)snprintf(x->peer, sizeof x->peer, "unknown");
	x->secure = x->s->tls;
	if (trusted)
		believe(x);
	x->job.client = x->out.job.client = client_of(x->peer);
	if (!prefix || already_stripped(x, trusted))
		return true;
	if (strncmp(x->path, x->s->prefix, prefix) || (x->path[prefix] && x->path[prefix] != '/'))
		return false;
	x->path = x->path[prefix] ? x->path + prefix : "/";
	return true;
}
