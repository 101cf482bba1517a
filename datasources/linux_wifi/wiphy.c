/* SPDX-License-Identifier: MIT */
/* nl80211's attributes of wiphys and interfaces. What a radio can do comes from the capability fields that it
 * announces: IEEE 802.11-2020 9.4.2.55 (HT), 9.4.2.157 (VHT), 802.11ax-2021 9.4.2.248 (HE), 802.11be 9.4.2.313 (EHT).
 */
#include "wiphy.h"

#include <errno.h>
#include <string.h>

#include <netlink/attr.h>

#define HT_CAPA_WIDTH_40  0x0002u
#define VHT_CAPA_WIDTHS   0x0000000cu
#define HE_PHY_40_IN_2GHZ 0x02u
#define HE_PHY_40_80      0x04u
#define HE_PHY_160        0x08u
#define EHT_PHY_320       0x02u

#define ATTR_COUNT(last) ((last) + 1)

static const struct {
	int attr;
	uint32_t flag;
} freq_flags[] = {
	{ NL80211_FREQUENCY_ATTR_DISABLED, FREQ_DISABLED },
	{ NL80211_FREQUENCY_ATTR_NO_IR, FREQ_NO_IR },
	{ NL80211_FREQUENCY_ATTR_NO_HT40_MINUS, FREQ_NO_HT40_MINUS },
	{ NL80211_FREQUENCY_ATTR_NO_HT40_PLUS, FREQ_NO_HT40_PLUS },
	{ NL80211_FREQUENCY_ATTR_NO_80MHZ, FREQ_NO_80 },
	{ NL80211_FREQUENCY_ATTR_NO_160MHZ, FREQ_NO_160 },
	{ NL80211_FREQUENCY_ATTR_NO_320MHZ, FREQ_NO_320 },
	{ NL80211_FREQUENCY_ATTR_NO_20MHZ, FREQ_NO_20 },
	{ NL80211_FREQUENCY_ATTR_NO_HE, FREQ_NO_HE },
};

/* libnl checks lengths by these; an attribute that is not listed is only ever asked whether it is there. */
static const struct nla_policy freq_policy[ATTR_COUNT(NL80211_FREQUENCY_ATTR_MAX)] = {
	[NL80211_FREQUENCY_ATTR_FREQ] = { .type = NLA_U32 },
	[NL80211_FREQUENCY_ATTR_OFFSET] = { .type = NLA_U32 },
};
static const struct nla_policy band_policy[ATTR_COUNT(NL80211_BAND_ATTR_MAX)] = {
	[NL80211_BAND_ATTR_HT_CAPA] = { .type = NLA_U16 },
	[NL80211_BAND_ATTR_VHT_CAPA] = { .type = NLA_U32 },
};
static const struct nla_policy attr_policy[ATTR_COUNT(NL80211_ATTR_MAX)] = {
	[NL80211_ATTR_WIPHY] = { .type = NLA_U32 },        [NL80211_ATTR_IFINDEX] = { .type = NLA_U32 },
	[NL80211_ATTR_IFTYPE] = { .type = NLA_U32 },       [NL80211_ATTR_WIPHY_FREQ] = { .type = NLA_U32 },
	[NL80211_ATTR_CENTER_FREQ1] = { .type = NLA_U32 }, [NL80211_ATTR_CHANNEL_WIDTH] = { .type = NLA_U32 },
};

/* A kind of nla_parse() for what lies within an attribute. */
static int parse_nested(struct nlattr **tb, int max, const struct nlattr *in, const struct nla_policy *policy)
{
	return nla_parse(tb, max, nla_data(in), nla_len(in), policy) < 0 ? -EINVAL : 0;
}

static void copy_text(char *to, size_t room, const struct nlattr *attr)
{
	size_t len = strnlen(nla_data(attr), (size_t)nla_len(attr));

	if (len >= room)
		len = room - 1;
	memcpy(to, nla_data(attr), len);
	to[len] = 0;
}

static bool band_of(int nl80211_band, enum wiphy_band_id *ret_band)
{
	switch (nl80211_band) {
	case NL80211_BAND_2GHZ:
		*ret_band = BAND_2GHZ;
		return true;
	case NL80211_BAND_5GHZ:
		*ret_band = BAND_5GHZ;
		return true;
	case NL80211_BAND_6GHZ:
		*ret_band = BAND_6GHZ;
		return true;
	default: /* 60 GHz and below 1 GHz have channels of another kind */
		return false;
	}
}

const struct wiphy_freq *wiphy_find(const struct wiphy *w, uint32_t mhz)
{
	uint32_t i;

	for (i = 0; i < w->n_freqs; i++)
		if (w->freqs[i].mhz == mhz)
			return &w->freqs[i];
	return NULL;
}

static int add_freq(struct wiphy *w, enum wiphy_band_id band, const struct nlattr *in)
{
	struct nlattr *tb[ATTR_COUNT(NL80211_FREQUENCY_ATTR_MAX)];
	struct wiphy_freq f = { 0, 0, band };
	size_t i;

	if (parse_nested(tb, NL80211_FREQUENCY_ATTR_MAX, in, freq_policy) < 0)
		return -EINVAL;
	if (!tb[NL80211_FREQUENCY_ATTR_FREQ])
		return 0;
	f.mhz = nla_get_u32(tb[NL80211_FREQUENCY_ATTR_FREQ]);
	if (f.mhz == 0 || wiphy_find(w, f.mhz))
		return 0;
	if (w->n_freqs == WIPHY_FREQS_MAX ||
	    (tb[NL80211_FREQUENCY_ATTR_OFFSET] && nla_get_u32(tb[NL80211_FREQUENCY_ATTR_OFFSET]))) {
		w->ignored++;
		return 0;
	}
	for (i = 0; i < sizeof freq_flags / sizeof *freq_flags; i++)
		if (tb[freq_flags[i].attr])
			f.flags |= freq_flags[i].flag;
	w->freqs[w->n_freqs++] = f;
	return 0;
}

static int add_freqs(struct wiphy *w, enum wiphy_band_id band, const struct nlattr *in)
{
	const struct nlattr *one;
	int left, r = 0;

	nla_for_each_nested(one, (struct nlattr *)in, left) if (r == 0) r = add_freq(w, band, one);
	return r;
}

static uint8_t first_octet(const struct nlattr *attr)
{
	return attr && nla_len(attr) > 0 ? *(const uint8_t *)nla_data(attr) : 0;
}

/* HE and EHT capabilities, of each interface mode its own. */
static int add_mode_capabilities(struct wiphy *w, enum wiphy_band_id band, const struct nlattr *in)
{
	struct nlattr *tb[ATTR_COUNT(NL80211_BAND_IFTYPE_ATTR_MAX)];
	const struct nlattr *one;
	int left;

	nla_for_each_nested(one, (struct nlattr *)in, left)
	{
		uint8_t he, eht;

		if (parse_nested(tb, NL80211_BAND_IFTYPE_ATTR_MAX, one, NULL) < 0)
			return -EINVAL;
		he = first_octet(tb[NL80211_BAND_IFTYPE_ATTR_HE_CAP_PHY]);
		eht = first_octet(tb[NL80211_BAND_IFTYPE_ATTR_EHT_CAP_PHY]);
		if (band == BAND_2GHZ && (he & HE_PHY_40_IN_2GHZ))
			w->widths[band] |= WIDTH_40;
		if (band != BAND_2GHZ && (he & HE_PHY_40_80))
			w->widths[band] |= WIDTH_40 | WIDTH_80;
		if (band != BAND_2GHZ && (he & HE_PHY_160))
			w->widths[band] |= WIDTH_160;
		if (band == BAND_6GHZ && (eht & EHT_PHY_320))
			w->widths[band] |= WIDTH_320;
	}
	return 0;
}

static int add_band(struct wiphy *w, const struct nlattr *in)
{
	struct nlattr *tb[ATTR_COUNT(NL80211_BAND_ATTR_MAX)];
	enum wiphy_band_id band;
	int r = 0;

	if (!band_of(nla_type(in), &band)) {
		w->ignored++;
		return 0;
	}
	if (parse_nested(tb, NL80211_BAND_ATTR_MAX, in, band_policy) < 0)
		return -EINVAL;
	if (tb[NL80211_BAND_ATTR_HT_CAPA] && band != BAND_6GHZ)
		w->widths[band] |=
			WIDTH_HT | (nla_get_u16(tb[NL80211_BAND_ATTR_HT_CAPA]) & HT_CAPA_WIDTH_40 ? WIDTH_40 : 0);
	if (tb[NL80211_BAND_ATTR_VHT_CAPA] && band == BAND_5GHZ)
		w->widths[band] |=
			WIDTH_80 | (nla_get_u32(tb[NL80211_BAND_ATTR_VHT_CAPA]) & VHT_CAPA_WIDTHS ? WIDTH_160 : 0);
	if (tb[NL80211_BAND_ATTR_IFTYPE_DATA])
		r = add_mode_capabilities(w, band, tb[NL80211_BAND_ATTR_IFTYPE_DATA]);
	if (r == 0 && tb[NL80211_BAND_ATTR_FREQS])
		r = add_freqs(w, band, tb[NL80211_BAND_ATTR_FREQS]);
	return r;
}

static void add_modes(struct wiphy *w, const struct nlattr *in)
{
	const struct nlattr *one;
	int left;

	nla_for_each_nested(one, (struct nlattr *)in, left) if (nla_type(one) < 64) w->modes |= UINT64_C(1)
	                                                                                        << nla_type(one);
}

bool wiphy_has_mode(const struct wiphy *w, uint32_t mode)
{
	return mode < 64 && (w->modes >> mode & 1);
}

int wiphy_parse(struct wiphy *w, const void *attrs, int len)
{
	struct nlattr *tb[ATTR_COUNT(NL80211_ATTR_MAX)];
	const struct nlattr *one;
	int left, r = 0;

	if (nla_parse(tb, NL80211_ATTR_MAX, (struct nlattr *)attrs, len, attr_policy) < 0)
		return -EINVAL;
	if (!tb[NL80211_ATTR_WIPHY])
		return -ENOENT;
	w->index = nla_get_u32(tb[NL80211_ATTR_WIPHY]);
	if (tb[NL80211_ATTR_WIPHY_NAME])
		copy_text(w->name, sizeof w->name, tb[NL80211_ATTR_WIPHY_NAME]);
	if (tb[NL80211_ATTR_SUPPORTED_IFTYPES])
		add_modes(w, tb[NL80211_ATTR_SUPPORTED_IFTYPES]);
	if (tb[NL80211_ATTR_SOFTWARE_IFTYPES])
		add_modes(w, tb[NL80211_ATTR_SOFTWARE_IFTYPES]);
	if (tb[NL80211_ATTR_WIPHY_BANDS])
		nla_for_each_nested(one, tb[NL80211_ATTR_WIPHY_BANDS], left) if (r == 0) r = add_band(w, one);
	return r;
}

int wiphy_radio_parse(struct wiphy_interface *ret_radio, const void *attrs, int len)
{
	struct nlattr *tb[ATTR_COUNT(NL80211_ATTR_MAX)];
	struct wiphy_interface f;

	memset(&f, 0, sizeof f);
	if (nla_parse(tb, NL80211_ATTR_MAX, (struct nlattr *)attrs, len, attr_policy) < 0)
		return -EINVAL;
	if (!tb[NL80211_ATTR_WIPHY] || !tb[NL80211_ATTR_WIPHY_NAME] || nla_len(tb[NL80211_ATTR_WIPHY_NAME]) > IFNAMSIZ)
		return -ENOENT;
	f.wiphy = nla_get_u32(tb[NL80211_ATTR_WIPHY]);
	copy_text(f.name, sizeof f.name, tb[NL80211_ATTR_WIPHY_NAME]);
	if (!f.name[0])
		return -ENOENT;
	*ret_radio = f;
	return 0;
}

int wiphy_interface_parse(struct wiphy_interface *ret_interface, const void *attrs, int len)
{
	struct nlattr *tb[ATTR_COUNT(NL80211_ATTR_MAX)];
	struct wiphy_interface f;

	memset(&f, 0, sizeof f);
	if (nla_parse(tb, NL80211_ATTR_MAX, (struct nlattr *)attrs, len, attr_policy) < 0)
		return -EINVAL;
	if (!tb[NL80211_ATTR_IFINDEX] || !tb[NL80211_ATTR_IFNAME] || !tb[NL80211_ATTR_WIPHY])
		return -ENOENT;
	f.index = nla_get_u32(tb[NL80211_ATTR_IFINDEX]);
	f.wiphy = nla_get_u32(tb[NL80211_ATTR_WIPHY]);
	copy_text(f.name, sizeof f.name, tb[NL80211_ATTR_IFNAME]);
	if (f.index == 0 || !f.name[0])
		return -ENOENT;
	if (tb[NL80211_ATTR_IFTYPE])
		f.mode = nla_get_u32(tb[NL80211_ATTR_IFTYPE]);
	if (tb[NL80211_ATTR_MAC] && nla_len(tb[NL80211_ATTR_MAC]) == sizeof f.mac)
		memcpy(f.mac, nla_data(tb[NL80211_ATTR_MAC]), sizeof f.mac);
	if (tb[NL80211_ATTR_WIPHY_FREQ]) {
		f.mhz = f.center = nla_get_u32(tb[NL80211_ATTR_WIPHY_FREQ]);
		f.width = NL80211_CHAN_WIDTH_20_NOHT;
	}
	if (f.mhz && tb[NL80211_ATTR_CHANNEL_WIDTH])
		f.width = nla_get_u32(tb[NL80211_ATTR_CHANNEL_WIDTH]);
	if (f.mhz && tb[NL80211_ATTR_CENTER_FREQ1])
		f.center = nla_get_u32(tb[NL80211_ATTR_CENTER_FREQ1]);
	*ret_interface = f;
	return 0;
}
