# SPDX-License-Identifier: MIT
# Checks of the tree as a whole.
dist_check_SCRIPTS += tests/tree/test_layers.sh tests/tree/test_symbols.sh tests/tree/test_files.sh tests/tree/test_quickstart.sh tests/tree/test_options.py tests/tree/test_sanitized.sh
TESTS += tests/tree/test_layers.sh tests/tree/test_symbols.sh tests/tree/test_files.sh tests/tree/test_quickstart.sh tests/tree/test_options.py tests/tree/test_sanitized.sh
EXTRA_DIST += tests/tree/layers.py
