/* SPDX-License-Identifier: MIT */
/* Parts of records: field and filter specifications, paths, searching, ordering, recordings. The service is <aerie/select.h>. */
#ifndef CORE_SELECT_H
#define CORE_SELECT_H

#include <core/core.h>

extern const struct aerie_select select_service;

#endif
