#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The layering holds in this tree, and the check notices each kind of violation in a made-up one.
set -u
source=${AERIE_SOURCE:-.}
check="$source/tests/tree/layers.py"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

python3 "$check" "$source" || failed=1

mkdir -p "$work"/{core,plugins/a,plugins/b,httpd/server,httpd/endpoints/system,sdk/include/aerie,sdk/capframework,datasources/d}
touch "$work"/core/x.h "$work"/plugins/a/{a,own}.h "$work"/plugins/b/b.h "$work"/httpd/server/s.h "$work"/sdk/include/aerie/abi.h

expect() { # status, file, include line
	printf '%s\n' "$3" >"$work/$2"
	python3 "$check" "$work" >"$work/out"
	local status=$?
	rm "$work/$2"
	[ $status = "$1" ] || {
		echo "FAIL: $2 with $3: status $status, wanted $1"
		failed=1
	}
}

expect 0 plugins/a/t.c '#include <aerie/abi.h>'
expect 0 plugins/a/t.c '#include "own.h"'
expect 0 plugins/a/t.c '#include "plugins/a/own.h"'
expect 0 plugins/a/t.c '#include <sys/socket.h>'
expect 1 plugins/a/t.c '#include <core/x.h>'
expect 1 plugins/a/t.c '#include "core/x.h"'
expect 1 plugins/a/t.c '  # include "../../core/x.h"'
expect 1 plugins/a/t.c '#include <../core/x.h>'
expect 1 plugins/a/t.c '#include "../b/b.h"'
expect 1 plugins/a/t.c '#include <plugins/b/b.h>'
expect 1 httpd/endpoints/system/t.c '#include "httpd/server/s.h"'
expect 1 datasources/d/t.c '#include "plugins/a/a.h"'
expect 0 core/t.c '#include <core/x.h>'
expect 0 core/t.c '#include <uv.h>'
expect 1 core/t.c '#include <plugins/a/a.h>'
expect 1 core/t.c '#include "../httpd/server/s.h"'
expect 1 core/t.h '#include "x.h"'
expect 1 sdk/include/aerie/t.h '#include <core/x.h>'
expect 1 sdk/include/aerie/t.h '#include <uv.h>'
expect 0 sdk/include/aerie/t.h '#include <stdint.h>'
expect 1 sdk/capframework/t.c '#include <core/x.h>'
exit $failed
