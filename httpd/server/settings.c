/* SPDX-License-Identifier: MIT */
/* The options of the HTTP server, and what they may be. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "files.h"
#include "proxy.h"
#include "settings.h"
#include "tls.h"

#define HEADER_LIMIT_MIN 4096u
#define HEADER_LIMIT_MAX (1u << 20)
#define THREADS_MIN 4u /* endpoints let 3 wait at once */
#define THREADS_AUTO_MAX 8u
#define IO_THREADS_MAX 4u
#define WS_PING_MIN_US 100000u
#define WS_PING_MAX_US 3600000000u

const struct aerie_option settings_options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "httpd_port", "2501", "0..65535", "TCP port of the HTTP server; 0 takes any free one and tells it."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_bind_address", "127.0.0.1", NULL,
		     "Address that the HTTP server listens on: numeric IPv4 or IPv6; 0.0.0.0 or :: for all."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_username", NULL, NULL, "User of the login; with httpd_password."),
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_SECRET, "httpd_password", NULL, NULL,
		     "Password of the login. Without both, a login is made at the first start."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "httpd_generate_login", "true", NULL,
		     "Make a login at the first start and print it; otherwise /session/set_password sets the first one, from this machine only."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "httpd_require_login", "false", NULL,
		     "Also reading needs a login, with the role readonly or admin. Commands, streams and WebSockets always need one."),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "httpd_session_timeout", "7200", NULL, "A session that nobody has used for so long ends."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_session_db", "session.db", NULL,
		     "File of the API keys; a path that is not absolute lies in the home directory."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "httpd_allow_auth_creation", "true", NULL, "API keys may be made over HTTP, by the role admin."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "httpd_allow_auth_view", "false", NULL,
		     "Keep the tokens of API keys readable in their file and show them to the role admin; otherwise only their digests are kept."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "httpd_threads", "0", "0..64",
		     "Threads that answer HTTP requests; 0: one per core, but 4 to 8. Never fewer than 4: some may wait for a source."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "httpd_connection_limit", "512", "1..65536", "HTTP connections at the same time."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "httpd_connection_limit_per_address", "256", "1..65536",
		     "HTTP connections at the same time from one address (IPv6: one /64); proxies of httpd_trusted_proxy are not counted."),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "httpd_timeout", "30s", NULL, "A connection on which nothing moves for so long is closed."),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "httpd_request_timeout", "60s", NULL,
		     "Longest time for a client to send a request: its headers, counted from httpd_timeout after the last reply, and again its body."),
	AERIE_OPTION(AERIE_OPT_SIZE, 0, "httpd_header_limit", "64K", NULL,
		     "Memory of a connection, in octets: for the request line and headers, and for what is being sent; 4K to 1M."),
	AERIE_OPTION(AERIE_OPT_SIZE, 0, "httpd_body_limit", "1M", NULL, "Largest body of a request, in octets."),
	AERIE_OPTION(AERIE_OPT_SIZE, 0, "httpd_bodies_limit", "64M", NULL, "Largest sum of the bodies of all requests at the same time, in octets."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "httpd_gzip", "1", "0..9",
		     "Compress replies for clients that accept gzip: 1 is the fastest, 9 the smallest; 0: never."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "httpd_allow_cors", "false", NULL,
		     "Let pages of other sites read replies: those of httpd_allowed_origin, with the user's login; without any, all, as nobody."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_home", HTTPDDIR, NULL, "Folder of files that are served where no endpoint is."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_user_home", NULL, NULL,
		     "Folder of the user's own files, which come before those of httpd_home; %h is the user's home. Default: httpd in the home directory."),
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_REPEATED, "httpd_mime", NULL, NULL, "Content type of files by suffix, as glb:model/gltf-binary."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_redirect_unknown", "", NULL, "Where GET of a path that is not there is redirected; empty: it is 404."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_uri_prefix", "", NULL,
		     "What all paths begin with, as /aerie, for use behind a proxy. A trusted proxy that takes it off says so with X-Forwarded-Prefix."),
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_REPEATED, "httpd_trusted_proxy", NULL, NULL,
		     "Address or network, as 192.0.2.0/24, of a proxy that is believed what it says about its clients."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_proxy_header", "x-forwarded", "x-forwarded|forwarded",
		     "Which headers trusted proxies write: X-Forwarded-For, -Proto, -Host and -Prefix, or Forwarded."),
	AERIE_OPTION(AERIE_OPT_INT, 0, "httpd_websocket_limit", "320", "1..65536",
		     "WebSocket connections at the same time; remote captures are among them (remote_capture_connections)."),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "httpd_websocket_ping", "20s", NULL,
		     "A WebSocket client that says nothing for so long is pinged; after three times as long it is closed."),
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_REPEATED, "httpd_allowed_origin", NULL, NULL,
		     "Web site whose pages may use logins and open WebSockets here, as https://example.org:8443; *: all, but none of them with a login that the "
		     "browser sends by itself. Our own pages always may."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "httpd_ssl", "false", NULL, "Serve HTTPS (TLS 1.2 and 1.3) instead of HTTP."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_ssl_cert", NULL, NULL, "PEM file of the certificate, followed by those that signed it; for httpd_ssl."),
	AERIE_OPTION(AERIE_OPT_STR, 0, "httpd_ssl_key", NULL, NULL, "PEM file of the certificate's private key; for httpd_ssl."),
	AERIE_OPTION_END,
};

static uint32_t get_count(const struct server *s, const struct aerie_config *c, const char *name)
{
	int64_t n = 0;

	(void)s->config->get_int(c, name, &n);
	return (uint32_t)n;
}

/* The values of a repeated option; the texts are the host's. */
static int get_list(const struct server *s, const struct aerie_config *c, const char *name, const char ***list, uint32_t *ret_n)
{
	const char **values;
	uint32_t n = 0, i;

	(void)s->config->count(c, name, &n);
	values = calloc(n + 1, sizeof *values);
	if (!values)
		return s->h->fail(s->h, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++)
		(void)s->config->get_nth(c, name, i, &values[i]);
	free(*list);
	*list = values;
	*ret_n = n;
	return 0;
}

/* httpd_user_home, with %h as the user's home. */
static int get_user_folder(struct server *s, const struct aerie_config *c)
{
	const char *text = NULL, *home = getenv("HOME"), *mark;
	char path[4096];
	int n;

	(void)s->config->get_str(c, "httpd_user_home", &text);
	mark = text ? strstr(text, "%h") : NULL;
	if (!text)
		n = snprintf(path, sizeof path, "%s/httpd", s->config->home(c));
	else if (mark)
		n = snprintf(path, sizeof path, "%.*s%s%s", (int)(mark - text), text, home ? home : "", mark + 2);
	else
		n = snprintf(path, sizeof path, "%s", text);
	if (n < 0 || (size_t)n >= sizeof path)
		return s->h->fail(s->h, -ENAMETOOLONG, "httpd_user_home: the path is too long");
	free(s->user_folder);
	s->user_folder = strdup(path);
	return s->user_folder ? 0 : s->h->fail(s->h, -ENOMEM, "out of memory");
}

static int configure_files(struct server *s, const struct aerie_config *c)
{
	int err = get_list(s, c, "httpd_mime", &s->mime, &s->n_mime);
	char text[512];
	uint32_t i;

	if (err)
		return err;
	for (i = 0; i < s->n_mime; i++) {
		if (files_type_valid(s->mime[i]))
			continue;
		(void)snprintf(text, sizeof text, "httpd_mime=%s is not a suffix and its content type, such as glb:model/gltf-binary", s->mime[i]);
		return s->h->fail(s->h, -EINVAL, text);
	}
	(void)s->config->get_str(c, "httpd_home", &s->folder);
	(void)s->config->get_str(c, "httpd_redirect_unknown", &s->redirect_unknown);
	return get_user_folder(s, c);
}

static int configure_limits(struct server *s, const struct aerie_config *c)
{
	uint64_t timeout_us = 0;

	(void)s->config->get_duration(c, "httpd_timeout", &timeout_us);
	(void)s->config->get_duration(c, "httpd_request_timeout", &s->request_us);
	(void)s->config->get_size(c, "httpd_header_limit", &s->header_limit);
	(void)s->config->get_size(c, "httpd_body_limit", &s->body_limit);
	(void)s->config->get_size(c, "httpd_bodies_limit", &s->bodies_limit);
	s->connections = get_count(s, c, "httpd_connection_limit");
	s->connections_per_address = get_count(s, c, "httpd_connection_limit_per_address");
	s->timeout_s = (uint32_t)((timeout_us + 999999) / 1000000);
	if (!s->timeout_s || timeout_us / 1000000 > 86400)
		return s->h->fail(s->h, -EINVAL, "httpd_timeout must lie between 1 s and 1 day");
	if (s->request_us < 1000000 || s->request_us / 1000000 > 86400)
		return s->h->fail(s->h, -EINVAL, "httpd_request_timeout must lie between 1 s and 1 day");
	if (s->header_limit < HEADER_LIMIT_MIN || s->header_limit > HEADER_LIMIT_MAX)
		return s->h->fail(s->h, -EINVAL, "httpd_header_limit must lie between 4K and 1M");
	if (s->bodies_limit < s->body_limit)
		return s->h->fail(s->h, -EINVAL, "httpd_bodies_limit must not be less than httpd_body_limit");
	return 0;
}

/* RFC 6454 6.2: scheme, "://", host, and a port that is not the scheme's. Browsers say nothing else but "null", and that of any page that hides
 * where it comes from. */
static bool origin_valid(const char *text)
{
	const char *authority = strstr(text, "://");

	return !strcmp(text, "*") || (authority && authority > text && authority[3] && !authority[3 + strcspn(authority + 3, "/?#@, \t")]);
}

static int configure_websockets(struct server *s, const struct aerie_config *c)
{
	char text[512];
	uint32_t i;
	int err;

	s->ws_limit = get_count(s, c, "httpd_websocket_limit");
	(void)s->config->get_duration(c, "httpd_websocket_ping", &s->ws_ping_us);
	if (s->ws_ping_us < WS_PING_MIN_US || s->ws_ping_us > WS_PING_MAX_US)
		return s->h->fail(s->h, -EINVAL, "httpd_websocket_ping must lie between 100 ms and 1 hour");
	err = get_list(s, c, "httpd_allowed_origin", &s->origins, &s->n_origins);
	for (i = 0; !err && i < s->n_origins; i++) {
		if (origin_valid(s->origins[i]))
			continue;
		(void)snprintf(text, sizeof text, "httpd_allowed_origin=%s is neither * nor a site as browsers name it, such as https://example.org:8443: "
			       "no path, no '/' at the end", s->origins[i]);
		err = s->h->fail(s->h, -EINVAL, text);
	}
	return err;
}

static int configure_tls(struct server *s, const struct aerie_config *c)
{
	const char *cert = NULL, *key = NULL;
	uint8_t tls = 0;

	(void)s->config->get_bool(c, "httpd_ssl", &tls);
	(void)s->config->get_str(c, "httpd_ssl_cert", &cert);
	(void)s->config->get_str(c, "httpd_ssl_key", &key);
	s->tls = tls;
	return tls ? tls_load(s, cert, key) : 0;
}

static void configure_threads(struct server *s, const struct aerie_config *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	s->threads = get_count(s, c, "httpd_threads");
	if (!s->threads)
		s->threads = cores > (long)THREADS_AUTO_MAX ? THREADS_AUTO_MAX : (uint32_t)cores;
	if (s->threads < THREADS_MIN)
		s->threads = THREADS_MIN;
	s->io_threads = cores < 1 ? 1 : cores > (long)IO_THREADS_MAX ? IO_THREADS_MAX : (uint32_t)cores;
	if (s->io_threads > s->connections)
		s->io_threads = s->connections;
}

int settings_configure(struct server *s, const struct aerie_config *c)
{
	uint8_t cors = 0;
	int err = configure_limits(s, c);

	if (err)
		return err;
	s->address = s->user = s->password = NULL;
	(void)s->config->get_str(c, "httpd_bind_address", &s->address);
	(void)s->config->get_str(c, "httpd_username", &s->user);
	(void)s->config->get_str(c, "httpd_password", &s->password);
	(void)s->config->get_bool(c, "httpd_allow_cors", &cors);
	s->allow_cors = cors;
	s->home = s->config->home(c);
	s->port = (uint16_t)get_count(s, c, "httpd_port");
	s->gzip = get_count(s, c, "httpd_gzip");
	configure_threads(s, c);
	if (!s->user != !s->password || (s->user && (!*s->user || !*s->password)))
		return s->h->fail(s->h, -EINVAL, "httpd_username and httpd_password go together: set both, or neither");
	if (s->user && (strchr(s->user, ':') || strlen(s->user) >= CREDENTIAL_OCTETS || strlen(s->password) >= CREDENTIAL_OCTETS))
		return s->h->fail(s->h, -EINVAL, "httpd_username has a colon, which no client can send, or it or httpd_password is longer than 255 octets");
	err = auth_configure(s, c);
	if (!err)
		err = configure_websockets(s, c);
	if (!err)
		err = configure_files(s, c);
	if (!err)
		err = proxy_configure(s, c);
	return err ? err : configure_tls(s, c);
}

void settings_unload(struct server *s)
{
	proxy_unload(s);
	free(s->origins);
	free(s->mime);
	free(s->user_folder);
}
