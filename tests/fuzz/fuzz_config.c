/* SPDX-License-Identifier: MIT */
/* Configuration files from memory, with declared options of each type, and the judgement of every value. */
/* link: core */
#include <stddef.h>
#include <stdint.h>

#include <core/config.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_INT, 0, "number", "1", "-5..5", "A number."),
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_REPEATED, "source", NULL, NULL, "A list."),
	AERIE_OPTION(AERIE_OPT_BOOL, AERIE_OPT_DEPRECATED, "switch", NULL, NULL, "A switch."),
	AERIE_OPTION(AERIE_OPT_DURATION, 0, "idle", "10s", "1s..1h", "A time."),
	AERIE_OPTION(AERIE_OPT_SIZE, 0, "room", "1M", "1K|1M", "A size."),
	AERIE_OPTION(AERIE_OPT_STR, AERIE_OPT_SECRET, "colour", "red", "red|green", "A choice."),
	AERIE_OPTION_END
};

static void report(void *user, bool is_error, const char *text)
{
	if (!*text)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *c = config_new();
	bool added;
	uint32_t i;

	if (!c)
		return 0;
	(void)config_declare(c, "core", options, NULL);
	if (config_read_text(c, "fuzz.conf", (const char *)data, size) < 0 && !config_error(c, 0))
		__builtin_trap();
	added = config_override(c, "source+=more") == 0; /* not when there are too many values */
	/* What passes the check must be readable as what it is. */
	if (config_check(c, report, NULL) == 0) {
		int64_t n = config_int(c, "number", 99);
		uint64_t us = config_duration_us(c, "idle", 0);

		if (n < -5 || n > 5 || us < 1000000 || us > 3600000000)
			__builtin_trap();
	}
	for (i = 0; config_nth(c, "source", i); i++)
		;
	if (i != config_count(c, "source") || (added && i == 0))
		__builtin_trap();
	config_free(c);
	return 0;
}
