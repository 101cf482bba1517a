# SPDX-License-Identifier: MIT
check_PROGRAMS += tests/unit/test_aeriecap tests/unit/test_aeriecap_radio
TESTS += tests/unit/test_aeriecap tests/unit/test_aeriecap_radio
TSAN_TESTS += tests/unit/test_aeriecap tests/unit/test_aeriecap_radio
tests_unit_test_aeriecap_SOURCES = tests/unit/test_aeriecap.c tests/unit/aeriecap.h
tests_unit_test_aeriecap_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_aeriecap_LDFLAGS = $(CAPLD)
tests_unit_test_aeriecap_LDADD = libaeriecap.la $(UNIT_LIBS)
tests_unit_test_aeriecap_radio_SOURCES = tests/unit/test_aeriecap_radio.c tests/unit/aeriecap.h
tests_unit_test_aeriecap_radio_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_aeriecap_radio_LDFLAGS = $(CAPLD)
tests_unit_test_aeriecap_radio_LDADD = libaeriecap.la $(UNIT_LIBS)
