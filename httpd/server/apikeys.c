/* SPDX-License-Identifier: MIT */
/* See apikeys.h. A token has 128 random bits, so a plain digest of it (BLAKE2b) is as good as a slow one. Changes are written to the
 * file first, with only `writing` held, and are valid when they are on the disk. */
#define _GNU_SOURCE /* renameat2 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apikeys.h"
#include "credentials.h"
#include "savefile.h"

#define FILE_OCTETS (1024u * 1024u)
#define ROLE_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

struct table {
	uint32_t n;
	struct apikey key[APIKEYS_MAX];
};

struct apikeys {
	char *path;
	bool keep;
	pthread_mutex_t writing; /* one change at a time; taken before lock */
	pthread_mutex_t lock;    /* guards the rest */
	struct table *table;
	bool used; /* keys were, since the file was written */
};

bool apikey_name_valid(const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return len > 0 && len < APIKEY_NAME_OCTETS;
}

bool apikey_role_valid(const char *role)
{
	size_t len = strlen(role);

	return len > 0 && len < APIKEY_ROLE_OCTETS && strspn(role, ROLE_LETTERS) == len && strcmp(role, "any");
}

static void digest(const char *token, uint8_t ret[APIKEY_DIGEST])
{
	(void)crypto_generichash(ret, APIKEY_DIGEST, (const uint8_t *)token, strlen(token), NULL, 0);
}

static const struct apikey *by_name(const struct table *t, const char *name)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		if (!strcmp(t->key[i].name, name))
			return &t->key[i];
	return NULL;
}

static bool expired(const struct apikey *key, uint64_t now_s)
{
	return key->expires_s && now_s >= key->expires_s;
}

/* ---- the file ---- */

static const char *parse_times(const json_t *o, struct apikey *key)
{
	const struct {
		const char *name;
		uint64_t *value;
	} times[] = { { "created", &key->created_s }, { "accessed", &key->accessed_s }, { "expires", &key->expires_s } };
	size_t i;

	for (i = 0; i < sizeof times / sizeof times[0]; i++) {
		const json_t *v = json_object_get(o, times[i].name);

		if (!v)
			continue;
		if (!json_is_integer(v) || json_integer_value(v) < 0)
			return "a time is no number of seconds";
		*times[i].value = (uint64_t)json_integer_value(v);
	}
	return NULL;
}

static const char *parse_token(const json_t *o, bool keep, struct apikey *key)
{
	const char *token = json_string_value(json_object_get(o, "token")), *hash = json_string_value(json_object_get(o, "token_hash"));
	size_t len = 0;

	if (token && !credentials_is_token(token))
		return "a token is empty, too long or has strange letters";
	if (token)
		digest(token, key->digest);
	else if (!hash || sodium_hex2bin(key->digest, sizeof key->digest, hash, strlen(hash), NULL, &len, NULL) ||
		 len != sizeof key->digest)
		return "a key has neither token nor token_hash, or the hash is not 64 hexadecimal digits";
	if (token && keep && strlen(token) < sizeof key->token)
		(void)snprintf(key->token, sizeof key->token, "%s", token);
	return NULL;
}

static const char *parse_key(const json_t *o, bool keep, struct apikey *key)
{
	const char *name = json_string_value(json_object_get(o, "name")), *role = json_string_value(json_object_get(o, "role")), *why;

	if (!name || !apikey_name_valid(name))
		return "a key has no name, or one that is empty, too long or has control characters";
	if (!role || !apikey_role_valid(role))
		return "a role is not [A-Za-z0-9_-]{1,32}";
	(void)snprintf(key->name, sizeof key->name, "%s", name);
	(void)snprintf(key->role, sizeof key->role, "%s", role);
	why = parse_times(o, key);
	return why ? why : parse_token(o, keep, key);
}

/* NULL, or what is wrong with the text. */
static const char *parse(const char *text, size_t len, bool keep, struct table *t)
{
	json_t *list = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	const char *why = NULL;
	size_t n = json_array_size(list), i;

	if (!json_is_array(list))
		why = "it is no JSON array";
	else if (n > APIKEYS_MAX)
		why = "it has too many keys";
	for (i = 0; !why && i < n; i++) {
		struct apikey key = { .name = "" };

		why = parse_key(json_array_get(list, i), keep, &key);
		if (!why && by_name(t, key.name))
			why = "two keys have the same name";
		if (!why)
			t->key[t->n++] = key;
	}
	json_decref(list);
	return why;
}

static json_t *key_json(const struct apikey *key)
{
	char hash[2 * APIKEY_DIGEST + 1];
	json_t *o;

	(void)sodium_bin2hex(hash, sizeof hash, key->digest, sizeof key->digest);
	o = json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "name", key->name, "role", key->role, "created", (json_int_t)key->created_s,
		      "accessed", (json_int_t)key->accessed_s, "expires", (json_int_t)key->expires_s, "token_hash", hash);
	if (o && key->token[0] && json_object_set_new(o, "token", json_string(key->token))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static int write_table(const struct apikeys *k, const struct table *t)
{
	json_t *list = json_array();
	char *text = NULL;
	uint32_t i;
	int err = list ? 0 : -ENOMEM;

	for (i = 0; !err && i < t->n; i++)
		if (json_array_append_new(list, key_json(&t->key[i])))
			err = -ENOMEM;
	if (!err)
		text = json_dumps(list, JSON_INDENT(1));
	json_decref(list);
	if (!text)
		return -ENOMEM;
	err = savefile_write(k->path, text, strlen(text));
	sodium_memzero(text, strlen(text));
	free(text);
	return err;
}

/* Moves a file that makes no sense out of the way, to a name that is free. */
static int set_aside(const char *path, const char *why, char *ret_damaged, size_t room)
{
	char to[4200];
	unsigned i;

	for (i = 1; i < 1000; i++) {
		if ((size_t)snprintf(to, sizeof to, "%s.damaged-%u", path, i) >= sizeof to)
			return -ENAMETOOLONG;
		if (renameat2(AT_FDCWD, path, AT_FDCWD, to, RENAME_NOREPLACE) < 0) {
			if (errno == EEXIST)
				continue;
			return -errno;
		}
		(void)snprintf(ret_damaged, room, "file of API keys %s: %s; it is kept as %s, and no key is valid: make new ones",
			       path, why, to);
		return 0;
	}
	return -EEXIST;
}

static int read_table(struct apikeys *k, char *ret_damaged, size_t room)
{
	const char *why;
	char *text;
	size_t len;
	int err = savefile_read(k->path, FILE_OCTETS, &text, &len);

	if (err == -ENOENT)
		return 0;
	if (err == -EFBIG)
		return set_aside(k->path, "it is too large", ret_damaged, room);
	if (err)
		return err;
	why = parse(text, len, k->keep, k->table);
	sodium_memzero(text, len);
	free(text);
	if (!why)
		return 0;
	k->table->n = 0;
	return set_aside(k->path, why, ret_damaged, room);
}

int apikeys_new(const char *path, bool keep, char *ret_damaged, size_t room, struct apikeys **ret_keys)
{
	struct apikeys *k = calloc(1, sizeof *k);
	int err = -ENOMEM;

	if (!k)
		return -ENOMEM;
	(void)pthread_mutex_init(&k->lock, NULL);
	(void)pthread_mutex_init(&k->writing, NULL);
	k->keep = keep;
	k->path = strdup(path);
	k->table = calloc(1, sizeof *k->table);
	ret_damaged[0] = '\0';
	if (k->path && k->table)
		err = read_table(k, ret_damaged, room);
	if (err) {
		apikeys_free(k);
		return err;
	}
	*ret_keys = k;
	return 0;
}

void apikeys_free(struct apikeys *k)
{
	if (!k)
		return;
	if (k->used)
		(void)write_table(k, k->table);
	if (k->table)
		sodium_memzero(k->table, sizeof *k->table);
	free(k->table);
	free(k->path);
	(void)pthread_mutex_destroy(&k->writing);
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
}

/* ---- use ---- */

int apikeys_use(struct apikeys *k, const char *token, uint64_t now_s, char ret_name[APIKEY_NAME_OCTETS],
		char ret_role[APIKEY_ROLE_OCTETS])
{
	uint8_t given[APIKEY_DIGEST];
	int err = -ENOENT;
	uint32_t i;

	digest(token, given);
	(void)pthread_mutex_lock(&k->lock);
	for (i = 0; i < k->table->n; i++) {
		struct apikey *key = &k->table->key[i];

		if (sodium_memcmp(key->digest, given, sizeof given) || expired(key, now_s))
			continue;
		key->accessed_s = now_s;
		k->used = true;
		memcpy(ret_name, key->name, sizeof key->name);
		memcpy(ret_role, key->role, sizeof key->role);
		err = 0;
		break;
	}
	(void)pthread_mutex_unlock(&k->lock);
	return err;
}

int apikeys_copy(struct apikeys *k, uint64_t now_s, struct apikey **ret_keys, uint32_t *ret_n)
{
	struct apikey *keys;
	uint32_t n = 0, i;

	(void)pthread_mutex_lock(&k->lock);
	keys = calloc(k->table->n + 1, sizeof *keys);
	for (i = 0; keys && i < k->table->n; i++)
		if (!expired(&k->table->key[i], now_s))
			keys[n++] = k->table->key[i];
	(void)pthread_mutex_unlock(&k->lock);
	if (!keys)
		return -ENOMEM;
	*ret_keys = keys;
	*ret_n = n;
	return 0;
}

/* ---- changes; `writing` is held ---- */

/* A copy of the keys that are still valid, without the one called so. */
static struct table *copy_without(struct apikeys *k, const char *name, uint64_t now_s)
{
	struct table *t = calloc(1, sizeof *t);
	uint32_t i;

	if (!t)
		return NULL;
	(void)pthread_mutex_lock(&k->lock);
	for (i = 0; i < k->table->n; i++)
		if (!expired(&k->table->key[i], now_s) && !(name && !strcmp(k->table->key[i].name, name)))
			t->key[t->n++] = k->table->key[i];
	(void)pthread_mutex_unlock(&k->lock);
	return t;
}

static void free_table(struct table *t)
{
	sodium_memzero(t, sizeof *t);
	free(t);
}

/* Writes the table, makes it the one that is valid, or frees it. */
static int replace(struct apikeys *k, struct table *t)
{
	struct table *old = t;
	uint32_t i, j;
	int err = write_table(k, t);

	if (err) {
		free_table(t);
		return err;
	}
	(void)pthread_mutex_lock(&k->lock);
	old = k->table;
	for (i = j = 0; i < old->n && j < t->n; i++) /* both are in the order of making */
		if (!strcmp(old->key[i].name, t->key[j].name))
			t->key[j++].accessed_s = old->key[i].accessed_s;
	k->table = t;
	k->used = false;
	(void)pthread_mutex_unlock(&k->lock);
	free_table(old);
	return 0;
}

static void make(const struct apikeys *k, struct apikey *key, const char *name, const char *role, char ret_token[APIKEY_TOKEN_OCTETS])
{
	uint8_t octets[(APIKEY_TOKEN_OCTETS - 1) / 2];

	(void)snprintf(key->name, sizeof key->name, "%s", name);
	(void)snprintf(key->role, sizeof key->role, "%s", role);
	randombytes_buf(octets, sizeof octets);
	(void)sodium_bin2hex(ret_token, APIKEY_TOKEN_OCTETS, octets, sizeof octets);
	digest(ret_token, key->digest);
	if (k->keep)
		memcpy(key->token, ret_token, sizeof key->token);
}

int apikeys_add(struct apikeys *k, const char *name, const char *role, uint64_t duration_s, uint64_t now_s,
		char ret_token[APIKEY_TOKEN_OCTETS])
{
	char token[APIKEY_TOKEN_OCTETS];
	struct apikey *key;
	struct table *t;
	int err;

	(void)pthread_mutex_lock(&k->writing);
	t = copy_without(k, NULL, now_s);
	err = !t ? -ENOMEM : by_name(t, name) ? -EALREADY : t->n == APIKEYS_MAX ? -EUSERS : 0;
	if (!err) {
		key = &t->key[t->n++];
		make(k, key, name, role, token);
		key->created_s = now_s;
		key->expires_s = duration_s ? now_s + duration_s : 0;
		err = replace(k, t);
	} else if (t) {
		free_table(t);
	}
	(void)pthread_mutex_unlock(&k->writing);
	if (!err)
		memcpy(ret_token, token, sizeof token);
	return err;
}

int apikeys_revoke(struct apikeys *k, const char *name, uint64_t now_s)
{
	struct table *all, *t;
	int err;

	(void)pthread_mutex_lock(&k->writing);
	all = copy_without(k, NULL, now_s);
	t = copy_without(k, name, now_s);
	err = !all || !t ? -ENOMEM : by_name(all, name) ? 0 : -ENOKEY;
	if (!err)
		err = replace(k, t);
	else if (t)
		free_table(t);
	if (all)
		free_table(all);
	(void)pthread_mutex_unlock(&k->writing);
	return err;
}
