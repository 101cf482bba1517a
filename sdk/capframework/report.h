/* SPDX-License-Identifier: MIT */
/* What the list, probe and open callbacks fill in, and the reports made from it. */
#ifndef CAP_REPORT_H
#define CAP_REPORT_H

#include "handler.h"

struct list_entry {
	char *interface, *flags, *hardware;
};

struct aeriecap_list {
	struct list_entry *entries;
	uint32_t n, room;
};

struct aeriecap_info {
	char *uuid, *capif, *hardware, *channel;
	char **channels;
	uint32_t n_channels, room;
	uint32_t dlt;
	bool hopping;
	struct hop hop; /* without channels: those above are hopped over */
};

void list_clear(struct aeriecap_list *list);
void info_clear(struct aeriecap_info *info);

/* All as the send functions. */
int report_list(struct aeriecap *cap, uint32_t request, const struct aeriecap_list *list, const char *msg);
int report_probe(struct aeriecap *cap, uint32_t request, bool ok, const struct aeriecap_info *info, const char *msg);
int report_open(struct aeriecap *cap, uint32_t request, bool ok, const struct aeriecap_info *info, const char *msg);
/* One of channel and hop, or none when it failed. */
int report_config(struct aeriecap *cap, uint32_t request, bool ok, const char *channel, const struct hop *hop,
		  const char *msg);

int report_newsource(struct aeriecap *cap, const char *definition, const char *uuid);

#endif
