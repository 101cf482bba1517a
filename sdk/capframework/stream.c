/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handler.h"
#include "remote.h"

#ifdef CAP_TLS
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#endif

struct stream {
	int fd;
#ifdef CAP_TLS
	gnutls_session_t session; /* NULL: plain */
	gnutls_certificate_credentials_t trust;
	bool unsent; /* a record that was begun is to be ended first */
#endif
};

struct stream *stream_new(int fd)
{
	struct stream *s = calloc(1, sizeof *s);

	if (s)
		s->fd = fd;
	return s;
}

int stream_wait(const struct stream *s, bool write, unsigned long long until_ms)
{
	struct pollfd p = { s->fd, (short)(write ? POLLOUT : POLLIN), 0 };
	uint64_t now = now_ms();
	int r;

	if (now >= until_ms)
		return -1;
	r = poll(&p, 1, (int)(until_ms - now));
	return r > 0 || (r < 0 && errno == EINTR) ? 0 : -1;
}

static ssize_t plain_read(const struct stream *s, void *to, size_t len)
{
	ssize_t n;

	do
		n = read(s->fd, to, len);
	while (n < 0 && errno == EINTR);
	return n;
}

static ssize_t plain_write(const struct stream *s, const void *from, size_t len)
{
	ssize_t n;

	do
		n = write(s->fd, from, len);
	while (n < 0 && errno == EINTR);
	return n;
}

#ifdef CAP_TLS
bool tls_available(void)
{
	return true;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	if (s->session)
		gnutls_deinit(s->session);
	if (s->trust)
		gnutls_certificate_free_credentials(s->trust);
	free(s);
}

static int load_trust(struct stream *s, const char *ca_file, char *why, size_t room)
{
	int r = gnutls_certificate_allocate_credentials(&s->trust);

	if (r >= 0)
		r = ca_file ? gnutls_certificate_set_x509_trust_file(s->trust, ca_file, GNUTLS_X509_FMT_PEM)
			    : gnutls_certificate_set_x509_system_trust(s->trust);
	if (r > 0 || (r == 0 && !ca_file))
		return 0;
	snprintf(why, room, "cannot take certificates from %s: %s", ca_file ? ca_file : "the system",
		 r < 0 ? gnutls_strerror(r) : "there is none");
	return -1;
}

static bool is_address(const char *host)
{
	return strchr(host, ':') || host[strspn(host, "0123456789.")] == 0;
}

static int shake_hands(struct stream *s)
{
	uint64_t until = now_ms() + STREAM_TIMEOUT_MS;
	int r;

	while ((r = gnutls_handshake(s->session)) < 0 && !gnutls_error_is_fatal(r))
		if (r == GNUTLS_E_AGAIN && stream_wait(s, gnutls_record_get_direction(s->session) == 1, until) < 0)
			return GNUTLS_E_TIMEDOUT;
	return r;
}

static void say_failed(const struct stream *s, int r, const char *host, char *why, size_t room)
{
	gnutls_datum_t text = { NULL, 0 }; /* sentences, each with a space behind it */

	if (r == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
		gnutls_certificate_verification_status_print(gnutls_session_get_verify_cert_status(s->session),
							     GNUTLS_CRT_X509, &text, 0);
	if (text.data)
		snprintf(why, room, "no TLS with %s: %sName the authority with --ssl-certificate, and the host as its certificate does", host,
			 (const char *)text.data);
	else
		snprintf(why, room, "no TLS with %s: %s%s", host, gnutls_strerror(r),
			 r == GNUTLS_E_UNEXPECTED_PACKET || r == GNUTLS_E_UNEXPECTED_PACKET_LENGTH
				 ? " If the host is one without TLS, leave out --ssl and --ssl-certificate"
				 : "");
	gnutls_free(text.data);
}

int stream_start_tls(struct stream *s, const char *host, const char *ca_file, char *why, size_t room)
{
	int r;

	if (load_trust(s, ca_file, why, room) < 0)
		return -1;
	r = gnutls_init(&s->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (r >= 0)
		r = gnutls_set_default_priority(s->session);
	if (r >= 0)
		r = gnutls_credentials_set(s->session, GNUTLS_CRD_CERTIFICATE, s->trust);
	if (r >= 0 && !is_address(host))
		r = gnutls_server_name_set(s->session, GNUTLS_NAME_DNS, host, strlen(host));
	if (r >= 0) {
		gnutls_session_set_verify_cert(s->session, host, 0);
		gnutls_transport_set_int(s->session, s->fd);
		r = shake_hands(s);
	}
	if (r >= 0)
		return 0;
	say_failed(s, r, host, why, room);
	return -1;
}

/* -1 with errno for what GnuTLS said. */
static ssize_t failed(ssize_t r)
{
	errno = r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED ? EAGAIN : EIO;
	return -1;
}

ssize_t stream_read(struct stream *s, void *to, size_t len)
{
	ssize_t n;

	if (!s->session)
		return plain_read(s, to, len);
	do
		n = gnutls_record_recv(s->session, to, len);
	while (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_REHANDSHAKE);
	if (n == GNUTLS_E_PREMATURE_TERMINATION) /* hung up without a word: what came before is whole all the same */
		return 0;
	return n >= 0 ? n : failed(n);
}

ssize_t stream_write(struct stream *s, const void *from, size_t len)
{
	ssize_t n;

	if (!s->session)
		return plain_write(s, from, len);
	do
		n = s->unsent ? gnutls_record_send(s->session, NULL, 0) : gnutls_record_send(s->session, from, len);
	while (n == GNUTLS_E_INTERRUPTED);
	s->unsent = n == GNUTLS_E_AGAIN;
	return n >= 0 ? n : failed(n);
}

bool stream_buffered(const struct stream *s)
{
	return s->session && gnutls_record_check_pending(s->session) > 0;
}

void stream_bye(struct stream *s)
{
	if (s->session && !s->unsent)
		(void)gnutls_bye(s->session, GNUTLS_SHUT_WR); /* a courtesy; the connection ends either way */
}

int sha1_text(const char *text, unsigned char *digest)
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA1, text, strlen(text), digest) < 0 ? -1 : 0;
}
#else
bool tls_available(void)
{
	return false;
}

void stream_free(struct stream *s)
{
	free(s);
}

int stream_start_tls(struct stream *s, const char *host, const char *ca_file, char *why, size_t room)
{
	snprintf(why, room, "this build has no TLS");
	return -1;
}

ssize_t stream_read(struct stream *s, void *to, size_t len)
{
	return plain_read(s, to, len);
}

ssize_t stream_write(struct stream *s, const void *from, size_t len)
{
	return plain_write(s, from, len);
}

bool stream_buffered(const struct stream *s)
{
	return false;
}

void stream_bye(struct stream *s)
{
}
#endif
