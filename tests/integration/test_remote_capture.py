#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Capture programs that feed a host elsewhere: golden transcripts of every command in both directions, over TCP and over
WebSocket, and what happens when the other side fails. Bodies expected are put together by hand from the tables of the
protocol; the programs are the template of a radio (aerie-cap-demo) and aerie-cap-pcapfile."""
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from capwire import (CONFIGREPORT, CONFIGREQ, ERROR, LISTREPORT, LISTREQ, MESSAGE, OPENREPORT, OPENREQ, PACKET, PING, PONG,
                     PROBEREPORT, PROBEREQ, SHUTDOWN, encode)
from capwire import Frame as WebFrame
from remotewire import Link, Listener, WebLink, tls_context, wait_until_full

BUILD = os.environ.get("AERIE_BUILD", "build")
SOURCE = os.environ.get("AERIE_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
DEMO = os.path.join(BUILD, "tests", "bin", "aerie-cap-demo")
PCAPFILE = os.path.join(BUILD, "bin", "aerie-cap-pcapfile")
SAMPLE = os.path.join(SOURCE, "tests", "data", "lab-ch6.pcap")
NEWSOURCE = 19


def adler(data):
    a = b = 0
    for octet in data:
        a += octet
        b += a
    return ((a & 0xFFFF) + (b << 16)) & 0xFFFFFFFF


DEMO_UUID = f"{adler(b'aerie_cap_demo'):08X}-0000-0000-0000-000000000001"


def text(s):
    s = s.encode()
    assert len(s) < 256
    return (bytes([0xA0 | len(s)]) if len(s) < 32 else b"\xd9" + bytes([len(s)])) + s


def u32(v):
    return b"\xce" + struct.pack(">I", v)


def sample_packets():
    with open(SAMPLE, "rb") as f:
        data = f.read()
    at, out = 24, []
    while at + 16 <= len(data):
        n = struct.unpack("<I", data[at + 8:at + 12])[0]
        out.append(data[at + 16:at + 16 + n])
        at += 16 + n
    return out


class Program:
    def __init__(self, *args, env=None):
        self.proc = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                     start_new_session=True, env=env)

    def status(self, timeout=20):
        return self.proc.wait(timeout)

    def stop(self):
        if self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(5)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
        self.proc.stderr.close()

    def stderr(self):
        self.status()
        return self.proc.stderr.read().decode()


class Base(unittest.TestCase):
    def setUp(self):
        self.listener = Listener()
        self.addCleanup(self.listener.close)

    def program(self, *args, env=None):
        p = Program(*args, env=env)
        self.addCleanup(p.stop)
        return p

    def start(self, program, source, *args, retry=False):
        more = [] if retry else ["--disable-retry"]
        return self.program(program, f"--connect=127.0.0.1:{self.listener.port}", f"--source={source}", *self.transport, *more,
                            *args)

    def link(self):
        link = self.make_link(self.listener.accept())
        self.addCleanup(link.close)
        return link

    def opened(self, source, *args, program=DEMO, retry=False):
        p = self.start(program, source, *args, retry=retry)
        link = self.link()
        self.assertEqual(link.frame().command, NEWSOURCE)
        link.send(OPENREQ, {1: source}, 7)
        f = link.frame()
        self.assertEqual((f.command, f.code), (OPENREPORT, 1))
        return p, link

    def next_of(self, link, command):
        while (f := link.frame()) is not None:
            if f.command == command:
                return f
        self.fail(f"the link ended without a {command}")


class AllTransports:
    """What holds for every transport."""

    def test_every_command_of_a_life_is_golden(self):
        p = self.start(DEMO, "demo0:pps=1000,count=2")
        link = self.link()
        f = link.frame()
        self.assertEqual((f.command, f.code, f.seqno), (NEWSOURCE, 0, 2))
        self.assertEqual(f.raw[20:], b"\x83\x01" + text("demo0:pps=1000,count=2") + b"\x02" + text("demo") + b"\x03" + text(DEMO_UUID))
        link.send(PING, None, 0xFFFFFFFF)
        f = link.frame()
        self.assertEqual((f.raw.hex()), "decafbada9a900030000000000030000ffffffff")
        link.send(OPENREQ, {1: "demo0:pps=1000,count=2"}, 3)
        f = link.frame()
        self.assertEqual((f.command, f.code, f.seqno), (OPENREPORT, 1, 3))
        self.assertEqual(f.raw[20:], b"\x88\x01" + u32(3) + b"\x02" + u32(105) + b"\x03" + text("demo0") +
                         b"\x04\x94\xa11\xa16\xa211\xa236" + b"\x05\xa11" + b"\x07" + text("none") + b"\x08" + text(DEMO_UUID) +
                         b"\x0a" + text("1.0"))
        for seqno in (3, 4):
            f = link.frame()
            self.assertEqual((f.command, f.code, f.seqno), (PACKET, 0, seqno))
            stamp = f.body[4][2], f.body[4][3]
            self.assertLess(abs(time.time() - stamp[0]), 60)
            content = bytes.fromhex("80000000ffffffffffff020000000001020000000001000000000000000000006400010000") + b"\x04demo" + \
                bytes.fromhex("01018c030101")
            self.assertEqual(f.raw[20:], b"\x82\x02\x83\x01" + u32(-42 & 0xFFFFFFFF) + b"\x05\xcf" + struct.pack(">Q", 2412000) +
                             b"\x07\xa11\x04\x85\x01" + u32(105) + b"\x02\xcf" + struct.pack(">Q", stamp[0]) + b"\x03" +
                             u32(stamp[1]) + b"\x04" + u32(len(content)) + b"\x06\xc4" + bytes([len(content)]) + content)
        self.assertIsNone(link.frame())  # the capture is over
        link.close()
        self.assertEqual(p.status(), 0)

    def test_channel_and_hopping_are_golden(self):
        p, link = self.opened("demo0:pps=1")
        link.send(CONFIGREQ, {1: "36"}, 9)
        f = self.next_of(link, CONFIGREPORT)
        self.assertEqual((f.code, f.seqno, f.raw[20:]), (1, 9, b"\x82\x01" + u32(9) + b"\x02" + text("36")))
        link.send(CONFIGREQ, {1: "14"}, 10)
        f = self.next_of(link, CONFIGREPORT)
        self.assertEqual((f.code, f.seqno, f.raw[20:]), (0, 10, b"\x82\x01" + u32(10) + b"\x04" + text("demo0 has no channel 14")))
        link.send(CONFIGREQ, {2: {1: 20.0, 2: False, 4: 1, 5: ["1", "6", "11"]}}, 11)
        f = self.next_of(link, CONFIGREPORT)
        self.assertEqual((f.code, f.seqno, f.raw[20:]),
                         (1, 11, b"\x82\x01" + u32(11) + b"\x03\x86\x01\xca" + struct.pack(">f", 20) + b"\x02\xc2\x03\xcd\0\1\x04\xcd\0\1" +
                          b"\x06\xcc\1\x05\x93\xa11\xa16\xa211"))
        link.close()
        self.assertIn(p.status(), (0, 1))  # what it sent meanwhile was not read: the link is reset

    def test_hopped_channels_show_in_the_packets_signal_block(self):
        p, link = self.opened("demo0:pps=1000")
        link.send(CONFIGREQ, {2: {1: 5.0, 2: True, 3: 2, 4: 0, 5: ["1", "6", "11", "36"]}}, 11)
        f = self.next_of(link, CONFIGREPORT)
        self.assertEqual(f.body[3][3], 1)  # of 4 channels, steps of 2 share a divisor with it; 3 is n - 1
        # Which channel follows which: told by packets so close to each other that there was one hop between them. Hops are 0.2 s
        # apart, and no less than 0.1 s after one that was late, as all may be on a busy machine.
        follows, times, last, end = {}, [0, 0, 0], None, time.monotonic() + 60
        while len(follows) < 4 and time.monotonic() < end:
            body = self.next_of(link, PACKET).body
            times = [*times[1:], body[4][2] + body[4][3] / 1e6]
            channel = body[2][7]
            if last not in (None, channel) and times[2] - times[0] < 0.1:
                self.assertEqual(follows.setdefault(last, channel), channel)
            last = channel
        self.assertEqual(follows, {"1": "6", "6": "11", "11": "36", "36": "1"})

    def test_list_and_probe_are_answered(self):
        for command, body, report, expected in (
                (LISTREQ, None, LISTREPORT, b"\x83\x01" + u32(8) + b"\x04" + text("1.0") + b"\x02\x91\x82\x01" + text("demo0") +
                 b"\x03" + text("none")),
                (PROBEREQ, {1: "demo0"}, PROBEREPORT, b"\x82\x01" + u32(8) + b"\x02\x84\x04" + text("demo0") + b"\x03" + text("none") +
                 b"\x05\xa11\x06\x94\xa11\xa16\xa211\xa236"),
                (PROBEREQ, {1: "wlan0"}, PROBEREPORT, b"\x82\x01" + u32(8) + b"\x03\xd9\x31not a radio of this program: only demo0 is")):
            p = self.start(DEMO, "demo0")
            link = self.link()
            self.assertEqual(link.frame().command, NEWSOURCE)
            link.send(command, body, 8)
            f = link.frame()
            self.assertEqual(f.command, report)
            if body == {1: "wlan0"}:
                expected = b"\x82\x01" + u32(8) + b"\x03" + text("not a radio of this program: only demo0 is")
                self.assertEqual(f.code, 0)
            self.assertEqual(f.raw[20:], expected)
            self.assertIsNone(link.frame())
            link.close()
            self.assertEqual(p.status(), 0)

    def test_refusal_is_told_with_its_reason(self):
        for body, says in (({1: "no driver\x1b[2J\nhere"}, "the host refuses the source: no driver [2J here\n"), (None, "the host refuses the source\n"),
                           ({1: 5}, "the host refuses the source\n"), ({2: "x"}, "the host refuses the source\n")):
            p = self.start(DEMO, "demo0")
            link = self.link()
            self.assertEqual(link.frame().command, NEWSOURCE)
            link.send(SHUTDOWN, body, 1)
            self.assertIsNone(link.frame())
            link.close()
            self.assertEqual(p.status(), 1)
            self.assertEqual(p.stderr().split("aerie-cap-demo: ")[-1], says)
        p = self.start(DEMO, "demo0")
        link = self.link()
        link.frame()
        link.close()  # as hosts of the ecosystem do
        self.assertEqual(p.status(), 1)
        self.assertRegex(p.stderr(), r"the host hung up without opening the source: does it take the type demo\?\n$")
        p, link = self.opened("demo0")
        link.send(SHUTDOWN, {1: "enough"}, 9)
        while link.frame() is not None:
            pass
        link.close()
        self.assertEqual(p.status(), 0)
        self.assertIn("the host ends the source: enough\n", p.stderr())

    def test_unknown_command_is_a_message_and_garbage_an_error(self):
        p, link = self.opened("demo0:pps=1")
        link.send(99, {1: 2}, 4)
        f = self.next_of(link, MESSAGE)
        self.assertIn("command 99", f.body[2])
        link.send_raw(b"\0" * 40)
        f = self.next_of(link, ERROR)
        self.assertIn("not a frame", f.body[1])
        while link.frame() is not None:
            pass
        link.close()
        self.assertEqual(p.status(), 1)

    def test_failed_open_is_reported_and_ends(self):
        p = self.start(DEMO, "demo0")
        link = self.link()
        link.frame()
        link.send(OPENREQ, {1: "demo1"}, 3)
        f = link.frame()
        self.assertEqual((f.command, f.code), (OPENREPORT, 0))
        self.assertEqual(f.body[9], "there is no such radio")
        self.assertIsNone(link.frame())
        link.close()
        self.assertEqual(p.status(), 1)

    def test_options_of_the_template_are_taken_or_refused(self):
        uuid = "00000000-1111-2222-3333-44444444444A"
        for options, code, report in ((f"uuid={uuid}", 1, {8: uuid}), ("pps=0", 0, {9: "pps=0 is not a number of beacons a second from 1 to 1000000"}),
                                      ("count=x", 0, {9: "count=x is not a number of beacons from 1 to 1000000"})):
            self.start(DEMO, "demo0")
            link = self.link()
            link.frame()
            link.send(OPENREQ, {1: "demo0:" + options}, 3)
            f = link.frame()
            self.assertEqual((f.command, f.code), (OPENREPORT, code))
            self.assertEqual({k: f.body.get(k) for k in report}, report)
            link.close()

    def test_requests_in_pieces_are_put_together(self):
        p = self.start(DEMO, "demo0:pps=1")
        link = self.link()
        link.frame()
        raw = encode(OPENREQ, {1: "demo0:pps=1"}, 3)
        self.send_in_pieces(link, raw)
        self.assertEqual(link.frame().command, OPENREPORT)

    def test_all_packets_of_a_file_arrive_and_it_is_not_sent_again(self):
        p, link = self.opened(SAMPLE, program=PCAPFILE, retry=True)
        self.assertEqual([f.body[4][6] for f in link.frames() if f.command == PACKET], sample_packets())
        link.close()
        self.assertEqual(p.status(), 0)  # with retry: the capture has ended in order

    def test_slow_reader_is_waited_for_and_nothing_is_lost(self):
        size = 1500
        with tempfile.NamedTemporaryFile(suffix=".pcap") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 105))
            n = 20000  # 30 MB: more than socket and ring take
            for i in range(n):
                out.write(struct.pack("<IIII", 1, i, size, size) + struct.pack(">I", i) * (size // 4))
            out.flush()
            p, link = self.opened(out.name, program=PCAPFILE)
            link.send(PING, None, 1)
            wait_until_full(link.sock)
            self.assertIsNone(p.proc.poll())
            got = [f for f in link.frames(30)]
            packets = [f.body[4][6] for f in got if f.command == PACKET]
            self.assertEqual(len(packets), n)
            self.assertTrue(all(c == struct.pack(">I", i) * (size // 4) for i, c in enumerate(packets)))
            self.assertIn(PONG, [f.command for f in got])
            numbers = [f.seqno for f in got if f.command == PACKET]
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + n)))
            link.close()
            self.assertEqual(p.status(), 0)

    def test_file_that_was_sent_but_not_read_is_sent_again(self):
        p = self.start(PCAPFILE, SAMPLE, "--retry-delay=1", retry=True)
        link = self.link()
        self.assertEqual(link.frame().command, NEWSOURCE)
        link.send(OPENREQ, {1: SAMPLE}, 7)
        wait_until_full(link.sock, 1000)
        link.close()  # with the most of it unread
        link = self.link()
        self.assertEqual(link.frame().command, NEWSOURCE)
        link.send(OPENREQ, {1: SAMPLE}, 7)
        self.assertEqual([f.body[4][6] for f in link.frames() if f.command == PACKET], sample_packets())
        link.close()
        self.assertEqual(p.status(), 0)

    def test_fixed_location_goes_with_every_packet(self):
        for program, source in ((DEMO, "demo0:pps=1000,count=1"), (PCAPFILE, SAMPLE)):
            p, link = self.opened(source, "--fixed-gps=52.5,-13.25,34", program=program)
            f = self.next_of(link, PACKET)
            gps = f.body[1]
            self.assertLess(abs(gps.pop(8) - time.time()), 60)
            self.assertLess(gps.pop(9), 1000000)
            self.assertEqual(gps, {1: 52.5, 2: -13.25, 3: 34.0, 4: 3, 5: 0.0, 6: 0.0, 7: 0.0, 10: "remote-fixed", 11: "remote-fixed"})
            link.close()
            p.status()
        p, link = self.opened("demo0:pps=1000", "--fixed-gps", "1,2", "--gps-name", "roof")
        gps = self.next_of(link, PACKET).body[1]
        self.assertEqual((gps[1], gps[2], gps[3], gps[11]), (1.0, 2.0, 0.0, "roof"))

    def test_link_that_ends_is_made_again(self):
        p, link = self.opened("demo0:pps=1000", "--retry-delay=1", retry=True)
        self.next_of(link, PACKET)
        link.close()
        before = time.monotonic()
        link = self.link()
        self.assertGreater(time.monotonic() - before, 0.7)
        self.assertEqual(link.frame().body[3], DEMO_UUID)
        link.send(OPENREQ, {1: "demo0:pps=1000"}, 3)
        self.assertEqual(self.next_of(link, PACKET).body[4][1], 105)
        p.proc.terminate()
        self.assertEqual(p.status(), 0)
        while link.frame() is not None:  # the child has ended, too
            pass

    def test_host_that_hangs_up_at_each_stage_ends_the_program(self):
        def after_connect(link):
            pass

        def after_newsource(link):
            link.frame()

        def in_a_frame(link):
            link.frame()
            link.sock.sendall(self.pieces(encode(OPENREQ, {1: "demo0"}, 3))[:15])

        def after_open(link):
            link.frame()
            link.send(OPENREQ, {1: "demo0:pps=100000"}, 3)
            link.frame()

        def reset(link):
            after_open(link)
            link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        for stage in (after_connect, after_newsource, in_a_frame, after_open, reset):
            with self.subTest(stage.__name__):
                p = self.start(DEMO, "demo0")
                link = self.link()
                stage(link)
                link.close()
                self.assertIn(p.status(), (0, 1))

    def test_daemon_goes_to_the_background_and_works(self):
        p = self.start(DEMO, "demo0:pps=1000,count=3", "--daemonize")
        self.assertEqual(p.status(), 0)
        link = self.link()
        daemons = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    if f"--connect=127.0.0.1:{self.listener.port}".encode() in f.read().split(b"\0"):
                        daemons.append(int(pid))
                        self.assertEqual(os.getsid(int(pid)), daemons[0], "a session of its own")
                        self.assertEqual({os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)}, {"/dev/null"})
            except OSError:  # it has ended
                pass
        self.assertEqual(len(daemons), 1)
        self.assertEqual(link.frame().command, NEWSOURCE)
        link.send(OPENREQ, {1: "demo0:pps=1000,count=3"}, 3)
        self.assertEqual([f.command for f in link.frames()], [OPENREPORT, PACKET, PACKET, PACKET])

    def test_announcement_is_waited_for(self):
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        ours = "11111111-2222-3333-4444-55555555555A"

        def announcement(uuid, tag=0x4B49534D4554, version=1, ours_port=self.listener.port):
            return struct.pack(">QHIIQQ36s32s", tag, version, ours_port, ours_port, 5, 6, uuid.encode(), b"host")

        self.assertEqual(len(announcement(ours)), 102)
        p = self.program(DEMO, f"--autodetect={ours.lower()}", f"--autodetect-port={port}", "--source=demo0:pps=1", "--disable-retry",
                         *self.transport)
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        others = [announcement(ours)[:-1], announcement(ours) + b"x", announcement(ours, tag=1), announcement(ours, version=2),
                  announcement(ours, ours_port=0), announcement("0" * 36)]
        self.listener.socket.settimeout(0.2)
        end = time.monotonic() + 10
        sock = None
        while sock is None and time.monotonic() < end:
            for d in others:
                sender.sendto(d, ("127.0.0.1", port))
            if end - time.monotonic() < 9.3:  # what is none has been ignored until now
                sender.sendto(announcement(ours), ("127.0.0.1", port))
            try:
                sock = self.listener.accept(0.2)
                self.assertLess(end - time.monotonic(), 9.3)
            except socket.timeout:
                pass
        sock.settimeout(10)
        link = self.make_link(sock)
        self.addCleanup(link.close)
        self.assertEqual(link.frame().command, NEWSOURCE)


class TestTcp(Base, AllTransports):
    transport = ["--tcp"]

    def make_link(self, sock):
        return Link(sock)

    @staticmethod
    def pieces(raw):
        return raw

    @staticmethod
    def send_in_pieces(link, raw):
        link.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in raw:
            link.sock.sendall(bytes([octet]))

    def test_ipv6_is_connected_to(self):
        try:
            self.listener = Listener(socket.AF_INET6, "::1")
        except OSError as e:
            self.skipTest(f"no IPv6: {e}")
        self.addCleanup(self.listener.close)
        self.program(DEMO, f"--connect=[::1]:{self.listener.port}", "--tcp", "--source=demo0", "--disable-retry")
        self.assertEqual(self.link().frame().command, NEWSOURCE)

    def test_silent_host_is_given_up(self):
        p = self.start(DEMO, "demo0")
        link = self.link()
        link.frame()
        before = time.monotonic()
        self.assertEqual(p.status(30), 1)
        self.assertTrue(14 < time.monotonic() - before < 20)
        self.assertIn("no PING", p.stderr())

    def test_signals_that_it_was_started_to_ignore_do_not_end_it(self):
        for retry in (False, True):
            p = self.program("sh", "-c", "trap '' HUP INT; exec \"$@\"", "sh", DEMO, f"--connect=127.0.0.1:{self.listener.port}",
                             "--source=demo0:pps=1000", *self.transport, *([] if retry else ["--disable-retry"]))
            link = self.link()
            self.assertEqual(link.frame().command, NEWSOURCE)
            link.send(OPENREQ, {1: "demo0:pps=1000"}, 7)
            for sig in (signal.SIGHUP, signal.SIGINT):
                self.next_of(link, PACKET)
                os.killpg(p.proc.pid, sig)
            link.send(PING, seqno=8)  # what was sent before the signals came is no answer to it
            self.next_of(link, PONG)
            for seqno in range(9, 12):
                link.send(PING, seqno=seqno)
                self.assertEqual(self.next_of(link, PONG).seqno, seqno)
            os.killpg(p.proc.pid, signal.SIGTERM)
            while link.frame() is not None:
                pass
            link.close()
            self.assertEqual(p.status(), 0)

    def test_program_that_is_killed_takes_its_child_along(self):
        p, link = self.opened("demo0:pps=1000", retry=True)
        self.next_of(link, PACKET)
        p.proc.kill()
        p.status()
        while link.frame() is not None:
            pass


def have_websocket():
    out = subprocess.run([DEMO, "--help"], capture_output=True, check=True).stdout.decode()
    return "not in this build" not in out


@unittest.skipUnless(have_websocket(), "built without libwslay")
class TestWebSocket(Base, AllTransports):
    transport = []

    def make_link(self, sock):
        return WebLink(sock)

    @staticmethod
    def pieces(raw):
        return WebLink.message(raw)

    @staticmethod
    def send_in_pieces(link, raw):
        """In two frames of one message, with a ping between them, octet by octet."""
        link.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        message = WebLink.message(raw[:7], fin=False) + WebLink.message(b"hello", opcode=9) + WebLink.message(raw[7:], opcode=0)
        for octet in message:
            link.sock.sendall(bytes([octet]))

    def raw(self, *args, source="demo0"):
        p = self.start(DEMO, source, *args)
        link = WebLink(self.listener.accept(), answer=False)
        self.addCleanup(link.close)
        return p, link

    def test_upgrade_is_asked_for_as_the_host_wants_it(self):
        for args, path in (([], "/datasource/remote/remotesource.ws"),
                           (["--user=a&b", "--password=p/q r\u00e9%"],
                            "/datasource/remote/remotesource.ws?user=a%26b&password=p%2Fq%20r%C3%A9%25"),
                           (["--apikey=ABC"], "/datasource/remote/remotesource.ws?KISMET=ABC"),
                           (["--endpoint=/x.ws"], "/x.ws"), (["--endpoint", "x.ws?y=1", "--apikey=K"], "/x.ws?y=1&KISMET=K")):
            p, link = self.raw(*args)
            self.assertEqual(link.request, f"GET {path} HTTP/1.1")
            key = link.headers.pop("sec-websocket-key")
            self.assertEqual(len(key), 24)
            self.assertEqual(link.headers, {"host": f"127.0.0.1:{self.listener.port}", "upgrade": "websocket", "connection": "Upgrade",
                                            "sec-websocket-version": "13", "sec-websocket-protocol": "kismet-remote"})
            link.close()
            self.assertEqual(p.status(), 5)

    def test_password_and_key_come_from_a_file_or_the_environment(self):
        path = "/datasource/remote/remotesource.ws"
        with tempfile.TemporaryDirectory() as folder:
            secret = os.path.join(folder, "secret")
            with open(secret, "w", encoding="utf-8") as f:
                f.write("s&cret\r\nanother line\n")
            for args, variables, asked in (
                    (["--user=u", f"--password-file={secret}"], {}, "?user=u&password=s%26cret"),
                    (["--user=u", "--password-file", secret], {"AERIE_PASSWORD": "no"}, "?user=u&password=s%26cret"),
                    (["--user=u"], {"AERIE_PASSWORD": "x", "AERIE_APIKEY": "no"}, "?user=u&password=x"),
                    ([f"--apikey-file={secret}"], {}, "?KISMET=s%26cret"),
                    ([], {"AERIE_APIKEY": "K", "AERIE_PASSWORD": "no"}, "?KISMET=K"),
                    ([], {"AERIE_APIKEY": ""}, "")):
                p = self.program(DEMO, f"--connect=127.0.0.1:{self.listener.port}", "--source=demo0", "--disable-retry", *self.transport, *args,
                                 env={**os.environ, **variables})
                link = WebLink(self.listener.accept(), answer=False)
                self.assertEqual(link.request, f"GET {path}{asked} HTTP/1.1", args)
                link.close()
                self.assertEqual(p.status(), 5)

    def test_password_and_key_on_the_command_line_are_not_seen_by_others(self):
        for args in (["--user=u", "--password=s3cret"], ["--user=u", "--password", "s3cret"], ["--apikey=s3cret"]):
            p, link = self.raw(*args)
            self.assertIn("s3cret", link.request)
            with open(f"/proc/{p.proc.pid}/cmdline", "rb") as f:
                line = f.read()
            self.assertIn(b"--source=demo0", line)
            self.assertNotIn(b"s3cret", line)
            link.close()
            p.status()

    def test_refusals_say_what_to_do(self):
        for args, answer, says in (
                (["--user=u", "--password=wrong"], "401 Unauthorized", "refuses the login (HTTP 401): check --user"),
                ([], "401 Unauthorized", "wants a login (HTTP 401)"), (["--apikey=k"], "403 Forbidden", "check --user"),
                ([], "404 Not Found", "has no /datasource/remote/remotesource.ws (HTTP 404)"),
                ([], "503 Busy", "HTTP status 503")):
            p, link = self.raw(*args)
            link.sock.sendall(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
            self.assertEqual(p.status(), 5)
            self.assertIn(says, p.stderr())

    def test_wrong_answers_are_refused(self):
        good = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": None}
        for change, says in (({"Upgrade": "h2c"}, "Upgrade"), ({"Connection": "keep-alive, Upgraded"}, "Connection"),
                             ({"Sec-WebSocket-Accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "Sec-WebSocket-Accept"),
                             ({"Sec-WebSocket-Protocol": "chat"}, "Sec-WebSocket-Protocol"),
                             ({"Sec-WebSocket-Extensions": "permessage-deflate"}, "Sec-WebSocket-Extensions")):
            p, link = self.raw()
            headers = {**good, **change}
            headers["Sec-WebSocket-Accept"] = headers["Sec-WebSocket-Accept"] or link.accept_value()
            link.sock.sendall(("HTTP/1.1 101 x\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode())
            self.assertEqual(p.status(), 5)
            self.assertIn(f"the header {says} of the host's answer is wrong", p.stderr())
        for answer, says in ((b"SSH-2.0-x\r\n\r\n", "does not answer with HTTP"), (b"HTTP/1.1 101 x\r\n", "ended before"),
                             (b"HTTP/1.1 101 x\r\n" + b"A: b\r\n" * 2000, "too long"), (b"", "ended before")):
            p, link = self.raw()
            try:
                link.sock.sendall(answer)
                link.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it had read enough
            self.assertEqual(p.status(), 5)
            self.assertIn(says, p.stderr())

    def test_host_that_speaks_with_the_upgrade_is_heard(self):
        p, link = self.raw(source="demo0:pps=1")
        link.upgrade(WebLink.message(encode(PING, None, 5)))
        self.assertEqual(sorted([link.frame().command, link.frame().command]), [PONG, NEWSOURCE])

    def test_websocket_ping_is_answered_and_close_too(self):
        p, link = self.opened("demo0:pps=1000")
        link.sock.sendall(WebLink.message(b"are you there", opcode=9))
        while not link.controls:
            link.frame()
        self.assertEqual(link.controls, [(10, b"are you there")])
        link.sock.sendall(WebLink.message(b"\x03\xe8", opcode=8))
        while link.frame() is not None:
            pass
        self.assertEqual(link.controls[-1], (8, b"\x03\xe8"))
        link.close()
        self.assertIn(p.status(), (0, 1))

    def test_server_that_pings_and_reads_no_answer_ends_the_link(self):
        p, link = self.opened("demo0:pps=1")
        pings, sent = WebLink.message(b"x" * 125, opcode=9) * 1000, 0
        with self.assertRaises(OSError):
            while sent < 1 << 26:  # several times what both sockets hold
                sent += link.sock.send(pings)
        link.close()
        self.assertEqual(p.status(), 1)
        self.assertIn("cannot read from the host", p.stderr())

    def test_end_is_said_with_a_close(self):
        p, link = self.opened("demo0:pps=1000,count=1")
        while link.frame() is not None:
            pass
        self.assertEqual(link.controls, [(8, b"\x03\xe8")])
        link.close()
        self.assertEqual(p.status(), 0)

    def test_violations_end_the_link(self):
        for octets in (b"\x82\x85\0\0\0\0hello", b"\xf2\x00", b"\x83\x00", b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
                       WebLink.message(b"", opcode=8, fin=False), WebLink.message(b"x" * 70000)):
            p, link = self.opened("demo0:pps=1")
            try:
                link.sock.sendall(octets)
                while link.frame() is not None:
                    pass
            except OSError:  # it hung up, perhaps before all was sent; with TLS that is no ConnectionError
                pass
            link.close()
            self.assertEqual(p.status(), 1)

    def test_server_of_python3_websockets_understands(self):
        try:
            import asyncio
            import websockets
        except ImportError:
            self.skipTest("no python3-websockets")
        got = []

        async def handler(ws, *rest):
            async for message in ws:
                frame = WebFrame(message)
                got.append(frame.command)
                if frame.command == NEWSOURCE:
                    await ws.send(encode(OPENREQ, {1: SAMPLE}, 3))

        async def main():
            async with websockets.serve(handler, "127.0.0.1", 0, subprotocols=["kismet-remote"]) as server:
                port = server.sockets[0].getsockname()[1]
                proc = await asyncio.create_subprocess_exec(PCAPFILE, f"--connect=127.0.0.1:{port}", f"--source={SAMPLE}", "--disable-retry",
                                                            stderr=subprocess.DEVNULL)
                return await asyncio.wait_for(proc.wait(), 20)

        self.assertEqual(asyncio.run(main()), 0)
        self.assertEqual(got, [NEWSOURCE, OPENREPORT] + [PACKET] * len(sample_packets()))


def have_tls():
    return have_websocket() and subprocess.run([DEMO, "--connect=127.0.0.1:1", "--source=nothing", "--ssl"], capture_output=True,
                                               check=False).returncode == 1


@unittest.skipUnless(have_tls(), "built without libwslay or GnuTLS")
class TestTls(TestWebSocket):
    """All of the above, encrypted."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.key, cls.cert = (os.path.join(cls.folder.name, name) for name in ("key.pem", "cert.pem"))
        r = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", cls.key, "-out", cls.cert, "-days", "2",
                            "-subj", "/CN=aerie test", "-addext", "subjectAltName=IP:127.0.0.1"], capture_output=True, check=False)
        if r.returncode != 0:
            raise unittest.SkipTest("no openssl to make a certificate with")
        cls.transport = [f"--ssl-certificate={cls.cert}"]  # which is enough: the login must not go out in the clear
        cls.context = tls_context(cls.cert, cls.key)

    def setUp(self):
        super().setUp()
        plain = self.listener.accept

        def accept(timeout=10):
            return self.context.wrap_socket(plain(timeout), server_side=True)

        self.listener.accept = accept

    def test_server_of_python3_websockets_understands(self):
        self.skipTest("the same without TLS")

    def test_certificates_that_nobody_vouches_for_are_refused(self):
        other = os.path.join(self.folder.name, "other.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.devnull, "-out", other, "-days", "2",
                        "-subj", "/CN=other"], capture_output=True, check=True)
        for args, host, says in ((["--ssl"], "127.0.0.1", "NOT trusted"), (["--ssl", f"--ssl-certificate={other}"], "127.0.0.1", "NOT trusted"),
                                 (["--ssl", f"--ssl-certificate={self.cert}"], "localhost", "name"),
                                 (["--ssl", "--ssl-certificate=/dev/null"], "127.0.0.1", "cannot take certificates")):
            p = self.program(DEMO, f"--connect={host}:{self.listener.port}", "--source=demo0", "--disable-retry", *args)
            try:
                self.listener.accept().close()
            except OSError:  # the program hangs up
                pass
            self.assertEqual(p.status(), 5, args)
            said = p.stderr()
            self.assertIn(says, said)
            self.assertIn("from /dev/null" if says == "cannot take certificates" else "Name the authority with --ssl-certificate", said)

    def test_host_without_tls_is_told(self):
        p = self.start(DEMO, "demo0")
        sock, _ = self.listener.socket.accept()
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        self.assertEqual(p.status(), 5)
        self.assertRegex(p.stderr(), "no TLS with 127.0.0.1: .*leave out --ssl and --ssl-certificate")
        sock.close()


class TestCommandLine(Base):
    transport = []

    def check(self, args, status, says):
        p = self.program(*args)
        self.assertEqual(p.status(), status, args)
        self.assertIn(says, p.stderr())

    def test_statuses_and_reasons(self):
        free = Listener()
        free.close()
        to = f"--connect=127.0.0.1:{free.port}"
        for args, status, says in (
                (["--tcp", to], 2, "needs --source"),
                (["--tcp", "--connect=:1", "--source=demo0"], 2, "is not HOST:PORT"),
                (["--tcp", "--connect=[::1", "--source=demo0"], 2, "is not HOST:PORT"),
                (["--tcp", to, "--source=demo0", "--user=x"], 2, "go together"),
                (["--tcp", to, "--source=demo0", "--ssl"], 2, "neither login nor encryption"),
                (["--tcp", to, "--source=demo0", "--ssl-certificate=x"], 2, "neither login nor encryption"),
                (["--tcp", to, "--source=demo0", "--fixed-gps=91,0"], 2, "LATITUDE"),
                (["--tcp", to, "--source=demo0", "--fixed-gps=1"], 2, "LATITUDE"),
                (["--tcp", to, "--source=demo0", "--fixed-gps=1,2,3,4"], 2, "LATITUDE"),
                (["--tcp", to, "--source=demo0", "--fixed-gps=nan,2"], 2, "LATITUDE"),
                (["--tcp", to, "--source=demo0", "--retry-delay=0"], 2, "seconds"),
                (["--tcp", to, "--autodetect", "--source=demo0"], 2, "exclude each other"),
                (["--tcp", to, "--source=wlan0"], 1, "only demo0 is"),
                (["--tcp", to, "--source=demo0", "--disable-retry"], 4, "Connection refused"),
                (["--tcp", "--connect=no-such-host.invalid:1", "--source=demo0", "--disable-retry"], 4, "cannot find"),
                (["--list"], 2, "demo supported data sources:\n    demo0 (none)\n"),
                ([], 2, "--connect=HOST:PORT")):
            with self.subTest(args):
                self.check([DEMO, *args], status, says)

    def test_password_files_that_cannot_be_used_are_told(self):
        with tempfile.TemporaryDirectory() as folder:
            for content, says in ((None, "No such file or directory"), ("", "its first line is empty"), ("\nx\n", "its first line is empty"),
                                  ("x" * 1025, "its first line is too long")):
                path = os.path.join(folder, "secret")
                if content is not None:
                    with open(path, "w", encoding="ascii") as f:
                        f.write(content)
                self.check([DEMO, "--connect=127.0.0.1:1", "--source=demo0", "--user=u", f"--password-file={path}"], 2,
                           f"--password-file={path} cannot be used: {says}")
            self.check([DEMO, "--connect=127.0.0.1:1", "--source=demo0", f"--apikey-file={folder}"], 2, "Is a directory")

    @unittest.skipUnless(os.geteuid() == 0, "only root can make set-user-id programs")
    def test_set_user_id_program_reads_no_file_that_its_user_may_not(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o711)
            program, secret = os.path.join(folder, "cap"), os.path.join(folder, "secret")
            shutil.copy(DEMO, program)
            os.chmod(program, 0o4755)
            with open(secret, "w", encoding="ascii") as f:
                f.write("root's own\n")
            os.chmod(secret, 0o600)
            args = [program, f"--connect=127.0.0.1:{self.listener.port}", "--source=demo0", "--user=u", f"--password-file={secret}"]
            run = subprocess.run(args, user=65534, group=65534, extra_groups=[], capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn("cannot be used: Permission denied", run.stderr)

    def test_uuid_is_of_the_definition_the_probe_or_made_up(self):
        with tempfile.TemporaryDirectory() as folder:
            link = os.path.join(folder, "a.pcap")
            os.symlink(os.path.abspath(SAMPLE), link)
            uuid = f"{adler(b'kismet_cap_pcapfile'):08X}-0000-0000-0000-0000{adler(link.encode()):08X}"
            for source, expected in ((f"{link}:uuid=00000000-1111-2222-3333-444444444444", "00000000-1111-2222-3333-444444444444"),
                                     (link, uuid)):
                self.program(PCAPFILE, f"--host=127.0.0.1:{self.listener.port}", "--tcp", f"--source={source}", "--disable-retry")
                conn = Link(self.listener.accept())
                self.assertEqual(conn.frame().body, {1: source, 2: "pcapfile", 3: expected})
                conn.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
