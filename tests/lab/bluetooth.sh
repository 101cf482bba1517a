# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Two emulated controllers that hear each other: hci1 advertises and answers inquiries, hci0 scans. test_bluetooth.py reads
# what this leaves in /out.
. /lab/lib.sh
program=${1:-/build/bin/aerie-cap-linux-bluetooth}
tap() { # NAME, arguments of hcitap.py
	_name=$1
	shift
	say "$_name: $1"
	# shellcheck disable=SC2086
	python3 /lab/hcitap.py $program "$1" "/out/$_name.json" "$2" "$3" $4
	hciconfig -a hci0 >"/out/$_name.hciconfig" 2>&1
}

# Another program on hci0, until it has said this; its input is held open, because it ends with that.
mgmt() { # FILE of /out, what it says at last, arguments...
	_file=$1 _last=$2
	shift 2
	mkfifo "/tmp/$_file.in"
	stdbuf -oL btmgmt --index 0 "$@" <"/tmp/$_file.in" >"/out/$_file" 2>&1 &
	_mgmt=$!
	exec 3>"/tmp/$_file.in"
	until_true 40 grep -q "$_last" "/out/$_file"
	exec 3>&-
	wait $_mgmt
}

say start
btmon -w /tmp/hci.btsnoop >/out/btmon.log 2>&1 &
btmon=$!
until_true 10 test -s /tmp/hci.btsnoop
# The kernel sets a new controller up, and switches it off again after two seconds in which nobody used it. Where the emulator
# is too slow to answer the first commands, the controller stays without that: then once more.
for _ in 1 2 3; do
	btvirt -l2 >/out/btvirt.log 2>&1 &
	btvirt=$!
	until_true 12 eval "hciconfig hci0 | grep -q 00:AA && hciconfig hci1 | grep -q 00:AA" && break
	kill $btvirt
	wait $btvirt
done
until_true 30 eval "! hciconfig hci0 | grep -q RUNNING && ! hciconfig hci1 | grep -q RUNNING"
$program --list 2>/out/list.txt
hciconfig hci1 up
hciconfig hci1 name lab-speaker
hciconfig hci1 class 0x240404
hciconfig hci1 piscan
le() { hcitool -i hci1 cmd 0x08 "$@"; } >/dev/null
# Extended advertising commands (Core 5.4 Vol 4 Part E 7.8.53 to 7.8.56): ADV_IND every 100 ms with the name lab-beacon, and a
# scan response with the appearance of a watch.
le 0x0036 01 13 00 a0 00 00 a0 00 00 07 00 00 00 00 00 00 00 00 00 7f 01 00 01 00 00
le 0x0037 01 03 01 0c 0b 09 6c 61 62 2d 62 65 61 63 6f 6e
le 0x0038 01 03 01 04 03 19 c0 00
le 0x0039 01 01 01 00 00 00
hciconfig -a >/out/before.hciconfig

# Packets: LE advertising report, inquiry result of any kind, inquiry complete, name.
tap probe "probe hci0" wait 5
tap both hci0:inquiry_length=2 term 40 "043e 0401 0407"
hciconfig hci0 up
tap le_active hci0:classic=false,active=true link 30 "043e"
hciconfig hci0 inqmode 0
hciconfig hci1 inqdata 0c096c61622d737065616b6572 # its complete name
tap classic hci0:le=false,inquiry_length=2,names=false term 30 "0401"
hciconfig hci0 inqmode >/out/classic.inqmode 2>&1
hciconfig hci0 inqmode 2 # as the kernel sets it
hciconfig hci1 inqdata 00
tap nobody hci9 wait 5
tap bad_option hci0:inquiry_length=99 wait 5

# Another program's discovery: alone, and in the middle; the management interface finds nothing before LE is on there.
mgmt le_on.txt complete le on
mgmt find.alone.txt 'discovering off' find
(
	until_true 40 test -e /out/shared.json.0401
	say "discovery begins"
	mgmt find.txt 'discovering off' find
	say "discovery ends"
) &
find=$!
(
	until_true 60 grep -q 'discovering on' /out/find.txt
	touch /tmp/discovering
) &
# Until our own scan, which does not ask to leave out duplicates, is switched on after that.
tap shared hci0:inquiry_length=4 term 70 "0401 @/tmp/discovering 014220060100"
wait $find
tap switched_off hci0:classic=false "hciconfig hci0 down" 10 "043e"

hciconfig hci0 down
say "host"
mkdir -p /out/host
install_aerie
host host 2501 -c hci0:inquiry_length=2
until_true 40 asks host /datasource/all_sources.json '.[0]."kismet.datasource.num_packets" > 20'
save host /datasource/all_sources.json sources.json
save host /datasource/list_interfaces.json interfaces.json
privileges host privileges
stop_host host
hciconfig -a hci0 >/out/host.hciconfig 2>&1
say "a host that is killed"
host killed 2501 -c hci0:inquiry_length=2
until_true 40 asks killed /datasource/all_sources.json '.[0]."kismet.datasource.num_packets" > 20'
kill -9 "$(cat /tmp/killed.pid)"
until_true 15 eval "hciconfig hci0 | grep -q DOWN"
hciconfig -a hci0 >/out/killed.hciconfig 2>&1
say "without privileges"
chmod 755 /opt/aerie/bin/aerie-cap-linux-bluetooth
host unprivileged 2501 -c hci0:type=linuxbluetooth,retry=false
until_true 20 grep -q 'needs CAP_' /out/unprivileged/log
stop_host unprivileged
setcap cap_net_raw+ep /opt/aerie/bin/aerie-cap-linux-bluetooth
host half_privileged 2501 -c hci0:type=linuxbluetooth,retry=false
until_true 20 grep -q 'needs CAP_' /out/half_privileged/log
stop_host half_privileged

# Other kinds of controllers: LE only, classic only.
btvirt -L -l1 >/out/btvirt.le.log 2>&1 &
le_virt=$!
until_true 20 eval "hciconfig hci2 | grep -q 00:AA"
tap le_only hci2:active=true term 20 040e04010c2000 # scan enabled
kill $le_virt
btvirt -B -l1 >/out/btvirt.classic.log 2>&1 &
classic_virt=$!
until_true 20 eval "hciconfig hci2 | grep -q 00:AA"
tap classic_only hci2:inquiry_length=1 term 12 0401
tap no_radio hci2:classic=false wait 5
kill $classic_virt

kill $btmon
tap removed hci0 "kill $btvirt" 20 "043e"
cp /tmp/hci.btsnoop /out/
say done
