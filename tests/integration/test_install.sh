#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make install puts programs, modules, headers, libraries and pkg-config files where they belong; the installed host
# finds its modules; a module of a stranger builds with nothing but what was installed; make uninstall leaves nothing.
set -u
build=${AERIE_BUILD:-build}
. "${AERIE_SOURCE:-.}/tests/check.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL
make -s -C "$build" install DESTDIR="$work/dest" prefix=/opt/aerie >"$work/log" 2>&1 || {
	cat "$work/log"
	exit 1
}
root=$work/dest/opt/aerie
export PKG_CONFIG_PATH=$root/lib/pkgconfig

for program in aeried aerie-cap-pcapfile; do
	check "bin/$program" [ -x "$root/bin/$program" ]
done
for file in "$build"/modules/.libs/*.so; do
	check "module ${file##*/}" [ -f "$root/lib/aerie/plugins/${file##*/}" ]
done
check "no libtool files among the modules" [ -z "$(find "$root/lib/aerie/plugins" -name '*.la')" ]
for header in "${AERIE_SOURCE:-.}"/sdk/include/aerie/*.h; do
	check "header ${header##*/}" cmp -s "$header" "$root/include/aerie/${header##*/}"
done
for file in lib/libaeriecap.so lib/libaeriecap.a lib/pkgconfig/aerie.pc lib/pkgconfig/aeriecap.pc; do
	check "$file" [ -e "$root/$file" ]
done
check "pkg-config knows the plugin folder" [ "$(pkg-config --define-variable=prefix=/opt/aerie --variable=plugindir aerie)" = /opt/aerie/lib/aerie/plugins ]

"$root/bin/aeried" --home "$work/home" --plugin-dir "$root/lib/aerie/plugins" --list-plugins >"$work/list" 2>&1
check "the installed host lists its modules" [ $? = 0 ]
modules=$(find "$root/lib/aerie/plugins" -name '*.so' | wc -l)
check "there are modules" [ "$modules" -gt 0 ]

# A stranger's module: C99, installed headers only.
mkdir -m 755 "$work/own"
cat >"$work/hello.c" <<'END'
#include <aerie/plugin.h>

static int load(const struct aerie_host *h, void **ret_state)
{
	*ret_state = 0;
	h->log(h, AERIE_LOG_INFO, "hello");
	return 0;
}

static const struct aerie_plugin plugin = {
	AERIE_ABI_INIT, "org.example.hello", "7.8.9", "Greets.", "MIT", 0, 0, 0, 0, 0, AERIE_THREADS_FREE, load, 0, 0, 0, 0, 0, 0,
};
AERIE_PLUGIN_EXPORT(plugin);
END
# shellcheck disable=SC2046
check "a module builds with what was installed" \
	"${AERIE_CC:-gcc}" -std=c99 -pedantic -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden -Wl,-z,defs \
	-I"$root/include" "$work/hello.c" -o "$work/own/hello.so"
chmod 755 "$work/own/hello.so"
"$root/bin/aeried" --home "$work/home" --plugin-dir "$work/own" --list-plugins >"$work/list" 2>&1
check "... and the host knows it" grep -q 'org.example.hello' "$work/list"
check "... with its version" grep -q '7\.8\.9' "$work/list"
[ $failed = 0 ] || cat "$work/list"

# A stranger's capture program: the template, with nothing but what was installed.
check "header aeriecap.h" cmp -s "${AERIE_SOURCE:-.}/sdk/include/aeriecap.h" "$root/include/aeriecap.h"
check "manual of libaeriecap" [ -f "$root/share/man/man3/aeriecap.3" ]
cp -r "$root/share/aerie/templates/capture" "$work/demo"
sanitize=$(sed -n 's/^AERIE_LDFLAGS = //p' "$build/Makefile") # a library with a sanitizer needs its runtime
check "the template of a capture program builds" \
	make -s -C "$work/demo" CC="${AERIE_CC:-gcc}" PKG_CONFIG="pkg-config --define-variable=prefix=$root" LDFLAGS="$sanitize"
LD_LIBRARY_PATH=$root/lib "$work/demo/aerie-cap-demo" --list 2>"$work/list"
check "... and runs" [ $? = 2 ]
check "... and lists its radio" grep -qx '    demo0 (none)' "$work/list"

make -s -C "$build" uninstall DESTDIR="$work/dest" prefix=/opt/aerie >"$work/log" 2>&1
check "uninstall leaves no file" [ -z "$(find "$work/dest" ! -type d)" ]
find "$work/dest" ! -type d
exit $failed
