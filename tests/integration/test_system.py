#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the host tells of itself, over HTTP: /system, /messagebus, /plugins, /phy, /packetchain and /streams.

Shapes are those of the REST specification (sections "System Status", "Messages", "Plugins", "Streams") and of today's servers where it
is silent; values are compared with what the kernel, the clock, the capture file and the command line say. Formats are read with Python's
json and msgpack."""
import base64
import http.client
import io
import json
import math
import os
import pwd
import socket
import subprocess
import time
import unittest
import urllib.parse

import msgpack

from host import PATIENCE, SOURCE, Host, basic, stable, underscored

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LOGIN = basic("tester", "pa:ss wörd")
RRD = ["kismet.common.rrd.last_time", "kismet.common.rrd.serial_time", "kismet.common.rrd.last_value", "kismet.common.rrd.last_value_n1",
       "kismet.common.rrd.minute_vec", "kismet.common.rrd.hour_vec", "kismet.common.rrd.day_vec", "kismet.common.rrd.blank_val"]


def until(what, seconds=PATIENCE):
    """What `what` gives, once it is true."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        assert time.monotonic() < end, what
        time.sleep(0.05)


class Replayed:
    """A socket of which the beginning was read already, for http.client."""

    def __init__(self, head, rest):
        self.head, self.rest = head, rest

    def makefile(self, mode):
        piece = [self.head]
        while got := self.rest.recv(1 << 16):
            piece.append(got)
        return io.BytesIO(b"".join(piece))


class System(unittest.TestCase):
    # One row for every path: without suffix, and the shape of what it answers.
    PATHS = {"/system/status": dict, "/system/timestamp": dict, "/system/user_status": dict, "/messagebus/all_messages": list,
             "/messagebus/last-time/0/messages": dict, "/messagebus/last-time/-60.5/messages": dict, "/plugins/all_plugins": list,
             "/plugins/other_plugins": list, "/phy/all_phys": list, "/phy/all_phys_dt": dict, "/packetchain/packet_stats": dict,
             "/packetchain/packet_peak": dict, "/packetchain/packet_rate": dict, "/packetchain/packet_error": dict,
             "/packetchain/packet_dupe": dict, "/packetchain/packet_drop": dict, "/packetchain/packet_processed": dict,
             "/streams/all_streams": list, "/streams/by-id/2/stream_info": dict}

    @classmethod
    def setUpClass(cls):
        cls.host = Host("-s", "server_name=Name \"of\" it").ready()
        cls.packets = int(cls.host.wait_for(r"done, (\d+) packets").group(1))

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def post(self, path, command=None, form=None, headers={}):
        if command is not None:
            form = {"json": json.dumps(command)}
        return self.host.ask(path, "POST", urllib.parse.urlencode(form) if form else None, {**(FORM if form else {}), **headers})

    def select(self, path, fields):
        reply = self.post(path, {"fields": fields})
        self.assertEqual(reply.status, 200, reply.octets)
        return json.loads(reply.octets)

    # ---- every path ----

    def test_every_path_has_its_shape_in_every_format(self):
        for path, shape in self.PATHS.items():
            with self.subTest(path):
                as_json = self.host.get(path + ".json")
                self.assertIs(type(as_json), shape)
                self.assertEqual(stable(self.host.get(path + ".msgpack")).__class__, shape)
                if "packetchain" in path: # a second may pass
                    continue
                self.assertEqual(stable(self.host.get(path + ".msgpack")), stable(as_json))
                lines = stable(self.host.get(path + ".ekjson"))
                self.assertEqual(lines, stable(underscored(as_json if shape is list else [as_json])))

    def test_every_path_takes_fields_with_post_in_every_way(self):
        packed = base64.b64encode(msgpack.packb({"fields": []})).decode()
        for path, shape in self.PATHS.items():
            with self.subTest(path):
                whole = stable(self.host.get(path + ".json"))
                ways = [({"json": "{}"}, None, FORM), ({"json": json.dumps({"fields": [], "unknown": 1})}, None, FORM), ({"msgpack": packed}, None, FORM),
                        (None, b'{"fields":[]}', {"Content-Type": "application/json"}),
                        (None, msgpack.packb({"fields": []}), {"Content-Type": "application/msgpack"}), (None, None, {})]
                for form, body, headers in ways:
                    reply = self.host.ask(path + ".json", "POST", urllib.parse.urlencode(form) if form else body, headers)
                    self.assertEqual(reply.status, 200, reply.octets)
                    got = json.loads(reply.octets)
                    if "packetchain" not in path:
                        self.assertEqual(stable(got), whole)
                absent = [["kismet.not.there", "x"], ["no/such/path", "y"]]
                for element in (got := self.select(path + ".json", absent)) if shape is list else [got := self.select(path + ".json", absent)]:
                    if "aaData" in element:
                        self.assertEqual(element["aaData"], [{"x": 0, "y": 0}] * len(whole["aaData"]))
                    else:
                        self.assertEqual(element, {"x": 0, "y": 0})
                if shape is list:
                    self.assertEqual(len(got), len(whole))

    def test_malformed_requests_are_told_by_name(self):
        for path in self.PATHS:
            with self.subTest(path):
                for command, word in (('{"fields":1}', b"fields"), ('{"fields":{"a":1}}', b"fields"), ('{"fields":[1]}', b"field"),
                                      ('{"fields":[["a"]]}', b"field"), ("{", b"JSON"), ("[]", b"map")):
                    reply = self.post(path + ".json", form={"json": command})
                    self.assertEqual(reply.status, 400, command)
                    self.assertRegex(reply.octets, rb"^ERROR: [^\n]+\n$")
                    self.assertIn(word, reply.octets)
                self.assertEqual(self.post(path + ".xml", {}).status, 404)
                self.assertEqual(self.host.ask(path).status, 404)
                reply = self.host.ask(path + ".json", "PUT", b"{}")
                self.assertEqual((reply.status, set(reply.headers["Allow"].split(", "))), (405, {"GET", "HEAD", "POST"}))

    # ---- /system ----

    def test_status_tells_what_the_machine_says(self):
        status = self.host.get("/system/status.json")
        for name in ("battery.percentage", "battery.charging", "battery.ac", "battery.remaining", "memory.rrd", "devices.rrd", "sensors.fan",
                     "sensors.temp"):
            self.assertIn("kismet.system." + name, status)
        self.assertEqual(status["kismet.system.server_name"], 'Name "of" it')
        self.assertEqual(status["kismet.system.user"], pwd.getpwuid(os.geteuid()).pw_name)
        self.assertLessEqual(status["kismet.system.timestamp.start_sec"], status["kismet.system.timestamp.sec"])
        self.assertAlmostEqual(status["kismet.system.timestamp.start_sec"], time.time(), delta=600)
        self.assertEqual(status["kismet.system.devices.count"], len(self.host.get("/devices/all_devices.json")))
        self.assertEqual(status["kismet.system.num_fields"], len(self.host.get("/system/tracked_fields.json")))
        self.assertGreater(status["kismet.system.num_components"], 10)
        self.assertAlmostEqual(status["kismet.system.memory.rss"], self.host.resident_kib(), delta=32768)
        self.assertRegex(status["kismet.system.build_time"], r"^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$")
        version = subprocess.run([self.host.process.args[0], "--version"], capture_output=True, text=True, check=True).stdout
        self.assertIn(status["kismet.system.version"], version)
        if os.path.exists(os.path.join(SOURCE, ".git")):
            self.assertRegex(status["kismet.system.git"], r"^([0-9a-f]{12})?$")

    def test_status_counts_the_clients_that_are_connected(self):
        def connected():
            return self.host.get("/system/status.json")["kismet.system.num_http_connections"]
        until(lambda: connected() == 1) # the one that asks; those of tests before are gone
        clients = [self.host.connect() for _ in range(5)]
        for c in clients:
            c.request("GET", "/system/timestamp.json")
            self.assertEqual(c.getresponse().read()[:1], b"{")
        until(lambda: connected() == 6)
        for c in clients[:3]:
            c.close()
        until(lambda: connected() == 3)
        for c in clients[3:]:
            c.close()
        until(lambda: connected() == 1)

    def test_status_counts_each_stored_text_once(self):
        def texts():
            return self.host.get("/system/status.json")["kismet.system.string_cache_size"]
        keys = [d["kismet.device.base.key"] for d in self.host.get("/devices/all_devices.json")][:3]
        def name(key, text):
            body = urllib.parse.urlencode({"json": json.dumps({"username": text})})
            self.assertEqual(self.host.ask(f"/devices/by-key/{key}/set_name.cmd", "POST", body, {**FORM, **LOGIN}).status, 200)
        before = texts()
        for key in keys:
            name(key, "the same text, which nobody else has")
        self.assertEqual(texts(), before + 1)
        name(keys[0], "another text, which nobody else has")
        self.assertEqual(texts(), before + 2)
        for key in keys:
            name(key, None)
        self.assertEqual(texts(), before)

    def test_timestamp_is_the_clock(self):
        before = time.time()
        told = self.host.get("/system/timestamp.json")
        after = time.time()
        self.assertEqual(set(told), {"kismet.system.timestamp.sec", "kismet.system.timestamp.usec"})
        self.assertTrue(before - 0.001 <= told["kismet.system.timestamp.sec"] + told["kismet.system.timestamp.usec"] / 1e6 <= after + 0.001)

    def test_fields_come_in_the_order_and_under_the_names_asked_for(self):
        got = self.select("/system/status.json", ["kismet.system.version", ["kismet.system.devices.count", "n"],
                                                  "kismet.system.memory.rrd/kismet.common.rrd.last_time"])
        self.assertEqual(list(got), ["kismet.system.version", "n", "kismet.common.rrd.last_time"])
        self.assertEqual(got["n"], self.host.get("/system/status.json")["kismet.system.devices.count"])
        got = self.select("/system/timestamp.json", [["kismet.system.timestamp.usec", "u"], "kismet.system.timestamp.sec"])
        self.assertEqual(list(got), ["u", "kismet.system.timestamp.sec"])
        self.assertAlmostEqual(got["kismet.system.timestamp.sec"], time.time(), delta=10)

    def test_user_status_names_the_user(self):
        self.assertEqual(self.host.get("/system/user_status.json"), {"kismet.system.user": pwd.getpwuid(os.geteuid()).pw_name})

    # ---- /messagebus ----

    def test_messages_are_the_last_ones_newest_last(self):
        messages = self.host.get("/messagebus/all_messages.json")
        self.assertLessEqual(len(messages), 50)
        for m in messages:
            self.assertEqual(set(m), {"kismet.messagebus.message_string", "kismet.messagebus.message_flags", "kismet.messagebus.message_time"})
            self.assertIn(m["kismet.messagebus.message_flags"], (1, 2, 4, 8, 16))
        times = [m["kismet.messagebus.message_time"] for m in messages]
        self.assertEqual(times, sorted(times))
        self.assertIn(f"HTTP server: http://127.0.0.1:{self.host.port}/", [m["kismet.messagebus.message_string"] for m in messages])

    def test_messages_since_a_time(self):
        everything = self.host.get("/messagebus/all_messages.json")
        last = everything[-1]["kismet.messagebus.message_time"]
        now = int(time.time())
        for since, expected in (("0", everything), ("0.999999", everything), ("0.5", everything), (f"{last + 1}.0", []), ("-86400", everything), (str(now - 86400), everything), (str(last), None), (f"{last}.0", None),
                                (f"{last - 1}.999999", None), (str(last + 1), []), (str(last - 1), None), ("-0", []),
                                (str(now + 3600), []), ("9223372036854775807", []), ("-9223372036854775808", everything)):
            with self.subTest(since):
                if since == "-0":
                    until(lambda: time.time() > last + 1)
                told = self.host.get(f"/messagebus/last-time/{since}/messages.json")
                self.assertEqual(list(told), ["kismet.messagebus.list", "kismet.messagebus.timestamp"])
                self.assertAlmostEqual(told["kismet.messagebus.timestamp"], time.time(), delta=10)
                if expected is None:
                    expected = [m for m in everything if m["kismet.messagebus.message_time"] >= math.ceil(float(since))]
                self.assertEqual(told["kismet.messagebus.list"], expected)

    def test_who_polls_with_the_time_that_came_with_the_messages_misses_none(self):
        """Messages of the same second as the answer before, which ends before them."""
        def poll(since):
            told = self.host.get(f"/messagebus/last-time/{since}/messages.json")
            return {m["kismet.messagebus.message_string"] for m in told["kismet.messagebus.list"]}, told["kismet.messagebus.timestamp"]
        seen, since = poll(0)
        for i in range(8):
            definition = f"/nonexistent-{i}.pcap"
            self.host.ask("/datasource/add_source.cmd", "POST", urllib.parse.urlencode({"definition": definition}), {**FORM, **LOGIN})
            new, since = poll(since)
            seen |= new
        new, since = poll(since)
        seen |= new
        everything = {m["kismet.messagebus.message_string"] for m in self.host.get("/messagebus/all_messages.json")}
        self.assertGreaterEqual(len([text for text in everything if "/nonexistent-" in text]), 8)
        self.assertEqual(everything - seen, set())

    def test_malformed_times_are_refused(self):
        for since in ("x", "", "-", "--1", "+1", "1.", ".5", "1.5.5", "1e3", "0x10", "1 ", "%201", "-.5", "9223372036854775808", "1.x", "NaN"):
            with self.subTest(since):
                reply = self.host.ask(f"/messagebus/last-time/{since.replace(' ', '%20')}/messages.json")
                self.assertEqual(reply.status, 404 if since == "" else 400)
                if since:
                    self.assertIn(b"time", reply.octets)

    def test_a_fraction_tells_messages_of_one_second_apart(self):
        def since(stamp):
            told = self.host.get(f"/messagebus/last-time/{stamp['kismet.system.timestamp.sec']}.{stamp['kismet.system.timestamp.usec']:06}/messages.json")
            return [m["kismet.messagebus.message_string"] for m in told["kismet.messagebus.list"]]
        before = self.host.get("/system/timestamp.json")
        reply = self.host.ask("/datasource/add_source.cmd", "POST", urllib.parse.urlencode({"definition": "/nonexistent.pcap"}), {**FORM, **LOGIN})
        self.assertNotEqual(reply.status, 200)
        until(lambda: any("/nonexistent.pcap" in text for text in since(before)))
        after = self.host.get("/system/timestamp.json")
        self.assertFalse(any("/nonexistent.pcap" in text for text in since(after)))
        self.assertTrue(any("/nonexistent.pcap" in text for text in since(before)))

    # ---- /phy, /plugins ----

    def test_phys_plain_and_for_datatables(self):
        phys = self.host.get("/phy/all_phys.json")
        self.assertEqual([p["kismet.phy.phy_name"] for p in phys if p["kismet.phy.device_count"]], ["IEEE802.11"])
        self.assertEqual(sum(p["kismet.phy.packet_count"] for p in phys), self.packets)
        self.assertEqual(self.host.get("/phy/all_phys_dt.json"), {"aaData": phys})
        self.assertEqual(self.host.get("/phy/all_phys_dt.msgpack"), {"aaData": phys})
        self.assertEqual(self.select("/phy/all_phys.json", [["kismet.phy.phy_name", "n"]]), [{"n": p["kismet.phy.phy_name"]} for p in phys])

    def test_plugins_that_run(self):
        plugins = self.host.get("/plugins/all_plugins.json")
        streams = next(p for p in plugins if p["kismet.plugin.name"] == "org.example.streams")
        for name in ("name", "description", "author", "version", "shared_object", "http_helper", "dirname", "path", "jsmodule"):
            self.assertIs(type(streams["kismet.plugin." + name]), str)
        self.assertEqual(streams["kismet.plugin.shared_object"], "stream_routes.so")
        self.assertEqual(streams["kismet.plugin.description"], "Streams for tests")

    # ---- /packetchain ----

    def test_pipeline_counted_every_packet_of_the_capture(self):
        def counted():
            stats = self.host.get("/packetchain/packet_stats.json")
            return sum(stats["kismet.packetchain.processed_packets_rrd"]["kismet.common.rrd.minute_vec"]) == self.packets and stats
        stats = until(counted, 10) # the capture was read within the last minute
        self.assertEqual(set(stats), {f"kismet.packetchain.{x}packets_rrd" for x in ("peak_", "", "error_", "dupe_", "queued_", "dropped_", "processed_")})
        for series in stats.values():
            self.assertEqual(set(series), set(RRD))
        self.assertEqual(sum(stats["kismet.packetchain.packets_rrd"]["kismet.common.rrd.minute_vec"]), self.packets)
        self.assertEqual(sum(stats["kismet.packetchain.dropped_packets_rrd"]["kismet.common.rrd.minute_vec"]), 0)
        for path, name in (("peak", "peak_"), ("rate", ""), ("error", "error_"), ("dupe", "dupe_"), ("drop", "dropped_"), ("processed", "processed_")):
            one = self.host.get(f"/packetchain/packet_{path}.json")
            self.assertEqual(set(one), set(RRD))
            self.assertEqual(sum(one["kismet.common.rrd.minute_vec"]), sum(stats[f"kismet.packetchain.{name}packets_rrd"]["kismet.common.rrd.minute_vec"]))
            self.assertAlmostEqual(one["kismet.common.rrd.serial_time"], time.time(), delta=10)

    def test_one_series_of_the_pipeline_in_parts(self):
        got = self.select("/packetchain/packet_rate.json", ["kismet.common.rrd.last_value", ["kismet.common.rrd.serial_time", "t"]])
        self.assertEqual(list(got), ["kismet.common.rrd.last_value", "t"])
        self.assertAlmostEqual(got["t"], time.time(), delta=10)
        got = self.select("/packetchain/packet_stats.json", ["kismet.packetchain.packets_rrd/kismet.common.rrd.last_time"])
        self.assertAlmostEqual(got["kismet.common.rrd.last_time"], time.time(), delta=10)


class Streams(unittest.TestCase):
    def setUp(self):
        self.host = Host(capture=None).ready(loaded=False)
        self.addCleanup(self.host.end)

    def stream(self, name):
        return next((s for s in self.host.get("/streams/all_streams.json") if s["kismet.stream.name"] == name), None)

    def close(self, number, method="POST", headers=LOGIN, suffix="cmd"):
        return self.host.ask(f"/streams/by-id/{number}/close_stream.{suffix}", method, None, headers)

    def test_a_list_of_streams_is_whole_whatever_closes_meanwhile(self):
        """A client takes the beginning of a long list; some of its first streams close before it takes the rest."""
        ids = lambda streams: [s["kismet.stream.stream_id"] for s in streams]
        self.host.ask("/test/streams/more", "POST")
        listed = ids(self.host.get("/streams/all_streams.json"))
        self.assertEqual(len(listed), 4096)
        for suffix, decode in ((".json", json.loads), (".msgpack", msgpack.unpackb)):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", self.host.port))
            s.sendall(f"GET /streams/all_streams{suffix} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
            head = s.recv(1024)
            for _ in range(5):
                self.host.ask("/test/streams/fewer", "POST")
            reply = http.client.HTTPResponse(Replayed(head, s))
            reply.begin()
            self.assertEqual(ids(decode(reply.read())), listed, suffix)
            s.close()
            listed = ids(self.host.get("/streams/all_streams.json"))
        self.assertEqual(len(listed), 4086)
        while len(self.host.get("/streams/all_streams.json")) > 2:
            for _ in range(500):
                self.host.ask("/test/streams/fewer", "POST")

    def test_streams_are_listed_as_they_stand(self):
        before = self.stream("log")
        number = before["kismet.stream.stream_id"]
        self.assertEqual({**before, "kismet.stream.time": 0, "kismet.stream.stream_id": 0},
                         {"kismet.stream.stream_id": 0, "kismet.stream.time": 0, "kismet.stream.name": "log", "kismet.stream.type": "pcapng",
                          "kismet.stream.path": '/somewhere/a "log".pcapng', "kismet.stream.description": "Packets of a test.",
                          "kismet.stream.packets": 0, "kismet.stream.size": 0, "kismet.stream.max_packets": 100,
                          "kismet.stream.max_size": 1000000, "kismet.stream.paused": 0})
        self.assertAlmostEqual(before["kismet.stream.time"], time.time(), delta=60)
        self.assertEqual(self.host.ask("/test/streams/count", "POST").octets, b"counted")
        after = self.host.get(f"/streams/by-id/{number}/stream_info.json")
        self.assertEqual(after, {**before, "kismet.stream.packets": 3, "kismet.stream.size": 1000})
        self.assertEqual(self.host.get(f"/streams/by-id/{number}/stream_info.msgpack"), after)
        self.assertEqual(self.stream("endless")["kismet.stream.paused"], 1)
        reply = self.host.ask(f"/streams/by-id/{number}/stream_info.json", "POST", 'json={"fields":[["kismet.stream.size","s"]]}', FORM)
        self.assertEqual(json.loads(reply.octets), {"s": 1000})

    def test_closing_needs_an_admin_and_ends_the_stream(self):
        number = self.stream("log")["kismet.stream.stream_id"]
        for method in ("GET", "POST"):
            self.assertEqual(self.close(number, method, {}).status, 401)
            self.assertEqual(self.close(number, method, basic("tester", "wrong")).status, 401)
        self.assertIsNotNone(self.stream("log"))
        reply = self.close(number)
        self.assertEqual((reply.status, reply.octets), (200, b"OK"))
        until(lambda: self.stream("log") is None)
        self.assertEqual(self.close(number).status, 404)
        self.assertEqual(self.host.ask(f"/streams/by-id/{number}/stream_info.json").status, 404)

    def test_what_cannot_be_closed_and_what_is_malformed(self):
        number = self.stream("endless")["kismet.stream.stream_id"]
        self.assertEqual(self.close(number).status, 409)
        self.assertIsNotNone(self.stream("endless"))
        for bad, status in (("x", 400), ("-1", 400), ("1x", 400), ("%20", 400), ("18446744073709551616", 400), ("18446744073709551615", 404), ("0", 404)):
            with self.subTest(bad):
                self.assertEqual(self.close(bad).status, status)
                self.assertEqual(self.host.ask(f"/streams/by-id/{bad}/stream_info.json").status, status)
        self.assertEqual(self.close(number, suffix="json").status, 404)
        self.assertEqual(self.close(number, "PUT").status, 405)


if __name__ == "__main__":
    unittest.main(verbosity=2)
