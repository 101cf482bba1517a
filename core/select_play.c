/* SPDX-License-Identifier: MIT */
/* Writes recordings out, whole or in part. */
#include <errno.h>

#include <core/recording.h>
#include <core/select.h>

int recording_play(const struct aerie_host *h, const struct aerie_recording *r, uint64_t *at, const struct aerie_selection *s,
		   const struct aerie_visitor *vt, void *v)
{
	if (*at >= r->whole)
		return -ENODATA;
	return s ? -ENOTSUP : recording_play_value(r, at, vt, v);
}
