/* SPDX-License-Identifier: MIT */
/* Parts of records: field and filter specifications, paths, searching, ordering, recordings. The service is <aerie/select.h>. */
#include <stdlib.h>

#include <core/recording.h>
#include <core/select.h>

const struct aerie_select select_service = {
	.size = sizeof select_service,
	.recording_new = recording_new,
	.recording_visitor = &recording_visitor,
	.recording_play = recording_play,
	.recording_u64 = recording_u64,
	.recording_free = recording_free,
};
