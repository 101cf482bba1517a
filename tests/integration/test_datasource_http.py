#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Datasources over HTTP, with the real host: adding, tuning, pausing, closing and opening, listing interfaces, and feeding passive
sources. The radio is tests/integration/fake_radio.c; what frames make of devices is compared with the same frames read as a file."""
import base64
import contextlib
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import threading
import time
import unittest
import urllib.parse

from host import BUILD, CAPTURE, Host, PATIENCE, SOURCE

USER, PASSWORD = "tester", "secret"
PASSIVE = "00112233-4455-6677-8899-AABBCCDDEEFF"
RADIO = "F00D0000-0000-0000-0000-000000000001"
FORM = "application/x-www-form-urlencoded"
ADMIN = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}


def host(*args):
    return Host("--plugin-dir", os.path.join(BUILD, "tests/integration/radio/.libs"), "-s", "helper_binary_path=" + os.path.join(BUILD, "bin"),
                "-s", "helper_binary_path=" + os.path.join(BUILD, "tests/integration"), *args, capture=None,
                login=(USER, PASSWORD)).ready(loaded=False)


def read_pcap(path):
    """Link type, and (seconds, microseconds, octets) of each frame."""
    with open(path, "rb") as f:
        data = f.read()
    assert struct.unpack_from("<I", data)[0] == 0xA1B2C3D4
    frames, at = [], 24
    while at < len(data):
        sec, usec, n, _ = struct.unpack_from("<IIII", data, at)
        frames.append((sec, usec, data[at + 16:at + 16 + n]))
        at += 16 + n
    return struct.unpack_from("<I", data, 20)[0], frames


def command(host, path, what=None, headers=ADMIN, method=None, kind="json"):
    """Posts a command: as form variable json=, or as a body of JSON."""
    headers = dict(headers)
    body = None
    if what is not None and kind == "json":
        headers["Content-Type"] = FORM
        body = "json=" + urllib.parse.quote_plus(json.dumps(what))
    elif what is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(what)
    return host.ask(path, method or "POST", body, headers)


def source_path(uuid, what):
    return f"/datasource/by-uuid/{uuid}/{what}"


def without_sources(devices):
    """What a device is, whoever heard it and when its record was made."""
    out = {}
    for d in devices:
        d = {k: v for k, v in d.items() if "seenby" not in k and "rrd" not in k and "mod_time" not in k and "server" not in k}
        out[d["kismet.device.base.key"]] = json.dumps(drop_series(d), sort_keys=True)
    return out


def drop_series(value):
    if isinstance(value, dict):
        return {k: drop_series(v) for k, v in value.items() if "rrd" not in k}
    return [drop_series(v) for v in value] if isinstance(value, list) else value


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = host("-c", "radio0:type=fakeradio,name=roof", "-c", f"passive:name=esp32,uuid={PASSIVE},dlt=105")
        cls.host.wait_for(r"source roof \(fakeradio\): opened")

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def source(self, uuid):
        return self.host.get(source_path(uuid, "source.json"))

    def expect(self, reply, status, pattern=""):
        text = reply.octets.decode("utf-8", "replace")
        self.assertEqual(reply.status, status, text)
        if pattern:
            self.assertRegex(text, pattern)
        return json.loads(text) if status == 200 else text

    def test_lists_of_sources_types_and_defaults(self):
        names = [s["kismet.datasource.name"] for s in self.host.get("/datasource/all_sources.json")]
        self.assertIn("roof", names)
        self.assertIn("esp32", names)
        types = {t["kismet.datasource.driver.type"]: t for t in self.host.get("/datasource/types.json")}
        self.assertLessEqual({"pcapfile", "passive", "tzsp", "fakeradio"}, set(types))
        self.assertEqual(types["passive"]["kismet.datasource.driver.passive_capable"], 1)
        self.assertEqual(types["fakeradio"]["kismet.datasource.driver.tuning_capable"], 1)
        defaults = self.host.get("/datasource/defaults.json")
        self.assertEqual(defaults["kismet.datasourcetracker.default.hop_rate"], 5)
        self.assertEqual(set(k.rsplit(".", 1)[1] for k in defaults),
                         {"hop_rate", "hop", "split", "random_order", "retry_on_error", "remote_cap_listen", "remote_cap_port",
                          "remote_cap_timestamp"})

    def test_one_source_by_its_uuid(self):
        source = self.source(PASSIVE)
        self.assertEqual((source["kismet.datasource.uuid"], source["kismet.datasource.passive"], source["kismet.datasource.running"]),
                         (PASSIVE, 1, 1))
        self.assertEqual(source["kismet.datasource.dlt"], 105)
        self.assertEqual(self.source(PASSIVE.lower())["kismet.datasource.name"], "esp32")
        self.expect(self.host.ask(source_path("00112233-4455-6677-8899-AABBCCDDEE00", "source.json")), 404, "no source has this UUID")
        for wrong in ("roof", "00112233-4455-6677-8899-AABBCCDDEEFG", "00112233-4455-6677-8899-AABBCCDDEEFF0", "00112233445566778899AABBCCDDEEFF0000"):
            self.expect(self.host.ask(source_path(wrong, "source.json")), 400, "a UUID is 8-4-4-4-12")

    def test_interfaces_of_every_driver_that_can_list(self):
        self.expect(self.host.ask("/datasource/list_interfaces.json"), 401)
        for suffix in ("json", "cmd"):
            reply = self.host.ask("/datasource/list_interfaces." + suffix, headers=ADMIN)
            found = self.expect(reply, 200)
            self.assertEqual([i["kismet.datasource.probed.interface"] for i in found], ["radio0", "radio1"])
            self.assertEqual(found[0]["kismet.datasource.probed.hardware"], "No chip at all")
            self.assertEqual(found[0]["kismet.datasource.type_driver"]["kismet.datasource.driver.type"], "fakeradio")
            self.assertEqual(found[0]["kismet.datasource.probed.in_use_uuid"], RADIO)
        packed = self.host.ask("/datasource/list_interfaces.msgpack", headers=ADMIN)
        self.assertEqual(packed.status, 200)
        self.assertEqual(packed.octets[0], 0x92)

    def test_every_command_needs_a_login(self):
        wrong = {"Authorization": "Basic " + base64.b64encode(b"tester:wrong").decode()}
        paths = [source_path(RADIO, f"{c}.cmd") for c in ("set_channel", "set_hop", "close_source", "open_source", "disable_source", "enable_source",
                                                         "pause_source", "resume_source", "feed")] + ["/datasource/add_source.cmd"]
        for path in paths:
            for headers in ({}, wrong):
                self.expect(command(self.host, path, {"channel": "6"}, headers), 401)
        for role in ("readonly", "datasource"):
            made = command(self.host, "/auth/apikey/generate.cmd", {"name": role, "role": role, "duration": 0})
            self.assertEqual(made.status, 200)
            for path in paths:
                if role != "datasource" or not path.endswith("feed.cmd"):
                    self.expect(command(self.host, path, {"channel": "6"}, {"Cookie": "KISMET=" + made.octets.decode()}), 403)
        self.assertEqual(self.source(RADIO)["kismet.datasource.running"], 1)

    def test_commands_of_unknown_sources_are_404_and_get_is_allowed_where_it_was(self):
        unknown = "12345678-0000-0000-0000-000000000000"
        for c in ("set_hop", "close_source", "open_source", "disable_source", "enable_source", "pause_source", "resume_source"):
            for suffix in ("cmd", "jcmd"):
                for method in ("GET", "POST"):
                    self.expect(command(self.host, source_path(unknown, f"{c}.{suffix}"), method=method), 404, "no source has this UUID")
        for c in ("set_channel", "feed"):
            self.expect(command(self.host, source_path(unknown, c + ".cmd"), {"channel": "1"}), 404)
            self.expect(command(self.host, source_path(RADIO, c + ".cmd"), method="GET"), 405)
        self.expect(command(self.host, "/datasource/add_source.cmd", method="GET"), 405)

    def test_tuning(self):
        path = source_path(RADIO, "set_channel.cmd")
        one = self.expect(command(self.host, path, {"channel": "6HT40+", "hoprate": 3, "channels": ["1"]}), 200)
        self.assertEqual((one["kismet.datasource.hopping"], one["kismet.datasource.channel"]), (0, "6HT40+"))
        self.assertEqual(self.expect(command(self.host, path, {"channel": 11}), 200)["kismet.datasource.channel"], "11")
        some = self.expect(command(self.host, path, {"channels": ["1", 6, "11"], "hoprate": 4}), 200)
        self.assertEqual((some["kismet.datasource.hopping"], some["kismet.datasource.hop_rate"], some["kismet.datasource.hop_channels"]),
                         (1, 4, ["1", "6", "11"]))
        faster = self.expect(command(self.host, path, {"rate": 2.5}), 200)
        self.assertEqual((faster["kismet.datasource.hop_rate"], faster["kismet.datasource.hop_channels"]), (2.5, ["1", "6", "11"]))
        other = self.expect(command(self.host, path, {"channels": ["1", "6"], "shuffle": 0}, kind="body"), 200)
        self.assertEqual((other["kismet.datasource.hop_rate"], other["kismet.datasource.hop_channels"], other["kismet.datasource.hop_shuffle"]),
                         (2.5, ["1", "6"], 0))
        self.expect(command(self.host, path, {"channel": "1"}), 200)
        again = self.expect(command(self.host, source_path(RADIO, "set_hop.jcmd"), method="GET"), 200)
        self.assertEqual((again["kismet.datasource.hopping"], again["kismet.datasource.hop_rate"], again["kismet.datasource.hop_channels"]),
                         (1, 2.5, ["1", "6"]))
        self.assertEqual(self.source(RADIO)["kismet.datasource.hopping"], 1)

    def test_what_cannot_be_tuned_to_is_500_with_the_reason(self):
        path = source_path(RADIO, "set_channel.cmd")
        self.expect(command(self.host, path, {"channel": "99"}), 500, "ERROR: the channel was not set: .*99")
        self.expect(command(self.host, path, {"channel": "13"}), 500, "ERROR: the channel was not set: .*not allowed here")
        self.expect(command(self.host, source_path(PASSIVE, "set_channel.cmd"), {"channel": "1"}), 500, "driver cannot set channels")
        self.expect(command(self.host, source_path(PASSIVE, "set_hop.cmd")), 500, "ERROR: hopping was not set: ")
        self.assertEqual(self.source(RADIO)["kismet.datasource.running"], 1)

    def test_malformed_commands_are_400_by_name(self):
        path = source_path(RADIO, "set_channel.cmd")
        for what, why in (({}, "needs `channel`"), ({"chanel": "6"}, "needs `channel`"), ({"channel": ""}, "`channel` must be a text"),
                          ({"channel": None}, "`channel` must be a text"), ({"channel": ["6"]}, "`channel` must be a text"),
                          ({"channels": []}, "`channels` must be a list"), ({"channels": "1,6"}, "`channels` must be a list"),
                          ({"channels": ["1", None]}, "each of `channels`"), ({"channels": ["1"] * 513}, "`channels` must be a list"),
                          ({"hoprate": 0}, "`hoprate` must be"), ({"hoprate": -1}, "`hoprate` must be"), ({"rate": "5"}, "`hoprate` must be"),
                          ({"hoprate": 1e9}, "`hoprate` must be"), ({"hoprate": 1, "shuffle": 2}, "`shuffle` must be 0 or 1"),
                          ([], "it is a list, and must be a map"), (7, "it is a number")):
            for kind in ("json", "body"):
                self.expect(command(self.host, path, what, kind=kind), 400, why)
        for body, kind, status, why in (("json=%7B%22a", FORM, 400, "not JSON"), ("json={'channel': '6'}", FORM, 400, "not JSON"),
                                        ("json=%", FORM, 400, "malformed escape"), ("msgpack=!", FORM, 400, "not base64"),
                                        ("", FORM, 400, "needs a command"), ("a=b", FORM, 400, "needs a command"),
                                        ("{}", "text/plain", 415, "text/plain"), ("--xy\r\nA", "multipart/form-data; boundary=xy", 400, "not the multipart/form-data"),
                                        ("{\"channel\":\"6\"", "application/json", 400, "not JSON"), ("\x81", "application/msgpack", 400, "msgpack")):
            self.expect(self.host.ask(path, "POST", body.encode("latin-1"), {"Content-Type": kind, **ADMIN}), status, why)
        for what in ({}, {"definition": ""}, {"definition": 5}):
            self.expect(command(self.host, "/datasource/add_source.cmd", what), 400, "needs `definition`")

    def test_a_command_comes_as_msgpack_too(self):
        path = source_path(RADIO, "set_channel.cmd")
        packed = b"\x81\xa7channel\xa16"
        for body, kind in ((b"msgpack=" + base64.b64encode(packed), FORM), (b"msgpack=" + base64.urlsafe_b64encode(packed).rstrip(b"="), FORM),
                           (packed, "application/msgpack")):
            reply = self.host.ask(path, "POST", body, {"Content-Type": kind, **ADMIN})
            self.assertEqual(self.expect(reply, 200)["kismet.datasource.channel"], "6")

    def test_close_open_pause_and_resume(self):
        uuid = "F00D0000-0000-0000-0000-0000000000AA"
        added = self.expect(command(self.host, "/datasource/add_source.cmd", {"definition": f"radio1:type=fakeradio,name=life,uuid={uuid}"}), 200)
        self.assertEqual((added["kismet.datasource.uuid"], added["kismet.datasource.running"]), (uuid, 1))
        pid = added["kismet.datasource.ipc_pid"]
        paused = self.expect(command(self.host, source_path(uuid, "pause_source.cmd"), method="GET"), 200)
        self.assertEqual(paused["kismet.datasource.paused"], 1)
        self.expect(command(self.host, source_path(uuid, "pause_source.cmd")), 500, "paused already")
        self.assertEqual(self.expect(command(self.host, source_path(uuid, "resume_source.jcmd")), 200)["kismet.datasource.paused"], 0)
        self.expect(command(self.host, source_path(uuid, "resume_source.cmd")), 500, "not paused")
        for close, reopen in (("close", "open"), ("disable", "enable")):
            closed = self.expect(command(self.host, source_path(uuid, close + "_source.cmd")), 200)
            self.assertEqual((closed["kismet.datasource.running"], closed["kismet.datasource.retry"]), (0, 0))
            self.assertIn(uuid, [s["kismet.datasource.uuid"] for s in self.host.get("/datasource/all_sources.json")])
            again = self.expect(command(self.host, source_path(uuid, reopen + "_source.cmd")), 200)
            self.assertEqual(again["kismet.datasource.running"], 1)
            self.assertNotEqual(again["kismet.datasource.ipc_pid"], pid)
            self.expect(command(self.host, source_path(uuid, reopen + "_source.cmd")), 500, "ERROR: the source was not opened: ")
        # kismet-compat B.3: closing what is closed is answered like closing.
        for _ in range(2):
            self.assertEqual(self.expect(command(self.host, source_path(uuid, "close_source.cmd")), 200)["kismet.datasource.running"], 0)

    def test_every_answer_comes_in_parts_when_the_command_says_so(self):
        parts = {"fields": [["kismet.datasource.uuid", "id"], "kismet.datasource.type_driver/kismet.datasource.driver.type"]}
        radio = {"id": RADIO, "kismet.datasource.driver.type": "fakeradio"}
        for path in (source_path(RADIO, "source.json"), source_path(RADIO, "set_hop.cmd"), source_path(RADIO, "set_channel.jcmd")):
            self.assertEqual(self.expect(command(self.host, path, {"channel": "6", **parts}), 200), radio, path)
        self.assertIn(radio, self.expect(command(self.host, "/datasource/all_sources.json", parts), 200))
        self.assertIn({"kismet.datasource.driver.type": "fakeradio"},
                      self.expect(command(self.host, "/datasource/types.json", {"fields": ["kismet.datasource.driver.type"]}), 200))
        self.assertEqual(self.expect(command(self.host, "/datasource/defaults.json", {"fields": ["kismet.datasourcetracker.default.hop_rate"]}), 200),
                         {"kismet.datasourcetracker.default.hop_rate": 5})
        found = self.expect(command(self.host, "/datasource/list_interfaces.json", {"fields": ["kismet.datasource.probed.interface"]}), 200)
        self.assertEqual(found, [{"kismet.datasource.probed.interface": "radio0"}, {"kismet.datasource.probed.interface": "radio1"}])
        fields = self.expect(command(self.host, "/system/tracked_fields.json", {"fields": ["aerie.field.name"]}), 200)
        self.assertIn({"aerie.field.name": "kismet.datasource.uuid"}, fields)

    def test_bad_fields_are_400_before_anything_is_done(self):
        self.expect(command(self.host, source_path(RADIO, "set_channel.cmd"), {"channel": "1"}), 200)
        for path, what in ((source_path(RADIO, "set_channel.cmd"), {"channel": "11"}), (source_path(RADIO, "close_source.cmd"), {}),
                           ("/datasource/add_source.cmd", {"definition": "radio1:type=fakeradio,name=never"}),
                           ("/datasource/list_interfaces.json", {}), (source_path(RADIO, "source.json"), {}), ("/datasource/types.json", {})):
            self.expect(command(self.host, path, {"fields": "x", **what}), 400, "fields")
        source = self.source(RADIO)
        self.assertEqual((source["kismet.datasource.channel"], source["kismet.datasource.running"]), ("1", 1))
        self.assertNotIn("never", [s["kismet.datasource.name"] for s in self.host.get("/datasource/all_sources.json")])

    def test_a_definition_comes_as_variable_of_form_or_query(self):
        for path, body in (("/datasource/add_source.cmd", "definition=nothere%3Atype%3Dnothing"),
                           ("/datasource/add_source.cmd?definition=nothere:type%3Dnothing", "")):
            reply = self.host.ask(path, "POST", body, {"Content-Type": FORM, **ADMIN})
            self.expect(reply, 500, "no driver is of type 'nothing'")

    def test_sources_that_cannot_be_added_are_500_with_the_reason(self):
        for definition, why in (("/nonexistent/file.pcap", "does not exist"), ("x:type=nothing", "no driver is of type 'nothing'"),
                                ("radio0:type=fakeradio,chanel=6", "chanel"), ("radio0:type=fakeradio,uuid=5", "not a UUID"),
                                ("radio0:type=fakeradio,uuid=00000000-0000-0000-0000-000000000000", "names no source"),
                                ("broken:type=fakeradio,retry=false", "it is broken")):
            self.expect(command(self.host, "/datasource/add_source.cmd", {"definition": definition}), 500, "ERROR: the source was not added: .*" + why)

    def test_the_answer_is_the_source_that_was_added_also_when_another_has_its_uuid(self):
        definition = CAPTURE + ":realtime=true,name="
        answers = [self.expect(command(self.host, "/datasource/add_source.cmd", {"definition": definition + name}), 200) for name in ("once", "twice")]
        self.assertEqual([a["kismet.datasource.name"] for a in answers], ["once", "twice"])
        self.assertEqual(answers[0]["kismet.datasource.uuid"], answers[1]["kismet.datasource.uuid"])

    def test_a_source_that_will_be_tried_again_is_added_and_can_be_closed(self):
        added = self.expect(command(self.host, "/datasource/add_source.cmd", {"definition": "broken:type=fakeradio,name=later"}), 200)
        self.assertEqual((added["kismet.datasource.running"], added["kismet.datasource.error"], added["kismet.datasource.retry"]), (0, 1, 1))
        self.assertIn("it is broken", added["kismet.datasource.error_reason"])
        uuid = added["kismet.datasource.uuid"]
        self.assertNotEqual(uuid, "00000000-0000-0000-0000-000000000000")
        self.expect(command(self.host, source_path(uuid, "open_source.cmd")), 500, "the source was not opened: .*it is broken")
        closed = self.expect(command(self.host, source_path(uuid, "close_source.cmd")), 200)
        self.assertEqual((closed["kismet.datasource.retry"], closed["kismet.datasource.error_reason"]), (0, "closed by a user"))
        self.expect(command(self.host, source_path(uuid, "pause_source.cmd")), 200)
        self.expect(command(self.host, source_path(uuid, "resume_source.cmd")), 200)
        self.expect(command(self.host, source_path(uuid, "set_channel.cmd"), {"channel": "6"}), 500, "not running; open it first")

    @unittest.skipUnless(shutil.which("curl"), "there is no curl")
    def test_curl_as_in_the_documentation(self):
        name = os.path.join(self.host.folder.name, "curl.pcap")
        shutil.copy(CAPTURE, name)
        base = f"http://{USER}:{PASSWORD}@127.0.0.1:{self.host.port}"

        def curl(*args):
            done = subprocess.run(["curl", "-s", "-S", "-m", str(PATIENCE), *args], capture_output=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout)

        added = curl("-d", "definition=" + name + ":name=with curl", base + "/datasource/add_source.cmd")
        self.assertEqual(added["kismet.datasource.name"], "with curl")
        tuned = curl("--data-urlencode", 'json={"channels": ["1", "6", "6HT40+"]}', base + source_path(RADIO, "set_channel.cmd"))
        self.assertEqual(tuned["kismet.datasource.hop_channels"], ["1", "6", "6HT40+"])


class Passive(unittest.TestCase):
    def setUp(self):
        self.host = host("-c", f"passive:name=esp32,uuid={PASSIVE},dlt=105")
        self.host.wait_for(r"esp32 \(passive\): opened, DLT 105")
        self.path = source_path(PASSIVE, "feed.cmd")

    def tearDown(self):
        self.host.end()

    def feed(self, what, status=200):
        reply = command(self.host, self.path, what, kind="body")
        self.assertEqual(reply.status, status, reply.octets)
        return json.loads(reply.octets) if status == 200 else reply.octets.decode()

    def wait_for_packets(self, n):
        end = time.monotonic() + PATIENCE
        while True:
            seen = self.host.get(source_path(PASSIVE, "source.json"))["kismet.datasource.num_packets"]
            if seen >= n:
                self.assertEqual(seen, n)
                return
            self.assertLess(time.monotonic(), end, f"{seen} of {n} packets")
            time.sleep(0.01)

    def test_frames_make_the_same_devices_as_in_a_file(self):
        dlt, frames = read_pcap(CAPTURE)
        for i in range(0, len(frames), 200):
            part = [{"dlt": dlt, "ts": s + us / 1e6, "data": base64.b64encode(data).decode()} for s, us, data in frames[i:i + 200]]
            counts = self.feed({"frames": part})
            self.assertEqual((counts["aerie.feed.taken"], counts["aerie.feed.refused"], counts["aerie.feed.reason"]), (len(part), 0, ""))
        self.wait_for_packets(len(frames))
        fed = self.host.get("/devices/all_devices.json")
        reading = Host()
        try:
            read = reading.ready().get("/devices/all_devices.json")
        finally:
            reading.end()
        self.maxDiff = None
        self.assertGreater(len(read), 5)
        self.assertEqual(without_sources(fed), without_sources(read))

    def test_the_examples_of_the_documentation_are_taken_and_make_a_device(self):
        for path, pattern, n in (("doc/commands.md", r"^```json\n(.*?)^```", 2), ("datasources/passive/README.md", r"-d '(.*?)'", 1)):
            with open(os.path.join(SOURCE, path), encoding="utf-8") as f:
                example = re.search(pattern, f.read(), re.S | re.M).group(1)
            self.assertEqual(self.feed(json.loads(example)), {"aerie.feed.taken": n, "aerie.feed.refused": 0, "aerie.feed.reason": ""}, path)
        self.wait_for_packets(3)
        device, = self.host.get("/devices/all_devices.json")
        self.assertEqual((device["kismet.device.base.macaddr"], device["kismet.device.base.name"]), ("02:11:22:33:44:55", "aerie"))
        self.assertEqual(device["kismet.device.base.packets.total"], 2)

    def test_a_frame_brings_its_signal_and_channel(self):
        beacon = bytes.fromhex("80000000ffffffffffff0211223344550211223344550000" + "00" * 8 + "640011000004666f6f62010482848b96030106")
        for data in (base64.b64encode(beacon), base64.urlsafe_b64encode(beacon).rstrip(b"=")):
            self.feed({"frames": [{"data": data.decode(), "signal": -41, "freq": 2437000, "channel": "6", "ts": 1700000000.25}]})
        self.wait_for_packets(2)
        device, = self.host.get("/devices/all_devices.json")
        self.assertEqual(device["kismet.device.base.macaddr"], "02:11:22:33:44:55")
        self.assertEqual(device["kismet.device.base.signal"]["kismet.common.signal.last_signal"], -41)
        self.assertEqual(device["kismet.device.base.first_time"], 1700000000)
        self.assertEqual(device["kismet.device.base.channel"], "6")

    def test_bad_items_are_refused_and_counted_one_by_one(self):
        good = {"data": base64.b64encode(bytes.fromhex("d4000000021122334455")).decode()}
        for bad, why in (({}, "`data` is missing"), ({"data": ""}, "`data` is empty"), ({"data": "A"}, "`data` is not base64"),
                         ({"data": "????"}, "`data` is not base64"), ({"data": 5}, "`data` is missing or no text"), (5, "it is no map"),
                         ({**good, "dlt": -1}, "`dlt`"), ({**good, "dlt": "x"}, "`dlt`"), ({**good, "dlt": True}, "`dlt`"), ({**good, "signal": "loud"}, "`signal`"),
                         ({**good, "signal": 1000}, "`signal`"), ({**good, "freq": -1}, "`freq`"), ({**good, "freq": 2**32}, "`freq`"),
                         ({**good, "ts": -1}, "`ts`"), ({**good, "ts": "now"}, "`ts`"), ({**good, "ts": 1e12}, "`ts`"),
                         ({**good, "origlen": 1}, "`origlen`"), ({**good, "channel": ""}, "`channel`"), ({**good, "channel": "x" * 33}, "`channel`"),
                         ({"data": base64.b64encode(bytes(16001)).decode()}, "`data` is longer"),
                         ({"data": "A" * 100000}, "`data` is longer")):
            counts = self.feed({"frames": [good, bad, good]})
            self.assertEqual((counts["aerie.feed.taken"], counts["aerie.feed.refused"]), (2, 1), bad)
            self.assertTrue(counts["aerie.feed.reason"].startswith("frame 1: " + why), counts)
        self.assertEqual(self.feed({"frames": [{"data": base64.b64encode(bytes(16000)).decode()}]})["aerie.feed.taken"], 1)
        self.wait_for_packets(43)
        for bad, why in (({}, "`type`"), ({"type": "x"}, "`json` is missing"), ({"type": "", "json": 1}, "`type`"),
                         ({"type": "x", "json": "y" * 16000}, "`json` is longer")):
            counts = self.feed({"reports": [bad]})
            self.assertEqual((counts["aerie.feed.taken"], counts["aerie.feed.refused"]), (0, 1))
            self.assertTrue(counts["aerie.feed.reason"].startswith("report 0: " + why), counts)
        self.assertEqual(self.feed({"reports": [{"type": "DOT11SCAN", "json": {"a": [1, 2.5, None]}, "ts": 1700000000}]})["aerie.feed.taken"], 1)

    def test_what_is_no_feed_is_400_and_closed_or_active_sources_409(self):
        for what in ({}, {"frames": {}}, {"frames": "x"}, {"reports": 1}, {"frames": [], "reports": {}}, {"frames": [0] * 8193}):
            self.assertIn("lists of at most 8192", self.feed(what, 400))
        self.assertEqual(self.feed({"frames": []})["aerie.feed.taken"], 0)
        good = {"frames": [{"data": "1AAAAAIRIjNEVQ=="}]}
        self.assertEqual(command(self.host, source_path(PASSIVE, "close_source.cmd")).status, 200)
        self.assertIn("closed, or not of a passive type", self.feed(good, 409))
        self.assertEqual(command(self.host, source_path(PASSIVE, "open_source.cmd")).status, 200)
        self.assertEqual(self.feed(good)["aerie.feed.taken"], 1)
        added = json.loads(command(self.host, "/datasource/add_source.cmd", {"definition": "radio0:type=fakeradio"}).octets)
        reply = command(self.host, source_path(added["kismet.datasource.uuid"], "feed.cmd"), good)
        self.assertEqual(reply.status, 409, reply.octets)

    def test_a_paused_source_takes_and_discards(self):
        good = {"frames": [{"data": "1AAAAAIRIjNEVQ=="}] * 3}
        self.assertEqual(command(self.host, source_path(PASSIVE, "pause_source.cmd")).status, 200)
        self.assertEqual(self.feed(good)["aerie.feed.taken"], 3)
        self.assertEqual(command(self.host, source_path(PASSIVE, "resume_source.cmd")).status, 200)
        self.assertEqual(self.host.get("/devices/all_devices.json"), [])


class Parallel(unittest.TestCase):
    """Clients that do everything to the same sources at random, while their capture programs are killed and stopped."""
    SECONDS = 6
    UUIDS = [f"F00D0000-0000-0000-0000-{n:012d}" for n in range(4)]

    def setUp(self):
        self.host = host("-s", "source_retry_delay=50ms", "-s", "source_silence_limit=3s", "-c", f"radio0:type=fakeradio,uuid={self.UUIDS[0]}",
                         "-c", f"radio1:type=fakeradio,uuid={self.UUIDS[1]}", "-c", f"broken:type=fakeradio,uuid={self.UUIDS[2]}",
                         "-c", f"passive:uuid={self.UUIDS[3]},dlt=105")
        self.addCleanup(lambda: self.host.process.poll() is None and self.host.process.kill())
        self.wrong = []

    def programs(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                state, parent = f.read().rsplit(") ", 1)[1].split()[:2]
                if int(parent) == self.host.process.pid and state != "Z":
                    found.append(int(pid))
        return found

    def client(self, seed, end):
        r = random.Random(seed)
        while time.monotonic() < end:
            uuid = r.choice(self.UUIDS)
            path, what = r.choice([
                *((source_path(uuid, f"{c}_source.cmd"), {}) for c in ("open", "close", "enable", "disable", "pause", "resume")),
                (source_path(uuid, "set_hop.cmd"), {}), (source_path(uuid, "set_channel.cmd"), {"channel": r.choice(["6", "13", "99"])}),
                (source_path(uuid, "set_channel.cmd"), {"channels": ["1", "6", "11"], "hoprate": r.randint(1, 50)}),
                (source_path(uuid, "set_channel.cmd"), {"rate": 3, "shuffle": r.randint(0, 1)}),
                (source_path(self.UUIDS[3], "feed.cmd"), {"frames": [{"data": "1AAAAAIRIjNEVQ=="}] * 20}),
                ("/datasource/add_source.cmd", {"definition": CAPTURE}), ("/datasource/list_interfaces.json", {})])
            reply = command(self.host, path, what, kind="body")
            if reply.status not in (200, 409, 500, 503):
                self.wrong.append((path, reply.status, reply.octets))

    def test_nothing_is_lost_left_behind_or_stuck(self):
        end = time.monotonic() + self.SECONDS
        threads = [threading.Thread(target=self.client, args=(seed, end)) for seed in range(6)]
        for t in threads:
            t.start()
        r = random.Random(0)
        while time.monotonic() < end:
            programs = self.programs()
            with contextlib.suppress(OSError, IndexError):
                os.kill(r.choice(programs), r.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGCONT]))
            time.sleep(0.03)
        for t in threads:
            t.join()
        for pid in self.programs():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGCONT)
        self.assertEqual(self.wrong, [])
        for uuid in (self.UUIDS[0], self.UUIDS[1], self.UUIDS[3]):
            command(self.host, source_path(uuid, "open_source.cmd"))  # 500 when it is open
        self.assertEqual(command(self.host, source_path(self.UUIDS[2], "close_source.cmd")).status, 200)
        limit = time.monotonic() + PATIENCE
        while True:
            sources = {s["kismet.datasource.uuid"]: s for s in self.host.get("/datasource/all_sources.json")}
            running = [sources[u]["kismet.datasource.running"] for u in self.UUIDS]
            pending = sum(s["kismet.datasource.cmd_pending"] for s in sources.values())
            if (running, pending, len(self.programs())) == ([1, 1, 0, 1], 0, 2):
                break
            self.assertLess(time.monotonic(), limit, (running, pending, self.programs(), sources))
            time.sleep(0.05)
        for s in sources.values():
            if s["kismet.datasource.interface"] == CAPTURE and not s["kismet.datasource.error"]:
                self.assertEqual(s["kismet.datasource.num_packets"], 1460)
        self.assertEqual(sources[self.UUIDS[2]]["kismet.datasource.error_reason"], "closed by a user")
        self.host.end()
        self.assertFalse([line for line in self.host.lines if line and "Sanitizer" in line])


class Waiting(unittest.TestCase):
    """Commands that take long, here: five seconds."""

    def setUp(self):
        os.environ["FAKE_RADIO_SLOW"] = "5000"
        self.host = host("-c", f"passive:name=esp32,uuid={PASSIVE},dlt=105")
        self.addCleanup(lambda: self.host.process.poll() is None and self.host.process.kill())  # of a test that failed
        self.host.wait_for(r"esp32 \(passive\): opened, DLT 105")
        self.replies, self.threads = [], []

    def tearDown(self):
        del os.environ["FAKE_RADIO_SLOW"]
        for t in self.threads:
            t.join()

    def ask(self):
        try:
            begun = time.monotonic()
            reply = command(self.host, "/datasource/list_interfaces.json", method="GET")
            self.replies.append((reply.status, reply.octets, time.monotonic() - begun))
        except OSError:
            self.replies.append((0, b"", 0))

    def asked(self):
        """Programs that are being asked for their interfaces now."""
        n = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                name, rest = f.read().split(") ", 1)
                n += name.endswith("(fake_radio") and int(rest.split()[1]) == self.host.process.pid
        return n

    def ask_one_more(self, n):
        """A request that waits; returns when n do."""
        self.threads.append(threading.Thread(target=self.ask))
        self.threads[-1].start()
        end = time.monotonic() + PATIENCE
        while self.asked() < n and not self.replies:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.005)

    def test_three_may_wait_and_the_rest_is_told_to_come_again(self):
        for n in (1, 2, 3):
            self.ask_one_more(n)
        reply = command(self.host, "/datasource/list_interfaces.json", method="GET")
        self.assertEqual(len(self.host.get("/datasource/all_sources.json")), 1)
        self.assertEqual(self.replies, [])
        self.assertEqual(reply.status, 503, reply.octets)
        self.assertIn(b"too many commands to sources are under way", reply.octets)
        for t in self.threads:
            t.join()
        for status, octets, took in self.replies:
            self.assertEqual(status, 200, octets)
            self.assertGreater(took, 4)
            self.assertEqual(len(json.loads(octets)), 2)
        self.assertEqual(len(self.replies), 3)
        self.host.end()

    def test_the_main_thread_goes_on_meanwhile(self):
        """A frame that is fed while somebody waits becomes a device before the wait is over."""
        self.ask_one_more(1)
        frame = {"data": base64.b64encode(bytes.fromhex("80000000ffffffffffff0211223344550211223344550000" + "00" * 8 + "640011000000")).decode()}
        end = time.monotonic() + PATIENCE
        served = 0
        while time.monotonic() < end and not self.replies:
            try:
                with contextlib.closing(self.host.connect(timeout=0.5)) as c:
                    c.request("POST", source_path(PASSIVE, "feed.cmd"), json.dumps({"frames": [frame]}), {"Content-Type": "application/json", **ADMIN})
                    served += c.getresponse().status == 200
                with contextlib.closing(self.host.connect(timeout=0.5)) as c:
                    c.request("GET", "/devices/all_devices.json")
                    if served and json.loads(c.getresponse().read()):
                        break
            except OSError:  # that connection went to the thread that waits: another will not
                pass
        self.assertFalse(self.replies)
        self.assertTrue(served)
        self.threads.pop().join()
        self.assertEqual(self.replies[0][0], 200)
        self.host.end()

    def test_a_host_that_ends_lets_go_of_those_who_wait(self):
        self.ask_one_more(1)
        self.ask_one_more(2)
        begun = time.monotonic()
        self.host.end()
        self.assertLess(time.monotonic() - begun, 20)
        for t in self.threads:
            t.join()
        self.assertLessEqual({status for status, _, _ in self.replies}, {0, 200, 500, 503})


if __name__ == "__main__":
    unittest.main()
