/* SPDX-License-Identifier: MIT */
/* Parts of records: field and filter specifications, paths, searching, ordering, recordings. The service is <aerie/select.h>. */
#include <stdlib.h>

#include <core/select.h>

const struct aerie_select select_service = {
	.size = sizeof select_service,
};
