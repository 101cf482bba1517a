# SPDX-License-Identifier: MIT
# Not part of `make check`: it boots machines, and needs QEMU. ./quickstart lab, or make lab.
EXTRA_DIST += tests/lab/README.md tests/lab/vm.sh tests/lab/lib.sh tests/lab/air.sh tests/lab/hwsim.py tests/lab/tuned.py tests/lab/hops.py tests/lab/talk.py tests/lab/neighbourhood.sh \
	tests/lab/test_lab.py tests/lab/wifi.sh tests/lab/bluetooth.sh tests/lab/hcitap.py tests/lab/test_bluetooth.py

.PHONY: lab
LAB_ARGS =
lab: all
	AERIE_BUILD='$(abs_top_builddir)' $(top_srcdir)/tests/lab/test_lab.py $(LAB_ARGS)
