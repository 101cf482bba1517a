/* SPDX-License-Identifier: MIT */
/* link: core */
/* Lists of channels and hop rates, as definitions and users write them. */
#include <stdlib.h>
#include <string.h>

#include <core/channels.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct channels c = { 0 };
	char *text;
	double rate;
	uint32_t i;

	if (size > 4096)
		return 0;
	text = malloc(size + 1);
	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (hop_rate_parse(text, &rate) == 0 && !(rate > 0 && rate <= 1e6))
		abort();
	(void)channels_add_text(&c, text);
	for (i = 0; i < c.n; i++)
		if (!c.names[i][0] || channels_find(&c, c.names[i]) != (int)i)
			abort();
	if (channels_remove_text(&c, text) == 0 && c.n)
		abort();
	channels_free(&c);
	free(text);
	return 0;
}
