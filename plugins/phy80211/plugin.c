/* SPDX-License-Identifier: MIT */
/* The module aerie.phy80211: registers decoders of radio headers and the PHY "IEEE802.11". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phy80211.h"

#define OPTION_SIGNAL "dot11_ap_signal_from_beacon"
#define OPTION_VIEW "dot11_view_accesspoints"

static const char *const type_names[TYPE_TEXTS] = {
	[TYPE_TEXT_AP] = "Wi-Fi AP",
	[TYPE_TEXT_CLIENT] = "Wi-Fi Client",
	[TYPE_TEXT_BRIDGED] = "Wi-Fi Bridged",
	[TYPE_TEXT_ADHOC] = "Wi-Fi Ad-Hoc",
	[TYPE_TEXT_MESH] = "Wi-Fi Mesh",
	[TYPE_TEXT_WDS] = "Wi-Fi WDS",
	[TYPE_TEXT_WDS_AP] = "Wi-Fi WDS AP",
	[TYPE_TEXT_DEVICE] = "Wi-Fi Device",
	[TYPE_TEXT_INFERRED] = "Wi-Fi Device (Inferred)",
};

static const struct {
	uint32_t dlt;
	aerie_decode_fn *fn;
} decoders[] = {
	{ AERIE_DLT_RADIOTAP, radiotap_decode },
	{ AERIE_DLT_PPI, ppi_decode },
	{ AERIE_DLT_PRISM, prism_decode },
	{ AERIE_DLT_AVS, avs_decode },
};

static void make_channel_texts(struct phy80211 *phy)
{
	int i;

	for (i = 0; i < (int)CHANNEL_NUMBERS; i++)
		snprintf(phy->numbers[i], sizeof phy->numbers[i], "%d", i & 0xff);
	for (i = 0; i < (int)CHANNEL_INDEX_MAX && channel_index_khz(i); i++)
		channel_text(channel_index_khz(i), phy->channels[i]);
}

static int make_texts(struct phy80211 *phy)
{
	size_t i;

	make_channel_texts(phy);
	phy->unknown = phy->f->intern(phy->host, "Unknown", 7);
	if (!phy->unknown)
		return -ENOMEM;
	for (i = 0; i < TYPE_TEXTS; i++) {
		phy->types[i] = phy->f->intern(phy->host, type_names[i], (uint32_t)strlen(type_names[i]));
		if (!phy->types[i])
			return -ENOMEM;
	}
	return 0;
}

static void state_free(struct phy80211 *phy)
{
	size_t i;

	if (phy->unknown)
		phy->f->release(phy->host, phy->unknown);
	for (i = 0; i < TYPE_TEXTS; i++)
		if (phy->types[i])
			phy->f->release(phy->host, phy->types[i]);
	free(phy);
}

static int is_access_point(void *user, const struct aerie_rec *rec)
{
	const struct phy80211 *phy = user;

	return (aerie_get_u64(rec, phy->base.basic_type_set) & AERIE_BASIC_AP) != 0;
}

static int wants_view(void *user)
{
	return ((const struct phy80211 *)user)->view_accesspoints;
}

static int register_view(struct phy80211 *phy, uint16_t id)
{
	const struct aerie_views *views = phy->host->get_service(phy->host, AERIE_VIEWS_SERVICE);
	struct aerie_view view = {
		.size = sizeof view, .phy = id, .id = "phydot11_accesspoints", .description = "Wi-Fi access points.",
		.match = is_access_point, .user = phy, .wanted = wants_view,
	};

	return views ? views->register_view(phy->host, &view) : 0;
}

static int register_all(struct phy80211 *phy)
{
	static const uint32_t links[] = { AERIE_DLT_IEEE802_11 };
	const struct aerie_phys *phys = phy->host->get_service(phy->host, AERIE_PHY_SERVICE);
	struct aerie_phy desc = {
		.size = sizeof desc, .n_links = 1, .name = "IEEE802.11", .help = "Wi-Fi: access points, clients, ad-hoc and mesh stations",
		.links = links, .dissect = dot11_dissect, .track = dot11_track, .user = phy,
	};
	uint16_t id;
	size_t i;
	int r;

	if (!phys)
		return phy->host->fail(phy->host, -ENOENT, "the host offers no PHYs: it is older than this module");
	r = fields_define(phy);
	if (r < 0)
		return r;
	desc.device_type = phy->device_type;
	r = phys->register_phy(phy->host, &desc, &id);
	if (r < 0)
		return r;
	phy->key_base = (uint64_t)id << 48;
	for (i = 0; i < sizeof decoders / sizeof decoders[0]; i++) {
		r = phy->packets->register_decoder(phy->host, decoders[i].dlt, decoders[i].fn, NULL, NULL);
		if (r < 0)
			return r;
	}
	return register_view(phy, id);
}

static int load(const struct aerie_host *h, void **ret_state)
{
	struct phy80211 *phy = calloc(1, sizeof *phy);
	int r;

	if (!phy)
		return h->fail(h, -ENOMEM, "no memory for the state of IEEE 802.11");
	phy->host = h;
	phy->f = h->get_service(h, AERIE_FIELDS_SERVICE);
	phy->devices = h->get_service(h, AERIE_DEVICES_SERVICE);
	phy->config = h->get_service(h, AERIE_CONFIG_SERVICE);
	phy->packets = h->get_service(h, AERIE_PACKETS_SERVICE);
	phy->manuf = h->get_service(h, AERIE_MANUF_SERVICE);
	phy->bus = h->get_service(h, AERIE_BUS_SERVICE);
	phy->signal_from_beacon = phy->view_accesspoints = 1;
	phy->base.size = sizeof phy->base;
	if (!phy->f || !phy->devices || !phy->config || !phy->packets || phy->packets->size < sizeof *phy->packets) {
		free(phy);
		return h->fail(h, -ENOENT, "the host offers no fields, devices, packets or configuration: it is older than this module");
	}
	r = phy->devices->slots(h, &phy->base);
	if (r >= 0)
		r = make_texts(phy);
	if (r >= 0)
		r = register_all(phy);
	if (r < 0) {
		state_free(phy);
		return r;
	}
	*ret_state = phy;
	return 0;
}

static int configure(void *state, const struct aerie_config *config)
{
	struct phy80211 *phy = state;

	int r = phy->config->get_bool(config, OPTION_SIGNAL, &phy->signal_from_beacon);

	return r < 0 ? r : phy->config->get_bool(config, OPTION_VIEW, &phy->view_accesspoints);
}

static void unload(void *state)
{
	state_free(state);
}

static const struct aerie_option options[] = {
	AERIE_OPTION(AERIE_OPT_BOOL, 0, OPTION_SIGNAL, "true", NULL,
		     "Take an access point's signal from its beacons only, not from its other frames."),
	AERIE_OPTION(AERIE_OPT_BOOL, 0, OPTION_VIEW, "true", NULL, "Offer the view phydot11_accesspoints."),
	AERIE_OPTION_END,
};

static const char *const requires_[] = {
	AERIE_FIELDS_SERVICE, AERIE_DEVICES_SERVICE, AERIE_PACKETS_SERVICE, AERIE_PHY_SERVICE, AERIE_CONFIG_SERVICE,
	AERIE_BUS_SERVICE "?", AERIE_MANUF_SERVICE "?", AERIE_VIEWS_SERVICE "?", NULL,
};

static const struct aerie_plugin plugin = {
	.abi = AERIE_ABI_INIT,
	.id = "aerie.phy80211",
	.version = "0.1.0",
	.summary = "IEEE 802.11: radio headers, frames, devices and SSIDs",
	.license = "MIT",
	.requires_ = requires_,
	.options = options,
	.thread_model = AERIE_THREADS_FREE,
	.load = load,
	.configure = configure,
	.unload = unload,
};
AERIE_PLUGIN_EXPORT(plugin);
