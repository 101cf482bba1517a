/* SPDX-License-Identifier: MIT */
/* What nl80211 tells of radios (wiphys) and interfaces, read from the attributes of its messages. Touches no device. */
#ifndef LINUX_WIFI_WIPHY_H
#define LINUX_WIFI_WIPHY_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/nl80211.h>
#include <net/if.h>

#define WIPHY_FREQS_MAX 256u /* 6 GHz has 60 channels, 5 GHz half as many; more are counted and left out */
#define WIPHY_NAME_ROOM 64u

enum wiphy_band_id { BAND_2GHZ, BAND_5GHZ, BAND_6GHZ, N_BANDS };

#define FREQ_DISABLED      (1u << 0) /* the regulatory domain forbids it altogether */
#define FREQ_NO_IR         (1u << 1) /* listening only, which is all that we do */
#define FREQ_NO_HT40_MINUS (1u << 2)
#define FREQ_NO_HT40_PLUS  (1u << 3)
#define FREQ_NO_80         (1u << 4)
#define FREQ_NO_160        (1u << 5)
#define FREQ_NO_320        (1u << 6)
#define FREQ_NO_20         (1u << 7)
#define FREQ_NO_HE         (1u << 8)

#define WIDTH_HT  (1u << 0) /* 20 MHz with HT */
#define WIDTH_40  (1u << 1)
#define WIDTH_80  (1u << 2)
#define WIDTH_160 (1u << 3)
#define WIDTH_320 (1u << 4)

struct wiphy_freq {
	uint32_t mhz;
	uint32_t flags; /* FREQ_... */
	enum wiphy_band_id band;
};

/* Set to zero before the first message. */
struct wiphy {
	uint32_t index;
	char name[WIPHY_NAME_ROOM];
	uint64_t modes;            /* bit n: NL80211_IFTYPE_ n */
	uint32_t widths[N_BANDS];  /* WIDTH_... */
	uint32_t n_freqs, ignored; /* ignored: those of bands that are not Wi-Fi's, or beyond the limit */
	struct wiphy_freq freqs[WIPHY_FREQS_MAX];
};

/* Adds what one NEW_WIPHY message tells; a dump spreads a wiphy over many. 0; -ENOENT: it names no wiphy; -EINVAL:
 * malformed. attrs: aligned to 4 octets. */
int wiphy_parse(struct wiphy *w, const void *attrs, int len);
bool wiphy_has_mode(const struct wiphy *w, uint32_t mode);
/* NULL: the radio has no such frequency. */
const struct wiphy_freq *wiphy_find(const struct wiphy *w, uint32_t mhz);

struct wiphy_interface {
	uint32_t index, /* 0: a radio that has none */ wiphy, mode;
	char name[IFNAMSIZ];
	uint8_t mac[6];
	uint32_t mhz, center, width; /* the channel; mhz 0: none */
};

/* A NEW_WIPHY message as an interface without a network interface: index 0, and the radio's name. 0; -ENOENT: it names no
 * radio, or with more octets than an interface's name has; -EINVAL: malformed. */
int wiphy_radio_parse(struct wiphy_interface *ret_radio, const void *attrs, int len);
/* One NEW_INTERFACE message. 0; -ENOENT: not a network interface (a P2P device has none); -EINVAL: malformed. */
int wiphy_interface_parse(struct wiphy_interface *ret_interface, const void *attrs, int len);

#endif
