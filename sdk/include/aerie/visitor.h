/* SPDX-License-Identifier: MIT */
/* The visitor: how values leave the host. A serializer implements it; the host, and endpoints with results of
 * their own, drive it. Since ABI 1.0.
 *
 * One document is exactly one value. Between begin_map and end_map, values alternate with keys, each given by
 * key() or key_text(). The count of begin_map and begin_list is exact, because formats such as msgpack write it first, but for the
 * list of a reply (reply_list(), reply_wrapped()): its count is 0 for serializers without AERIE_SERIALIZER_COUNTS.
 * Every function returns 0, or a negative errno that ends the document; the driver stops at the first error.
 * All functions run on the thread that drives them; nothing is kept after a call returns. */
#ifndef AERIE_VISITOR_H
#define AERIE_VISITOR_H

#include <aerie/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A registered name with its escaped forms, made once at registration and valid as long as the host. */
struct aerie_name {
	uint32_t size;
	uint32_t len;        /* octets of text */
	const char *text;    /* "kismet.device.base.key", NUL-terminated */
	const char *json;    /* "\"kismet.device.base.key\":" ready to be copied */
	uint32_t json_len;
	uint32_t under_len;
	const char *under;   /* the same with '_' for '.', for formats that want it */
	const char *json_under; /* "\"kismet_device_base_key\":", json_len octets */
	const char *type;    /* "uint64_t", "map[int, x]": for people */
	const char *help;    /* the field's description */
};

struct aerie_visitor {
	uint32_t size;
	uint32_t reserved;
	int (*begin_map)(void *v, uint32_t count);
	int (*key)(void *v, const struct aerie_name *name);
	int (*key_text)(void *v, const char *text, uint32_t len); /* a map's own key; UTF-8 not guaranteed */
	int (*end_map)(void *v);
	int (*begin_list)(void *v, uint32_t count);
	int (*end_list)(void *v);
	int (*null)(void *v);
	int (*u64)(void *v, uint64_t value);
	int (*i64)(void *v, int64_t value);
	int (*f64)(void *v, double value); /* may be NaN or infinite */
	int (*str)(void *v, const char *text, uint32_t len);   /* UTF-8 not guaranteed: it may come from the air */
	int (*ascii)(void *v, const char *text, uint32_t len); /* printable ASCII without '"' and '\\' */
	int (*bytes)(void *v, const uint8_t *data, uint32_t len); /* octets, shown as hex text */
	/* A run of numbers, the same as len calls of f64. */
	int (*f64s)(void *v, const double *values, uint32_t len);
};

#ifdef __cplusplus
}
#endif
#endif
