/* SPDX-License-Identifier: MIT */
/* Enumeration of record types and their members, for those who describe what the host shows: references, schemas. */
#include <errno.h>
#include <string.h>

#include <core/module.h>
#include <core/registry.h>

/* The generation that was made last; NULL: no type has this name. */
static const struct record_type *newest(const struct registry *r, const char *name)
{
	const struct record_type *t;
	aerie_record_id id;

	for (id = registry_n_types(r); id; id--) {
		t = registry_type(r, id);
		if (strcmp(t->name, name) == 0)
			return t;
	}
	return NULL;
}

int registry_each_record(const struct aerie_host *h, int (*fn)(void *user, const char *name, aerie_record_id type),
			 void *user)
{
	const struct registry *r = module_of(h)->core->registry;
	uint32_t n = registry_n_types(r);
	const struct record_type *t;
	aerie_record_id id;
	int ret;

	for (id = 1; id <= n; id++) {
		t = registry_type(r, id);
		if (newest(r, t->name) != t)
			continue;
		ret = fn(user, t->name, id);
		if (ret)
			return ret;
	}
	return 0;
}

int registry_each_member(const struct aerie_host *h, const char *name,
			 int (*fn)(void *user, const struct aerie_field_info *info, const char *record, uint32_t optional),
			 void *user)
{
	const struct registry *r = module_of(h)->core->registry;
	const struct record_type *t = name ? newest(r, name) : NULL, *sub;
	struct aerie_field_info info;
	uint32_t i;
	int ret;

	if (!t)
		return -ENOENT;
	for (i = 0; i < t->n_members; i++) {
		registry_field_info(t->members[i].field, &info);
		sub = registry_type(r, t->members[i].record);
		ret = fn(user, &info, sub ? sub->name : NULL, t->members[i].optional);
		if (ret)
			return ret;
	}
	return 0;
}
