# SPDX-License-Identifier: MIT
# Sessions, logins, API keys and roles.
dist_check_SCRIPTS += tests/integration/test_auth.py
TESTS += tests/integration/test_auth.py
EXTRA_DIST += doc/logins.md
TSAN_TESTS += tests/integration/test_auth.py
