/* SPDX-License-Identifier: MIT */
/* Policies of pages. Digests are by openssl dgst -sha256 -binary | base64. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "httpd/server/csp.h"

static const char *policy(const char *html)
{
	static char text[CSP_OCTETS];

	csp_make(html, strlen(html), text);
	return text;
}

Test(csp, scripts_of_the_page_run_by_their_digest)
{
	const char *text = policy("<html><SCRIPT type=x>alert(1)</Script><p><script src=\"a.js\"></script><script>\nlet a = 2;\n</script>");

	cr_expect(strstr(text, "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"), "%s", text);
	cr_expect(strstr(text, "'sha256-tRbzDu4PCLf5iHyC3A9OA6R1W3OnKGCbdYnfMIGBgJI='"), "%s", text);
	cr_expect(strstr(text, "default-src 'none'; script-src 'self' 'sha256-"), "%s", text);
	cr_expect_not(strstr(text, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), "the digest of nothing: %s", text);
}

Test(csp, broken_and_crowded_pages_get_a_policy_too)
{
	char html[CSP_SCRIPTS * 64], *p = html;
	const char *text, *q;
	unsigned i, n = 0;

	cr_expect_not(strstr(policy(""), "sha256"));
	cr_expect_not(strstr(policy("<script"), "sha256"));
	cr_expect_not(strstr(policy("<script>x"), "sha256"));
	cr_expect_not(strstr(policy("</script>"), "sha256"));
	for (i = 0; i < CSP_SCRIPTS + 4; i++)
		p += sprintf(p, "<script>%u</script>", i);
	text = policy(html);
	for (q = text; (q = strstr(q, "sha256-")); q++)
		n++;
	cr_expect_eq(n, CSP_SCRIPTS);
	cr_expect(strstr(text, "frame-ancestors 'self'"));
}
