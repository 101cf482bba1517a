/* SPDX-License-Identifier: MIT */
/* libmicrohttpd speaks TLS itself, but (0.9.75) passes an upgraded connection on in pieces of four octets, and does not always pass
 * on its end. So TLS ends here: one thread accepts, decrypts and encrypts; for libmicrohttpd and WebSockets all
 * connections are plain. Half-closed connections stay half-closed. */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "tls.h"
#include "tlsfront.h"

#define PIPE_OCTETS (16u * 1024u) /* a TLS record's most */
#define HANDSHAKE_US 10000000u    /* for a client to finish it */
#define END_US 5000000u           /* for the rest, when one side has gone altogether */
#define EVENTS 64
#define TICK_MS 500
#define ACCEPTS 16 /* at a time */
#define STEPS 16   /* of one connection, before others have their turn */

/* Octets on their way in one direction. */
struct pipe {
	size_t at, len;
	bool ended;  /* nothing more comes in */
	bool passed; /* and that was passed on */
	uint8_t buf[PIPE_OCTETS];
};

struct link;

struct side {
	struct link *link; /* NULL in epoll's data: the listener or the event */
	int fd;
	uint32_t events; /* registered for */
};

struct link {
	struct link *prev, *next;
	struct side client, server;
	gnutls_session_t session;
	struct source *source; /* of clients_enter() */
	struct sockaddr_storage address;
	socklen_t address_len;
	bool shaken, dead;
	bool server_gone;     /* it sends nothing more than what is under way */
	uint64_t deadline_us; /* 0: none */
	struct pipe in, out;  /* from the client, to it */
};

struct tlsfront {
	const struct server *s;
	pthread_t thread;
	bool running;
	int epoll_fd, event_fd;
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
	struct link *links; /* the thread's own */
	uint32_t n;
	struct side listener;     /* this and the next ones: the thread's own */
	bool listening, any_dead;
	uint64_t now_us, reap_at_us, listen_at_us;
	atomic_bool quiescing, ending;
};

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void watch(struct tlsfront *f, struct side *side, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = side };
	int op = !events ? EPOLL_CTL_DEL : side->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (events == side->events)
		return;
	if (epoll_ctl(f->epoll_fd, op, side->fd, &e) < 0)
		side->link->dead = true;
	side->events = events;
}

/* ---- one connection ---- */

static void link_free(struct tlsfront *f, struct link *l)
{
	if (l->prev)
		l->prev->next = l->next;
	else
		f->links = l->next;
	if (l->next)
		l->next->prev = l->prev;
	f->n--;
	watch(f, &l->client, 0); /* closing them is not enough: a child process that was just forked has them, too, for a moment */
	watch(f, &l->server, 0);
	if (l->session)
		gnutls_deinit(l->session);
	if (l->client.fd >= 0)
		(void)close(l->client.fd);
	if (l->server.fd >= 0)
		(void)close(l->server.fd);
	clients_leave(f->s->clients, l->source);
	free(l);
}

static bool again(ssize_t n)
{
	return n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED;
}

/* Gives libmicrohttpd its end of a pair. */
static int join_server(struct tlsfront *f, struct link *l)
{
	int pair[2];

	if (atomic_load(&f->quiescing))
		return -ESHUTDOWN;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	l->server.fd = pair[0];
	if (MHD_add_connection(f->s->daemon, pair[1], (struct sockaddr *)&l->address, l->address_len) == MHD_YES)
		return 0;
	return -ECONNABORTED; /* it has closed pair[1] */
}

static void shake(struct tlsfront *f, struct link *l)
{
	int r = gnutls_handshake(l->session);

	if (r < 0) {
		l->dead = gnutls_error_is_fatal(r) != 0;
		if (l->dead)
			(void)gnutls_alert_send_appropriate(l->session, r);
		return;
	}
	l->shaken = true;
	l->deadline_us = 0;
	if (join_server(f, l) < 0)
		l->dead = true;
}

/* Each of these moves octets one step, and tells whether it moved any. */
static bool read_client(struct link *l)
{
	ssize_t n;

	if (l->in.len || l->in.ended)
		return false;
	n = gnutls_record_recv(l->session, l->in.buf, PIPE_OCTETS);
	if (n > 0) {
		l->in.at = 0;
		l->in.len = (size_t)n;
		return true;
	}
	if (n == 0 || n == GNUTLS_E_PREMATURE_TERMINATION)
		l->in.ended = true;
	else if (!again(n) && gnutls_error_is_fatal((int)n))
		l->dead = true;
	return l->in.ended;
}

static bool write_server(struct link *l)
{
	ssize_t n;

	if (l->in.ended && !l->in.len && !l->in.passed) {
		l->in.passed = true;
		(void)shutdown(l->server.fd, SHUT_WR);
	}
	if (!l->in.len)
		return false;
	n = send(l->server.fd, l->in.buf + l->in.at, l->in.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n <= 0) {
		if (n == 0 || errno == EAGAIN || errno == EINTR)
			return false;
		l->in.len = 0; /* it reads no more; what it still has to say goes out */
		l->in.ended = l->in.passed = true;
		return true;
	}
	l->in.at += (size_t)n;
	l->in.len -= (size_t)n;
	return true;
}

static bool read_server(struct link *l)
{
	ssize_t n;

	if (l->out.len || l->out.ended)
		return false;
	n = recv(l->server.fd, l->out.buf, PIPE_OCTETS, MSG_DONTWAIT);
	if (n > 0) {
		l->out.at = 0;
		l->out.len = (size_t)n;
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	l->out.ended = true;
	return true;
}

static bool write_client(struct link *l)
{
	ssize_t n;

	if (l->out.ended && !l->out.len && !l->out.passed) {
		n = gnutls_bye(l->session, GNUTLS_SHUT_WR);
		l->out.passed = !again(n);
		if (l->out.passed)
			(void)shutdown(l->client.fd, SHUT_WR);
	}
	if (!l->out.len)
		return false;
	n = gnutls_record_send(l->session, l->out.buf + l->out.at, l->out.len);
	if (n <= 0) {
		l->dead = l->dead || (!again(n) && gnutls_error_is_fatal((int)n));
		return false;
	}
	l->out.at += (size_t)n;
	l->out.len -= (size_t)n;
	return true;
}

static void register_sides(struct tlsfront *f, struct link *l)
{
	uint32_t client = 0, server = 0;

	if (!l->shaken) {
		watch(f, &l->client, gnutls_record_get_direction(l->session) ? EPOLLOUT : EPOLLIN);
		return;
	}
	client |= !l->in.ended && !l->in.len ? EPOLLIN : 0;
	client |= l->out.len || (l->out.ended && !l->out.passed) ? EPOLLOUT : 0;
	server |= l->server_gone || l->out.ended ? 0 : EPOLLRDHUP; /* also while the client takes nothing of what is there */
	server |= !l->out.ended && !l->out.len ? EPOLLIN : 0;
	server |= l->in.len ? EPOLLOUT : 0;
	watch(f, &l->client, client);
	watch(f, &l->server, server);
}

/* Once the server has gone, nobody else sees to it that the client takes the rest. */
static void set_deadline(struct tlsfront *f, struct link *l, bool sent)
{
	uint64_t end_us = f->now_us + END_US;

	if (l->out.passed && (!l->deadline_us || l->deadline_us > end_us))
		l->deadline_us = end_us; /* what it still sends is for nobody */
	else if (l->server_gone && !l->out.passed && (sent || !l->deadline_us))
		l->deadline_us = f->now_us + f->s->timeout_s * 1000000ull;
}

static void serve(struct tlsfront *f, struct link *l)
{
	unsigned steps = 0;
	bool moved, written, sent = false;

	if (!l->shaken)
		shake(f, l);
	if (l->shaken && !l->dead) {
		do {
			moved = read_client(l);
			moved |= write_server(l);
			moved |= read_server(l);
			written = write_client(l);
			sent |= written;
			moved |= written;
		} while (moved && !l->dead && ++steps < STEPS);
		if (l->in.passed && l->out.passed)
			l->dead = true;
		set_deadline(f, l, sent);
	}
	if (!l->dead)
		register_sides(f, l);
	f->any_dead |= l->dead;
}

/* ---- the listener ---- */

/* Takes fd and source over, also when it fails. */
static struct link *link_new(struct tlsfront *f, int fd, struct source *source)
{
	struct link *l = calloc(1, sizeof *l);
	int one = 1;

	if (!l) {
		clients_leave(f->s->clients, source);
		(void)close(fd);
		return NULL;
	}
	l->source = source;
	l->client = (struct side){ .link = l, .fd = fd };
	l->server = (struct side){ .link = l, .fd = -1 };
	l->next = f->links;
	if (l->next)
		l->next->prev = l;
	f->links = l;
	f->n++;
	l->deadline_us = f->now_us + HANDSHAKE_US;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (gnutls_init(&l->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0) {
		l->session = NULL;
		link_free(f, l);
		return NULL;
	}
	if (gnutls_priority_set(l->session, f->priorities) < 0 ||
	    gnutls_credentials_set(l->session, GNUTLS_CRD_CERTIFICATE, f->credentials) < 0) {
		link_free(f, l);
		return NULL;
	}
	gnutls_transport_set_int(l->session, fd);
	return l;
}

static void set_listening(struct tlsfront *f, bool on)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = &f->listener };

	if (on != f->listening && epoll_ctl(f->epoll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, f->listener.fd, &e) == 0)
		f->listening = on;
}

static void accept_some(struct tlsfront *f)
{
	struct sockaddr_storage address;
	struct source *source;
	struct link *l;
	socklen_t len;
	int fd, i;

	for (i = 0; i < ACCEPTS; i++) {
		len = sizeof address;
		fd = accept4(f->s->fd, (struct sockaddr *)&address, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
			set_listening(f, false); /* who waits there would wake us again at once */
			f->listen_at_us = f->now_us + TICK_MS * 1000u;
		}
		if (fd < 0)
			return;
		if (f->n >= f->s->connections || clients_enter(f->s->clients, (struct sockaddr *)&address, &source)) {
			(void)close(fd);
			continue;
		}
		l = link_new(f, fd, source);
		if (!l)
			continue;
		l->address = address;
		l->address_len = len;
		serve(f, l);
	}
}

/* ---- the thread ---- */

/* Frees what has ended. Not before a round of events is over, because both sides of a connection may be in it. */
static void reap(struct tlsfront *f)
{
	struct link *l, *next;

	for (l = f->links; l; l = next) {
		next = l->next;
		if (l->dead || (l->deadline_us && f->now_us >= l->deadline_us))
			link_free(f, l);
	}
	f->any_dead = false;
	f->reap_at_us = f->now_us + TICK_MS * 1000u;
}

static void on_event(struct tlsfront *f, const struct side *side, uint32_t events)
{
	uint64_t count;

	if (!side) {
		(void)!read(f->event_fd, &count, sizeof count);
	} else if (!side->link) {
		accept_some(f);
	} else if (!side->link->dead) {
		if (side == &side->link->server && (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
			side->link->server_gone = true;
		serve(f, side->link);
	}
}

static void *run(void *arg)
{
	struct tlsfront *f = arg;
	struct epoll_event events[EVENTS];
	int n, i;

	(void)prctl(PR_SET_NAME, "tls");
	f->listener.fd = f->s->fd;
	set_listening(f, true);
	while (!atomic_load(&f->ending)) {
		n = epoll_wait(f->epoll_fd, events, EVENTS, f->links || !f->listening ? TICK_MS : -1);
		f->now_us = now_us();
		if (atomic_load(&f->quiescing))
			set_listening(f, false);
		else if (f->now_us >= f->listen_at_us)
			set_listening(f, true);
		for (i = 0; i < n; i++)
			on_event(f, events[i].data.ptr, events[i].events);
		if (f->any_dead || f->now_us >= f->reap_at_us)
			reap(f);
	}
	while (f->links)
		link_free(f, f->links);
	return NULL;
}

/* ---- the module's calls, on the main thread ---- */

static void wake(struct tlsfront *f)
{
	const uint64_t one = 1;

	(void)!write(f->event_fd, &one, sizeof one);
}

static int load_credentials(struct tlsfront *f)
{
	gnutls_datum_t cert = { (unsigned char *)f->s->cert, (unsigned)strlen(f->s->cert) };
	gnutls_datum_t key = { (unsigned char *)f->s->key, (unsigned)strlen(f->s->key) };

	if (gnutls_certificate_allocate_credentials(&f->credentials) < 0) {
		f->credentials = NULL;
		return -ENOMEM;
	}
	if (gnutls_certificate_set_x509_key_mem2(f->credentials, &cert, &key, GNUTLS_X509_FMT_PEM, NULL, 0) < 0)
		return -EINVAL;
	if (gnutls_priority_init(&f->priorities, TLS_PRIORITIES, NULL) < 0) {
		f->priorities = NULL;
		return -EINVAL;
	}
	return 0;
}

static int start_thread(struct tlsfront *f)
{
	sigset_t all, before;
	int err;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
	err = pthread_create(&f->thread, NULL, run, f);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	f->running = !err;
	return -err;
}

int tlsfront_new(const struct server *s, struct tlsfront **ret_front)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct tlsfront *f = calloc(1, sizeof *f);
	int err;

	if (!f)
		return -ENOMEM;
	f->s = s;
	f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	f->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = load_credentials(f);
	if (!err && (f->epoll_fd < 0 || f->event_fd < 0 || epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, f->event_fd, &e) < 0))
		err = -errno;
	if (!err)
		err = start_thread(f);
	if (err) {
		tlsfront_free(f);
		return err;
	}
	*ret_front = f;
	return 0;
}

void tlsfront_quiesce(struct tlsfront *f)
{
	if (!f)
		return;
	atomic_store(&f->quiescing, true);
	wake(f);
}

void tlsfront_free(struct tlsfront *f)
{
	if (!f)
		return;
	atomic_store(&f->ending, true);
	if (f->running) {
		wake(f);
		(void)pthread_join(f->thread, NULL);
	}
	if (f->credentials)
		gnutls_certificate_free_credentials(f->credentials);
	if (f->priorities)
		gnutls_priority_deinit(f->priorities);
	if (f->epoll_fd >= 0)
		(void)close(f->epoll_fd);
	if (f->event_fd >= 0)
		(void)close(f->event_fd);
	free(f);
}
