/* SPDX-License-Identifier: MIT */
/* Commands as they come from the network. The first octet says how: JSON, msgpack, or the base64 of msgpack. What was read is
 * walked over, and written as JSON, which must be read again to the same. */
/* link: core */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <aerie/base64.h>
#include <core/value.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct aerie_value *v, unsigned depth)
{
	uint32_t i, len = 0;
	const char *text = value_str(v, &len);

	assert(depth <= VALUE_DEPTH + 1);
	assert(!text || strlen(text) == len);
	(void)value_int(v, 0);
	(void)value_real(v, 0);
	(void)value_get(v, "a");
	if (value_kind(v) != AERIE_VALUE_LIST)
		return;
	for (i = 0; i < value_count(v); i++)
		walk(value_at(v, i), depth + 1);
}

static int from_base64(const uint8_t *data, size_t size, json_t **ret, char *why, size_t room)
{
	uint8_t *octets = malloc(AERIE_BASE64_ROOM(size));
	int64_t n = octets ? aerie_base64_decode((const char *)data, size, octets) : -1;
	int err = -1;

	assert(n >= -1 - (int64_t)size && n <= (int64_t)AERIE_BASE64_ROOM(size));
	if (n >= 0)
		err = value_from_msgpack(octets, (size_t)n, ret, why, room);
	free(octets);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *v = NULL, *again = NULL;
	char why[256], *text;
	int err;

	if (!size)
		return 0;
	if (data[0] == 'j')
		err = value_from_json((const char *)data + 1, size - 1, &v, why, sizeof why);
	else if (data[0] == 'b')
		err = from_base64(data + 1, size - 1, &v, why, sizeof why);
	else
		err = value_from_msgpack(data + 1, size - 1, &v, why, sizeof why);
	assert(!err == !!v);
	if (err)
		return 0;
	walk((const struct aerie_value *)(const void *)v, 0);
	text = json_dumps(v, JSON_ENCODE_ANY);
	assert(text && !value_from_json(text, strlen(text), &again, why, sizeof why));
	assert(json_equal(v, again) || strchr(text, '.') || strchr(text, 'e')); /* reals are rounded */
	free(text);
	json_decref(v);
	json_decref(again);
	return 0;
}
