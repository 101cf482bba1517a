/* SPDX-License-Identifier: MIT */
/* Commands that give names and tags to devices. */
#include <errno.h>
#include <string.h>

#include "devices.h"
#include "labels.h"

/* A text of the command: *ret is NULL for null. */
static int read_text(const struct ask *a, struct aerie_reply *rep, const char *key, uint32_t most, const char **ret)
{
	const struct aerie_http *http = a->e->http;
	const struct aerie_value *v = http->value_get(a->command, key);
	uint32_t len = 0;
	const char *text = http->value_str(v, &len);

	if (!v || (!text && http->value_kind(v) != AERIE_VALUE_NULL))
		return ask_wrong(a, rep, "`%s` is missing, or no string", key);
	if (len > most || (text && strlen(text) != len))
		return ask_wrong(a, rep, "`%s` is longer than %u octets, or holds an octet 0", key, most);
	*ret = text;
	return 0;
}

static int begin(struct ask *a, const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep, uint64_t *ret_key)
{
	int err = device_key(e, req, rep, ret_key);

	*a = (struct ask){ .e = e, .req = req };
	return err ? err : e->http->command(req, &a->command);
}

static int reply(const struct endpoints *e, struct aerie_reply *rep, int err, const char *why, const char *done)
{
	if (!err)
		return e->http->reply_octets(rep, "text/plain; charset=utf-8", done, strlen(done));
	if (err == -ENOENT)
		return e->http->reply_error(rep, 404, "no such device");
	if (err == -ENOMEM)
		return err;
	return e->http->reply_error(rep, err == -E2BIG ? 409 : 500, why);
}

static int set_name(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	char why[LABELS_WHY] = "";
	const char *name;
	uint64_t key;
	struct ask a;
	int err = begin(&a, e, req, rep, &key);

	if (!err)
		err = read_text(&a, rep, "username", LABELS_NAME_MAX, &name);
	if (err)
		return err < 0 ? err : 0;
	err = labels_set_name(e->labels, key, name && *name ? name : NULL, why);
	return reply(e, rep, err, why, "Device name set\n");
}

static int set_tag(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	const struct endpoints *e = user;
	char why[LABELS_WHY] = "";
	const char *tag, *value;
	uint64_t key;
	struct ask a;
	int err = begin(&a, e, req, rep, &key);

	if (!err)
		err = read_text(&a, rep, "tagname", LABELS_NAME_MAX, &tag);
	if (!err && (!tag || !*tag))
		err = ask_wrong(&a, rep, "`tagname` is empty");
	if (!err)
		err = read_text(&a, rep, "tagvalue", LABELS_VALUE_MAX, &value);
	if (err)
		return err < 0 ? err : 0;
	err = labels_set_tag(e->labels, key, tag, value, why);
	return reply(e, rep, err, why, "Device tag set\n");
}

static const struct aerie_param name_params[] = {
	KEY_PARAM,
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "username", "string", "The name, at most 256 octets; null or empty: none any more.",
		    "\"printer\""),
	PARAMS_END,
};
static const struct aerie_param tag_params[] = {
	KEY_PARAM,
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "tagname", "string", "Name of the tag, at most 256 octets.", "\"notes\""),
	AERIE_PARAM(AERIE_IN_COMMAND, AERIE_PARAM_REQUIRED, "tagvalue", "string", "Its value, at most 4096 octets; null removes the tag.",
		    "\"third floor\""),
	PARAMS_END,
};

const struct endpoint label_endpoints[] = {
	{ .path = "/devices/by-key/:key/set_name", .formats = "cmd", .methods = AERIE_HTTP_POST, .role = "admin", .handle = set_name,
	  .params = name_params, .result = AERIE_RESULT_OCTETS,
	  .summary = "Names a device.",
	  .help = "The name is shown as kismet.device.base.username and commonname, and kept from run to run. 404: no such device; 409: 16384 devices have "
		  "names or tags already." },
	{ .path = "/devices/by-key/:key/set_tag", .formats = "cmd", .methods = AERIE_HTTP_POST, .role = "admin", .handle = set_tag,
	  .params = tag_params, .result = AERIE_RESULT_OCTETS,
	  .summary = "Tags a device.",
	  .help = "The tag is shown in kismet.device.base.tags, and kept from run to run. 404: no such device; 409: the device has 64 tags already, or "
		  "16384 devices have names or tags." },
	{ 0 },
};
