/* SPDX-License-Identifier: MIT */
/* The start page. The reference, which is made from what modules registered, is httpd/docs. */
#include <stdint.h>

#include "endpoints.h"

/* start.html, as it lies beside this file. Global, because -flto may put the functions into another object. */
__asm__(".pushsection .rodata\n"
	".globl start_page\n.hidden start_page\n"
	".globl start_page_end\n.hidden start_page_end\n"
	"start_page:\n"
	".incbin \"httpd/endpoints/start.html\"\n"
	"start_page_end:\n"
	".popsection\n");
extern const char start_page[] __attribute__((visibility("hidden")));
extern const char start_page_end[] __attribute__((visibility("hidden")));

static int start(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;

	return e->http->reply_octets(rep, "text/html; charset=utf-8", start_page,
				     (uintptr_t)start_page_end - (uintptr_t)start_page);
}

const struct endpoint page_endpoints[] = {
	{ .path = "/", .formats = "", .handle = start, .result = AERIE_RESULT_OCTETS,
	  .summary = "The start page.",
	  .help = "Lists devices, sources and plugins as they come in." },
	{ .path = "/index", .formats = "html", .handle = start, .result = AERIE_RESULT_OCTETS,
	  .summary = "The start page.",
	  .help = "The same as /." },
	{ 0 },
};
