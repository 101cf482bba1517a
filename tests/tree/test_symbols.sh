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

# Distributions build with -flto, which puts functions into other objects than what assembler defines beside them.
source=$(cd "${AERIE_SOURCE:-.}" && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
if echo 'int x;' | gcc -flto=1 -flto-partition=max -shared -fPIC -x c - -o "$work/x.so" 2>/dev/null; then
	for file in $(cd "$source" && grep -lr --include='*.c' '\.incbin' core httpd plugins datasources sdk); do
		gcc -flto=1 -flto-partition=max -shared -fPIC -O2 -I"$source/sdk/include" -Wa,-I"$source" "$source/$file" -o "$work/x.so" || {
			echo "FAIL: $file does not link with -flto"
			failed=1
		}
	done
fi
[ "$n" -gt 0 ] && [ "$failed" = 0 ]
