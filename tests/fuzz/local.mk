# SPDX-License-Identifier: MIT
# A fuzz target is tests/fuzz/fuzz_X.c with a corpus in tests/fuzz/corpus/X/. The ordinary build makes a program of it that
# replays the corpus in `make check`; with --enable-fuzz (clang) it is a libFuzzer program, and `make fuzz` runs it for a
# bounded time. A new one: its three lines here, the last naming what its "link:" comment names. (main() comes from AM_LDFLAGS.)
FUZZ_RUNS = 20000
FUZZ_SECONDS = 20
FUZZ_TARGETS =
if FUZZ
FUZZ_MAIN =
else
FUZZ_MAIN = tests/fuzz/replay.c
endif

FUZZ_TARGETS += tests/fuzz/fuzz_definition
tests_fuzz_fuzz_definition_SOURCES = tests/fuzz/fuzz_definition.c $(FUZZ_MAIN)
tests_fuzz_fuzz_definition_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_link_frame
tests_fuzz_fuzz_link_frame_SOURCES = tests/fuzz/fuzz_link_frame.c $(FUZZ_MAIN)
tests_fuzz_fuzz_link_frame_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_link_packet
tests_fuzz_fuzz_link_packet_SOURCES = tests/fuzz/fuzz_link_packet.c $(FUZZ_MAIN)
tests_fuzz_fuzz_link_packet_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_link_tune
tests_fuzz_fuzz_link_tune_SOURCES = tests/fuzz/fuzz_link_tune.c $(FUZZ_MAIN)
tests_fuzz_fuzz_link_tune_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_channels
tests_fuzz_fuzz_channels_SOURCES = tests/fuzz/fuzz_channels.c $(FUZZ_MAIN)
tests_fuzz_fuzz_channels_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_router
tests_fuzz_fuzz_router_SOURCES = tests/fuzz/fuzz_router.c $(FUZZ_MAIN)
tests_fuzz_fuzz_router_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_json_string
tests_fuzz_fuzz_json_string_SOURCES = tests/fuzz/fuzz_json_string.c httpd/serializers/json/writer.c httpd/serializers/json/number.c $(FUZZ_MAIN)
tests_fuzz_fuzz_json_string_LDADD = -lm

FUZZ_TARGETS += tests/fuzz/fuzz_device_key
tests_fuzz_fuzz_device_key_SOURCES = tests/fuzz/fuzz_device_key.c $(FUZZ_MAIN)
tests_fuzz_fuzz_device_key_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
tests_fuzz_fuzz_device_key_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_aeriecap
tests_fuzz_fuzz_aeriecap_SOURCES = tests/fuzz/fuzz_aeriecap.c $(FUZZ_MAIN)
tests_fuzz_fuzz_aeriecap_LDFLAGS = $(CAPLD)
tests_fuzz_fuzz_aeriecap_LDADD = libaeriecap.la

FUZZ_TARGETS += tests/fuzz/fuzz_aeriecap_remote
tests_fuzz_fuzz_aeriecap_remote_SOURCES = tests/fuzz/fuzz_aeriecap_remote.c $(FUZZ_MAIN)
tests_fuzz_fuzz_aeriecap_remote_LDFLAGS = $(CAPLD)
tests_fuzz_fuzz_aeriecap_remote_LDADD = libaeriecap.la $(FUZZ_LIBS)
if HAVE_WSLAY
tests_fuzz_fuzz_aeriecap_remote_CFLAGS = $(AM_CFLAGS) -DFUZZ_WEBSOCKET
else
tests_fuzz_fuzz_aeriecap_remote_CFLAGS = $(AM_CFLAGS)
endif

FUZZ_TARGETS += tests/fuzz/fuzz_radiotap
tests_fuzz_fuzz_radiotap_SOURCES = tests/fuzz/fuzz_radiotap.c plugins/phy80211/radio_radiotap.c plugins/phy80211/rates.c $(FUZZ_MAIN)
tests_fuzz_fuzz_radiotap_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_radiotap_LDADD =

FUZZ_TARGETS += tests/fuzz/fuzz_ppi_prism
tests_fuzz_fuzz_ppi_prism_SOURCES = tests/fuzz/fuzz_ppi_prism.c plugins/phy80211/radio_ppi.c plugins/phy80211/radio_prism.c plugins/phy80211/rates.c plugins/phy80211/channel.c plugins/phy80211/crc.c $(FUZZ_MAIN)
tests_fuzz_fuzz_ppi_prism_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
tests_fuzz_fuzz_ppi_prism_LDADD = $(ZLIB_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_frame
tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c plugins/phy80211/frame.c plugins/phy80211/crc.c $(FUZZ_MAIN)
tests_fuzz_fuzz_frame_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS) $(ZLIB_CFLAGS)
tests_fuzz_fuzz_frame_LDADD = $(ZLIB_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_ie
tests_fuzz_fuzz_ie_SOURCES = tests/fuzz/fuzz_ie.c plugins/phy80211/ie.c plugins/phy80211/crypt.c plugins/phy80211/rates.c plugins/phy80211/ssid.c $(FUZZ_MAIN)
tests_fuzz_fuzz_ie_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_ie_LDADD =

FUZZ_TARGETS += tests/fuzz/fuzz_record
tests_fuzz_fuzz_record_SOURCES = tests/fuzz/fuzz_record.c tests/unit/testcore.c $(FUZZ_MAIN)
tests_fuzz_fuzz_record_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
tests_fuzz_fuzz_record_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_select
tests_fuzz_fuzz_select_SOURCES = tests/fuzz/fuzz_select.c tests/unit/testcore.c $(FUZZ_MAIN)
tests_fuzz_fuzz_select_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_select_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_handshake
tests_fuzz_fuzz_handshake_SOURCES = tests/fuzz/fuzz_handshake.c httpd/server/handshake.c $(FUZZ_MAIN)
tests_fuzz_fuzz_handshake_CFLAGS = $(AM_CFLAGS) $(HTTPD_CFLAGS)
tests_fuzz_fuzz_handshake_LDADD = $(FUZZ_LIBS) $(HTTPD_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_live_ask
tests_fuzz_fuzz_live_ask_SOURCES = tests/fuzz/fuzz_live_ask.c httpd/live/ask.c tests/unit/testcore.c $(FUZZ_MAIN)
tests_fuzz_fuzz_live_ask_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_live_ask_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_config
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c $(FUZZ_MAIN)
tests_fuzz_fuzz_config_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
tests_fuzz_fuzz_config_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_command
tests_fuzz_fuzz_command_SOURCES = tests/fuzz/fuzz_command.c $(FUZZ_MAIN)
tests_fuzz_fuzz_command_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_command_LDADD = $(CORE_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_tzsp
tests_fuzz_fuzz_tzsp_SOURCES = tests/fuzz/fuzz_tzsp.c datasources/tzsp/tzsp.c $(FUZZ_MAIN)
tests_fuzz_fuzz_tzsp_CFLAGS = $(AM_CFLAGS)

FUZZ_TARGETS += tests/fuzz/fuzz_wifi_channel
tests_fuzz_fuzz_wifi_channel_SOURCES = tests/fuzz/fuzz_wifi_channel.c datasources/linux_wifi/channels.c datasources/linux_wifi/wiphy.c $(FUZZ_MAIN)
tests_fuzz_fuzz_wifi_channel_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS)
tests_fuzz_fuzz_wifi_channel_LDADD = $(FUZZ_LIBS) $(NL_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_wiphy
tests_fuzz_fuzz_wiphy_SOURCES = tests/fuzz/fuzz_wiphy.c datasources/linux_wifi/channels.c datasources/linux_wifi/wiphy.c $(FUZZ_MAIN)
tests_fuzz_fuzz_wiphy_CFLAGS = $(AM_CFLAGS) $(NL_CFLAGS)
tests_fuzz_fuzz_wiphy_LDADD = $(FUZZ_LIBS) $(NL_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_wifi_truncate
tests_fuzz_fuzz_wifi_truncate_SOURCES = tests/fuzz/fuzz_wifi_truncate.c datasources/linux_wifi/truncate.c $(FUZZ_MAIN)
tests_fuzz_fuzz_wifi_truncate_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_wifi_truncate_LDADD = $(FUZZ_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_hciscan
tests_fuzz_fuzz_hciscan_SOURCES = tests/fuzz/fuzz_hciscan.c $(LINUX_BLUETOOTH_SCAN) $(FUZZ_MAIN)
tests_fuzz_fuzz_hciscan_CFLAGS = $(AM_CFLAGS)
tests_fuzz_fuzz_hciscan_LDADD =

FUZZ_TARGETS += tests/fuzz/fuzz_credentials
tests_fuzz_fuzz_credentials_SOURCES = tests/fuzz/fuzz_credentials.c httpd/server/credentials.c httpd/server/handshake.c $(FUZZ_MAIN)
tests_fuzz_fuzz_credentials_CFLAGS = $(AM_CFLAGS) $(HTTPD_CFLAGS)
tests_fuzz_fuzz_credentials_LDADD = $(HTTPD_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_http_fields
tests_fuzz_fuzz_http_fields_SOURCES = tests/fuzz/fuzz_http_fields.c httpd/server/files.c httpd/server/gzip.c httpd/server/address.c httpd/server/csp.c \
	$(FUZZ_MAIN)
tests_fuzz_fuzz_http_fields_CFLAGS = $(AM_CFLAGS) $(HTTPD_CFLAGS) $(ZLIB_CFLAGS)
tests_fuzz_fuzz_http_fields_LDADD = $(HTTPD_LIBS) $(ZLIB_LIBS)

check_PROGRAMS += $(FUZZ_TARGETS)
TESTS += $(FUZZ_TARGETS)
EXTRA_DIST += tests/fuzz/run.sh

.PHONY: fuzz fuzz-programs
fuzz-programs: $(FUZZ_TARGETS)
fuzz: fuzz-programs
	$(SHELL) $(top_srcdir)/tests/fuzz/run.sh $(top_srcdir)/tests/fuzz $(FUZZ_RUNS) $(FUZZ_SECONDS) $(FUZZ_TARGETS)
