# SPDX-License-Identifier: MIT
# Each part of the core has its unit test; a module's own tests lie in its folder. `make check` runs them all.
UNIT_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS) $(UV_CFLAGS) -Wno-missing-prototypes
UNIT_LIBS = $(CORE_LIBS) $(CRITERION_LIBS)
AM_TESTS_ENVIRONMENT = AERIE_BUILD='$(abs_top_builddir)'; AERIE_SOURCE='$(abs_top_srcdir)'; AERIE_CAPTURES="$${AERIE_CAPTURES:-$(abs_top_srcdir)/../shared/captures}"; export AERIE_BUILD AERIE_SOURCE AERIE_CAPTURES;

include $(top_srcdir)/tests/unit/local.mk
include $(top_srcdir)/tests/abi/local.mk
include $(top_srcdir)/tests/integration/local.mk
include $(top_srcdir)/tests/fuzz/local.mk
include $(top_srcdir)/tests/bench/local.mk
