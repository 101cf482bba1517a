/* SPDX-License-Identifier: MIT */
/* Checks logins. Passwords are compared through keyed digests in constant time; one that lies on disk lies there as an
 * Argon2 hash (libsodium). Because such a hash is slow by design, a login that was right is remembered for a while, and
 * the number of hashes per second is limited, so that guessing neither succeeds nor keeps the server busy. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "login.h"

#define FILE_NAME "httpd_auth.conf"
#define FILE_OCTETS 4096u
#define TEXT_OCTETS 256u
#define PASSWORD_LETTERS 20u /* of 31: 99 bits */
#define TELL_EVERY_S 10u

struct login {
	const struct server *s;
	char user[TEXT_OCTETS];
	char hash[crypto_pwhash_STRBYTES]; /* "": the password is the configuration's, and `good` never expires */
	uint8_t key[crypto_generichash_KEYBYTES]; /* of digests */

	pthread_mutex_t lock; /* guards the rest */
	uint8_t good[32];     /* digest of the login that was right */
	uint64_t good_until_s;
	uint64_t second; /* in which `checks` hashes were computed */
	unsigned checks;
	uint64_t told_s; /* when a wrong login was last told */
	unsigned wrong;  /* wrong ones since */
};

static uint64_t now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

static void digest(const struct login *l, const char *user, const char *password, uint8_t ret[32])
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, l->key, sizeof l->key, 32);
	crypto_generichash_update(&st, (const uint8_t *)user, strlen(user) + 1); /* the NUL keeps the two apart */
	crypto_generichash_update(&st, (const uint8_t *)password, strlen(password));
	crypto_generichash_final(&st, ret, 32);
}

static int fail_file(const struct server *s, int err, const char *path, const char *why, const char *remedy)
{
	char text[5120];

	(void)snprintf(text, sizeof text, "login file %s: %s; %s", path, why, remedy);
	return s->h->fail(s->h, err, text);
}

/* The value of `key=` in text, into room octets. */
static int find_value(const char *text, const char *key, char *dst, size_t room)
{
	size_t n = strlen(key), len;
	const char *p;

	for (p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, n) || p[n] != '=')
			continue;
		p += n + 1;
		len = strcspn(p, "\r\n");
		if (!len || len >= room)
			return -EINVAL;
		memcpy(dst, p, len);
		dst[len] = '\0';
		return 0;
	}
	return -ENOENT;
}

static int read_file(struct login *l, const char *path, int fd)
{
	const struct server *s = l->s;
	char text[FILE_OCTETS + 1];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0 || (n = read(fd, text, FILE_OCTETS)) < 0)
		return fail_file(s, -errno, path, strerror(errno), "check the file, or delete it to get a new login");
	text[n] = '\0';
	if (st.st_mode & 077)
		return fail_file(s, -EPERM, path, "others may read or write it", "run chmod 600 on it");
	if (find_value(text, "httpd_username", l->user, sizeof l->user) ||
	    find_value(text, "httpd_password_hash", l->hash, sizeof l->hash))
		return fail_file(s, -EINVAL, path, "httpd_username= or httpd_password_hash= is missing or too long",
				 "delete the file to get a new login");
	return 0;
}

static void make_password(char dst[PASSWORD_LETTERS + 1])
{
	static const char letters[] = "abcdefghijkmnopqrstuvwxyz234567"; /* none that look alike */
	unsigned i;

	for (i = 0; i < PASSWORD_LETTERS; i++)
		dst[i] = letters[randombytes_uniform(sizeof letters - 1)];
	dst[i] = '\0';
}

/* Writes the file whole or not at all. */
static int write_file(const char *path, const char *text)
{
	char tmp[4200];
	size_t len = strlen(text);
	int fd, err = 0;

	if ((size_t)snprintf(tmp, sizeof tmp, "%s.tmp", path) >= sizeof tmp)
		return -ENAMETOOLONG;
	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len || fsync(fd) < 0)
		err = errno ? -errno : -EIO;
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && rename(tmp, path) < 0)
		err = -errno;
	if (err)
		(void)unlink(tmp);
	return err;
}

/* The password goes to the terminal only: everybody may read the messages on the bus. */
static int make_login(struct login *l, const char *path)
{
	const struct server *s = l->s;
	char password[PASSWORD_LETTERS + 1], text[FILE_OCTETS];
	int err;

	make_password(password);
	(void)snprintf(l->user, sizeof l->user, "aerie");
	if (crypto_pwhash_str(l->hash, password, PASSWORD_LETTERS, crypto_pwhash_OPSLIMIT_INTERACTIVE,
			      crypto_pwhash_MEMLIMIT_INTERACTIVE))
		return s->h->fail(s->h, -ENOMEM, "cannot make a login: hashing a password needs 64 MiB of memory");
	(void)snprintf(text, sizeof text, "# Delete this file to get a new login at the next start.\n"
		       "httpd_username=%s\nhttpd_password_hash=%s\n", l->user, l->hash);
	err = write_file(path, text);
	if (err)
		return fail_file(s, err, path, strerror(-err), "make the folder writable, or set httpd_username and httpd_password");
	digest(l, l->user, password, l->good);
	l->good_until_s = now_s() + LOGIN_REMEMBERED_S;
	(void)fprintf(stderr, "HTTP login: user %s, password %s (shown only this once; delete %s for a new one)\n", l->user,
		      password, path);
	(void)fflush(stderr);
	s->bus->message(s->h, AERIE_LOG_INFO, "HTTP login: a new one was made and printed on the terminal; only its hash is kept");
	sodium_memzero(password, sizeof password);
	return 0;
}

static int load_or_make(struct login *l)
{
	const struct server *s = l->s;
	char path[4096];
	int fd, err;

	if ((size_t)snprintf(path, sizeof path, "%s/" FILE_NAME, s->home) >= sizeof path)
		return s->h->fail(s->h, -ENAMETOOLONG, "the home directory's path is too long for the login file; choose another --home");
	(void)mkdir(s->home, 0700);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? make_login(l, path)
				       : fail_file(s, -errno, path, strerror(errno), "check its owner and rights");
	err = read_file(l, path, fd);
	(void)close(fd);
	return err;
}

int login_new(const struct server *s, struct login **ret_login)
{
	struct login *l = calloc(1, sizeof *l);
	int err = 0;

	if (!l || sodium_init() < 0) {
		free(l);
		return s->h->fail(s->h, -ENOMEM, "cannot prepare logins: no memory or no random numbers");
	}
	l->s = s;
	(void)pthread_mutex_init(&l->lock, NULL);
	randombytes_buf(l->key, sizeof l->key);
	if (s->user) {
		digest(l, s->user, s->password, l->good);
		l->good_until_s = UINT64_MAX;
	} else {
		err = load_or_make(l);
	}
	if (err) {
		login_free(l);
		return err;
	}
	*ret_login = l;
	return 0;
}

void login_free(struct login *l)
{
	if (!l)
		return;
	(void)pthread_mutex_destroy(&l->lock);
	sodium_memzero(l, sizeof *l);
	free(l);
}

static void tell_wrong(struct login *l, uint64_t now, const char *peer)
{
	char text[256];

	l->wrong++;
	if (l->told_s && now < l->told_s + TELL_EVERY_S)
		return;
	(void)snprintf(text, sizeof text, "HTTP login: %u wrong attempt%s, the last one from %s", l->wrong,
		       l->wrong == 1 ? "" : "s", peer);
	l->told_s = now;
	l->wrong = 0;
	l->s->bus->message(l->s->h, AERIE_LOG_ERROR, text);
}

/* May another hash be computed in this second? */
static int within_budget(struct login *l, uint64_t now)
{
	if (l->second != now) {
		l->second = now;
		l->checks = 0;
	}
	return l->checks++ < LOGIN_CHECKS_PER_SECOND;
}

const char *login_role(struct login *l, const char *user, const char *password, const char *peer)
{
	uint64_t now = now_s();
	uint8_t given[32];
	int right, hash;

	digest(l, user, password, given);
	(void)pthread_mutex_lock(&l->lock);
	right = now < l->good_until_s && !sodium_memcmp(given, l->good, sizeof given);
	hash = !right && l->hash[0] && within_budget(l, now);
	(void)pthread_mutex_unlock(&l->lock);
	if (hash) /* the user's name is public; only the password is worth guarding */
		right = !crypto_pwhash_str_verify(l->hash, password, strlen(password)) && !strcmp(user, l->user);
	(void)pthread_mutex_lock(&l->lock);
	if (hash && right) {
		memcpy(l->good, given, sizeof given);
		l->good_until_s = now + LOGIN_REMEMBERED_S;
	}
	if (!right)
		tell_wrong(l, now, peer);
	(void)pthread_mutex_unlock(&l->lock);
	return right ? "admin" : NULL;
}
