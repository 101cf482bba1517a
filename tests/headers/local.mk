# SPDX-License-Identifier: MIT
dist_check_SCRIPTS += tests/headers/test_headers.sh tests/headers/test_layout.py tests/headers/test_layout_notices.sh
TESTS += tests/headers/test_headers.sh tests/headers/test_layout.py tests/headers/test_layout_notices.sh
EXTRA_DIST += tests/headers/layout.txt

# After an addition to the ABI: records it. (doc/abi-log.md wants its row, too.)
.PHONY: update-layout
update-layout:
	AERIE_SOURCE='$(abs_top_srcdir)' AERIE_CC='$(CC)' $(top_srcdir)/tests/headers/test_layout.py --update
