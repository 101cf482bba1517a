#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Capture programs without WebSocket or TLS, as configure makes them when told so: they build without the libraries, say what they
# cannot do, and do the rest. The rest by the tests of remote capture, which leave out what a build does not have.
set -u
source=$(cd "${AERIE_SOURCE:-.}" && pwd)
grep -q 'fsanitize' "${AERIE_BUILD:-build}/Makefile" && {
	echo "this is about configure: once, without sanitizers, is enough"
	exit 77
}
. "${AERIE_SOURCE:-.}/tests/check.sh"
says() { # status, text, argument...: of the template
	local status=$1 text=$2

	shift 2
	"$program" "$@" >"$work/said" 2>&1
	[ $? = "$status" ] && grep -qF -e "$text" "$work/said"
}
needs() { ldd "$program" | grep -q "$1"; }
not() { ! "$@"; }
unset MAKEFLAGS MFLAGS MAKELEVEL

for variant in websocket tls; do
	tree=$work/$variant
	program=$tree/tests/bin/aerie-cap-demo
	mkdir "$tree" && cd "$tree" || exit 99
	"$source/configure" -q --cache-file="$work/cache" --enable-werror "--without-$variant" >log 2>&1 &&
		make -s tests/bin/aerie-cap-demo bin/aerie-cap-pcapfile >log 2>&1
	check "--without-$variant builds" test $? = 0
	[ -x "$program" ] || {
		cat log
		exit 1
	}
	check "without $variant: no GnuTLS" not needs libgnutls
	case $variant in
	websocket)
		check "without websocket: no libwslay" not needs libwslay
		check "--help says that there is no WebSocket" says 0 'by WebSocket (not in this build)' --help
		check "connecting by WebSocket is refused" says 6 'this build has no WebSocket' --connect=127.0.0.1:1 --source=demo0
		;;
	tls)
		check "--help offers WebSocket" says 0 'by WebSocket or TCP' --help
		check "TLS is refused" says 6 'this build has no TLS' --connect=127.0.0.1:1 --source=demo0 --ssl
		check "so is a certificate alone" says 6 'this build has no TLS' --connect=127.0.0.1:1 --source=demo0 --ssl-certificate=x
		check "a connection without is tried" says 5 'cannot connect to 127.0.0.1 port 1' --connect=127.0.0.1:1 --source=demo0 --disable-retry
		;;
	esac
	AERIE_BUILD=$tree AERIE_SOURCE=$source "$source/tests/integration/test_remote_capture.py" \
		TestTcp.test_every_command_of_a_life_is_golden TestTcp.test_all_packets_of_a_file_arrive_and_it_is_not_sent_again \
		TestWebSocket.test_every_command_of_a_life_is_golden TestTls.test_every_command_of_a_life_is_golden >log 2>&1
	check "remote captures without $variant" test $? = 0
	case $variant in websocket) skipped=2 ;; tls) skipped=1 ;; esac
	check "without $variant: $skipped skipped" grep -q "skipped=$skipped" log
	[ $failed = 0 ] || cat log
	cd /
done
exit $failed
