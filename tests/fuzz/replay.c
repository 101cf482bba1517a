/* SPDX-License-Identifier: MIT */
/* Replays the corpus of a fuzz target without libFuzzer, so that every build and sanitizer run covers every parser: each
 * file as it is, cut at each length, and with seeded single-octet changes. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1u << 20)
#define CUTS_MAX 2048u
#define CHANGES 512u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* A copy of its own for each run, so that a sanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void replay(uint8_t *data, size_t len)
{
	uint32_t state = 0x9e3779b9u ^ (uint32_t)len;
	size_t i;

	run(data, len);
	for (i = 0; i < len && i < CUTS_MAX; i++)
		run(data, i);
	for (i = 0; len && i < CHANGES; i++) {
		size_t at = next_random(&state) % len;
		uint8_t old = data[at];

		data[at] = (uint8_t)next_random(&state);
		run(data, len);
		data[at] = old;
	}
}

static int replay_file(const char *path, uint8_t *buffer)
{
	FILE *f = fopen(path, "rb");
	size_t len;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -errno;
	}
	len = fread(buffer, 1, INPUT_MAX, f);
	fclose(f);
	replay(buffer, len);
	return 0;
}

static int replay_folder(const char *folder, unsigned *ret_files)
{
	DIR *d = opendir(folder);
	uint8_t *buffer = malloc(INPUT_MAX);
	struct dirent *e;
	int r = d && buffer ? 0 : -ENOENT;

	while (r == 0 && (e = readdir(d))) {
		char path[4096];

		if (e->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) >= (int)sizeof(path))
			r = -ENAMETOOLONG;
		else
			r = replay_file(path, buffer);
		++*ret_files;
	}
	if (d)
		closedir(d);
	free(buffer);
	return r;
}

/* The corpus belongs to the program's name: fuzz_ie reads tests/fuzz/corpus/ie. An argument names another folder. */
int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/'), *source = getenv("AERIE_SOURCE");
	char folder[4096];
	unsigned files = 0;

	name = name ? name + 1 : argv[0];
	if (strncmp(name, "lt-", 3) == 0)
		name += 3;
	if (argc > 1)
		snprintf(folder, sizeof(folder), "%s", argv[1]);
	else
		snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", source ? source : ".",
			 strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
	if (replay_folder(folder, &files) < 0 || !files) {
		fprintf(stderr, "no corpus in %s; set AERIE_SOURCE or name a folder\n", folder);
		return 1;
	}
	printf("%s: %u files replayed\n", folder, files);
	return 0;
}
