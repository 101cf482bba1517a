/* SPDX-License-Identifier: MIT */
/* Reads certificate and key when the server is configured, so that what is wrong with them is told by name before
 * anything runs, and not by the first client. */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls.h"

static int fail_file(const struct server *s, int err, const char *option, const char *path, const char *why)
{
	char text[5120];

	(void)snprintf(text, sizeof text, "%s %s: %s", option, path, why);
	return s->h->fail(s->h, err, text);
}

/* The octets of a file, as text. */
static int read_whole(const struct server *s, const char *option, const char *path, int fd, char **ret_text)
{
	char *text = calloc(1, TLS_FILE_OCTETS + 1);
	size_t len = 0;
	ssize_t n = 0;
	int err = 0;

	if (!text)
		return s->h->fail(s->h, -ENOMEM, "out of memory");
	while (len <= TLS_FILE_OCTETS && (n = read(fd, text + len, TLS_FILE_OCTETS + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		err = fail_file(s, -errno, option, path, strerror(errno));
	else if (len > TLS_FILE_OCTETS || strlen(text) != len)
		err = fail_file(s, -EINVAL, option, path, "not a PEM file: it is larger than 256 KiB or not text");
	else
		*ret_text = text;
	if (err) {
		sodium_memzero(text, TLS_FILE_OCTETS + 1);
		free(text);
	}
	return err;
}

static int read_file(const struct server *s, const char *option, const char *path, bool secret, char **ret_text)
{
	struct stat st;
	int fd, err;

	if (!path || !*path)
		return s->h->fail(s->h, -EINVAL, "httpd_ssl needs a certificate and its key: set httpd_ssl_cert and httpd_ssl_key to PEM files");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail_file(s, -errno, option, path, errno == ENOENT ? "there is no such file"
							  : errno == EACCES ? "the user that runs the server may not read it"
									    : strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		err = fail_file(s, -EINVAL, option, path, "not a regular file");
	else if (secret && (st.st_mode & S_IRWXO))
		err = fail_file(s, -EPERM, option, path, "everybody may read or write this key; run chmod o= on it");
	else
		err = read_whole(s, option, path, fd, ret_text);
	(void)close(fd);
	return err;
}

/* Do both parse, and belong together? */
static int check_pair(struct server *s, const char *cert_path, const char *key_path)
{
	gnutls_datum_t cert = { (unsigned char *)s->cert, (unsigned)strlen(s->cert) };
	gnutls_datum_t key = { (unsigned char *)s->key, (unsigned)strlen(s->key) };
	gnutls_certificate_credentials_t c;
	char text[10240];
	int r = gnutls_certificate_allocate_credentials(&c);

	if (r < 0)
		return s->h->fail(s->h, -ENOMEM, "out of memory");
	r = gnutls_certificate_set_x509_key_mem2(c, &cert, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_certificate_free_credentials(c);
	if (r >= 0)
		return 0;
	if (r == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		(void)snprintf(text, sizeof text, "httpd_ssl_key %s is not the key of the certificate httpd_ssl_cert %s", key_path, cert_path);
	else
		(void)snprintf(text, sizeof text, "httpd_ssl_cert %s or httpd_ssl_key %s is not a PEM file of one: %s", cert_path, key_path,
			       gnutls_strerror(r));
	return s->h->fail(s->h, -EINVAL, text);
}

int tls_load(struct server *s, const char *cert_path, const char *key_path)
{
	int err;

	tls_unload(s);
	err = read_file(s, "httpd_ssl_cert", cert_path, false, &s->cert);
	if (!err)
		err = read_file(s, "httpd_ssl_key", key_path, true, &s->key);
	if (!err)
		err = check_pair(s, cert_path, key_path);
	if (err)
		tls_unload(s);
	return err;
}

void tls_unload(struct server *s)
{
	if (s->key)
		sodium_memzero(s->key, strlen(s->key));
	free(s->key);
	free(s->cert);
	s->key = s->cert = NULL;
}
