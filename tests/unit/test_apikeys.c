/* SPDX-License-Identifier: MIT */
/* API keys and their file. Digests are those of Python's hashlib.blake2b(token, digest_size=32). */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "httpd/server/apikeys.h"
#include "httpd/server/savefile.h"

static char folder[64], path[128], damaged[9000];
static char name[APIKEY_NAME_OCTETS], role[APIKEY_ROLE_OCTETS];

static void set_up(void)
{
	cr_assert(sodium_init() >= 0);
	(void)snprintf(folder, sizeof folder, "/tmp/aerie-apikeys-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/session.db", folder);
}

static unsigned tidy(void)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	char file[512];
	unsigned n = 0;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.') {
			(void)snprintf(file, sizeof file, "%s/%s", folder, e->d_name);
			(void)chmod(file, 0600);
			(void)unlink(file);
			n++;
		}
	(void)closedir(d);
	(void)rmdir(folder);
	return n;
}

static void clean_up(void)
{
	(void)tidy();
}

TestSuite(apikeys, .init = set_up, .fini = clean_up);

static struct apikeys *start(bool keep)
{
	struct apikeys *k = NULL;

	cr_assert_eq(apikeys_new(path, keep, damaged, sizeof damaged, &k), 0);
	return k;
}

static char *content(void)
{
	char *text = NULL;
	size_t len;

	cr_assert_eq(savefile_read(path, 1 << 20, &text, &len), 0);
	return text;
}

static void write_file(const char *text)
{
	cr_assert_eq(savefile_write(path, text, strlen(text)), 0);
}

Test(apikeys, a_token_gives_its_name_and_role_also_after_a_restart)
{
	char token[APIKEY_TOKEN_OCTETS];
	struct apikeys *k = start(false);
	struct stat st;
	unsigned i;

	cr_assert_eq(apikeys_add(k, "roof", "datasource", 0, 1000, token), 0);
	cr_expect_eq(strspn(token, "0123456789abcdef"), 32);
	for (i = 0; i < 2; i++) {
		cr_assert_eq(apikeys_use(k, token, 5000, name, role), 0);
		cr_expect_str_eq(name, "roof");
		cr_expect_str_eq(role, "datasource");
		token[0] ^= 1;
		cr_expect_eq(apikeys_use(k, token, 5000, name, role), -ENOENT);
		token[0] ^= 1;
		apikeys_free(k);
		k = start(false);
		cr_expect_str_eq(damaged, "");
	}
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	apikeys_free(k);
}

Test(apikeys, the_file_has_no_token_unless_tokens_are_kept)
{
	char token[2][APIKEY_TOKEN_OCTETS], *text;
	struct apikeys *k = start(false);
	struct apikey *keys;
	uint32_t n;

	cr_assert_eq(apikeys_add(k, "one", "admin", 0, 1000, token[0]), 0);
	text = content();
	cr_expect_null(strstr(text, token[0]));
	cr_expect_null(strstr(text, "\"token\""));
	free(text);
	apikeys_free(k);

	k = start(true);
	cr_assert_eq(apikeys_add(k, "two", "admin", 0, 1000, token[1]), 0);
	text = content();
	cr_expect_null(strstr(text, token[0]));
	cr_expect_not_null(strstr(text, token[1]));
	free(text);
	cr_assert_eq(apikeys_copy(k, 1000, &keys, &n), 0);
	cr_assert_eq(n, 2);
	cr_expect_str_eq(keys[0].token, "");
	cr_expect_str_eq(keys[1].token, token[1]);
	free(keys);
	apikeys_free(k);

	k = start(false); /* from now on they are not kept; the next change of the file forgets them */
	cr_expect_eq(apikeys_use(k, token[1], 1000, name, role), 0);
	cr_assert_eq(apikeys_revoke(k, "one", 1000), 0);
	text = content();
	cr_expect_null(strstr(text, token[1]));
	free(text);
	apikeys_free(k);
}

Test(apikeys, a_key_ends_when_its_time_has_come_and_its_name_is_free_again)
{
	char token[APIKEY_TOKEN_OCTETS], again[APIKEY_TOKEN_OCTETS];
	struct apikeys *k = start(false);
	struct apikey *keys;
	uint32_t n;

	cr_assert_eq(apikeys_add(k, "roof", "readonly", 60, 1000, token), 0);
	cr_expect_eq(apikeys_use(k, token, 1059, name, role), 0);
	cr_expect_eq(apikeys_use(k, token, 1060, name, role), -ENOENT);
	cr_expect_eq(apikeys_add(k, "roof", "readonly", 60, 1059, again), -EALREADY);
	cr_assert_eq(apikeys_copy(k, 1060, &keys, &n), 0);
	cr_expect_eq(n, 0);
	free(keys);
	cr_expect_eq(apikeys_revoke(k, "roof", 1060), -ENOKEY);
	cr_assert_eq(apikeys_add(k, "roof", "readonly", 60, 1060, again), 0);
	cr_expect_eq(apikeys_use(k, token, 1060, name, role), -ENOENT);
	cr_expect_eq(apikeys_use(k, again, 1060, name, role), 0);
	apikeys_free(k);
}

Test(apikeys, a_revoked_key_is_no_key_at_once_and_after_a_restart)
{
	char token[2][APIKEY_TOKEN_OCTETS];
	struct apikeys *k = start(false);

	cr_assert_eq(apikeys_add(k, "one", "admin", 0, 1000, token[0]), 0);
	cr_assert_eq(apikeys_add(k, "two", "admin", 0, 1000, token[1]), 0);
	cr_assert_eq(apikeys_revoke(k, "one", 1000), 0);
	cr_expect_eq(apikeys_revoke(k, "one", 1000), -ENOKEY);
	cr_expect_eq(apikeys_use(k, token[0], 1000, name, role), -ENOENT);
	cr_expect_eq(apikeys_use(k, token[1], 1000, name, role), 0);
	apikeys_free(k);
	k = start(false);
	cr_expect_eq(apikeys_use(k, token[0], 1000, name, role), -ENOENT);
	cr_expect_eq(apikeys_use(k, token[1], 1000, name, role), 0);
	apikeys_free(k);
}

Test(apikeys, the_last_use_is_remembered_over_changes_and_restarts)
{
	char token[APIKEY_TOKEN_OCTETS], other[APIKEY_TOKEN_OCTETS];
	struct apikeys *k = start(false);
	struct apikey *keys;
	uint32_t n;

	cr_assert_eq(apikeys_add(k, "zero", "admin", 0, 1000, other), 0);
	cr_assert_eq(apikeys_add(k, "one", "admin", 0, 1000, token), 0);
	cr_assert_eq(apikeys_use(k, token, 2000, name, role), 0);
	cr_assert_eq(apikeys_revoke(k, "zero", 2000), 0);
	apikeys_free(k);
	k = start(false);
	cr_assert_eq(apikeys_copy(k, 3000, &keys, &n), 0);
	cr_assert_eq(n, 1);
	cr_expect_eq(keys[0].created_s, 1000);
	cr_expect_eq(keys[0].accessed_s, 2000);
	cr_expect_eq(keys[0].expires_s, 0);
	free(keys);
	cr_assert_eq(apikeys_use(k, token, 4000, name, role), 0);
	apikeys_free(k); /* nothing but the use is new */
	k = start(false);
	cr_assert_eq(apikeys_copy(k, 5000, &keys, &n), 0);
	cr_expect_eq(keys[0].accessed_s, 4000);
	free(keys);
	apikeys_free(k);
}

Test(apikeys, there_are_so_many_and_no_more)
{
	char token[APIKEY_TOKEN_OCTETS], text[16];
	struct apikeys *k = start(false);
	unsigned i;

	for (i = 0; i < APIKEYS_MAX; i++) {
		(void)snprintf(text, sizeof text, "key %u", i);
		cr_assert_eq(apikeys_add(k, text, "admin", 0, 1000, token), 0);
	}
	cr_expect_eq(apikeys_add(k, "more", "admin", 0, 1000, token), -EUSERS);
	cr_expect_eq(apikeys_use(k, token, 1000, name, role), 0, "the last one that was made is there");
	apikeys_free(k);
	k = start(false);
	cr_expect_str_eq(damaged, "");
	cr_expect_eq(apikeys_use(k, token, 1000, name, role), 0);
	apikeys_free(k);
}

Test(apikeys, files_of_others_with_plain_tokens_are_read)
{
	struct apikeys *k;

	/* The form that today's servers write; and a digest of ours for the token "sesame". */
	write_file("[{\"token\": \"0123456789ABCDEF0123456789ABCDEF\", \"name\": \"old\", \"role\": \"readonly\", \"created\": 1, \"accessed\": 2,"
		   " \"expires\": 0}, {\"name\": \"ours\", \"role\": \"WEBGPS\", \"token_hash\":"
		   " \"9cc6787e1788ac02e402892898a2dd61142eee84d8ddb4f48fe708a46388d7b4\"}]");
	k = start(false);
	cr_expect_str_eq(damaged, "");
	cr_expect_eq(apikeys_use(k, "0123456789ABCDEF0123456789ABCDEF", 1000, name, role), 0);
	cr_expect_str_eq(name, "old");
	cr_expect_eq(apikeys_use(k, "sesame", 1000, name, role), 0);
	cr_expect_str_eq(role, "WEBGPS");
	apikeys_free(k);
}

Test(apikeys, a_file_that_makes_no_sense_is_set_aside_and_said)
{
	static const char *const texts[] = {
		"", "{", "{}", "[1]", "[{}]", "null",
		"[{\"name\": \"\", \"role\": \"admin\", \"token\": \"a\"}]",
		"[{\"name\": \"a\", \"role\": \"any\", \"token\": \"a\"}]",
		"[{\"name\": \"a\", \"role\": \"a b\", \"token\": \"a\"}]",
		"[{\"name\": \"a\", \"role\": \"admin\"}]",
		"[{\"name\": \"a\", \"role\": \"admin\", \"token\": \"\"}]",
		"[{\"name\": \"a\", \"role\": \"admin\", \"token_hash\": \"6b5c\"}]",
		"[{\"name\": \"a\", \"role\": \"admin\", \"token\": \"a\", \"expires\": -1}]",
		"[{\"name\": \"a\", \"role\": \"admin\", \"token\": \"a\", \"created\": \"now\"}]",
		"[{\"name\": \"a\", \"role\": \"admin\", \"token\": \"a\"}, {\"name\": \"a\", \"role\": \"admin\", \"token\": \"b\"}]",
	};
	struct apikeys *k;
	char aside[192];
	size_t i;

	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		write_file(texts[i]);
		k = start(false);
		(void)snprintf(aside, sizeof aside, "%s.damaged-%zu", path, i + 1);
		cr_expect_not_null(strstr(damaged, aside), "%s: %s", texts[i], damaged);
		cr_expect_eq(access(aside, F_OK), 0);
		cr_expect_neq(access(path, F_OK), 0);
		cr_expect_eq(apikeys_use(k, "a", 1000, name, role), -ENOENT);
		apikeys_free(k);
	}
	cr_expect_eq(tidy(), sizeof texts / sizeof texts[0]);
}

Test(apikeys, a_file_that_others_may_read_is_not_used)
{
	struct apikeys *k;

	write_file("[]");
	cr_assert_eq(chmod(path, 0640), 0);
	cr_expect_eq(apikeys_new(path, false, damaged, sizeof damaged, &k), -EPERM);
	cr_expect_eq(access(path, F_OK), 0);
}

Test(apikeys, what_cannot_be_written_changes_nothing)
{
	char token[APIKEY_TOKEN_OCTETS], other[APIKEY_TOKEN_OCTETS] = "untouched", aside[128];
	struct apikeys *k = start(false);

	cr_assert_eq(apikeys_add(k, "one", "admin", 0, 1000, token), 0);
	(void)snprintf(aside, sizeof aside, "%s.gone", folder);
	cr_assert_eq(rename(folder, aside), 0);
	cr_expect_eq(apikeys_add(k, "two", "admin", 0, 1000, other), -ENOENT);
	cr_expect_str_eq(other, "untouched");
	cr_expect_eq(apikeys_revoke(k, "one", 1000), -ENOENT);
	cr_assert_eq(rename(aside, folder), 0);
	cr_expect_eq(apikeys_use(k, token, 1000, name, role), 0);
	cr_expect_eq(apikeys_add(k, "two", "admin", 0, 1000, other), 0, "the name was not taken meanwhile");
	apikeys_free(k);
}

Test(apikeys, names_and_roles_are_checked)
{
	char letters[APIKEY_NAME_OCTETS + 1];

	memset(letters, 'x', sizeof letters);
	letters[APIKEY_NAME_OCTETS - 1] = '\0';
	cr_expect(apikey_name_valid(letters));
	cr_expect(apikey_name_valid("roof, left \xc3\xa4"));
	cr_expect_not(apikey_name_valid(""));
	cr_expect_not(apikey_name_valid("a\nb"));
	cr_expect_not(apikey_name_valid("a\x7f"));
	letters[APIKEY_NAME_OCTETS - 1] = 'x';
	letters[APIKEY_NAME_OCTETS] = '\0';
	cr_expect_not(apikey_name_valid(letters));
	letters[32] = '\0';
	cr_expect(apikey_role_valid(letters));
	letters[32] = 'x';
	letters[33] = '\0';
	cr_expect_not(apikey_role_valid(letters));
	cr_expect(apikey_role_valid("ADSB_2-x"));
	cr_expect_not(apikey_role_valid(""));
	cr_expect_not(apikey_role_valid("any"));
	cr_expect_not(apikey_role_valid("a|b"));
	cr_expect_not(apikey_role_valid("admin "));
}

static void *make_and_end(void *user)
{
	struct apikeys *k = user;
	char token[APIKEY_TOKEN_OCTETS], mine[32], got[APIKEY_NAME_OCTETS], what[APIKEY_ROLE_OCTETS];
	unsigned i, wrong = 0;

	for (i = 0; i < 10; i++) {
		(void)snprintf(mine, sizeof mine, "%p %u", (void *)&token, i);
		wrong += apikeys_add(k, mine, "admin", 0, 1000, token) != 0;
		wrong += apikeys_use(k, token, 1000, got, what) || strcmp(got, mine);
		wrong += i % 2 && apikeys_revoke(k, mine, 1000);
	}
	return (void *)(uintptr_t)wrong;
}

Test(apikeys, threads_share_them)
{
	struct apikeys *k = start(false);
	struct apikey *keys;
	pthread_t thread[4];
	uint32_t n;
	void *wrong;
	size_t i;

	for (i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, make_and_end, k), 0);
	for (i = 0; i < 4; i++) {
		cr_assert_eq(pthread_join(thread[i], &wrong), 0);
		cr_expect_null(wrong);
	}
	cr_assert_eq(apikeys_copy(k, 1000, &keys, &n), 0);
	cr_expect_eq(n, 20);
	free(keys);
	apikeys_free(k);
}
