#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a test of a sanitizer build, and fails it when any of its processes, also one whose output and status the test does
# not look at, left a report. (A leak in a criterion test would otherwise go unseen: the test is over by then.)
reports=$(mktemp -d) || exit 99
trap 'rm -rf "$reports"' EXIT
root=$(cd "$(dirname "$0")" && pwd)
# intercept_tls_get_addr=0: the runtime guesses at the layout of thread-local storage of modules, and glibc is past that guess.
ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=1:intercept_tls_get_addr=0:allocator_may_return_null=1:log_path=$reports/asan"
UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}print_stacktrace=1"
TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}suppressions=$root/tsan.supp:second_deadlock_stack=1:allocator_may_return_null=1:log_path=$reports/tsan"
export ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS
if [ -n "${AERIE_TSAN:-}" ] && setarch -R true 2>/dev/null; then
	set -- setarch -R "$@" # address layouts with much randomness are too much for the runtime of older compilers
fi
"$@"
status=$?
for report in "$reports"/*; do
	[ -e "$report" ] || continue
	# A process that was killed while its leaks were looked for leaves no text, or that of a thread that is no more.
	grep -qv '^==[0-9]*==Unable to get registers from thread [0-9]*\.$' "$report" || continue
	# A module that crashes on purpose is no finding.
	grep -q 'tests/bad-plugins/' "$report" && continue
	printf '\n---- sanitizer report\n'
	cat "$report"
	status=1
done
exit "$status"
