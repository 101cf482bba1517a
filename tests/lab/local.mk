# SPDX-License-Identifier: MIT
# Not part of `make check`: it boots machines, and needs QEMU. ./quickstart lab, or make lab.
EXTRA_DIST += tests/lab/vm.sh tests/lab/lib.sh tests/lab/air.sh tests/lab/neighbourhood.sh tests/lab/test_lab.py tests/lab/README.md

.PHONY: lab
LAB_ARGS =
lab: all
	AERIE_BUILD='$(abs_top_builddir)' $(top_srcdir)/tests/lab/test_lab.py $(LAB_ARGS)
