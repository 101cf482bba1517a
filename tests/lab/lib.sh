# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Functions for scripts that vm.sh runs: radios, access points and clients, hosts and what they answer.
#
# A script leaves what it saw in /out and judges nothing: test_lab.py does that outside. What takes time is waited for, with a
# limit; going over the limit is noted, and the script goes on, so that one fault shows as one.

say() { printf '%s lab: %s\n' "$(cut -d' ' -f1 /proc/uptime)" "$*"; }

until_true() { # seconds, command...: its status, at the latest after these seconds
	_end=$(($(cut -d. -f1 /proc/uptime) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(cut -d. -f1 /proc/uptime)" -lt $_end ] || {
			say "gave up waiting for: $*"
			return 1
		}
		sleep 0.3
	done
}

# ---- radios

monitor() { # interface, MHz: listens there, as mon$MHz
	ip link set "$1" down
	iw dev "$1" set type monitor && ip link set "$1" name "mon$2" && ip link set "mon$2" up && iw dev "mon$2" set freq "$2"
}

ap() { # interface, ssid, channel, further lines of hostapd.conf...
	_conf=/tmp/$1.conf
	printf 'interface=%s\nssid=%s\nchannel=%s\nctrl_interface=/run/hostapd\ncountry_code=US\n' "$1" "$2" "$3" >"$_conf"
	_if=$1
	shift 3
	[ $# = 0 ] || printf '%s\n' "$@" >>"$_conf"
	hostapd -B "$_conf" || say "no access point on $_if"
}

station() { # interface, further lines of a network block...
	_conf=/tmp/$1.sta
	_if=$1
	shift
	{
		printf 'ctrl_interface=/run/wpa_supplicant\nnetwork={\n'
		printf ' %s\n' "$@"
		echo '}'
	} >"$_conf"
	wpa_supplicant -B -i "$_if" -c "$_conf"
}
connected() { wpa_cli -i "$1" status | grep -q '^wpa_state=COMPLETED'; }
# Under emulation an access point may answer too late for the first attempt (OWE then has two secrets): another one helps.
wait_connected() { # interface
	for _ in 1 2 3 4 5 6 7 8; do
		until_true 8 connected "$1" && return
		for _command in disconnect pmksa_flush reconnect; do wpa_cli -i "$1" $_command && sleep 1; done
	done
}

mesh() { # interface, mesh id, MHz
	ip link set "$1" down && iw dev "$1" set type mp && ip link set "$1" up && iw dev "$1" mesh join "$2" freq "$3"
}
adhoc() { # interface, ssid, MHz, BSSID
	ip link set "$1" down && iw dev "$1" set type ibss && ip link set "$1" up && iw dev "$1" ibss join "$2" "$3" fixed-freq "$4"
}
has_peer() { iw dev "$1" station dump | grep -q '^Station'; }

# ---- hosts

LAB_LOGIN="Authorization: Basic $(printf lab:lab | base64)"

# The host and its modules as an unprivileged user has them. Capture programs of radios are installed in one of the two ways
# that administrators use: `setuid` (the default): for the group of the host's user, set-user-id root; `setcap`: with the two
# capabilities that their manuals ask for.
install_aerie() {
	mkdir -p /opt/aerie/bin /opt/aerie/modules/.libs
	cp /build/bin/* /opt/aerie/bin/
	cp /build/modules/.libs/*.so /opt/aerie/modules/.libs/
	ls /build/.libs/*.so* >/dev/null 2>&1 && mkdir -p /opt/aerie/lib && cp -P /build/.libs/*.so* /opt/aerie/lib/
	for _program in /opt/aerie/bin/aerie-cap-*; do
		case $_program in *-pcapfile) continue ;; esac
		if [ "${1:-}" = setcap ]; then
			setcap cap_net_admin,cap_net_raw+ep "$_program"
		else
			chgrp aerie "$_program"
			chmod 4750 "$_program"
		fi
	done
}
has_program() { [ -e "/opt/aerie/bin/aerie-cap-$1" ]; }

# A machine of its own: the network namespace `sensor`, 10.30.0.2 on a cable to us, 10.30.0.1; these radios are moved into it.
sensor_up() { # interface...
	ip netns add sensor
	ip link add lan0 type veth peer name lan0 netns sensor
	ip addr add 10.30.0.1/24 dev lan0 && ip link set lan0 up
	ip -n sensor addr add 10.30.0.2/24 dev lan0 && ip -n sensor link set lan0 up
	ip -n sensor link set lo up
	for _if in "$@"; do iw phy "$(cat "/sys/class/net/$_if/phy80211/name")" set netns name sensor; done
}
on_sensor() { ip netns exec sensor "$@"; }

as_aerie() { exec setpriv --reuid aerie --regid aerie --init-groups --inh-caps=-all env HOME=/var/lib/aerie LD_LIBRARY_PATH=/opt/aerie/lib "$@"; }

# (as_aerie: in place of the shell that calls it)
# host NAME PORT ARGUMENT...: starts a host; its messages are in /out/NAME/log, its pid in /tmp/NAME.pid.
host() {
	_name=$1 _port=$2
	shift 2
	mkdir -p "/out/$_name"
	as_aerie /opt/aerie/bin/aeried --home "/var/lib/aerie/$_name" -p "$_port" -s httpd_username=lab -s httpd_password=lab \
		"$@" >"/out/$_name/log" 2>&1 &
	echo $! >"/tmp/$_name.pid"
	echo "$_port" >"/tmp/$_name.port"
	until_true 60 eval "! kill -0 $! || get $_name /system/timestamp.json"
}
stop_host() { # NAME: ends it, waits for the end, leaves its status in /out/NAME/rc
	_pid=$(cat "/tmp/$1.pid")
	kill "$_pid" 2>/dev/null
	until_true 15 eval "! kill -0 $_pid" || kill -9 "$_pid"
	wait "$_pid" 2>/dev/null
	echo $? >"/out/$1/rc"
}

# busybox's wget, because curl takes most of a second to start under emulation.
get() { # NAME, path: the answer on standard output; fails for an error
	timeout 30 /bb/wget -q -O - --header "$LAB_LOGIN" "http://127.0.0.1:$(cat "/tmp/$1.port")$2"
}
save() { # NAME, path, FILE: the answer into /out/NAME/FILE
	get "$1" "$2" >"/tmp/$1.answer" && mv "/tmp/$1.answer" "/out/$1/$3"
}
post() { # NAME, path, JSON, FILE: the answer into /out/NAME/FILE, its status into /out/NAME/FILE.status
	curl -sS --max-time 60 -u lab:lab -H 'Content-Type: application/json' -d "$3" -o "/out/$1/$4" -w '%{http_code}' \
		"http://127.0.0.1:$(cat "/tmp/$1.port")$2" >"/out/$1/$4.status"
}

asks() { # NAME, path, jq expression: whether it is true of the answer
	get "$1" "$2" >"/tmp/$1.asked" && jq -e "$3" "/tmp/$1.asked"
}
uuid_of() { # NAME, interface: the uuid of its source on this interface
	get "$1" /datasource/all_sources.json |
		jq -r ".[] | select(.\"kismet.datasource.interface\" == \"$2\") | .\"kismet.datasource.uuid\"" | head -n 1
}
# Where an interface is tuned to until it was seen on each of these, and for a second more: lines of MHz into /out/NAME/FILE.
tuned() { # NAME, FILE, interface, MHz...
	_file=/out/$1/$2
	shift 2
	python3 -S -E /lab/tuned.py "$@" >"$_file"
}
now_on() { iw dev "$1" info | grep -q "($2 MHz)"; } # interface, MHz
channel_of() { # NAME, uuid, JSON for set_channel, FILE
	post "$1" "/datasource/by-uuid/$2/set_channel.cmd" "$3" "$4"
}

# The capabilities and users of a host and of the programs it has started, or of these processes and their children: lines
# "program NAME" and those of /proc/PID/status.
privileges() { # NAME, FILE, PID...
	_name=$1 _file=$2
	shift 2
	[ $# -gt 0 ] || set -- "$(cat "/tmp/$_name.pid")"
	for _p in "$@" $(pgrep -P "$(echo "$@" | tr ' ' ,)"); do
		printf 'program %s\n' "$(basename "$(readlink "/proc/$_p/exe")")"
		grep -E '^(Uid|Gid|Cap[A-Z][a-z]+|NoNewPrivs):' "/proc/$_p/status"
	done >"/out/$_name/$_file"
}
