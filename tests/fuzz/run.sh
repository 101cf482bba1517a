#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs libFuzzer programs, each for a bounded number of executions and seconds, from a copy of its corpus; leaves a result
# file per program as the test driver does. Arguments: this folder, executions, seconds, program...
folder=$1 runs=$2 seconds=$3
shift 3
status=0
for program; do
	name=${program##*/fuzz_}
	work=$(mktemp -d) || exit 1
	[ -d "$folder/corpus/$name" ] && cp "$folder/corpus/$name"/* "$work"
	if "./$program" -runs="$runs" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -seed=1 -print_final_stats=1 \
		-artifact_prefix="$program-" "$work" >"$program.log" 2>&1; then
		result=PASS
	else
		result=FAIL
		status=1
	fi
	rm -rf "$work"
	printf ':test-result: %s\n:global-test-result: %s\n' $result $result >"$program.trs"
	printf '%s: %s: %s\n' $result "$program" "$(sed -n 's/^stat::number_of_executed_units: */executions: /p' "$program.log")"
done
exit $status
