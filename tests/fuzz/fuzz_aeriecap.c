/* SPDX-License-Identifier: MIT */
/* link: libaeriecap.la */
/* What a host may send to a capture program: frames, the msgpack in them, and the definitions and channels in that. The
 * callbacks look at definitions as capture programs do; there is no capture thread, and hopping is ended at once. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../sdk/capframework/handler.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Values must lie within the definition. */
static int look_at(const char *definition)
{
	static const char *const names[] = { "uuid", "realtime", "name" };
	const char *end = definition + strlen(definition), *value;
	size_t i;
	int n = aeriecap_parse_interface(definition, &value);

	if (n < 0 || value < definition || n > end - value)
		abort();
	for (i = 0; i < sizeof names / sizeof *names; i++) {
		n = aeriecap_find_option(definition, names[i], &value);
		if (n > 0 && (value <= definition || n > end - value))
			abort();
	}
	return n;
}

static int on_probe(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	if (strlen(definition) > PROBE_DEFINITION_MAX)
		abort();
	return look_at(definition) > 0 && aeriecap_info_set_uuid(info, definition) == 0;
}

static int on_open(struct aeriecap *cap, uint32_t seqno, const char *definition, struct aeriecap_info *info, char *msg)
{
	if (strlen(definition) > OPEN_DEFINITION_MAX)
		abort();
	return look_at(definition) > 0 ? 0 : -1;
}

static void *on_translate(struct aeriecap *cap, const char *channel, char *msg)
{
	size_t len = strlen(channel);

	if (len == 0 || len > CHANNEL_TEXT_MAX)
		abort();
	return *channel == 'x' ? NULL : strdup(channel);
}

static int on_channel(struct aeriecap *cap, uint32_t seqno, void *channel, char *msg)
{
	return *(char *)channel - '1'; /* '0' is gone, '1' cannot be tuned to */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct aeriecap *cap = aeriecap_new("fuzz", "1");
	char msg[AERIECAP_MSG_MAX];
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r = 0;

	if (!cap || null < 0 || aeriecap_set_link(cap, null, null) < 0)
		abort();
	aeriecap_on_probe(cap, on_probe);
	aeriecap_on_open(cap, on_open);
	aeriecap_on_translate(cap, on_translate);
	aeriecap_on_channel(cap, on_channel);
	while (len > 0 && r >= 0) {
		size_t room, n;
		uint8_t *space = ring_space(&cap->in, &room);

		n = len < room ? len : room;
		if (n == 0) /* a frame that can never be whole must have been refused */
			abort();
		memcpy(space, data, n);
		ring_filled(&cap->in, n);
		data += n;
		len -= n;
		do {
			cap->phase = PHASE_RUN;
			r = request_next(cap, msg, sizeof msg);
			hop_stop(cap);
		} while (r > 0);
	}
	aeriecap_free(cap);
	return 0;
}
