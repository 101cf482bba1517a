#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every endpoint of the REST specification that belongs to no single PHY, and the forms that today's clients use, row by row.

A row names the section it comes from ("spec": the REST specification; "B.x": the notes on wire formats that clients rely on), what is
sent, and what must come back: status, top-level shape, members and their types. From one row come the checks of status, headers, content
type, equal content in JSON, msgpack and ekjson, with and without login, in each form that a command can be sent in, with an unknown key, a
wrong suffix, a wrong method, a malformed time and a malformed command.

Alerts, channels, GPS, packet streams and the 802.11 endpoints are chapters of their own; LATER names their paths, which must be 404 and
nothing else as long as no module offers them."""
import base64
import http.client
import json
import os
import re
import unittest
import urllib.parse

import msgpack

from host import BUILD, Host

USER, PASSWORD = "tester", "secret"
LOGIN = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
RADIO = "F00D0000-0000-0000-0000-000000000001"
FORM = "application/x-www-form-urlencoded"

STR, INT, NUM, LIST, MAP, BIT, MAC, UUID = "str", "int", "num", "list", "map", "bit", "mac", "uuid"


def is_a(kind, value):
    if kind == INT:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == NUM:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == BIT:
        return value in (0, 1)
    if kind == MAC:
        return isinstance(value, str) and re.fullmatch(r"([0-9A-F]{2}:){5}[0-9A-F]{2}", value) is not None
    if kind == UUID:
        return isinstance(value, str) and re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", value) is not None
    return isinstance(value, {STR: str, LIST: list, MAP: dict}[kind])


DEVICE = {
    "kismet.device.base.key": STR, "kismet.device.base.macaddr": MAC, "kismet.device.base.phyname": STR, "kismet.device.base.name": STR,
    "kismet.device.base.commonname": STR, "kismet.device.base.type": STR, "kismet.device.base.basic_type_set": INT,
    "kismet.device.base.crypt": STR, "kismet.device.base.basic_crypt_set": INT, "kismet.device.base.first_time": INT,
    "kismet.device.base.last_time": INT, "kismet.device.base.mod_time": INT, "kismet.device.base.packets.total": INT,
    "kismet.device.base.packets.rx_total": INT, "kismet.device.base.packets.tx_total": INT, "kismet.device.base.packets.llc": INT,
    "kismet.device.base.packets.error": INT, "kismet.device.base.packets.data": INT, "kismet.device.base.packets.crypt": INT,
    "kismet.device.base.packets.filtered": INT, "kismet.device.base.datasize": INT, "kismet.device.base.freq_khz_map": MAP,
    "kismet.device.base.channel": STR, "kismet.device.base.frequency": NUM, "kismet.device.base.manuf": STR,
    "kismet.device.base.num_alerts": INT, "kismet.device.base.related_devices": MAP, "kismet.server.uuid": UUID,
}
FIVE = ["kismet.device.base.key", "kismet.device.base.macaddr", ["kismet.device.base.signal/kismet.common.signal.last_signal", "signal"],
        "kismet.device.base.packets.total", ["kismet.device.base.commonname", "name"]]
FIVE_KEYS = {"kismet.device.base.key": STR, "kismet.device.base.macaddr": MAC, "signal": INT, "kismet.device.base.packets.total": INT,
             "name": STR}
SOURCE = {
    "kismet.datasource.source_number": INT, "kismet.datasource.paused": BIT, "kismet.datasource.ipc_binary": STR,
    "kismet.datasource.ipc_pid": INT, "kismet.datasource.running": BIT, "kismet.datasource.remote": BIT, "kismet.datasource.passive": BIT,
    "kismet.datasource.name": STR, "kismet.datasource.uuid": UUID, "kismet.datasource.definition": STR,
    "kismet.datasource.interface": STR, "kismet.datasource.capture_interface": STR, "kismet.datasource.hardware": STR,
    "kismet.datasource.dlt": INT, "kismet.datasource.warning": STR, "kismet.datasource.channels": LIST,
    "kismet.datasource.hopping": BIT, "kismet.datasource.channel": STR, "kismet.datasource.hop_rate": NUM,
    "kismet.datasource.hop_channels": LIST, "kismet.datasource.hop_split": BIT, "kismet.datasource.hop_offset": INT,
    "kismet.datasource.hop_shuffle": BIT, "kismet.datasource.error": BIT, "kismet.datasource.error_reason": STR,
    "kismet.datasource.num_packets": INT, "kismet.datasource.num_error_packets": INT, "kismet.datasource.retry": BIT,
    "kismet.datasource.type_driver": MAP,
}
DRIVER = {f"kismet.datasource.driver.{n}": k for n, k in (
    ("type", STR), ("description", STR), ("probe_capable", BIT), ("list_capable", BIT), ("local_capable", BIT),
    ("remote_capable", BIT), ("passive_capable", BIT), ("tuning_capable", BIT))}
DEFAULTS = {f"kismet.datasourcetracker.default.{n}": k for n, k in (
    ("hop_rate", NUM), ("hop", BIT), ("split", BIT), ("random_order", BIT), ("retry_on_error", BIT), ("remote_cap_listen", STR),
    ("remote_cap_port", INT), ("remote_cap_timestamp", BIT))}
STATUS = {
    "kismet.system.battery.percentage": INT, "kismet.system.battery.charging": STR, "kismet.system.battery.ac": BIT,
    "kismet.system.battery.remaining": INT, "kismet.system.timestamp.sec": INT, "kismet.system.timestamp.usec": INT,
    "kismet.system.timestamp.start_sec": INT, "kismet.system.memory.rss": INT, "kismet.system.devices.count": INT,
    "kismet.system.user": STR, "kismet.system.version": STR, "kismet.system.server_name": STR,
    "kismet.system.server_description": STR, "kismet.system.server_location": STR, "kismet.system.server_uuid": UUID,
    "kismet.server.uuid": UUID, "kismet.system.sensors.fan": MAP, "kismet.system.sensors.temp": MAP,
}
STAMP = {"kismet.system.timestamp.sec": INT, "kismet.system.timestamp.usec": INT}
MESSAGE = {"kismet.messagebus.message_string": STR, "kismet.messagebus.message_flags": INT, "kismet.messagebus.message_time": INT}
PHY = {"kismet.phy.phy_name": STR, "kismet.phy.phy_id": INT, "kismet.phy.device_count": INT, "kismet.phy.packet_count": INT}
PLUGIN = {f"kismet.plugin.{n}": STR for n in (
    "name", "description", "author", "version", "shared_object", "http_helper", "dirname", "path", "jsmodule")}
STREAM = {"kismet.stream.stream_id": INT, "kismet.stream.time": INT, "kismet.stream.name": STR, "kismet.stream.type": STR,
          "kismet.stream.path": STR, "kismet.stream.description": STR, "kismet.stream.packets": INT, "kismet.stream.size": INT,
          "kismet.stream.max_packets": INT, "kismet.stream.max_size": INT, "kismet.stream.paused": BIT}
VIEW = {"kismet.devices.view.id": STR, "kismet.devices.view.description": STR, "kismet.devices.view.size": INT,
        "kismet.devices.view.indexed": BIT}
RRDS = "peak_packets_rrd packets_rrd error_packets_rrd dupe_packets_rrd queued_packets_rrd dropped_packets_rrd processed_packets_rrd".split()


class Row:
    """One endpoint in one method. path has no suffix when `formats` are to be appended."""

    def __init__(self, section, path, shape, members=None, method="GET", command=None, login=False, status=200, formats=None, exact=False,
                 some=False, required=(), pattern=None):
        self.section, self.path, self.shape, self.members = section, path, shape, members or {}
        self.method, self.command, self.login, self.status = method, command, login, status
        self.formats = formats if formats is not None else ("json", "msgpack", "ekjson")
        self.exact = exact        # these members and no others
        self.some = some          # a list with at least one element
        self.required = required  # keys of the command without which it is 400
        self.pattern = pattern    # of a text

    def __str__(self):
        return f"{self.section}: {self.method} {self.path}"


T0 = 1
ROWS = [
    # ---- System ----
    Row("spec System Status /system/status", "/system/status", "object", STATUS),
    Row("spec System Status /system/timestamp", "/system/timestamp", "object", STAMP, exact=True),
    Row("spec System Status /system/tracked_fields", "/system/tracked_fields.html", "html", formats=(), pattern="kismet.device.base.key"),
    Row("B.2 /system/user_status", "/system/user_status", "object", {"kismet.system.user": STR}, exact=True),
    # ---- Devices ----
    Row("spec POST /devices/summary/devices", "/devices/summary/devices", "list", FIVE_KEYS, method="POST", command={"fields": FIVE},
        exact=True, some=True),
    Row("spec POST /devices/summary/devices, regex", "/devices/summary/devices", "list", FIVE_KEYS, method="POST",
        command={"fields": FIVE, "regex": [["kismet.device.base.macaddr", "^{MAC}$"]]}, exact=True, some=True),
    Row("spec POST /devices/summary/devices, wrapper", "/devices/summary/devices", "object", {"aaData": LIST}, method="POST",
        command={"fields": FIVE, "wrapper": "aaData"}),
    Row("spec /devices/all_devices.ekjson", "/devices/all_devices", "list", DEVICE, some=True, formats=("ekjson", "json", "msgpack", "itjson")),
    Row("spec POST /devices/last-time/[TS]/devices", "/devices/last-time/{TS}/devices", "list", FIVE_KEYS, method="POST",
        command={"fields": FIVE}, exact=True, some=True),
    Row("spec POST /devices/last-time/[TS]/devices, regex", "/devices/last-time/{TS}/devices", "list", FIVE_KEYS, method="POST",
        command={"fields": FIVE, "regex": [["kismet.device.base.macaddr", "^{MAC}$"]]}, exact=True, some=True),
    Row("spec /devices/last-time/[TS]/devices", "/devices/last-time/{TS}/devices", "list", DEVICE, some=True),
    Row("spec /devices/last-time/[TS]/devices, negative", "/devices/last-time/-86400/devices", "list", DEVICE, some=True),
    Row("spec /devices/by-key/[DEVICEKEY]/device", "/devices/by-key/{KEY}/device", "object", DEVICE),
    Row("spec POST /devices/by-key/[DEVICEKEY]/device", "/devices/by-key/{KEY}/device", "object", FIVE_KEYS, method="POST",
        command={"fields": FIVE}, exact=True),
    Row("spec /devices/by-key/[DEVICEKEY]/device[/path/to/subkey]", "/devices/by-key/{KEY}/device.{F}/kismet.device.base.signal", "object",
        {"kismet.common.signal.type": STR, "kismet.common.signal.last_signal": INT}, formats=("json", "msgpack")),
    Row("spec /devices/by-mac/[DEVICEMAC]/devices", "/devices/by-mac/{MAC}/devices", "list", DEVICE, some=True),
    Row("spec POST /devices/by-mac/[DEVICEMAC]/devices", "/devices/by-mac/{MAC}/devices", "list", FIVE_KEYS, method="POST",
        command={"fields": FIVE}, exact=True, some=True),
    Row("B.3 POST /devices/multimac/devices", "/devices/multimac/devices", "list", FIVE_KEYS, method="POST",
        command={"devices": ["{MAC}"], "fields": FIVE}, exact=True, some=True, required=("devices",)),
    Row("B.1.8 MAC masks", "/devices/multimac/devices", "list", FIVE_KEYS, method="POST",
        command={"devices": ["{MAC}/FF:FF:FF:00:00:00"], "fields": FIVE}, exact=True, some=True),
    Row("B.3 POST /devices/multikey/devices", "/devices/multikey/devices", "list", FIVE_KEYS, method="POST",
        command={"devices": ["{KEY}"], "fields": FIVE}, exact=True, some=True, required=("devices",)),
    Row("B.3 POST /devices/multikey/as-object/devices", "/devices/multikey/as-object/devices", "object", {"{KEY}": MAP}, method="POST",
        command={"devices": ["{KEY}"], "fields": FIVE}, exact=True, required=("devices",)),
    Row("B.3 /devices/views/all_views", "/devices/views/all_views", "list", VIEW, some=True),
    Row("B.3 /devices/views/VIEW/devices", "/devices/views/all/devices", "list", DEVICE, some=True),
    Row("B.3 POST /devices/views/VIEW/devices", "/devices/views/phy-IEEE802.11/devices", "list", FIVE_KEYS, method="POST",
        command={"fields": FIVE}, exact=True, some=True),
    Row("B.4 devices/views/phydot11_accesspoints", "/devices/views/phydot11_accesspoints/devices", "list", DEVICE, some=True,
        formats=("itjson", "json", "msgpack", "ekjson")),
    Row("B.3 /devices/views/seenby-UUID", "/devices/views/seenby-{SOURCE}/devices", "list", DEVICE, some=True),
    Row("B.3 /devices/views/VIEW/last-time/TS/devices", "/devices/views/all/last-time/{TS}/devices", "list", DEVICE, some=True),
    Row("B.1.7 DataTables", "/devices/views/all/devices", "object", {"draw": INT, "data": LIST, "recordsTotal": INT, "recordsFiltered": INT},
        method="POST", command={"datatable": True, "fields": FIVE}, exact=True, formats=("json",)),
    Row("B.3 POST set_name", "/devices/by-key/{KEY}/set_name.cmd", "text", method="POST", command={"username": "Büro"}, login=True,
        formats=(), required=("username",), pattern="set|OK"),
    Row("B.3 POST set_tag", "/devices/by-key/{KEY}/set_tag.cmd", "text", method="POST", command={"tagname": "notes", "tagvalue": "roof"},
        login=True, formats=(), required=("tagname",), pattern="set|OK"),
    # ---- PHYs, messages, plugins, streams, packets ----
    Row("spec /phy/all_phys", "/phy/all_phys", "list", PHY, some=True),
    Row("spec /messagebus/all_messages", "/messagebus/all_messages", "list", MESSAGE, some=True),
    Row("spec /messagebus/last-time/[TS]/messages", "/messagebus/last-time/{TS}/messages", "object",
        {"kismet.messagebus.list": LIST, "kismet.messagebus.timestamp": INT}, exact=True),
    Row("B.4 messagebus/last-time/S.U", "/messagebus/last-time/{TS}.123456/messages", "object",
        {"kismet.messagebus.list": LIST, "kismet.messagebus.timestamp": INT}, exact=True),
    Row("spec /plugins/all_plugins", "/plugins/all_plugins", "list", PLUGIN, some=True),
    Row("spec /streams/all_streams", "/streams/all_streams", "list", STREAM, exact=True, some=True),
    Row("spec /streams/by-id/[id]/stream_info", "/streams/by-id/{STREAM}/stream_info", "object", STREAM, exact=True),
    Row("spec /streams/by-id/[id]/stream_info", "/streams/by-id/999999/stream_info", "text", status=404),
    Row("spec /streams/by-id/[id]/close_stream.cmd", "/streams/by-id/999999/close_stream.cmd", "text", method="POST", command={}, login=True,
        status=404, formats=()),
    Row("B.4 packetchain/packet_stats", "/packetchain/packet_stats", "object", {f"kismet.packetchain.{r}": MAP for r in RRDS}),
    # ---- Datasources ----
    Row("spec /datasource/all_sources", "/datasource/all_sources", "list", SOURCE, some=True),
    Row("spec /datasource/types", "/datasource/types", "list", DRIVER, some=True),
    Row("spec /datasource/defaults", "/datasource/defaults", "object", DEFAULTS, exact=True),
    Row("spec /datasource/list_interfaces", "/datasource/list_interfaces", "list",
        {"kismet.datasource.probed.interface": STR, "kismet.datasource.probed.hardware": STR, "kismet.datasource.type_driver": MAP},
        login=True, some=True, formats=("json", "msgpack", "ekjson", "itjson")),
    Row("spec /datasource/by-uuid/[uuid]/source", "/datasource/by-uuid/{RADIO}/source", "object", SOURCE),
    Row("spec /datasource/add_source.cmd", "/datasource/add_source.cmd", "object", SOURCE, method="POST", login=True, formats=(),
        command={"definition": "passive:name=conformance-{N},dlt=105"}, required=("definition",)),
    Row("spec POST set_channel, channel", "/datasource/by-uuid/{RADIO}/set_channel.cmd", "object", SOURCE, method="POST",
        command={"channel": "6"}, login=True, formats=()),
    Row("spec POST set_channel, channels and hoprate", "/datasource/by-uuid/{RADIO}/set_channel.jcmd", "object", SOURCE, method="POST",
        command={"channels": ["1", "6", "11"], "hoprate": 4, "shuffle": 1}, login=True, formats=()),
    Row("B.3 POST set_channel, rate", "/datasource/by-uuid/{RADIO}/set_channel.cmd", "object", SOURCE, method="POST",
        command={"channels": ["1", "6"], "rate": 2.5}, login=True, formats=()),
    Row("spec POST set_hop", "/datasource/by-uuid/{RADIO}/set_hop.cmd", "object", SOURCE, method="POST", command={}, login=True, formats=()),
    Row("B.3 pause_source", "/datasource/by-uuid/{RADIO}/pause_source.cmd", "object", SOURCE, login=True, formats=()),
    Row("B.3 resume_source", "/datasource/by-uuid/{RADIO}/resume_source.cmd", "object", SOURCE, login=True, formats=()),
    Row("spec close_source", "/datasource/by-uuid/{RADIO}/close_source.cmd", "object", SOURCE, login=True, formats=()),
    Row("spec open_source", "/datasource/by-uuid/{RADIO}/open_source.cmd", "object", SOURCE, login=True, formats=()),
    Row("spec disable_source", "/datasource/by-uuid/{RADIO}/disable_source.cmd", "object", SOURCE, login=True, formats=()),
    Row("spec enable_source", "/datasource/by-uuid/{RADIO}/enable_source.cmd", "object", SOURCE, login=True, formats=()),
    # ---- Sessions ----
    Row("spec /session/check_session", "/session/check_session", "text", login=True, formats=(), pattern="Session valid"),
    Row("spec /session/check_login", "/session/check_login", "text", login=403, formats=(), pattern="Login valid"),
    Row("B.2 /session/check_setup_ok", "/session/check_setup_ok", "text", status=406, formats=()),
    Row("B.2 /auth/apikey/generate.cmd", "/auth/apikey/generate.cmd", "text", method="POST", login=True, formats=(),
        command={"name": "conformance-{N}", "role": "readonly", "duration": 0}, pattern="^[0-9A-Za-z_-]{32,}$", required=("name", "role")),
    Row("B.2 /auth/apikey/list", "/auth/apikey/list", "list", {"kismet.httpd.auth.name": STR, "kismet.httpd.auth.role": STR,
                                                               "kismet.httpd.auth.expiration": INT}, login=True, some=True),
    Row("B.2 /auth/apikey/revoke.cmd", "/auth/apikey/revoke.cmd", "text", method="POST", login=True, formats=(),
        command={"name": "conformance-{N-2}"}, pattern="revoked", required=("name",)),
    # ---- Self-description ----
    Row("issue: openapi", "/system/openapi.json", "object", {"openapi": STR, "paths": MAP, "info": MAP}, formats=()),
]

# Chapters that other modules bring.
LATER = ["/alerts/definitions.json", "/alerts/all_alerts.json", "/channels/channels.json", "/gps/location.json", "/pcap/all_packets.pcapng"]

UNKNOWN = [
    ("spec by-key", "/devices/by-key/4202770D00000000_0/device.json"), ("spec by-key", "/devices/by-key/4202770D00000000_0/device.msgpack"),
    ("spec by-uuid", "/datasource/by-uuid/00000000-0000-0000-0000-000000000000/source.json"),
    ("spec sub-path", "/devices/by-key/{KEY}/device.json/kismet.device.base.nothing"),
    ("B.3 views", "/devices/views/nothing/devices.json"), ("spec streams", "/streams/by-id/424242/stream_info.json"),
]
MALFORMED = [
    ("B.1.6 time", "/devices/last-time/yesterday/devices.json"), ("B.1.6 time", "/devices/last-time/12x/devices.json"),
    ("B.1.6 time", "/devices/last-time/99999999999999999999/devices.json"), ("B.1.6 time", "/messagebus/last-time/yesterday/messages.json"),
    ("B.1.6 time", "/devices/views/all/last-time/never/devices.json"), ("spec by-key", "/devices/by-key/rubbish/device.json"),
    ("spec by-mac", "/devices/by-mac/00-11-22-33-44-55/devices.json"), ("spec by-mac", "/devices/by-mac/nothing/devices.json"),
    ("spec by-uuid", "/datasource/by-uuid/rubbish/source.json"), ("spec streams", "/streams/by-id/first/stream_info.json"),
]
BAD_COMMANDS = [
    ("fields that is no list", {"fields": "kismet.device.base.key"}, "fields"), ("fields of numbers", {"fields": [1]}, "fields"),
    ("a rename of three", {"fields": [["a", "b", "c"]]}, "fields"), ("regex that is no list", {"regex": "a"}, "regex"),
    ("regex of one", {"regex": [["a"]]}, "regex"), ("a pattern that does not compile", {"regex": [["kismet.device.base.name", "(("]]}, r"\(\("),
]


def forms(command):
    """The ways to send a command (spec Commands, B.1.3)."""
    text = json.dumps(command)
    packed = msgpack.packb(command)
    return {
        "json=": (FORM, "json=" + urllib.parse.quote_plus(text)),
        "json= with charset": (FORM + "; charset=UTF-8", "json=" + urllib.parse.quote(text)),
        "msgpack=": (FORM, "msgpack=" + urllib.parse.quote_plus(base64.b64encode(packed).decode())),
        "application/json": ("application/json", text),
        "application/msgpack": ("application/msgpack", packed),
    }


class Conformance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host("--plugin-dir", os.path.join(BUILD, "tests/integration/radio/.libs"),
                        "-s", "helper_binary_path=" + os.path.join(BUILD, "bin"),
                        "-s", "helper_binary_path=" + os.path.join(BUILD, "tests/integration"), "-s", "channel_hop=true",
                        "-c", "radio0:type=fakeradio,name=roof", login=(USER, PASSWORD)).ready()
        cls.host.wait_for(r"source roof \(fakeradio\): opened")
        aps = [d for d in cls.host.get("/devices/all_devices.json") if d["kismet.device.base.type"] == "Wi-Fi AP"]
        cls.device = max(aps, key=lambda d: d["kismet.device.base.packets.total"])
        sources = cls.host.get("/datasource/all_sources.json")
        cls.words = {"KEY": cls.device["kismet.device.base.key"], "MAC": cls.device["kismet.device.base.macaddr"], "TS": str(T0), "RADIO": RADIO,
                     "STREAM": str(cls.host.get("/streams/all_streams.json")[0]["kismet.stream.stream_id"]),
                     "SOURCE": next(s for s in sources if s["kismet.datasource.name"] != "roof")["kismet.datasource.uuid"]}
        cls.serial = 0

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def fill(self, value):
        if isinstance(value, dict):
            return {self.fill(k): self.fill(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        if not isinstance(value, str):
            return value
        for word, text in self.words.items():
            value = value.replace("{" + word + "}", text)
        return value.replace("{N}", str(self.serial)).replace("{N-2}", str(self.serial - 2))

    def paths(self, row):
        path = self.fill(row.path)
        if "{F}" in path:
            return [(f, path.replace("{F}", f)) for f in row.formats]
        return [(f, f"{path}.{f}") for f in row.formats] or [(None, path)]

    def send(self, row, path, form=None, headers=None):
        headers = dict(LOGIN if headers is None else headers)
        body = None
        if row.command is not None and row.method == "POST":
            headers["Content-Type"], body = form or forms(self.fill(row.command))["json="]
        return self.host.ask(path, row.method, body, headers)

    def decode(self, fmt, reply):
        if fmt == "msgpack":
            return msgpack.unpackb(reply.octets, strict_map_key=False)
        if fmt in ("ekjson", "itjson"):
            self.assertTrue(not reply.octets or reply.octets.endswith(b"\n"))
            return [json.loads(line) for line in reply.octets.decode("utf-8").splitlines()]
        return json.loads(reply.octets.decode("utf-8"))

    def check_members(self, row, value, under=False):
        for name, kind in self.fill(row.members).items():
            name = name.replace(".", "_") if under and re.match(r"(kismet|dot11|aerie)\.", name) else name
            self.assertIn(name, value)
            self.assertTrue(is_a(kind, value[name]), f"{name} is {value[name]!r}, not {kind}")
        if row.exact:
            self.assertEqual(len(value), len(row.members), sorted(value))

    def check_shape(self, row, fmt, reply):
        if row.shape in ("text", "html"):
            text = reply.octets.decode("utf-8")
            kind = "text/html" if row.shape == "html" else "text/plain"
            self.assertTrue(reply.headers["Content-Type"].startswith(kind), reply.headers["Content-Type"])
            if row.pattern:
                self.assertRegex(text.strip() if row.shape == "text" else text, row.pattern)
            return None
        self.assertEqual(reply.headers["Content-Type"], "application/msgpack" if fmt == "msgpack" else "application/json")
        value = self.decode(fmt, reply)
        lines = fmt in ("ekjson", "itjson")
        if row.shape == "list" or lines:
            self.assertIsInstance(value, list)
            if row.some or row.shape == "object":
                self.assertTrue(value)
            for element in value:
                self.check_members(row, element, fmt == "ekjson")
        else:
            self.assertIsInstance(value, dict)
            self.check_members(row, value)
        return value

    def check_headers(self, reply):
        self.assertIn("no-cache", reply.headers["Cache-Control"])
        self.assertTrue(reply.headers["Content-Type"])
        self.assertTrue(reply.headers["Date"])

    def each(self, chosen=lambda row: True):
        return [row for row in ROWS if chosen(row)]

    def row(self, row):
        type(self).serial += 1
        return self.subTest(str(row))

    def test_1_status_headers_content_type_shape_and_types(self):
        for row in self.each():
            with self.row(row):
                for fmt, path in self.paths(row):
                    with self.subTest(path):
                        reply = self.send(row, path)
                        self.assertEqual(reply.status, row.status, reply.octets[:300])
                        self.check_headers(reply)
                        self.check_shape(row, fmt, reply)

    def test_2_every_form_of_a_command_means_the_same(self):
        for row in self.each(lambda r: r.method == "POST" and r.command and not r.login):
            with self.row(row):
                fmt, path = self.paths(row)[0]
                for name, form in forms(self.fill(row.command)).items():
                    with self.subTest(form=name):
                        reply = self.send(row, path, form)
                        self.assertEqual(reply.status, row.status, reply.octets[:300])
                        self.check_shape(row, fmt, reply)

    def test_3_keys_that_nobody_knows_are_ignored(self):
        for row in self.each(lambda r: r.method == "POST" and r.command and not r.login):
            with self.row(row):
                fmt, path = self.paths(row)[0]
                reply = self.send(row, path, forms(dict(self.fill(row.command), **{"from.the.future": {"a": [1, None]}}))["application/json"])
                self.assertEqual(reply.status, row.status, reply.octets[:300])
                self.check_shape(row, fmt, reply)

    def test_4_login_is_asked_for_where_it_is_needed_and_only_there(self):
        for row in self.each():
            with self.row(row):
                fmt, path = self.paths(row)[0]
                reply = self.send(row, path, headers={})
                if row.login:
                    self.assertEqual(reply.status, 401 if row.login is True else row.login, reply.octets[:300])
                    if row.login is True:
                        self.assertRegex(reply.headers["WWW-Authenticate"], "^Basic realm=")
                    wrong = self.send(row, path, headers={"Authorization": "Basic " + base64.b64encode(b"tester:wrong").decode()})
                    self.assertIn(wrong.status, (401, 403, 429))
                else:
                    self.assertEqual(reply.status, row.status, reply.octets[:300])

    def test_5_unknown_suffixes_are_404_and_name_those_there_are(self):
        for row in self.each(lambda r: r.formats and "{F}" not in r.path):
            with self.row(row):
                reply = self.send(row, self.fill(row.path) + ".nothing")
                self.assertEqual(reply.status, 404)
                self.assertIn(b"json", reply.octets)
                self.assertEqual(self.send(row, self.fill(row.path)).status, 404)

    def test_6_wrong_methods_are_405_and_name_those_there_are(self):
        for row in self.each():
            with self.row(row):
                fmt, path = self.paths(row)[0]
                reply = self.host.ask(path, "DELETE", headers=LOGIN)
                self.assertEqual(reply.status, 405, path)
                self.assertIn(row.method, reply.headers["Allow"])

    def test_7_what_does_not_exist_is_404(self):
        for section, path in UNKNOWN:
            with self.subTest(section, path=path):
                self.assertEqual(self.host.ask(self.fill(path), headers=LOGIN).status, 404)
        for path in LATER:
            with self.subTest(path):
                self.assertEqual(self.host.ask(path, headers=LOGIN).status, 404)

    def test_8_malformed_parameters_are_400(self):
        for section, path in MALFORMED:
            with self.subTest(section, path=path):
                reply = self.host.ask(self.fill(path), headers=LOGIN)
                self.assertEqual(reply.status, 400, reply.octets)
                self.assertTrue(reply.octets.startswith(b"ERROR: "))

    def test_9_malformed_commands_are_400_and_name_the_key(self):
        for row in self.each(lambda r: r.command and "fields" in r.command):
            with self.row(row):
                fmt, path = self.paths(row)[0]
                for what, command, names in BAD_COMMANDS:
                    if "regex" in command and not re.search("summary|last-time|views", row.path):
                        continue
                    with self.subTest(what):
                        reply = self.send(row, path, forms(dict(self.fill(row.command), **command))["application/json"])
                        self.assertEqual(reply.status, 400, reply.octets[:300])
                        self.assertRegex(reply.octets.decode(), names)
                for kind, body in ((FORM, "json={"), (FORM, "msgpack=%21%21"), ("application/json", "{\"fields\": [}"), ("application/json", "[]"),
                                   ("application/msgpack", b"\xc1"), ("application/msgpack", b"\xdf\xff\xff\xff\xff")):
                    with self.subTest(body=body):
                        self.assertEqual(self.send(row, path, (kind, body)).status, 400)
        for row in self.each(lambda r: r.required):
            with self.row(row):
                fmt, path = self.paths(row)[0]
                for key in row.required:
                    command = {k: v for k, v in self.fill(row.command).items() if k != key}
                    with self.subTest(without=key):
                        reply = self.send(row, path, forms(command)["application/json"])
                        self.assertEqual(reply.status, 400, reply.octets[:300])
                        self.assertIn(key, reply.octets.decode())

    def test_order_of_fields_is_the_requested_one(self):
        body = forms({"fields": FIVE})["application/json"]
        for path in ("/devices/summary/devices.json", f"/devices/by-key/{self.words['KEY']}/device.json"):
            reply = self.host.ask(path, "POST", body[1], {"Content-Type": body[0]})
            first = json.loads(reply.octets, object_pairs_hook=lambda pairs: [k for k, v in pairs])
            first = first[0] if isinstance(first[0], list) else first
            self.assertEqual(first, [f[1] if isinstance(f, list) else f for f in FIVE])

    def test_the_specifications_own_example_finds_what_is_called_otherwise_today(self):
        """Section "Field Specifications"; values are in the unit of kismet.common.signal.type."""
        example = ["kismet.device.base.channel", "kismet.device.base.signal/kismet.common.signal.last_signal_dbm",
                   ["kismet.device.base.channel", "base.channel"],
                   ["kismet.device.base.signal/kismet.common.signal.last_signal_dbm", "base.last.signal"]]
        kind, body = forms({"fields": example})["json="]
        reply = self.host.ask(f"/devices/by-key/{self.words['KEY']}/device.json", "POST", body, {"Content-Type": kind})
        last = self.device["kismet.device.base.signal"]["kismet.common.signal.last_signal"]
        channel = self.device["kismet.device.base.channel"]
        self.assertLess(last, 0)
        self.assertEqual(json.loads(reply.octets), {"kismet.device.base.channel": channel, "kismet.common.signal.last_signal_dbm": last,
                                                    "base.channel": channel, "base.last.signal": last})

    def test_head_is_get_without_the_body(self):
        for row in self.each(lambda r: r.method == "GET" and not r.login and r.status == 200):
            with self.row(row):
                fmt, path = self.paths(row)[0]
                c = http.client.HTTPConnection("127.0.0.1", self.host.port, timeout=30)
                c.request("HEAD", path)
                reply = c.getresponse()
                self.assertEqual((reply.status, reply.read()), (200, b""))
                c.close()


if __name__ == "__main__":
    unittest.main()
