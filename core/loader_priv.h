/* SPDX-License-Identifier: MIT */
/* What the files of the loader share: the list of modules found. */
#ifndef CORE_LOADER_PRIV_H
#define CORE_LOADER_PRIV_H

#include <pthread.h>

#include <core/descriptor.h>
#include <core/loader.h>
#include <core/probe.h>

#define LOADER_MODULES_MAX 512u /* files looked at */
#define LOADER_DRAIN_MS 2000u   /* how long a stop waits for what is under way */

struct entry {
	char *path, *file; /* as found; file: the last component */
	char *resolved;    /* without symbolic links; NULL when the file is not trusted */
	struct file_id file_id;
	bool own; /* from own_dir */
	bool asked_for; /* by --plugin */
	bool probe; /* has to be probed */
	/* Copied from the descriptor, so that they outlive it. */
	char *id, *version, *summary, *license, *url;
	char **provides, **requires_;
	struct descriptor d;
	struct module *m;
	void *state_of_module;
	uint32_t state; /* AERIE_PLUGIN_...; 0: in order so far. Under the lock of the loader */
	char *reason;   /* under the lock of the loader */
};

struct loader {
	struct core *core;
	struct loader_options o;
	pthread_mutex_t lock; /* guards state and reason of entries, and server_uuid while it is made */
	struct entry **entries;
	size_t n;
	size_t *order; /* indices of those that take part, in order of start */
	size_t n_order;
	size_t *started; /* indices, in order of start */
	size_t n_started;
	bool searched; /* the list is complete: plugins_service may show it */
	char server_uuid[37];
	uint64_t start_time_s;
};

/* loader.c */
/* Sets the state with a reason (heap, taken over; NULL: memory was out) and tells it on the bus. */
void entry_refuse(struct loader *l, struct entry *e, uint32_t state, char *reason);
uint32_t entry_state(struct loader *l, const struct entry *e);
const char *entry_name(const struct entry *e); /* id, or the file's name */

/* loader_scan.c */
void entry_free(struct entry *e);

#endif
