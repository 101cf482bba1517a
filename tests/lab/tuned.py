#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Where a radio is tuned to, as the kernel says, fifty times a second: lines of MHz.

usage: tuned.py INTERFACE MHZ...: until the radio was seen on each of these, at most 30 seconds; then for another second

NL80211_CMD_GET_INTERFACE, of include/uapi/linux/nl80211.h; what `iw dev INTERFACE info` asks, too, which takes ten times as long
to start in an emulated machine as a radio stays on a channel."""
import socket
import struct
import sys
import time

from hwsim import NETLINK_GENERIC, ask, attribute, family_of

CMD_GET_INTERFACE, ATTR_IFINDEX, ATTR_WIPHY_FREQ = 5, 3, 38


def frequency(s, family, interface):
    octets, at = ask(s, family, CMD_GET_INTERFACE, attribute(ATTR_IFINDEX, struct.pack("=I", socket.if_nametoindex(interface)))), 0
    while isinstance(octets, bytes) and at + 4 <= len(octets):
        length, number = struct.unpack_from("=HH", octets, at)
        if number == ATTR_WIPHY_FREQ:
            return struct.unpack_from("=I", octets, at + 4)[0]
        at += (length + 3) & ~3
    return None


def main():
    interface, missing = sys.argv[1], {int(mhz) for mhz in sys.argv[2:]}
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    s.bind((0, 0))
    family = family_of(s, b"nl80211")
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            mhz = frequency(s, family, interface)
        except OSError:  # no such interface now
            mhz = None
        if mhz:
            print(mhz)
        if mhz in missing:
            missing.discard(mhz)
            if not missing:
                end = time.monotonic() + 1
        time.sleep(0.02)


if __name__ == "__main__":
    main()
