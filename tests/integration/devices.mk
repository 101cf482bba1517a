# SPDX-License-Identifier: MIT
# Devices over HTTP: lists, pages, views, names and tags.
dist_check_SCRIPTS += tests/integration/test_devices.py
TESTS += tests/integration/test_devices.py
TSAN_TESTS += tests/integration/test_devices.py
TSAN_NEEDS += tests/bench/gen_air
