# SPDX-License-Identifier: MIT
# Each part of the core has its unit test; a module's own tests lie in its folder. `make check` runs them all.
if TSAN
# criterion runs each test in a process of its own, with memory where TSan cannot have it: tests/tsan has a stand-in.
UNIT_CFLAGS = $(AM_CFLAGS) -I$(top_srcdir)/tests/tsan $(UV_CFLAGS) -Wno-missing-prototypes
UNIT_LIBS = $(CORE_LIBS)
else
UNIT_CFLAGS = $(AM_CFLAGS) $(CRITERION_CFLAGS) $(UV_CFLAGS) -Wno-missing-prototypes
UNIT_LIBS = $(CORE_LIBS) $(CRITERION_LIBS)
endif
AM_TESTS_ENVIRONMENT = AERIE_BUILD='$(abs_top_builddir)'; AERIE_SOURCE='$(abs_top_srcdir)'; AERIE_CAPTURES="$${AERIE_CAPTURES:-$(abs_top_srcdir)/../shared/captures}"; AERIE_CC='$(CC)'; AERIE_CXX='$(HEADERS_CXX)'; export AERIE_BUILD AERIE_SOURCE AERIE_CAPTURES AERIE_CC AERIE_CXX; $(TSAN_ENVIRONMENT)
if SANITIZE
LOG_COMPILER = $(top_srcdir)/tests/sanitized.sh
endif
if TSAN
TSAN_ENVIRONMENT = AERIE_TSAN=1; export AERIE_TSAN;
endif
EXTRA_DIST += tests/all.sh tests/sanitized.sh tests/tsan.supp tests/tsan/criterion/criterion.h

# The tests that also run under TSan (check-tsan): whatever has threads.
TSAN_TESTS = tests/unit/test_devices tests/unit/test_pipeline
TSAN_NEEDS = # what these start

include $(top_srcdir)/tests/unit/local.mk
include $(top_srcdir)/tests/abi/local.mk
include $(top_srcdir)/tests/headers/local.mk
include $(top_srcdir)/tests/tree/local.mk
include $(top_srcdir)/tests/integration/local.mk
include $(top_srcdir)/tests/fuzz/local.mk
include $(top_srcdir)/tests/bench/local.mk
include $(top_srcdir)/tests/lab/local.mk

.PHONY: check-programs check-tsan check-tsan-programs
# `all` is a make of its own: what follows waits for it, or both would write the same library at once.
check-programs: all
	$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS) $(check_LTLIBRARIES)
check-tsan-programs: all
	$(MAKE) $(AM_MAKEFLAGS) $(TSAN_TESTS) $(TSAN_NEEDS)
check-tsan: check-tsan-programs
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(TSAN_TESTS)'
