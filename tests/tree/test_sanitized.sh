#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tests/sanitized.sh fails a test for what its processes left in the folder of reports, and for nothing else.
set -u
cd "$(dirname "$0")/../.." || exit 99
failed=0

expect() { # status, command line of a shell that finds its report's name in $report
	local status

	# shellcheck disable=SC2016
	env -u ASAN_OPTIONS -u TSAN_OPTIONS -u AERIE_TSAN tests/sanitized.sh bash -c 'report=${ASAN_OPTIONS##*log_path=}.1; '"$2" >/dev/null
	status=$?
	[ "$status" = "$1" ] || {
		printf 'FAIL: status %s, not %s, of: %s\n' "$status" "$1" "$2"
		failed=1
	}
}

expect 0 'true'
expect 3 'exit 3'
expect 1 'echo "==1==ERROR: LeakSanitizer: detected memory leaks" >$report'
expect 1 'echo "core/loop.c:3:1: runtime error: signed integer overflow" >$report; exit 3'
expect 0 ': >$report'
expect 0 'echo "==12==Unable to get registers from thread 34." >$report'
expect 1 'printf "%s\n" "==12==Unable to get registers from thread 34." "==12==ERROR: LeakSanitizer: detected memory leaks" >$report'
expect 0 'echo "==1==ERROR: AddressSanitizer: SEGV in tests/bad-plugins/crash_load.c" >$report'
exit "$failed"
