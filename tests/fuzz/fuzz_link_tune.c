/* SPDX-License-Identifier: MIT */
/* link: core */
/* Lists of interfaces, configure reports and new sources: the first octet picks which. */
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

static void fuzz_list(const uint8_t *body, uint32_t len)
{
	static struct link_list list;
	uint32_t i;

	if (link_parse_list(body, len, &list) < 0)
		return;
	if (list.n_interfaces > LINK_INTERFACES)
		abort();
	for (i = 0; i < list.n_interfaces; i++) {
		check_text(list.interfaces[i].interface, LINK_TEXT);
		check_text(list.interfaces[i].flags, LINK_TEXT);
	}
}

/* What is read can be written. */
static void fuzz_config(const uint8_t *body, uint32_t len)
{
	static struct link_report report;
	static uint8_t buf[LINK_CONFIG_MAX];

	if (link_parse_report(LINK_CONFIGREPORT, body, len, &report) < 0 || !report.has_hop)
		return;
	if (!(report.hop.rate >= 0 && report.hop.rate <= 1e6))
		abort();
	if (link_write_hop(buf, sizeof buf, 1, &report.hop) < 0 && report.hop.n_channels)
		abort();
}

static void fuzz_newsource(const uint8_t *body, uint32_t len)
{
	struct link_newsource n;

	if (link_parse_newsource(body, len, &n) < 0)
		return;
	check_text(n.definition, sizeof n.definition);
	check_text(n.type, sizeof n.type);
	if (!n.definition[0] || !n.type[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > LINK_FRAME_MAX)
		return 0;
	if (data[0] % 3 == 0)
		fuzz_list(data + 1, (uint32_t)size - 1);
	else if (data[0] % 3 == 1)
		fuzz_config(data + 1, (uint32_t)size - 1);
	else
		fuzz_newsource(data + 1, (uint32_t)size - 1);
	return 0;
}
