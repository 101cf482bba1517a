/* SPDX-License-Identifier: MIT */
/* The parts of file serving that only look at text: paths, content types, conditions and ranges of requests (RFC 9110 13, 14). */
#ifndef SERVER_FILES_H
#define SERVER_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define FILES_PATH_OCTETS 1024u
#define FILES_ETAG_OCTETS 64u
#define FILES_DATE_OCTETS 32u

/* From a path as sent ("/plugin/x/a%20b.js") to one below a folder ("plugin/x/a b.js"), without a '/' at either end; "" is the
 * folder. ret_slash: it ended in '/'. -EINVAL: a bad escape, or a segment that no file may have: "..", one that begins with
 * '.', or has a control character, '/' or '\'. -ENAMETOOLONG. */
int files_path(const char *target, char ret_path[FILES_PATH_OCTETS], bool *ret_slash);

/* The content type of a file's name by its suffix; extra: n settings "suffix:type" that come first. */
const char *files_type(const char *name, const char *const *extra, uint32_t n);
bool files_type_valid(const char *setting); /* "suffix:type/subtype" */

/* Does an If-None-Match name this entity tag (quotes included)? */
bool files_etag_listed(const char *list, const char *etag);
void files_date(time_t t, char ret_text[FILES_DATE_OCTETS]);
/* A date in the form that files_date() writes; other forms: -EINVAL. */
int files_read_date(const char *text, time_t *ret_t);
/* One range of a Range header, for a file of so many octets. -ENOENT: it is to be ignored (several ranges, another unit, malformed);
 * -ERANGE: nothing of the file lies in it. */
int files_range(const char *text, uint64_t size, uint64_t *ret_first, uint64_t *ret_len);

#endif
