/* SPDX-License-Identifier: MIT */
/* A module's descriptor: how it is fetched from a shared object, checked, copied, and printed. */
#ifndef CORE_DESCRIPTOR_H
#define CORE_DESCRIPTOR_H

#include <stdio.h>

#include <aerie/aerie.h>

#define DESCRIPTOR_SIZE_MAX 4096u /* octets that a descriptor of a newer ABI may have */
#define DESCRIPTOR_TEXT_MAX 512u  /* octets of id, version, summary, license, url, service ids */
#define DESCRIPTOR_LIST_MAX 64u   /* entries of provides and requires */

struct descriptor {
	void *handle;          /* of dlopen(); what `p` points to lives as long as it */
	struct aerie_plugin p; /* zero behind what the module knows */
};

/* Opens a shared object and takes its descriptor. On failure a negative errno and, when memory allows, a sentence that the caller
 * frees: why it is refused and what to do. */
int descriptor_open(const char *path, struct descriptor *ret, char **ret_reason);
/* Only the checks: of a descriptor that lies in memory. */
int descriptor_take(const struct aerie_plugin *from, struct aerie_plugin *ret, char **ret_reason);
void descriptor_close(struct descriptor *d);
/* key=value lines, one per member; newlines in values are written as \n. */
void descriptor_dump(const struct descriptor *d, const char *path, FILE *out);

#endif
