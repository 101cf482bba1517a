# SPDX-License-Identifier: MIT
dist_man_MANS += doc/aeried.8 doc/aerie-cap-pcapfile.1 doc/aerie-cap-tzsp.1 doc/aeriecap.3 doc/aerie-cap-linux-bluetooth.1
