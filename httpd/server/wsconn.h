/* SPDX-License-Identifier: MIT */
/* One WebSocket connection, and what it shares with the thread that runs it. */
#ifndef SERVER_WSCONN_H
#define SERVER_WSCONN_H

#include <pthread.h>
#include <stdatomic.h>
#include <wslay/wslay.h>

#include "websocket.h"

#define WS_READ_OCTETS (64u * 1024u)  /* read from a connection at a time */
#define WS_BATCH_OCTETS (64u * 1024u) /* handed to the framing at a time, */
#define WS_BATCHES 16u                /* before other connections have their turn */
#define WS_BATCH 16u                  /* and messages */
#define WS_KEEP_OCTETS (32u * 1024u)  /* a message's buffer that is larger goes after the message */
#define WS_BACKLOG 48u                /* frames that wait in the framing, with answers to pings: above, the client is not read from */
#define WS_REASON_OCTETS 123u         /* RFC 6455 5.5: 125 less the code */
#define WS_FLUSH_US 10000000u         /* closing: patience with a client that takes nothing of what is queued */
#define WS_ANSWER_US 5000000u         /* closing: for the client's close frame */
#define WS_LINGER_US 1000000u         /* closing: for the client's end of the connection, so that it reads the close frame */
#define WS_WAIT_US 30000000u          /* for a route that pauses, when its client has gone */
#define WS_SILENT_INTERVALS 3u        /* so many intervals without a word from the client: it is taken for dead */
#define WS_LOGIN_US 1000000u          /* between two looks whether a connection's login still holds */
#define WS_QUIESCE_US 2000000u        /* for all of it when the server ends */

/* A message that waits: to be sent, or for a route that pauses. */
struct wsmsg {
	struct wsmsg *next;
	uint32_t kind, len;
	uint8_t data[];
};

struct wsqueue {
	struct wsmsg *head, **tail;
};

enum wsstate {
	WS_OPEN,    /* messages go both ways */
	WS_CLOSING, /* a close frame was asked for or sent; none came from the client, or it has not been answered yet */
	WS_LINGER,  /* nothing more is sent; reads until the client closes, too */
	WS_DEAD,    /* to be freed */
};

struct wsconn {
	struct aerie_ws ws; /* first: what routes get */
	struct websocket *w;
	const struct aerie_ws_route *route;
	void *pin;
	struct aerie_http_request req; /* its texts lie behind the struct */
	struct auth_grant grant;       /* what the request was logged in by */

	/* The thread's own. */
	struct wsconn *prev, *next;
	struct MHD_UpgradeResponseHandle *urh;
	int fd;
	uint32_t events; /* that epoll watches; 0: not registered */
	wslay_event_context_ptr framing;
	enum wsstate state;
	bool attached; /* open() succeeded and close() was not called yet */
	bool paused;
	bool answer_awaited; /* our close frame is out */
	bool gone;           /* the socket is of no use; the route still gets what waits */
	void *user;              /* the route's */
	uint64_t quiet_us;   /* since it was heard, or pinged after that */
	uint32_t pings;      /* not answered yet */
	uint64_t deadline_us;
	uint64_t inflight;       /* cost of the messages that the framing has */
	uint8_t *rest;           /* octets read and not yet taken by the framing */
	size_t rest_at, rest_len;
	const uint8_t *in;       /* octets for the framing, during a call */
	size_t in_len;
	uint32_t kind;           /* of the message that comes in */
	bool control, only_frame; /* the frame that comes in is one; is its message's only one */
	uint64_t frame_len, msg_len, msg_room;
	uint8_t *msg;
	const uint8_t *whole;    /* a message that came in one piece: not copied */
	struct wsqueue waiting;  /* came in while the route pauses */

	/* Under the lock of struct websocket. */
	struct wsqueue out;
	uint64_t queued; /* cost of what is in `out` and in flight */
	bool resume_asked, close_asked, dirty;
	uint16_t code;
	char reason[WS_REASON_OCTETS + 1];
	struct wsconn *next_dirty;
	/* Any thread reads it, whoever closes sets it: no send(), no message() any more. */
	atomic_bool closed;
};

struct websocket {
	const struct server *s;
	pthread_t thread;
	int epoll_fd, event_fd;
	uint8_t *buf;           /* WS_READ_OCTETS; the thread's own */
	uint64_t now_us;        /* the thread's own */
	uint64_t check_at_us;   /* the thread's own: when logins are looked at again */
	struct wsconn *conns;   /* the thread's own */
	uint64_t quiesce_until_us; /* the thread's own; 0: not quiescing */
	bool running;              /* the main thread's own: there is a thread to join */

	pthread_mutex_t lock; /* guards the rest, and the connections' last members */
	pthread_cond_t changed;
	struct wsconn *incoming, *dirty; /* linked by next, next_dirty */
	uint32_t n;                      /* connections, also those not upgraded yet */
	bool quiescing, ending;
};

void wsqueue_init(struct wsqueue *q);
void wsqueue_free(struct wsqueue *q);
/* Something was asked of c: the thread shall look at it. Called with the lock. */
void websocket_wake(struct websocket *w, struct wsconn *c);

/* wsconn.c; all on the thread. After each of them a connection whose state is WS_DEAD must be freed by the caller. */
extern const struct aerie_ws_ops wsconn_ops;
void wsconn_open(struct wsconn *c);                       /* framing, and the route's open() */
void wsconn_ready(struct wsconn *c, uint32_t events);     /* epoll said so */
void wsconn_update(struct wsconn *c);                     /* what other threads asked for */
void wsconn_tick(struct wsconn *c);                       /* pings, silence, deadlines */
void wsconn_close(struct wsconn *c, uint16_t code, const char *reason);
void wsconn_revoke(struct wsconn *c);                     /* its login has ended: what is queued is not for it any more */
void wsconn_detach(struct wsconn *c);                     /* the route's close() */
void wsconn_free(struct wsconn *c);

#endif
