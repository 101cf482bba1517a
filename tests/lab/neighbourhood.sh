# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# The neighbourhood of air.sh, and hosts that listen to it. test_lab.py reads what this leaves in /out.
. /lab/lib.sh
. /lab/air.sh

say start
install_aerie setcap
iw reg set US
until_true 10 eval "iw reg get | grep -q 'country US'"

# tcpdump's files of four channels, from before the first beacon.
mkdir -m 755 /tmp/pcap
n=18
for f in 2412 2437 2462 5180; do
	monitor wlan$n $f
	tcpdump -Z root -i mon$f -y IEEE802_11_RADIO -s 0 -U -w /tmp/pcap/$f.pcap 2>>/out/tcpdump.log &
	echo $! >>/tmp/tcpdump.pids
	n=$((n + 1))
done
until_true 10 test -s /tmp/pcap/5180.pcap
air_up
say "access points are up"
air_clients
say "clients are connected"

files() {
	# shellcheck disable=SC2046
	kill $(cat /tmp/tcpdump.pids)
	# shellcheck disable=SC2046
	wait $(cat /tmp/tcpdump.pids)
	chmod 644 /tmp/pcap/*
	set --
	for f in /tmp/pcap/*.pcap; do set -- "$@" -c "$f:type=pcapfile"; done
	host files 2501 "$@"
	until_true 30 asks files /datasource/all_sources.json 'length == 4 and all(."kismet.datasource.num_packets" > 0) and all(."kismet.datasource.running" == 0)'
	save files /devices/all_devices.json devices.json
	save files /datasource/all_sources.json sources.json
	save files /messagebus/all_messages.json messages.json
	stop_host files
	mkdir -p /out/pcap
	cp /tmp/pcap/*.pcap /out/pcap/
}
files
say "files: done"

# That every network and every client was heard, in jq: access points, and clients with a network.
everything='([.[] | select(."kismet.device.base.type" == "Wi-Fi AP" and (."dot11.device"."dot11.device.advertised_ssid_map" | length > 0))] | length) == 8
	and ([.[] | select(."dot11.device"."dot11.device.client_map" // {} | length > 0)] | length) >= 5'

# A radio on each of the four channels; one of them is pulled out and plugged in again.
fixed() {
	host fixed 2502 -c 'wlan22:channel=1,channel_hop=false' -c 'wlan23:type=linuxwifi,channel=6,channel_hop=false' \
		-c 'wlan24:channel=11,channel_hop=false,name=eleven' -c 'wlan25:channel=36,channel_hop=false'
	until_true 30 asks fixed /datasource/all_sources.json 'length == 4 and all(."kismet.datasource.num_packets" > 0)'
	say "fixed: radios run"
	privileges fixed privileges
	until_true 30 asks fixed /devices/all_devices.json "$everything"
	save fixed /devices/all_devices.json devices.json
	save fixed /datasource/all_sources.json sources.json
	save fixed /datasource/list_interfaces.json interfaces.json
	say "fixed: interfaces are listed"
	set --
	for f in 22:2412 23:2437 24:2462 25:5180; do
		tuned fixed "tuned.wlan${f%:*}" "wlan${f%:*}mon" "${f#*:}" &
		set -- "$@" $!
	done
	wait "$@"
	say "fixed: heard everything"

	one=".[] | select(.\"kismet.datasource.interface\" == \"wlan23\")"
	python3 /lab/hwsim.py del 23
	until_true 20 asks fixed /datasource/all_sources.json "$one | .\"kismet.datasource.running\" == 0"
	save fixed /datasource/all_sources.json removed.json
	cat /proc/uptime >/out/fixed/removed.time
	say "fixed: wlan23 was pulled out"
	python3 /lab/hwsim.py add 02:00:00:00:17:00
	new=$(grep -l 02:00:00:00:17:00 /sys/class/net/*/address)
	new=${new%/address}
	ip link set "${new##*/}" name wlan23
	until_true 60 asks fixed /datasource/all_sources.json \
		"$one | .\"kismet.datasource.running\" == 1 and .\"kismet.datasource.error\" == 0"
	packets=$(get fixed /datasource/all_sources.json | jq "$one | .\"kismet.datasource.num_packets\"")
	until_true 20 asks fixed /datasource/all_sources.json "$one | .\"kismet.datasource.num_packets\" > $packets"
	save fixed /datasource/all_sources.json again.json
	save fixed /messagebus/all_messages.json messages.json
	say "fixed: wlan23 is back"
	stop_host fixed
	iw dev >/out/fixed/iw.after
}

# One radio on all four channels, then where it is told to go.
hop() {
	host hop 2503 -c 'wlan26:channels="1,6,11,36",channel_hoprate=5/sec'
	until_true 45 asks hop /devices/all_devices.json "$everything"
	save hop /devices/all_devices.json devices.json
	save hop /datasource/all_sources.json sources.json
	tuned hop tuned.hopping wlan26mon 2412 2437 2462 5180
	privileges hop privileges
	say "hop: heard everything"
	uuid=$(uuid_of hop wlan26)
	channel_of hop "$uuid" '{"channel": "36"}' to36.json
	until_true 10 now_on wlan26mon 5180
	tuned hop tuned.36 wlan26mon 5180
	channel_of hop "$uuid" '{"channel": "11"}' to11.json
	until_true 10 now_on wlan26mon 2462
	tuned hop tuned.11 wlan26mon 2462
	channel_of hop "$uuid" '{"channel": "999"}' to999.json
	save hop /datasource/all_sources.json after999.json
	channel_of hop "$uuid" '{"channels": ["1", "36"], "rate": 8}' two.json
	tuned hop tuned.two wlan26mon 2412 5180
	channel_of hop "$uuid" '{"channel": "6"}' to6.json
	post hop "/datasource/by-uuid/$uuid/set_hop.cmd" '{}' hop.json
	tuned hop tuned.again wlan26mon 2412 5180
	post hop "/datasource/by-uuid/$uuid/close_source.cmd" '{}' close.json
	until_true 10 eval '! iw dev wlan26mon info'
	iw dev >/out/hop/iw.closed
	post hop "/datasource/by-uuid/$uuid/open_source.cmd" '{}' open.json
	until_true 20 asks hop /datasource/all_sources.json '.[0]."kismet.datasource.running" == 1'
	save hop /datasource/all_sources.json opened.json
	say "hop: done"
	stop_host hop
}

# Two radios of the same kind share one list.
share() {
	host share 2504 -c 'wlan27:channels="1,6,11,36"' -c 'wlan28:channels="1,6,11,36"'
	until_true 45 asks share /devices/all_devices.json "$everything"
	until_true 15 asks share /datasource/all_sources.json 'all(."kismet.datasource.num_packets" > 0) and length == 2'
	save share /devices/all_devices.json devices.json
	save share /datasource/all_sources.json sources.json
	tuned share tuned.27 wlan27mon 2412 2437 2462 5180 &
	other=$!
	tuned share tuned.28 wlan28mon 2412 2437 2462 5180
	wait $other
	say "share: done"
	stop_host share
}

# A Wi-Fi capture program on the sensor: its pid in /tmp/NAME.pid, its messages in /out/remote/NAME.log, its status in NAME.rc.
sensor_capture() { # NAME, arguments...
	_name=$1
	shift
	{
		# shellcheck disable=SC2016
		on_sensor sh -c 'echo $$ >/tmp/'"$_name"'.pid; . /lab/lib.sh; as_aerie "$@"' - /opt/aerie/bin/aerie-cap-linux-wifi --retry-delay=1 "$@" \
			>"/out/remote/$_name.log" 2>&1
		echo $? >"/out/remote/$_name.rc"
	} &
	until_true 10 test -s "/tmp/$_name.pid"
}

# Two sensors elsewhere: one by TCP, whose process is then killed, and one by WebSocket, which hops.
remote() {
	echo lab >/tmp/password
	sensor_up wlan30 wlan31
	host remote 2505 -s httpd_bind_address=0.0.0.0 -s remote_capture_listen=10.30.0.1
	mkdir -p /out/remote
	sensor_capture tcp --connect=10.30.0.1:3501 --tcp --source=wlan30:channel=6,name=cable
	sensor_capture web --connect=10.30.0.1:2505 --user=lab --password-file=/tmp/password \
		'--source=wlan31:channels="1,6,11,36",name=web'
	tcp=$(cat /tmp/tcp.pid)
	web=$(cat /tmp/web.pid)
	until_true 60 asks remote /devices/all_devices.json "$everything"
	until_true 30 asks remote /datasource/all_sources.json 'length == 2 and all(."kismet.datasource.num_packets" > 0)'
	privileges remote privileges "$(cat /tmp/remote.pid)" "$tcp" "$web"
	save remote /devices/all_devices.json devices.json
	save remote /datasource/all_sources.json sources.json
	on_sensor python3 -S -E /lab/tuned.py wlan30mon 2437 >/out/remote/tuned.6
	on_sensor python3 -S -E /lab/tuned.py wlan31mon 2412 2437 2462 5180 >/out/remote/tuned.hopping
	say "remote: heard everything"
	uuid=$(uuid_of remote wlan30)
	channel_of remote "$uuid" '{"channel": "36"}' to36.json
	on_sensor python3 -S -E /lab/tuned.py wlan30mon 5180 >/out/remote/tuned.36
	one='.[] | select(."kismet.datasource.interface" == "wlan30")'
	packets=$(get remote /datasource/all_sources.json | jq "$one | .\"kismet.datasource.num_packets\"")
	pkill -KILL -P "$tcp"
	until_true 20 grep -q 'the link has ended: connecting again' /out/remote/tcp.log
	until_true 30 asks remote /datasource/all_sources.json \
		"$one | .\"kismet.datasource.running\" == 1 and .\"kismet.datasource.num_packets\" > $packets + 5"
	on_sensor python3 -S -E /lab/tuned.py wlan30mon 5180 >/out/remote/tuned.again
	save remote /datasource/all_sources.json again.json
	say "remote: the killed one is back"
	kill "$tcp" "$web"
	until_true 20 test -s /out/remote/tcp.rc
	until_true 20 test -s /out/remote/web.rc
	on_sensor iw dev >/out/remote/iw.after
	stop_host remote
}

# What tcpdump writes into pipes, while it does: a named one that the host reads, and the standard input of a capture program.
pipes() {
	mkfifo -m 644 /tmp/live.pipe
	tcpdump -Z root -i mon2437 -y IEEE802_11_RADIO -U -w /tmp/live.pipe 2>/tmp/live.log &
	live=$!
	host pipes 2506 -c /tmp/live.pipe:type=pcapfile,name=live
	one='.[] | select(."kismet.datasource.name" == "live")'
	until_true 30 asks pipes /datasource/all_sources.json "$one | .\"kismet.datasource.num_packets\" > 30"
	save pipes /datasource/all_sources.json running.json
	kill $live
	wait $live
	cp /tmp/live.log /out/pipes/live.log
	until_true 20 asks pipes /datasource/all_sources.json "$one | .\"kismet.datasource.running\" == 0"
	tcpdump -Z root -i mon2437 -y IEEE802_11_RADIO -U -c 40 -w - 2>/out/pipes/stdin.log |
		/opt/aerie/bin/aerie-cap-pcapfile --connect=127.0.0.1:3501 --tcp --disable-retry --source=-:name=stdin 2>>/out/pipes/stdin.log
	one='.[] | select(."kismet.datasource.name" == "stdin")'
	until_true 20 asks pipes /datasource/all_sources.json "$one | .\"kismet.datasource.running\" == 0"
	save pipes /datasource/all_sources.json sources.json
	save pipes /devices/all_devices.json devices.json
	say "pipes: done"
	stop_host pipes
}
pipes

if has_program linux-wifi; then
	fixed
	hop
	share
	remote
	iw dev >/out/iw.after
fi
kill "$(cat /tmp/talk.pid)"
say end
