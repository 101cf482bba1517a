#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The generator of synthetic air: the same seed gives the same octets; tshark finds no malformed frame and, with --fcs, no
# wrong check sequence; --devices gives exactly that many transmitters; the mix is what gen_air.c promises.
set -u
gen=${AERIE_BUILD:-build}/tests/bench/gen_air
. "${AERIE_SOURCE:-.}/tests/check.sh"

"$gen" --packets 20000 --seed 7 "$work/a.pcap" >"$work/said" || exit 1
"$gen" --packets 20000 --seed 7 "$work/b.pcap" >/dev/null || exit 1
"$gen" --packets 20000 --seed 8 --fcs "$work/c.pcap" >/dev/null || exit 1
"$gen" --devices 3000 "$work/d.pcap" >/dev/null || exit 1
check "the same seed, the same octets" cmp -s "$work/a.pcap" "$work/b.pcap"
check "another seed, other octets" eval '! cmp -s "$work/a.pcap" "$work/c.pcap"'
check "bad usage is refused" eval '! "$gen" --aps 0 "$work/e.pcap" 2>/dev/null'

command -v tshark >/dev/null || {
	echo "no tshark"
	[ $failed = 0 ] && exit 77
	exit 1
}
look() { tshark -r "$@" 2>/dev/null; }
for file in a c d; do
	check "$file.pcap: nothing malformed" [ "$(look "$work/$file.pcap" -Y _ws.malformed | wc -l)" = 0 ]
done
check "check sequences are right" [ "$(look "$work/c.pcap" -o wlan.check_checksum:TRUE -Y 'wlan.fcs.status == 1' | wc -l)" = 20000 ]
check "as many transmitters as asked for" [ "$(look "$work/d.pcap" -T fields -e wlan.ta | sort -u | wc -l)" = 3000 ]
look "$work/a.pcap" -T fields -e wlan.fc.type_subtype >"$work/types"
share() { # least, most, in percent, subtypes
	local n

	n=$(grep -cE "$3" "$work/types")
	check "share of $3 ($n of 20000)" [ "$n" -ge $(($1 * 200)) ] && check "share of $3 ($n of 20000)" [ "$n" -le $(($2 * 200)) ]
}
share 31 38 '^0x0008$'
share 8 13 '^0x000[45]$'
share 32 40 '^0x002[08c]$'
share 16 21 '^0x001[9bcd]$'
# The time stamp of a beacon is the clock of its sender: it grows by 102.4 ms from one to the next.
look "$work/a.pcap" -Y 'wlan.fc.type_subtype == 8' -T fields -e wlan.bssid -e wlan.fixed.timestamp |
	awk '$1 in last { d = $2 - last[$1]; if (d <= 0 || d % 102400 > 50 && d % 102400 < 102350) bad++ } { last[$1] = $2 } END { exit bad > 0 }'
check "beacons come every 102.4 ms" [ "${PIPESTATUS[1]}" = 0 ]
exit $failed
