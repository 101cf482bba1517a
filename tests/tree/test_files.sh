#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every file that can hold a comment names its licence in its first five lines; none names a folder of somebody's
# machine; every folder with sources says what it is for; every fuzz target is built and has a corpus; manual
# pages are well-formed.
set -u
cd "${AERIE_SOURCE:-.}" || exit 99
git rev-parse --is-inside-work-tree >/dev/null 2>&1 && [ "$(git rev-parse --show-prefix)" = '' ] || {
	echo "not a git checkout"
	exit 77
}
failed=0 n=0
while IFS= read -r file; do
	[ -f "$file" ] || continue
	case $file in
	LICENSE | NEWS | *.md | .gitignore | .gitattributes | .editorconfig) ;;
	tests/data/* | tests/fuzz/corpus/* | */data/* | *.json | *.pcap | *.pcapng | *.gz | *.html | *.css | *.js | *.svg | *.png) ;;
	*)
		n=$((n + 1))
		head -n 5 "$file" | grep -q 'SPDX-License-Identifier: MIT' || {
			echo "FAIL: $file: no SPDX-License-Identifier line"
			failed=1
		}
		;;
	esac
	case $file in *.md | *.c | *.h | *.sh | *.py | *.mk | *.am | *.ac | *.[0-9] | quickstart)
		grep -nE '(^|[^A-Za-z0-9_.$}])/(work|root|home/[a-z]+|tmp/wt)(/|$)' "$file" /dev/null | grep -v 'test_files.sh' && {
			echo "FAIL: $file names a folder of one machine"
			failed=1
		}
		;;
	esac
done < <(git ls-files)
for folder in core plugins datasources httpd sdk tests doc plugins/*/ datasources/*/; do
	[ -z "$(git ls-files -- "$folder")" ] || [ -e "$folder/README.md" ] || {
		echo "FAIL: ${folder%/} has no README.md"
		failed=1
	}
done
for target in tests/fuzz/fuzz_*.c; do
	name=${target##*/fuzz_}
	grep -q "${target%.c}\$" tests/fuzz/local.mk && [ -d "tests/fuzz/corpus/${name%.c}" ] || {
		echo "FAIL: $target is not built by tests/fuzz/local.mk, or has no corpus"
		failed=1
	}
done
if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning doc/*.[1-9] || failed=1
fi
echo "$n files with a licence line"
[ "$n" -gt 0 ] && [ "$failed" = 0 ]
