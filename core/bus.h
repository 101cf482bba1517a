/* SPDX-License-Identifier: MIT */
/* Message bus: messages for people (the last 50 kept) and event topics. The service is <aerie/bus.h>. */
#ifndef CORE_BUS_H
#define CORE_BUS_H

#include <core/core.h>

#define BUS_KEPT 50u
#define BUS_TEXT_MAX 1024u /* octets of one message; longer ones are cut */

struct bus *bus_new(struct core *core);
void bus_free(struct bus *b);
/* Where messages also go as lines of text ("INFO: ..."); level_mask has the AERIE_LOG_ bits to print. */
void bus_set_output(struct bus *b, int fd, int level_mask);
/* From now on, those lines begin with the time: for a file, which nobody watches being written. */
void bus_stamp_output(struct bus *b);
void bus_printf(struct bus *b, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Publishes an event from the core. */
void bus_publish(struct bus *b, const char *topic, uint64_t key, const struct aerie_rec *rec);

extern const struct aerie_bus bus_service;

#endif
