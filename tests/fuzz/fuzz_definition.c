/* SPDX-License-Identifier: MIT */
/* link: core */
/* Source definitions. The first octet picks which prefixes are files. */
#include <stdlib.h>
#include <string.h>

#include <core/definition.h>

static bool no_file(const char *path)
{
	return false;
}

static bool long_file(const char *path)
{
	return strlen(path) % 3 == 0;
}

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_BOOL, 0, "realtime", NULL, NULL, "x"),
	AERIE_OPTION(AERIE_OPT_INT, 0, "pps", NULL, "1..1000", "x"),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "wait", NULL, NULL, "x"),
	AERIE_OPTION_END,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct aerie_option *const tables[] = { options };
	char text[DEFINITION_MAX + 16], error[DEFINITION_ERROR];
	struct definition *d = NULL;
	uint32_t i;

	if (size < 1 || size > sizeof text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (definition_parse(text, data[0] & 1 ? long_file : no_file, &d, error) < 0)
		return 0;
	for (i = 0; i < d->n_options; i++)
		if (definition_get(d, d->options[i].name) != d->options[i].value)
			abort();
	(void)definition_check(d, tables, 1, error);
	definition_free(d);
	return 0;
}
