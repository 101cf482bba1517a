/* SPDX-License-Identifier: MIT */
/* The Content-Security-Policy of our own pages: what they bring with them may run, by its digest, and nothing that somehow
 * gets into them, such as the name of a network from the air (CSP Level 3, 2.3.1). */
#ifndef SERVER_CSP_H
#define SERVER_CSP_H

#include <stddef.h>

#define CSP_SCRIPTS 16u          /* in a page, with a digest; more do not run */
#define CSP_OCTETS (512u + CSP_SCRIPTS * 56u)
#define CSP_PAGE_OCTETS (1u << 20) /* a longer page runs no scripts of its own */

void csp_make(const char *html, size_t len, char ret_text[CSP_OCTETS]);

#endif
