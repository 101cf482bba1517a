# SPDX-License-Identifier: MIT
dist_man_MANS += doc/aeried.8 doc/aerie-cap-pcapfile.1 doc/aerie-cap-tzsp.1 doc/aeriecap.3 doc/aerie-cap-linux-bluetooth.1
# What the headers and manual pages refer to.
dist_doc_DATA = doc/abi.md doc/abi-log.md doc/architecture.md doc/capture-protocol.md doc/commands.md doc/http.md doc/live.md doc/logins.md \
	doc/selecting.md doc/threads.md
