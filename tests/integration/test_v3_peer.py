#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Programs of the ecosystem as they are, quirks and all (v3peer.py): a capture program that feeds our host over TCP, over WebSocket and
as its child, and a server that our capture programs feed."""
import json
import os
import stat
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

from host import BUILD, PATIENCE, SOURCE, Host, basic
from v3peer import (CONFIGREPORT, CONFIGREQ, FRAME_LIMIT, LISTREPORT, LISTREQ, OPENREPORT, OPENREQ, PACKET, PING, PROBEREPORT, PROBEREQ,
                    SHUTDOWN, Capture, Messages, Received, Server, Stream, array, boolean, f32, f64, frame, mapping, shortest, text, u8, u16, u32, u64)
from remotewire import Listener, WebLink
from wsclient import BINARY, Ended, Refused, WebSocket
from wsclient import frame as websocket_frame

LOGIN = ("sensor", "pa:ss&wörd")
QUERY = "user=sensor&password=pa%3Ass%26w%C3%B6rd"
PATH = "/datasource/remote/remotesource.ws"
CHANNELS = ["1", "6", "6HT40+", "11", "36VHT80"]
UUID = "5FE308BD-0000-0000-0000-00C0CAFE0001"
PEER = os.path.dirname(os.path.abspath(__file__))


def beacon(n):
    """Of 02:00:00:00:00:n, "peer" on channel 11."""
    address = bytes([2, 0, 0, 0, 0, n])
    return b"\x80\x00\x00\x00" + b"\xff" * 6 + address * 2 + b"\0\0" + struct.pack("<QHH", 1, 100, 1) + b"\x00\x04peer\x01\x01\x8c\x03\x01\x0b"


def mac(n):
    return f"02:00:00:00:00:{n:02X}"


def eventually(ask, wanted):
    """What ask() gives once wanted(it) holds."""
    end = time.monotonic() + PATIENCE
    while not wanted(got := ask()):
        assert time.monotonic() < end, got
        time.sleep(0.02)
    return got


def int8(v):
    return b"\xd0" + struct.pack(">b", v)


def int16(v):
    return b"\xd1" + struct.pack(">h", v)


def int32(v):
    return b"\xd2" + struct.pack(">i", v)


def int64(v):
    return b"\xd3" + struct.pack(">q", v)


class Feeds:
    """A capture program on another machine, whatever carries its frames."""

    settings = []

    @classmethod
    def setUpClass(cls):
        cls.host = Host("-s", "override_remote_timestamp=false", "-s", "remote_capture_connections_per_address=250", *cls.settings, capture=None,
                        login=LOGIN)
        cls.host.ready(loaded=False)
        cls.next = 1

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def program(self, definition=None, uuid="", kind="linuxwifi"):
        """Its NEWSOURCE is sent."""
        type(self).next += 1
        self.n = self.next
        uuid = f"5FE308BD-0000-0000-0000-00C0CAFE{self.n:04X}" if uuid == "" else uuid
        peer = Capture(self.stream(), definition or f"wlan{self.n}:name=peer{self.n}", kind, uuid)
        self.addCleanup(peer.stream.close)
        peer.newsource()
        return peer

    def opened(self, definition=None):
        """It is open and hops as it was told."""
        peer = self.program(definition)
        self.assertEqual(peer.expect(OPENREQ), {1: peer.definition})
        peer.openreport(127, capif=f"wlan{self.n}mon", channels=CHANNELS, channel="6", hardware="ath9k_htc")
        asked = peer.expect(CONFIGREQ)
        if 2 in asked:
            peer.hopping(asked[2][1], asked[2][2], 1, asked[2].get(4, 0), asked[2][5])
        else:
            peer.tuned(asked[1])
        return peer

    def source(self, peer):
        return self.host.get(f"/datasource/by-uuid/{peer.uuid}/source.json")

    def counted(self, peer, packets, errors=0):
        """Its record, once so many packets are in it, and exactly so many."""
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.num_packets"] >= packets)
        self.assertEqual((s["kismet.datasource.num_packets"], s["kismet.datasource.num_error_packets"]), (packets, errors))
        return s

    def device(self, n):
        found = eventually(lambda: self.host.get(f"/devices/by-mac/{mac(n)}/devices.json"), lambda d: d)
        self.assertEqual(len(found), 1)
        return found[0]

    def refused(self, peer, reason):
        """A frame that says why, and the end of the link."""
        try:
            while (f := Received(peer.stream.receive())).command == PING:
                pass
            self.assertEqual(f.command, SHUTDOWN)
            self.assertRegex(f.map()[1], reason)
            peer.stream.receive()
            self.fail("the link goes on")
        except (EOFError, Ended, ConnectionError):
            pass

    def test_source_is_what_its_reports_say(self):
        peer = self.opened()
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.hopping"] == 1)
        for name, value in (("running", 1), ("remote", 1), ("remote_ip", "127.0.0.1"), ("error", 0), ("definition", peer.definition),
                            ("capture_interface", f"wlan{self.n}mon"), ("hardware", "ath9k_htc"), ("dlt", 127), ("channels", CHANNELS),
                            ("hop_channels", CHANNELS), ("hop_rate", 5), ("hop_shuffle_skip", 1), ("uuid", peer.uuid),
                            ("datasource_version", "2025.09.0-abcdef1"), ("name", f"peer{self.n}")):
            self.assertEqual(s["kismet.datasource." + name], value, name)
        self.assertEqual(s["kismet.datasource.type_driver"]["kismet.datasource.driver.type"], "linuxwifi")

    def test_one_that_is_read_as_running_is_whole(self):
        connection = self.host.connect()
        self.addCleanup(connection.close)
        for _ in range(20):
            peer, s, end = self.program(), {}, time.monotonic() + PATIENCE
            peer.expect(OPENREQ)
            peer.openreport(127, capif="mon", channels=CHANNELS, channel="6", hardware="ath9k_htc")
            while not s.get("kismet.datasource.running"):  # as fast as it goes
                self.assertLess(time.monotonic(), end)
                connection.request("GET", f"/datasource/by-uuid/{peer.uuid}/source.json", headers=basic(*LOGIN))
                s = json.load(connection.getresponse())
            self.assertEqual([s["kismet.datasource." + k] for k in ("channels", "hop_channels", "channel", "dlt", "capture_interface", "error")],
                             [CHANNELS, CHANNELS, "6", 127, "mon", 0])

    def shown(self, peer, text):
        """How many lines of this source say so, and how many it was said were suppressed."""
        lines = [line for line in self.host.lines if f"source peer{peer.n} " in line]
        suppressed = [int(line.split(": ")[2].split()[0]) for line in lines if line.endswith("messages suppressed")]
        return sum(text in line for line in lines), sum(suppressed)

    def test_reports_without_end_do_not_fill_the_log(self):
        peer = self.opened()
        peer.n = self.n
        begun = time.monotonic()
        for _ in range(1000):
            peer.send(CONFIGREPORT, mapping((1, u32(0)), (4, text("no such channel"))), 0)
        shown, _ = eventually(lambda: self.shown(peer, "cannot be tuned: no such channel"), lambda n: sum(n) == 1000)
        self.assertLessEqual(shown, 20 * (time.monotonic() - begun + 2))
        self.assertEqual(self.source(peer)["kismet.datasource.warning"], "no such channel")

    def test_one_that_connects_in_a_loop_does_not_fill_the_log(self):
        begun = time.monotonic()
        uuid = f"5FE308BD-0000-0000-0000-00C0CAF1{self.next + 1:04X}"
        for _ in range(300):
            peer = self.program("wlan0:name=peer-loop", uuid)
            peer.expect(OPENREQ)
            peer.stream.close()
        peer.n = "-loop"
        shown, _ = self.shown(peer, "")
        self.assertLessEqual(shown, 21 * (time.monotonic() - begun + 2))
        self.assertGreater(shown, 0)
        peer = self.program("wlan0:name=peer-loop", uuid)
        peer.expect(OPENREQ)
        peer.openreport(127)
        eventually(lambda: self.source(peer)["kismet.datasource.running"], bool)

    def test_hopping_is_asked_for_with_the_members_that_programs_know(self):
        peer = self.program()
        peer.expect(OPENREQ)
        peer.openreport(127, channels=CHANNELS, channel="6")
        asked = peer.expect(CONFIGREQ)
        self.assertEqual(list(asked), [2])
        self.assertEqual(set(asked[2]), {1, 2, 4, 5})
        self.assertEqual((asked[2][1], asked[2][5]), (5.0, CHANNELS))

    def test_report_that_nobody_asked_for_overwrites_list_and_rate(self):
        peer = self.opened()
        peer.hopping(2.5, True, 3, 1, CHANNELS[:-1], seqno=0, message="Removed 1 channels from the channel list")
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.hop_channels"] == CHANNELS[:-1])
        self.assertEqual([s["kismet.datasource." + k] for k in ("hop_rate", "hop_shuffle", "hop_shuffle_skip", "hop_offset", "hopping", "channels")],
                         [2.5, 1, 3, 1, 1, CHANNELS])

    def test_fixed_channel_is_asked_for_and_reported(self):
        peer = self.opened(f"wlanf{self.next}:channel=11")
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.channel"] == "11")
        self.assertEqual(s["kismet.datasource.hopping"], 0)

    def set_channel(self, peer, body, answer):
        """The status and text of the reply, after answer(what the program was asked)."""
        connection = self.host.connect()
        self.addCleanup(connection.close)
        connection.request("POST", f"/datasource/by-uuid/{peer.uuid}/set_channel.cmd", body, {**basic(*LOGIN), "Content-Type": "application/json"})
        answer(peer.expect(CONFIGREQ))
        reply = connection.getresponse()
        return reply.status, reply.read().decode()

    def test_tuning_over_http_reaches_the_program(self):
        peer, asked = self.opened(), []
        eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.hopping"] == 1)
        status, said = self.set_channel(peer, '{"channel": "36VHT80"}', lambda a: (asked.append(a), peer.tuned("36VHT80")))
        self.assertEqual((status, asked), (200, [{1: "36VHT80"}]), said)
        self.assertEqual(self.source(peer)["kismet.datasource.channel"], "36VHT80")

    def test_refused_channel_is_reported_as_the_one_that_it_stays_on(self):
        # Theirs take a report of success that names another channel for what it says; so do programs that have it say no.
        peer = self.opened(f"wlanr{self.next}:channel=6")
        peer.message(4, f"{peer.uuid} cannot tune to channel 13")
        status, said = self.set_channel(peer, '{"channel": "13"}', lambda a: peer.tuned("6", message="cannot tune to channel 13"))
        self.assertEqual(status, 200, said)
        s = self.source(peer)
        self.assertEqual([s["kismet.datasource." + k] for k in ("channel", "hopping", "running", "error")], ["6", 0, 1, 0])

    def test_program_that_ends_over_a_list_it_refuses_comes_back_with_the_old_one(self):
        peer = self.opened()
        self.set_channel(peer, '{"channels": ["6", "11"], "rate": 2}', lambda a: peer.hopping(2, True, 1, 0, a[2][5]))
        status, said = self.set_channel(peer, '{"channels": ["99"]}', lambda a: (peer.tuned("6", 0, "none of the channels 99 can be tuned"),
                                                                                 peer.stream.close()))
        self.assertEqual(status, 500)
        self.assertIn("none of the channels 99 can be tuned", said)
        eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.error"] == 1)
        again = Capture(self.stream(), peer.definition, peer.kind, peer.uuid)
        self.addCleanup(again.stream.close)
        again.newsource()
        again.expect(OPENREQ)
        again.openreport(127, channels=CHANNELS, channel="6")
        asked = again.expect(CONFIGREQ)
        self.assertEqual((asked[2][1], asked[2][5]), (2.0, ["6", "11"]))

    def test_reports_of_a_program_that_is_not_written_in_c(self):
        # The text first and empty, integers as short as they go, and a hopping block that says no more than that it does not hop
        peer = self.program(f"tool{self.next}:device=/dev/ttyACM0,channel_hop=false")
        self.assertEqual(peer.expect(OPENREQ), {1: peer.definition})
        peer.message(2, f"{peer.uuid}: /dev/ttyACM0 opened")  # before it is open
        peer.send(OPENREPORT, mapping((9, text("")), (1, shortest(peer.request)), (2, shortest(127)), (10, text("tool-0.1.0")), (8, text(peer.uuid)),
                                      (3, text("/dev/ttyACM0")), (5, text("6")), (4, array(*map(text, CHANNELS))), (6, mapping((6, boolean(False))))),
                  1, peer.request)
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.running"] == 1)
        self.assertEqual([s["kismet.datasource." + k] for k in ("hopping", "channel", "channels", "capture_interface", "dlt", "datasource_version")],
                         [0, "6", CHANNELS, "/dev/ttyACM0", 127, "tool-0.1.0"])
        self.host.wait_for(rf"{peer.uuid}: /dev/ttyACM0 opened")
        hop = (5, array(text("1"), text("6"))), (1, f32(4)), (2, boolean(True)), (4, shortest(1)), (3, shortest(4)), (6, boolean(True))
        status, said = self.set_channel(peer, '{"channels": ["1", "6", "14"], "rate": 4}', lambda a: (
            peer.send(CONFIGREPORT, mapping((1, shortest(peer.request)), (3, mapping(*hop))), 1, peer.request),
            peer.message(4, "Removed 1 channels from the channel list because the source could not tune to them: 14")))
        self.assertEqual(status, 200, said)
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.hopping"] == 1)
        self.assertEqual([s["kismet.datasource." + k] for k in ("hop_channels", "hop_rate", "hop_shuffle_skip", "hop_offset", "running")],
                         [["1", "6"], 4, 4, 1, 1])

    def test_radios_with_other_channels_take_no_place_in_the_list(self):
        self.opened()
        peer = self.program(f"zigbee{self.next}")
        peer.expect(OPENREQ)
        peer.openreport(230, channels=[f"{self.n}a", f"{self.n}b", f"{self.n}c"])
        self.assertEqual(peer.expect(CONFIGREQ)[2].get(4, 0), 0)

    def test_packets_are_tracked_with_every_quirk(self):
        peer, now = self.opened(), int(time.time())
        plain = lambda n, **more: peer.content(105, now - n, 17, beacon(n), **more)
        # signal of two's complement in 32 bits, frequency, channel; zeros left out; location with key 10 twice
        peer.packet(plain(1), peer.signal(dbm=-42, khz=2462000, channel="11"), peer.gps(52.5, -13.25, 34, now, "roof"))
        peer.packet(plain(2))
        peer.packet(plain(3), peer.signal(rssi=77))
        peer.packet(plain(4, write=text))  # str instead of bin
        peer.packet(plain(5, length=1500))
        self.counted(peer, 5)
        d = self.device(1)
        self.assertEqual(d["kismet.device.base.signal"]["kismet.common.signal.last_signal"], -42)
        self.assertEqual(d["kismet.device.base.frequency"], 2462000)
        self.assertEqual((d["kismet.device.base.channel"], d["kismet.device.base.name"], d["kismet.device.base.type"]), ("11", "peer", "Wi-Fi AP"))
        self.assertEqual(d["kismet.device.base.first_time"], now - 1)
        for n in range(2, 6):
            d = self.device(n)
            self.assertEqual((d["kismet.device.base.packets.total"], d["kismet.device.base.first_time"]), (1, now - n), n)

    def test_integers_of_every_width_and_kind(self):
        peer, count = self.opened(), 0
        for write in (u64, int64, u32, int32, u16, int16, u8, int8, shortest):
            length = len(beacon(9))
            small = write(length)  # fits all of them
            body = mapping((1, write(105)), (2, u64(1700000000)), (3, write(99)), (4, small), (6, b"\xc6" + struct.pack(">I", length) + beacon(16 + count)))
            peer.packet(body)
            count += 1
        for write in (int8, int16, int32, int64, lambda v: struct.pack(">b", v), lambda v: u32(v & 0xFFFFFFFF)):
            v = -30
            peer.packet(peer.content(105, 1700000000, 99, beacon(16 + count)), mapping((1, write(v)), (5, u64(2462000))))
            count += 1
        # keys wider than they need be, and maps and arrays in their long form
        long_map = lambda *pairs: b"\xdf" + struct.pack(">I", len(pairs)) + b"".join(pairs)
        peer.send(PACKET, long_map(u64(4) + long_map(u16(1) + u8(105), u32(2) + u32(1700000000), u8(3) + u8(1), u64(6) + b"\xc5" +
                                                     struct.pack(">H", len(beacon(1))) + beacon(16 + count))))
        count += 1
        self.counted(peer, count)
        for n in range(count):
            d = self.device(16 + n)
            self.assertEqual((d["kismet.device.base.first_time"], d["kismet.device.base.packets.total"]), (1700000000, 1), n)
            if 9 <= n < 15:
                self.assertEqual(d["kismet.device.base.signal"]["kismet.common.signal.last_signal"], -30, n)

    def test_keys_and_commands_of_other_days_are_passed_over(self):
        peer = self.opened()
        peer.send(1, mapping((1, text("subsystem"))))
        peer.send(32, mapping((1, array(text("DOT11_NEW")))))
        peer.send(34, mapping((1, text("X")), (2, text("{}"))))
        peer.send(64, mapping((1, text("/x")), (2, text("GET"))))
        peer.send(68)
        peer.send(60000, b"\xc1\xc1")
        strange = array(mapping((1, text("deep")), (2, array(f32(1), f64(2), boolean(True), b"\xc0", b"\xd4\x01\x02", int8(-3)))))
        peer.send(PACKET, mapping((3, strange), (77, strange), (4, mapping((1, u32(105)), (2, u64(1)), (5, strange), (200, strange), (6, b"\xc4\x3c" +
                                                                           (beacon(60) + bytes(99))[:60])))))
        s = self.counted(peer, 1)
        self.assertEqual(s["kismet.datasource.running"], 1)
        self.device(60)

    def test_bodies_that_are_none_are_counted_and_the_link_goes_on(self):
        peer = self.opened()
        for body in (b"\xc1", b"\x91\x01", mapping((4, text("no map"))), mapping((4, mapping((1, u32(105)), (6, u32(7)))))[:-1], b"\x81\x04"):
            peer.send(PACKET, body)
        peer.packet(peer.content(105, 1, 0, beacon(61)))
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.num_packets"] + s["kismet.datasource.num_error_packets"] >= 6)
        self.assertEqual(s["kismet.datasource.num_error_packets"], 5)
        self.assertEqual(s["kismet.datasource.running"], 1)
        self.device(61)

    def test_json_reports_and_blocks_without_what_counts(self):
        peer = self.opened()
        block = lambda *rows: mapping(*rows)
        peer.packet(json=block((1, text("DOT11SCAN")), (2, u64(5)), (3, u32(6)), (4, text('{"a": 1}'))))
        peer.packet(json=block((1, text("DOT11SCAN"))))  # without text
        peer.packet(content=block((1, u32(105)), (2, u64(5)), (4, u32(9))))  # without content
        peer.packet(gps=peer.gps(1, 2, 3, 4, "x"))
        peer.packet(peer.content(105, 1, 0, beacon(62)))
        self.device(62)
        self.assertEqual(self.source(peer)["kismet.datasource.num_error_packets"], 0)

    def test_messages_of_every_kind_are_told_with_the_sources_name(self):
        peer = self.opened()
        for kind in (1, 2, 4, 8, 16, 2 | 64):
            peer.message(kind, f"kind {kind} of {peer.uuid}")
        for kind in (2, 4, 8, 16, 66):
            self.host.wait_for(rf"peer{self.n}.*kind {kind} of {peer.uuid}")
        self.assertEqual(self.source(peer)["kismet.datasource.running"], 1)  # a message is no failure, a fatal one either

    def test_error_ends_the_source_with_its_text(self):
        for said, expected in (("USB device has gone", "USB device has gone"), (None, ".")):
            peer = self.opened()
            peer.error(said)
            s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.error"] == 1)
            self.assertRegex(s["kismet.datasource.error_reason"], expected)
            self.assertEqual(s["kismet.datasource.running"], 0)

    def test_error_and_shutdown_end_the_source_with_their_text(self):
        peer = self.opened()
        peer.error("no capture from the board for 15 seconds")  # which theirs do not hear
        peer.shutdown("no capture from the board for 15 seconds")
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.error"] == 1)
        self.assertIn("no capture from the board for 15 seconds", s["kismet.datasource.error_reason"])
        peer = self.opened()
        peer.shutdown("the user has pulled the plug")
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.error"] == 1)
        self.assertIn("the user has pulled the plug", s["kismet.datasource.error_reason"])

    def test_failed_open_is_the_reason(self):
        peer = self.program()
        peer.expect(OPENREQ)
        peer.openreport(0, message="Unable to find wlan7, is it plugged in?", code=0)
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.error"] == 1)
        self.assertIn("Unable to find wlan7, is it plugged in?", s["kismet.datasource.error_reason"])

    def test_failed_tuning_is_the_reason(self):
        peer = self.program()
        peer.expect(OPENREQ)
        peer.openreport(127, channels=CHANNELS, channel="6")
        peer.expect(CONFIGREQ)
        peer.tuned("6", code=0, message="could not start hopping")
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.error"] == 1)
        self.assertIn("could not start hopping", s["kismet.datasource.error_reason"])

    def test_newsource_without_uuid_gets_a_uuid(self):
        # Theirs hangs up on its own programs then.
        peer = self.program(uuid=None)
        self.assertEqual(peer.expect(OPENREQ), {1: peer.definition})
        peer.openreport(127, channels=CHANNELS, channel="6")
        asked = peer.expect(CONFIGREQ)
        peer.hopping(asked[2][1], asked[2][2], 1, 0, asked[2][5])
        s, = [s for s in self.host.get("/datasource/all_sources.json") if s["kismet.datasource.definition"] == peer.definition]
        self.assertRegex(s["kismet.datasource.uuid"], r"^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$")

    def test_what_comes_instead_of_a_newsource_is_refused(self):
        peers = []
        for command, body in ((PACKET, mapping()), (OPENREPORT, mapping((1, u32(1)), (2, u32(105)))), (99, b""), (None, None)):
            peer = Capture(self.stream(), "x", "linuxwifi", UUID)
            self.addCleanup(peer.stream.close)
            if command:
                peer.send(command, body)
            peers.append(peer)
        for peer in peers:  # all of them wait at once
            self.refused(peer, "named no source within 5 s")
        for kind, reason in (("nosuchtype", "nosuchtype"), ("passive", "passive")):
            self.refused(self.program(kind=kind), reason)

    def test_ping_of_a_program_is_answered_with_its_number(self):
        peer = self.opened()
        peer.send(PING, seqno=0xFFFFFFFE)
        while (f := Received(peer.stream.receive())).command == PING:
            pass
        self.assertEqual((f.command, f.seqno, f.code, f.size), (3, 0xFFFFFFFE, 1, 20))

    def test_header_numbers_do_not_matter(self):
        peer = self.opened()
        for seqno in (0, 0, 5, 0xFFFFFFFF, 2, 2):
            peer.send(PACKET, mapping((4, peer.content(105, 1, 0, beacon(63)))), seqno=seqno)
        self.counted(peer, 6)

    def test_program_comes_back_and_its_record_goes_on(self):
        peer = self.opened()
        peer.packet(peer.content(105, 1, 0, beacon(64)))
        self.counted(peer, 1)
        again = Capture(self.stream(), peer.definition, peer.kind, peer.uuid)
        self.addCleanup(again.stream.close)
        again.newsource()  # while the other still runs
        self.assertEqual(again.expect(OPENREQ), {1: peer.definition})
        again.openreport(127, channels=CHANNELS, channel="6")
        asked = again.expect(CONFIGREQ)
        again.hopping(asked[2][1], asked[2][2], 1, 0, asked[2][5])
        again.packet(again.content(105, 1, 0, beacon(64)))
        self.counted(again, 2)
        other = Capture(self.stream(), peer.definition, "linuxbluetooth", peer.uuid)
        self.addCleanup(other.stream.close)
        other.newsource()
        self.refused(other, "linuxwifi")
        self.assertEqual(self.source(again)["kismet.datasource.running"], 1)

    def test_two_hundred_at_once(self):
        peers = [self.program() for _ in range(200)]
        for peer in peers:
            peer.expect(OPENREQ)
            peer.openreport(127, channels=CHANNELS, channel="6")
        for i, peer in enumerate(peers):
            asked = peer.expect(CONFIGREQ)
            peer.hopping(asked[2][1], asked[2][2], 1, asked[2].get(4, 0), asked[2][5])
            for n in range(i % 7):
                peer.packet(peer.content(105, 1, n, beacon(81)))
        uuids = {peer.uuid: i % 7 for i, peer in enumerate(peers)}

        def counted():
            return {s["kismet.datasource.uuid"]: s["kismet.datasource.num_packets"] for s in self.host.get("/datasource/all_sources.json")
                    if s["kismet.datasource.uuid"] in uuids and s["kismet.datasource.running"] == 1}

        eventually(counted, lambda c: c == uuids)

    def test_every_packet_of_a_flood_is_tracked_or_dropped(self):
        before = self.last_minute("dropped")
        peer, count, again = self.opened(), 1000, 200
        blob = b"".join(self.carried(frame(PACKET, mapping((4, peer.content(105, 1, n, beacon(70 + n % 10)))), 0, n)) for n in range(count))
        for _ in range(again):
            self.socket(peer).sendall(blob)
        peer.error("enough")
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.error"] == 1)
        self.assertIn("enough", s["kismet.datasource.error_reason"])
        self.assertEqual(s["kismet.datasource.num_error_packets"], 0)

        def sums():  # it is a radio: what the host has no room for is dropped
            tracked = self.source(peer)["kismet.datasource.num_packets"]
            return tracked, tracked + self.last_minute("dropped") - before, sum(self.device(n)["kismet.device.base.packets.total"] for n in range(70, 80))

        tracked, total, of_devices = eventually(sums, lambda s: s[1] >= count * again)
        self.assertEqual((total, of_devices), (count * again, tracked))

    def test_a_frame_that_two_hear_counts_once(self):
        first, second = self.opened(), self.opened()
        frames = [first.content(105, 1, n, beacon(90)[:22] + struct.pack("<H", n << 4) + beacon(90)[24:]) for n in range(10)]
        for content in frames:
            first.packet(content, first.signal(dbm=-70))
        self.counted(first, 10)
        for content in frames[2:]:
            second.packet(content, second.signal(dbm=-40))
        self.counted(second, 8)
        d = self.device(90)
        self.assertEqual(d["kismet.device.base.packets.total"], 10)
        self.assertEqual((d["kismet.device.base.signal"]["kismet.common.signal.last_signal"],
                          d["kismet.device.base.signal"]["kismet.common.signal.max_signal"]), (-40, -40))
        seen = {s["kismet.common.seenby.uuid"]: s["kismet.common.seenby.num_packets"] for s in d["kismet.device.base.seenby"]}
        self.assertEqual(seen, {first.uuid: 10, second.uuid: 8})
        eventually(lambda: self.last_minute("dupe"), lambda n: n >= 8)  # other tests have duplicates, too

    def last_minute(self, what):
        return sum(self.host.get("/packetchain/packet_stats.json")[f"kismet.packetchain.{what}_packets_rrd"]["kismet.common.rrd.minute_vec"])

    def test_frame_larger_than_theirs_may_be_is_read_and_a_huge_one_ends_the_link(self):
        peer = self.opened()
        long = b"\x08" + beacon(65)[1:24] + bytes(60000)  # IEEE 802.11 has no frame of this length: an error of the PHY
        peer.packet(peer.content(105, 1, 0, long))
        self.counted(peer, 1, errors=1)
        peer.stream.send(struct.pack(">IHHIHHI", 0xDECAFBAD, 0xA9A9, 3, 0xFFFFFFFF, PACKET, 0, 9) + bytes(40))
        s = eventually(lambda: self.source(peer), lambda s: s["kismet.datasource.error"] == 1)
        self.assertRegex(s["kismet.datasource.error_reason"], "4294967|too long|frame")
        self.assertEqual(s["kismet.datasource.num_packets"], 1)


class FeedsTcp(Feeds, unittest.TestCase):
    def stream(self):
        port = self.host.wait_for(r"remote captures may connect to 127\.0\.0\.1 port (\d+)").group(1)
        return Stream.to(int(port))

    @staticmethod
    def socket(peer):
        return peer.stream.sock

    @staticmethod
    def carried(octets):
        return octets


class FeedsWebSocket(Feeds, unittest.TestCase):
    settings = ["-s", "remote_capture_enabled=false"]  # who has a login needs no TCP

    def stream(self):
        return Messages(WebSocket(self.host.port, f"{PATH}?{QUERY}", protocols="kismet-remote"))

    @staticmethod
    def socket(peer):
        return peer.stream.socket.sock

    @staticmethod
    def carried(octets):
        return websocket_frame(BINARY, octets)

    def test_login_is_in_the_query_in_the_header_or_missing(self):
        for path, headers in ((PATH, [(k, v) for k, v in basic(*LOGIN).items()]), (f"{PATH}?password=pa%3Ass%26w%C3%B6rd&user=sensor", ())):
            socket_ = WebSocket(self.host.port, path, headers=headers, protocols="kismet-remote")
            self.assertEqual(socket_.headers["sec-websocket-protocol"], "kismet-remote")
            socket_.sock.close()
        # as libwebsockets asks: names of headers in small letters, Host and Origin without the port
        lws = [("host", "127.0.0.1"), ("origin", "http://127.0.0.1"), ("authorization", basic(*LOGIN)["Authorization"])]
        WebSocket(self.host.port, PATH, headers=lws, omit=("Host",), protocols="kismet-remote").sock.close()
        for path in (PATH, f"{PATH}?user=sensor&password=wrong", f"{PATH}?user=sensor", f"{PATH}?KISMET=nokey"):
            with self.assertRaises(Refused) as refused:
                WebSocket(self.host.port, path, protocols="kismet-remote")
            self.assertEqual(refused.exception.status, 401, path)


# A helper as their host finds it: answers the PING of version 2 if one comes, and what it is asked.
HELPER = """\
    #!{python}
    import os, sys
    sys.path.insert(0, {folder!r})
    from v3peer import *
    fds = dict(a.lstrip("-").split("=", 1) for a in sys.argv[1:] if "=" in a)

    class Pipes:
        def __init__(self):
            self.read, self.write = int(fds["in-fd"]), int(fds["out-fd"])

        def send(self, data):
            os.write(self.write, data)

        def exactly(self, n):
            data = b""
            while len(data) < n:
                piece = os.read(self.read, n - len(data))
                if not piece:
                    sys.exit(0)
                data += piece
            return data

        def receive(self):
            head = self.exactly(20)
            return head + self.exactly(struct.unpack(">I", head[8:12])[0])

    peer = Capture(Pipes(), None, None, {uuid!r})
    while True:
        f = Received(peer.stream.receive())
        peer.request = f.seqno
        assert f.code == 1
        if f.command == PING:
            peer.send(PONG, seqno=f.seqno)
        elif f.command == LISTREQ:
            assert f.size == 20
            peer.listreport(("wlan7", "", "ath9k_htc"), ("wlan8", "a=b,c=d", ""))
        elif f.command == PROBEREQ:
            peer.definition = f.map()[1]
            mine = peer.definition.startswith("wlan7")
            sub = mapping((4, text("wlan7mon")), (3, text("ath9k_htc")), (5, text("6")), (6, array(text("6"), text("11"))))
            rows = [(1, u32(f.seqno))] + [(2, sub)] * mine + [(3, text("not a Wi-Fi interface"))] * (not mine)
            peer.send(PROBEREPORT, mapping(*rows), int(mine), f.seqno)
        elif f.command == OPENREQ:
            peer.openreport(105, capif="wlan7mon", channels=["6", "11"], channel="6", hardware="ath9k_htc")
        elif f.command == CONFIGREQ:
            hop = f.map()[2]
            peer.hopping(hop[1], hop[2], 1, hop.get(4, 0), hop[5])
            for n in range(3):
                peer.packet(peer.content(105, 1700000000, n, {frame!r}), peer.signal(dbm=-42, channel="6"))
    """


class Child(unittest.TestCase):
    """A capture program that the host starts."""

    def test_lists_probes_and_opens(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "aerie-cap-linux-wifi")
            with open(path, "w", encoding="utf-8") as f:
                f.write(textwrap.dedent(HELPER).format(python=sys.executable, folder=PEER, uuid=UUID, frame=beacon(66)))
            os.chmod(path, stat.S_IRWXU)
            h = Host("-s", f"helper_binary_path={folder}", "-s", "helper_binary_path=" + os.path.join(BUILD, "bin"), "-c", "wlan7", capture=None,
                     login=LOGIN).ready(loaded=False)
            s = eventually(lambda: h.get("/datasource/all_sources.json"), lambda s: s and s[0]["kismet.datasource.num_packets"] >= 3)[0]
            for name, value in (("uuid", UUID), ("channels", ["6", "11"]), ("hop_channels", ["6", "11"]), ("hardware", "ath9k_htc"), ("hopping", 1),
                                ("num_packets", 3), ("num_error_packets", 0), ("error", 0), ("running", 1), ("capture_interface", "wlan7mon")):
                self.assertEqual(s["kismet.datasource." + name], value, name)
            found = h.ask("/datasource/list_interfaces.json", headers=basic(*LOGIN))
            self.assertEqual(found.status, 200, found.octets)
            self.assertIn(b"wlan8", found.octets)
            self.assertIn(b"ath9k_htc", found.octets)
            h.end()


PCAPFILE = os.path.join(BUILD, "bin", "aerie-cap-pcapfile")
DEMO = os.path.join(BUILD, "tests", "bin", "aerie-cap-demo")
SAMPLE = os.path.join(SOURCE, "tests", "data", "lab-ch6.pcap")
LENGTHS = [0, 1, 255, 256, 15999, 16000, 16001, 16362, 16363, 16364, 16365, 16383, 16384, 65535, 65536, 262144]


class Pipe:
    def __init__(self, proc, to, back):
        self.proc, self.to, self.back = proc, to, back

    def send(self, data):
        os.write(self.to, data)

    def exactly(self, n):
        data = b""
        while len(data) < n:
            piece = os.read(self.back, n - len(data))
            if not piece:
                raise EOFError(data)
            data += piece
        return data

    receive = Stream.receive


class WebMessages:
    """The server's end of a WebSocket: what comes in one message must be one frame."""

    def __init__(self, link):
        self.link = link

    def send(self, data):
        self.link.send_raw(data)

    def receive(self):
        while not self.link.buffer:
            try:
                self.link.fill(PATIENCE)
            except Exception as e:
                raise EOFError from e
        data = bytes(self.link.buffer)
        self.link.buffer.clear()
        return data


def have_websocket():
    return "not in this build" not in subprocess.run([PCAPFILE, "--help"], capture_output=True, text=True, check=True).stdout


class Feeding(unittest.TestCase):
    """Our programs feed a server that is strict."""

    def start(self, program, definition, transport, *args):
        if transport == "pipe":
            child_in, to = os.pipe()
            back, child_out = os.pipe()
            proc = subprocess.Popen([program, f"--in-fd={child_in}", f"--out-fd={child_out}", *args], pass_fds=(child_in, child_out),
                                    stderr=subprocess.PIPE)
            os.close(child_in)
            os.close(child_out)
            self.addCleanup(os.close, back)
            self.addCleanup(os.close, to)
            server = Server(Pipe(proc, to, back))
        else:
            listener = Listener()
            self.addCleanup(listener.close)
            more = ["--tcp"] if transport == "tcp" else ["--user=u", "--password=p"]
            proc = subprocess.Popen([program, f"--connect=127.0.0.1:{listener.port}", f"--source={definition}", "--disable-retry", *more, *args],
                                    stderr=subprocess.PIPE)
            sock = listener.accept(PATIENCE)
            self.addCleanup(sock.close)
            if transport == "tcp":
                server = Server(Stream(sock))
            else:
                web = WebLink(sock)
                self.assertTrue(web.request.startswith(f"GET {PATH}?user=u&password=p HTTP/1.1"))
                self.assertEqual(web.headers["sec-websocket-protocol"], "kismet-remote")
                server = Server(WebMessages(web))
            said = server.newsource()
            self.assertEqual(said[1], definition)
            self.assertRegex(said[3], r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")
        self.addCleanup(proc.stderr.close)
        self.addCleanup(proc.wait)
        self.addCleanup(proc.kill)
        return proc, server

    def each(self):
        for transport in ("pipe", "tcp") + (("websocket",) if have_websocket() else ()):
            with self.subTest(transport):
                yield transport

    def test_no_frame_reaches_their_limit_whatever_the_packets(self):
        with tempfile.NamedTemporaryFile(suffix=".pcap") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 105))
            contents = [bytes(i & 0xFF for i in range(n)) for n in LENGTHS]
            for i, c in enumerate(contents):
                f.write(struct.pack("<IIII", 1700000000 + i, i, len(c), len(c) + 1) + c)
            f.flush()
            for transport in self.each():
                proc, server = self.start(PCAPFILE, f.name, transport, "--fixed-gps=52.5,-13.25,34", "--gps-name=" + "n" * 1000)
                server.open(f.name)
                try:
                    while True:
                        server.receive()
                except EOFError:
                    if transport == "tcp":
                        server.link.close()  # it waits for that
                self.assertEqual(proc.wait(PATIENCE), 0)
                got = [p[4] for p in server.packets]
                self.assertEqual(len(got), len(contents))
                for i, (block, c) in enumerate(zip(got, contents)):
                    self.assertEqual((block[2], block[3], block[4]), (1700000000 + i, i, len(c) + 1))
                    self.assertEqual(block[6], c[:16000])
                self.assertLess(server.largest, FRAME_LIMIT)

    def test_first_ping_of_version_2_is_answered_with_a_pong_of_version_3(self):
        for program, definition, dlt in ((PCAPFILE, SAMPLE, 127), (DEMO, "demo0", 105)):
            _, server = self.start(program, definition, "pipe")
            server.ask_v2()
            f = server.receive()
            self.assertEqual((f.command, f.size), (3, 20))
            report = server.open(definition)
            self.assertEqual(report[2], dlt)

    def test_life_with_narrow_numbers(self):
        for transport in self.each():
            proc, server = self.start(DEMO, "demo0:pps=1000", transport)
            server.seqno = 0xFFFE
            report = server.open("demo0:pps=1000")
            self.assertEqual(report[4], ["1", "6", "11", "36"])
            hop = server.hop(10.0, ["1", "6", "11"])
            self.assertEqual((hop.code, hop.map()[3][5], hop.map()[3][1]), (1, ["1", "6", "11"], 10.0))
            self.assertIn(3, hop.map()[3])
            fixed = server.tune("36")
            self.assertEqual((fixed.code, fixed.map()[2]), (1, "36"))
            self.assertNotIn(3, fixed.map())
            wrong = server.tune("77")
            self.assertEqual(wrong.code, 0)
            self.assertTrue(wrong.map()[4])
            while len(server.packets) < 100:
                server.receive()
            self.assertLess(server.largest, FRAME_LIMIT)

    def test_list_and_probe_are_answered_as_theirs_looks_for_it(self):
        _, server = self.start(DEMO, "demo0", "pipe")
        server.ask_v2()
        server.receive()
        asked = server.send(LISTREQ)
        f = server.receive()
        self.assertEqual((f.command, f.code, f.map()[1]), (LISTREPORT, 0, asked))
        self.assertEqual([i[1] for i in f.map()[2]], ["demo0"])
        for definition, code in (("demo0", 1), ("wlan0", 0)):
            proc, server = self.start(DEMO, definition, "pipe")
            asked = server.send(PROBEREQ, mapping((1, text(definition))))
            f = server.receive()
            self.assertEqual((f.command, f.code, f.map()[1]), (PROBEREPORT, code, asked))
            self.assertRaises(EOFError, server.receive)
            self.assertEqual(proc.wait(PATIENCE), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
