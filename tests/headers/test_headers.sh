#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every public header compiles alone, and all compile together, as C99, C11 and C++17, pedantic and without a warning.
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
echo "$n headers"
[ "$n" -gt 10 ] && [ "$failed" = 0 ]
