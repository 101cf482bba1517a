/* SPDX-License-Identifier: MIT */
/* Nothing is wrong here: it defines a field first. */
#include "plugin.h"

TRACED("field_first")

static const char *const required[] = { AERIE_FIELDS_SERVICE, NULL };
static const struct aerie_field_def def = AERIE_FIELD_DEF(AERIE_T_U64, 0, 0, "test.shared.field", "", "A field of two modules.");

static int load(const struct aerie_host *h, void **ret_state)
{
	const struct aerie_fields *f = h->get_service(h, AERIE_FIELDS_SERVICE);
	aerie_field_id id;
	int err = f->define(h, &def, &id);

	return err < 0 ? err : t_load(h, ret_state);
}

static const struct aerie_plugin plugin = {
	IDENTITY("field_first"), .requires_ = required, .load = load, .configure = t_configure, .start = t_start, .unload = t_unload
};

AERIE_PLUGIN_EXPORT(plugin);
