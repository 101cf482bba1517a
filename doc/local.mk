# SPDX-License-Identifier: MIT
dist_man_MANS += doc/aerie-cap-pcapfile.1
