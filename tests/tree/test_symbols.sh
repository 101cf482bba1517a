#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each module exports aerie_plugin_entry and nothing else, and needs no symbol of the host: what it leaves undefined is
# found in the libraries that it names, when all of them are loaded without the host.
set -u
modules=${AERIE_BUILD:-build}/modules/.libs
failed=0 n=0

# Sanitizer and coverage builds add symbols of their own.
case $(nm -D "${AERIE_BUILD:-build}/bin/aeried" 2>/dev/null) in *__asan_init* | *__tsan_init* | *__ubsan_handle*)
	echo "a sanitizer build"
	exit 77
	;;
esac

for module in "$modules"/*.so; do
	[ -e "$module" ] || continue
	n=$((n + 1))
	defined=$(nm -D --defined-only "$module" | sed 's/^[0-9a-f]* //')
	[ "$defined" = "T aerie_plugin_entry" ] || {
		printf 'FAIL: %s exports: %s\n' "$module" "$defined"
		failed=1
	}
	# -r: relocates everything now, and names each symbol that no library has.
	missing=$(ldd -r "$module" 2>&1 | grep -E 'undefined symbol|not found')
	[ -z "$missing" ] || {
		printf 'FAIL: %s: %s\n' "$module" "$missing"
		failed=1
	}
done
echo "$n modules"
[ "$n" -gt 0 ] && [ "$failed" = 0 ]
