/* SPDX-License-Identifier: MIT */
/* Names and tags that users give to devices, kept in a file of the home directory from run to run. */
#ifndef ENDPOINTS_LABELS_H
#define ENDPOINTS_LABELS_H

#include <jansson.h>

#include "endpoints.h"

#define LABELS_FILE "labels.json"
#define LABELS_DEVICES_MAX 16384u
#define LABELS_TAGS_MAX 64u                   /* of a device */
#define LABELS_NAME_MAX 256u                  /* octets of a device's name, and of a tag's */
#define LABELS_VALUE_MAX 4096u                /* octets of a tag's value */
#define LABELS_FILE_MAX (32u * 1024u * 1024u) /* octets of the file */
#define LABELS_WHY 512u                       /* octets of a sentence about what went wrong */

struct labels;

int labels_new(struct endpoints *e); /* [load] e->labels, which hears of new devices */
void labels_free(struct labels *l);
int labels_configure(struct labels *l, const struct aerie_config *config);
void labels_start(struct labels *l); /* reads the file, labels the devices that are known already */

/* What a user wants; NULL: none any more. Texts are UTF-8. 0, -ENOENT: no such device, -ENOMEM; -E2BIG: over a limit, and every
 * other error: the file cannot be written, both with a sentence in ret_why, which has LABELS_WHY octets. After an error nothing
 * has changed. [http] */
int labels_set_name(struct labels *l, uint64_t key, const char *name, char *ret_why);
int labels_set_tag(struct labels *l, uint64_t key, const char *tag, const char *value, char *ret_why);

/* labelfile.c: a map of the text of a key to {"name": text, "tags": {text: text}}, each of the two only when there is something. */
/* The labels of a file. *ret_bad: entries that were left out as malformed. -ENOENT; -EBADMSG and other errors with a sentence. */
int labelfile_read(const char *path, json_t **ret_devices, size_t *ret_bad, char *ret_why);
/* As a whole or not at all; -EFBIG: more than LABELS_FILE_MAX. */
int labelfile_write(const char *path, json_t *devices);
/* Renames it, to a name that no file has; ret_to has LABELS_WHY octets. */
int labelfile_set_aside(const char *path, char *ret_to);

#endif
