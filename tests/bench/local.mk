# SPDX-License-Identifier: MIT
# make bench: speed and memory on synthetic air, which is made once and kept in the build tree.
check_PROGRAMS += tests/bench/gen_air tests/bench/pcap_loop
tests_bench_gen_air_SOURCES = tests/bench/gen_air.c
tests_bench_pcap_loop_SOURCES = tests/bench/pcap_loop.c
tests_bench_pcap_loop_CFLAGS = $(AM_CFLAGS) $(PCAP_CFLAGS)
tests_bench_pcap_loop_LDADD = $(PCAP_LIBS)
dist_check_SCRIPTS += tests/bench/test_gen_air.sh tests/bench/bench.py
TESTS += tests/bench/test_gen_air.sh

.PHONY: bench
BENCH_ARGS =
bench: all tests/bench/gen_air tests/bench/pcap_loop
	AERIE_BUILD='$(abs_top_builddir)' $(top_srcdir)/tests/bench/bench.py $(BENCH_ARGS)
