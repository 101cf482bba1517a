/* SPDX-License-Identifier: MIT */
/* Capture processes on libuv.
 *
 * The two pipes are real pipes rather than libuv's socket pairs: they hold more (CAPPROC_PIPE) and cost less per octet. The
 * process gets a session of its own, so that a Ctrl-C in the host's terminal reaches the host alone, which then ends its
 * capture processes in order; should the host die, they see the end of their pipes. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <core/capproc.h>

#define CHILD_IN 3  /* the child's numbers of its pipe ends: the slots in uv_process_options_t.stdio */
#define CHILD_OUT 4

struct capproc {
	struct transport base;
	uv_process_t process;
	uv_pipe_t in;    /* we write, it reads */
	uv_pipe_t out;   /* it writes, we read */
	uv_timer_t kill; /* from SIGTERM to SIGKILL */
	void (*gone)(void *user);
	void *gone_user;
	size_t unread;     /* octets queued for `in` */
	unsigned handles;  /* not closed yet */
	bool reading, exited, ending;
};

struct write_req {
	uv_write_t req;
	struct capproc *p;
	size_t len;
	uint8_t data[];
};

static void handle_closed(uv_handle_t *h)
{
	struct capproc *p = h->data;

	if (--p->handles)
		return;
	if (p->gone)
		p->gone(p->gone_user);
	free(p);
}

static void close_handle(void *handle)
{
	uv_handle_t *h = handle;

	if (!uv_is_closing(h))
		uv_close(h, handle_closed);
}

static void close_pipes(struct capproc *p)
{
	close_handle(&p->in);
	close_handle(&p->out);
}

static void close_rest(struct capproc *p)
{
	close_pipes(p);
	close_handle(&p->kill);
	close_handle(&p->process);
}

static void process_exited(uv_process_t *process, int64_t status, int signal)
{
	struct capproc *p = process->data;

	p->exited = true;
	if (p->ending)
		close_rest(p);
	else
		p->base.ev->exited(p->base.user, status, signal);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct capproc *p = h->data;
	uint8_t *at = NULL;
	size_t n = p->ending ? 0 : p->base.ev->room(p->base.user, &at);

	*buf = uv_buf_init((char *)at, (unsigned)n);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct capproc *p = stream->data;

	if (p->ending || n == 0)
		return;
	if (n > 0) {
		p->base.ev->data(p->base.user, (size_t)n);
		return;
	}
	uv_read_stop(stream);
	p->reading = false;
	if (n != UV_ENOBUFS) /* ENOBUFS: there was no room; goes on with resume() */
		p->base.ev->eof(p->base.user, n == UV_EOF ? 0 : (int)n);
}

static void on_written(uv_write_t *req, int status)
{
	struct write_req *w = (struct write_req *)req;

	w->p->unread -= w->len;
	free(w);
}

static int proc_send(struct transport *t, const void *data, size_t len)
{
	struct capproc *p = (struct capproc *)t;
	struct write_req *w;
	uv_buf_t buf;
	int r;

	if (p->unread + len > TRANSPORT_UNREAD_MAX)
		return -ENOBUFS;
	w = malloc(sizeof *w + len);
	if (!w)
		return -ENOMEM;
	w->p = p;
	w->len = len;
	memcpy(w->data, data, len);
	buf = uv_buf_init((char *)w->data, (unsigned)len);
	r = uv_write(&w->req, (uv_stream_t *)&p->in, &buf, 1, on_written);
	if (r < 0) {
		free(w);
		return r;
	}
	p->unread += len;
	return 0;
}

static void proc_resume(struct transport *t)
{
	struct capproc *p = (struct capproc *)t;

	if (!p->reading && !p->ending)
		p->reading = uv_read_start((uv_stream_t *)&p->out, on_alloc, on_read) == 0;
}

static void send_signal(struct capproc *p, int signal)
{
	if (!p->exited)
		(void)uv_process_kill(&p->process, signal);
}

static void on_kill(uv_timer_t *t)
{
	send_signal(t->data, SIGKILL);
}

static void proc_end(struct transport *t, void (*gone)(void *user), void *user)
{
	struct capproc *p = (struct capproc *)t;

	if (p->ending)
		return;
	p->ending = true;
	p->gone = gone;
	p->gone_user = user;
	if (p->exited) {
		close_rest(p);
		return;
	}
	close_pipes(p);
	send_signal(p, SIGTERM);
	uv_timer_start(&p->kill, on_kill, CAPPROC_GRACE_MS, 0);
}

static const struct transport_ops ops = { proc_send, proc_resume, proc_end };

/* A pipe of which the child gets one end and we the other; both are closed on exec. */
static int make_pipe(int fds[2])
{
	return pipe2(fds, O_CLOEXEC) < 0 ? -errno : 0;
}

static void close_fds(const int in[2], const int out[2])
{
	const int fds[] = { in[0], in[1], out[0], out[1] };
	size_t i;

	for (i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int spawn(struct capproc *p, uv_loop_t *loop, const char *program, int child_in, int child_out)
{
	char in_arg[] = "--in-fd=3", out_arg[] = "--out-fd=4";
	char *args[] = { (char *)program, in_arg, out_arg, NULL };
	uv_stdio_container_t stdio[5] = { { .flags = UV_INHERIT_FD } };
	uv_process_options_t o = { .exit_cb = process_exited, .file = program, .args = args, .stdio = stdio, .stdio_count = 5,
				   .flags = UV_PROCESS_DETACHED };
	int i;

	for (i = 0; i < 5; i++) {
		stdio[i].flags = UV_INHERIT_FD;
		stdio[i].data.fd = i;
	}
	stdio[CHILD_IN].data.fd = child_in;
	stdio[CHILD_OUT].data.fd = child_out;
	return uv_spawn(loop, &p->process, &o);
}

static void init_handles(struct capproc *p, uv_loop_t *loop)
{
	uv_pipe_init(loop, &p->in, 0);
	uv_pipe_init(loop, &p->out, 0);
	uv_timer_init(loop, &p->kill);
	p->in.data = p->out.data = p->kill.data = p->process.data = p;
	p->handles = 4;
}

int capproc_spawn(uv_loop_t *loop, const char *program, struct transport **ret)
{
	struct capproc *p = calloc(1, sizeof *p);
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, r;

	if (!p)
		return -ENOMEM;
	r = make_pipe(in);
	if (r == 0)
		r = make_pipe(out);
	if (r < 0)
		goto fail;
	(void)fcntl(out[0], F_SETPIPE_SZ, (int)CAPPROC_PIPE); /* EPERM over the user's limit: the default will do */
	p->base.ops = &ops;
	init_handles(p, loop);
	r = spawn(p, loop, program, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	in[0] = out[1] = -1;
	if (r < 0)
		goto fail_handles;
	r = uv_pipe_open(&p->in, in[1]);
	if (r < 0)
		goto fail_process;
	in[1] = -1;
	r = uv_pipe_open(&p->out, out[0]);
	if (r < 0)
		goto fail_process;
	out[0] = -1;
	p->base.pid = p->process.pid;
	*ret = &p->base;
	return 0;
fail_process:
	proc_end(&p->base, NULL, NULL);
	close_fds(in, out);
	return r;
fail_handles: /* libuv has a process handle to close even when the program did not start */
	p->ending = true;
	close_rest(p);
	close_fds(in, out);
	return r;
fail:
	close_fds(in, out);
	free(p);
	return r;
}
