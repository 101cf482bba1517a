#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Clients that mean harm, each beside one that does not: the host's memory stays bounded and the others are served meanwhile.

200,000 devices of synthetic air (tests/bench/gen_air.c); with sanitizers fewer, and no assertions on memory, which is theirs there."""
import json
import os
import random
import re
import resource
import socket
import subprocess
import tempfile
import time
import unittest

from host import BUILD, PATIENCE, Host, basic

ADMIN = basic("tester", "pa:ss wörd")
SANITIZED = bool(re.search("lib[at]san", subprocess.run(["ldd", os.path.join(BUILD, "bin/.libs/aeried") if
                           os.path.exists(os.path.join(BUILD, "bin/.libs/aeried")) else os.path.join(BUILD, "bin/aeried")],
                           capture_output=True, text=True, check=False).stdout))
DEVICES = int(os.environ.get("AERIE_HOSTILE_DEVICES", 10000 if SANITIZED else 200000))
IDLE = 1000
WAIT = 5 if SANITIZED else 0.5  # seconds, for one of a hundred requests; it takes a millisecond otherwise


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        cls.folder = tempfile.TemporaryDirectory()
        capture = os.path.join(cls.folder.name, "crowd.pcap")
        subprocess.run([os.path.join(BUILD, "tests/bench/gen_air"), "--devices", str(DEVICES), capture], check=True, stdout=subprocess.DEVNULL)
        cls.host = Host("-s", "httpd_connection_limit=1500", "-s", "httpd_connection_limit_per_address=1500", "-s", "httpd_timeout=20s",
                        capture=capture).ready()
        reply = cls.host.ask("/devices/summary/devices.json", "POST", json.dumps({"fields": ["kismet.device.base.key"]}),
                             {"Content-Type": "application/json"})
        cls.keys = [d["kismet.device.base.key"] for d in json.loads(reply.octets)]
        assert len(cls.keys) == DEVICES, len(cls.keys)

    @classmethod
    def tearDownClass(cls):
        cls.host.end()
        cls.folder.cleanup()

    def setUp(self):
        self.seconds_of(100)  # what it holds anyway
        self.before = self.host.resident_kib()

    def seconds_of(self, n):
        """The slowest but one percent of n by-key requests."""
        c, took = self.host.connect(), []
        for i in range(n):
            begun = time.monotonic()
            c.request("GET", f"/devices/by-key/{self.keys[i % len(self.keys)]}/device.json")
            reply = c.getresponse()
            self.assertEqual(reply.status, 200)
            self.assertEqual(json.loads(reply.read())["kismet.device.base.key"], self.keys[i % len(self.keys)])
            took.append(time.monotonic() - begun)
        c.close()
        return sorted(took)[-1 - n // 100]

    def others_are_served(self, what, mib, n=300):
        self.assertLess(self.seconds_of(n), WAIT, what)
        self.assert_memory(what, mib)

    def assert_memory(self, what, mib):
        grown = self.host.resident_kib() - self.before
        print(f"{what}: {grown} KiB more", flush=True)
        if not SANITIZED:
            self.assertLess(grown, mib * 1024, what)

    def open(self, octets=b"", buffer=0):
        s = socket.socket()
        if buffer:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        s.settimeout(PATIENCE)
        s.connect(("127.0.0.1", self.host.port))
        if octets:
            s.sendall(octets)
        return s

    def status_of(self, s):
        """Of the first answer; 0: closed without one."""
        answer = b""
        try:
            while len(answer) < 12 and (piece := s.recv(12 - len(answer))):
                answer += piece
        except ConnectionError:
            pass
        return int(answer[9:12]) if len(answer) == 12 else 0

    def test_a_thousand_idle_connections_and_half_requests(self):
        begin = [b"", b"G", b"GET /devices/all_devices.json HTTP/1.1\r\nHost: x\r\n", b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n{"]
        idle = [self.open(begin[i % len(begin)]) for i in range(IDLE)]
        self.others_are_served("1,000 connections that say nothing more", 100)
        for round_ in range(3):
            for i in range(0, IDLE, 4):
                idle[i + 2].sendall(b"X-%d: y\r\n" % round_)
                idle[i + 3].sendall(b"x")
            self.others_are_served("and some that say little", 110, 100)
        for s in idle:
            s.close()
        self.assertLess(self.seconds_of(100), WAIT)

    def test_readers_that_stop_in_the_middle_of_a_long_list(self):
        stopped = []
        for i in range(60):
            suffix = ("json", "ekjson", "msgpack")[i % 3]
            gzip = "Accept-Encoding: gzip\r\n" if i % 2 else ""
            s = self.open(f"GET /devices/last-time/-86400/devices.{suffix} HTTP/1.1\r\nHost: x\r\n{gzip}\r\n".encode(), buffer=4096)
            self.assertEqual(self.status_of(s), 200)
            stopped.append(s)
        # Each may hold a few pieces of 32 KiB, a piece of the list in the making, its compression, and what the kernel takes.
        self.others_are_served("60 readers that stopped", 40)
        for s in stopped[:30]:
            s.close()
        for s in stopped[30:]:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            s.close()
        self.assertLess(self.seconds_of(100), WAIT)

    def test_readers_of_a_few_octets_now_and_then(self):
        slow = [self.open(b"GET /devices/last-time/-86400/devices.json HTTP/1.1\r\nHost: x\r\n\r\n", buffer=4096) for _ in range(30)]
        for _ in range(20):
            for s in slow:
                self.assertTrue(s.recv(10))
            self.seconds_of(5)
        self.others_are_served("30 readers of 10 octets at a time", 30)
        for s in slow:
            s.close()

    def test_readers_that_stop_behind_commands_that_take_much_memory(self):
        body = b'{"x":[' + b",".join([b"{}"] * 99000) + b"]}"  # as a tree it takes some 25 MiB
        request = (b"POST /devices/all_devices.json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                   % len(body)) + body
        stopped = []
        for _ in range(40):
            stopped.append(self.open(request, buffer=4096))
            self.assertEqual(self.status_of(stopped[-1]), 200)
        self.others_are_served("40 readers that stopped behind large commands", 250)
        for s in stopped:
            s.close()

    def test_readers_that_stop_in_the_middle_of_a_page(self):
        stopped = []
        for _ in range(40):
            stopped.append(self.open(b"GET /devices/views/all/devices.prettyjson?size=500 HTTP/1.1\r\nHost: x\r\n\r\n", buffer=4096))
            self.assertEqual(self.status_of(stopped[-1]), 200)
        self.others_are_served("40 readers that stopped in a page of 12 MB", 40)
        for s in stopped:
            s.close()

    def test_ten_thousand_requests_of_random_octets(self):
        dice = random.Random(4)
        head = (b"POST /devices/summary/devices.json HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
                b"Connection: close\r\n\r\n%s")
        command = json.dumps({"fields": ["kismet.device.base.key"], "regex": [["kismet.device.base.macaddr", "^00"]], "length": 2, "start": 0}).encode()
        statuses = {}
        for i in range(10000):
            kind = i % 5
            if kind == 0:
                octets = dice.randbytes(dice.randrange(1, 600))
            elif kind == 1:
                octets = b"GET /" + bytes(dice.choice(b"abc/%.?&=:*;+-\\\"'<>{}[]019 \t\x00\x80\xff") for _ in range(dice.randrange(200))) + b" HTTP/1.1\r\nHost: x\r\n\r\n"
            else:
                body = bytearray((b"json=" if kind < 4 else b"msgpack=") + command)
                for _ in range(dice.randrange(1, 6)):
                    at = dice.randrange(5, len(body))
                    body[at:at + dice.randrange(3)] = dice.randbytes(dice.randrange(4))
                octets = head % (len(body), bytes(body))
            s = self.open(octets)
            if kind >= 2 and i % 10 < 7:
                status = self.status_of(s)
                statuses[status] = statuses.get(status, 0) + 1
            s.close()
            if i % 1000 == 999:
                self.assertLess(self.seconds_of(20), WAIT)
        print(statuses, flush=True)
        self.assertLessEqual(set(statuses), {0, 200, 400})
        self.assertGreater(statuses.get(400, 0), 500)
        self.others_are_served("10,000 requests of random octets", 64)

    def test_huge_commands_are_refused_early(self):
        for length in (b"Content-Length: 104857600\r\n", b"Transfer-Encoding: chunked\r\n"):
            s = self.open(b"POST /devices/summary/devices.json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + length + b"\r\n")
            piece = b" " * 65536 if b"Length" in length else b"10000\r\n" + b" " * 65536 + b"\r\n"
            sent = 0
            try:
                while sent < 104857600:
                    s.sendall(piece)
                    sent += 65536
            except OSError:
                pass
            s.close()
            # What is more than twice the limit is what lay in the buffers of the two sockets.
            self.assertLess(sent, 16 << 20, length)
        s = self.open(b"POST /devices/summary/devices.json HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n")
        self.assertEqual(self.status_of(s), 413)
        s.close()
        self.others_are_served("100 MB of command", 16)

    def test_deeply_nested_commands(self):
        deep, rows = 900000, []
        rows.append(("application/json", b"[" * deep))
        rows.append(("application/json", b'{"a":' * (deep // 5)))
        rows.append(("application/json", b'{"fields":' + b"[" * (deep // 2) + b"]" * (deep // 2) + b"}"))
        rows.append(("application/msgpack", b"\x91" * deep))
        rows.append(("application/msgpack", b"\x81\xa1a" * (deep // 3)))
        rows.append(("application/msgpack", b"\xdf\xff\xff\xff\xff"))
        rows.append(("application/msgpack", b"\x81\xa1a\xdd\xff\xff\xff\xff"))
        rows.append(("application/x-www-form-urlencoded", b"json=" + b"%5B" * (deep // 3)))
        rows.append(("application/x-www-form-urlencoded", b"a&" * (deep // 2)))
        rows.append(("application/x-www-form-urlencoded", b"msgpack=" + b"kZGR" * (deep // 4)))
        rows.append(("application/json", json.dumps({"regex": [["kismet.device.base.macaddr", "(" * 400000]]}).encode()))
        rows.append(("application/json", json.dumps({"fields": ["kismet.device.base.key"] * 30000}).encode()))
        for kind, body in rows:
            begun = time.monotonic()
            reply = self.host.ask("/devices/summary/devices.json", "POST", body, {"Content-Type": kind})
            self.assertIn(reply.status, (400, 413), (kind, body[:20], reply.octets[:200]))
            self.assertLess(time.monotonic() - begun, 10, body[:20])
        self.others_are_served("deeply nested commands", 64)

    def test_searches_that_find_nothing_keep_no_short_request_waiting(self):
        nothing = {"fields": ["kismet.device.base.key"], "regex": [["kismet.device.base.macaddr", "^ZZ"]]}
        body = json.dumps(nothing).encode()
        self.assertEqual(self.host.ask("/devices/summary/devices.json", "POST", body, {"Content-Type": "application/json"}).octets, b"[]")
        paths = (b"/devices/summary/devices.json", b"/devices/summary/devices.msgpack", b"/devices/last-time/-86400/%64evices.ekjson/",
                 b"/devices/views/all//devices.json")
        head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        searches = [(head % (path, len(body)) + body) * 20 for path in paths]
        asked = [self.open(searches[i % len(searches)]) for i in range(64)]
        for s in asked[:4]:
            self.assertEqual(self.status_of(s), 200)
        self.assertLess(self.seconds_of(1000), 5 if SANITIZED else 0.1)
        for s in asked:
            s.close()
        self.assert_memory("64 clients that search for nothing, 20 times", 64)

    def test_patterns_that_would_never_end(self):
        hard = {"fields": ["kismet.device.base.key"], "regex": [["kismet.device.base.macaddr", "^(([0-9A-F:]+)+)+$x"]], "length": 1}
        body = json.dumps(hard).encode()
        request = (b"POST /devices/summary/devices.json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(body)) + body
        asked = [self.open(request) for _ in range(8)]
        self.others_are_served("8 searches with a pattern that backtracks", 64, 100)
        for s in asked:
            s.close()


if __name__ == "__main__":
    unittest.main()
