#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh SOURCE FILE: writes FILE, which names the commit that SOURCE is at and the time, unless it names that commit already.
# SOURCE_DATE_EPOCH, when set, is the time (https://reproducible-builds.org/specs/source-date-epoch/).
set -eu
git=
if [ -e "$1/.git" ]; then
	git=$(git -C "$1" rev-parse --short=12 HEAD 2>/dev/null) || git=
fi
line="#define BUILD_GIT \"$git\""
if [ -f "$2" ] && [ "$(head -n 1 "$2")" = "$line" ]; then
	exit 0
fi
time=$(LC_ALL=C date -u ${SOURCE_DATE_EPOCH:+-d "@$SOURCE_DATE_EPOCH"} '+%Y-%m-%d %H:%M:%S')
printf '%s\n#define BUILD_TIME "%s"\n' "$line" "$time" >"$2"
