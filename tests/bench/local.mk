# SPDX-License-Identifier: MIT
# make bench: speed and memory on synthetic air, which is made once and kept in the build tree.
check_PROGRAMS += tests/bench/gen_air tests/bench/pcap_loop
tests_bench_gen_air_SOURCES = tests/bench/gen_air.c
tests_bench_pcap_loop_SOURCES = tests/bench/pcap_loop.c
tests_bench_pcap_loop_CFLAGS = $(AM_CFLAGS) $(PCAP_CFLAGS)
tests_bench_pcap_loop_LDADD = $(PCAP_LIBS)
EXTRA_LTLIBRARIES = tests/bench/modules/bench_routes.la
tests_bench_modules_bench_routes_la_SOURCES = tests/bench/bench_routes.c
tests_bench_modules_bench_routes_la_CPPFLAGS = $(MODCPP)
tests_bench_modules_bench_routes_la_LDFLAGS = $(MODLD) -rpath /nowhere
tests_bench_modules_bench_routes_la_LIBTOOLFLAGS = $(MODLT)
dist_check_SCRIPTS += tests/bench/test_gen_air.sh tests/bench/bench.py
TESTS += tests/bench/test_gen_air.sh

.PHONY: bench
BENCH_ARGS =
bench: all
	$(MAKE) $(AM_MAKEFLAGS) tests/bench/gen_air tests/bench/pcap_loop tests/bench/modules/bench_routes.la
	AERIE_BUILD='$(abs_top_builddir)' $(top_srcdir)/tests/bench/bench.py $(BENCH_ARGS)
