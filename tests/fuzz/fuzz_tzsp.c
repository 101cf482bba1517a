/* SPDX-License-Identifier: MIT */
/* TZSP datagrams as anybody may send them: what is told of a frame must lie within the datagram. */
/* link: datasources/tzsp/tzsp.c */
#include <assert.h>
#include <string.h>

#include "datasources/tzsp/tzsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tzsp_frame f;
	enum tzsp_kind kind;

	memset(&f, 0xa5, sizeof f);
	kind = tzsp_parse(data, size, &f);
	assert(kind < TZSP_KINDS);
	if (kind == TZSP_MALFORMED || kind == TZSP_SIGNALLING)
		return 0;
	assert(f.len > 0 && f.data >= data && f.data + f.len == data + size && f.origlen >= f.len);
	assert(f.signal_dbm <= 0 && f.signal_dbm >= -256 && f.channel <= 255);
	assert((kind == TZSP_OTHER) == !f.dlt);
	return 0;
}
