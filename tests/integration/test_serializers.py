#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every format with every type of value, and values that are hard to write.

The documents are read by parsers that had no part in writing them: Python's json and msgpack, jansson and msgpack-c (tests/integration/parse.c),
and Perl's Data::MessagePack (unpack.pl), whose two readers are one in C and one in Perl. Expected values are by hand from tests/integration/modules/odd_values.c; replacement of
text that is no UTF-8 is that of Python's decoder ("replace"), which follows the Unicode standard, chapter 3.9."""
import http.client
import json
import os
import re
import subprocess
import unittest

import msgpack

from host import BUILD, Host, SOURCE, basic
from openapi import Document, example_of

PARSE = os.path.join(BUILD, "tests/integration/parse")
UNPACK = os.path.join(SOURCE, "tests/integration/unpack.pl")
NAME = "aerie.test.odd."
OCTETS = bytes(range(256))
TEXTS = [b"", b"\x01\x1f", b'"\\', b"\xff", b"caf\xc3", b"a.b/c"]
U = [0, 127, 128, 2**32 - 1, 2**32, 2**64 - 1]
N = [-2**63, -2**31, -129, -33, -1, 2**63 - 1]
UUID = "00010203-0405-0607-0809-0A0B0C0D0EFF"


def shown(octets):
    return octets.decode("utf-8", "replace")


def no_duplicates(pairs):
    assert len({k for k, _ in pairs}) == len(pairs), pairs
    return dict(pairs)


def python_json(octets):
    def refuse(text):
        raise ValueError(text)
    return json.loads(octets.decode("utf-8", "strict"), object_pairs_hook=no_duplicates, parse_constant=refuse)


def lines(octets):
    assert octets.endswith(b"\n") and b"\r" not in octets
    return [python_json(line) for line in octets[:-1].split(b"\n")]


def other(kind, octets):
    """What the other parser reads."""
    done = subprocess.run([PARSE, kind], input=octets, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def perl(octets, reader):
    """What Data::MessagePack reads, with the types that it sees."""
    def plain(v):
        if isinstance(v, list):
            return [plain(x) for x in v]
        if not isinstance(v, dict):
            return v
        (kind, content), = v.items()
        if kind == "m":
            return {plain(k): plain(x) for k, x in content}
        return bytes.fromhex(content).decode() if kind == "s" else int(content) if kind == "i" else float(content)
    done = subprocess.run(["perl", UNPACK], input=octets, stdout=subprocess.PIPE, check=True, env={**os.environ, "PERL_DATA_MESSAGEPACK": reader})
    return plain(json.loads(done.stdout))


def same(a, b):
    """Equal, and of the same types; a NaN is the same as another."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


def names_in(value):
    """The keys of all maps in a value."""
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def as_six_decimals(value):
    """Floating point numbers as JSON has them: six decimals."""
    if isinstance(value, dict):
        return {k: as_six_decimals(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_six_decimals(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.6f}")
    return value


def as_doubles(value):
    """Every number as the double next to it, rounded to six decimals."""
    if isinstance(value, dict):
        return {k: as_doubles(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_doubles(v) for v in value]
    return value if isinstance(value, (str, bool)) or value is None else float(f"{float(value):.6f}")


def without_descriptions(value):
    if isinstance(value, dict):
        return {k: without_descriptions(v) for k, v in value.items() if not k.startswith("description.")}
    return [without_descriptions(v) for v in value] if isinstance(value, list) else value


def underscored(value):
    if isinstance(value, dict):
        return {k.replace(".", "_") if k.startswith(("aerie.", "kismet.")) else k: underscored(v) for k, v in value.items()}
    return [underscored(v) for v in value] if isinstance(value, list) else value


def now_gone(value):
    """Series are advanced to now before they are shown."""
    if isinstance(value, dict):
        return {k: now_gone(v) for k, v in value.items() if not k.endswith("serial_time")}
    return [now_gone(v) for v in value] if isinstance(value, list) else value


class Serializers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host(capture=None).ready(loaded=False)
        cls.record = now_gone(python_json(cls.octets("/test/odd/record.json")))

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    @classmethod
    def octets(cls, path):
        reply = cls.host.ask(path)
        assert reply.status == 200, (path, reply.status, reply.octets)
        return reply.octets

    def member(self, name):
        return self.record[NAME + name]

    def test_numbers_at_the_ends_of_their_ranges(self):
        for name, value in (("u8", 255), ("u16", 65535), ("u32", 2**32 - 1), ("u64", 2**64 - 1), ("i8", -128), ("i16", -32768), ("i32", -2**31),
                            ("i64", -2**63), ("time", 2**32 - 1), ("vec_u64", U), ("vec_i64", N)):
            self.assertEqual(self.member(name), value, name)
        self.assertEqual(self.member("f32"), 0) # NaN
        self.assertEqual(self.member("f64"), 0) # infinite
        self.assertEqual(self.member("vec_f64"), [0, 0, 0, 2**1024 - 2**971, 0, 2**53])

    def test_addresses_and_keys(self):
        self.assertEqual(self.member("mac"), "FF:FF:FF:FF:FF:FF")
        self.assertEqual(self.member("uuid"), UUID)
        self.assertIs(type(self.member("key")), str)
        self.assertEqual([type(k) for k in self.member("vec_key")], [str] * 6)

    def test_text_of_every_octet(self):
        self.assertEqual(self.member("all_octets"), shown(OCTETS))
        self.assertEqual(self.member("str"), shown(b"\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x93\xb6 \xed\xa0\x80\xc0\xaf"[:16]))
        self.assertEqual(self.member("no_text"), "")
        self.assertEqual(self.member("bytes"), OCTETS.hex().upper())
        self.assertEqual(self.member("vec_str"), [shown(t) for t in TEXTS])

    def test_maps_by_keys_of_every_type(self):
        self.assertEqual(self.member("map_int"), dict(zip(map(str, U), N)))
        self.assertEqual(self.member("map_str"), {shown(t): i for i, t in enumerate(TEXTS)})
        self.assertEqual(self.member("map_str_str"), {shown(t): shown(t) for t in TEXTS})
        self.assertEqual(self.member("map_record"), {shown(t): {NAME + "leaf": i} for i, t in enumerate(TEXTS)})
        self.assertEqual(self.member("map_mac"), {"FF:FF:FF:FF:FF:FF": 1})
        self.assertEqual(self.member("map_uuid"), {UUID: 2**64 - 1})
        self.assertEqual(list(self.member("map_key").values()), [2])
        self.assertEqual(self.member("map_f64")["9007199254740992"], 2**53)

    def test_records_within_records(self):
        self.assertEqual(self.member("sub"), {NAME + "leaf": 1})
        self.assertEqual(self.member("vec_record"), [{NAME + "leaf": 2}, {NAME + "leaf": 0}])
        self.assertEqual(sum(self.member("rrd")["kismet.common.rrd.day_vec"]) >= 0, True)

    def test_every_format_says_the_same_to_every_parser(self):
        for path in ("/test/odd/record", "/test/odd/empty", "/test/odd/list", "/test/odd/list%s?n=0", "/test/odd/list%s?n=1", "/test/odd/deep%s?n=62"):
            def get(suffix):
                return self.octets(path % suffix if "%" in path else path + suffix)
            with self.subTest(path):
                told = now_gone(python_json(get(".json")))
                listed = told if isinstance(told, list) else [told]
                for suffix in (".cmd", ".jcmd", ".json"):
                    self.assertEqual(now_gone(python_json(get(suffix))), told)
                self.assertEqual(now_gone(python_json(get(".tjson"))), underscored(told))
                packed = get(".msgpack")
                self.assertEqual(as_six_decimals(now_gone(msgpack.unpackb(packed, raw=False, strict_map_key=True))), as_six_decimals(told))
                for suffix, expected in ((".itjson", listed), (".ekjson", underscored(listed))):
                    text = get(suffix)
                    self.assertEqual(now_gone(lines(text)) if text else [], expected)
                pretty = get(".prettyjson")
                self.assertEqual(now_gone(without_descriptions(python_json(pretty))), told)
                self.assertNotRegex(pretty, rb"[^\r]\n|\r[^\n]")

    def test_jansson_and_msgpack_c_read_the_same(self):
        for path in ("/test/odd/list", "/test/odd/deep", "/test/odd/empty"):
            with self.subTest(path):
                told = as_doubles(now_gone(python_json(self.octets(path + ".json"))))
                self.assertEqual(as_doubles(now_gone(other("msgpack", self.octets(path + ".msgpack")))), told)
                for suffix, kind in ((".json", "json"), (".tjson", "json"), (".prettyjson", "json"), (".itjson", "lines"), (".ekjson", "lines")):
                    got = as_doubles(without_descriptions(now_gone(other(kind, self.octets(path + suffix)))))
                    wanted = underscored(told) if suffix in (".tjson", ".ekjson") else told
                    self.assertEqual(got, wanted if kind == "json" or isinstance(told, list) else [wanted], suffix)

    def check_perl(self, packed):
        """Both readers of Perl against Python's, on the same octets: every integer, double and octet of a text."""
        told = msgpack.unpackb(packed, strict_map_key=True)
        for reader in ("xs", "pp"):
            self.assertTrue(same(perl(packed, reader), told), reader)
        return told

    def test_perl_reads_the_same(self):
        for path in ("/test/odd/record", "/test/odd/empty", "/test/odd/list", "/test/odd/deep"):
            with self.subTest(path):
                self.check_perl(self.octets(path + ".msgpack"))
        record = self.check_perl(self.octets("/test/odd/record.msgpack"))
        self.assertEqual((record[NAME + "u64"], record[NAME + "i64"], record[NAME + "no_text"]), (2**64 - 1, -2**63, ""))
        self.assertEqual((record[NAME + "vec_u64"], record[NAME + "vec_i64"]), (U, N))
        self.assertIn("", record[NAME + "map_str"], "a name may be empty")
        self.assertEqual(record[NAME + "all_octets"], shown(OCTETS))

    def test_perl_reads_every_record_of_the_host(self):
        """Every path of the host that needs no state and gives msgpack, on a capture."""
        login = ("tester", "secret")
        host = Host("-c", "passive:name=esp32,dlt=105", login=login).ready()
        try:
            document = Document(host.get("/system/openapi.json"))
            device = host.get("/devices/all_devices.json")[0]
            there = {"key": device["kismet.device.base.key"], "mac": device["kismet.device.base.macaddr"], "ts": "0", "view": "all",
                     "uuid": host.get("/datasource/all_sources.json")[0]["kismet.datasource.uuid"], "format": "msgpack"}
            kinds = set()
            for o in document.operations(lambda owner: not owner.startswith(("test.", "org.example."))):
                if o.method != "get" or "msgpack" not in o.formats():
                    continue
                path = o.url(lambda p: there.get(p["name"], example_of(p)))
                reply = host.ask(path, headers=basic(*login))
                if reply.status == 404: # there is none, such as a stream
                    continue
                with self.subTest(path):
                    self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, "application/msgpack"))
                    kinds |= names_in(self.check_perl(reply.octets))
        finally:
            host.end()
        for record in ("device.base.key", "system.version", "datasource.uuid", "datasource.driver.type", "phy.phy_id", "plugin.name",
                       "messagebus.message_string", "packetchain.packets_rrd", "devices.view.id", "datasourcetracker.default.hop", "common.rrd.minute_vec"):
            self.assertIn("kismet." + record, kinds)

    def test_prettyjson_describes_each_field_before_it(self):
        pretty = python_json(self.octets("/test/odd/record.prettyjson"))
        names = list(pretty)
        for name in self.record:
            self.assertEqual(names.index("description." + name) + 1, names.index(name))
        self.assertEqual(pretty["description." + NAME + "u8"], 'uint8_t, A "member" of the test.')
        told = {f["aerie.field.name"]: f for f in self.host.get("/system/tracked_fields.json")}
        for name in self.record:
            self.assertEqual(pretty["description." + name], f"{told[name]['aerie.field.type']}, {told[name]['aerie.field.description']}")
        text = self.octets("/system/timestamp.prettyjson")
        self.assertRegex(text, rb'^\{\r\n  "description\.kismet\.system\.timestamp\.sec": "uint64_t, [^"]+",\r\n  "kismet\.system\.timestamp\.sec": \d+,\r\n')

    def test_names_of_records_become_underscores_but_keys_of_maps_stay(self):
        for octets in (self.octets("/test/odd/record.ekjson"), self.octets("/test/odd/record.tjson")):
            told = json.loads(octets)
            self.assertIn("aerie_test_odd_u8", told)
            self.assertIn("a.b/c", told["aerie_test_odd_map_str"])

    def test_a_list_has_a_line_for_each_element(self):
        for suffix in ("itjson", "ekjson"):
            self.assertEqual(self.octets(f"/test/odd/list.{suffix}?n=1000").count(b"\n"), 1000)
            self.assertEqual(self.octets(f"/test/odd/record.{suffix}").count(b"\n"), 1)

    def test_nesting_past_the_limit_is_cut_and_never_a_document(self):
        for suffix in ("json", "prettyjson", "ekjson", "msgpack"):
            self.octets(f"/test/odd/deep.{suffix}?n=64")
            for n in (65, 100000):
                with self.assertRaises((http.client.HTTPException, OSError, AssertionError)):
                    self.octets(f"/test/odd/deep.{suffix}?n={n}")

    def test_content_types_are_those_of_todays_servers(self):
        for suffix in ("json", "prettyjson", "ekjson", "itjson", "tjson", "cmd", "jcmd"):
            self.assertEqual(self.host.ask("/test/odd/record." + suffix).headers["Content-Type"], "application/json")
        self.assertEqual(self.host.ask("/test/odd/record.msgpack").headers["Content-Type"], "application/msgpack")

    def test_long_lists_need_no_more_memory_than_short_ones(self):
        before = self.host.resident_kib()
        for suffix in ("json", "msgpack", "ekjson", "prettyjson"):
            c = self.host.connect()
            c.request("GET", f"/test/odd/list.{suffix}?n=20000")
            reply = c.getresponse()
            octets = 0
            while piece := reply.read(1 << 20):
                octets += len(piece)
            c.close()
            self.assertGreater(octets, 100_000_000)
            self.assertLess(self.host.resident_kib() - before, 16384, suffix)


if __name__ == "__main__":
    unittest.main(verbosity=2)
