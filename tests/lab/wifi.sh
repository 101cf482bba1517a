# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# aerie-cap-linux-wifi on simulated radios: list, probe, open, tune, hop, filters, what happens when an interface goes, and that
# everything is put back. Each check is a line "ok: ..." or "FAIL: ..." in /out/wifi.results; the exit status says whether all
# were ok. Needs 9 radios: tests/lab/vm.sh --radios 9 tests/lab/wifi.sh out
#
#   wlan5  channel 6   lab-six, open; its beacons are what there is to hear
#   wlan6              joins it, when there is to be data as well
#   wlan7              a source that runs all the time
#   wlan0..4, wlan8    sources
. /lab/lib.sh

: >/out/wifi.results
check() { # text, command...
	_text=$1
	shift
	if "$@" >/tmp/check.log 2>&1; then
		echo "ok: $_text" >>/out/wifi.results
	else
		say "FAIL: $_text ($*)"
		cat /tmp/check.log
		echo "FAIL: $_text" >>/out/wifi.results
	fi
}
soon() { until_true 30 "$@"; }
not() { ! "$@"; }

ALL=/datasource/all_sources.json
source_is() { # NAME, jq expression on the first source, with k("x") for kismet.datasource.x
	asks "$1" $ALL "def k(f): .[\"kismet.datasource.\" + f]; .[0] | $2"
}
take() { get "$1" $ALL >/tmp/taken; } # NAME; then says: of what was taken
says() { jq -e "def k(f): .[\"kismet.datasource.\" + f]; .[0] | $1" /tmp/taken; }
tune() { # NAME, JSON of set_channel for wlan0: 0 when the host says 200
	post "$1" "/datasource/by-uuid/5FE308BD-0000-0000-0000-020000000000/set_channel.cmd" "$2" tune
	grep -qx 200 "/out/$1/tune.status"
}
is_on() { iw dev "$1" info | grep -qE "channel .*\($2 MHz\), width: $3( |,)"; } # interface, MHz, width
is_up() { ip -o link show "$1" | grep -q '[<,]UP[,>]'; }
is_mode() { iw dev "$1" info | grep -q "type $2"; }
exists() { ip link show "$1"; }
no_more_than() { # capabilities, in hexadecimal, of each thread of the process PID; its users are those of the host
	for _t in /proc/"$2"/task/*; do
		awk -v most="$1" '/^Cap(Prm|Eff)/ && $2 != most && $2 !~ /^0+$/ { exit 1 }' "$_t/status" || return
		grep -qx 'Uid:.1000.1000.1000.1000' "$_t/status" || return
	done
}
heard() { # FILE, source, condition on data, management and longest (octets of a data frame behind radiotap) of what it sends in 8 s
	python3 /lab/hcitap.py $cap "$2" "/out/$1.json" term 8 ff
	jq -e '[.packets[] | .[(.[4:6] | explode | map(if . > 96 then . - 87 else . - 48 end) | .[0] * 16 + .[1]) * 2:]]
		| {management: [.[] | select(.[1:2] == "0")] | length, data: [.[] | select(.[1:2] == "8")] | length,
		   longest: ([.[] | select(.[1:2] == "8") | length / 2] | max), shortest: ([.[] | select(.[1:2] == "8") | length / 2] | min)}
		| '"$3" "/out/$1.json"
}
start() { # NAME, source: until it runs
	host "$1" 2501 -c "$2"
	soon source_is "$1" 'k("running") == 1'
}

install_aerie
iw reg set US
until_true 10 eval "iw reg get | grep -q 'country US'"
ip link set wlan5 up
ap wlan5 lab-six 6 hw_mode=g
cap=/opt/aerie/bin/aerie-cap-linux-wifi

host long 2502 -c wlan7:channel=6,statistics=true,name=long
began=$(cut -d. -f1 /proc/uptime)

say list
$cap --list 2>/tmp/list
check "--list ends with status 2" test $? = 2
for i in 0 1 2 3 4 5 6 7 8; do check "wlan$i is listed with its driver" grep -qx "    wlan$i (mac80211_hwsim)" /tmp/list; done

say "a fixed channel, found by probing"
ip link set wlan0 up
start fixed wlan0:channel=6,verbose=true
take fixed
check "the source runs" says 'k("running") == 1 and k("error") == 0'
check "type found by probing" says '.["kismet.datasource.type_driver"]["kismet.datasource.driver.type"] == "linuxwifi"'
check "captures from wlan0mon" says 'k("capture_interface") == "wlan0mon"'
check "hardware is the driver" says 'k("hardware") == "mac80211_hwsim"'
check "radiotap" says 'k("dlt") == 127'
check "uuid of its address" says 'k("uuid") == "5FE308BD-0000-0000-0000-020000000000"'
check "not hopping, on 6" says 'k("hopping") == 0 and k("channel") == "6"'
check "the radio is on 6" is_on wlan0mon 2437 20
check "wlan0 is down meanwhile" not is_up wlan0
for c in 6 6HT40- 36VHT80 149VHT160 37W6e 1W6eHE160; do
	check "$c is listed" says "k(\"channels\") | index(\"$c\")"
done
for c in 12 6VHT80 144 140HT40+ 132VHT80; do check "$c is not" says "k(\"channels\") | index(\"$c\") | not"; done
check "the access point is heard" soon asks fixed /devices/all_devices.json 'any(."kismet.device.base.name" == "lab-six")'
check "verbose tells how it was opened" soon eval "grep -q 'wlan0: captures from wlan0mon, which was created on the same radio and brought up; the interface itself is down' /out/fixed/log"
pid=$(pgrep -P "$(cat /tmp/fixed.pid)" aerie-cap)
check "no thread has more than CAP_NET_ADMIN, or root's files" no_more_than 0000000000001000 "$pid"
check "the main thread has it" grep -qx 'CapEff:.0000000000001000' "/proc/$pid/status"
check "none can be inherited or come back" awk '/^Cap(Inh|Amb)/ && $2 !~ /^0+$/ { exit 1 } /^CapBnd/ && $2 != "0000000000001000" { exit 1 } /^NoNewPrivs/ && $2 != 1 { exit 1 }' "/proc/$pid/status"
privileges fixed privileges

say "tuning while it runs"
while read -r channel mhz width; do
	check "to $channel" tune fixed "{\"channel\": \"$channel\"}"
	check "and the radio is there" soon is_on wlan0mon "$mhz" "$width"
done <<END
11 2462 20
6HT40- 2437 40
6W5 2437 5
44VHT80-42 5220 80
64VHT160 5320 160
1W6e 5955 20
5W6e 5975 20
37W6eHE160 6135 160
37W6eHE80 6135 80
END
check "a channel that does not exist is refused" not tune fixed '{"channel": "36VHT81"}'
check "one that the radio does not have, too" not tune fixed '{"channel": "144"}'
check "and one that the law forbids" not tune fixed '{"channel": "12"}'
check "the source runs all the same" source_is fixed 'k("running") == 1'

say hopping
check "hops over three channels" tune fixed '{"channels": ["1", "6", "36VHT80"], "rate": 10, "hoprate": 10}'
check "says so" soon source_is fixed 'k("hopping") == 1 and (k("hop_channels") | length) == 3'
check "the radio is seen on 1" soon is_on wlan0mon 2412 20
check "the radio is seen on 36VHT80" soon is_on wlan0mon 5180 80
check "the radio is seen on 6" soon is_on wlan0mon 2437 20
check "hops four times a second when told so" tune fixed '{"channels": ["1", "6", "36VHT80"], "rate": 4, "shuffle": 0}'
check "in the order of the list, says the kernel" python3 -S -E /lab/hops.py wlan0mon 10 4 2412 2437 5180
check "shuffles" tune fixed '{"channels": ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"], "shuffle": 1}'
check "says that it takes every fourth of eleven" soon source_is fixed 'k("hop_shuffle") == 1 and k("hop_shuffle_skip") == 4 and k("hop_rate") == 4'
check "and visits all in that order, says the kernel" python3 -S -E /lab/hops.py wlan0mon 15 4 2412 2432 2452 2417 2437 2457 2422 2442 2462 2427 2447
check "a channel that fails while hopping is taken off the list" tune fixed '{"channels": ["1", "6", "12"], "rate": 10, "hoprate": 10}'
check "the host knows" soon source_is fixed 'k("hop_channels") == ["1", "6"] and k("running") == 1'

say "the interface goes"
iw dev wlan0mon del
check "the host says that it has gone, of a radio that hops" soon eval "grep -c 'wlan0mon has gone' /out/fixed/log | grep -qx 1"
check "and opens it again" soon source_is fixed 'k("running") == 1'
check "stays on a channel" tune fixed '{"channel": "6"}'
ip link set wlan0mon down
check "taken down: said so" soon eval "grep -q 'took the interface wlan0mon down' /out/fixed/log"
check "and opened again" soon eval "is_up wlan0mon"
check "on the channel that it had" soon source_is fixed 'k("running") == 1 and k("channel") == "6"'
iw dev wlan0mon del
check "of a radio that stays, too" soon eval "grep -c 'wlan0mon has gone' /out/fixed/log | grep -qx 2"
check "and opened once more" soon source_is fixed 'k("running") == 1'

say "the host ends"
stop_host fixed
check "no wlan0mon is left" soon not exists wlan0mon
check "wlan0 is up again" soon is_up wlan0
check "wlan0 is of mode managed" is_mode wlan0 managed

say "the host is killed"
ip link set wlan1 up
host gone 2501 -c wlan0:channel=6 -c wlan1:vif=wlan1,channel=6
soon asks gone $ALL 'length == 2 and all(."kismet.datasource.running" == 1)'
kill -9 "$(cat /tmp/gone.pid)"
check "its capture programs leave no interface" soon not exists wlan0mon
check "wlan0 is up, as it was" soon is_up wlan0
check "wlan1 is managed and up, as it was" soon eval "is_mode wlan1 managed && is_up wlan1"

say "the capture program is killed"
start killed wlan0:retry=false
kill -9 "$(pgrep -P "$(cat /tmp/killed.pid)" aerie-cap)"
check "its interface goes with it" soon not exists wlan0mon
check "the host knows" soon source_is killed 'k("running") == 0 and k("error") == 1'
stop_host killed
ip link set wlan0 down

say "the interface itself is switched"
start switched wlan1:vif=wlan1,channel=6
check "captures from wlan1" source_is switched 'k("capture_interface") == "wlan1" and k("channel") == "6"'
check "wlan1 is in monitor mode" is_mode wlan1 monitor
check "frames come" soon source_is switched 'k("num_packets") > 0'
stop_host switched
check "it is managed again" soon is_mode wlan1 managed
check "and up" soon is_up wlan1
ip link set wlan1 down

say "an interface in monitor mode"
iw dev wlan2 set type monitor
start given wlan2:channel=6
check "is used as it is" source_is given 'k("capture_interface") == "wlan2"'
check "frames come" soon source_is given 'k("num_packets") > 0'
stop_host given
check "and stays in monitor mode" is_mode wlan2 monitor
check "down as it was" soon not is_up wlan2

say "a name of one's own, bands, filters"
ip link add nlmon0 type nlmon && ip link set nlmon0 up
tcpdump -Z root -U -i nlmon0 -w /tmp/netlink.pcap 2>/tmp/tcpdump.log &
tcpdump=$!
until_true 10 test -s /tmp/netlink.pcap
start named 'wlan3:vif=listen3,band5ghz=true,vht_channels=false,fcsfail=true,plcpfail=true'
check "vif=" source_is named 'k("capture_interface") == "listen3"'
check "only 5 GHz, no VHT" source_is named 'k("channels") | (index("36") and index("36HT40+") and (index("6") | not) and (index("1W6e") | not) and (index("36VHT80") | not))'
stop_host named
kill $tcpdump
wait $tcpdump
# NL80211_ATTR_MNTR_FLAGS: FCSFAIL, PLCPFAIL, CONTROL, OTHER_BSS.
check "fcsfail and plcpfail reach the kernel, with what it gives without them" env LC_ALL=C grep -qaP \
	'\x14\x00\x17[\x00\x80]\x04\x00\x01\x00\x04\x00\x02\x00\x04\x00\x03\x00\x04\x00\x04\x00' /tmp/netlink.pcap
host filtered 2501 -c 'wlan3:channel=6,filter_address=02:00:00:00:05:00,name=a' -c 'wlan4:channel=6,filter_mgmt=true,truncate_data=true,name=b'
check "filter_mgmt lets beacons through" soon asks filtered $ALL 'any(."kismet.datasource.name" == "b" and ."kismet.datasource.num_packets" > 20)'
check "filter_address leaves out what it names" asks filtered $ALL 'any(."kismet.datasource.name" == "a" and ."kismet.datasource.running" == 1 and ."kismet.datasource.num_packets" == 0)'
stop_host filtered
others='any(."kismet.datasource.name" == "other" and ."kismet.datasource.num_packets" > 20)'
silent() { echo "any(.\"kismet.datasource.name\" == \"$1\" and .\"kismet.datasource.running\" == 1 and .\"kismet.datasource.num_packets\" == 0)"; }
host own 2501 -c 'wlan1:channel=6,filter_locals=true,name=locals' -c 'wlan3:channel=6,filter_interface=wlan5,name=interface' \
	-c 'wlan4:channel=6,filter_interface="wlan2,wlan3",name=other'
check "filter_interface lets others through" soon asks own $ALL "$others"
check "and leaves out those of the interface it names" asks own $ALL "$(silent interface)"
check "filter_locals leaves out those of all interfaces" asks own $ALL "$(silent locals)"
stop_host own

say "lists of channels, and an interface that stays up"
ip link set wlan8 up
host lists 2501 -c 'wlan3:ht_channels=false,he_channels=false,default_ht20=true,name=plain' -c 'wlan4:expand_ht20=true,name=both' \
	-c 'wlan8:ignoreprimary=true,channel_hop=false,name=stays'
has() { # NAME of the source, condition on its channels
	asks lists $ALL "[.[] | select(.\"kismet.datasource.name\" == \"$1\") | .\"kismet.datasource.channels\" | $2] == [true]"
}
for c in 6HT20 36HT20 36VHT80 1W6e; do check "$c is listed with default_ht20" soon has plain "index(\"$c\") != null"; done
for c in 6 36 6HT40- 36HT40+ 1W6eHE40 1W6eHE160; do check "$c is not, without ht_channels and he_channels" has plain "index(\"$c\") == null"; done
for c in 6 6HT20 36 36HT20 6HT40-; do check "$c is listed with expand_ht20" soon has both "index(\"$c\") != null"; done
check "ignoreprimary: it runs" soon asks lists $ALL 'any(."kismet.datasource.name" == "stays" and ."kismet.datasource.running" == 1)'
check "and leaves the interface up" is_up wlan8
check "and it may keep its channel, which is told" soon eval "grep -q 'wlan8 is up on the same radio and may keep it' /out/lists/log"
stop_host lists
check "it is up afterwards" is_up wlan8
ip link set wlan8 down

say "two sources of one radio"
iw dev wlan1 interface add extra1 type managed addr 02:00:00:00:01:77
host both 2501 -c wlan1:channel=1 -c extra1:channel=11
check "that they share its channel is told" soon eval "grep -qE '(wlan1|extra1)mon listens with the same radio' /out/both/log"
stop_host both
iw dev extra1 del

say "what is captured of data"
ip link set wlan3 up
ip link set wlan6 up
station wlan6 scan_freq=2437 'ssid="lab-six"' key_mgmt=NONE
wait_connected wlan6
python3 -S -E /lab/talk.py wlan6 &
talk=$!
check "frames are whole" heard whole wlan3:channel=6 '.management > 20 and .data > 5 and .longest >= 24 + 8 + 28'
check "truncate_data leaves the headers of data" heard truncated wlan3:channel=6,truncate_data=true '.management > 20 and .data > 5 and .longest <= 26 + 8 and .shortest >= 24'
check "filter_mgmt leaves out data" heard managed wlan3:channel=6,filter_mgmt=true '.management > 20 and .data == 0'
kill $talk
check "and after SIGTERM wlan3 is up, as it was" eval "is_up wlan3 && ! exists wlan3mon"

say "what cannot be opened"
refused() { # NAME, source, text of the reason
	host "$1" 2501 -c "$2"
	check "$2: $3" soon eval "grep -q '$3' /out/$1/log"
	stop_host "$1"
}
refused no_interface wlan9:type=linuxwifi,retry=false 'there is no interface wlan9'
refused no_wifi lo:type=linuxwifi,retry=false 'no Wi-Fi (nl80211) on the interface lo'
refused no_name wlan3:vif=lo,type=linuxwifi,retry=false 'there is already an interface lo'
refused no_channel wlan3:channel=6VHT80,type=linuxwifi,retry=false 'VHT is of 5 GHz only'
refused busy wlan5:ignoreprimary=true,channel=1,type=linuxwifi,retry=false 'keeps its channel'
check "the access point goes on" is_mode wlan5 AP
chmod 755 $cap
refused unprivileged wlan3:type=linuxwifi,retry=false 'it needs CAP_NET_ADMIN and CAP_NET_RAW: run it as root, or setcap'
setcap cap_net_admin+ep $cap
refused half_privileged wlan3:type=linuxwifi,retry=false 'cannot capture from wlan3mon: it needs CAP_NET_RAW'
setcap -r $cap
chmod 4750 $cap
check "wlan3 is up, as it was" is_up wlan3
check "nothing is left of all of them" not eval "iw dev | grep -E 'Interface (wlan[0-689]mon|listen)'"
say "a radio without interfaces"
iw dev wlan8 del
$cap --list 2>/tmp/list
check "is listed by its own name" grep -qx '    phy8 (mac80211_hwsim)' /tmp/list
check "others are not" not grep -q 'phy[0-7]' /tmp/list
start bare phy8:channel=6
check "captures from phy8mon" source_is bare 'k("capture_interface") == "phy8mon" and k("uuid") == "5FE308BD-0000-0000-0000-020000000800"'
check "frames come" soon source_is bare 'k("num_packets") > 0'
stop_host bare
check "and has none afterwards" soon not eval "iw dev | grep -A1 phy#8"
until_true $((began + 90 - $(cut -d. -f1 /proc/uptime))) eval "grep -q 'frames captured' /out/long/log"
check "statistics are told after a minute" grep -qE 'wlan7mon: [1-9][0-9]+ frames captured, 0 lost' /out/long/log
stop_host long
say done
grep -c '^ok' /out/wifi.results
! grep '^FAIL' /out/wifi.results
