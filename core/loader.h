/* SPDX-License-Identifier: MIT */
/* Modules: search, checks, probe in a child process, order, life cycle, quarantine. */
#ifndef CORE_LOADER_H
#define CORE_LOADER_H

#include <stdbool.h>
#include <stdio.h>

#include <core/module.h>

struct loader_options {
	const char *const *dirs; /* NULL-terminated, searched in order; a file name found twice is taken from the first */
	const char *const *only; /* --plugin ID: NULL: all; otherwise only these and what they require */
	const char *const *without; /* --no-plugin GLOB, NULL-terminated */
	bool safe_mode; /* only modules of the first directory (the host's own) */
	const char *self; /* path of this program, for probes */
};

struct loader *loader_new(struct core *core, const struct loader_options *o);
/* Finds, checks, probes, dlopens, copies descriptors, orders; declares options in core->config. A bad module is put on the
 * list with its reason and never stops the rest. Fails only when memory is out. */
int loader_scan(struct loader *l);
/* load -> configure -> start of all, in order, each committed as it succeeds. */
int loader_start(struct loader *l);
/* quiesce -> withdraw -> stop -> unload, in reverse order. */
void loader_stop(struct loader *l);
void loader_free(struct loader *l);
/* The table of a service that a module provides, or NULL. */
const void *loader_service(struct loader *l, const char *id);

/* --list-plugins and --dump-plugin: exit status 0, 1, 2. */
int loader_list(struct loader *l, FILE *out);
int loader_dump(const char *path, const char *home, const char *self, FILE *out);

extern const struct aerie_plugins plugins_service;

#endif
