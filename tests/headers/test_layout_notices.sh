#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# test_layout.py fails when a member moves, vanishes or changes its type, and when an addition is not recorded.
set -u
source=$(cd "${AERIE_SOURCE:-.}" && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

expect() { # status, text in the output, sed expression, header
	rm -rf "$work/tree"
	mkdir -p "$work/tree/sdk" "$work/tree/tests/headers"
	cp -r "$source/sdk/include" "$work/tree/sdk/"
	chmod -R u+w "$work/tree"
	AERIE_SOURCE=$work/tree "$source/tests/headers/test_layout.py" --update
	sed -i "$3" "$work/tree/sdk/include/aerie/$4"
	AERIE_SOURCE=$work/tree "$source/tests/headers/test_layout.py" >"$work/out"
	local status=$?
	if [ $status != "$1" ] || ! grep -q "$2" "$work/out"; then
		echo "FAIL: $3 in $4: status $status, wanted $1 and \"$2\""
		cat "$work/out"
		failed=1
	fi
}

expect 0 ' 0 broken, 0 not recorded' '' abi.h
expect 1 'ABI BROKEN: was: struct aerie_message 8 uint64_t time_s' 's/^\tint32_t level;.*/&\n\tuint64_t inserted;/' bus.h
expect 1 'ABI BROKEN: was: struct aerie_event 16 uint64_t key' '/^\tuint64_t key;/d' bus.h
expect 1 'ABI BROKEN: was: struct aerie_message 4 int32_t level' 's/int32_t level/uint32_t level/' bus.h
expect 1 'ABI BROKEN: was: constant AERIE_LOG_ERROR 4' 's/AERIE_LOG_ERROR 4/AERIE_LOG_ERROR 5/' plugin.h
expect 1 'run make update-layout' 's/^\tconst struct aerie_rec \*rec;/&\n\tuint64_t appended;/' bus.h
grep -q 'ABI BROKEN' "$work/out" && {
	echo "FAIL: an appended member is no break"
	cat "$work/out"
	failed=1
}
exit $failed
