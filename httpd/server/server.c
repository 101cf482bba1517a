/* SPDX-License-Identifier: MIT */
/* The module: binds the router to libmicrohttpd. What its clients may cost is limited by options (settings.c). */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <aerie/plugin.h>

#include "auth.h"
#include "clients.h"
#include "handlers.h"
#include "server.h"
#include "settings.h"
#include "tls.h"
#include "tlsfront.h"
#include "websocket.h"

#define WRITERS_NICE 5      /* of the threads that make the rest of long replies */
#define FILES_RESERVED 256u /* open files for everything but connections */

static int load(const struct aerie_host *h, void **ret_state)
{
	struct server *s = calloc(1, sizeof *s);
	int err;

	if (!s)
		return h->fail(h, -ENOMEM, "out of memory");
	s->h = h;
	s->http = h->get_service(h, AERIE_HTTP_SERVICE);
	s->bus = h->get_service(h, AERIE_BUS_SERVICE);
	s->config = h->get_service(h, AERIE_CONFIG_SERVICE);
	s->loop = h->get_service(h, AERIE_LOOP_SERVICE);
	s->websocket = h->get_service(h, AERIE_WEBSOCKET_SERVICE);
	s->packets = h->get_service(h, AERIE_PACKETS_SERVICE);
	s->plugins = h->get_service(h, AERIE_PLUGINS_SERVICE);
	(void)snprintf(s->name, sizeof s->name, "Aerie/%s", s->plugins->host_version(h));
	s->fd = -1;
	err = auth_load(s);
	if (err) {
		auth_unload(s);
		free(s);
		return err;
	}
	*ret_state = s;
	return 0;
}

static void unload(void *state)
{
	struct server *s = state;

	auth_unload(s);
	tls_unload(s);
	settings_unload(s);
	free(s);
}

static int configure(void *state, const struct aerie_config *c)
{
	return settings_configure(state, c);
}

/* A connection is one open file, with TLS three, and one more while a file is sent. */
static void raise_file_limit(const struct server *s)
{
	rlim_t needed = (rlim_t)s->connections * (s->tls ? 4 : 2) + FILES_RESERVED;
	struct rlimit limit;
	char text[256];

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > needed ? needed : limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= needed)
		return;
	(void)snprintf(text, sizeof text, "HTTP server: httpd_connection_limit=%u needs up to %llu open files, and this process may have %llu; "
		       "lower it, or raise the limit (ulimit -Hn, LimitNOFILE=)", s->connections, (unsigned long long)needed,
		       (unsigned long long)limit.rlim_cur);
	s->bus->message(s->h, AERIE_LOG_ERROR, text);
}

static int fail_listen(const struct server *s, int err, const char *why)
{
	char text[512];

	(void)snprintf(text, sizeof text, "cannot listen for HTTP on %s port %u: %s", s->address, s->port, why);
	return s->h->fail(s->h, err, text);
}

static int listen_failed(const struct server *s, int err, int fd)
{
	if (fd >= 0)
		(void)close(fd);
	switch (err) {
	case -EADDRINUSE:
		return fail_listen(s, err, "another program has it; stop that one, or choose another port with httpd_port= or -p");
	case -EADDRNOTAVAIL:
		return fail_listen(s, err, "this machine does not have that address; set httpd_bind_address= or --bind to one it has");
	case -EACCES:
		return fail_listen(s, err, "ports below 1024 are for root; choose another one with httpd_port= or -p");
	}
	return fail_listen(s, err, strerror(-err));
}

static int open_listener(struct server *s)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *a = NULL;
	char port[8];
	int fd, one = 1, err;

	(void)snprintf(port, sizeof port, "%u", s->port);
	if (getaddrinfo(s->address, port, &hints, &a))
		return fail_listen(s, -EINVAL, "that is not a numeric address; set httpd_bind_address= to one, such as 127.0.0.1");
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 || bind(fd, a->ai_addr, a->ai_addrlen) < 0 ||
	      listen(fd, 512) < 0 ? -errno : 0;
	freeaddrinfo(a);
	if (err)
		return listen_failed(s, err, fd);
	s->fd = fd;
	return 0;
}

/* Tells the address, with the port that the system chose. */
static void tell_address(struct server *s)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof a;
	char text[256];
	bool v6;

	if (getsockname(s->fd, (struct sockaddr *)&a, &len) < 0)
		return;
	v6 = a.ss_family == AF_INET6;
	s->port = ntohs(v6 ? ((struct sockaddr_in6 *)&a)->sin6_port : ((struct sockaddr_in *)&a)->sin_port);
	(void)snprintf(text, sizeof text, "HTTP server: http%s://%s%s%s:%u%s/", s->tls ? "s" : "", v6 ? "[" : "", s->address, v6 ? "]" : "",
		       s->port, s->prefix);
	s->bus->message(s->h, AERIE_LOG_INFO, text);
}

/* What libmicrohttpd has to say is about its clients' mistakes. */
static void mhd_says(void *cls, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
static void mhd_says(void *cls, const char *format, va_list args)
{
	const struct server *s = cls;
	char text[512];
	int n = vsnprintf(text, sizeof text, format, args);

	if (n > 0 && strlen(text) && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = '\0';
	s->h->log(s->h, AERIE_LOG_DEBUG, text);
}

static int start_daemon(struct server *s)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_ALLOW_UPGRADE | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem listen_options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, s->fd, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	sigset_t all, before;

	if (s->tls)
		flags |= MHD_USE_NO_LISTEN_SOCKET;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	s->daemon = MHD_start_daemon(flags, 0, clients_accept, s->clients, connection_request, s,
		MHD_OPTION_EXTERNAL_LOGGER, mhd_says, s,
		MHD_OPTION_THREAD_POOL_SIZE, s->io_threads,
		MHD_OPTION_CONNECTION_LIMIT, s->connections,
		MHD_OPTION_NOTIFY_CONNECTION, clients_notify, s->clients,
		MHD_OPTION_CONNECTION_TIMEOUT, s->timeout_s,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)s->header_limit,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_URI_LOG_CALLBACK, connection_uri, s,
		MHD_OPTION_UNESCAPE_CALLBACK, connection_unescape, s,
		MHD_OPTION_NOTIFY_COMPLETED, connection_completed, s,
		MHD_OPTION_ARRAY, &listen_options[s->tls ? 1 : 0],
		MHD_OPTION_END);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (s->daemon)
		return 0;
	s->bus->message(s->h, AERIE_LOG_ERROR,
			"HTTP server: its threads could not be started; lower httpd_threads or httpd_connection_limit and start again");
	return -EAGAIN;
}

static void stop(void *state)
{
	struct server *s = state;
	bool ours = !s->daemon || s->tls; /* otherwise MHD closes the socket */

	s->loop->timer_stop(s->timer);
	s->loop->timer_stop(s->tick);
	s->timer = s->tick = NULL;
	handlers_stop(s->handlers);
	handlers_stop(s->writers);
	websocket_stop(s->sockets);
	tlsfront_free(s->front);
	s->front = NULL;
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	s->daemon = NULL;
	if (ours && s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	websocket_free(s->sockets);
	s->sockets = NULL;
	handlers_free(s->handlers);
	handlers_free(s->writers);
	s->handlers = s->writers = NULL;
	clients_free(s->clients);
	s->clients = NULL;
	auth_stop(s);
}

static int start_front(struct server *s)
{
	int err = s->tls ? tlsfront_new(s, &s->front) : 0;

	if (err)
		s->bus->message(s->h, AERIE_LOG_ERROR, "HTTPS server: it could not be started: out of memory, open files or threads");
	return err;
}

/* Runs when the event loop does: by then the modules with endpoints and serializers are there, whatever their order. Clients that
 * were faster wait in the listening socket's queue. */
static void serve(void *user)
{
	struct server *s = user;

	s->timer = NULL;
	if (!start_daemon(s) && !start_front(s))
		tell_address(s);
}

/* Whether packets queue for their workers: one batch that waits is on its way. */
static bool packets_wait(void *user)
{
	const struct server *s = user;
	struct aerie_packet_stats stats = { .size = sizeof stats };

	return !s->packets->stats(s->h, &stats) && stats.waiting > 1;
}

static int start_handlers(struct server *s)
{
	int err = clients_new(s, &s->clients);

	if (!err)
		err = s->loop->timer_start(s->h, CLIENTS_TICK_MS, CLIENTS_TICK_MS, clients_tick, s->clients, &s->tick);
	if (!err)
		err = handlers_new(s->threads, "http", 0, NULL, NULL, &s->handlers);
	if (!err)
		err = handlers_new(s->io_threads + 1, "http-body", WRITERS_NICE, packets_wait, s, &s->writers);
	return err ? s->h->fail(s->h, err, "the threads of the HTTP server could not be started; lower httpd_threads") : 0;
}

static int start(void *state)
{
	struct server *s = state;
	int err = open_listener(s);

	if (err)
		return err;
	raise_file_limit(s);
	err = auth_start(s);
	if (!err)
		err = start_handlers(s);
	if (!err)
		err = websocket_new(s, &s->sockets);
	if (!err)
		err = s->loop->timer_start(s->h, 0, 0, serve, s, &s->timer);
	if (err)
		stop(s);
	return err;
}

/* Until stop() the listening socket stays open, so that its port stays ours. */
static void quiesce(void *state)
{
	struct server *s = state;

	clients_refuse(s->clients);
	tlsfront_quiesce(s->front);
	websocket_quiesce(s->sockets);
	clients_quiesce(s->clients);
}

static const char *const needs[] = { AERIE_HTTP_SERVICE, AERIE_BUS_SERVICE, AERIE_CONFIG_SERVICE, AERIE_LOOP_SERVICE,
				     AERIE_WEBSOCKET_SERVICE, AERIE_FIELDS_SERVICE, AERIE_PACKETS_SERVICE, AERIE_PLUGINS_SERVICE, NULL };

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "aerie.httpd",
	.version = "1.0",
	.summary = "HTTP server",
	.license = "MIT",
	.requires_ = needs,
	.options = settings_options,
	.load = load,
	.configure = configure,
	.start = start,
	.quiesce = quiesce,
	.stop = stop,
	.unload = unload,
};
AERIE_PLUGIN_EXPORT(plugin);
