#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a shell script inside a small virtual machine whose kernel has real Wi-Fi and Bluetooth stacks: Debian's own kernel
# under QEMU's software emulation, with mac80211_hwsim radios (nl80211, monitor mode, hostapd and wpa_supplicant all work on
# them) and /dev/vhci for BlueZ's emulated controllers. Needs no radio, no /dev/kvm and no root.
#
# The machine sees this one's /usr (so that every program here is one there), the build tree as /build and the folder tests as
# /tests, all read-only; what it leaves in /out is what comes back.
set -u
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
	cat <<-END
	usage: vm.sh [OPTION]... SCRIPT OUT [ARGUMENT...]

	  SCRIPT              run by sh as root inside, with these arguments; /lab/lib.sh has functions for it
	  OUT                 a folder, /out inside; OUT/vm.log has what the script printed
	  --build DIR         the build tree, /build inside (default: \$AERIE_BUILD, else build/ of this checkout)
	  --radios N          simulated Wi-Fi radios, wlan0.. (default 6)
	  --time-limit N      seconds until the machine is stopped (default 240)
	  --memory N          MiB (default 768)

	The kernel comes from the distribution's archive, once, into \$AERIE_LAB_CACHE (default ~/.cache/aerie-lab).
	Exit status: that of SCRIPT; 77 when there is no kernel to be had or a program is missing, 124 when the time was up,
	125 when the machine did not work.
	END
}

die() { # status, text
	printf 'lab: %s\n' "$2" >&2
	exit "$1"
}

build=${AERIE_BUILD:-$here/../../build} radios=6 limit=240 memory=768
while :; do
	case ${1:-} in
	--build) build=$2 && shift 2 ;;
	--radios) radios=$2 && shift 2 ;;
	--time-limit) limit=$2 && shift 2 ;;
	--memory) memory=$2 && shift 2 ;;
	-h | --help) usage && exit 0 ;;
	-*) usage >&2 && exit 125 ;;
	*) break ;;
	esac
done
[ $# -ge 2 ] || { usage >&2 && exit 125; }
script=$1 out=$2
shift 2
[ -r "$script" ] || die 125 "there is no script $script"
build=$(cd "$build" 2>/dev/null && pwd) || die 125 "there is no build tree; ./quickstart build makes one"
[ -x "$build/bin/aeried" ] || die 125 "$build has no bin/aeried; make -C build"
mkdir -p "$out" || exit 125
out=$(cd "$out" && pwd)
rm -f "$out"/vm.{rc,log}
cache=${AERIE_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aerie-lab}
PATH=$PATH:/usr/sbin:/sbin

for program in qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio depmod:kmod iw:iw ip:iproute2 hostapd:hostapd \
	wpa_supplicant:wpasupplicant tcpdump:tcpdump btvirt:bluez-test-tools btmgmt:bluez \
	curl:curl jq:jq setcap:libcap2-bin pgrep:procps; do
	command -v "${program%:*}" >/dev/null || die 77 "no ${program%:*} here; ./quickstart lab installs the package ${program#*:}"
done
case $(uname -m) in x86_64) ;; *) die 77 "only on x86_64: this is $(uname -m)" ;; esac
[ "$(readlink -f /bin)" = /usr/bin ] || die 77 "needs a system with everything below /usr"

# The kernel: unpacked in the cache, complete once `ready` is there.
fetch_kernel() {
	local package work

	work=$(mktemp -d "$cache/fetch.XXXXXX") || return 1
	package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
	if [ -z "$package" ] && [ "$(id -u)" = 0 ]; then
		apt-get -q update >"$work/log" 2>&1
		package=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
	fi
	[ -n "$package" ] || { echo "apt knows no linux-image-amd64" && rm -rf "$work" && return 1; }
	printf 'lab: fetching %s, once\n' "$package" >&2
	if (cd "$work" && timeout 300 apt-get -q -o APT::Sandbox::User=root download "$package" >>log 2>&1 && dpkg -x linux-image-*.deb kernel &&
		mv kernel/boot/vmlinuz-* kernel/vmlinuz && depmod -b kernel "$(ls kernel/lib/modules)") >>"$work/log" 2>&1; then
		rm -rf "$cache/kernel"
		touch "$work/kernel/ready"
		mv "$work/kernel" "$cache/kernel"
		rm -rf "$work"
		return 0
	fi
	tail -n 1 "$work/log"
	rm -rf "$work"
	return 1
}

mkdir -p "$cache" || die 77 "cannot make $cache"
exec 9>"$cache/lock"
flock 9 || die 125 "cannot lock $cache"
[ -e "$cache/kernel/ready" ] || why=$(fetch_kernel) || die 77 "no kernel package: $why"
flock -u 9
exec 9>&-
version=$(ls "$cache/kernel/lib/modules")

root=$(mktemp -d) || exit 125
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root"/{proc,sys,dev,tmp,run,var,etc/alternatives,root,usr,out,build,tests,kernel,opt,mods,bb,var/lib/aerie}
ln -s /run "$root/var/run"
ln -s tests/lab "$root/lab"
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
cp "$(readlink -f "$(command -v busybox)")" "$root/bb/busybox"
cp "$script" "$root/script"
cp -P /etc/alternatives/regulatory.db* "$root/etc/alternatives/" 2>/dev/null
printf 'root:x:0:0:root:/root:/bin/sh\naerie:x:1000:1000:aerie:/var/lib/aerie:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\naerie:x:1000:\n' >"$root/etc/group"
# Only what mounts the rest; everything else is loaded from there.
for module in 9p 9pnet_virtio virtio_pci; do
	modprobe -d "$cache/kernel" -S "$version" --show-depends "$module" 2>/dev/null
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$root/mods/list"
[ -s "$root/mods/list" ] || die 125 "the kernel in $cache is damaged; remove that folder"
while read -r module; do cp "$module" "$root/mods/"; done <"$root/mods/list"
sed -i 's,.*/,,' "$root/mods/list"
printf '%q ' "$@" >"$root/arguments"

cat >"$root/init" <<END
#!/bb/busybox sh
/bb/busybox --install -s /bb
export PATH=/usr/sbin:/usr/bin:/bb LC_ALL=C.UTF-8 HOME=/tmp
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts devpts /dev/pts; mount -t tmpfs -o mode=1777 shm /dev/shm
chmod 1777 /tmp; chown 1000:1000 /var/lib/aerie
for m in \$(cat /mods/list); do insmod /mods/\$m; done
share() { mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,\$2 \$1 /\$1 || echo "lab: no \$1"; }
for f in usr build tests kernel; do share \$f ro,cache=loose; done
share out rw,cache=none
printf '#!/bb/sh\nexec /usr/sbin/modprobe -d /kernel "\$@"\n' >/bb/kernel-modprobe
chmod +x /bb/kernel-modprobe
echo /bb/kernel-modprobe >/proc/sys/kernel/modprobe
modprobe() { /bb/kernel-modprobe "\$@"; }
{ modprobe mac80211_hwsim radios=$radios; modprobe hci_vhci; modprobe af_packet; ip link set lo up; } >/out/vm.log 2>&1
cd /tmp
/bin/sh /script $(cat "$root/arguments") >>/out/vm.log 2>&1
echo \$? >/out/vm.rc
sync
poweroff -f
END
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$root/../${root##*/}.gz" || die 125 "cannot pack the machine's first files"
trap 'rm -rf "$root" "$root.gz"' EXIT

share() { # name, folder, further options
	shares+=(-virtfs "local,path=$2,mount_tag=$1,id=$1,security_model=none,multidevs=remap$3")
}
shares=()
share usr /usr ,readonly=on
share build "$build" ,readonly=on
share tests "${here%/*}" ,readonly=on
share kernel "$cache/kernel" ,readonly=on
share out "$out" ''
# One processor: a second one that is emulated costs twice the computing, and gives little.
timeout --kill-after=5 "$limit" qemu-system-x86_64 -accel "${AERIE_LAB_ACCEL:-tcg}" -m "$memory" -display none -monitor none -no-reboot \
	-nic none -serial "file:$out/console.log" -kernel "$cache/kernel/vmlinuz" -initrd "$root.gz" \
	-append "console=ttyS0 quiet panic=-1 rdinit=/init" "${shares[@]}" >"$out/qemu.log" 2>&1
status=$?
case $status in 124 | 137) die 124 "stopped after $limit seconds; $out/vm.log shows how far it came" ;; esac
[ -s "$out/vm.rc" ] || die 125 "the machine ended early: $(cat "$out/qemu.log" "$out/console.log" 2>/dev/null | tail -n 3)"
exit "$(cat "$out/vm.rc")"
