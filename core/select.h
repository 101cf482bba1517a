/* SPDX-License-Identifier: MIT */
/* Parts of records: field and filter specifications, paths, searching, ordering, recordings. The service is <aerie/select.h>. */
#ifndef CORE_SELECT_H
#define CORE_SELECT_H

#include <core/core.h>

extern const struct aerie_select select_service;

/* select_play.c */
int recording_play(const struct aerie_host *h, const struct aerie_recording *r, uint64_t *at, const struct aerie_selection *s,
		   const struct aerie_visitor *vt, void *v);

#endif
