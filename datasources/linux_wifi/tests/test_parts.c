/* SPDX-License-Identifier: MIT */
/* Options, filters, truncation, and names of hardware. Frames: IEEE 802.11-2020 9.3, put together by hand. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "../filter.h"
#include "../hardware.h"
#include "../interface.h"
#include "../options.h"
#include "../truncate.h"

/* --- Options. */

Test(wifi_options, defaults)
{
	struct options o;
	char msg[AERIECAP_MSG_MAX];

	cr_assert_eq(options_parse(&o, "wlan0", msg), 0);
	cr_expect_str_eq(o.interface, "wlan0");
	cr_expect(o.wish.ht && o.wish.vht && o.wish.he);
	cr_expect(o.wish.band[BAND_2GHZ] && o.wish.band[BAND_5GHZ] && o.wish.band[BAND_6GHZ]);
	cr_expect_not(o.wish.default_ht20 || o.wish.expand_ht20 || o.fcsfail || o.plcpfail || o.filter_mgmt ||
		      o.filter_locals || o.truncate_data || o.ignoreprimary || o.statistics || o.verbose);
	cr_expect_str_eq(o.vif, "");
}

Test(wifi_options, each_is_taken_whatever_its_case)
{
	struct options o;
	char msg[AERIECAP_MSG_MAX];

	cr_assert_eq(options_parse(&o,
				   "wlan0:name=x,VIF=mon7,FCSFAIL=True,ht_channels=f,vht_channels=false,channel=6HT40+,"
				   "filter_address=\"02:00:00:00:00:01,02:00:00:00:00:02\",verbose=t,default_ht20=T",
				   msg),
		     0, "%s", msg);
	cr_expect_str_eq(o.vif, "mon7");
	cr_expect(o.fcsfail && o.verbose && o.wish.default_ht20);
	cr_expect_not(o.wish.ht || o.wish.vht);
	cr_expect_str_eq(o.channel, "6HT40+");
	cr_expect_str_eq(o.filter_address, "02:00:00:00:00:01,02:00:00:00:00:02");
}

/* Every option of the manual that is true or false, set to what it is not by default. */
Test(wifi_options, each_flag_changes_what_it_names_and_nothing_else)
{
	static const struct {
		const char *text;
		size_t offset;
	} flags[] = {
	    {"fcsfail=true", offsetof(struct options, fcsfail)},
	    {"plcpfail=true", offsetof(struct options, plcpfail)},
	    {"ignoreprimary=true", offsetof(struct options, ignoreprimary)},
	    {"statistics=true", offsetof(struct options, statistics)},
	    {"verbose=true", offsetof(struct options, verbose)},
	    {"truncate_data=true", offsetof(struct options, truncate_data)},
	    {"filter_locals=true", offsetof(struct options, filter_locals)},
	    {"filter_mgmt=true", offsetof(struct options, filter_mgmt)},
	    {"ht_channels=false", offsetof(struct options, wish.ht)},
	    {"vht_channels=false", offsetof(struct options, wish.vht)},
	    {"he_channels=false", offsetof(struct options, wish.he)},
	    {"default_ht20=true", offsetof(struct options, wish.default_ht20)},
	    {"expand_ht20=true", offsetof(struct options, wish.expand_ht20)},
	};
	struct options plain, o;
	char definition[64], msg[AERIECAP_MSG_MAX];
	size_t i;

	cr_assert_eq(options_parse(&plain, "wlan0", msg), 0);
	for (i = 0; i < sizeof flags / sizeof *flags; i++) {
		bool *flag = (bool *)((char *)&o + flags[i].offset);

		snprintf(definition, sizeof definition, "wlan0:%s", flags[i].text);
		cr_assert_eq(options_parse(&o, definition, msg), 0, "%s", msg);
		cr_expect_eq(*flag, strstr(flags[i].text, "true") != NULL, "%s", flags[i].text);
		*flag = !*flag;
		cr_expect_eq(memcmp(&o, &plain, sizeof o), 0, "%s changes something else", flags[i].text);
	}
}

Test(wifi_options, one_band_given_leaves_out_the_others)
{
	struct options o;
	char msg[AERIECAP_MSG_MAX];

	cr_assert_eq(options_parse(&o, "wlan0:band5ghz=true", msg), 0);
	cr_expect(o.wish.band[BAND_5GHZ]);
	cr_expect_not(o.wish.band[BAND_2GHZ] || o.wish.band[BAND_6GHZ]);
	cr_assert_eq(options_parse(&o, "wlan0:band24ghz=true,band6ghz=true", msg), 0);
	cr_expect(o.wish.band[BAND_2GHZ] && o.wish.band[BAND_6GHZ]);
	cr_expect_not(o.wish.band[BAND_5GHZ]);
	cr_expect_eq(options_parse(&o, "wlan0:band6ghz=false", msg), -1);
	cr_expect(strstr(msg, "leave no band"));
}

Test(wifi_options, bad_ones_are_refused_with_a_reason)
{
	static const char *const definitions[] = {
	    "",
	    ":channel=6",
	    "aninterfacename16",
	    "wlan0:verbose=yes",
	    "wlan0:vif=aninterfacename16",
	    "wlan0:vif=\"my mon\"",
	    "wlan0:vif=a/b",
	    "wlan0:vif=..",
	    "wlan0:vif=m\xc3\xa0",
	    "wlan0:name=\"x",
	    "wlan0:uuid=1234",
	    "wlan0:fcsfail=truely",
	};
	size_t i;

	for (i = 0; i < sizeof definitions / sizeof *definitions; i++) {
		struct options o;
		char msg[AERIECAP_MSG_MAX] = "";

		cr_expect_eq(options_parse(&o, definitions[i], msg), -1, "%s", definitions[i]);
		cr_expect_neq(msg[0], 0, "%s", definitions[i]);
	}
}

Test(wifi_options, names_of_monitor_interfaces_fit)
{
	char name[IFNAMSIZ];

	monitor_name("wlan0", 0, name);
	cr_expect_str_eq(name, "wlan0mon");
	monitor_name("wlan0", 3, name);
	cr_expect_str_eq(name, "wlan0mon3");
	monitor_name("wlx001122334455", 0, name);
	cr_expect_str_eq(name, "wlx001122334mon");
	monitor_name("wlx001122334455", 12, name);
	cr_expect_str_eq(name, "wlx0011223mon12");
}

/* --- Filters. */

#define RADIOTAP  0, 0, 8, 0, 0, 0, 0, 0
#define AP        2, 0, 0, 0, 0, 1
#define STA       2, 0, 0, 0, 0, 2
#define OTHER     2, 0, 0, 0, 0, 3
#define LLC(type) 0xaa, 0xaa, 3, 0, 0, 0, (type) >> 8, (type)&0xff

static const uint8_t beacon[] = {RADIOTAP, 0x80, 0, 0, 0, 255, 255, 255, 255, 255, 255, AP, AP, 0,
				 0,        1,    2, 3, 4, 5,   6,   7,   8,   100, 0,   1,  0};
static const uint8_t eapol[] = {RADIOTAP, 0x08, 0x02, 0, 0, STA, AP, AP, 0, 0, LLC(0x888e), 2, 3, 0, 95, 2, 0, 0};
static const uint8_t ip[] = {RADIOTAP, 0x08, 0x01, 0, 0, AP, STA, OTHER, 0, 0, LLC(0x0800), 0x45, 0, 0, 20, 1, 1};
static const uint8_t qos_eapol[] = {RADIOTAP, 0x88, 0x02,        0, 0, STA, AP, AP, 0, 0,
				    6,        0,    LLC(0x888e), 2, 3, 0,   95, 2,  0, 0};
static const uint8_t qos_data[] = {RADIOTAP, 0x88, 0x41, 0,    0, AP, STA, OTHER, 0, 0, 6, 0,
				   1,        0,    0,    0x20, 0, 0,  0,   0,     9, 9, 9};
static const uint8_t qos_ht[] = {RADIOTAP, 0x88, 0x81, 0,    0, AP, STA, OTHER, 0, 0, 6, 0,
				 9,        9,    9,    9,    LLC(0x0800), 0x45, 0, 0, 20};
static const uint8_t wds[] = {RADIOTAP, 0x08, 0x03, 0, 0, AP, STA, OTHER, 0, 0, AP, LLC(0x0800), 1, 2, 3};
static const uint8_t ack[] = {RADIOTAP, 0xd4, 0, 0, 0, STA};

static bool passes(const char *options, const uint8_t *frame, uint32_t len)
{
	char definition[512], text[FILTER_ROOM], msg[AERIECAP_MSG_MAX] = "";
	struct pcap_pkthdr h = {.caplen = len, .len = len};
	pcap_t *pcap = pcap_open_dead(DLT_IEEE802_11_RADIO, 16384);
	struct bpf_program program;
	struct options o;
	bool r;

	snprintf(definition, sizeof definition, "wlan0:%s", options);
	cr_assert_eq(options_parse(&o, definition, msg), 0, "%s", msg);
	cr_assert_eq(filter_text(&o, text, sizeof text, msg, sizeof msg), 0, "%s", msg);
	cr_assert_neq(text[0], 0);
	cr_assert_eq(pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN), 0, "%s: %s", text, pcap_geterr(pcap));
	r = pcap_offline_filter(&program, &h, frame) > 0;
	pcap_freecode(&program);
	pcap_close(pcap);
	return r;
}

Test(wifi_filter, management_and_key_exchanges_pass_filter_mgmt)
{
	cr_expect(passes("filter_mgmt=true", beacon, sizeof beacon));
	cr_expect(passes("filter_mgmt=true", eapol, sizeof eapol));
	cr_expect(passes("filter_mgmt=true", qos_eapol, sizeof qos_eapol));
	cr_expect_not(passes("filter_mgmt=true", ip, sizeof ip));
	cr_expect_not(passes("filter_mgmt=true", qos_data, sizeof qos_data));
	cr_expect_not(passes("filter_mgmt=true", ack, sizeof ack));
}

Test(wifi_filter, an_address_is_left_out_as_sender_receiver_or_third)
{
	cr_expect_not(passes("filter_address=02:00:00:00:00:02", ip, sizeof ip));
	cr_expect_not(passes("filter_address=02:00:00:00:00:02", eapol, sizeof eapol));
	cr_expect_not(passes("filter_address=02:00:00:00:00:03", ip, sizeof ip));
	cr_expect_not(passes("filter_address=02:00:00:00:00:02", ack, sizeof ack));
	cr_expect(passes("filter_address=02:00:00:00:00:02", beacon, sizeof beacon));
	cr_expect_not(passes("filter_address=\"02:00:00:00:00:09, 02:00:00:00:00:01\"", beacon, sizeof beacon));
	cr_expect_not(passes("filter_mgmt=true,filter_address=02:00:00:00:00:01", beacon, sizeof beacon));
}

Test(wifi_filter, as_many_addresses_as_the_limit_fit_in_a_filter)
{
	char text[FILTER_ROOM], msg[AERIECAP_MSG_MAX] = "";
	pcap_t *pcap = pcap_open_dead(DLT_IEEE802_11_RADIO, 16384);
	struct bpf_program program;
	struct options o;
	unsigned i;

	memset(&o, 0, sizeof o);
	o.filter_mgmt = true;
	for (i = 0; i < FILTER_ADDRESSES_MAX; i++)
		snprintf(o.filter_address + 18 * i, 19, "02:00:00:00:01:%02x,", i);
	cr_assert_eq(filter_text(&o, text, sizeof text, msg, sizeof msg), 0, "%s", msg);
	cr_assert_eq(pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN), 0, "%s", pcap_geterr(pcap));
	cr_expect_leq(program.bf_len, 4096); /* the kernel's limit */
	pcap_freecode(&program);
	pcap_close(pcap);
	strcat(o.filter_address, "02:00:00:00:02:00");
	cr_expect_eq(filter_text(&o, text, sizeof text, msg, sizeof msg), -1);
	cr_expect(strstr(msg, "more than 32"));
}

Test(wifi_filter, what_is_no_address_or_interface_is_refused)
{
	static const struct {
		const char *address, *interface;
	} bad[] = {{"02:00:00:00:00", ""},    {"02:00:00:00:00:zz", ""}, {"02:00:00:00:00:011", ""},
		   {"02-00-00-00-00-01", ""}, {"", "no-such-if0"},       {"x", ""},
		   {"", "lo"}};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[FILTER_ROOM], msg[AERIECAP_MSG_MAX] = "";
		struct options o;

		memset(&o, 0, sizeof o);
		snprintf(o.filter_address, sizeof o.filter_address, "%s", bad[i].address);
		snprintf(o.filter_interface, sizeof o.filter_interface, "%s", bad[i].interface);
		cr_expect_eq(filter_text(&o, text, sizeof text, msg, sizeof msg), -1, "%s%s", bad[i].address,
			     bad[i].interface);
		cr_expect_neq(msg[0], 0);
	}
}

/* --- Truncation. */

Test(wifi_truncate, data_loses_its_payload_and_nothing_else_does)
{
	cr_expect_eq(truncate_data(ip, sizeof ip), 8 + 24 + 8);
	cr_expect_eq(truncate_data(qos_data, sizeof qos_data), 8 + 26 + 8);
	cr_expect_eq(truncate_data(qos_ht, sizeof qos_ht), 8 + 30 + 8);
	cr_expect_eq(truncate_data(wds, sizeof wds), 8 + 30 + 8);
	cr_expect_eq(truncate_data(beacon, sizeof beacon), sizeof beacon);
	cr_expect_eq(truncate_data(ack, sizeof ack), sizeof ack);
	cr_expect_eq(truncate_data(eapol, sizeof eapol), sizeof eapol);
	cr_expect_eq(truncate_data(qos_eapol, sizeof qos_eapol), sizeof qos_eapol);
}

Test(wifi_truncate, cut_frames_stay_as_they_are)
{
	uint32_t n;

	for (n = 0; n <= 8 + 26 + 8; n++)
		cr_expect_eq(truncate_data(qos_data, n), n, "%u", n);
}

/* --- Hardware. */

static char folder[] = "/tmp/aerie-wifi-XXXXXX";

static void make_file(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", folder, path);
	f = fopen(full, "w");
	cr_assert(f, "%s", full);
	fputs(text, f);
	fclose(f);
}

static void make_folder(const char *path)
{
	char full[512];

	snprintf(full, sizeof full, "%s/%s", folder, path);
	cr_assert_eq(mkdir(full, 0700), 0, "%s", full);
}

static void make_link(const char *target, const char *path)
{
	char full[512];

	snprintf(full, sizeof full, "%s/%s", folder, path);
	cr_assert_eq(symlink(target, full), 0, "%s", full);
}

static void make_sysfs(void)
{
	cr_assert(mkdtemp(folder));
	make_folder("net");
	make_folder("usb");
	make_folder("usb/1-1:1.0");
	make_folder("net/wlan1");
	make_link("../../usb/1-1:1.0", "net/wlan1/device");
	make_link("../../bus/usb/drivers/ath9k_htc", "usb/1-1:1.0/driver");
	make_file("usb/1-1:1.0/uevent",
		  "DEVTYPE=usb_interface\nDRIVER=ath9k_htc\nPRODUCT=cf3/9271/108\nTYPE=255/255/255\n");
	make_file("usb/manufacturer", "ATHEROS\n");
	make_file("usb/product", "USB2.0\tWLAN\n");
	make_folder("net/wlan0");
	make_folder("net/wlan0/device");
	make_folder("net/wlan3");
	make_folder("net/wlan3/device");
	make_file("net/wlan3/device/uevent", "DRIVER=brcmfmac\nSDIO_CLASS=00\nSDIO_ID=02D0:A9A6\n");
	make_link("../../../../bus/pci/drivers/iwlwifi", "net/wlan0/device/driver");
	make_file("net/wlan0/device/uevent", "DRIVER=iwlwifi\nPCI_CLASS=28000\nPCI_ID=8086:2725\n");
	make_file("net/wlan0/macaddress", "02:00:5e:00:53:fe\n");
	make_file("net/wlan1/macaddress", "02:00:5e\n");
}

static void remove_sysfs(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -r '%s'", folder);
	cr_expect_eq(system(command), 0);
}

Test(wifi_hardware, driver_and_device_are_named, .init = make_sysfs, .fini = remove_sysfs)
{
	char net[512], text[HARDWARE_ROOM];

	snprintf(net, sizeof net, "%s/net", folder);
	hardware_text(net, "wlan0", "phy0", text, sizeof text);
	cr_expect_str_eq(text, "iwlwifi (PCI 8086:2725)");
	hardware_text(net, "wlan1", "phy1", text, sizeof text);
	cr_expect_str_eq(text, "ath9k_htc (USB 0cf3:9271, ATHEROS USB2.0?WLAN)");
	hardware_text(net, "wlan3", "phy3", text, sizeof text);
	cr_expect_str_eq(text, "brcmfmac (SDIO 02D0:A9A6)");
	hardware_text(net, "wlan2", "phy2", text, sizeof text);
	cr_expect_str_eq(text, "phy2");
}

Test(wifi_hardware, a_radio_has_an_address, .init = make_sysfs, .fini = remove_sysfs)
{
	static const uint8_t expected[] = {2, 0, 0x5e, 0, 0x53, 0xfe};
	uint8_t address[6] = {0}, before[6] = {0};
	char net[512];

	snprintf(net, sizeof net, "%s/net", folder);
	hardware_address(net, "wlan1", address);
	hardware_address(net, "wlan9", address);
	cr_expect_arr_eq(address, before, 6);
	hardware_address(net, "wlan0", address);
	cr_expect_arr_eq(address, expected, 6);
}
