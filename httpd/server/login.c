/* SPDX-License-Identifier: MIT */
/* See login.h. Passwords are compared through keyed digests in constant time; the one that lies on disk lies there as an Argon2 hash
 * (libsodium), which is slow by design. There is one login, so once it has been seen right, its digest tells right from wrong, and no
 * more hashes are computed; before that, one at a time. */
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "login.h"
#include "savefile.h"

#define FILE_NAME "httpd_auth.conf"
#define FILE_OCTETS 4096u
#define PASSWORD_LETTERS 20u /* of 31: 99 bits */

struct login {
	const struct server *s;
	char path[4096];
	uint8_t key[crypto_generichash_KEYBYTES]; /* of digests */
	pthread_mutex_t hashing; /* one hash at a time; taken before lock */

	pthread_mutex_t lock; /* guards the rest */
	enum login_state state;
	char user[CREDENTIAL_OCTETS];
	char hash[crypto_pwhash_STRBYTES]; /* of LOGIN_FILE */
	bool known;                        /* good is the login's digest */
	uint8_t good[LOGIN_DIGEST];
	unsigned waiting; /* for hashing, or hashing */
};

void login_digest(const struct login *l, const char *user, const char *password, uint8_t ret[LOGIN_DIGEST])
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, l->key, sizeof l->key, LOGIN_DIGEST);
	crypto_generichash_update(&st, (const uint8_t *)user, strlen(user) + 1); /* the NUL keeps the two apart */
	crypto_generichash_update(&st, (const uint8_t *)password, strlen(password));
	crypto_generichash_final(&st, ret, LOGIN_DIGEST);
}

static int fail_file(const struct login *l, int err, const char *why, const char *remedy)
{
	char text[5120];

	(void)snprintf(text, sizeof text, "login file %s: %s; %s", l->path, why, remedy);
	return l->s->h->fail(l->s->h, err, text);
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

static int parse_file(struct login *l, const char *text)
{
	if (find_value(text, "httpd_username", l->user, sizeof l->user) ||
	    find_value(text, "httpd_password_hash", l->hash, sizeof l->hash))
		return fail_file(l, -EINVAL, "httpd_username= or httpd_password_hash= is missing or too long",
				 "delete the file to get a new login");
	if (crypto_pwhash_str_needs_rehash(l->hash, crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE) < 0)
		return fail_file(l, -EINVAL, "httpd_password_hash= is no Argon2 hash", "delete the file to get a new login");
	l->state = LOGIN_FILE;
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

static int write_login(const struct login *l, const char *user, const char *hash)
{
	char text[FILE_OCTETS];
	int n = snprintf(text, sizeof text, "# Delete this file to get a new login at the next start.\n"
			 "httpd_username=%s\nhttpd_password_hash=%s\n", user, hash);

	return savefile_write(l->path, text, (size_t)n);
}

/* [http, or main before there are threads] */
int login_set(struct login *l, const char *user, const char *password, bool first)
{
	char hash[crypto_pwhash_STRBYTES];
	int err = 0;

	(void)pthread_mutex_lock(&l->hashing);
	if (l->state == LOGIN_CONFIGURED)
		err = -ENOTSUP;
	else if (first && l->state != LOGIN_NONE) /* nobody else changes it while we hash */
		err = -EALREADY;
	else if (crypto_pwhash_str(hash, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
				   crypto_pwhash_MEMLIMIT_INTERACTIVE))
		err = -ENOMEM;
	if (!err)
		err = write_login(l, user, hash);
	if (!err) {
		(void)pthread_mutex_lock(&l->lock);
		(void)snprintf(l->user, sizeof l->user, "%s", user);
		memcpy(l->hash, hash, sizeof l->hash);
		login_digest(l, user, password, l->good);
		l->known = true;
		l->state = LOGIN_FILE;
		(void)pthread_mutex_unlock(&l->lock);
	}
	(void)pthread_mutex_unlock(&l->hashing);
	return err;
}

/* The password goes to the terminal only: everybody may read the messages on the bus. */
static int make_login(struct login *l)
{
	const struct server *s = l->s;
	char password[PASSWORD_LETTERS + 1];
	int err;

	make_password(password);
	err = login_set(l, "aerie", password, true);
	if (err == -ENOMEM)
		return s->h->fail(s->h, err, "cannot make a login: hashing a password needs 64 MiB of memory");
	if (err)
		return fail_file(l, err, strerror(-err), "make the folder writable, or set httpd_username and httpd_password");
	(void)fprintf(stderr, "HTTP login: user %s, password %s (shown only this once; delete %s for a new one)\n", l->user,
		      password, l->path);
	(void)fflush(stderr);
	s->bus->message(s->h, AERIE_LOG_INFO, "HTTP login: a new one was made and printed on the terminal; only its hash is kept");
	sodium_memzero(password, sizeof password);
	return 0;
}

static int wait_for_login(struct login *l)
{
	l->s->bus->message(l->s->h, AERIE_LOG_INFO, "HTTP login: there is none yet; set one on this machine, with a POST of username and "
			   "password to /session/set_password");
	return 0;
}

static int load_or_make(struct login *l, bool generate)
{
	const struct server *s = l->s;
	char *text;
	size_t len;
	int err;

	if ((size_t)snprintf(l->path, sizeof l->path, "%s/" FILE_NAME, s->home) >= sizeof l->path)
		return s->h->fail(s->h, -ENAMETOOLONG, "the home directory's path is too long for the login file; choose another --home");
	(void)mkdir(s->home, 0700);
	err = savefile_read(l->path, FILE_OCTETS, &text, &len);
	if (err == -ENOENT)
		return generate ? make_login(l) : wait_for_login(l);
	if (err == -EPERM)
		return fail_file(l, err, "others may read or write it", "run chmod 600 on it");
	if (err)
		return fail_file(l, err, strerror(-err), "check the file, or delete it to get a new login");
	err = parse_file(l, text);
	free(text);
	return err;
}

int login_new(const struct server *s, bool generate, struct login **ret_login)
{
	struct login *l = calloc(1, sizeof *l);
	int err = 0;

	if (!l || sodium_init() < 0) {
		free(l);
		return s->h->fail(s->h, -ENOMEM, "cannot prepare logins: no memory or no random numbers");
	}
	l->s = s;
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_mutex_init(&l->hashing, NULL);
	randombytes_buf(l->key, sizeof l->key);
	if (s->user) {
		login_digest(l, s->user, s->password, l->good);
		l->known = true;
		l->state = LOGIN_CONFIGURED;
	} else {
		err = load_or_make(l, generate);
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
	(void)pthread_mutex_destroy(&l->hashing);
	(void)pthread_mutex_destroy(&l->lock);
	sodium_memzero(l, sizeof *l);
	free(l);
}

enum login_state login_state(struct login *l)
{
	enum login_state state;

	(void)pthread_mutex_lock(&l->lock);
	state = l->state;
	(void)pthread_mutex_unlock(&l->lock);
	return state;
}

/* With the lock held: only a hash tells right from wrong. */
static bool needs_hash(const struct login *l)
{
	return !l->known && l->state == LOGIN_FILE;
}

/* With the lock held: 0 or -EACCES when that can be told without a hash, otherwise -EINPROGRESS. */
static int check_known(const struct login *l, const uint8_t given[LOGIN_DIGEST])
{
	if (needs_hash(l))
		return -EINPROGRESS;
	return l->known && !sodium_memcmp(given, l->good, LOGIN_DIGEST) ? 0 : -EACCES;
}

bool login_is_quick(struct login *l)
{
	bool quick;

	(void)pthread_mutex_lock(&l->lock);
	quick = !needs_hash(l);
	(void)pthread_mutex_unlock(&l->lock);
	return quick;
}

/* With hashing held, so the login does not change meanwhile. */
static int check_hash(struct login *l, const char *user, const char *password, const uint8_t given[LOGIN_DIGEST])
{
	int err;

	(void)pthread_mutex_lock(&l->lock);
	err = check_known(l, given); /* somebody before us may have been right */
	(void)pthread_mutex_unlock(&l->lock);
	if (err != -EINPROGRESS)
		return err;
	/* The user's name is public; only the password is worth guarding. */
	if (crypto_pwhash_str_verify(l->hash, password, strlen(password)) || strcmp(user, l->user))
		return -EACCES;
	(void)pthread_mutex_lock(&l->lock);
	memcpy(l->good, given, sizeof l->good);
	l->known = true;
	(void)pthread_mutex_unlock(&l->lock);
	return 0;
}

int login_check(struct login *l, const char *user, const char *password)
{
	uint8_t given[LOGIN_DIGEST];
	int err;

	login_digest(l, user, password, given);
	(void)pthread_mutex_lock(&l->lock);
	err = check_known(l, given);
	if (err == -EINPROGRESS && l->waiting > LOGIN_HASHES_WAITING)
		err = -EAGAIN;
	l->waiting += err == -EINPROGRESS;
	(void)pthread_mutex_unlock(&l->lock);
	if (err != -EINPROGRESS)
		return err;
	(void)pthread_mutex_lock(&l->hashing);
	err = check_hash(l, user, password, given);
	(void)pthread_mutex_unlock(&l->hashing);
	(void)pthread_mutex_lock(&l->lock);
	l->waiting--;
	(void)pthread_mutex_unlock(&l->lock);
	return err;
}
