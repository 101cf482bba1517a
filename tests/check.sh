# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For tests in shell, which source it: a folder that goes at the end, and conditions that are told when they do not hold.
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0
check() { # what, condition...
	local what=$1

	shift
	"$@" || {
		echo "FAIL: $what"
		failed=1
	}
}
