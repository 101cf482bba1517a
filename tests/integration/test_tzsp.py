#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""TZSP: frames of a capture, wrapped as a sensor does, make the same devices as the capture read as a file. The wrapping follows
what tshark decodes (tshark -G values, tzsp.*)."""
import os
import socket
import struct
import subprocess
import time
import unittest

from host import BUILD, CAPTURE, Host, PATIENCE
from test_datasource_http import read_pcap

BEACON = bytes.fromhex("80000000ffffffffffff0211223344550211223344550000" + "00" * 8 + "640011000004666f6f62010482848b96030106")
SAME = ("macaddr", "type", "packets.total", "packets.data", "packets.error", "channel", "frequency", "crypt", "name", "datasize")


def tzsp(encapsulation, frame, fields=b"", kind=0):
    return struct.pack(">BBH", 1, kind, encapsulation) + fields + b"\x01" + frame


def identity(devices):
    return {d["kismet.device.base.key"]: {k: d.get("kismet.device.base." + k) for k in SAME} for d in devices}


def signals(devices):
    return {d["kismet.device.base.macaddr"]: tuple(d["kismet.device.base.signal"][f"kismet.common.signal.{k}_signal"] for k in ("last", "min", "max"))
            for d in devices if "kismet.device.base.signal" in d}


class Tzsp(unittest.TestCase):
    options = ""

    def setUp(self):
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sender.bind(("127.0.0.1", 0))
        spare = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        spare.bind(("127.0.0.1", 0))
        self.port = spare.getsockname()[1]
        spare.close()
        self.host = None

    def tearDown(self):
        self.sender.close()
        if self.host:
            self.host.end()

    def start(self, options="", bind="127.0.0.1"):
        self.host = Host("-c", f"tzsp:name=sensor,bind={bind},port={self.port}{options}", capture=None).ready(loaded=False)
        self.host.wait_for(r"source sensor \(tzsp\): opened, tzsp, DLT 105")

    def packets(self):
        source, = self.host.get("/datasource/all_sources.json")
        return source["kismet.datasource.num_packets"]

    def wait_for_packets(self, n):
        end = time.monotonic() + PATIENCE
        while self.packets() < n:
            self.assertLess(time.monotonic(), end, f"{self.packets()} of {n} packets")
            time.sleep(0.01)
        self.assertEqual(self.packets(), n)

    def send(self, datagrams, already=0):
        """UDP has no flow control: waits for each hundred, so that none is lost in the kernel."""
        for i in range(0, len(datagrams), 100):
            for d in datagrams[i:i + 100]:
                self.sender.sendto(d, ("127.0.0.1", self.port))
            self.wait_for_packets(already + min(i + 100, len(datagrams)))

    def devices(self):
        return self.host.get("/devices/all_devices.json")

    def file_devices(self):
        reading = Host()
        try:
            return reading.ready().get("/devices/all_devices.json")
        finally:
            reading.end()

    def test_frames_with_radiotap_make_the_devices_of_the_file(self):
        dlt, frames = read_pcap(CAPTURE)
        self.assertEqual(dlt, 127)
        self.start()
        self.send([tzsp(0x7E, data) for _, _, data in frames])
        expected, got = self.file_devices(), self.devices()
        self.assertGreater(len(expected), 5)
        self.assertEqual(identity(got), identity(expected))
        self.assertEqual(signals(got), signals(expected))

    def test_bare_frames_bring_signal_and_channel_in_their_fields(self):
        dlt, frames = read_pcap(CAPTURE)
        self.start()
        bare = []
        for _, _, data in frames:
            flags = struct.unpack_from("<I", data, 4)[0]
            frame = data[struct.unpack_from("<H", data, 2)[0]:]
            self.assertFalse(flags & 1 << 29)
            fields = b"\x0a\x01" + struct.pack("b", -52) + b"\x00\x12\x01\x06\x0c\x01\x16" + b"\x29\x02" + struct.pack(">H", len(frame))
            bare.append(tzsp(0x12, frame, fields))
        self.send(bare)
        expected, got = identity(self.file_devices()), identity(self.devices())
        self.assertEqual({k: (v["macaddr"], v["type"], v["packets.total"]) for k, v in got.items()},
                         {k: (v["macaddr"], v["type"], v["packets.total"]) for k, v in expected.items()})
        heard = signals(self.devices())
        self.assertTrue(heard)
        self.assertEqual(set(heard.values()), {(-52, -52, -52)})

    def test_what_is_no_frame_is_told_and_discarded(self):
        self.start()
        damaged = tzsp(0x12, BEACON, b"\x11\x01\x01")
        self.send([tzsp(0x12, BEACON)])
        for d in (tzsp(1, b"\xff" * 60), tzsp(1, b"\xff" * 60), damaged, b"", b"\x01", b"\x02\0\0\x12\x01" + BEACON, tzsp(0x12, b""),
                  struct.pack(">BBH", 1, 4, 0), struct.pack(">BBH", 1, 0, 0x12) + b"\x0a\xff\x00"):
            self.sender.sendto(d, ("127.0.0.1", self.port))
        self.send([tzsp(0x12, BEACON)], already=1)
        self.host.wait_for(r"not of a radio .* come in, are counted")
        self.host.wait_for(r"damaged frames .* come in")
        self.host.wait_for(r"malformed datagrams come in")
        self.assertEqual(len(self.devices()), 1)

    def test_damaged_frames_are_passed_on_when_asked_for(self):
        self.start(",fcsfail=true")
        self.send([tzsp(0x12, BEACON, b"\x11\x01\x01")])

    def test_only_the_one_sender_is_listened_to(self):
        self.start(",sender=127.0.0.2")
        self.sender.sendto(tzsp(0x12, BEACON), ("127.0.0.1", self.port))
        self.sender.close()
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sender.bind(("127.0.0.2", 0))
        self.send([tzsp(0x12, BEACON)])

    def test_a_definition_that_makes_no_sense_is_refused_with_the_reason(self):
        program = os.path.join(BUILD, "bin/aeried")
        for option, why in (("port=0", "port"), ("port=x", "port"), ("bind=nowhere", "bind=nowhere is no address"),
                            ("bind=127.0.0.1,sender=me", "sender=me is no address"), ("fcsfail=maybe", "fcsfail")):
            with self.subTest(option):
                port = "" if "port" in option else f",port={self.port}"
                self.host = None
                h = Host("-c", f"tzsp:{option}{port},retry=false", "--exit-when-done", capture=None)
                status, said = h.fail()
                self.assertNotEqual(status, 0)
                self.assertIn(why, said)
        self.assertTrue(os.path.exists(program))

    @unittest.skipUnless(os.geteuid() == 0, "only root has something to give up")
    def test_it_has_no_privileges_while_it_listens(self):
        self.start()
        source, = self.host.get("/datasource/all_sources.json")
        pid = source["kismet.datasource.ipc_pid"]
        self.assertGreater(pid, 1)
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as f:
                status = dict(line.strip().split(":\t") for line in f if line.startswith("Cap"))
            self.assertEqual({int(status[which], 16) for which in ("CapPrm", "CapEff", "CapInh", "CapAmb")}, {0})

    def test_the_program_says_what_it_is(self):
        said = subprocess.run([os.path.join(BUILD, "bin/aerie-cap-tzsp"), "--help"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(said.returncode, 0)
        self.assertIn("sender=ADDRESS", said.stdout + said.stderr)


if __name__ == "__main__":
    unittest.main()
