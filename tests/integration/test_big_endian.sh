#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# libaeriecap on a processor with the other byte order: the template of a capture program, cross-compiled for s390x, in the tests
# of remote capture over TCP, which compare octets. Needs a cross compiler and QEMU's user mode.
set -u
source=$(cd "${AERIE_SOURCE:-.}" && pwd)
for program in s390x-linux-gnu-gcc qemu-s390x; do
	command -v $program >/dev/null || {
		echo "no $program here"
		exit 77
	}
done
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/headers" "$work/tests/bin"
# msgpack-c's packer is all in its headers. They are the same everywhere but for the byte order, for which this machine's were made.
ln -s /usr/include/msgpack /usr/include/msgpack.h "$work/headers/"
cd "$source/sdk/capframework" || exit 99
set --
for file in *.c; do
	case $file in stream.c | upgrade.c | websocket.c | sha1.c) ;; *) set -- "$@" "$file" ;; esac
done
s390x-linux-gnu-gcc -std=c99 -pedantic -Wall -Wextra -Wno-unused-parameter -Werror -O1 -D_POSIX_C_SOURCE=200809L -I../include \
	-isystem "$work/headers" -DMSGPACK_ENDIAN_BIG_BYTE=1 -DMSGPACK_ENDIAN_LITTLE_BYTE=0 "$@" ../templates/capture/capture_demo.c -static -pthread -o "$work/demo" || exit 1
# The name that the program has for itself is that of its file.
mv "$work/demo" "$work/aerie-cap-demo"
cat >"$work/tests/bin/aerie-cap-demo" <<END
#!/bin/sh
exec qemu-s390x "$work/aerie-cap-demo" "\$@"
END
chmod +x "$work/tests/bin/aerie-cap-demo"
AERIE_BUILD=$work AERIE_SOURCE=$source "$source/tests/integration/test_remote_capture.py" \
	TestTcp.test_every_command_of_a_life_is_golden TestTcp.test_channel_and_hopping_are_golden TestTcp.test_list_and_probe_are_answered \
	TestTcp.test_unknown_command_is_a_message_and_garbage_an_error TestTcp.test_failed_open_is_reported_and_ends \
	TestTcp.test_requests_in_pieces_are_put_together TestTcp.test_announcement_is_waited_for TestTcp.test_link_that_ends_is_made_again \
	TestTcp.test_hopped_channels_show_in_the_packets_signal_block
