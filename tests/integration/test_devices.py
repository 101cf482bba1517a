#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Devices over HTTP: lists, parts of records, filters, pages, views, names and tags.

The reference is the whole list as JSON; what the daemon selects, filters, searches and orders is compared with what Python makes of it. Shapes
are those of the REST specification ("Device Handling") and of today's servers for DataTables and pages."""
import base64
import json
import os
import re
import stat
import subprocess
import tempfile
import time
import unittest
import urllib.parse

import msgpack

from host import BUILD, CAPTURE, PATIENCE, Host, basic, in_order, stable, underscored

LOGIN = ("tester", "pa:ss wörd")
ADMIN = basic(*LOGIN)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
KEY, MAC, NAME = "kismet.device.base.key", "kismet.device.base.macaddr", "kismet.device.base.name"
COMMON, TOTAL = "kismet.device.base.commonname", "kismet.device.base.packets.total"
SIGNAL = "kismet.device.base.signal/kismet.common.signal.last_signal"
SSID = "dot11.device/dot11.device.advertised_ssid_map/dot11.advertisedssid.ssid"
SANITIZED = "ASAN_OPTIONS" in os.environ  # memory that was freed is kept for a while
NOBODY = "4202770D00000000_FFEEDDCCBBAA"


def decode(path, octets):
    suffix = path.split("?")[0].rpartition(".")[2]
    if suffix == "msgpack":
        return msgpack.unpackb(octets, strict_map_key=False)
    if suffix == "ekjson":
        return [json.loads(line) for line in octets.splitlines()]
    return json.loads(octets)


class Shared(unittest.TestCase):
    """One daemon for many tests that change nothing."""

    @classmethod
    def setUpClass(cls):
        cls.host = Host(login=LOGIN).ready()
        cls.devices = cls.host.get("/devices/all_devices.json")
        cls.by_key = {d[KEY]: d for d in cls.devices}

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def post(self, path, command=None, variables=None, status=200):
        form = dict(variables or {})
        if command is not None:
            form["json"] = json.dumps(command)
        reply = self.host.ask(path, "POST", urllib.parse.urlencode(form), FORM)
        self.assertEqual(reply.status, status, (path, command, variables, reply.octets[:500]))
        return decode(path, reply.octets) if status == 200 else reply.octets.decode()

    def refused(self, path, command=None, variables=None, names=()):
        text = self.post(path, command, variables, status=400)
        for name in names:
            self.assertIn(name, text)

    def keys(self, devices):
        return sorted(d[KEY] for d in devices)

    def expect(self, devices, condition):
        """A list has exactly the devices for which condition holds."""
        self.assertEqual(self.keys(devices), sorted(k for k, d in self.by_key.items() if condition(d)))


class Lists(Shared):
    def test_capture_has_what_the_tests_rely_on(self):
        self.assertEqual(len(self.devices), 15)
        self.assertEqual(len({d[MAC] for d in self.devices}), 15)

    def test_summary_gives_the_fields_in_the_order_that_was_asked_for(self):
        rows = self.post("/devices/summary/devices.json", {"fields": [[TOTAL, "n"], KEY, SIGNAL, [SIGNAL, "dbm"], "no.such.field"]})
        self.assertEqual(len(rows), 15)
        for row in rows:
            device = self.by_key[row[KEY]]
            signal = device["kismet.device.base.signal"]["kismet.common.signal.last_signal"] if "kismet.device.base.signal" in device else 0
            self.assertEqual(list(row.items()), [("n", device[TOTAL]), (KEY, device[KEY]), ("kismet.common.signal.last_signal", signal),
                                                 ("dbm", signal), ("no.such.field", 0)])

    def test_no_name_comes_twice_in_any_format(self):
        """Names that differ only in '.' and '_' are one in ekjson and tjson, so they are one everywhere; the last is shown."""
        fields = [[KEY, "a.b"], [MAC, "a_b"], [TOTAL, "n"], [KEY, "n"]]
        for suffix in ("json", "itjson", "tjson", "ekjson", "msgpack"):
            reply = self.host.ask(f"/devices/all_devices.{suffix}", "POST", urllib.parse.urlencode({"json": json.dumps({"fields": fields})}), FORM)
            if suffix == "msgpack":
                rows = msgpack.unpackb(reply.octets, object_pairs_hook=list)
            elif suffix in ("itjson", "ekjson"):
                rows = [json.loads(line, object_pairs_hook=list) for line in reply.octets.splitlines()]
            else:
                rows = json.loads(reply.octets, object_pairs_hook=list)
            self.assertEqual(sorted(map(sorted, rows)), sorted([("a_b", d[MAC]), ("n", d[KEY])] for d in self.devices), suffix)

    def test_summary_without_fields_gives_whole_records(self):
        self.assertEqual(in_order(stable(self.post("/devices/summary/devices.json", {}))), in_order(stable(self.devices)))
        self.assertEqual(in_order(stable(self.host.get("/devices/summary/devices.json"))), in_order(stable(self.devices)))

    def test_every_form_of_a_command_means_the_same(self):
        command = {"fields": [KEY], "regex": [[MAC, "0[1-4]:00$"]], "whatever": {"is": ["ignored"]}}
        packed = msgpack.packb(command)
        want = self.keys(self.post("/devices/summary/devices.json", command))
        self.assertTrue(want)
        for body, kind in ((json.dumps(command), "application/json"), (packed, "application/msgpack"),
                           (urllib.parse.urlencode({"msgpack": base64.b64encode(packed)}), "application/x-www-form-urlencoded; charset=UTF-8")):
            reply = self.host.ask("/devices/summary/devices.json", "POST", body, {"Content-Type": kind})
            self.assertEqual(reply.status, 200, reply.octets)
            self.assertEqual(self.keys(json.loads(reply.octets)), want)

    def test_filter_keeps_what_any_term_matches(self):
        fields = [KEY, MAC, NAME]
        self.expect(self.post("/devices/summary/devices.json", {"fields": fields, "regex": [[NAME, "^lab-w"]]}),
                    lambda d: re.search("^lab-w", d.get(NAME, "")))
        self.expect(self.post("/devices/summary/devices.json", {"fields": fields, "regex": [[NAME, "sae$"], [MAC, "^02:00:00:00:1"]]}),
                    lambda d: re.search("sae$", d.get(NAME, "")) or d[MAC].startswith("02:00:00:00:1"))
        self.expect(self.post("/devices/summary/devices.json", {"fields": fields, "regex": [[SSID, "^lab-(sae|open)$"]]}),
                    lambda d: d.get(NAME) in ("lab-sae", "lab-open"))
        self.assertEqual(self.post("/devices/summary/devices.json", {"fields": fields, "regex": [[NAME, "nobody"]]}), [])
        self.assertEqual(self.post("/devices/summary/devices.json", {"fields": fields, "regex": [[TOTAL, "."]]}), [], "a number is no text")

    def test_filtered_list_is_counted_before_it_is_packed(self):
        command = {"fields": [KEY], "regex": [[NAME, "^lab-"]]}
        as_json = self.post("/devices/summary/devices.json", command)
        self.expect(as_json, lambda d: d.get(NAME, "").startswith("lab-"))
        self.assertEqual(len(as_json), 7)
        self.assertEqual(in_order(self.post("/devices/summary/devices.msgpack", command)), in_order(as_json))
        self.assertEqual(self.post("/devices/summary/devices.msgpack", {"regex": [[NAME, "nobody"]]}), [])
        self.assertEqual(len(self.post("/devices/views/phydot11_accesspoints/devices.msgpack", {"fields": [KEY]})), 5)

    def test_lists_say_the_same_in_every_format(self):
        command = {"fields": [KEY, [TOTAL, "a.total"], SSID], "regex": [[MAC, "^02"]], "devices": list(self.by_key)}
        device = next(d for d in self.devices if d[MAC].startswith("02"))  # one that the filter keeps; lists have no order
        key, mac = device[KEY], device[MAC]
        for path in ("/devices/summary/devices", "/devices/all_devices", "/devices/last-time/0/devices", f"/devices/by-mac/{mac}/devices",
                     "/devices/multikey/devices", "/devices/views/all/devices", "/devices/views/phy/IEEE802.11/devices",
                     "/devices/views/phydot11_accesspoints/last-time/-86400/devices", f"/devices/by-key/{key}/device",
                     "/devices/multikey/as-object/devices"):
            with self.subTest(path):
                as_json = in_order(self.post(path + ".json", command))
                self.assertTrue(as_json)
                self.assertEqual(in_order(self.post(path + ".msgpack", command)), as_json)
                lines = in_order(self.post(path + ".ekjson", command))
                whole = as_json if isinstance(as_json, list) else [as_json]
                self.assertEqual(json.loads(json.dumps(lines).replace("a_total", "a.total")), underscored(whole))

    def test_wrapper_puts_the_list_into_a_map(self):
        command = {"fields": [KEY], "wrapper": "aaData"}
        for path in ("/devices/summary/devices", "/devices/last-time/0/devices", "/devices/views/all/devices", "/devices/all_devices"):
            as_json = self.post(path + ".json", command)
            self.assertEqual(list(as_json), ["aaData"])
            self.assertEqual(self.keys(as_json["aaData"]), sorted(self.by_key))
            packed = self.post(path + ".msgpack", dict(command, regex=[[NAME, "^lab-"]]))
            self.assertEqual(list(packed), ["aaData"])
            self.expect(packed["aaData"], lambda d: d.get(NAME, "").startswith("lab-"))
        lines = self.host.ask("/devices/summary/devices.ekjson", "POST", urllib.parse.urlencode({"json": json.dumps(command)}), FORM).octets
        self.assertEqual(lines.count(b"\n"), 1, "one document, one line")
        self.assertEqual(list(self.post("/devices/summary/devices.json", {"wrapper": 'we"ird\\ü'})), ['we"ird\\ü'])

    def test_last_time_finds_what_changed_since(self):
        newest = max(d["kismet.device.base.mod_time"] for d in self.devices)
        for ts in ("0", "-86400", str(newest), "-9223372036854775808", "-86400.5", f"{newest}.999999", f"{newest - 1}.5"):
            got = self.host.get(f"/devices/last-time/{ts}/devices.json")
            self.expect(got, lambda d, ts=int(float(ts)): ts < 0 or d["kismet.device.base.mod_time"] >= ts)
        self.assertEqual(self.host.get(f"/devices/last-time/{newest + 1}.0/devices.json"), [])
        for last, n in ((newest + 0.75, 1), (newest + 1.0, 0), (-86400.5, 1), (1e300, 400), (str(newest) + ".5", 1)):
            command = {"fields": [KEY], "last_time": last}
            if n == 400:
                self.refused("/devices/summary/devices.json", command, names=["last_time"])
            else:
                self.assertEqual(bool(self.post("/devices/summary/devices.json", command)), bool(n), last)
        future = int(time.time()) + 1000
        self.assertEqual(self.host.get(f"/devices/last-time/{future}/devices.json"), [])
        self.assertEqual(self.post(f"/devices/last-time/{future}/devices.json", {"fields": [KEY]}), [])
        self.assertEqual(self.post("/devices/views/all/devices.json", {"fields": [KEY], "last_time": future}), [])
        self.assertEqual(len(self.post("/devices/views/all/devices.json", {"fields": [KEY], "last_time": -86400})), 15)

    def test_malformed_times_are_refused(self):
        for ts in ("x", "1.", "1.5.5", "-", "--1", "1x", "%201", "99999999999999999999", "+5"):
            for path in (f"/devices/last-time/{ts}/devices.json", f"/devices/views/all/last-time/{ts}/devices.json"):
                reply = self.host.ask(path)
                self.assertEqual(reply.status, 400, (path, reply.octets))
                self.assertIn(b"time", reply.octets)
        for bad in ("x", "1e3", True, [1], {}):
            self.refused("/devices/summary/devices.json", {"last_time": bad}, names=["last_time"])

    def test_malformed_commands_are_refused_by_name(self):
        lists = ("/devices/summary/devices.json", "/devices/all_devices.json", "/devices/last-time/0/devices.msgpack",
                 f"/devices/by-mac/{self.devices[0][MAC]}/devices.json", "/devices/views/all/devices.json")
        for path in lists:
            for bad in ("x", 1, {}, [1], [[KEY]], [[KEY, 1]], [["a", "b", "c"]]):
                self.refused(path, {"fields": bad}, names=["fields"])
            for bad in ("x", 1, {}, ["x"], [[KEY]], [[1, "x"]], [[KEY, "("]]):
                self.refused(path, {"regex": bad}, names=["regex"])
            for bad in (1, ["x"], "x" * 256):
                self.refused(path, {"wrapper": bad}, names=["wrapper"])
            reply = self.host.ask(path, "POST", msgpack.packb({"wrapper": "a\0b"}), {"Content-Type": "application/msgpack"})
            self.assertEqual(reply.status, 400, "no key or text holds an octet 0")
            self.assertEqual(self.host.ask(path, "POST", "json=%7B", FORM).status, 400)
            self.assertEqual(self.host.ask(path, "POST", "json=[]", FORM).status, 400)
        self.refused(f"/devices/by-key/{self.devices[0][KEY]}/device.json", {"fields": 1}, names=["fields"])

    def test_what_does_not_exist_is_not_found(self):
        for path in ("/devices/views/nothing/devices.json", "/devices/views/phy-Nothing/devices.json", "/devices/views/phy/Nothing/devices.json",
                     "/devices/views/nothing/last-time/0/devices.json", "/devices/summary/devices.nonsense", "/devices/all_devices",
                     f"/devices/by-key/{NOBODY}/device.json", f"/devices/by-key/{NOBODY}/device.json/{KEY}",
                     "/devices/by-key/9001150700000000_554433221100/device.json", "/devices/by-key/" + self.devices[0][KEY] + "/device.nonsense"):
            self.assertEqual(self.host.ask(path).status, 404, path)

    def test_wrong_methods_are_told_the_right_ones(self):
        for path, method, allow in (("/devices/multimac/devices.json", "GET", "POST"), ("/devices/multikey/devices.json", "GET", "POST"),
                                    ("/devices/summary/devices.json", "PUT", "GET, HEAD, POST"),
                                    (f"/devices/by-key/{self.devices[0][KEY]}/device.json/{KEY}", "POST", "GET, HEAD"),
                                    (f"/devices/by-key/{self.devices[0][KEY]}/set_name.cmd", "GET", "POST")):
            reply = self.host.ask(path, method)
            self.assertEqual((reply.status, reply.getheader("Allow")), (405, allow), path)


class Some(Shared):
    """Devices that a request names."""

    def test_device_by_its_key(self):
        for key, device in self.by_key.items():
            self.assertEqual(stable(self.host.get(f"/devices/by-key/{key}/device.json")), stable(device))
            self.assertEqual(self.post(f"/devices/by-key/{key}/device.json", {"fields": [[MAC, "m"], KEY]}), {"m": device[MAC], KEY: key})
        self.assertEqual(self.host.ask("/devices/by-key/nonsense/device.json").status, 400)
        self.assertEqual(self.host.ask("/devices/by-key/nonsense/device.json/x").status, 400)

    def test_value_of_a_device_by_its_path(self):
        device = next(d for d in self.devices if d.get(NAME) == "lab-wpa2")
        base = f"/devices/by-key/{device[KEY]}/device."
        self.assertEqual(self.host.get(base + f"json/{NAME}"), "lab-wpa2")
        self.assertEqual(self.host.get(base + f"json//{NAME}"), "lab-wpa2", "runs of / are one")
        self.assertEqual(self.host.get(base + f"json/{TOTAL}"), device[TOTAL])
        self.assertEqual(self.host.get(base + f"json/{COMMON}"), "lab-wpa2")
        self.assertEqual(self.host.get(base + f"json/{SIGNAL}"), device["kismet.device.base.signal"]["kismet.common.signal.last_signal"])
        self.assertEqual(stable(self.host.get(base + "json/kismet.device.base.signal")), stable(device["kismet.device.base.signal"]))
        frequency, packets = next(iter(device["kismet.device.base.freq_khz_map"].items()))
        self.assertEqual(self.host.get(base + f"json/kismet.device.base.freq_khz_map/{frequency}"), packets)
        self.assertEqual(self.host.get(base + "json/dot11.device/dot11.device.advertised_ssid_map/0/dot11.advertisedssid.ssid"), "lab-wpa2")
        reply = self.host.ask(base + f"msgpack/{TOTAL}")
        self.assertEqual((reply.status, reply.getheader("Content-Type"), msgpack.unpackb(reply.octets)), (200, "application/msgpack", device[TOTAL]))
        for path in ("nothing", f"{NAME}/more", "kismet.device.base.signal/nothing", "kismet.device.base.freq_khz_map/1",
                     "dot11.device/dot11.device.advertised_ssid_map/7", "/".join(["x"] * 17), "a%2Fb"):
            self.assertEqual(self.host.ask(base + "json/" + path).status, 404, path)

    def test_devices_by_their_address(self):
        for device in self.devices:
            for got in (self.host.get(f"/devices/by-mac/{device[MAC]}/devices.json"),
                        self.post(f"/devices/by-mac/{device[MAC].lower()}/devices.json", {"fields": [KEY]})):
                self.assertEqual(self.keys(got), [device[KEY]])
        self.assertEqual(self.host.get("/devices/by-mac/02:12:34:56:78:9A/devices.json"), [])

    def test_devices_by_an_address_under_a_mask(self):
        for mask in ("FF:FF:FF:FF:FF:00", "00:00:00:00:00:00", "00:00:00:00:FF:00", "ff:ff:ff:ff:ff:ff"):
            bits = int(mask.replace(":", ""), 16)
            want = int("020000000200", 16) & bits
            for path in (f"/devices/by-mac/02:00:00:00:02:00%2F{mask}/devices.json", f"/devices/by-mac/02:00:00:00:02:00/{mask}/devices.json"):
                self.expect(self.host.get(path), lambda d, b=bits, w=want: int(d[MAC].replace(":", ""), 16) & b == w)
                self.expect(self.post(path, {"fields": [KEY]}), lambda d, b=bits, w=want: int(d[MAC].replace(":", ""), 16) & b == w)

    def test_malformed_addresses_are_refused(self):
        for mac in ("x", "02:00:00:00:00", "02:00:00:00:00:0g", "02:00:00:00:00:00:00", "02-00-00-00-00-00", "02:00:00:00:00:00%2F",
                    "02:00:00:00:00:00%2Fff", "02:00:00:00:00:00/ff", "02:00:00:00:00:00%2Fff:ff:ff:ff:ff:ff/ff:ff:ff:ff:ff:ff"):
            reply = self.host.ask(f"/devices/by-mac/{mac}/devices.json")
            self.assertEqual((reply.status, b"address" in reply.octets), (400, True), mac)

    def test_devices_with_any_of_several_addresses(self):
        macs = [d[MAC] for d in self.devices]
        path = "/devices/multimac/devices.json"
        got = self.post(path, {"devices": [macs[0], macs[1].lower(), macs[0], "02:12:34:56:78:9A"], "fields": [KEY, MAC]})
        self.assertEqual(sorted(d[MAC] for d in got), sorted(macs[:2]))
        self.expect(self.post(path, {"devices": [macs[0], "02:00:00:00:10:00/FF:FF:FF:FF:F0:00", "02:00:00:00:00:00/FF:FF:FF:FF:FF:FF"], "fields": [KEY]}),
                    lambda d: d[MAC] == macs[0] or d[MAC].startswith("02:00:00:00:1") or d[MAC] == "02:00:00:00:00:00")
        self.assertEqual(self.keys(self.post(path, {"devices": macs, "fields": [KEY], "regex": [[NAME, "^lab-sae"]]})),
                         [d[KEY] for d in self.devices if d.get(NAME) == "lab-sae"])
        self.assertEqual(self.post(path, {"devices": []}), [])
        self.assertEqual(self.post("/devices/multimac/devices.msgpack", {"devices": ["02:12:34:56:78:9A"]}), [])
        self.refused(path, {}, names=["devices"])
        self.refused(path, {"devices": macs[0]}, names=["devices"])
        self.refused(path, {"devices": [macs[0], 1]}, names=["devices", "2"])
        self.refused(path, {"devices": [macs[0], macs[1], "x"]}, names=["devices", "3"])
        self.refused(path, {"devices": [f"02:00:00:00:00:00/FF:FF:FF:00:{i:02X}:00" for i in range(65)]}, names=["devices", "64"])

    def test_devices_with_any_of_several_keys(self):
        keys = list(self.by_key)[::-1]
        path = "/devices/multikey/devices.json"
        got = self.post(path, {"devices": keys[:3] + [NOBODY, keys[0], "9001150700000000_554433221100"], "fields": [KEY]})
        self.assertEqual([d[KEY] for d in got], keys[:3], "in the order of the keys, each once")
        packed = self.post("/devices/multikey/devices.msgpack", {"devices": [NOBODY] + keys[:2], "fields": [KEY]})
        self.assertEqual([d[KEY] for d in packed], keys[:2], "nothing stands for who is not there")
        as_object = self.post("/devices/multikey/as-object/devices.json", {"devices": keys + [NOBODY] + keys, "fields": [MAC]})
        self.assertEqual(as_object, {k: {MAC: self.by_key[k][MAC]} for k in keys})
        self.assertEqual(self.post("/devices/multikey/as-object/devices.msgpack", {"devices": keys, "fields": [MAC]}), as_object)
        self.assertEqual(self.post("/devices/multikey/as-object/devices.json", {"devices": []}), {})
        for where in (path, "/devices/multikey/as-object/devices.json"):
            self.refused(where, {}, names=["devices"])
            self.refused(where, {"devices": {"a": 1}}, names=["devices"])
            self.refused(where, {"devices": [keys[0], "x"]}, names=["devices", "2"])


class Tables(Shared):
    FIELDS = [KEY, [NAME, "name"], TOTAL, SIGNAL]
    COLMAP = {"0": [KEY], "1": [NAME, MAC], "2": TOTAL}

    def sorted_keys(self, field, reverse=False, devices=None):
        """By a field, as text whatever its case, absent first; rows of the same value by the daemon's own keys."""
        def value(d):
            v = d.get(field)
            return (0, "") if v is None else (2, v.lower()) if isinstance(v, str) else (1, v)
        return [value(d) for d in sorted(devices or self.devices, key=value, reverse=reverse)], value

    def check_order(self, rows, field, reverse=False, start=0):
        want, value = self.sorted_keys(field, reverse)
        self.assertEqual([value(self.by_key[r[KEY]]) for r in rows], want[start:start + len(rows)])

    def test_page_has_the_shape_of_its_path(self):
        variables = {"draw": "7", "start": "0", "length": "4"}
        old = self.post("/devices/summary/devices.json", {"fields": self.FIELDS, "datatable": True, "wrapper": "rows"}, variables)
        self.assertEqual({k: old[k] for k in old if k != "rows"}, {"draw": 7, "recordsTotal": 15, "recordsFiltered": 15})
        self.assertEqual(len(old["rows"]), 4)
        self.assertEqual(set(self.post("/devices/summary/devices.json", {"datatable": True})), {"draw", "recordsTotal", "recordsFiltered", "aaData"})
        for path in ("/devices/views/all/devices.json", "/devices/views/phy-IEEE802.11/devices.msgpack"):
            new = self.post(path, {"fields": self.FIELDS, "datatable": 1, "colmap": self.COLMAP}, variables)
            self.assertEqual({k: new[k] for k in new if k != "data"}, {"draw": 7, "recordsTotal": 15, "recordsFiltered": 15})
            self.assertEqual(list(new["data"][0]), [KEY, "name", TOTAL, "kismet.common.signal.last_signal"])

    def test_pages_together_are_the_list_in_order(self):
        for column, field in (("0", KEY), ("1", NAME), ("2", TOTAL)):
            for direction in ("asc", "desc"):
                rows = []
                for start in range(0, 15, 4):
                    page = self.post("/devices/views/all/devices.json", {"fields": self.FIELDS, "datatable": True, "colmap": self.COLMAP},
                                     {"draw": start, "start": start, "length": 4, "order[0][column]": column, "order[0][dir]": direction})
                    self.assertEqual((page["draw"], len(page["data"])), (start, min(4, 15 - start)))
                    rows += page["data"]
                self.assertEqual(self.keys(rows), sorted(self.by_key))
                self.check_order(rows, field, direction == "desc")
        beyond = self.post("/devices/views/all/devices.json", {"datatable": True, "colmap": self.COLMAP},
                           {"start": 15, "length": 4, "order[0][column]": 0})
        self.assertEqual((beyond["data"], beyond["recordsFiltered"]), ([], 15))

    def test_rows_that_are_the_same_in_one_column_are_ordered_by_the_next(self):
        """Python sorts by the least important column first, and keeps the order of what is the same."""
        columns = {"0": KEY, "1": "kismet.device.base.type", "2": TOTAL, "3": "kismet.device.base.channel", "4": MAC, "5": "no.such"}
        for orders in (((1, 0), (4, 0)), ((1, 1), (4, 0)), ((1, 0), (4, 1)), ((3, 0), (1, 1), (2, 1), (4, 0)), ((5, 1), (3, 1), (4, 1)), ((3, 0),) * 15 + ((4, 1),)):
            variables = {"length": "4"}
            want = list(self.devices)
            for i, (column, down) in reversed(list(enumerate(orders))):
                variables.update({f"order[{i}][column]": str(column), f"order[{i}][dir]": "desc" if down else "asc"})
                if column != 5:
                    want.sort(key=lambda d, c=columns[str(column)]: d[c].lower() if isinstance(d[c], str) else d[c], reverse=bool(down))
            got = []
            for start in range(0, 15, 4):
                page = self.post("/devices/views/all/devices.json", {"fields": [KEY], "datatable": True, "colmap": columns}, dict(variables, start=start))
                got += [d[KEY] for d in page["data"]]
            self.assertEqual(got, [d[KEY] for d in want], orders)
        command = {"fields": [KEY], "datatable": True, "colmap": columns}
        first = {"order[0][column]": "1"}
        self.refused("/devices/views/all/devices.json", command, dict(first, **{"order[1][column]": "9"}), names=["order[1][column]"])
        self.refused("/devices/views/all/devices.json", command, dict(first, **{"order[1][column]": "2", "order[1][dir]": "up"}), names=["order[1][dir]"])
        self.refused("/devices/views/all/devices.json", command, {f"order[{i}][column]": "1" for i in range(17)}, names=["order", "16"])

    def test_unordered_pages_together_are_the_list(self):
        rows = []
        for start in range(0, 20, 5):
            page = self.post("/devices/views/all/devices.json", {"fields": [KEY], "datatable": True}, {"start": start, "length": 5})
            rows += page["data"]
            self.assertEqual((page["recordsTotal"], page["recordsFiltered"]), (15, 15))
        self.assertEqual(self.keys(rows), sorted(self.by_key))

    def test_column_is_found_by_what_it_shows(self):
        order = {"order[0][column]": "1", "order[0][dir]": "desc", "length": "15"}
        for fields, more in (([KEY, TOTAL], {}), ([TOTAL, KEY], {"columns[1][data]": TOTAL}), ([KEY, [TOTAL, "n"], MAC], {"columns[1][data]": "n"}),
                             ([KEY, [SIGNAL, TOTAL], [TOTAL, "n"]], {"columns[1][data]": "n"})):
            page = self.post("/devices/summary/devices.json", {"fields": fields, "datatable": True}, dict(order, **more))
            self.check_order(page["aaData"], TOTAL, True)
        self.refused("/devices/summary/devices.json", {"fields": [KEY], "datatable": True}, {"order[0][column]": "1"}, names=["order[0][column]", "colmap"])
        self.refused("/devices/summary/devices.json", {"fields": [KEY, MAC], "datatable": True},
                     {"order[0][column]": "1", "columns[1][data]": "nothing"}, names=["order[0][column]"])

    def test_search_looks_into_every_field_or_the_columns_that_say_so(self):
        def search(text, **more):
            page = self.post("/devices/views/all/devices.json", {"fields": [KEY, NAME, MAC], "datatable": True, "colmap": self.COLMAP, **more.pop("command", {})},
                             dict({"search[value]": text, "length": "500"}, **more))
            self.assertEqual((page["recordsTotal"], page["recordsFiltered"]), (15, len(page["data"])))
            return page["data"]
        self.expect(search("LAB-W"), lambda d: "lab-w" in d.get(NAME, ""))
        self.expect(search("02:00:00:00:1"), lambda d: "02:00:00:00:1" in d[MAC])
        self.expect(search("nobody"), lambda d: False)
        self.expect(search(""), lambda d: True)
        columns = {"columns[0][searchable]": "false", "columns[1][searchable]": "true", "columns[2][searchable]": "false"}
        self.expect(search("lab-w", **columns), lambda d: "lab-w" in d.get(NAME, ""))
        self.expect(search("02:00:00:00:1", **columns), lambda d: "02:00:00:00:1" in d[MAC])
        self.expect(search("lab", **dict(columns, **{"columns[1][searchable]": "false"})), lambda d: False)
        self.expect(search("lab", command={"regex": [[NAME, "sae"]]}), lambda d: "sae" in d.get(NAME, ""))
        self.refused("/devices/views/all/devices.json", {"fields": [KEY], "datatable": True},
                     {"search[value]": "lab", "columns[0][searchable]": "perhaps"}, names=["columns[0][searchable]"])

    def test_length_of_a_page_is_limited(self):
        for length in ("-1", "0", "500", "501", "99999999999"):
            self.assertEqual(len(self.post("/devices/views/all/devices.json", {"fields": [KEY], "datatable": True}, {"length": length})["data"]), 15)

    def test_plain_pages(self):
        for path in ("/devices/views/all/devices.json", "/devices/summary/devices.json", "/devices/views/all/last-time/0/devices.json"):
            rows = []
            for number in range(5):
                page = self.post(path, {"fields": [KEY]}, {"page": number, "length": 4, "sort": TOTAL, "sort_dir": "desc"})
                self.assertEqual({k: page[k] for k in page if k != "data"}, {"last_page": 4, "last_row": 15, "total_row": 15})
                rows += page["data"]
            self.assertEqual(self.keys(rows), sorted(self.by_key))
            self.check_order(rows, TOTAL, True)
        page = msgpack.unpackb(self.host.ask(f"/devices/views/all/devices.msgpack?page=1&size=10&sort={NAME}").octets, strict_map_key=False)
        self.check_order(page["data"], NAME, start=10)
        self.assertEqual(len(page["data"]), 5)
        page = self.post("/devices/views/all/devices.json?size=2", {"fields": [KEY, NAME]}, {"search": "Lab-W"})
        self.assertEqual((len(page["data"]), page["last_page"], page["last_row"], page["total_row"]), (2, 1, 2, 15))
        page = self.post("/devices/views/phydot11_accesspoints/devices.json", {"fields": [KEY]}, {"page": "0"})
        self.assertEqual((len(page["data"]), page["last_page"], page["last_row"], page["total_row"]), (5, 1, 5, 5))

    def test_malformed_tables_are_refused_by_name(self):
        path = "/devices/views/all/devices.json"
        for bad in ("x", [1], {}):
            self.refused(path, {"datatable": bad}, names=["datatable"])
        self.refused(path, {"datatable": True, "colmap": [1]}, names=["colmap"])
        for name in ("draw", "recordsTotal", "recordsFiltered"):
            self.refused(path, {"datatable": True, "wrapper": name}, names=["wrapper", name])
            self.assertEqual(list(self.post(path, {"wrapper": name})), [name])
        self.refused(path, {"wrapper": "last_row"}, {"page": "0"}, names=["wrapper", "last_row"])
        for name, bad in (("draw", "x"), ("draw", "-1"), ("start", "-1"), ("start", "1.5"), ("length", "x"), ("order[0][column]", "x"),
                          ("order[0][column]", "-1"), ("order[0][dir]", "up")):
            self.refused(path, {"datatable": True, "fields": [KEY]}, {name: bad}, names=[name])
        for name, bad in (("page", "-1"), ("page", "x"), ("page", "9223372036854775807"), ("length", "0"), ("size", "-5"), ("size", "x")):
            self.refused(path, {"fields": [KEY]}, {name: bad}, names=[name])
        self.refused(path, {"fields": [KEY]}, {"page": "0", "sort_dir": "sideways"}, names=["sort_dir"])
        self.refused(path, {"fields": [KEY]}, {"sort": "/".join(["x"] * 17)}, names=["sort"])


class Views(Shared):
    def test_views_are_listed_with_their_sizes(self):
        uuid = self.host.get("/datasource/all_sources.json")[0]["kismet.datasource.uuid"]
        views = {v["kismet.devices.view.id"]: v for v in self.host.get("/devices/views/all_views.json")}
        self.assertEqual({k: (v["kismet.devices.view.size"], v["kismet.devices.view.indexed"]) for k, v in views.items() if "Bluetooth" not in k},
                         {"all": (15, 1), "phy-IEEE802.11": (15, 1), f"seenby-{uuid}": (15, 1), "phydot11_accesspoints": (5, 0)})
        for view in views.values():
            self.assertEqual(list(view), [f"kismet.devices.view.{x}" for x in ("id", "description", "size", "indexed")])
            self.assertTrue(view["kismet.devices.view.description"].endswith("."))
        self.assertEqual(len(self.host.get("/devices/views/all_views.msgpack")), len(views))
        self.assertEqual(self.post("/devices/views/all_views.json", {"fields": [["kismet.devices.view.id", "id"]]}), [{"id": k} for k in views])

    def test_every_view_has_its_devices(self):
        for view in self.host.get("/devices/views/all_views.json"):
            path = f"/devices/views/{view['kismet.devices.view.id']}/"
            for got in (self.host.get(path + "devices.json"), self.post(path + "devices.msgpack", {"fields": [KEY]}),
                        self.host.get(path + "last-time/-86400/devices.json"), self.post(path + "last-time/0/devices.json", {"fields": [KEY]})):
                self.assertEqual(len(got), view["kismet.devices.view.size"], path)
            self.assertEqual(self.host.get(path + f"last-time/{int(time.time()) + 1000}/devices.json"), [])

    def test_access_points_are_those_that_advertise(self):
        self.expect(self.host.get("/devices/views/phydot11_accesspoints/devices.json"), lambda d: d["kismet.device.base.type"] == "Wi-Fi AP")

    def test_phys_have_a_second_path(self):
        self.assertEqual(self.keys(self.host.get("/devices/views/phy/IEEE802.11/devices.json")), sorted(self.by_key))
        self.assertIn("/devices/views/all_views", self.post("/devices/views/phy/Nothing/devices.json", {}, status=404))


class Options(unittest.TestCase):
    def test_views_can_be_switched_off(self):
        host = Host("-s", "dot11_view_accesspoints=false", "-s", "track_device_phy_views=false", "-s", "track_device_seenby_views=false").ready()
        self.assertEqual([v["kismet.devices.view.id"] for v in host.get("/devices/views/all_views.json")], ["all"])
        self.assertEqual(host.ask("/devices/views/phydot11_accesspoints/devices.json").status, 404)
        host.end()


class Labels(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.home = self.folder.name
        self.file = os.path.join(self.home, "labels.json")
        self.host = None

    def tearDown(self):
        if self.host:
            self.host.end()
        self.folder.cleanup()

    def start(self):
        if self.host:
            self.host.end()
        self.host = Host(home=self.home, login=LOGIN).ready()
        return {d[MAC]: d for d in self.host.get("/devices/all_devices.json")}

    def command(self, key, name, command, status=200, headers=ADMIN):
        reply = self.host.ask(f"/devices/by-key/{key}/{name}.cmd", "POST", urllib.parse.urlencode({"json": json.dumps(command)}), {**FORM, **headers})
        self.assertEqual(reply.status, status, reply.octets)
        return reply.octets.decode()

    def device(self, key):
        return self.host.get(f"/devices/by-key/{key}/device.json")

    def test_long_texts_are_ordered_by_all_of_their_octets(self):
        """Names of up to 256 octets that begin with the same 64 and more; the ends in the order of their letters in lower case."""
        devices = self.start()
        keys = [devices[mac][KEY] for mac in sorted(devices)]
        names = ["x" * 63 + "a", "X" * 64, "x" * 64 + "A", "x" * 64 + "ab", "x" * 100 + "B", "x" * 100 + "c", "x" * 200 + "ä", "x" * 250 + "Yy"]
        names.sort(key=lambda n: n.lower().encode())
        for key, name in zip(keys, names[1::2] + names[::2]):
            self.command(key, "set_name", {"username": name})
        def page(variables):
            form = {"json": json.dumps({"fields": ["kismet.device.base.username"], "datatable": True})}
            reply = self.host.ask("/devices/views/all/devices.json", "POST", urllib.parse.urlencode({**form, **variables}), FORM)
            return [d["kismet.device.base.username"] for d in json.loads(reply.octets)["data"] if d["kismet.device.base.username"]]
        self.assertEqual(page({"order[0][column]": "0"}), names)
        self.assertEqual(page({"order[0][column]": "0", "order[0][dir]": "desc"}), names[::-1])
        self.assertEqual(page({"order[0][column]": "0", "order[0][dir]": "desc", "start": "2", "length": "3"}), names[::-1][2:5])
        reply = self.host.get("/devices/views/all/devices.json?sort=kismet.device.base.username&sort_dir=desc&size=3")
        self.assertEqual([d["kismet.device.base.username"] for d in reply["data"]], names[::-1][:3])

    def test_names_and_tags_are_shown_and_outlive_the_daemon(self):
        devices = self.start()
        first, second, third = sorted(d[KEY] for d in devices.values())[:3]
        odd = 'Ünï "quoted" \\ \x01\n</script>'
        self.assertNotIn("kismet.device.base.username", self.device(first))
        self.assertEqual(self.command(first, "set_name", {"username": "printer"}), "Device name set\n")
        self.assertEqual(self.command(second, "set_name", {"username": odd}), "Device name set\n")
        self.assertEqual(self.command(first, "set_tag", {"tagname": "notes", "tagvalue": odd}), "Device tag set\n")
        self.command(first, "set_tag", {"tagname": odd, "tagvalue": ""})
        self.command(third, "set_tag", {"tagname": "only", "tagvalue": "a tag"})

        def check():
            self.assertEqual(self.device(first)["kismet.device.base.username"], "printer")
            self.assertEqual(self.device(first)[COMMON], "printer")
            self.assertEqual(self.device(first)["kismet.device.base.tags"], {"notes": odd, odd: ""})
            self.assertEqual(self.device(second)["kismet.device.base.username"], odd)
            self.assertEqual(self.device(second)[COMMON], odd)
            self.assertEqual(self.device(third)["kismet.device.base.tags"], {"only": "a tag"})
            self.assertNotIn("kismet.device.base.username", self.device(third))
            packed = self.host.get(f"/devices/by-key/{second}/device.msgpack")
            self.assertEqual(packed[COMMON], odd)

        check()
        self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
        self.start()
        check()
        self.command(first, "set_name", {"username": "scanner"})
        self.command(first, "set_tag", {"tagname": "notes", "tagvalue": "moved"})
        self.command(first, "set_tag", {"tagname": odd, "tagvalue": None})
        self.command(second, "set_name", {"username": ""})
        for _ in range(2):
            self.assertEqual(self.device(first)[COMMON], "scanner")
            self.assertEqual(self.device(first)["kismet.device.base.tags"], {"notes": "moved"})
            self.assertNotIn("kismet.device.base.username", self.device(second))
            self.assertNotEqual(self.device(second)[COMMON], odd)
            self.start()
        with open(self.file, encoding="utf-8") as f:
            self.assertEqual(json.load(f), {"version": 1, "devices": {
                first: {"name": "scanner", "tags": {"notes": "moved"}}, third: {"tags": {"only": "a tag"}}}})

    def test_label_counts_as_a_change_of_the_device(self):
        devices = self.start()
        key = min(d[KEY] for d in devices.values())
        newest = max(d["kismet.device.base.mod_time"] for d in devices.values())
        deadline = time.monotonic() + 60
        while time.time() < newest + 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        self.command(key, "set_name", {"username": "printer"})
        self.assertEqual([d[KEY] for d in self.host.get(f"/devices/last-time/{newest + 1}/devices.json")], [key])

    def test_commands_that_are_wrong_change_nothing(self):
        devices = self.start()
        key = min(d[KEY] for d in devices.values())
        self.command(key, "set_name", {"username": "x"}, status=401, headers={})
        self.command(key, "set_tag", {"tagname": "x", "tagvalue": "y"}, status=401, headers={})
        self.command(NOBODY, "set_name", {"username": "x"}, status=404)
        self.command(NOBODY, "set_tag", {"tagname": "x", "tagvalue": "y"}, status=404)
        self.command("nonsense", "set_name", {"username": "x"}, status=400)
        for bad in ({}, {"username": 1}, {"username": ["x"]}, {"username": "x" * 257}):
            self.assertIn("`username`", self.command(key, "set_name", bad, status=400))
        for bad in ({"tagvalue": "x"}, {"tagname": "", "tagvalue": "x"}, {"tagname": None, "tagvalue": "x"}, {"tagname": 1, "tagvalue": "x"},
                    {"tagname": "x" * 257, "tagvalue": "x"}):
            self.assertIn("`tagname`", self.command(key, "set_tag", bad, status=400))
        for bad in ({"tagname": "x"}, {"tagname": "x", "tagvalue": 1}, {"tagname": "x", "tagvalue": "x" * 4097}):
            self.assertIn("`tagvalue`", self.command(key, "set_tag", bad, status=400))
        reply = self.host.ask(f"/devices/by-key/{key}/set_name.cmd", "POST", "json=%7B", {**FORM, **ADMIN})
        self.assertEqual(reply.status, 400)
        self.assertFalse(os.path.exists(self.file))
        self.assertEqual(stable(self.device(key)), stable(next(d for d in devices.values() if d[KEY] == key)))

    def test_number_of_tags_is_limited(self):
        devices = self.start()
        key = min(d[KEY] for d in devices.values())
        for i in range(64):
            self.command(key, "set_tag", {"tagname": f"t{i}", "tagvalue": str(i)})
        self.assertIn("64 tags", self.command(key, "set_tag", {"tagname": "t64", "tagvalue": "x"}, status=409))
        self.command(key, "set_tag", {"tagname": "t63", "tagvalue": "still changes"})
        self.assertEqual(len(self.device(key)["kismet.device.base.tags"]), 64)

    def test_number_of_labelled_devices_is_limited(self):
        with open(self.file, "w", encoding="utf-8") as f:
            json.dump({"version": 1, "devices": {f"4202770D00000000_{i:X}": {"name": f"n{i}"} for i in range(0x10000, 0x10000 + 16384)}}, f)
        devices = self.start()
        key = min(d[KEY] for d in devices.values())
        self.assertIn("16384", self.command(key, "set_name", {"username": "one more"}, status=409))
        self.command("4202770D00000000_10000", "set_name", {"username": ""})
        self.command(key, "set_name", {"username": "one more"})
        self.assertEqual(self.device(key)[COMMON], "one more")

    def test_damaged_file_is_kept_aside(self):
        whole = {"version": 1, "devices": {}}
        for number, damage in enumerate((b"{", b"[1]", json.dumps(dict(whole, version=2)).encode(), b'{"version":1,"devices":{"a":1},"devices":{}}',
                                         b'{"version":1,"devices":{"x":"\xff"}}'), 1):
            with open(self.file, "wb") as f:
                f.write(damage)
            devices = self.start()
            aside = f"{self.file}.damaged-{number}"
            self.host.wait_for(re.escape(f"it is kept as {aside}"))
            with open(aside, "rb") as f:
                self.assertEqual(f.read(), damage)
            key = min(d[KEY] for d in devices.values())
            self.command(key, "set_name", {"username": "again"})
            with open(self.file, encoding="utf-8") as f:
                self.assertEqual(json.load(f), {"version": 1, "devices": {key: {"name": "again"}}})

    def test_good_entries_of_a_damaged_file_stay_in_force(self):
        devices = self.start()
        key, other = sorted(d[KEY] for d in devices.values())[:2]
        damaged = {"version": 1, "devices": {key: {"name": "good", "tags": {"a": "b"}}, other: {"name": "x" * 257}, "e": {}, "f": {"tags": {"a": 1}}, "g": [1]}}
        with open(self.file, "w", encoding="utf-8") as f:
            json.dump(damaged, f)
        self.start()
        self.host.wait_for("4 of its names and tags are malformed, or too many, and left out")
        self.assertEqual(self.device(key)[COMMON], "good")
        self.assertNotIn("kismet.device.base.username", self.device(other))
        with open(self.file, encoding="utf-8") as f:
            self.assertEqual(json.load(f), {"version": 1, "devices": {key: damaged["devices"][key]}})
        with open(self.file + ".damaged-1", encoding="utf-8") as f:
            self.assertEqual(json.load(f), damaged)

    def test_what_cannot_be_saved_is_not_shown(self):
        devices = self.start()
        key = min(d[KEY] for d in devices.values())
        self.command(key, "set_name", {"username": "before"})
        os.unlink(self.file)
        os.mkdir(self.file)
        self.assertIn("cannot be written", self.command(key, "set_name", {"username": "after"}, status=500))
        self.assertEqual(self.device(key)[COMMON], "before")
        os.rmdir(self.file)
        self.command(key, "set_name", {"username": "after"})
        self.assertEqual(self.device(key)[COMMON], "after")
        self.assertEqual(sorted(n for n in os.listdir(self.home) if n.startswith("labels")), ["labels.json"])
        os.rename(self.home, self.home + ".gone")
        try:
            self.assertIn("cannot be written", self.command(key, "set_name", {"username": "lost"}, status=500))
            self.assertEqual(self.device(key)[COMMON], "after")
        finally:
            os.rename(self.home + ".gone", self.home)


class FormerNames(Shared):
    def test_members_are_found_by_the_names_that_they_had(self):
        former = {"kismet.device.base.packets.rx": "kismet.device.base.packets.rx_total",
                  "kismet.device.base.packets.tx": "kismet.device.base.packets.tx_total",
                  "kismet.device.base.packet.bin.250": "kismet.device.packet.bin.250",
                  "kismet.device.base.packet.bin.500": "kismet.device.packet.bin.500",
                  "kismet.device.base.packet.bin.jumbo": "kismet.device.packet.bin.jumbo",
                  "kismet.device.base.server_uuid": "kismet.server.uuid"}
        last = "/kismet.common.rrd.last_time"
        former = {k + (last if ".bin." in k else ""): v + (last if ".bin." in v else "") for k, v in former.items()}
        asked = [[path, f"{i}{which}"] for i, pair in enumerate(former.items()) for which, path in zip("ab", pair)]
        devices = self.post("/devices/all_devices.json", {"fields": asked})
        for device in devices:
            for i, path in enumerate(former):
                self.assertEqual(device[f"{i}a"], device[f"{i}b"], path)
        for i, path in enumerate(former):
            if "jumbo" not in path:
                self.assertTrue(any(d[f"{i}a"] for d in devices), path)


class Forgotten(unittest.TestCase):
    """Devices that are forgotten, and come back."""

    def until_empty(self, host):
        end = time.monotonic() + PATIENCE
        while devices := host.get("/devices/all_devices.ekjson"):
            self.assertLess(time.monotonic(), end, f"{len(devices)} devices are still there")

    def command(self, host, path, variables):
        reply = host.ask(path, "POST", urllib.parse.urlencode(variables), {**FORM, **ADMIN})
        self.assertEqual(reply.status, 200, reply.octets)

    def test_idle_devices_are_forgotten_and_their_names_are_not(self):
        host = Host("-s", "tracker_device_timeout=5", login=LOGIN).ready()
        before = host.get("/devices/all_devices.json")
        self.assertEqual(len(before), 15)
        key = before[7][KEY]
        self.command(host, f"/devices/by-key/{key}/set_name.cmd", {"json": json.dumps({"username": "mine"})})
        self.until_empty(host)
        self.assertEqual(host.get("/devices/all_devices.msgpack"), [])
        self.assertEqual(host.ask(f"/devices/by-key/{key}/device.json").status, 404)
        self.assertEqual([v["kismet.devices.view.size"] for v in host.get("/devices/views/all_views.json")],
                         [0 for _ in host.get("/devices/views/all_views.json")])
        self.command(host, "/datasource/add_source.cmd", {"json": json.dumps({"definition": CAPTURE})})
        end = time.monotonic() + PATIENCE
        while len(after := host.get("/devices/all_devices.json")) < 15:
            self.assertLess(time.monotonic(), end)
        self.assertEqual({d[KEY]: d[COMMON] for d in after}, {d[KEY]: "mine" if d[KEY] == key else d[COMMON] for d in before})
        host.end()

    def test_the_oldest_are_forgotten_when_there_are_too_many(self):
        host = Host("-s", "tracker_max_devices=10", login=LOGIN).ready()
        end = time.monotonic() + PATIENCE
        while len(host.get("/devices/all_devices.json")) > 10:
            self.assertLess(time.monotonic(), end)
        self.assertGreater(len(host.get("/devices/all_devices.msgpack")), 5)
        self.assertTrue([m for m in host.end() if m and "more than 10 devices (tracker_max_devices)" in m])


class Many(unittest.TestCase):
    """As many devices as a big city has."""
    DEVICES = 10000 if "AERIE_TSAN" in os.environ else 100000
    GROWTH_KIB = 65536 if SANITIZED else 8192

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        air = os.path.join(cls.folder.name, "air.pcap")
        subprocess.run([os.path.join(BUILD, "tests/bench/gen_air"), "--devices", str(cls.DEVICES), air], check=True, stdout=subprocess.DEVNULL)
        cls.host = Host("-s", "track_device_rrds=false", capture=air, login=LOGIN).ready()

    @classmethod
    def tearDownClass(cls):
        cls.host.end()
        cls.folder.cleanup()

    def stream(self, path, command):
        """Octets of a reply, and how much the daemon's memory grew at most meanwhile."""
        before = most = self.host.resident_kib()
        c = self.host.connect()
        c.request("POST", path, urllib.parse.urlencode({"json": json.dumps(command)}), FORM)
        reply = c.getresponse()
        self.assertEqual(reply.status, 200)
        octets = 0
        while piece := reply.read(4 << 20):
            octets += len(piece)
            most = max(most, self.host.resident_kib())
        c.close()
        return octets, most - before

    def test_streaming_needs_no_memory_per_device(self):
        self.stream("/devices/all_devices.ekjson", {"fields": [KEY]})  # whatever is taken once is taken now
        octets, grown = self.stream("/devices/all_devices.ekjson", {})
        self.assertGreater(octets, self.DEVICES * 1000)
        self.assertLess(grown, self.GROWTH_KIB)
        octets, grown = self.stream("/devices/summary/devices.json", {"fields": [KEY, MAC], "wrapper": "aaData", "regex": [[MAC, "[0-9]$"]]})
        self.assertGreater(octets, self.DEVICES * 20)
        self.assertLess(grown, self.GROWTH_KIB)
        octets, grown = self.stream("/devices/all_devices.msgpack", {"fields": [KEY, MAC], "regex": [[MAC, "[0-9]$"]]})
        self.assertGreater(octets, self.DEVICES * 20)
        self.assertLess(grown, self.GROWTH_KIB + self.DEVICES * 16 // 1024)

    def test_map_of_many_is_whole_and_streamed(self):
        """20,000 devices by their keys, which are half a request's body; each comes under its own."""
        rows = self.host.ask("/devices/all_devices.json", "POST", urllib.parse.urlencode({"json": json.dumps({"fields": [KEY, MAC]})}), FORM)
        macs = {r[KEY]: r[MAC] for r in json.loads(rows.octets)[:20000]}
        for suffix in ("json", "msgpack"):
            path = "/devices/multikey/as-object/devices." + suffix
            reply = self.host.ask(path, "POST", json.dumps({"devices": list(macs), "fields": [MAC]}), {"Content-Type": "application/json"})
            self.assertEqual((reply.status, decode(path, reply.octets)), (200, {key: {MAC: mac} for key, mac in macs.items()}))
        octets, grown = self.stream("/devices/multikey/as-object/devices.prettyjson", {"devices": list(macs)})
        self.assertGreater(octets, len(macs) * 5000)
        self.assertLess(grown, self.GROWTH_KIB + 16384)  # the command itself

    def test_filtered_list_of_many_is_packed_exactly(self):
        reply = self.host.ask("/devices/all_devices.msgpack", "POST", urllib.parse.urlencode({"json": json.dumps(
            {"fields": [MAC], "regex": [[MAC, "[13]$"]]})}), FORM)
        rows = msgpack.unpackb(reply.octets)
        self.assertNotIn(None, rows)
        every = [r[MAC] for r in json.loads(self.host.ask("/devices/all_devices.json", "POST", urllib.parse.urlencode(
            {"json": json.dumps({"fields": [MAC]})}), FORM).octets)]
        self.assertGreaterEqual(len(every), self.DEVICES)
        self.assertEqual(sorted(r[MAC] for r in rows), sorted(m for m in every if m[-1] in "13"))

    def test_filter_that_takes_too_much_work_is_refused(self):
        for suffix in ("json", "ekjson", "msgpack"):
            reply = self.host.ask(f"/devices/all_devices.{suffix}", "POST", urllib.parse.urlencode({"json": json.dumps(
                {"fields": [MAC], "regex": [[MAC, "(?=(.+)+z)"]] * 256})}), FORM)
            self.assertEqual((reply.status, reply.octets), (400, b"ERROR: this takes more work than a request may; use simpler "
                                                                 b"patterns, or ask for less\n"))

    def test_page_however_deep_is_right(self):
        every = sorted(r[MAC] for r in json.loads(self.host.ask("/devices/all_devices.json", "POST", urllib.parse.urlencode(
            {"json": json.dumps({"fields": [MAC]})}), FORM).octets))
        for direction, whole in (("asc", every), ("desc", every[::-1])):
            for page in (0, 1, 131, 132, len(every) // 500, len(every) // 500 + 1):  # 65536 rows are kept in order at once
                reply = self.host.ask(f"/devices/views/all/devices.json?page={page}&size=500&sort={MAC}&sort_dir={direction}", "POST",
                                      urllib.parse.urlencode({"json": json.dumps({"fields": [MAC]})}), FORM)
                got = json.loads(reply.octets)
                self.assertEqual([r[MAC] for r in got["data"]], whole[page * 500:page * 500 + 500])
                self.assertEqual(got["last_row"], len(every))


if __name__ == "__main__":
    unittest.main()
