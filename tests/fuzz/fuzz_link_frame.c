/* SPDX-License-Identifier: MIT */
/* link: core */
/* What a capture process writes: frames, and the reports in them. */
#include <stdlib.h>
#include <string.h>

#include <core/link.h>

static void check_text(const char *text, size_t room)
{
	size_t n = strnlen(text, room), i;

	if (n == room)
		abort();
	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			abort();
}

static void check_report(const struct link_report *r)
{
	uint32_t i;

	if (r->n_channels > LINK_CHANNELS)
		abort();
	for (i = 0; i < r->n_channels; i++)
		check_text(r->channels[i], sizeof r->channels[i]);
	check_text(r->message, sizeof r->message);
	check_text(r->hardware, sizeof r->hardware);
	check_text(r->uuid, sizeof r->uuid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct link_report report;
	struct link_frame f;
	uint32_t pos = 0, need = 0;

	if (size > LINK_FRAME_MAX)
		return 0;
	while (link_next(data, pos, (uint32_t)size, &f, &need) == 1) {
		if (f.off != pos + LINK_HEADER || f.len > size - f.off)
			abort();
		if (link_parse_report(f.command, data + f.off, f.len, &report) == 0)
			check_report(&report);
		pos = f.off + f.len;
	}
	return 0;
}
