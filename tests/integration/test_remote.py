#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One host that reads a capture itself, and hosts that are fed the same capture by aerie-cap-pcapfile over TCP and WebSocket: they
must see the same devices and packets. And links that break."""
import os
import socket
import struct
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from host import BUILD, CAPTURE, Host

PROGRAM = os.path.join(BUILD, "bin", "aerie-cap-pcapfile")
LOGIN = ("tester", "pa-word")
PATIENCE = 60


def host(*settings, capture=None):
    args = ["-s", "remote_capture_port=0", "-s", "override_remote_timestamp=false"]
    for s in settings:
        args += ["-s", s]
    h = Host(*args, capture=capture, login=LOGIN)
    h.remote_port = int(h.wait_for(r"remote captures may connect to 127\.0\.0\.1 port (\d+)").group(1))
    return h.ready(loaded=capture is not None)


def feed(port, *args, source=CAPTURE):
    return subprocess.run([PROGRAM, f"--connect=127.0.0.1:{port}", f"--source={source}", "--disable-retry", *args],
                          capture_output=True, text=True, timeout=PATIENCE)


def devices(h):
    """What must be the same: packets of every device, by its address and PHY."""
    rows = h.get("/devices/last-time/0/devices.json")
    return {(r["kismet.device.base.phyname"], r["kismet.device.base.macaddr"]):
            (r["kismet.device.base.packets.total"], r["kismet.device.base.datasize"], r["kismet.device.base.first_time"])
            for r in rows}


def sources(h):
    return h.get("/datasource/all_sources.json")


def exactly(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise OSError("ended")
        data += more
    return data


class Cut(threading.Thread):
    """Passes octets on from a port to another, and cuts the first connection within the first frame after so many."""

    def __init__(self, port, after):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.target, self.after = port, after
        self.start()

    @staticmethod
    def pump(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def pump_frames(self, a, b):
        """What was sent arrives, seven octets of the last header with it; the rest ends when the host hangs up."""
        sent = 0
        while sent < self.after:
            header = exactly(a, 20)
            body = exactly(a, struct.unpack(">I", header[8:12])[0])
            b.sendall(header + body)
            sent += len(header) + len(body)
        b.sendall(exactly(a, 7))
        b.shutdown(socket.SHUT_WR)

    def run(self):
        first = True
        while True:
            a, _ = self.listener.accept()
            b = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self.pump, args=(b, a), daemon=True).start()
            if first:
                self.pump_frames(a, b)
            else:
                self.pump(a, b)
            first = False


class Remote(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.local = host(capture=CAPTURE)
        cls.expected = devices(cls.local)
        assert len(cls.expected) > 3, cls.expected

    @classmethod
    def tearDownClass(cls):
        cls.local.end()

    def check(self, h, packets=1460):
        h.wait_for(rf"done, {packets} packets")
        self.assertEqual(devices(h), self.expected)
        s, = sources(h)
        self.assertEqual(s["kismet.datasource.num_packets"], packets)
        self.assertEqual(s["kismet.datasource.remote"], 1)
        self.assertEqual(s["kismet.datasource.remote_ip"], "127.0.0.1")
        self.assertEqual(s["kismet.datasource.error"], 0)
        self.assertEqual(s["kismet.datasource.uuid"], sources(self.local)[0]["kismet.datasource.uuid"])

    def test_tcp(self):
        h = host()
        run = feed(h.remote_port, "--tcp")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.check(h)
        h.end()

    def test_websocket(self):
        h = host()
        run = feed(h.port, f"--user={LOGIN[0]}", f"--password={LOGIN[1]}")
        if run.returncode == 6:
            self.skipTest("the capture program was built without WebSocket")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.check(h)
        h.end()

    def test_websocket_needs_the_password(self):
        h = host()
        run = feed(h.port, f"--user={LOGIN[0]}", "--password=wrong")
        if run.returncode == 6:
            self.skipTest("the capture program was built without WebSocket")
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(sources(h), [])
        h.end()

    def test_a_link_that_is_cut_in_a_frame_is_restored_and_its_record_goes_on(self):
        h = host()
        proxy = Cut(h.remote_port, 100000)
        # At this speed it has not handed everything to the system before it hears of the cut.
        program = subprocess.Popen([PROGRAM, f"--connect=127.0.0.1:{proxy.port}", f"--source={CAPTURE}:pps=2000", "--tcp",
                                    "--retry-delay=1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            cut = int(h.wait_for(r"closed the connection, in the middle of a frame .* after (\d+) packets").group(1))
            self.assertGreater(cut, 0)
            h.wait_for(rf"done, {cut + 1460} packets")
            self.assertEqual(len(sources(h)), 1)
        finally:
            program.kill()
            program.wait()
        h.end()

    def test_garbage_of_every_length_is_refused_and_the_host_goes_on(self):
        h = host("remote_capture_connections_per_address=1000")
        header = struct.pack(">IHHIHHI", 0xDECAFBAD, 0xA9A9, 3, 0xFFFFFFFF, 19, 0, 1)
        for n in list(range(0, 40, 3)) + [len(header)]:
            s = socket.create_connection(("127.0.0.1", h.remote_port))
            s.sendall((header + b"\x81\x01\xc1" * 20)[:n])
            s.close()
        s = socket.create_connection(("127.0.0.1", h.remote_port))
        s.sendall(os.urandom(100000))
        s.close()
        run = feed(h.remote_port, "--tcp")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.check(h)
        h.end()


if __name__ == "__main__":
    unittest.main()
