/* SPDX-License-Identifier: MIT */
/* link: core */
/* The body of a packet report: what it yields lies within it. */
#include <stdlib.h>

#include <core/core.h>
#include <core/pipeline.h>

static void check_within(const uint8_t *data, size_t size, const void *p, uint32_t len)
{
	const uint8_t *at = p;

	if (p && (at < data || at > data + size || len > (size_t)(data + size - at)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_packet p;

	if (size > UINT32_MAX || link_parse_packet(data, (uint32_t)size, &p) < 0)
		return 0;
	check_within(data, size, p.data, p.len);
	check_within(data, size, p.json, p.json_len);
	check_within(data, size, p.json_type, p.json_type_len);
	check_within(data, size, p.channel, p.channel_len);
	if ((p.has_packet && (!p.data || p.origlen < p.len)) || (p.has_json && (!p.json || !p.json_type)))
		abort();
	return 0;
}
