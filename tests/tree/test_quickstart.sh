#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ./quickstart on machines that are made up of stand-ins for dpkg-query, apt-get, apt-cache, sudo and id: finds what is
# missing, installs it as root or through sudo, and stops with the list on other distributions.
set -u
source=$(cd "${AERIE_SOURCE:-.}" && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
failed=0

stub() { # name, body
	printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# shellcheck disable=SC2016
machine() { # installed packages, packages apt knows before and after an update, user id
	printf '%s\n' $1 >"$work/installed"
	printf '%s\n' $2 >"$work/known"
	printf '%s\n' $3 >"$work/known-later"
	: >"$work/calls"
	printf 'ID=%s\nID_LIKE="%s"\n' "${5:-debian}" "${6:-}" >"$work/os-release"
	stub dpkg-query "sed 's/\$/ installed/' $work/installed"
	stub apt-cache "for last; do :; done; grep -qx \"\$last\" $work/known"
	stub apt-get "echo apt-get \"\$@\" >>$work/calls; case \"\$*\" in *update*) cp $work/known-later $work/known;; esac
		[ ! -e $work/apt-fails ] || { rm $work/apt-fails; exit 100; }"
	stub sudo "echo sudo >>$work/calls; exec \"\$@\""
	stub id "echo $4"
}

quickstart() { # arguments; leaves $status, $work/out, $work/calls
	QUICKSTART_OS_RELEASE=$work/os-release PATH=$work/bin:$PATH "$source/quickstart" "$@" >"$work/out" 2>&1
	status=$?
}

check() { # what, condition...
	local what=$1

	shift
	"$@" || {
		printf 'FAIL: %s\n' "$what"
		cat "$work/out" "$work/calls"
		failed=1
	}
}
said() { grep -qF -- "$1" "$work/out"; }
called() { grep -qF -- "$1" "$work/calls"; }
not() { ! "$@"; }

everything="gcc make libc6-dev autoconf automake libtool pkg-config libuv1-dev libmicrohttpd-dev libmsgpack-dev libjansson-dev libpcre2-dev
	libxxhash-dev libsodium-dev libpcap-dev zlib1g-dev ieee-data libwslay-dev libgnutls28-dev libnl-3-dev
	libnl-genl-3-dev libbluetooth-dev"
tests="g++ binutils libcriterion-dev tshark hcxtools jq curl python3 python3-msgpack python3-websockets python3-requests python3-websocket python3-hypothesis wget chromium openssl clang mandoc"
base="gcc make libc6-dev"

# The installation alone: a dry run stops before the build.
export QUICKSTART_DRY_RUN=1
machine "$everything" "" "" 0
quickstart build
check "nothing to do when all is there" [ "$status" = 0 ]
check "... and nothing said" [ ! -s "$work/out" ]

machine "$base" "$everything libmsgpack-c-dev" "" 0
quickstart build
check "a dry run succeeds" [ "$status" = 0 ]
check "what is missing is named" said "libuv1-dev libmicrohttpd-dev libmsgpack-c-dev libjansson-dev"
check "what is there is not installed" not said " gcc "
check "a dry run calls no apt-get" [ ! -s "$work/calls" ]
unset QUICKSTART_DRY_RUN

# From here on the installation runs (against the stand-ins), and then fails on purpose: no build is made here.
stop_after_install() { stub apt-get "echo apt-get \"\$@\" >>$work/calls; exit 100"; }

machine "$base" "$everything" "$everything" 0
stop_after_install
quickstart build
check "a failing installation is an error" [ "$status" = 1 ]
check "root needs no sudo" not called sudo
check "apt-get is told not to ask" called "apt-get -q -y --no-install-recommends install autoconf automake"
check "old lists are updated and tried again" [ "$(grep -c ' update' "$work/calls")" = 1 ]

machine "$base" "$everything" "$everything" 1000
stop_after_install
quickstart build
check "others go through sudo" called sudo

machine "$base" "" "$everything" 0
export QUICKSTART_DRY_RUN=1
quickstart build
check "lists that do not know a package are updated first" said "apt-get -q update"
machine "$everything" "$tests" "$tests" 0
quickstart test
check "tests need more" said "libcriterion-dev tshark hcxtools"
check "a package that may be absent is left out when it does not exist" not said "libclang-rt-dev"
machine "$everything" "$tests libclang-rt-dev" "" 0
quickstart test
check "... and taken where it exists" said "libclang-rt-dev"
machine "$everything" "qemu-system-x86 hostapd" "qemu-system-x86 hostapd" 0
quickstart lab
check "the lab needs more" said "qemu-system-x86 busybox-static cpio kmod iw iproute2 hostapd wpasupplicant tcpdump"
check "... and not what other tests need" not said "libcriterion-dev"
machine "$everything" "$tests" "$tests" 0
quickstart test
check "other tests go without the lab's where they do not exist" not said "qemu"
machine "$everything $tests" "qemu-system-x86 hostapd" "" 0
quickstart test
check "... and with it where they do" said "qemu-system-x86 hostapd"
machine "$base" "$everything" "" 0 ubuntu debian
quickstart build
check "relatives of Debian are Debian" [ "$status" = 0 ]
machine "$base" "" "" 0 fedora ""
quickstart build
check "another distribution stops with status 2" [ "$status" = 2 ]
check "... and the packages" said "libmicrohttpd-dev"

for arguments in "frobnicate" "build now" "no-such.pcap"; do
	machine "$everything" "" "" 0
	# shellcheck disable=SC2086
	quickstart $arguments
	check "bad usage ($arguments): status 2" [ "$status" = 2 ]
	check "bad usage ($arguments): usage" said "usage: ./quickstart"
	[ "$arguments" = "build now" ] || check "bad usage ($arguments): why" said "$arguments is neither a file nor a command"
done
# The host refuses modules that others than their owner may change, whatever the user's umask.
machine "$base" "$everything" "" 1000
stub id "umask >$work/umask; echo 1000"
(umask 002 && quickstart build)
check "what is built can be changed by its owner alone" [ "$(cat "$work/umask")" = 0022 ]

quickstart --help
check "help: status 0" [ "$status" = 0 ]
check "help: usage" said "./quickstart test"
exit $failed
