/* SPDX-License-Identifier: MIT */
/* See clients.h. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "address.h"
#include "clients.h"
#include "proxy.h"

#define BUCKETS 256u

/* How many connections an address has, and octets of bodies. */
struct source {
	struct source *next;
	struct address address;
	uint32_t n;
	uint64_t octets;
};

enum state { IDLE, BUSY, UPGRADED }; /* BUSY: a request is being answered */

struct client {
	struct client *prev, *next;
	struct clients *all;
	int fd;
	_Atomic uint64_t deadline_us; /* for the request; 0: none */
	atomic_int state;             /* enum state */
	struct source *source;        /* or NULL: not counted */
};

struct clients {
	struct server *s;
	atomic_bool refusing;
	pthread_mutex_t lock; /* guards the rest */
	struct client *first;
	struct source *sources[BUCKETS];
	uint64_t octets; /* of all bodies */
};

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

int clients_new(struct server *s, struct clients **ret_clients)
{
	struct clients *all = calloc(1, sizeof *all);

	if (!all)
		return -ENOMEM;
	all->s = s;
	(void)pthread_mutex_init(&all->lock, NULL);
	*ret_clients = all;
	return 0;
}

void clients_free(struct clients *all)
{
	if (!all)
		return;
	(void)pthread_mutex_destroy(&all->lock);
	free(all);
}

/* ---- addresses ---- */

/* False: it is not counted. */
static bool counted_address(const struct clients *all, const struct sockaddr *a, struct address *ret_address)
{
	if (proxy_trusts(all->s, a) || !address_of(a, ret_address))
		return false;
	address_client(ret_address);
	return true;
}

/* Under the lock: where the address is, or would be. */
static struct source **find_source(struct clients *all, const struct address *a)
{
	struct source **at = &all->sources[address_hash(a) % BUCKETS];

	while (*at && memcmp(&(*at)->address, a, sizeof *a))
		at = &(*at)->next;
	return at;
}

/* Under the lock. */
static bool has_room(struct clients *all, const struct address *a)
{
	const struct source *source = *find_source(all, a);

	return !source || source->n < all->s->connections_per_address;
}

enum MHD_Result clients_accept(void *cls, const struct sockaddr *a, socklen_t len)
{
	struct clients *all = cls;
	struct address address;
	bool ok;

	if (atomic_load_explicit(&all->refusing, memory_order_relaxed))
		return MHD_NO;
	if (all->s->tls || !counted_address(all, a, &address))
		return MHD_YES;
	(void)pthread_mutex_lock(&all->lock);
	ok = has_room(all, &address);
	(void)pthread_mutex_unlock(&all->lock);
	return ok ? MHD_YES : MHD_NO;
}

/* Under the lock. NULL: out of memory. */
static struct source *source_of(struct clients *all, const struct address *a)
{
	struct source **at = find_source(all, a);

	if (!*at) {
		*at = calloc(1, sizeof **at);
		if (!*at)
			return NULL;
		(*at)->address = *a;
	}
	return *at;
}

/* Under the lock: forgets a source that nothing is counted for. */
static void drop(struct clients *all, struct source *source)
{
	struct source **at;

	if (source->n || source->octets)
		return;
	at = find_source(all, &source->address);
	*at = source->next;
	free(source);
}

/* Under the lock. Out of memory, it is not counted. */
static struct source *count_up(struct clients *all, const struct address *a)
{
	struct source *source = source_of(all, a);

	if (source)
		source->n++;
	return source;
}

static void count_down(struct clients *all, struct source *source)
{
	if (!source)
		return;
	source->n--;
	drop(all, source);
}

int clients_enter(struct clients *all, const struct sockaddr *a, struct source **ret_source)
{
	struct source *source = NULL;
	struct address address;
	bool ok = true;

	if (counted_address(all, a, &address)) {
		(void)pthread_mutex_lock(&all->lock);
		ok = has_room(all, &address);
		if (ok)
			source = count_up(all, &address);
		(void)pthread_mutex_unlock(&all->lock);
	}
	*ret_source = source;
	return ok ? 0 : -EUSERS;
}

void clients_leave(struct clients *all, struct source *source)
{
	(void)pthread_mutex_lock(&all->lock);
	count_down(all, source);
	(void)pthread_mutex_unlock(&all->lock);
}

/* ---- bodies ---- */

/* Under the lock. */
static bool has_octets(const struct clients *all, const struct source *source, uint64_t octets)
{
	uint64_t limit = all->s->bodies_limit, share = limit / 2 < all->s->body_limit ? all->s->body_limit : limit / 2;

	return octets <= limit - all->octets && (!source || (source->octets <= share && octets <= share - source->octets));
}

bool clients_take_octets(struct clients *all, struct MHD_Connection *c, uint64_t octets, struct source **source)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct address address;
	bool counted = info && counted_address(all, info->client_addr, &address), ok;
	struct source *k = *source;

	(void)pthread_mutex_lock(&all->lock);
	if (!k && counted)
		k = source_of(all, &address);
	ok = has_octets(all, k, octets) && (k || !counted);
	if (ok) {
		all->octets += octets;
		if (k)
			k->octets += octets;
		*source = k;
	} else if (k) {
		drop(all, k);
	}
	(void)pthread_mutex_unlock(&all->lock);
	return ok;
}

void clients_give_octets(struct clients *all, struct source *source, uint64_t octets)
{
	(void)pthread_mutex_lock(&all->lock);
	all->octets -= octets;
	if (source) {
		source->octets -= octets;
		drop(all, source);
	}
	(void)pthread_mutex_unlock(&all->lock);
}

/* ---- connections ---- */

static uint64_t idle_deadline(const struct clients *all)
{
	return now_us() + all->s->timeout_s * 1000000ull + all->s->request_us;
}

static struct client *client_new(struct clients *all, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *address = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct client *k = calloc(1, sizeof *k);
	struct address a;

	if (!k || !fd) {
		free(k);
		return NULL;
	}
	k->all = all;
	k->fd = fd->connect_fd;
	atomic_init(&k->deadline_us, idle_deadline(all));
	(void)pthread_mutex_lock(&all->lock);
	if (!all->s->tls && address && counted_address(all, address->client_addr, &a))
		k->source = count_up(all, &a);
	k->next = all->first;
	if (k->next)
		k->next->prev = k;
	all->first = k;
	(void)pthread_mutex_unlock(&all->lock);
	all->s->http->connection(all->s->h, 1);
	return k;
}

/* libmicrohttpd closes the socket afterwards. */
static void client_free(struct client *k)
{
	struct clients *all = k->all;

	(void)pthread_mutex_lock(&all->lock);
	if (k->prev)
		k->prev->next = k->next;
	else
		all->first = k->next;
	if (k->next)
		k->next->prev = k->prev;
	count_down(all, k->source);
	(void)pthread_mutex_unlock(&all->lock);
	all->s->http->connection(all->s->h, -1);
	free(k);
}

void clients_notify(void *cls, struct MHD_Connection *c, void **context, enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = client_new(cls, c);
	} else if (*context) {
		client_free(*context);
		*context = NULL;
	}
}

static struct client *client_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void change(struct MHD_Connection *c, enum state state, uint64_t (*deadline)(const struct clients *all))
{
	struct client *k = client_of(c);

	if (!k)
		return;
	atomic_store_explicit(&k->state, (int)state, memory_order_relaxed);
	atomic_store_explicit(&k->deadline_us, deadline ? deadline(k->all) : 0, memory_order_relaxed);
}

static uint64_t body_deadline(const struct clients *all)
{
	return now_us() + all->s->request_us;
}

void clients_headers(struct MHD_Connection *c, bool more)
{
	change(c, BUSY, more ? body_deadline : NULL);
}

void clients_request(struct MHD_Connection *c)
{
	change(c, BUSY, NULL);
}

void clients_upgraded(struct MHD_Connection *c)
{
	change(c, UPGRADED, NULL);
}

void clients_answered(struct MHD_Connection *c)
{
	change(c, IDLE, idle_deadline);
}

/* Cuts the idle ones, or all; how many there are that are answered. */
static unsigned cut(struct clients *all, bool busy_too)
{
	struct client *k;
	unsigned busy = 0;
	int state;

	(void)pthread_mutex_lock(&all->lock);
	for (k = all->first; k; k = k->next) {
		state = atomic_load_explicit(&k->state, memory_order_relaxed);
		busy += state == BUSY;
		if (state == IDLE || (state == BUSY && busy_too))
			(void)shutdown(k->fd, SHUT_RDWR); /* libmicrohttpd notices, and closes it */
	}
	(void)pthread_mutex_unlock(&all->lock);
	return busy;
}

void clients_refuse(struct clients *all)
{
	atomic_store_explicit(&all->refusing, true, memory_order_relaxed);
}

void clients_quiesce(struct clients *all)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	uint64_t until = now_us() + CLIENTS_QUIESCE_US;

	while (cut(all, false) && now_us() < until)
		(void)nanosleep(&pause, NULL);
	(void)cut(all, true);
}

void clients_tick(void *user)
{
	struct clients *all = user;
	uint64_t now = now_us(), deadline;
	unsigned n = 0;
	struct client *k;
	char text[128];

	(void)pthread_mutex_lock(&all->lock);
	for (k = all->first; k; k = k->next) {
		deadline = atomic_load_explicit(&k->deadline_us, memory_order_relaxed);
		if (!deadline || now < deadline)
			continue;
		atomic_store_explicit(&k->deadline_us, 0, memory_order_relaxed);
		(void)shutdown(k->fd, SHUT_RDWR);
		n++;
	}
	(void)pthread_mutex_unlock(&all->lock);
	if (!n)
		return;
	(void)snprintf(text, sizeof text, "cut %u connection%s whose request took longer than httpd_request_timeout", n, n == 1 ? "" : "s");
	all->s->h->log(all->s->h, AERIE_LOG_DEBUG, text);
}
