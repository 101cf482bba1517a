#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Pulls out and plugs in simulated Wi-Fi radios (mac80211_hwsim), as one would a USB stick.

usage: hwsim.py del NUMBER      the radio with which wlanNUMBER began
       hwsim.py add ADDRESS     a new one with this address; its interface gets the first free name

Numbers are those of the kernel's drivers/net/wireless/virtual/mac80211_hwsim.h and include/uapi/linux/genetlink.h."""
import os
import socket
import struct
import sys

NETLINK_GENERIC, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 16, 3, 1, 2
NLMSG_ERROR, NLM_F_REQUEST, NLM_F_ACK = 2, 1, 4
NEW_RADIO, DEL_RADIO, ATTR_RADIO_ID, ATTR_PERM_ADDR = 4, 5, 10, 22


def attribute(number, octets):
    return struct.pack("=HH", len(octets) + 4, number) + octets + bytes(-len(octets) % 4)


def ask(s, family, command, octets):
    """The answer: the error number of an acknowledgement, or the octets of another message."""
    s.send(struct.pack("=IHHIIBBH", 20 + len(octets), family, NLM_F_REQUEST | NLM_F_ACK, 1, 0, command, 1, 0) + octets)
    message = s.recv(65536)
    if struct.unpack_from("=H", message, 4)[0] == NLMSG_ERROR:
        return struct.unpack_from("=i", message, 16)[0]
    s.recv(65536)  # the acknowledgement
    return message[20:]


def family_of(s, name):
    octets = ask(s, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, attribute(CTRL_ATTR_FAMILY_NAME, name + b"\0"))
    at = 0
    while isinstance(octets, bytes) and at + 4 <= len(octets):
        length, number = struct.unpack_from("=HH", octets, at)
        if number == CTRL_ATTR_FAMILY_ID:
            return struct.unpack_from("=H", octets, at + 4)[0]
        at += (length + 3) & ~3
    sys.exit("hwsim.py: the kernel has no " + name.decode())


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("add", "del"):
        sys.exit(__doc__)
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    s.bind((0, 0))
    family = family_of(s, b"MAC80211_HWSIM")
    if sys.argv[1] == "add":
        error = ask(s, family, NEW_RADIO, attribute(ATTR_PERM_ADDR, bytes.fromhex(sys.argv[2].replace(":", ""))))
    else:
        error = ask(s, family, DEL_RADIO, attribute(ATTR_RADIO_ID, struct.pack("=I", int(sys.argv[2]))))
    if error < 0:
        sys.exit("hwsim.py: %s" % os.strerror(-error))


if __name__ == "__main__":
    main()
