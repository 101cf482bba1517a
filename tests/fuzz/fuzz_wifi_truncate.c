/* SPDX-License-Identifier: MIT */
/* link: datasources/linux_wifi/truncate.c */
/* Where data frames are cut for truncate_data. */
#include <stdlib.h>
#include <string.h>

#include <datasources/linux_wifi/truncate.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy || size > 65536) {
		free(copy);
		return 0;
	}
	memcpy(copy, data, size);
	if (truncate_data(copy, (uint32_t)size) > size)
		abort();
	free(copy);
	return 0;
}
