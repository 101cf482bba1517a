# SPDX-License-Identifier: MIT
PHY80211_PARSERS = plugins/phy80211/frame.c plugins/phy80211/crc.c plugins/phy80211/ie.c plugins/phy80211/crypt.c \
	plugins/phy80211/ssid.c plugins/phy80211/channel.c plugins/phy80211/rates.c plugins/phy80211/radio_radiotap.c \
	plugins/phy80211/radio_ppi.c plugins/phy80211/radio_prism.c plugins/phy80211/dot11.h plugins/phy80211/radio.h \
	plugins/phy80211/ie.h plugins/phy80211/crypt.h
PHY80211_LIBS = $(ZLIB_LIBS)

EXTRA_DIST += plugins/phy80211/README.md

if HAVE_CRITERION
PHY80211_TESTS = plugins/phy80211/tests/test_elements plugins/phy80211/tests/test_radio plugins/phy80211/tests/test_frame
check_PROGRAMS += $(PHY80211_TESTS)
TESTS += $(PHY80211_TESTS)

plugins_phy80211_tests_test_elements_SOURCES = plugins/phy80211/tests/test_elements.c plugins/phy80211/tests/frames.h $(PHY80211_PARSERS)
plugins_phy80211_tests_test_elements_CFLAGS = $(UNIT_CFLAGS) $(XXHASH_CFLAGS) $(ZLIB_CFLAGS)
plugins_phy80211_tests_test_elements_LDADD = $(PHY80211_LIBS) $(CRITERION_LIBS)
plugins_phy80211_tests_test_radio_SOURCES = plugins/phy80211/tests/test_radio.c plugins/phy80211/tests/frames.h $(PHY80211_PARSERS)
plugins_phy80211_tests_test_radio_CFLAGS = $(UNIT_CFLAGS) $(XXHASH_CFLAGS) $(ZLIB_CFLAGS)
plugins_phy80211_tests_test_radio_LDADD = $(PHY80211_LIBS) $(CRITERION_LIBS)
plugins_phy80211_tests_test_frame_SOURCES = plugins/phy80211/tests/test_frame.c $(PHY80211_PARSERS)
plugins_phy80211_tests_test_frame_CFLAGS = $(UNIT_CFLAGS) $(XXHASH_CFLAGS) $(ZLIB_CFLAGS)
plugins_phy80211_tests_test_frame_LDADD = $(PHY80211_LIBS) $(CRITERION_LIBS)
endif

plugin_LTLIBRARIES += modules/phy80211.la
modules_phy80211_la_SOURCES = $(PHY80211_PARSERS) plugins/phy80211/plugin.c plugins/phy80211/fields.c \
	plugins/phy80211/track.c plugins/phy80211/ssids.c plugins/phy80211/phy80211.h
modules_phy80211_la_CPPFLAGS = $(MODCPP)
modules_phy80211_la_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS) $(ZLIB_CFLAGS)
modules_phy80211_la_LDFLAGS = $(MODLD)
modules_phy80211_la_LIBTOOLFLAGS = $(MODLT)
modules_phy80211_la_LIBADD = $(ZLIB_LIBS)
