#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Lets the clients of the neighbourhood talk until it is ended: each asks for an address (ARP, RFC 826) twice a second.

usage: talk.py INTERFACE..."""
import socket
import struct
import sys
import time

ETH_P_ARP = 0x0806


def main():
    talkers = []
    for number, interface in enumerate(sys.argv[1:], 1):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.bind((interface, ETH_P_ARP))
        own, ip = s.getsockname()[4], bytes((10, 20, number, 2))
        request = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + own + ip + bytes(6) + ip[:3] + b"\x01"
        talkers.append((s, b"\xff" * 6 + own + struct.pack(">H", ETH_P_ARP) + request))
    while True:
        for s, frame in talkers:
            try:
                s.send(frame)
            except OSError:  # not connected just now
                pass
        time.sleep(0.5)


if __name__ == "__main__":
    main()
