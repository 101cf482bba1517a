/* SPDX-License-Identifier: MIT */
/* Bodies of POST requests as they come from the network. The first octet says of what type: a form, JSON, msgpack,
 * or something else. What was read is walked over, and written as JSON, which must be read again to the same. */
/* link: core */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <core/command.h>
#include <core/value.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct aerie_value *v, unsigned depth)
{
	uint32_t i, len = 0;
	const char *text = value_str(v, &len);

	assert(depth <= VALUE_DEPTH);
	assert(!text || strlen(text) == len);
	(void)value_int(v, 0);
	(void)value_real(v, 0);
	(void)value_get(v, "a");
	if (value_kind(v) == AERIE_VALUE_LIST)
		for (i = 0; i < value_count(v); i++)
			walk(value_at(v, i), depth + 1);
	if (value_kind(v) != AERIE_VALUE_MAP)
		return;
	assert(value_count(v) <= VALUE_KEYS && !value_key(v, value_count(v)));
	for (i = 0; i < value_count(v); i++)
		walk(value_get(v, value_key(v, i)), depth + 1);
}

static void write_and_read_again(const struct aerie_request *req, const struct aerie_value *v)
{
	const json_t *json = (const json_t *)(const void *)v;
	json_t *again = NULL;
	char why[256];
	uint32_t len = 0;
	const char *text = command_json(req, v, &len);

	assert(text && strlen(text) == len && !value_from_json(text, len, &again, why, sizeof why));
	assert(json_equal((json_t *)json, again) || strchr(text, '.') || strchr(text, 'e')); /* reals are rounded */
	json_decref(again);
}

static const char *content_type(uint8_t kind)
{
	switch (kind) {
	case 'f':
		return "application/x-www-form-urlencoded; charset=UTF-8";
	case 'j':
		return "application/json";
	case 'm':
		return "application/msgpack";
	}
	return "text/plain";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aerie_request req = { 0 };
	const struct aerie_value *v = NULL;
	const char *text, *form;
	uint32_t status;
	int err;

	if (!size)
		return 0;
	req.raw.content_type = content_type(data[0]);
	req.raw.body = data + 1;
	req.raw.body_len = size - 1;
	err = command_get(&req, &v);
	assert(!err == !!v);
	if (err) {
		status = command_explain(&req, err, &text);
		assert((status == 400 || status == 415) && text[0] && strlen(text) < 512);
	} else {
		assert(value_kind(v) == AERIE_VALUE_MAP);
		walk(v, 0);
		walk(value_get(v, "a"), 1);
		write_and_read_again(&req, v);
	}
	form = command_form(&req, "a");
	assert(!form || strlen(form) < size);
	command_free(req.command);
	return 0;
}
