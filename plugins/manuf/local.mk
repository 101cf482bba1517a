# SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += modules/manuf.la
modules_manuf_la_SOURCES = plugins/manuf/plugin.c plugins/manuf/blocks.c plugins/manuf/blocks.h
modules_manuf_la_CPPFLAGS = $(MODCPP)
modules_manuf_la_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
modules_manuf_la_LDFLAGS = $(MODLD)
modules_manuf_la_LIBTOOLFLAGS = $(MODLT)
modules_manuf_la_LIBADD = $(ZLIB_LIBS)

EXTRA_DIST += plugins/manuf/README.md

if HAVE_CRITERION
check_PROGRAMS += plugins/manuf/tests/test_blocks
TESTS += plugins/manuf/tests/test_blocks
plugins_manuf_tests_test_blocks_SOURCES = plugins/manuf/tests/test_blocks.c plugins/manuf/blocks.c plugins/manuf/blocks.h
plugins_manuf_tests_test_blocks_CFLAGS = $(UNIT_CFLAGS)
plugins_manuf_tests_test_blocks_LDADD = $(CRITERION_LIBS)
endif
