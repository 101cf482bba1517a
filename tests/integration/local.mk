# SPDX-License-Identifier: MIT

# The capture program of files, over its link.
dist_check_SCRIPTS += tests/integration/test_pcapfile.py
TESTS += tests/integration/test_pcapfile.py
dist_check_SCRIPTS += tests/integration/test_remote_capture.py
TESTS += tests/integration/test_remote_capture.py
EXTRA_DIST += tests/integration/remotewire.py tests/check.sh
dist_check_SCRIPTS += tests/integration/test_variants.sh tests/integration/test_big_endian.sh
TESTS += tests/integration/test_variants.sh tests/integration/test_big_endian.sh
# Both ends of the protocol as the ecosystem's programs speak it.
dist_check_SCRIPTS += tests/integration/test_v3_peer.py
TESTS += tests/integration/test_v3_peer.py
EXTRA_DIST += tests/integration/v3peer.py
EXTRA_DIST += tests/integration/capwire.py tests/data/lab-ch6.pcap
dist_check_SCRIPTS += tests/integration/test_install.sh
TESTS += tests/integration/test_install.sh

# The host on real captures, against tshark; skips without captures or tshark.
dist_check_SCRIPTS += tests/integration/test_tshark.py
TESTS += tests/integration/test_tshark.py
include $(top_srcdir)/tests/integration/http.mk
include $(top_srcdir)/tests/integration/devices.mk
include $(top_srcdir)/tests/integration/live.mk
include $(top_srcdir)/tests/integration/post.mk
include $(top_srcdir)/tests/integration/system.mk
include $(top_srcdir)/tests/integration/docs.mk
include $(top_srcdir)/tests/integration/auth.mk

# What single frames make of devices.
dist_check_SCRIPTS += tests/integration/test_phy80211.py
TESTS += tests/integration/test_phy80211.py
# The command line, the configuration, start and stop.
dist_check_SCRIPTS += tests/integration/test_usage.py
TESTS += tests/integration/test_usage.py

# Hosts that are fed by remote captures, against one that reads the capture itself.
dist_check_SCRIPTS += tests/integration/test_remote.py
TESTS += tests/integration/test_remote.py
# Bluetooth without a controller.
dist_check_SCRIPTS += tests/integration/test_linux_bluetooth.py
TESTS += tests/integration/test_linux_bluetooth.py
include $(top_srcdir)/tests/integration/conformance.mk
