# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# All tests, part of ./quickstart test: the ordinary build, everything again under ASan and UBSan, the threaded parts under
# TSan, a bounded run of each fuzz target, and the virtual machines of the lab. Counts come from the result files of the test
# driver, and from the lab's last line.
passed=0 failed=0 skipped=0
started=$SECONDS

count() { # tree: adds up what its tests left, and shows the logs of those that failed
	local trs result

	while IFS= read -r trs; do
		result=$(sed -n 's/^:global-test-result: //p' "$trs")
		case $result in
		PASS | XFAIL) passed=$((passed + 1)) ;;
		SKIP)
			skipped=$((skipped + 1))
			printf 'SKIP: %s: %s\n' "${trs%.trs}" "$(tail -n 2 "${trs%.trs}.log" | head -n 1)"
			;;
		*)
			failed=$((failed + 1))
			printf '\n---- %s: %s\n' "${trs%.trs}" "${result:-no result}"
			tail -n 150 "${trs%.trs}.log"
			;;
		esac
	done < <(find "$1" -name '*.trs' | sort)
}

fail() {
	failed=$((failed + 1))
	printf 'FAIL: %s\n' "$*"
}

phase() { # name, folder, target, options of configure...
	local name=$1 tree=$2 target=$3 since=$SECONDS

	shift 3
	say "$name"
	configure_tree "$tree" "$@"
	find "$tree" -name '*.trs' -delete
	make -s -k -C "$tree" -j"$(jobs_count)" "$target-programs" || fail "$name: the build"
	make -s -k -C "$tree" -j"$(jobs_count)" "$target" >"$tree/$target.log" 2>&1 ||
		find "$tree" -name '*.trs' -print -quit | grep -q . || {
		tail -n 50 "$tree/$target.log"
		fail "$name: make $target"
	}
	count "$tree"
	say "$name: $((SECONDS - since)) seconds"
}

lab() { # the machines run the ordinary build
	local since=$SECONDS log=build/lab.log counts

	say "virtual machines with simulated radios"
	rm -rf build/lab.out
	AERIE_BUILD=$PWD/build tests/lab/test_lab.py --out build/lab.out >"$log" 2>&1
	counts=$(sed -n 's/^lab: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log")
	if [ -n "$counts" ]; then
		# shellcheck disable=SC2086
		set -- $counts
		passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
		sed -n 's/^skip [^:]*: \(lab: \)\{0,1\}/SKIP: lab: /p' "$log" | sort -u
		[ "$2" = 0 ] || grep -vE '^(ok|skip) ' "$log"
	else
		tail -n 50 "$log"
		fail "the lab"
	fi
	say "virtual machines: $((SECONDS - since)) seconds"
}

bootstrap
phase "ordinary build" build check
phase "address and undefined-behaviour sanitizers" build-asan check --enable-sanitize=address,undefined --enable-debug CFLAGS='-g -O1'
phase "thread sanitizer" build-tsan check-tsan --enable-sanitize=thread CFLAGS='-g -O1'
if command -v clang >/dev/null; then
	phase "fuzzing" build-fuzz fuzz --enable-fuzz CC=clang CFLAGS='-g -O1'
else
	skipped=$((skipped + 1))
	printf 'SKIP: fuzzing: no clang; the corpora were replayed by the tests above\n'
fi
lab

say "all tests: $((SECONDS - started)) seconds"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
exit
