/* SPDX-License-Identifier: MIT */
/* Files with secrets, written whole or not at all. */
#ifndef SERVER_SAVEFILE_H
#define SERVER_SAVEFILE_H

#include <stddef.h>

/* Replaces the file at path, mode 0600; it is on the disk afterwards. A negative errno: the old one is as it was. */
int savefile_write(const char *path, const char *text, size_t len);
/* The file's text, NUL-terminated, freed by the caller. -ENOENT; -EFBIG: more than max octets; -EPERM: others may read or write it. */
int savefile_read(const char *path, size_t max, char **ret_text, size_t *ret_len);

#endif
