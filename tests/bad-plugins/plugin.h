/* SPDX-License-Identifier: MIT */
/* What the modules in this folder share: a descriptor in order, of which each breaks one thing, and a trace of the life cycle. */
#ifndef BAD_PLUGIN_H
#define BAD_PLUGIN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <aerie/aerie.h>

/* Appends "NAME STEP" to the file that AERIE_TRACE names. */
static inline void trace(const char *name, const char *step)
{
	const char *path = getenv("AERIE_TRACE");
	FILE *f = path ? fopen(path, "ae") : NULL;

	if (!f)
		return;
	fprintf(f, "%s %s\n", name, step);
	fclose(f);
}

/* A life cycle that does nothing but leave a trace. */
#define TRACED(name)                                                                    \
	static __attribute__((unused)) int t_load(const struct aerie_host *h, void **s) \
	{                                                                               \
		trace(name, "load");                                                    \
		*s = (void *)(uintptr_t)h;                                              \
		return 0;                                                               \
	}                                                                               \
	static __attribute__((unused)) int t_configure(void *s, const struct aerie_config *c) \
	{                                                                               \
		(void)s;                                                                \
		(void)c;                                                                \
		trace(name, "configure");                                               \
		return 0;                                                               \
	}                                                                               \
	static __attribute__((unused)) int t_start(void *s)                             \
	{                                                                               \
		(void)s;                                                                \
		trace(name, "start");                                                   \
		return 0;                                                               \
	}                                                                               \
	static __attribute__((unused)) void t_quiesce(void *s)                          \
	{                                                                               \
		(void)s;                                                                \
		trace(name, "quiesce");                                                 \
	}                                                                               \
	static __attribute__((unused)) void t_stop(void *s)                             \
	{                                                                               \
		(void)s;                                                                \
		trace(name, "stop");                                                    \
	}                                                                               \
	static __attribute__((unused)) void t_unload(void *s)                           \
	{                                                                               \
		(void)s;                                                                \
		trace(name, "unload");                                                  \
	}

#define IDENTITY(name)                                                                                     \
	.abi = AERIE_ABI_INIT, .id = "org.test." name, .version = "1.0", .summary = "Test module " name, \
	.license = "MIT"
#define LIFE                                                                                               \
	.load = t_load, .configure = t_configure, .start = t_start, .quiesce = t_quiesce, .stop = t_stop, \
	.unload = t_unload

#endif
