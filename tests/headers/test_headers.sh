#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public header compiles alone, and all compile together, as C99, C11 and C++17, pedantic and without a warning; and the manual of
# libaeriecap has what its header declares.
set -u
include=${AERIE_SOURCE:-.}/sdk/include
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

compile() { # what, compiler, options..., source
	local what=$1

	shift
	"$@" -I"$include" -Wall -Wextra -Wshadow -Werror -pedantic -fsyntax-only || {
		echo "FAIL: $what: $*"
		failed=1
	}
}

compile_all() { # what: compiles $work/t.c and the same as C++
	compile "$1" "${AERIE_CC:-gcc}" -std=c99 -Wstrict-prototypes "$work/t.c"
	compile "$1" "${AERIE_CC:-gcc}" -std=c11 -Wstrict-prototypes "$work/t.c"
	[ -z "$cxx" ] || compile "$1" "$cxx" -std=c++17 -x c++ "$work/t.c"
}

cxx=${AERIE_CXX:-$(command -v g++ || command -v clang++)}
[ -n "$cxx" ] || {
	echo "no C++ compiler"
	exit 77
}

# A header that does not compile must not pass.
printf '#include <stdint.h>\nenum { A, };\nvoid f(x) int x; { }\n' >"$work/t.c"
("${AERIE_CC:-gcc}" -std=c99 -pedantic -Wall -Wextra -Wstrict-prototypes -Werror -fsyntax-only "$work/t.c") 2>/dev/null && {
	echo "FAIL: the compiler accepts anything"
	failed=1
}

n=0
: >"$work/together.c"
for header in "$include"/aerie/*.h; do
	name=${header##*/}
	# Twice, so that a missing guard shows.
	printf '#include <aerie/%s>\n#include <aerie/%s>\n' "$name" "$name" | tee "$work/t.c" >>"$work/together.c"
	compile_all "$name alone"
	n=$((n + 1))
done
printf '#include <aeriecap.h>\n#include <aeriecap.h>\n' >"$work/t.c"
compile_all "aeriecap.h alone"
cp "$work/together.c" "$work/t.c"
compile_all "all headers together"
tac "$work/together.c" >"$work/t.c"
compile_all "all headers together, in reverse order"
# The manual lists each function of libaeriecap as the header declares it.
tr -s '[:space:]' ' ' <"$include/../../doc/aeriecap.3" >"$work/manual"
functions=0
while IFS= read -r declared; do
	functions=$((functions + 1))
	grep -qF "$declared;" "$work/manual" || {
		printf 'FAIL: doc/aeriecap.3 does not have: %s\n' "$declared"
		failed=1
	}
done < <(grep -v '^#' "$include/aeriecap.h" | tr -s '[:space:]' ' ' | grep -o ' AERIECAP_API [^;#]*([^;]*' | sed 's/^ AERIECAP_API //; s/ AERIECAP_PRINTF.*//')
[ "$functions" -ge 60 ] || {
	echo "FAIL: only $functions functions found in aeriecap.h"
	failed=1
}
# The entry function has the name that the host looks for, in either language.
cat >"$work/t.c" <<'END'
#include <aerie/aerie.h>
static int load(const struct aerie_host *h, void **ret_state) { (void)h; *ret_state = 0; return 0; }
static const struct aerie_plugin plugin = {
	AERIE_ABI_INIT, "org.example.t", "1", "A test's.", "MIT", 0, 0, 0, 0, 0, AERIE_THREADS_FREE, load, 0, 0, 0, 0, 0, 0
};
AERIE_PLUGIN_EXPORT(plugin);
END
for language in c c++; do
	"${AERIE_CC:-gcc}" -x "$language" -I"$include" -Wall -Wextra -Werror -pedantic -fvisibility=hidden -fPIC -c "$work/t.c" -o "$work/t.o"
	[ "$(nm --defined-only -g "$work/t.o" | sed 's/^[0-9a-f]* //')" = "T aerie_plugin_entry" ] || {
		echo "FAIL: a module in $language does not export aerie_plugin_entry"
		nm "$work/t.o"
		failed=1
	}
done
for header in "$include"/aerie/*.h; do
	grep -qxF "#include <aerie/${header##*/}>" "$include/aerie/aerie.h" || [ "${header##*/}" = aerie.h ] || {
		echo "FAIL: aerie.h does not include ${header##*/}"
		failed=1
	}
done
echo "$n headers"
[ "$n" -gt 10 ] && [ "$failed" = 0 ]
