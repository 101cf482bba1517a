#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Events and monitors over WebSockets, with the clients that people use: websocket-client and websockets. Slow clients are wsclient.py's,
which can have a small buffer. modules/live_events.c publishes and changes what it is told to. Shapes are those of doc/live.md."""
import asyncio
import json
import os
import re
import subprocess
import sys
import textwrap
import threading
import time
import unittest
import urllib.parse

import msgpack
import websocket
import websockets

from host import CAPTURE, PATIENCE, SOURCE, Host, basic
from wsclient import TEXT, WebSocket, frame

LOGIN = ("tester", "pa:ss wörd")
BASIC = basic(*LOGIN)
QUIET = 0.4  # nothing comes for so long: there is nothing
MAC, KEY = "kismet.device.base.macaddr", "kismet.device.base.key"
SEQUENCE, TIME = "aerie.event.sequence", "aerie.event.time"
EVENTS, MONITOR = "/eventbus/events.ws", "/devices/monitor.ws"


def connect(host, path=EVENTS, **options):
    options.setdefault("header", BASIC)
    return websocket.create_connection(f"ws://127.0.0.1:{host.port}{path}", timeout=PATIENCE, **options)


def say(ws, **message):
    ws.send(json.dumps(message))


def hear(ws):
    """The next message, decoded by its kind."""
    end = time.monotonic() + PATIENCE
    while True:
        opcode, data = ws.recv_data(control_frame=True)
        if opcode == websocket.ABNF.OPCODE_TEXT:
            return json.loads(data)
        if opcode == websocket.ABNF.OPCODE_BINARY:
            return msgpack.unpackb(data)
        assert time.monotonic() < end, "nothing but pings came"


def hear_until(ws, name):
    """What comes up to the first object that has this name; that one last."""
    heard = [hear(ws)]
    while name not in heard[-1]:
        heard.append(hear(ws))
    return heard


def settle(ws):
    """Waits until everything said so far is in effect: messages are read in their order, and an empty one is answered. What came before
    the answer."""
    say(ws)
    return hear_until(ws, "error")[:-1]


def subscribe(ws, event, **more):
    say(ws, SUBSCRIBE=event, **more)
    return settle(ws)


def rest(ws, quiet=QUIET):
    """What comes until nothing does."""
    heard = []
    ws.settimeout(quiet)
    try:
        while True:
            heard.append(hear(ws))
    except websocket.WebSocketTimeoutException:
        return heard
    finally:
        ws.settimeout(PATIENCE)


def covered(heard, name):
    """Numbers of the events that came, and of those that are told as lost; in their order and without a gap."""
    came, lost, at = [], 0, 0
    for message in heard:
        if "LOST" in message:
            gap = message["LOST"]
            assert gap["aerie.lost.first"] == at + 1, (at, gap)
            assert gap["aerie.lost.count"] == gap["aerie.lost.last"] - gap["aerie.lost.first"] + 1, gap
            at = gap["aerie.lost.last"]
            lost += gap["aerie.lost.count"]
        elif name in message:
            at += 1
            assert message[SEQUENCE] == at, (at, message)
            came.append(at)
    return came, lost, at


class WithHost(unittest.TestCase):
    options = ("httpd_websocket_limit=300", "httpd_connection_limit_per_address=1000", "httpd_connection_limit=1000")
    capture = False

    @classmethod
    def setUpClass(cls):
        words = [word for option in cls.options for word in ("-s", option)]
        cls.host = Host(*words).ready() if cls.capture else Host(*words, capture=None).ready(loaded=False)

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def client(self, path=EVENTS, **options):
        ws = connect(self.host, path, **options)
        self.addCleanup(ws.close)
        return ws

    def publish(self, topic, count=1, **more):
        query = urllib.parse.urlencode(dict(topic=topic, count=count, **more))
        reply = self.host.ask("/live_test/publish?" + query)
        self.assertEqual(reply.status, 200, reply.octets)


class Events(WithHost):
    capture = True

    def test_only_what_was_subscribed_to_comes(self):
        ws = self.client()
        self.assertEqual(subscribe(ws, "WANTED"), [])
        self.publish("UNWANTED", 3)
        self.publish("WANTED_TOO", 3)
        self.publish("WANTED", text=5)
        self.assertEqual(hear(ws), {"WANTED": {"live_test.number": 0, "live_test.text": "xxxxx"}})
        say(ws, UNSUBSCRIBE="WANTED")
        self.assertEqual(settle(ws), [])
        self.publish("WANTED")
        self.assertEqual(rest(ws), [])

    def test_star_is_everything_and_a_name_comes_before_it(self):
        ws = self.client()
        subscribe(ws, "*", fields=["live_test.text"])
        subscribe(ws, "NAMED", fields=["live_test.number"])
        self.publish("OTHER", text=2)
        self.publish("NAMED", text=2)
        heard = [m for m in hear_until(ws, "NAMED") if "OTHER" in m or "NAMED" in m]
        self.assertEqual(heard, [{"OTHER": {"live_test.text": "xx"}}, {"NAMED": {"live_test.number": 0}}])
        say(ws, UNSUBSCRIBE="*")
        settle(ws)
        self.publish("OTHER", text=2)
        self.publish("NAMED", text=2)
        self.assertEqual(hear(ws), {"NAMED": {"live_test.number": 0}})

    def test_each_second_has_its_events(self):
        ws = self.client()
        subscribe(ws, "TIMESTAMP", sequence=True)
        for event in ("BATTERY", "STATISTICS", "PACKETCHAIN_STATS"):
            subscribe(ws, event)
        first = hear_until(ws, "TIMESTAMP")[-1]
        second = hear_until(ws, "TIMESTAMP")
        stamp = second[-1]["TIMESTAMP"]
        self.assertEqual(set(stamp), {"kismet.system.timestamp.sec", "kismet.system.timestamp.usec"})
        self.assertEqual(stamp["kismet.system.timestamp.sec"], first["TIMESTAMP"]["kismet.system.timestamp.sec"] + 1)
        self.assertLess(abs(stamp["kismet.system.timestamp.sec"] - time.time()), 5)
        seconds = stamp["kismet.system.timestamp.sec"] + stamp["kismet.system.timestamp.usec"] / 1e6
        self.assertAlmostEqual(second[-1][TIME], seconds, places=5)
        between = {name: m[name] for m in second for name in m}
        self.assertEqual({n.rsplit(".", 1)[1] for n in between["BATTERY"]}, {"percentage", "charging", "ac", "remaining"})
        status = self.host.get("/system/status.json")
        self.assertEqual(set(between["STATISTICS"]), set(status))
        self.assertEqual(between["STATISTICS"]["kismet.system.version"], status["kismet.system.version"])
        chain = self.host.get("/packetchain/packet_stats.json")
        self.assertEqual(set(between["PACKETCHAIN_STATS"]), set(chain))

    def test_messages_come_as_they_are_listed(self):
        ws = self.client()
        subscribe(ws, "MESSAGE")
        subscribe(ws, "DATASOURCE_ERROR")
        subscribe(ws, "NEW_DATASOURCE")
        add = {"definition": "/nowhere/x.pcap:type=pcapfile,name=live-test"}
        threading.Thread(target=self.host.ask, args=("/datasource/add_source.cmd", "POST", json.dumps(add)),
                         kwargs=dict(headers={**BASIC, "Content-Type": "application/json"})).start()
        heard = hear_until(ws, "DATASOURCE_ERROR")
        new = [m["NEW_DATASOURCE"] for m in heard if "NEW_DATASOURCE" in m]
        self.assertEqual([s["kismet.datasource.name"] for s in new], ["live-test"])
        error = heard[-1]["DATASOURCE_ERROR"]
        self.assertEqual((error["kismet.datasource.name"], error["kismet.datasource.error"]), ("live-test", 1))
        self.assertTrue(error["kismet.datasource.error_reason"])
        say(ws, UNSUBSCRIBE="MESSAGE")
        messages = [m["MESSAGE"] for m in heard + settle(ws) if "MESSAGE" in m]
        listed = self.host.get("/messagebus/all_messages.json")
        self.assertTrue(messages)
        for message in messages:
            self.assertIn(message, listed)

    def test_a_device_is_shown_as_it_is(self):
        device = self.host.get("/devices/all_devices.ekjson")[0]
        ws = self.client()
        subscribe(ws, "NEW_DEVICE")
        self.publish("NEW_DEVICE", key=device["kismet_device_base_key"])
        event = hear(ws)
        self.assertEqual(list(event), ["NEW_DEVICE"])
        whole = self.host.get(f"/devices/by-key/{device['kismet_device_base_key']}/device.json")
        self.assertEqual(set(event["NEW_DEVICE"]), set(whole))
        self.assertEqual(event["NEW_DEVICE"]["kismet.device.base.packets.total"], whole["kismet.device.base.packets.total"])

    def test_a_record_about_a_device_comes_with_the_device(self):
        key = self.host.get("/devices/all_devices.ekjson")[0]["kismet_device_base_key"]
        ws = self.client()
        for topic, name in (("DOT11_WPA_HANDSHAKE", "DOT11_WPA_HANDSHAKE_BASEDEV"), ("DOT11_PROBED_SSID", "DOT11_NEW_SSID_BASEDEV")):
            subscribe(ws, topic, fields=[KEY, "live_test.number"], format="msgpack")
            self.publish(topic, key=key, text=1)
            self.assertEqual(hear(ws), {topic: {KEY: 0, "live_test.number": 0}, name: {KEY: key, "live_test.number": 0}})
            self.publish(topic, key="4202770D00000000_1234", text=1)
            self.assertEqual(hear(ws), {topic: {KEY: 0, "live_test.number": 0}, name: None})

    def test_fields_are_picked_and_renamed(self):
        device = self.host.get("/devices/all_devices.ekjson")[0]
        ws = self.client()
        subscribe(ws, "NEW_DEVICE", fields=[MAC, ["kismet.device.base.packets.total", "n"], "no.such.field"])
        self.publish("NEW_DEVICE", key=device["kismet_device_base_key"])
        text = ws.recv()
        self.assertEqual(text, json.dumps({"NEW_DEVICE": {MAC: device["kismet_device_base_macaddr"], "n": device["kismet_device_base_packets_total"],
                                                          "no.such.field": 0}}, separators=(",", ":")))

    def test_every_format_can_be_asked_for(self):
        ws = self.client()
        for name, binary in (("json", False), ("ekjson", False), ("msgpack", True), ("prettyjson", False), ("tjson", False), ("cmd", False)):
            if self.host.ask(f"/system/timestamp.{name}").status == 404:
                continue
            with self.subTest(name):
                self.assertEqual(subscribe(ws, "E", format=name, sequence=True), [])
                self.publish("E", text=3)
                opcode, data = ws.recv_data()
                self.assertEqual(opcode, websocket.ABNF.OPCODE_BINARY if binary else websocket.ABNF.OPCODE_TEXT)
                event = msgpack.unpackb(data) if binary else json.loads(data)
                dot = "_" if name in ("ekjson", "tjson") else "."
                self.assertEqual(event["E"][f"live_test{dot}text"], "xxx")
                self.assertIn(f"aerie{dot}event{dot}sequence", event)

    def test_a_device_that_is_gone_is_told(self):
        ws = self.client()
        subscribe(ws, "NEW_DEVICE")
        self.publish("NEW_DEVICE", 3, key="4202770D00000000_1234")
        lost = hear(ws)["LOST"]
        while lost["aerie.lost.last"] < 3:
            lost = hear(ws)["LOST"]
        self.assertEqual(lost["aerie.lost.reason"], "what it was about is gone, or the format")

    def test_what_is_too_long_is_told(self):
        ws = self.client()
        subscribe(ws, "LONG", sequence=True)
        self.publish("LONG", text=300 * 1024)
        self.assertEqual(hear(ws)["LOST"]["aerie.lost.count"], 1)
        self.publish("LONG", text=100)
        self.assertEqual(hear(ws)[SEQUENCE], 2)

    def test_an_event_may_be_nothing_but_its_name(self):
        ws = self.client()
        subscribe(ws, "BARE")
        self.publish("BARE")
        self.assertEqual(hear(ws), {"BARE": {}})

    def test_numbers_count_what_was_subscribed_to(self):
        ws = self.client()
        subscribe(ws, "A", sequence=True)
        subscribe(ws, "B")
        self.publish("A", 2)
        self.publish("B", 2)
        self.publish("C", 2)
        self.publish("A", 1)
        heard = [hear(ws) for _ in range(5)]
        self.assertEqual([m.get(SEQUENCE) for m in heard], [1, 2, None, None, 5])
        self.assertLess(abs(heard[0][TIME] - time.time()), 60)


class Captures(WithHost):
    def test_a_capture_tells_what_it_finds(self):
        """What came live is what lists show afterwards."""
        ws = self.client()
        for event in ("NEW_DATASOURCE", "DATASOURCE_OPENED", "DATASOURCE_CLOSED", "NEW_DEVICE", "DOT11_ADVERTISED_SSID", "DOT11_RESPONSE_SSID",
                      "DOT11_PROBED_SSID", "MESSAGE"):
            subscribe(ws, event, sequence=True)
        reply = self.host.ask("/datasource/add_source.cmd", "POST", json.dumps({"definition": CAPTURE + ":name=live-test"}),
                              {**BASIC, "Content-Type": "application/json"})
        self.assertEqual(reply.status, 200, reply.octets)
        heard = hear_until(ws, "DATASOURCE_CLOSED")
        self.host.wait_for(r"done, \d+ packets")
        heard += subscribe(ws, "E") + rest(ws)
        self.assertEqual([m[SEQUENCE] for m in heard], list(range(1, len(heard) + 1)))
        order = [next(iter(m)) for m in heard if "DATASOURCE" in next(iter(m))]
        self.assertEqual(order, ["NEW_DATASOURCE", "DATASOURCE_OPENED", "DATASOURCE_CLOSED"])
        devices = self.host.get("/devices/views/all/devices.json")
        self.assertTrue(devices)
        self.assertEqual(sorted(m["NEW_DEVICE"][KEY] for m in heard if "NEW_DEVICE" in m), sorted(d[KEY] for d in devices))
        for event, kind in (("DOT11_ADVERTISED_SSID", "advertised"), ("DOT11_RESPONSE_SSID", "responded"), ("DOT11_PROBED_SSID", "probed")):
            field = "dot11.probedssid.ssid" if kind == "probed" else "dot11.advertisedssid.ssid"
            wanted = sorted((d[KEY], r.get(field)) for d in devices for r in d["dot11.device"].get(f"dot11.device.{kind}_ssid_map", []))
            came = sorted((m["DOT11_NEW_SSID_BASEDEV"][KEY], m[event].get(field)) for m in heard if event in m)
            self.assertEqual(came, wanted, event)
        self.assertTrue(any("DOT11_ADVERTISED_SSID" in m for m in heard))


class Wrong(WithHost):
    def test_what_is_wrong_is_told_and_the_connection_stays(self):
        ws = self.client()
        rows = [
            ("garbage", "cannot be read"), ("", "cannot be read"), ("[]", "JSON object"), ("{}", "`SUBSCRIBE`"), ("null", "JSON object"), ("7", "JSON object"),
            ('{"SUBSCRIBE": 1}', "`SUBSCRIBE`"), ('{"SUBSCRIBE": ""}', "`SUBSCRIBE`"), ('{"SUBSCRIBE": null}', "`SUBSCRIBE`"),
            ('{"SUBSCRIBE": ["A"]}', "`SUBSCRIBE`"), ('{"SUBSCRIBE": "%s"}' % ("x" * 65), "`SUBSCRIBE`"), ('{"SUBSCRIBE": "A\\u0000B"}', ""),
            ('{"UNSUBSCRIBE": true}', "`UNSUBSCRIBE`"), ('{"UNSUBSCRIBE": "NEVER"}', "no subscription"), ('{"UNSUBSCRIBE": "*"}', "no subscription"),
            ('{"SUBSCRIBE": "A", "fields": "x"}', "fields"), ('{"SUBSCRIBE": "A", "fields": [1]}', "fields"),
            ('{"SUBSCRIBE": "A", "fields": [["a", "b", "c"]]}', "fields"), ('{"SUBSCRIBE": "A", "format": "nothing"}', "`format`"),
            ('{"SUBSCRIBE": "A", "format": 7}', "`format`"), ('{"SUBSCRIBE": "A", "format": ""}', "`format`"),
            ('{"SUBSCRIBE": "A", "format": "%s"}' % ("j" * 17), "`format`"), ('{"SUBSCRIBE": "A", "sequence": "yes"}', "`sequence`"),
            ('{"SUBSCRIBE": "A", "sequence": 2}', "`sequence`"), ('{"SUBSCRIBE": "A"', "cannot be read"), ("[" * 1000, "cannot be read"),
            ('{"SUBSCRIBE": "A", "x": "%s"}' % ("x" * 65536), "65536 octets"),
        ]
        for text, part in rows:
            with self.subTest(text[:60]):
                ws.send(text)
                answer = hear(ws)
                self.assertEqual(list(answer), ["error"])
                self.assertIn(part, answer["error"])
                self.assertNotIn("\n", answer["error"])
        ws.send_binary(b"\x00\xff" * 100)
        self.assertIn("binary", hear(ws)["error"])
        self.publish("A")
        subscribe(ws, "B")
        self.publish("B")
        self.assertEqual(hear(ws), {"B": {}})

    def test_wrong_monitors_are_told_with_their_number(self):
        ws = self.client(MONITOR)
        rows = [
            ({}, "`monitor`", None), ({"monitor": "*"}, "`request`", None), ({"monitor": "*", "request": "1"}, "`request`", None),
            ({"monitor": "*", "request": 1.5}, "`request`", None), ({"monitor": 1, "request": 1}, "`monitor`", 1),
            ({"monitor": "nobody", "request": 2}, "`monitor`", 2), ({"monitor": "00:11:22:33:44", "request": -3}, "`monitor`", -3),
            ({"monitor": "00:11:22:33:44:5g", "request": 2}, "`monitor`", 2), ({"monitor": "00:11:22:33:44:55/", "request": 2}, "`monitor`", 2),
            ({"monitor": "*", "request": 1, "rate": 0.05}, "`rate`", 1), ({"monitor": "*", "request": 1, "rate": "1"}, "`rate`", 1),
            ({"monitor": "*", "request": 1, "rate": 1e9}, "`rate`", 1), ({"monitor": "*", "request": 1, "fields": 1}, "fields", 1),
            ({"monitor": "*", "request": 1, "format": "x"}, "`format`", 1), ({"cancel": 9}, "no monitor", 9), ({"cancel": None}, "`cancel`", None),
            ({"cancel": "1"}, "`cancel`", None),
        ]
        for message, part, number in rows:
            with self.subTest(message):
                say(ws, **message)
                answer = hear(ws)
                self.assertIn(part, answer["error"])
                self.assertEqual(answer.get("request"), number)

    def test_subscriptions_have_a_limit(self):
        ws = self.client()
        for i in range(64):
            self.assertEqual(subscribe(ws, f"E{i}"), [])
        say(ws, SUBSCRIBE="E64")
        self.assertIn("64 subscriptions", hear(ws)["error"])
        say(ws, SUBSCRIBE="E3", sequence=True)  # one that is there may change
        settle(ws)
        say(ws, UNSUBSCRIBE="E0")
        subscribe(ws, "E64")
        self.publish("E64")
        self.assertEqual(hear(ws), {"E64": {}})

    def test_lists_of_fields_have_a_limit_in_all(self):
        ws = self.client()
        fields = [f"f{i}." + "x" * 500 for i in range(100)]  # some 50 KiB
        for i in range(5):
            say(ws, SUBSCRIBE=f"E{i}", fields=fields)
        self.assertEqual(settle(ws), [])
        say(ws, SUBSCRIBE="E5", fields=fields)
        self.assertIn("too long", hear(ws)["error"])
        say(ws, SUBSCRIBE="E4", fields=fields)  # in the place of the one that is there
        say(ws, UNSUBSCRIBE="E0")
        say(ws, SUBSCRIBE="E5", fields=fields)
        self.assertEqual(settle(ws), [])

    def test_monitors_have_a_limit(self):
        ws = self.client(MONITOR)
        for i in range(16):
            say(ws, monitor="*", request=i, rate=100)
        say(ws, monitor="*", request=16, rate=100)
        self.assertIn("16 monitors", hear(ws)["error"])
        say(ws, monitor="00:11:22:33:44:55", request=3, rate=100)  # in the place of the one that is there
        say(ws, cancel=0)
        say(ws, monitor="*", request=16, rate=100)
        self.assertEqual(settle(ws), [])

    def test_a_client_that_only_sends_garbage_is_read_no_more(self):
        ws = WebSocket(self.host.port, EVENTS, headers=list(BASIC.items()), receive_buffer=4096)
        self.addCleanup(ws.sock.close)
        ws.sock.settimeout(1)
        block, sent = frame(TEXT, b"x") * 1000, 0
        with self.assertRaises(TimeoutError):
            while sent < 5000:  # 34 MiB, answered with 600
                ws.raw(block)
                sent += 1
        self.assertLess(self.host.resident_kib(), 1024 * 1024)
        ws.sock.settimeout(PATIENCE)
        for _ in range(1000):
            self.assertIn("error", json.loads(ws.message()))


class Logins(WithHost):
    def test_every_way_to_log_in_works(self):
        query = urllib.parse.urlencode(dict(user=LOGIN[0], password=LOGIN[1]))
        cookie = self.host.ask("/session/check_session", headers=BASIC).getheader("Set-Cookie").split(";")[0]
        rows = [dict(), dict(path=f"{EVENTS}?{query}", header=[]), dict(header=[], cookie=cookie)]
        for row in rows:
            with self.subTest(row):
                ws = self.client(**row)
                subscribe(ws, "E")
                self.publish("E")
                self.assertEqual(hear(ws), {"E": {}})

    def test_without_login_there_is_nothing(self):
        wrong = basic(LOGIN[0], "wrong")
        for path in (EVENTS, MONITOR, "/devices/views/all/monitor.ws"):
            for header in ([], wrong):
                with self.assertRaises(websocket.WebSocketBadStatusException) as caught:
                    connect(self.host, path, header=header)
                self.assertEqual(caught.exception.status_code, 401)

    def test_roles_decide(self):
        for role, status in (("readonly", 101), ("admin", 101), ("datasource", 403)):
            reply = self.host.ask("/auth/apikey/generate.cmd", "POST", json.dumps({"name": "live-" + role, "role": role, "duration": 0}),
                                  {**BASIC, "Content-Type": "application/json"})
            self.assertEqual(reply.status, 200, reply.octets)
            token = reply.octets.decode().strip()
            for path in (EVENTS, MONITOR, "/devices/views/all/monitor.ws"):
                with self.subTest(role=role, path=path):
                    try:
                        self.client(path, header=[], cookie="KISMET=" + token)
                        got = 101
                    except websocket.WebSocketBadStatusException as e:
                        got = e.status_code
                    self.assertEqual(got, status)


class Crowds(WithHost):
    options = WithHost.options + ("live_queue=64", "httpd_websocket_ping=20s")

    def slow(self, path=EVENTS):
        """A client with a small buffer, which reads when it is told to."""
        ws = WebSocket(self.host.port, path, headers=list(BASIC.items()), receive_buffer=4096)
        self.addCleanup(ws.sock.close)
        return ws

    def test_a_burst_is_told_to_the_last_event(self):
        ws = self.client()
        subscribe(ws, "BURST", sequence=True)
        self.publish("BURST", 50000)
        heard = subscribe(ws, "END", sequence=True)
        while covered(heard, "BURST")[2] < 50000:
            heard.append(hear(ws))
        self.publish("END")
        heard.append(hear(ws))
        came, lost, at = covered(heard, "BURST")
        self.assertIn("END", heard[-1])
        self.assertEqual(at, 50000)
        self.assertEqual(len(came) + lost, 50000)
        self.assertEqual(heard[-1][SEQUENCE], 50001)

    def test_slow_client_is_told_what_it_lost_and_others_lose_nothing(self):
        ws, calm, small = self.slow(), self.client(), 20 * 1024
        ws.send(json.dumps({"SUBSCRIBE": "FLOOD", "sequence": True}))
        ws.send("{}")
        self.assertIn("error", ws.message())
        subscribe(calm, "CALM", sequence=True)
        for _ in range(60):
            self.publish("FLOOD", 20, text=small)
            self.publish("CALM")
            self.assertIn("CALM", hear(calm))
        self.assertEqual(rest(calm), [])
        ws.send(json.dumps({"SUBSCRIBE": "END"}))
        heard, published = [], False
        while True:  # it reads again
            message = json.loads(ws.message())
            if "END" in message:
                break
            heard.append(message)
            if not published and message.get(SEQUENCE, 0) == 1200 or "LOST" in message and message["LOST"]["aerie.lost.last"] == 1200:
                published = True
                self.publish("END")
        came, lost, at = covered(heard, "FLOOD")
        self.assertEqual(at, 1200)
        self.assertGreater(lost, 1200 * small // (8 * 1024 * 1024))
        self.assertEqual(came[-1], 1200)  # the oldest go, not the newest
        reasons = {m["LOST"]["aerie.lost.reason"] for m in heard if "LOST" in m}
        self.assertIn("the client was too slow", reasons)

    def test_clients_that_never_read_cost_a_bounded_amount(self):
        everyone = [self.slow() for _ in range(20)]
        for ws in everyone:
            ws.send(json.dumps({"SUBSCRIBE": "FLOOD", "sequence": True}))
            ws.send("{}")
            self.assertIn("error", ws.message())
        self.publish("FLOOD", 500, text=20 * 1024)
        before = self.host.resident_kib()
        for _ in range(10):
            self.publish("FLOOD", 1000, text=20 * 1024)  # 200 MiB, for each of them
        grown = self.host.resident_kib() - before
        # 512 records in all, and for each client what the connection has: 512 * 32 KiB + 20 * 0.5 MiB, and what malloc() keeps of it.
        # Sanitizers keep what was freed.
        self.assertLess(grown, 512 * 1024 if "ASAN_OPTIONS" in os.environ else 64 * 1024)
        ws = self.client()
        subscribe(ws, "CALM")
        self.publish("CALM")
        self.assertEqual(hear(ws), {"CALM": {}})

    def test_two_hundred_clients_get_every_event(self):
        async def one(number):
            async with websockets.connect(f"ws://127.0.0.1:{self.host.port}{EVENTS}", extra_headers=BASIC, open_timeout=PATIENCE) as ws:
                await ws.send(json.dumps({"SUBSCRIBE": "CROWD", "sequence": True, "fields": ["live_test.number"]}))
                await ws.send("{}")
                assert "error" in json.loads(await ws.recv())
                ready.append(number)
                heard = [json.loads(await ws.recv()) for _ in range(50)]
                return [(m[SEQUENCE], m["CROWD"]["live_test.number"]) for m in heard]

        async def publish():
            while len(ready) < 200:
                await asyncio.sleep(0.01)
            await asyncio.get_running_loop().run_in_executor(None, lambda: self.publish("CROWD", 50, text=1))

        async def everyone():
            return await asyncio.wait_for(asyncio.gather(publish(), *[one(i) for i in range(200)]), PATIENCE)

        ready = []
        results = asyncio.run(everyone())[1:]
        self.assertEqual(results, [[(i + 1, i) for i in range(50)]] * 200)

    def test_clients_that_come_and_go_disturb_nobody(self):
        stays = self.client()
        subscribe(stays, "STEADY", sequence=True)
        ending = threading.Event()

        def come_and_go():
            while not ending.is_set():
                ws = connect(self.host)
                say(ws, SUBSCRIBE="*")
                ws.shutdown() if len(threading.enumerate()) % 2 else ws.close()

        threads = [threading.Thread(target=come_and_go) for _ in range(4)]
        for t in threads:
            t.start()
        for _ in range(30):
            self.publish("STEADY", 50)
            for _ in range(50):
                hear(stays)
        ending.set()
        for t in threads:
            t.join()
        self.publish("STEADY")
        self.assertEqual(hear(stays)[SEQUENCE], 1501)


class Monitors(WithHost):
    capture = True

    def setUp(self):
        devices = self.host.get("/devices/all_devices.ekjson")
        self.devices = {d["kismet_device_base_key"]: d["kismet_device_base_macaddr"] for d in devices}
        self.keys = sorted(self.devices)

    def change(self, key=None):
        reply = self.host.ask("/live_test/change" + (f"?key={key}" if key else ""))
        self.assertEqual(reply.status, 200, reply.octets)

    def monitor(self, path=MONITOR, rate=0.1, fields=(KEY,), **more):
        """A connection with a monitor that has begun: a device that changed since has come once, and nothing else is under way."""
        ws = self.client(path)
        say(ws, request=1, rate=rate, fields=list(fields), **more)
        self.assertEqual(settle(ws), [])
        return ws

    def begin(self, ws, key):
        """Changes a device until that is noticed: the monitor has begun."""
        ws.settimeout(0.3)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.change(key)
            try:
                hear(ws)
                rest(ws)
                return
            except websocket.WebSocketTimeoutException:
                pass
        self.fail("the monitor never began")

    def keys_of(self, heard):
        return sorted(m[KEY] for m in heard)

    def test_what_did_not_change_does_not_come(self):
        ws = self.monitor(monitor="*")
        self.assertEqual(rest(ws, 1.2), [])

    def test_each_device_that_changed_comes_once(self):
        ws = self.monitor(monitor="*")
        self.begin(ws, self.keys[0])
        self.change()
        self.assertEqual(self.keys_of(rest(ws, 1.2)), self.keys)
        self.change(self.keys[3])
        self.assertEqual(self.keys_of(rest(ws, 1.2)), [self.keys[3]])

    def test_a_device_by_its_key(self):
        ws = self.monitor(monitor=self.keys[2])
        self.begin(ws, self.keys[2])
        self.change()
        self.assertEqual(self.keys_of(rest(ws)), [self.keys[2]])

    def test_a_device_by_its_address(self):
        ws = self.monitor(monitor=self.devices[self.keys[1]].lower(), fields=[KEY, MAC])
        self.begin(ws, self.keys[1])
        self.change()
        self.assertEqual(rest(ws), [{KEY: self.keys[1], MAC: self.devices[self.keys[1]]}])

    def test_devices_by_a_mask(self):
        mac = self.devices[self.keys[0]]
        for mask, n in (("FF:FF:FF:FF:00:00", 4), ("FF:FF:FF:FF:FF:FF", 6), ("00:00:00:00:00:00", 0)):
            with self.subTest(mask):
                wanted = sorted(k for k, m in self.devices.items() if m.split(":")[:n] == mac.split(":")[:n])
                ws = self.monitor(monitor=f"{mac}/{mask}")
                self.begin(ws, self.keys[0])
                self.change()
                self.assertEqual(self.keys_of(rest(ws)), wanted)
                ws.close()

    def test_devices_of_a_view(self):
        view = "phydot11_accesspoints"
        wanted = sorted(d[KEY] for d in self.host.get(f"/devices/views/{view}/devices.json"))
        self.assertTrue(0 < len(wanted) < len(self.keys))
        ws = self.monitor(f"/devices/views/{view}/monitor.ws", monitor="*")
        self.begin(ws, wanted[0])
        self.change()
        self.assertEqual(self.keys_of(rest(ws)), wanted)
        ws = self.monitor("/devices//views/phy%2DIEEE802.11/monitor.ws", monitor="*")
        self.begin(ws, self.keys[0])
        self.change()
        self.assertEqual(self.keys_of(rest(ws)), self.keys)

    def test_a_device_that_is_not_in_the_view_does_not_come(self):
        view = "phydot11_accesspoints"
        inside = {d[KEY] for d in self.host.get(f"/devices/views/{view}/devices.json")}
        outside = next(k for k in self.keys if k not in inside)
        ws = self.client(f"/devices/views/{view}/monitor.ws")
        for number, key in enumerate((outside, min(inside))):
            say(ws, monitor=key, request=number, rate=0.1, fields=[KEY])
        self.begin(ws, min(inside))
        self.change()
        self.assertEqual(rest(ws), [{KEY: min(inside)}])

    def test_a_view_that_is_not_there_is_not_found(self):
        for view in ("nothing", "phy-", "a%2Fb", "x" * 300):
            with self.assertRaises(websocket.WebSocketBadStatusException) as caught:
                connect(self.host, f"/devices/views/{view}/monitor.ws")
            self.assertEqual(caught.exception.status_code, 404, view)

    def test_the_rate_is_kept(self):
        ws = self.monitor(monitor=self.keys[0], rate=0.5)
        self.begin(ws, self.keys[0])
        times = []
        end = time.monotonic() + 3.2
        ending = threading.Event()

        def busy():
            while not ending.is_set():
                self.change(self.keys[0])
                time.sleep(0.02)

        thread = threading.Thread(target=busy)
        thread.start()
        while time.monotonic() < end:
            hear(ws)
            times.append(time.monotonic())
        ending.set()
        thread.join()
        self.assertIn(len(times), range(3, 9), times)  # 3.2 s; fewer only when the machine is busy

    def test_a_monitor_ends_and_others_go_on(self):
        ws = self.monitor(monitor=self.keys[0])
        say(ws, monitor=self.keys[1], request=2, rate=0.1, fields=[MAC])
        self.begin(ws, self.keys[1])
        self.begin(ws, self.keys[0])
        say(ws, cancel=1)
        self.assertEqual(settle(ws), [])
        self.change()
        self.assertEqual(rest(ws), [{MAC: self.devices[self.keys[1]]}])
        say(ws, monitor=self.keys[2], request=2, rate=0.1, fields=[KEY])  # in its place
        self.begin(ws, self.keys[2])
        self.change()
        self.assertEqual(rest(ws), [{KEY: self.keys[2]}])

    def test_formats_and_whole_records(self):
        ws = self.client(MONITOR)
        say(ws, monitor=self.keys[0], request=1, rate=0.1, format="msgpack")
        end = time.monotonic() + PATIENCE
        ws.settimeout(0.3)
        data = None
        while not data and time.monotonic() < end:
            self.change(self.keys[0])
            try:
                opcode, data = ws.recv_data()
            except websocket.WebSocketTimeoutException:
                pass
        self.assertEqual(opcode, websocket.ABNF.OPCODE_BINARY)
        device = msgpack.unpackb(data, strict_map_key=False)
        whole = self.host.get(f"/devices/by-key/{self.keys[0]}/device.msgpack")
        self.assertEqual(set(device), set(whole))
        self.assertEqual(device[MAC], self.devices[self.keys[0]])

    def test_slow_client_is_told_that_looks_are_left_out(self):
        ws = WebSocket(self.host.port, MONITOR, headers=list(BASIC.items()), receive_buffer=4096)
        self.addCleanup(ws.sock.close)
        for i in range(16):
            ws.send(json.dumps({"monitor": "*", "request": i, "rate": 0.1}))
        other = self.monitor(monitor=self.keys[0])
        self.begin(other, self.keys[0])
        end = time.monotonic() + 4
        while time.monotonic() < end:
            self.change()
            self.assertEqual(hear_until(other, KEY)[-1], {KEY: self.keys[0]})  # nobody else waits
        while "LOST" not in (message := json.loads(ws.message())):
            self.assertIn(KEY, message)
        self.assertGreater(message["LOST"]["aerie.lost.count"], 0)
        self.assertIn(message["LOST"]["aerie.lost.request"], range(16))


class Streams(WithHost):
    def streams(self):
        listed = self.host.get("/streams/all_streams.json")
        rows = listed.values() if isinstance(listed, dict) else listed
        return {s["kismet.stream.path"]: s for s in rows}

    def test_connections_are_listed_counted_and_can_be_closed(self):
        for path in (EVENTS, MONITOR, "/devices/views/all/monitor.ws"):
            ws = self.client(path)
            if path == EVENTS:
                subscribe(ws, "E")
                self.publish("E", 10)
                for _ in range(10):
                    hear(ws)
            else:
                settle(ws)  # the answer to the handshake is on its way before the connection is open
            stream = self.streams()[path]
            self.assertEqual(stream["kismet.stream.type"], "websocket")
            self.assertIn(LOGIN[0], stream["kismet.stream.description"])
            if path == EVENTS:
                self.assertEqual(stream["kismet.stream.packets"], 11)  # with the answer to settle()
                self.assertGreater(stream["kismet.stream.size"], 11 * len('{"E":{}}'))
            reply = self.host.ask(f"/streams/by-id/{stream['kismet.stream.stream_id']}/close_stream.cmd", "POST", "{}",
                                  {**BASIC, "Content-Type": "application/json"})
            self.assertEqual(reply.status, 200, reply.octets)
            opcode, data = ws.recv_data()
            self.assertEqual((opcode, int.from_bytes(data[:2], "big"), data[2:]), (websocket.ABNF.OPCODE_CLOSE, 1000, b"the stream was closed"))
            ws.close()
            end = time.monotonic() + PATIENCE
            while path in self.streams():
                self.assertLess(time.monotonic(), end, "it is listed no more")


class Documentation(WithHost):
    """The examples of doc/live.md in Python, as they stand there but for address and login."""

    capture = True

    def example(self, library):
        with open(os.path.join(SOURCE, "doc/live.md"), encoding="utf-8") as f:
            blocks = re.findall(r"(?:^(?:    .*)?\n)+", f.read(), re.MULTILINE)
        found = [textwrap.dedent(b) for b in blocks if re.search(rf"^    import .*\b{library}$", b, re.MULTILINE)]
        self.assertEqual(len(found), 1)
        return found[0].replace("127.0.0.1:2501", f"127.0.0.1:{self.host.port}").replace("aerie:secret", ":".join(LOGIN)) \
            .replace("b\"tester:pa:ss wörd\"", "\"tester:pa:ss wörd\".encode()") \
            .replace("user=aerie&password=secret", urllib.parse.urlencode(dict(user=LOGIN[0], password=LOGIN[1])))

    def run_until_it_says(self, library, something, act):
        process = subprocess.Popen([sys.executable, "-u", "-c", self.example(library)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        ending = threading.Event()

        def keep_acting():
            while not ending.wait(0.1):
                act()

        thread = threading.Thread(target=keep_acting)
        thread.start()
        try:
            line = process.stdout.readline()
        finally:
            process.kill()
            ending.set()
            thread.join()
            rest_of_it = process.communicate()[0]
        self.assertRegex(line, something, rest_of_it)

    def test_example_of_events(self):
        key = self.host.get("/devices/all_devices.ekjson")[0]["kismet_device_base_key"]
        self.run_until_it_says("websocket", r"^1 ([0-9A-F]{2}:){5}[0-9A-F]{2} \S", lambda: self.publish("NEW_DEVICE", key=key))

    def test_example_of_monitors(self):
        self.run_until_it_says("websockets", r"^\{'kismet.device.base.macaddr': '[0-9A-F:]{17}', 'dbm': -?\d+\}",
                               lambda: self.host.ask("/live_test/change"))


class Ending(unittest.TestCase):
    def test_clients_are_told_that_the_server_ends(self):
        host = Host(capture=None).ready(loaded=False)
        everyone = [WebSocket(host.port, path, headers=list(BASIC.items())) for path in (EVENTS, MONITOR) for _ in range(10)]
        for ws in everyone:
            ws.send(json.dumps({"SUBSCRIBE": "*", "monitor": "*", "request": 1, "rate": 0.1}))
        codes = []
        readers = [threading.Thread(target=lambda w=ws: codes.append(w.closing()[0])) for ws in everyone]
        for reader in readers:
            reader.start()
        for _ in range(3):
            host.ask("/live_test/publish?topic=E&count=1000&text=100")
        host.end()
        for reader in readers:
            reader.join()
        self.assertEqual(codes, [1001] * 20)

    def test_clients_that_read_nothing_do_not_hold_it(self):
        host = Host(capture=None).ready(loaded=False)
        everyone = [WebSocket(host.port, EVENTS, headers=list(BASIC.items()), receive_buffer=4096) for _ in range(10)]
        for ws in everyone:
            ws.send(json.dumps({"SUBSCRIBE": "*"}))
        for _ in range(3):
            host.ask("/live_test/publish?topic=E&count=1000&text=10000")
        began = time.monotonic()
        host.end()
        self.assertLess(time.monotonic() - began, 15)
        for ws in everyone:
            ws.sock.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
