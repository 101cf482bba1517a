/* SPDX-License-Identifier: MIT */
/* link: libaeriecap.la */
/* What comes to a capture program from a network: announcements, addresses from the command line, the answer to the
 * upgrade, and WebSocket frames. The first octet says which. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../../sdk/capframework/handler.h"
#include "../../sdk/capframework/remote.h"
#ifdef FUZZ_WEBSOCKET
#include "../../sdk/capframework/upgrade.h"
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_announcement(const uint8_t *data, size_t len)
{
	struct address a = { "host", "" };

	if (parse_announcement(data, len, NULL, len & 1, &a) && (atoi(a.port) < 1 || atoi(a.port) > 65535))
		abort();
}

static void try_address(const char *text)
{
	struct address a;

	if (parse_address(text, "1", &a) == 0 && (!a.host[0] || !a.port[0]))
		abort();
}

#ifdef FUZZ_WEBSOCKET
static void try_answer(const char *text)
{
	struct remote remote;
	char why[AERIECAP_MSG_MAX];

	memset(&remote, 0, sizeof remote);
	if (check_answer(&remote, text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", why, sizeof why) == 0 &&
	    !strstr(text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
		abort();
}

/* Octets behind the upgrade: frames of a server, and what the program writes meanwhile. */
static void try_frames(const uint8_t *data, size_t len)
{
	static struct early early;
	struct aeriecap *cap = aeriecap_new("fuzz", "1");
	char taken[4096];
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), cancel;
	ssize_t n;

	if (!cap || null < 0)
		abort();
	early.len = len < sizeof early.data ? len : sizeof early.data;
	memcpy(early.data, data, early.len);
	cap->in_fd = cap->out_fd = null;
	if (websocket_upgraded(cap, null, &early) < 0)
		abort();
	while ((n = link_read(cap, taken, sizeof taken)) > 0)
		if (aeriecap_send_message(cap, AERIECAP_INFO, "%zd", n) < 0)
			break;
	out_lock(cap, &cancel);
	out_flush(cap);
	out_unlock(cap, cancel);
	link_finish(cap);
	aeriecap_free(cap);
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	if (len == 0)
		return 0;
	text = malloc(len);
	if (!text)
		return 0;
	memcpy(text, data + 1, len - 1);
	text[len - 1] = 0;
	switch (data[0]) {
	case 'n':
		try_announcement(data + 1, len - 1);
		break;
	case 'a':
		try_address(text);
		break;
#ifdef FUZZ_WEBSOCKET
	case 'h':
		try_answer(text);
		break;
	case 'w':
		try_frames(data + 1, len - 1);
		break;
#endif
	default:
		break;
	}
	free(text);
	return 0;
}
