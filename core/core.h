/* SPDX-License-Identifier: MIT */
/* The core's parts, and how they find each other. Nothing here is global: everything hangs off one struct core. */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <aerie/aerie.h>

struct core {
	struct config *config;     /* config.h: files, overrides, declared keys */
	struct strings *strings;   /* strings.h: interned text */
	struct registry *registry; /* registry.h: fields, record types */
	struct bus *bus;           /* bus.h: messages, event topics */
	struct epochs *epochs;     /* epoch.h: what is registered */
	struct loop *loop;         /* loop.h: libuv loop of the main thread */
	struct loader *loader;     /* loader.h: modules */
	struct devices *devices;   /* devices.h: device store */
	struct pipeline *pipeline; /* pipeline.h: workers, batches */
	struct sources *sources;   /* sources.h: datasources */
	struct router *router;     /* router.h: HTTP routes */
	struct views *views;       /* views.h: named parts of the device store */
	struct streams *streams;   /* streams.h: exports that are under way */
	struct module *self;       /* module.h: the core as an owner of registrations, id "core" */
};

/* services.c: the host's table of service `id` ("aerie.fields/1"), or NULL. */
const void *services_find(const char *id);

#endif
