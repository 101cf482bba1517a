/* SPDX-License-Identifier: MIT */
/* See ask.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/websocket.h>

#include "ask.h"

struct spec *spec_ref(struct spec *s)
{
	if (s)
		(void)atomic_fetch_add(&s->refs, 1);
	return s;
}

void spec_unref(struct spec *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	s->select->selection_free(s->selection);
	free(s);
}

struct spec *spec_json(const struct ask_host *a)
{
	struct spec *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	atomic_init(&s->refs, 1);
	s->select = a->select;
	s->kind = AERIE_WS_TEXT;
	(void)strcpy(s->format, "json");
	return s;
}

static int __attribute__((format(printf, 2, 3))) wrong(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, ASK_WHY, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int no_memory(char *why)
{
	(void)wrong(why, "memory is out; try again later");
	return -ENOMEM;
}

/* ---- how it is written ---- */

struct format {
	const char *suffix;
	bool found, text;
};

/* Whatever is not text is sent as octets. */
static bool is_text(const char *content_type)
{
	return !strncmp(content_type, "text/", 5) || strstr(content_type, "json");
}

static int on_serializer(void *user, const char *suffix, const char *content_type, const char *help)
{
	struct format *f = user;

	if (strcmp(suffix, f->suffix))
		return 0;
	f->found = true;
	f->text = is_text(content_type);
	return 1;
}

static int read_format(const struct ask_host *a, const struct aerie_value *map, struct spec *s, char *why)
{
	const struct aerie_value *v = a->http->value_get(map, "format");
	uint32_t len = 4;
	struct format f = { .suffix = v ? a->http->value_str(v, &len) : "json" };

	if (!f.suffix || !len || len > ASK_FORMAT_MAX)
		return wrong(why, "`format` is no name of a format, as \"json\"");
	(void)a->serializers->each(a->h, on_serializer, &f);
	if (!f.found)
		return wrong(why, "`format`: there is no format of this name; \"json\" is one");
	memcpy(s->format, f.suffix, len + 1);
	s->kind = f.text ? AERIE_WS_TEXT : AERIE_WS_BINARY;
	return 0;
}

static int read_sequence(const struct ask_host *a, const struct aerie_value *map, struct spec *s, char *why)
{
	const struct aerie_value *v = a->http->value_get(map, "sequence");
	int64_t n = v ? a->http->value_int(v, -1) : 0;

	if (n != 0 && n != 1)
		return wrong(why, "`sequence` is neither true nor false");
	s->sequence = n;
	return 0;
}

static int read_spec(const struct ask_host *a, const struct aerie_value *map, uint64_t len, struct spec **ret_spec,
                     char *why)
{
	struct spec *s = calloc(1, sizeof *s);
	int err;

	if (!s)
		return no_memory(why);
	atomic_init(&s->refs, 1);
	s->select = a->select;
	s->octets = (uint32_t)len;
	err = read_format(a, map, s, why);
	if (!err)
		err = read_sequence(a, map, s, why);
	if (!err)
		err = a->select->selection_new(a->h, a->http->value_get(map, "fields"), &s->selection, why, ASK_WHY);
	if (err == -ENOMEM)
		(void)no_memory(why);
	if (err) {
		spec_unref(s);
		return err;
	}
	*ret_spec = s;
	return 0;
}

/* ---- events ---- */

/* A name that is there must be one; "" when it is not. */
static int read_name(const struct ask_host *a, const struct aerie_value *map, const char *key, char *ret, char *why)
{
	const struct aerie_value *v = a->http->value_get(map, key);
	uint32_t len = 0;
	const char *text = v ? a->http->value_str(v, &len) : "";

	if (!text || (v && !len) || len > ASK_NAME_MAX || strlen(text) != len)
		return wrong(why, "`%s` is no name of an event of 1 to %u octets, nor \"*\"", key, ASK_NAME_MAX);
	memcpy(ret, text, len + 1);
	return 0;
}

static int read_events(const struct ask_host *a, const struct aerie_value *map, uint64_t len, struct ask_events *ret,
                       char *why)
{
	int err = read_name(a, map, "SUBSCRIBE", ret->subscribe, why);

	if (!err)
		err = read_name(a, map, "UNSUBSCRIBE", ret->unsubscribe, why);
	if (!err && !ret->subscribe[0] && !ret->unsubscribe[0])
		err = wrong(why, "a message needs `SUBSCRIBE` or `UNSUBSCRIBE`");
	if (!err && ret->subscribe[0])
		err = read_spec(a, map, len, &ret->spec, why);
	return err;
}

/* ---- monitors ---- */

/* "AA:BB:CC:DD:EE:FF"; the octet after it, or NULL. */
static const char *read_mac(const char *text, uint64_t *ret_mac)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	uint64_t mac = 0;
	const char *p;
	unsigned i;

	for (i = 0; i < 12; i++) {
		if (i && !(i & 1) && *text++ != ':')
			return NULL;
		p = *text ? strchr(digits, *text++) : NULL;
		if (!p)
			return NULL;
		mac = mac << 4 | ((uint64_t)(p - digits) & 15);
	}
	*ret_mac = mac;
	return text;
}

static bool read_masked(const char *text, uint64_t *ret_mac, uint64_t *ret_mask)
{
	const char *end = read_mac(text, ret_mac);

	*ret_mask = AERIE_KEY_MAC_MASK;
	if (end && *end == '/')
		end = read_mac(end + 1, ret_mask);
	*ret_mac &= end ? *ret_mask : 0;
	return end && !*end;
}

static int read_target(const struct ask_host *a, const struct aerie_value *v, struct ask_monitor *ret, char *why)
{
	uint32_t len = 0;
	const char *text = a->http->value_str(v, &len);

	if (!text || strlen(text) != len)
		return wrong(why,
		             "`monitor` is no text: \"*\", the key of a device or an address, which may have a mask");
	if (!strcmp(text, "*")) {
		ret->target = ASK_ALL;
	} else if (read_masked(text, &ret->mac, &ret->mask)) {
		ret->target = ret->mask ? ASK_MAC : ASK_ALL;
	} else if (!a->devices->key_parse(a->h, text, &ret->key)) {
		ret->target = ASK_KEY;
	} else {
		return wrong(why, "`monitor` is neither \"*\" nor the key of a device nor an address as "
		                  "AA:BB:CC:00:00:00/FF:FF:FF:00:00:00");
	}
	return 0;
}

static bool is_integer(const struct ask_host *a, const struct aerie_value *v)
{
	uint32_t kind = a->http->value_kind(v);

	return (kind == AERIE_VALUE_INT || kind == AERIE_VALUE_REAL) &&
	       a->http->value_int(v, 0) == a->http->value_int(v, 1);
}

static int read_rate(const struct ask_host *a, const struct aerie_value *map, struct ask_monitor *ret, char *why)
{
	const struct aerie_value *v = a->http->value_get(map, "rate");
	double rate = v ? a->http->value_real(v, -1) : 1;

	if (!(rate >= ASK_RATE_MIN && rate <= ASK_RATE_MAX))
		return wrong(why, "`rate` is no number of seconds from 0.1 to 86400");
	ret->rate_us = (uint64_t)(rate * 1e6);
	return 0;
}

static int read_monitor(const struct ask_host *a, const struct aerie_value *map, uint64_t len, struct ask_monitor *ret,
                        char *why)
{
	const struct aerie_value *monitor = a->http->value_get(map, "monitor"),
				 *cancel = a->http->value_get(map, "cancel");
	const struct aerie_value *request = cancel ? cancel : a->http->value_get(map, "request");
	int err;

	if (!monitor && !cancel)
		return wrong(why, "a message needs `monitor` or `cancel`");
	if (!request || !is_integer(a, request))
		return wrong(why, "`%s` is no whole number: the number of a monitor", cancel ? "cancel" : "request");
	ret->has_request = true;
	ret->request = a->http->value_int(request, 0);
	ret->cancel = cancel;
	if (cancel)
		return 0;
	err = read_target(a, monitor, ret, why);
	if (!err)
		err = read_rate(a, map, ret, why);
	return err ? err : read_spec(a, map, len, &ret->spec, why);
}

/* ---- messages ---- */

static int parse(const struct ask_host *a, const uint8_t *data, uint64_t len, const struct aerie_value **ret_map,
                 char *why)
{
	const struct aerie_value *v = NULL;
	char text[ASK_WHY - 64];
	int err;

	if (len > ASK_OCTETS)
		return wrong(why, "a message has at most %u octets", ASK_OCTETS);
	err = a->http->value_parse((const char *)data, len, &v, text, sizeof text);
	if (err == -ENOMEM)
		return no_memory(why);
	if (err)
		return wrong(why, "a message is a JSON object, and this cannot be read: %s", text);
	if (a->http->value_kind(v) != AERIE_VALUE_MAP) {
		a->http->value_free(v);
		return wrong(why, "a message is a JSON object");
	}
	*ret_map = v;
	return 0;
}

int ask_events_read(const struct ask_host *a, const uint8_t *data, uint64_t len, struct ask_events *ret, char *ret_why)
{
	struct ask_events asked = { .spec = NULL };
	const struct aerie_value *map;
	int err = parse(a, data, len, &map, ret_why);

	if (err)
		return err;
	err = read_events(a, map, len, &asked, ret_why);
	a->http->value_free(map);
	if (!err)
		*ret = asked;
	return err;
}

int ask_monitor_read(const struct ask_host *a, const uint8_t *data, uint64_t len, struct ask_monitor *ret,
                     char *ret_why)
{
	struct ask_monitor asked = { .spec = NULL };
	const struct aerie_value *map;
	int err = parse(a, data, len, &map, ret_why);

	ret->has_request = false;
	if (err)
		return err;
	err = read_monitor(a, map, len, &asked, ret_why);
	a->http->value_free(map);
	ret->has_request = asked.has_request;
	ret->request = asked.request;
	if (!err)
		*ret = asked;
	return err;
}

/* ---- paths ---- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) & 15 : -1;
}

/* The router has matched the path, so it is well-formed; empty segments do not count there. */
int ask_view(const char *path, char *ret_id, uint32_t room)
{
	char text[256], *p = text;
	size_t len = strlen(path), n = 0;
	int high, low;

	while (len && path[len - 1] == '/')
		len--;
	while (len && path[len - 1] != '/') /* "monitor.ws" */
		len--;
	while (len && path[len - 1] == '/')
		len--;
	while (n < len && path[len - 1 - n] != '/')
		n++;
	path += len - n;
	for (; n && (size_t)(p - text) < sizeof text - 1; n--, path++) {
		*p++ = *path;
		if (*path != '%')
			continue;
		high = n > 2 ? hex_digit(path[1]) : -1;
		low = high < 0 ? -1 : hex_digit(path[2]);
		if (low < 0 || !(high | low))
			return -ENOENT;
		p[-1] = (char)(high << 4 | low);
		path += 2;
		n -= 2;
	}
	*p = '\0';
	if (n || p == text || (size_t)(p - text) >= room)
		return -ENOENT;
	memcpy(ret_id, text, (size_t)(p - text) + 1);
	return 0;
}
