/* SPDX-License-Identifier: MIT */
/* What a radio is, for people. */
#ifndef LINUX_WIFI_HARDWARE_H
#define LINUX_WIFI_HARDWARE_H

#include <stddef.h>
#include <stdint.h>

#define HARDWARE_ROOM 200u

/* The address of a radio, as the file macaddress says; left as it is where there is none. radios: /sys/class/ieee80211. */
void hardware_address(const char *radios, const char *phy, uint8_t address[6]);
/* "ath9k_htc (USB 0cf3:9271, ATHEROS USB2.0 WLAN)", "iwlwifi (PCI 8086:2725)", "mac80211_hwsim", or phy when nothing is
 * known. net: the folder of interfaces, /sys/class/net, or of radios. */
void hardware_text(const char *net, const char *interface, const char *phy, char *text, size_t room);

#endif
