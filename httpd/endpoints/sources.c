/* SPDX-License-Identifier: MIT */
/* Datasources: what there is, and the table of all routes of datasources. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lists.h"
#include "fields.h"
#include "sources.h"

/* ---- lists ---- */

static int on_record(void *user, const struct aerie_rec *rec)
{
	return nth_record(user, rec);
}

static int each_source(struct nth *n)
{
	return n->e->sources->each_source(n->e->h, on_record, n);
}

static int each_driver(struct nth *n)
{
	return n->e->sources->each_driver(n->e->h, on_record, n);
}

static int all_sources(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_each_record(user, req, rep, each_source);
}

static int types(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_each_record(user, req, rep, each_driver);
}

/* ---- single records ---- */

static int with_source(const struct endpoints *e, void *user, int (*fn)(void *arg, const struct aerie_rec *rec),
		       void *arg)
{
	return e->sources->with_source(e->h, user, fn, arg);
}

static int with_defaults(const struct endpoints *e, void *user, int (*fn)(void *arg, const struct aerie_rec *rec),
			 void *arg)
{
	return e->sources->with_defaults(e->h, fn, arg);
}

static int defaults(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	return reply_record_of(user, req, rep, with_defaults, NULL, NULL);
}

int sources_reply(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
		  const struct aerie_uuid *uuid)
{
	struct aerie_uuid *copy = malloc(sizeof *copy);

	if (!copy)
		return -ENOMEM;
	*copy = *uuid;
	return reply_record_of(e, req, rep, with_source, copy, free);
}

int sources_check_fields(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct aerie_selection *selection = NULL;
	int r = fields_of(e, req, rep, &selection);

	if (r)
		return r < 0 ? r : 0;
	if (selection)
		e->select->selection_free(selection);
	return 1;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* 8-4-4-4-12 hexadecimal digits (RFC 9562 4). */
static int parse_uuid(const char *text, struct aerie_uuid *ret)
{
	struct aerie_uuid u = { { 0 } };
	size_t i, n = 0;
	int digit;

	if (strlen(text) != 36)
		return -EINVAL;
	for (i = 0; i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return -EINVAL;
			continue;
		}
		digit = hex_digit(text[i]);
		if (digit < 0)
			return -EINVAL;
		u.b[n / 2] = (uint8_t)(u.b[n / 2] << 4 | digit);
		n++;
	}
	*ret = u;
	return 0;
}

static int is_there(void *user, const struct aerie_rec *rec)
{
	return 0;
}

int sources_find(const struct endpoints *e, const struct aerie_request *req, struct aerie_reply *rep,
		 struct aerie_uuid *ret_uuid)
{
	const char *text = e->http->param(req, "uuid");
	int err;

	if (!text || parse_uuid(text, ret_uuid))
		return e->http->reply_error(rep, 400,
					    "the path names no source: a UUID is 8-4-4-4-12 hexadecimal digits");
	err = e->sources->with_source(e->h, ret_uuid, is_there, NULL);
	if (err == -ENOENT)
		return e->http->reply_error(rep, 404,
					    "no source has this UUID; /datasource/all_sources.json lists them");
	return err < 0 ? err : 1;
}

static int source(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct aerie_uuid uuid;
	int r = sources_find(user, req, rep, &uuid);

	return r > 0 ? sources_reply(user, req, rep, &uuid) : r;
}

static int feed(void *user, const struct aerie_request *req, struct aerie_reply *rep)
{
	struct aerie_uuid uuid;
	int r = sources_find(user, req, rep, &uuid);

	return r > 0 ? feed_source(user, &uuid, req, rep) : r;
}

/* ---- routes ---- */

#define GET AERIE_HTTP_GET
#define POST AERIE_HTTP_POST
#define SOURCE "/datasource/by-uuid/:uuid/"
#define COMMANDS "cmd|jcmd"
#define RECORD "kismet.datasourcetracker.datasource"
#define DRIVER "kismet.datasourcetracker.driver"
#define ANSWER \
	" The answer is the source's record; 500 with the reason when it cannot be done, 404 for an unknown source."

#define PARAM_END { 0 }
#define UUID_PARAM \
	AERIE_PARAM(AERIE_IN_PATH, 0, "uuid", "uuid", "The source: kismet.datasource.uuid of its record.", \
		    "\"00112233-4455-6677-8899-AABBCCDDEEFF\"")
#define COMMAND(flags, name, type, help, example) AERIE_PARAM(AERIE_IN_COMMAND, flags, name, type, help, example)

#define SOURCE_FIELDS FIELDS_PARAM("[\"kismet.datasource.name\", [\"kismet.datasource.uuid\", \"uuid\"]]")

static const struct aerie_param source_fields[] = { SOURCE_FIELDS, PARAM_END };
static const struct aerie_param driver_fields[] = { FIELDS_PARAM("[\"kismet.datasource.driver.type\"]"), PARAM_END };
static const struct aerie_param default_fields[] = {
	FIELDS_PARAM("[\"kismet.datasourcetracker.default.hop_rate\"]"), PARAM_END
};
static const struct aerie_param interface_fields[] = {
	FIELDS_PARAM("[\"kismet.datasource.probed.interface\", "
		     "\"kismet.datasource.type_driver/kismet.datasource.driver.type\"]"), PARAM_END
};
static const struct aerie_param one_source[] = { UUID_PARAM, SOURCE_FIELDS, PARAM_END };

static const struct aerie_param add_params[] = {
	COMMAND(AERIE_PARAM_REQUIRED, "definition", "string",
		"What -c and source= take: interface or file, and options behind a colon.",
		"\"wlan0:name=roof\""),
	AERIE_PARAM(AERIE_IN_QUERY, 0, "definition", "string",
		    "The same without a command: as a variable of the form or the query.",
		    "\"wlan0:name=roof\""),
	SOURCE_FIELDS, PARAM_END,
};

static const struct aerie_param channel_params[] = {
	UUID_PARAM,
	COMMAND(0, "channel", "string",
		"The channel to stay on, as the source writes it; ends hopping, and the keys below are ignored.",
		"\"6HT40+\""),
	COMMAND(0, "channels", "string[]", "The channels to hop over; those it had when missing. At most 512.",
		"[\"1\", \"6\", \"11\"]"),
	COMMAND(0, "hoprate", "number",
		"Channels per second, above 0 and up to 1000; N per minute are N/60. The rate it had when missing.",
		"5"),
	COMMAND(0, "rate", "number", "Another name of `hoprate`, for clients that send it.", "5"),
	COMMAND(0, "shuffle", "boolean",
		"1: the order of the channels is shuffled, 0: they are taken as listed. As it was when missing.",
		"1"),
	SOURCE_FIELDS, PARAM_END,
};

static const struct aerie_param feed_params[] = {
	UUID_PARAM,
	COMMAND(0, "frames", "map[]",
		"Frames, at most 8192, each a map: `data` (base64, at most 16000 octets; required), `dlt` (link type "
		"of libpcap's registry; that of the source when missing), `ts` (seconds since 1970, with fractions; "
		"now when missing), `origlen` (octets on the air), `signal` (dBm), `freq` (kHz), `channel` (text).",
		"[{\"data\": \"1AAAAAIRIjNEVQ==\", \"dlt\": 105, \"signal\": -40, \"freq\": 2437000, \"channel\": "
		"\"6\"}]"),
	COMMAND(0, "reports", "map[]",
		"Reports, at most 8192, each a map: `type` (names the decoder; required), `json` (any value, at most "
		"16000 octets as text; required), `ts` (as above).",
		"[{\"type\": \"DOT11SCAN\", \"ts\": 1700000000, \"json\": {}}]"),
	PARAM_END,
};

const struct endpoint source_endpoints[] = {
	{ .path = "/datasource/all_sources", .methods = GET | POST, .handle = all_sources, .params = source_fields,
	  .result = AERIE_RESULT_LIST, .record = RECORD,
	  .summary = "Every datasource.",
	  .help = "A list of datasource records (kismet.datasource.*)." },
	{ .path = "/datasource/types", .methods = GET | POST, .handle = types, .params = driver_fields,
	  .result = AERIE_RESULT_LIST, .record = DRIVER,
	  .summary = "Every type of datasource.",
	  .help = "A list of driver records (kismet.datasource.driver.*)." },
	{ .path = "/datasource/defaults", .methods = GET | POST, .handle = defaults, .params = default_fields,
	  .result = AERIE_RESULT_OBJECT, .record = "kismet.datasourcetracker.defaults",
	  .summary = "What new datasources begin with.",
	  .help = "One record (kismet.datasourcetracker.default.*): hopping, retries, and where remote captures are "
		  "accepted." },
	{ .path = "/datasource/list_interfaces", .methods = GET | POST,
	  .role = "admin", .handle = list_interfaces, .params = interface_fields,
	  .result = AERIE_RESULT_LIST, .record = "kismet.datasourcetracker.listed_interface",
	  .summary = "Interfaces that could be opened.",
	  .help = "A list of kismet.datasource.probed.* with the driver of each. Every driver is asked; answers within "
		  "10 s." },
	{ .path = SOURCE "source", .methods = GET | POST, .handle = source, .params = one_source,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "One datasource.",
	  .help = "The record of the source with this UUID; 404 when there is none." },
	{ .path = "/datasource/add_source", .formats = COMMANDS, .methods = POST,
	  .role = "admin", .handle = add_source, .params = add_params,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "Adds a datasource.",
	  .help = "Waits until the source runs or cannot be opened; the answer is its record, which has the reason when it will be "
		  "tried again, or 500 with the reason. What failed stays listed; the same definition opens it again." },
	{ .path = SOURCE "set_channel", .formats = COMMANDS, .methods = POST,
	  .role = "admin", .handle = set_channel, .params = channel_params,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "Tunes a datasource.",
	  .help = "With `channel` it stays on one; with any of the other keys it hops, the rest as it was. 400 with "
		  "none of them." ANSWER },
	{ .path = SOURCE "set_hop", .formats = COMMANDS, .methods = GET | POST,
	  .role = "admin", .handle = set_hop, .params = one_source,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "Lets a datasource hop.",
	  .help = "Hops again, with the channels and the rate it had." ANSWER },
	{ .path = SOURCE "close_source", .formats = COMMANDS, .methods = GET | POST,
	  .role = "admin", .handle = close_source, .params = one_source,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "Closes a datasource.",
	  .help = "Ends its capture; it stays in the list and is not opened again by itself. One that is closed "
		  "already stays so." ANSWER },
	{ .path = SOURCE "disable_source", .formats = COMMANDS, .methods = GET | POST,
	  .role = "admin", .handle = close_source, .params = one_source,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "Closes a datasource.",
	  .help = "The same as close_source." ANSWER },
	{ .path = SOURCE "open_source", .formats = COMMANDS, .methods = GET | POST,
	  .role = "admin", .handle = open_source, .params = one_source,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "Opens a datasource again.",
	  .help = "Opens a closed or failed source by the definition it has." ANSWER },
	{ .path = SOURCE "enable_source", .formats = COMMANDS, .methods = GET | POST,
	  .role = "admin", .handle = open_source, .params = one_source,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "Opens a datasource again.",
	  .help = "The same as open_source." ANSWER },
	{ .path = SOURCE "pause_source", .formats = COMMANDS, .methods = GET | POST,
	  .role = "admin", .handle = pause_source, .params = one_source,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "Pauses a datasource.",
	  .help = "Its packets are discarded until it is resumed." ANSWER },
	{ .path = SOURCE "resume_source", .formats = COMMANDS, .methods = GET | POST,
	  .role = "admin", .handle = resume_source, .params = one_source,
	  .result = AERIE_RESULT_OBJECT, .record = RECORD,
	  .summary = "Resumes a paused datasource.",
	  .help = "Its packets are taken again." ANSWER },
	{ .path = SOURCE "feed", .formats = COMMANDS, .methods = POST,
	  .role = "datasource", .handle = feed, .params = feed_params,
	  .result = AERIE_RESULT_OBJECT, .fields = "aerie.feed.taken aerie.feed.refused aerie.feed.reason",
	  .summary = "Feeds a passive datasource.",
	  .help = "Needs `frames` or `reports`, or both. The answer counts those taken and refused, with the reason of "
		  "the first refusal; those behind a full queue are refused. 409: not a passive source, or closed; "
		  "503: its queue is full, send the same again later." },
	{ 0 },
};
