#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How a radio hops, as the kernel says, looked at a hundred times a second for some time.

usage: hops.py INTERFACE SECONDS RATE MHZ...: whether it hops at this rate (of a slow machine, four fifths of it will do) over these
frequencies in this order, beginning anywhere. Says what it saw; exit status 0 or 1."""
import socket
import sys
import time

from hwsim import NETLINK_GENERIC, family_of
from tuned import frequency


def main():
    interface, seconds, rate, order = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), [int(mhz) for mhz in sys.argv[4:]]
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    s.bind((0, 0))
    family, seen = family_of(s, b"nl80211"), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        mhz = frequency(s, family, interface)
        if mhz and (not seen or seen[-1] != mhz):
            seen.append(mhz)
        time.sleep(0.01)
    follows = dict(zip(order, order[1:] + order[:1]))
    hops, wrong = len(seen) - 1, sum(follows.get(a) != b for a, b in zip(seen, seen[1:]))
    print(f"{hops} hops in {seconds:g} s, {wrong} of them out of order: {seen}")
    # One more for the hop that lies on the edge; one in twenty may have been missed between two looks.
    good = 0.8 * rate * seconds <= hops <= rate * seconds + 1 and wrong <= hops / 20 and set(seen) == set(order)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
