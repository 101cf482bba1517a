/* SPDX-License-Identifier: MIT */
/* What a request asks of a list of devices: its command, its view, its time. Nothing malformed is taken for a default. */
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"

int ask_wrong(const struct ask *a, struct aerie_reply *rep, const char *fmt, ...)
{
	char text[DEVICES_WHY + 128];
	va_list ap;
	int err;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err = a->e->http->reply_error(rep, 400, text);
	return err < 0 ? err : ASK_REPLIED;
}

int ask_number(const char *text, int64_t *ret)
{
	const char *digits = *text == '-' ? text + 1 : text;
	long long n;
	char *end;

	if (*digits < '0' || *digits > '9')
		return -EINVAL;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (*end || errno)
		return -EINVAL;
	*ret = n;
	return 0;
}

static unsigned digit(char c)
{
	return c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
		: c >= 'A' && c <= 'F'                    ? (unsigned)(c - 'A' + 10) : 16;
}

const char *ask_mac(const char *text, uint64_t *ret_mac)
{
	uint64_t mac = 0;
	unsigned i;

	for (i = 0; i < 6; i++) {
		if (i && *text++ != ':')
			return NULL;
		if (digit(text[0]) == 16 || digit(text[1]) == 16)
			return NULL;
		mac = mac << 8 | digit(text[0]) << 4 | digit(text[1]);
		text += 2;
	}
	*ret_mac = mac;
	return text;
}

int device_key(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, uint64_t *ret_key)
{
	int err = e->devices->key_parse(e->h, e->http->param(req, "key"), ret_key);

	if (err == -EINVAL)
		err = e->http->reply_error(rep, 400, "malformed device key");
	else if (err == -ENOENT)
		err = e->http->reply_error(rep, 404, "no such device");
	else
		return err;
	return err < 0 ? err : ASK_REPLIED;
}

const char *ask_variable(const struct ask *a, const char *name)
{
	const char *text = a->e->http->form(a->req, name);

	if (!text)
		text = a->e->http->query(a->req, name);
	return text && *text ? text : NULL;
}

int ask_since(struct ask *a, const char *what, const char *text, struct aerie_reply *rep)
{
	uint64_t us;

	if (since_parse(text, a->e->loop->now_us(a->e->h), &us))
		return ask_wrong(a, rep, "%s is " SINCE_WRONG, what);
	a->query.changed_since = us / 1000000; /* 0 is the beginning, and no condition at all */
	return 0;
}

static int read_last_time(struct ask *a, struct aerie_reply *rep)
{
	const struct aerie_http *http = a->e->http;
	const struct aerie_value *v = http->value_get(a->command, "last_time");
	uint32_t kind = http->value_kind(v);
	const char *text = http->value_str(v, NULL);
	char number[DBL_MAX_10_EXP + 16] = "";

	if (kind == AERIE_VALUE_NULL)
		return 0;
	if (kind == AERIE_VALUE_INT)
		(void)snprintf(number, sizeof number, "%" PRId64, http->value_int(v, 0));
	else if (kind == AERIE_VALUE_REAL)
		(void)snprintf(number, sizeof number, "%.6f", http->value_real(v, 0));
	return ask_since(a, "`last_time`", text ? text : number, rep);
}

static int read_wrapper(struct ask *a, struct aerie_reply *rep)
{
	const struct aerie_http *http = a->e->http;
	const struct aerie_value *v = http->value_get(a->command, "wrapper");
	const char *text;
	uint32_t len;

	if (http->value_kind(v) == AERIE_VALUE_NULL)
		return 0;
	text = http->value_str(v, &len);
	if (!text)
		return ask_wrong(a, rep, "`wrapper` must be a string");
	if (len > AERIE_WRAPPER_MAX || strlen(text) != len)
		return ask_wrong(a, rep, "`wrapper` is longer than %u octets, or holds an octet 0", AERIE_WRAPPER_MAX);
	if (len)
		a->wrapper = text;
	return 0;
}

static int read_command(struct ask *a, struct aerie_reply *rep)
{
	const struct endpoints *e = a->e;
	char why[DEVICES_WHY] = "";
	int err;

	err = e->select->selection_new(e->h, e->http->value_get(a->command, "fields"), &a->selection, why, sizeof why);
	if (err == -EINVAL)
		return ask_wrong(a, rep, "%s", why);
	if (!err)
		err = e->select->filter_new(e->h, e->http->value_get(a->command, "regex"), &a->filter, why, sizeof why);
	if (err == -EINVAL)
		return ask_wrong(a, rep, "%s", why);
	if (!err)
		err = read_wrapper(a, rep);
	return err ? err : read_last_time(a, rep);
}

int ask_begin(struct ask *a, const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep)
{
	int err;

	*a = (struct ask){ .e = e, .req = req, .query = { .size = sizeof a->query } };
	if (e->http->raw(req)->method != AERIE_HTTP_POST)
		return 0;
	err = e->http->command(req, &a->command);
	if (err == -ENODATA)
		return 0;
	return err ? err : read_command(a, rep);
}

void ask_end(struct ask *a)
{
	a->e->select->selection_free(a->selection);
	a->e->select->filter_free(a->filter);
	a->e->views->release(a->view);
}

int ask_view(struct ask *a, const char *id, struct aerie_reply *rep)
{
	struct aerie_device_query q = { .size = sizeof q };
	int err = a->e->views->find(a->e->h, id, &a->view, &q);

	if (err == -ENOENT) {
		err = a->e->http->reply_error(rep, 404, "no such view; /devices/views/all_views lists them");
		return err < 0 ? err : ASK_REPLIED;
	}
	if (err < 0)
		return err;
	q.changed_since = a->query.changed_since;
	a->query = q;
	return 0;
}
