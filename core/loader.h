/* SPDX-License-Identifier: MIT */
/* Modules: search, checks, probe in a child process, order, life cycle, quarantine. */
#ifndef CORE_LOADER_H
#define CORE_LOADER_H

#include <stdbool.h>
#include <stdio.h>

#include <core/module.h>

struct loader_options {
	const char *const *dirs; /* NULL-terminated, searched in order; a file name found twice is taken from the first */
	const char *own_dir; /* which of dirs is the host's own: its modules belong to the program */
	const char *const *only; /* --plugin ID: NULL: all; otherwise only these and what they require */
	const char *const *without; /* --no-plugin GLOB, NULL-terminated */
	bool safe_mode; /* only modules of own_dir */
	const char *self; /* path of this program, for probes; NULL: no probes */
};

struct loader *loader_new(struct core *core, const struct loader_options *o);
/* Finds, checks, probes, dlopens, copies descriptors, orders; declares options in core->config. A bad module is put on the
 * list with its reason and never stops the rest. -ENOMEM, or -ENOENT with a message: an id of `only` that no module has. */
int loader_scan(struct loader *l);
/* --check-config: do the options of each module that would start hold what it needs? 0, or -EINVAL with messages. */
int loader_check_options(struct loader *l);
/* load -> configure -> start of all, in order, each committed as it succeeds. A module that fails is told and left out, with
 * those that require it. When it belongs to the program (own_dir) or was asked for by --plugin, the result says so:
 * -EINVAL: its configuration is at fault; -EIO: it failed to load or start. Otherwise 0. */
int loader_start(struct loader *l);
/* quiesce -> withdraw -> stop -> unload, in reverse order. */
void loader_stop(struct loader *l);
void loader_free(struct loader *l);
/* The table of a service that a module provides, or NULL. */
const void *loader_service(struct loader *l, const char *id);

/* --list-plugins, after loader_scan(): a table. */
void loader_list(struct loader *l, FILE *out);
/* --dump-plugin: key=value lines on out, or one line on err. Exit status 0; 1: it crashes or hangs; 2: refused. A module that
 * opens well leaves the quarantine. */
int loader_dump(const char *path, const char *home, const char *self, unsigned timeout_ms, FILE *out, FILE *err);
#define LOADER_PROBE_TIMEOUT_MS 20000u

extern const struct aerie_plugins plugins_service;

#endif
