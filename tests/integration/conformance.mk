# SPDX-License-Identifier: MIT
# The REST interface row by row, as its own description says, and as real clients use it.
dist_check_SCRIPTS += tests/integration/test_conformance.py tests/integration/test_openapi.py tests/integration/test_clients.py
TESTS += tests/integration/test_conformance.py tests/integration/test_openapi.py tests/integration/test_clients.py
