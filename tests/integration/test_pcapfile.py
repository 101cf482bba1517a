#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""aerie-cap-pcapfile over its link. Expected packets come from a reader of pcap and pcapng in this file, counts of real
recordings from tshark's capinfos; frames are taken apart by capwire.py. Files of other tests' corpus (AERIE_CAPTURES) are
compared when they are there."""
import gzip
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from capwire import (CONFIGREPORT, CONFIGREQ, ERROR, LISTREPORT, LISTREQ, MESSAGE, OPENREPORT, OPENREQ, PACKET, PING, PONG,
                     PROBEREPORT, PROBEREQ, SHUTDOWN, Capture, encode)

PROGRAM = os.path.join(os.environ.get("AERIE_BUILD", "build"), "bin", "aerie-cap-pcapfile")
SOURCE = os.environ.get("AERIE_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
SAMPLE = os.path.join(SOURCE, "tests", "data", "lab-ch6.pcap")
CAPTURES = os.environ.get("AERIE_CAPTURES", "")
CONTENT_MAX = 16000


# --- A reader and a writer, independent of libpcap.

def read_pcap(data):
    for order in "<>":
        magic = struct.unpack(order + "I", data[:4])[0]
        if magic in (0xA1B2C3D4, 0xA1B23C4D):
            break
    else:
        return None
    divide = 1000 if magic == 0xA1B23C4D else 1
    at, out = 24, []
    limit = struct.unpack(order + "I", data[16:20])[0]  # of the header: libpcap cuts what is longer
    while at + 16 <= len(data):
        sec, frac, cap, orig = struct.unpack(order + "IIII", data[at:at + 16])
        if at + 16 + cap > len(data):
            break
        out.append((sec, frac // divide, orig, data[at + 16:at + 16 + min(cap, limit)]))
        at += 16 + cap
    return out


def read_pcapng(data):
    """Enhanced packets of microsecond interfaces; None where the file has something else."""
    if data[:4] != b"\x0a\x0d\x0d\x0a":
        return None
    order = "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    at, out = 0, []
    while at + 12 <= len(data):
        kind, length = struct.unpack(order + "II", data[at:at + 8])
        if kind == 1 and b"\x09\x00\x01\x00" in data[at + 16:at + length]:  # if_tsresol: other units
            return None
        if kind == 6:
            _, high, low, cap, orig = struct.unpack(order + "IIIII", data[at + 8:at + 28])
            stamp = high << 32 | low
            out.append((stamp // 1000000, stamp % 1000000, orig, data[at + 28:at + 28 + cap]))
        elif kind in (2, 3):
            return None
        at += length
    return out


def pcap(packets, order="<", nano=False, dlt=105):
    head = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 262144, dlt)
    return head + b"".join(struct.pack(order + "IIII", s, f, len(d), orig) + d for s, f, orig, d in packets)


def block(kind, body, order="<"):
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def pcapng(packets, interfaces, order="<"):
    """packets: (interface, sec, usec, original length, content); interfaces: link types."""
    out = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    for dlt in interfaces:
        out += block(1, struct.pack(order + "HHI", dlt, 0, 0), order)
    for i, s, u, orig, d in packets:
        stamp = s * 1000000 + u
        out += block(6, struct.pack(order + "IIIII", i, stamp >> 32, stamp & 0xFFFFFFFF, len(d), orig) + d, order)
    return out


def adler(data):
    a = b = 0
    for octet in data:
        a += octet
        b += a
    return ((a & 0xFFFF) + (b << 16)) & 0xFFFFFFFF


def packet_of(frame):
    block = frame.body[4]
    return block[2], block[3], block[4], block[6]


SOME = [(1700000000 + i, i * 1000, 10 + i, bytes([0x80, i, 0xFF]) * i) for i in range(5)]


class TestPcapfile(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="aerie-cap-")
        self.addCleanup(shutil.rmtree, self.dir)

    def write(self, name, data):
        path = os.path.join(self.dir, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def capture(self, *args):
        return Capture(PROGRAM, *args)

    def run_file(self, definition, status=0):
        """Opens, reads to the end: (open report, packets, other frames)."""
        with self.capture() as c:
            c.send(OPENREQ, {1: definition}, seqno=5)
            frames = c.frames()
            self.assertEqual(c.status(), status)
            self.assertEqual(frames[0].command, OPENREPORT)
            return (frames[0], [f for f in frames if f.command == PACKET],
                    [f for f in frames[1:] if f.command != PACKET])

    def check_packets(self, path, expected, dlt=105, definition=None):
        report, packets, other = self.run_file(definition or path)
        self.assertEqual(report.code, 1)
        self.assertEqual(report.body[2], dlt)
        self.assertEqual([packet_of(p) for p in packets], expected)
        self.assertTrue(all(p.body[4][1] == dlt for p in packets))
        self.assertEqual(other, [])

    # --- Frames

    def test_list_report_is_golden(self):
        with self.capture() as c:
            c.send(LISTREQ, seqno=0x01020304)
            frames = c.frames()
            self.assertEqual(c.status(), 0)
        version = frames[0].body[4].encode()
        # map of 3: 1 request u32, 4 version, 2 no interfaces; own number 2, code 0
        body = b"\x83\x01\xce\x01\x02\x03\x04\x04" + bytes([0xA0 + len(version)]) + version + b"\x02\x90"
        self.assertEqual([f.raw for f in frames],
                         [bytes.fromhex("decafbada9a90003") + struct.pack(">IHHI", len(body), LISTREPORT, 0, 2) + body])

    def test_probe_report_is_golden(self):
        path = self.write("a.pcap", pcap(SOME))
        with self.capture() as c:
            c.send(PROBEREQ, {1: path}, seqno=9)
            frames = c.frames()
            self.assertEqual(c.status(), 0)
        name = bytes([0xA0 + len(path)]) if len(path) < 32 else bytes([0xD9, len(path)])
        body = b"\x82\x01\xce\0\0\0\x09\x02\x82\x04" + name + path.encode() + b"\x03\xa8pcapfile"
        self.assertEqual([f.raw for f in frames],
                         [bytes.fromhex("decafbada9a90003") + struct.pack(">IHHI", len(body), PROBEREPORT, 1, 9) + body])

    def test_open_report_names_file_link_type_and_uuid(self):
        path = self.write("a.pcap", pcap(SOME, dlt=127))
        report, _, _ = self.run_file(path)
        self.assertEqual((report.code, report.seqno), (1, 5))
        uuid = "%08X-0000-0000-0000-0000%08X" % (adler(b"kismet_cap_pcapfile"), adler(path.encode()))
        self.assertEqual(report.body, {1: 5, 2: 127, 3: path, 7: "pcapfile", 8: uuid, 10: report.body[10]})

    def test_packet_report_is_golden(self):
        path = self.write("a.pcap", pcap([(0x61626364, 999999, 70000, b"\xd4\x00\xff")]))
        _, packets, _ = self.run_file(path)
        body = bytes.fromhex("8104" "85" "01ce00000069" "02cf0000000061626364" "03ce000f423f" "04ce00011170" "06c403d400ff")
        self.assertEqual(packets[0].raw, bytes.fromhex("decafbada9a90003") +
                         struct.pack(">IHHI", len(body), PACKET, 0, 2) + body)

    def test_pong_has_the_number_of_its_ping(self):
        path = self.write("a.pcap", pcap(SOME))
        with self.capture() as c:
            c.send_raw(encode(PING, seqno=0xFEDCBA98) + encode(PING, seqno=3))
            self.assertEqual([c.frame().raw.hex(), c.frame().raw.hex()],
                             ["decafbada9a90003" "00000000" "0003" "0000" "fedcba98",
                              "decafbada9a90003" "00000000" "0003" "0000" "00000003"])
            c.send(OPENREQ, {1: path})
            self.assertEqual(len(c.frames()), 1 + len(SOME))

    def test_version_2_ping_is_answered_in_version_3(self):
        path = self.write("a.pcap", pcap(SOME))
        with self.capture() as c:
            c.send_raw(struct.pack(">IHHI32sI", 0xDECAFBAD, 0xABCD, 2, 0, b"PING", 0))
            pong = c.frame()
            self.assertEqual((pong.command, pong.seqno), (PONG, 0))
            c.send(OPENREQ, {1: path})
            self.assertEqual(len(c.frames()), 1 + len(SOME))

    def test_sequence_numbers_are_one_more_each(self):
        _, packets, _ = self.run_file(SAMPLE)
        self.assertEqual([p.seqno for p in packets], list(range(2, 2 + len(packets))))

    # --- File formats

    def test_byte_orders_and_precisions(self):
        nano = [(s, f * 1000 + 7, o, d) for s, f, o, d in SOME]
        for order in "<>":
            self.check_packets(self.write("micro", pcap(SOME, order)), SOME)
            self.check_packets(self.write("nano", pcap(nano, order, nano=True)), SOME)

    def test_times_after_2038_are_those_of_the_file(self):
        packets = [(2**31, 1, 1, b"a"), (2**32 - 1, 999999, 1, b"b")]
        for order in "<>":
            self.check_packets(self.write("late", pcap(packets, order)), packets)

    def test_times_that_no_clock_has_are_passed_on(self):
        head = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        head += block(1, struct.pack("<HHIHHIHH", 105, 0, 0, 9, 1, 0, 0, 0))  # if_tsresol 0: seconds
        stamps = (5, 2**63 - 1, 2**64 - 2**40, 6)
        path = self.write("times", head + b"".join(block(6, struct.pack("<IIIII", 0, s >> 32, s & 0xFFFFFFFF, 1, 1) + b"a")
                                                   for s in stamps))
        for options in ("", ":realtime=true"):
            _, packets, _ = self.run_file(path + options)
            self.assertEqual([packet_of(p) for p in packets], [(s, 0, 1, b"a") for s in stamps])

    def test_pcapng_of_both_byte_orders_and_several_interfaces(self):
        packets = [(i % 2,) + p for i, p in enumerate(SOME)]
        for order in "<>":
            self.check_packets(self.write("ng", pcapng(packets, [105, 105], order)), SOME)

    def test_pcapng_with_two_link_types_ends_with_the_reason(self):
        packets = [(0,) + SOME[1], (0,) + SOME[2]]
        head = pcapng(packets, [105])
        second = block(1, struct.pack("<HHI", 127, 0, 0))
        path = self.write("ng", head + second)
        _, got, other = self.run_file(path, status=1)
        self.assertEqual([packet_of(p) for p in got], SOME[1:3])
        self.assertEqual([f.command for f in other], [ERROR])
        self.assertRegex(other[0].body[1], r"ng: corrupt after 2 packets: .*type")

    def test_gzip_is_told_by_magic(self):
        self.check_packets(self.write("no-suffix", gzip.compress(pcap(SOME))), SOME)
        self.check_packets(self.write("wrong.gz", pcap(SOME)), SOME)
        self.check_packets(self.write("two-members.gz", gzip.compress(pcap(SOME)[:30]) + gzip.compress(pcap(SOME)[30:])), SOME)

    def test_sample_equals_the_reader_and_capinfos(self):
        with open(SAMPLE, "rb") as f:
            expected = read_pcap(f.read())
        count = subprocess.run(["capinfos", "-T", "-r", "-c", "-M", SAMPLE], capture_output=True, text=True, check=False)
        if count.returncode == 0:
            self.assertEqual(int(count.stdout.split()[-1]), len(expected))
        self.check_packets(SAMPLE, expected, dlt=127)

    def test_recordings_equal_the_reader(self):
        if not os.path.isdir(CAPTURES):
            self.skipTest("no AERIE_CAPTURES")
        compared = 0
        for folder in ("lab", "wifi", "zigbee", "bluetooth"):
            for name in sorted(os.listdir(os.path.join(CAPTURES, folder))):
                path = os.path.join(CAPTURES, folder, name)
                if name.startswith("corrupt") or not name.endswith((".pcap", ".cap", ".pcapng")):
                    continue
                with open(path, "rb") as f:
                    data = f.read()
                expected = read_pcap(data)
                if expected is None:
                    expected = read_pcapng(data)
                if expected is None:
                    continue
                with self.subTest(name):
                    _, packets, _ = self.run_file(path)
                    self.assertEqual([packet_of(p) for p in packets],
                                     [(s, u, o, d[:CONTENT_MAX]) for s, u, o, d in expected])
                    compared += 1
        self.assertGreater(compared, 50)

    def test_zero_length_packet_is_passed_on(self):
        self.check_packets(self.write("zero", pcap([(1, 2, 3, b"")])), [(1, 2, 3, b"")])

    def test_long_packets_are_cut_and_told_once(self):
        long = bytes(range(256)) * 100
        path = self.write("long", pcap([(1, 2, len(long), long), (1, 3, 16000, long[:16000]), (1, 4, 70000, long)]))
        _, packets, other = self.run_file(path)
        self.assertEqual([packet_of(p) for p in packets],
                         [(1, 2, len(long), long[:16000]), (1, 3, 16000, long[:16000]), (1, 4, 70000, long[:16000])])
        self.assertEqual([(f.command, f.body[1]) for f in other], [(MESSAGE, 2)])
        self.assertIn("16000", other[0].body[2])

    # --- Files that end badly

    def test_truncated_file_gives_all_before_and_says_so(self):
        for cut in (1, 17):  # within the content, within the record's header
            path = self.write("cut.pcap", pcap(SOME)[:-cut])
            _, packets, other = self.run_file(path)
            self.assertEqual([packet_of(p) for p in packets], SOME[:4])
            self.assertEqual([(f.command, f.body[1]) for f in other], [(MESSAGE, 4)])
            self.assertRegex(other[0].body[2], r"cut\.pcap: truncated after 4 packets: ")

    def test_truncated_gzip_says_so(self):
        data = pcap([(i, 0, 500, os.urandom(500)) for i in range(100)])
        _, packets, other = self.run_file(self.write("cut.gz", gzip.compress(data)[:-2000]))
        self.assertGreater(len(packets), 80)
        self.assertEqual([(f.command, f.body[1]) for f in other], [(MESSAGE, 4)])
        self.assertRegex(other[0].body[2], rf"truncated after {len(packets)} packets: gzip: unexpected end of file$")

    def test_corrupt_record_gives_all_before_and_fails(self):
        data = pcap(SOME[1:3]) + struct.pack("<IIII", 1, 1, 0x7FFFFFFF, 5) + b"x" * 300000
        _, packets, other = self.run_file(self.write("bad.pcap", data), status=1)
        self.assertEqual([packet_of(p) for p in packets], SOME[1:3])
        self.assertEqual([(f.command, f.code, f.seqno) for f in other], [(ERROR, 1, 0)])
        self.assertRegex(other[0].body[1], r"bad\.pcap: corrupt after 2 packets: ")

    def test_host_that_ignores_errors_gets_a_message_as_well(self):
        data = pcap(SOME[:2]) + struct.pack("<IIII", 1, 1, 0x7FFFFFFF, 5) + b"x" * 300000
        path = self.write("bad.pcap", data)
        with self.capture() as c:
            c.send_raw(struct.pack(">IHHI32sI", 0xDECAFBAD, 0xABCD, 2, 0, b"PING", 0))
            c.send(OPENREQ, {1: path})
            self.assertEqual([f.command for f in c.frames()], [PONG, OPENREPORT, PACKET, PACKET, MESSAGE, ERROR])

    # --- What cannot be opened

    def test_open_errors_are_told(self):
        text = self.write("notes.txt", b"not packets\n" * 100)
        empty = self.write("empty", b"")
        bad_gzip = self.write("bad.gz", b"\x1f\x8b\x08\0garbage that is not deflate")
        path = self.write("a.pcap", pcap(SOME))
        fifo = os.path.join(self.dir, "fifo")
        os.mkfifo(fifo)
        for definition, reason in (
                (self.dir + "/none", r"^cannot open .*/none: No such file or directory$"),
                (text, r"notes\.txt is not a capture file: "),
                (empty, r"empty is not a capture file: "),
                (bad_gzip, r"bad\.gz is not a capture file: gzip: "),
                (self.dir, r"is not a capture file: it is a directory"),
                ("/dev/null", r"is not a capture file: it is neither a file nor a pipe"),
                (fifo, r"fifo: nobody wrote to it for 8 s; start what writes the capture first"),
                (f"{fifo}:loop=true", r"loop=true wants a file that can be read again"),
                (f"{path}:loop=maybe", r"loop=maybe is neither true nor false"),
                (":realtime=true", r"names no file"),
                (f"{path}:realtime", r"option=value"),
                (f'{path}:uuid="x', r"option=value"),
                (f"{path}:realtime=maybe", r"realtime=maybe is neither true nor false"),
                (f"{path}:pps=0", r"pps=0 is not a number"),
                (f"{path}:pps=-5", r"pps=-5 is not a number"),
                (f"{path}:pps=12x", r"pps=12x is not a number"),
                (f"{path}:pps=99999999999999", r"pps=99999999999999 is not a number"),
                (f"{path}:realtime=true,pps=5", r"exclude each other"),
                (f"{path}:uuid=123", r"uuid=123 is not a UUID")):
            with self.subTest(definition):
                report, packets, _ = self.run_file(definition, status=1)
                self.assertEqual((report.code, report.body[1], packets), (0, 5, []))
                self.assertRegex(report.body[9], reason)

    def test_unreadable_file_is_told(self):
        if os.geteuid() == 0:
            self.skipTest("root reads everything")
        path = self.write("a.pcap", pcap(SOME))
        os.chmod(path, 0)
        self.assertRegex(self.run_file(path, status=1)[0].body[9], "Permission denied")

    def test_probe_says_no_and_why(self):
        for definition, reason in (("wlan0", r"cannot open wlan0: No such file"), ("/etc/passwd", "is not a capture file")):
            with self.capture() as c:
                c.send(PROBEREQ, {1: definition}, seqno=3)
                (report,) = c.frames()
                self.assertEqual(c.status(), 0)
            self.assertEqual((report.command, report.code, report.body[1]), (PROBEREPORT, 0, 3))
            self.assertRegex(report.body[3], reason)

    # --- Pipes

    def test_named_pipe_is_read_as_it_comes(self):
        fifo = os.path.join(self.dir, "fifo")
        os.mkfifo(fifo)
        with self.capture() as c:
            c.send(PROBEREQ, {1: fifo})
            (report,) = c.frames()
            self.assertEqual((report.code, c.status()), (1, 0))
        with self.capture() as c:
            c.send(OPENREQ, {1: fifo})
            with open(fifo, "wb", buffering=0) as writer:
                writer.write(pcap(SOME[:1]))
                self.assertEqual(c.frame().command, OPENREPORT)
                whole = pcap(SOME)
                writer.write(whole[len(pcap(SOME[:1])):])
            frames = c.frames()
            self.assertEqual(c.status(), 0)
        self.assertEqual([packet_of(f) for f in frames], SOME)

    def test_what_came_through_a_pipe_goes_on_at_once(self):
        fifo = os.path.join(self.dir, "fifo")
        os.mkfifo(fifo)
        with self.capture() as c:
            c.send(OPENREQ, {1: fifo})
            with open(fifo, "wb", buffering=0) as writer:
                written = 0
                for n in range(1, len(SOME) + 1):  # the writer waits for what it has written, and never closes before the end
                    whole = pcap(SOME[:n])
                    writer.write(whole[written:-1])
                    writer.write(whole[-1:])
                    written = len(whole)
                    if n == 1:
                        self.assertEqual(c.frame().command, OPENREPORT)
                    self.assertEqual(packet_of(c.frame()), SOME[n - 1])
            self.assertEqual(c.frames(), [])
            self.assertEqual(c.status(), 0)

    def test_pipe_whose_writer_stops_within_the_header_is_given_up(self):
        fifo = os.path.join(self.dir, "fifo")
        os.mkfifo(fifo)
        with self.capture() as c:
            c.send(OPENREQ, {1: fifo})
            with open(fifo, "wb", buffering=0) as writer:
                writer.write(pcap([])[:10])
                report = c.frame(60)
            self.assertEqual((report.command, report.code), (OPENREPORT, 0))
            self.assertRegex(report.body[9], "Connection timed out")
            self.assertEqual(c.status(), 1)

    def test_standard_input_is_read(self):
        with open(self.write("a.pcap", pcap(SOME)), "rb") as stdin:
            with Capture(PROGRAM, stdin=stdin) as c:
                c.send(OPENREQ, {1: "-"})
                frames = c.frames()
                self.assertEqual(c.status(), 0)
        self.assertEqual([packet_of(f) for f in frames if f.command == PACKET], SOME)

    def test_compressed_octets_in_a_pipe_are_refused_with_the_reason(self):
        reading, writing = os.pipe()
        os.write(writing, gzip.compress(pcap(SOME)))
        os.close(writing)
        with os.fdopen(reading, "rb") as stdin, Capture(PROGRAM, stdin=stdin) as c:
            c.send(OPENREQ, {1: "-"})
            (report,) = c.frames()
            self.assertEqual((c.status(), report.code), (1, 0))
        self.assertRegex(report.body[9], "^- is not a capture file: .*; what comes through a pipe must be pcap or pcapng, and not compressed$")

    # --- Options

    def test_loop_starts_again_with_its_clock_moved_on(self):
        packets = [(100, 0, 1, b"a"), (102, 500000, 1, b"b")]
        with self.capture() as c:
            c.send(OPENREQ, {1: self.write("loop", pcap(packets)) + ":loop=true"})
            self.assertEqual(c.frame().command, OPENREPORT)
            got = [packet_of(c.frame()) for _ in range(5)]
        self.assertEqual(got, packets + [(103, 500000, 1, b"a"), (106, 0, 1, b"b"), (107, 0, 1, b"a")])

    def test_loop_over_no_packets_ends(self):
        _, packets, other = self.run_file(self.write("none", pcap([])) + ":loop=true")
        self.assertEqual((packets, other), ([], []))

    def test_uuid_option_wins(self):
        path = self.write("a.pcap", pcap(SOME))
        uuid = "01234567-89ab-cdef-0123-456789abcdef"
        self.assertEqual(self.run_file(f'{path}:name="a, b",uuid={uuid}')[0].body[8], uuid)

    def test_file_name_may_have_colons(self):
        path = self.write("a:b:c.pcap", pcap(SOME))
        self.check_packets(path, SOME)
        self.check_packets(path, SOME, definition=f"{path}:realtime=false")
        self.write("a:b", pcap([]))
        self.check_packets(path, SOME, definition=f"{path}:realtime=false")

    def timed(self, definition):
        with self.capture() as c:
            start = time.monotonic()
            c.send(OPENREQ, {1: definition})
            frames = c.frames()
            elapsed = time.monotonic() - start
            self.assertEqual(c.status(), 0)
            return [packet_of(f) for f in frames if f.command == PACKET], [f for f in frames if f.command == MESSAGE], elapsed

    def test_realtime_keeps_the_pace_of_the_recording(self):
        packets = [(100, 900000, 1, b"a"), (101, 0, 1, b"b"), (101, 150000, 1, b"c")]
        got, messages, elapsed = self.timed(self.write("rt", pcap(packets)) + ":realtime=true")
        self.assertEqual((got, messages), (packets, []))
        self.assertGreaterEqual(elapsed, 0.25)
        self.assertLess(elapsed, 5)

    def test_realtime_passes_steps_back_and_long_silences(self):
        packets = [(10**9, 0, 1, b"a"), (5, 0, 1, b"b"), (10**9, 0, 1, b"c"), (10**9, 50000, 1, b"d")]
        got, messages, elapsed = self.timed(self.write("rt", pcap(packets)) + ":realtime=true")
        self.assertEqual(got, packets)
        self.assertGreaterEqual(elapsed, 0.05)
        self.assertLess(elapsed, 10)
        self.assertEqual(len(messages), 1)
        self.assertRegex(messages[0].body[2], r"silences of more than 60 s, as before packet 3, are skipped")

    def test_realtime_of_two_radios_takes_the_time_of_one(self):
        packets = [(100 + radio, i * 1000, 1, b"a") for i in range(100) for radio in (1, 0)]  # the second is a second late
        got, messages, elapsed = self.timed(self.write("rt", pcap(packets)) + ":realtime=true")
        self.assertEqual((got, messages), (packets, []))
        self.assertGreaterEqual(elapsed, 0.099)

    def test_pps_keeps_a_steady_pace(self):
        packets = [(1, 0, 1, bytes([i])) for i in range(11)]
        got, _, elapsed = self.timed(self.write("pps", pcap(packets)) + ":pps=50")
        self.assertEqual(got, packets)
        self.assertGreaterEqual(elapsed, 0.2)
        self.assertLess(elapsed, 5)

    def test_realtime_sends_each_packet_when_it_is_due(self):
        packets = [(100, 0, 1, b"a"), (159, 0, 1, b"b")]
        with self.capture() as c:
            c.send(OPENREQ, {1: self.write("rt", pcap(packets)) + ":realtime=true"})
            self.assertEqual(c.frame().command, OPENREPORT)
            self.assertEqual(packet_of(c.frame()), packets[0])  # though the next comes in a minute
            c.close_in()
            self.assertEqual((c.frames(), c.status()), ([], 0))  # and closing does not wait for it

    @unittest.skipUnless(os.geteuid() == 0, "only root has something to give up")
    def test_privileges_are_given_up_once_the_file_is_open(self):
        path = self.write("rt", pcap([(100, 0, 1, b"a"), (150, 0, 1, b"b")])) + ":realtime=true"
        for options, left in (("", 0), (",loop=true", 1 << 2)):
            with self.capture() as c:
                c.send(OPENREQ, {1: path + options})
                self.assertEqual([c.frame().command, c.frame().command], [OPENREPORT, PACKET])
                for task in os.listdir(f"/proc/{c.proc.pid}/task"):
                    with open(f"/proc/{c.proc.pid}/task/{task}/status", encoding="ascii") as f:
                        status = dict(line.strip().split(":\t") for line in f if line.startswith(("Cap", "NoNewPrivs")))
                    for which in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
                        self.assertEqual(int(status[which], 16) & ~left, 0, which)
                    self.assertEqual(status["NoNewPrivs"], "1")

    # --- Back-pressure and the end of the link

    def big(self, n=40000):
        return [(i, i, 1000, struct.pack(">I", i) * 250) for i in range(n)]

    def test_ping_is_answered_while_the_reader_is_blocked(self):
        packets = self.big()
        path = self.write("big", pcap(packets))
        with self.capture() as c:
            c.send(OPENREQ, {1: path})
            c.pipe_is_full()
            for seqno in range(100, 110):
                c.send(PING, seqno=seqno)
            frames = c.frames(30)
            self.assertEqual(c.status(), 0)
        pongs = [i for i, f in enumerate(frames) if f.command == PONG]
        self.assertEqual([frames[i].seqno for i in pongs], list(range(100, 110)))
        self.assertLess(pongs[-1], len(frames) - 1000)  # not only at the end
        self.assertEqual([packet_of(f) for f in frames if f.command == PACKET], packets)

    def test_ping_supervision_counts_while_the_reader_is_blocked(self):
        path = self.write("big", pcap(self.big()))
        with self.capture() as c:
            c.send(OPENREQ, {1: path})
            c.pipe_is_full()
            time.sleep(0.2)
            self.assertIsNone(c.proc.poll())  # a host that does not read is no dead host
            c.close_in()
            self.assertEqual(c.status(), 0)  # a host that closed is

    def test_slow_reader_gets_every_packet(self):
        packets = self.big(8000)
        path = self.write("big", pcap(packets))
        with self.capture() as c:
            c.send(OPENREQ, {1: path})
            while not c.ended:  # odd sizes: frames are cut everywhere
                data = os.read(c.back, 4093)
                c.ended = not data
                c.buffer += data
            self.assertEqual([packet_of(f) for f in c.frames() if f.command == PACKET], packets)

    def test_end_of_in_fd_ends_the_program(self):
        with self.capture() as c:
            c.close_in()
            self.assertEqual((c.frames(), c.status(), c.stderr()), ([], 0, ""))

    def test_reports_are_flushed_although_the_host_has_closed_its_end(self):
        with self.capture() as c:
            c.send(LISTREQ, seqno=4)
            c.close_in()
            self.assertEqual([f.command for f in c.frames()], [LISTREPORT])
            self.assertEqual(c.status(), 0)

    def test_closed_out_fd_ends_the_program_without_a_signal(self):
        path = self.write("big", pcap(self.big()))
        with self.capture() as c:
            c.send(OPENREQ, {1: path})
            c.pipe_is_full()
            c.close_out()
            self.assertEqual((c.status(), c.stderr()), (0, ""))
        with self.capture() as c:  # also when there is nothing to write
            c.close_out()
            self.assertEqual((c.status(), c.stderr()), (0, ""))

    def test_shutdown_and_sigterm_end_the_program_in_order(self):
        path = self.write("rt", pcap([(100, 0, 1, b"a"), (150, 0, 1, b"b")])) + ":realtime=true"
        for end in (lambda c: c.send(SHUTDOWN, {1: "enough"}), lambda c: c.proc.send_signal(signal.SIGTERM)):
            with self.capture() as c:
                c.send(OPENREQ, {1: path})
                self.assertEqual([c.frame().command, c.frame().command], [OPENREPORT, PACKET])
                end(c)
                self.assertEqual((c.frames(), c.status()), ([], 0))

    # --- A host that does not keep to the protocol

    def broken(self, data, reason):
        with self.capture() as c:
            c.send_raw(data)
            frames = c.frames()
            self.assertEqual(c.status(), 1)
            self.assertEqual([(f.command, f.code) for f in frames], [(ERROR, 1)])
            self.assertRegex(frames[0].body[1], reason)
            self.assertRegex(c.stderr(), reason)

    def test_garbage_ends_the_link_with_the_reason(self):
        self.broken(b"GET / HTTP/1.1\r\n\r\n", "not a frame of the capture protocol")
        self.broken(struct.pack(">IHHIHHI", 0xDECAFBAD, 0xA9A9, 4, 0, PING, 1, 1), "version 4")
        self.broken(struct.pack(">IHHIHHI", 0xDECAFBAD, 0x1234, 3, 0, PING, 1, 1), "not a frame")
        self.broken(struct.pack(">IHHIHHI", 0xDECAFBAD, 0xA9A9, 3, 0xFFFFFFFF, PING, 1, 1), "too long: 4294967315")
        self.broken(struct.pack(">IHHIHHI", 0xDECAFBAD, 0xA9A9, 3, 65517, PING, 1, 1), "too long: 65537")
        self.broken(struct.pack(">IHHI32sI", 0xDECAFBAD, 0xABCD, 2, 0, b"KDSOPENSOURCE", 1), "version 2")

    def test_bad_msgpack_ends_the_link_with_the_reason(self):
        for body in (b"\xc1", b"\x81", b"\x81\x01", b"\x93\x01\x02\x03", b"\x81\x01\xdb\xff\xff\xff\xffx", b"\x81\x01\x05",
                     b"\xdf\xff\xff\xff\xff\x01", b"\x81\x02\xdd\xff\xff\xff\xff", b"\x81\x02" + b"\x91" * 5000, b""):
            with self.subTest(body[:10].hex()):
                self.broken(encode(OPENREQ, body), "command 12 from the host is not the msgpack map")

    def test_unknown_keys_and_nested_values_are_passed_over(self):
        path = self.write("a.pcap", pcap(SOME))
        with self.capture() as c:
            c.send(OPENREQ, {99: {"deep": [1, {2: [None, True, 1.5, -3, b"x"]}]}, 1: path, 2: 2**63}, seqno=5)
            self.assertEqual(len(c.frames()), 1 + len(SOME))

    def test_definition_that_is_missing_or_too_long_is_refused(self):
        for body, reason in (({2: "x"}, "missing"), ({1: "x" * 9000}, "too long"), ({1: "a\0b"}, "NUL")):
            with self.capture() as c:
                c.send(OPENREQ, body, seqno=6)
                (report,) = c.frames()
                self.assertEqual((report.command, report.code, report.body[1], c.status()), (OPENREPORT, 0, 6, 1))
                self.assertRegex(report.body[9], reason)

    def test_longest_definition_is_taken(self):
        with self.capture() as c:
            c.send(PROBEREQ, {1: "/" + "x" * 4095}, seqno=6)
            (report,) = c.frames()
            self.assertRegex(report.body[3], "the name is too long")

    def test_frame_in_single_octets_is_understood(self):
        path = self.write("a.pcap", pcap(SOME))
        with self.capture() as c:
            for octet in encode(OPENREQ, {1: path}, 5):
                c.send_raw(bytes([octet]))
            self.assertEqual(len(c.frames()), 1 + len(SOME))

    def test_frame_that_ends_with_the_link_is_ignored(self):
        with self.capture() as c:
            c.send_raw(encode(OPENREQ, {1: "x"})[:-1])
            c.close_in()
            self.assertEqual((c.frames(), c.status()), ([], 0))

    def test_unknown_commands_are_told_a_few_times_and_ignored(self):
        with self.capture() as c:
            for _ in range(50):
                c.send(77, {1: "what"})
            c.send(LISTREQ)
            frames = c.frames()
            self.assertEqual(c.status(), 0)
        self.assertEqual([f.command for f in frames], [MESSAGE] * 8 + [LISTREPORT])
        self.assertRegex(frames[0].body[2], "ignored a command 77")

    def test_configure_is_refused_with_the_reason(self):
        path = self.write("rt", pcap([(100, 0, 1, b"a"), (150, 0, 1, b"b")])) + ":realtime=true"
        with self.capture() as c:
            c.send(OPENREQ, {1: path}, seqno=1)
            c.send(CONFIGREQ, {1: "6"}, seqno=2)
            c.send(OPENREQ, {1: path}, seqno=3)
            c.send(PROBEREQ, {1: path}, seqno=4)
            c.send(LISTREQ, seqno=5)
            frames = [c.frame() for _ in range(6)]
            self.assertEqual([(f.command, f.code, f.seqno) for f in frames if f.command != PACKET],
                             [(OPENREPORT, 1, 1), (CONFIGREPORT, 0, 2), (OPENREPORT, 0, 3), (PROBEREPORT, 0, 4), (ERROR, 1, 5)])
            self.assertIn("no", [f for f in frames if f.command == CONFIGREPORT][0].body[4])
            self.assertIsNone(c.proc.poll())  # still running

    # --- Command line

    def run_args(self, *args):
        r = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=10, check=False)
        return r.returncode, r.stdout, r.stderr

    def test_command_line(self):
        for args, status, out, err in (
                (["--help"], 0, r"--in-fd=N", r"^$"), (["-h"], 0, r"pps=N", r"^$"),
                (["--version"], 0, r"^aerie-cap-pcapfile \d+\.\d+", r"^$"), (["-v"], 0, r"^aerie-cap-pcapfile", r"^$"),
                (["--list"], 2, r"^$", r"^pcapfile supported data sources:\n$"),
                ([], 2, r"^$", r"needs --in-fd=N and --out-fd=N"),
                (["--in-fd=0"], 2, r"^$", r"needs --in-fd=N and --out-fd=N"),
                (["--in-fd=x", "--out-fd=1"], 2, r"^$", r"--in-fd=x is not a descriptor"),
                (["--in-fd=0", "--out-fd=-1"], 2, r"^$", r"--out-fd=-1 is not a descriptor"),
                (["--in-fd=400", "--out-fd=401"], 2, r"^$", r"cannot use descriptors 400 and 401: Bad file descriptor"),
                (["--in-fd"], 2, r"^$", r"--in-fd needs a value"),
                (["--list=x"], 2, r"^$", r"--list takes no value"),
                (["--source="], 2, r"^$", r"--source needs a definition"),
                (["--connect", "h:1"], 2, r"^$", r"needs --source"),
                (["--source=/nowhere", "--connect=h:1", "--tcp"], 1, r"^$", r"cannot open /nowhere: No such file"),
                (["--nonsense"], 2, r"^$", r"ignored the unknown argument '--nonsense'")):
            with self.subTest(args):
                got = self.run_args(*args)
                self.assertEqual(got[0], status, got)
                self.assertRegex(got[1], out)
                self.assertRegex(got[2], err)


if __name__ == "__main__":
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"{PROGRAM} is not built")
    unittest.main()
