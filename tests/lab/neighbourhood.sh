# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# The neighbourhood of air.sh, and hosts that listen to it. test_lab.py reads what this leaves in /out.
. /lab/lib.sh
. /lab/air.sh

say start
install_aerie
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
say "files are done"
