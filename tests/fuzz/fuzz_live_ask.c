/* SPDX-License-Identifier: MIT */
/* What clients of events and monitors say, as it comes from the network. The first octet says to which of them: 'e', 'm', or 'p' for a
 * path with a view. What is taken keeps its limits; what is not has a sentence that fits one line. */
/* link: core, tests/unit/testcore.c */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <core/router.h>
#include <core/select.h>
#include <core/value.h>
#include <tests/unit/testcore.h>

#include "../../httpd/live/ask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int each_serializer(const struct aerie_host *h,
                           int (*fn)(void *user, const char *suffix, const char *content_type, const char *help),
                           void *user)
{
	int r = fn(user, "json", "application/json", "");

	return r ? r : fn(user, "msgpack", "application/msgpack", "");
}

/* Keys of the tests' own: a hash sign and up to 15 hex digits. */
static int key_parse(const struct aerie_host *h, const char *text, uint64_t *ret_key)
{
	char *end;

	if (*text != '#' || strlen(text) > 16 || !text[1] || strspn(text + 1, "0123456789abcdef") != strlen(text + 1))
		return -EINVAL;
	*ret_key = strtoull(text + 1, &end, 16);
	return 0;
}

static void check_sentence(const char *why)
{
	assert(why[0] && strlen(why) < ASK_WHY);
}

static void check_spec(struct spec *s, size_t size)
{
	assert(s && s->refs == 1 && s->octets == size);
	assert(!strcmp(s->format, "json") ? s->kind == 1 : !strcmp(s->format, "msgpack") && s->kind == 2);
	spec_unref(s);
}

static void try_events(const struct ask_host *a, const uint8_t *data, size_t size)
{
	struct ask_events asked = { .spec = NULL };
	char why[ASK_WHY] = "";

	if (ask_events_read(a, data, size, &asked, why)) {
		check_sentence(why);
		assert(!asked.spec);
		return;
	}
	assert(size <= ASK_OCTETS && (asked.subscribe[0] || asked.unsubscribe[0]));
	assert(strlen(asked.subscribe) <= ASK_NAME_MAX && strlen(asked.unsubscribe) <= ASK_NAME_MAX);
	assert(!asked.spec == !asked.subscribe[0]);
	if (asked.spec)
		check_spec(asked.spec, size);
}

static void try_monitor(const struct ask_host *a, const uint8_t *data, size_t size)
{
	struct ask_monitor asked = { .spec = NULL };
	char why[ASK_WHY] = "";

	if (ask_monitor_read(a, data, size, &asked, why)) {
		check_sentence(why);
		assert(!asked.spec);
		return;
	}
	assert(asked.has_request && !asked.spec == asked.cancel);
	if (asked.cancel)
		return;
	assert(asked.rate_us >= 100000 && asked.rate_us <= 86400000000u);
	if (asked.target == ASK_MAC)
		assert(asked.mask && !(asked.mask >> 48) && !(asked.mac & ~asked.mask));
	check_spec(asked.spec, size);
}

static void try_path(const uint8_t *data, size_t size)
{
	char *path = malloc(size + 1), id[ASK_VIEW_OCTETS];

	if (!path)
		return;
	memcpy(path, data, size);
	path[size] = '\0';
	if (!ask_view(path, id, sizeof id))
		assert(id[0] && strlen(id) < sizeof id && strlen(id) <= strlen(path));
	free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct aerie_serializers serializers = { .size = sizeof serializers, .each = each_serializer };
	static const struct aerie_devices devices = { .size = sizeof devices, .key_parse = key_parse };
	struct core *core;
	struct ask_host a;

	if (!size)
		return 0;
	core = testcore_new();
	a = (struct ask_host){ testcore_host(core), &http_service, &select_service, &serializers, &devices };
	if (*data == 'e')
		try_events(&a, data + 1, size - 1);
	else if (*data == 'm')
		try_monitor(&a, data + 1, size - 1);
	else
		try_path(data + 1, size - 1);
	testcore_free(core);
	return 0;
}
