#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The daemon over HTTP, from outside: every endpoint in every format, errors, limits, logins, and clients that misbehave.

Formats are read with Python's json and msgpack; JSON is the reference that the others are compared with."""
import http.client
import json
import os
import re
import socket
import stat
import tempfile
import threading
import time
import unittest

import msgpack

from host import FIELD, PATIENCE, Host, basic, in_order, stable, underscored


class Endpoints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host().ready()
        cls.devices = cls.host.get("/devices/all_devices.json")

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def paths(self):
        key = self.devices[0]["kismet.device.base.key"]
        mac = self.devices[0]["kismet.device.base.macaddr"]
        return ["/system/status", "/system/timestamp", "/system/tracked_fields", "/devices/all_devices", f"/devices/by-key/{key}/device",
                f"/devices/by-mac/{mac}/devices", "/devices/last-time/0/devices", "/devices/last-time/-86400/devices",
                "/datasource/all_sources", "/datasource/types", "/phy/all_phys", "/messagebus/all_messages", "/plugins/all_plugins",
                "/plugins/other_plugins"]

    def test_every_endpoint_says_the_same_in_every_format(self):
        for path in self.paths():
            with self.subTest(path):
                as_json = in_order(stable(self.host.get(path + ".json")))
                self.assertEqual(in_order(stable(self.host.get(path + ".msgpack"))), as_json)
                lines = in_order(stable(self.host.get(path + ".ekjson")))
                self.assertEqual(lines, underscored(as_json if isinstance(as_json, list) else [as_json]))

    def test_every_format_has_its_content_type_and_is_never_cached(self):
        for suffix, kind in (("json", "application/json"), ("ekjson", "application/json"), ("msgpack", "application/msgpack")):
            reply = self.host.ask("/system/timestamp." + suffix)
            self.assertEqual(reply.headers["Content-Type"], kind)
            self.assertEqual(reply.headers["Cache-Control"], "no-cache")
            self.assertRegex(reply.headers["Server"], r"^Aerie/\d+\.\d+\.\d+$")
            self.assertEqual((reply.headers["Content-Length"], reply.headers["Transfer-Encoding"]), (str(len(reply.octets)), None))
        self.assertEqual(self.host.ask("/system/tracked_fields.json").headers["Transfer-Encoding"], "chunked")

    def test_devices_are_found_by_key_address_and_time(self):
        keys = sorted(d["kismet.device.base.key"] for d in self.devices)
        self.assertGreater(len(keys), 3)
        for device in self.devices:
            key, mac = device["kismet.device.base.key"], device["kismet.device.base.macaddr"]
            found = self.host.get(f"/devices/by-key/{key}/device.json")
            self.assertEqual(stable(found), stable(device))
            self.assertIn(key, [d["kismet.device.base.key"] for d in self.host.get(f"/devices/by-mac/{mac.lower()}/devices.json")])
        first = self.devices[0]["kismet.device.base.macaddr"]
        masked = self.host.get(f"/devices/by-mac/{first}%2FFF:FF:FF:00:00:00/devices.json")
        self.assertEqual(sorted(d["kismet.device.base.macaddr"] for d in masked),
                         sorted(d["kismet.device.base.macaddr"] for d in self.devices if d["kismet.device.base.macaddr"][:8] == first[:8]))
        now = self.host.get("/system/timestamp.json")["kismet.system.timestamp.sec"]
        for since, expected in (("0", keys), (str(now - 86400), keys), ("-86400", keys), ("-9223372036854775808", keys), (str(now + 3600), []),
                                ("9223372036854775807", [])):
            found = self.host.get(f"/devices/last-time/{since}/devices.json")
            self.assertEqual(sorted(d["kismet.device.base.key"] for d in found), expected, since)

    def test_what_is_not_there_and_what_is_malformed(self):
        key = self.devices[0]["kismet.device.base.key"]
        rows = [
            ("/devices/by-key/nonsense/device.json", 400), ("/devices/by-key/%20/device.json", 400),
            (f"/devices/by-key/{key[:-1]}{'0' if key[-1] != '0' else '1'}/device.json", 404),
            (f"/devices/by-key/{key}/device.xml", 404), (f"/devices/by-key/{key}/device", 404),
            ("/devices/by-mac/02:00:00:AA:BB:CC/devices.json", 200), ("/devices/by-mac/02:00:00:AA:BB/devices.json", 400),
            ("/devices/by-mac/02:00:00:AA:BB:CC:DD/devices.json", 400), ("/devices/by-mac/x/devices.json", 400),
            ("/devices/last-time/x/devices.json", 400), ("/devices/last-time/1.5/devices.json", 200), ("/devices/last-time/1.x/devices.json", 400),
            ("/devices/last-time/99999999999999999999/devices.json", 400), ("/devices/last-time/%201/devices.json", 400),
            ("/devices/last-time/-/devices.json", 400), ("/devices/last-time/+1/devices.json", 400),
            ("/nothing", 404), ("/devices", 404), ("/devices/all_devices", 404), ("/devices/all_devices.html", 404),
            ("/system/%zz", 400), ("/system/%00.json", 400), ("/" + "x" * 5000, 414), ("/?" + "x" * 20000, 414), ("/?" + "a&" * 8000, 400), ("/?a=%", 400),
            ("//system///timestamp.json", 200), ("/system/timestamp%2Ejson", 200),
        ]
        for path, status in rows:
            with self.subTest(path[:60]):
                reply = self.host.ask(path)
                self.assertEqual(reply.status, status, reply.octets)
                if status != 200:
                    self.assertRegex(reply.octets, rb"^ERROR: [^\n]+\n$")
                    self.assertEqual(reply.headers["Content-Type"], "text/plain; charset=utf-8")
        self.assertEqual(self.host.get("/devices/by-mac/02:00:00:AA:BB:CC/devices.json"), [])

    def test_wrong_methods_are_405_and_say_what_is_allowed(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE"):
            reply = self.host.ask("/system/tracked_fields.html", method, body=b"x" if method in ("POST", "PUT") else None)
            self.assertEqual((reply.status, reply.headers["Allow"]), (405, "GET, HEAD"), method)
        self.assertEqual(self.host.ask("/nothing", "POST").status, 404)

    def test_fields_of_status(self):
        status = self.host.get("/system/status.json")
        names = ["battery.percentage", "battery.charging", "battery.ac", "battery.remaining", "timestamp.sec", "timestamp.usec",
                 "timestamp.start_sec", "memory.rss", "memory.rrd", "devices.count", "devices.rrd", "user", "version", "server_name",
                 "server_description", "server_location", "server_uuid", "num_fields"]
        for name in names:
            self.assertIn("kismet.system." + name, status)
        self.assertEqual(status["kismet.system.devices.count"], len(self.devices))
        self.assertEqual(status["kismet.system.num_fields"], len(self.host.get("/system/tracked_fields.json")))
        self.assertRegex(status["kismet.system.server_uuid"], r"^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$")
        self.assertEqual(status["kismet.server.uuid"], status["kismet.system.server_uuid"])
        # The kernel's own count, in pages: at most a few MiB away.
        self.assertAlmostEqual(status["kismet.system.memory.rss"], self.host.resident_kib(), delta=16384)
        self.assertAlmostEqual(status["kismet.system.timestamp.sec"], time.time(), delta=30)

    def test_phys_sources_plugins_and_messages(self):
        phys = self.host.get("/phy/all_phys.json")
        self.assertEqual([p["kismet.phy.phy_name"] for p in phys], ["IEEE802.11"])
        self.assertEqual(phys[0]["kismet.phy.device_count"], len(self.devices))
        source = self.host.get("/datasource/all_sources.json")
        self.assertEqual(len(source), 1)
        packets = int(self.host.wait_for(r"done, (\d+) packets").group(1))
        self.assertEqual(source[0]["kismet.datasource.num_packets"], packets)
        self.assertIn(source[0]["kismet.datasource.type_driver"], self.host.get("/datasource/types.json"))
        plugins = self.host.get("/plugins/all_plugins.json")
        self.assertIn("aerie.httpd", [p["kismet.plugin.name"] for p in plugins])
        self.assertEqual({p["aerie.plugin.state"] for p in plugins}, {"running"})
        self.assertEqual(next(p for p in plugins if p["kismet.plugin.name"] == "aerie.httpd")["kismet.plugin.shared_object"], "httpd.so")
        texts = [m["kismet.messagebus.message_string"] for m in self.host.get("/messagebus/all_messages.json")]
        self.assertIn(f"HTTP server: http://127.0.0.1:{self.host.port}/", texts)

    def test_tracked_fields_page_lists_every_field_with_its_help(self):
        page = self.host.ask("/system/tracked_fields.html")
        self.assertEqual(page.headers["Content-Type"], "text/html; charset=utf-8")
        text = page.octets.decode()
        self.assertIn("<title>Kismet Server - Tracked Fields</title>", text)
        self.assertRegex(text, r"<th>Name</th><th>ID</th><th>Type</th><th>Description</th>")
        fields = self.host.get("/system/tracked_fields.json")
        rows = re.findall(r"<tr><td>([^<]+)</td><td>(\d+)</td><td>([^<]+)</td><td>([^<]+)</td>", text)
        self.assertEqual([(r[0], int(r[1])) for r in rows], [(f["aerie.field.name"], f["aerie.field.id"]) for f in fields])
        for field in fields:
            self.assertTrue(field["aerie.field.description"], field)
            self.assertTrue(field["aerie.field.type"], field)

    def test_names_in_documents_are_tracked_fields(self):
        known = {f["aerie.field.name"] for f in self.host.get("/system/tracked_fields.json")}

        def walk(value):
            if isinstance(value, dict):
                for k, v in value.items():
                    if FIELD.match(k):
                        self.assertIn(k, known)
                    walk(v)
            elif isinstance(value, list):
                for v in value:
                    walk(v)
        for path in self.paths():
            walk(self.host.get(path + ".json"))

    def test_pages(self):
        start = self.host.ask("/")
        self.assertEqual((start.status, start.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertEqual(self.host.ask("/index.html").octets, start.octets)
        # Nothing from elsewhere, and links only to what is there.
        self.assertNotRegex(start.octets, rb"(src|href)=.?https?:|@import|url\(")
        for link in re.findall(rb'href="([a-z][^":]*)"', start.octets):
            self.assertEqual(self.host.ask("/" + link.decode()).status, 200, link)

    def test_page_asks_only_for_what_is_there(self):
        page = self.host.ask("/").octets.decode()
        asked = set(re.findall(r'get\("([^"]+)"\)', page)) | {"devices/last-time/0/devices.ekjson"}
        self.assertEqual(len(asked), 6)
        for path in asked:
            self.assertEqual(self.host.ask("/" + path).status, 200, path)


class Transport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host("-s", "httpd_body_limit=100000").ready()

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def alive(self):
        self.assertEqual(self.host.ask("/system/timestamp.json").status, 200)

    def test_head_is_like_get_without_body(self):
        for path, status in (("/devices/all_devices.json", 200), ("/system/timestamp.msgpack", 200), ("/", 200), ("/nothing", 404),
                             ("/devices/by-key/x/device.json", 400)):
            head = self.host.raw(f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(), shut=False)
            get = self.host.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(), shut=False)
            self.assertEqual(head.count(b"\r\n\r\n"), 1, head)
            self.assertTrue(head.endswith(b"\r\n\r\n"), head)
            self.assertIn(b" %d " % status, head.split(b"\r\n")[0])

            def fields(octets):
                lines = octets.split(b"\r\n\r\n")[0].split(b"\r\n")
                return [f for f in lines if not re.match(rb"Date|Last-Modified|Transfer-Encoding|Connection", f)]
            self.assertEqual(fields(head), fields(get))

    def test_connections_are_kept(self):
        c = self.host.connect()
        c.connect()
        used = c.sock
        for _ in range(3):
            for method, path, status in (("GET", "/devices/all_devices.json", 200), ("HEAD", "/", 200), ("GET", "/nothing", 404),
                                         ("HEAD", "/datasource/all_sources.json", 200), ("HEAD", "/system/timestamp.msgpack", 200),
                                         ("GET", "/system/timestamp.msgpack", 200), ("POST", "/", 405)):
                c.request(method, path)
                reply = c.getresponse()
                reply.read()
                self.assertEqual(reply.status, status)
                self.assertIs(c.sock, used)
        c.close()

    def test_bodies_arrive_whole_up_to_the_limit(self):
        for size in (0, 1, 4096, 65537, 100000):
            body = os.urandom(size)
            for method in ("POST", "PUT"):
                reply = self.host.ask("/test/echo", method, body, {"Content-Type": "x/y; z=1"})
                self.assertEqual((reply.status, reply.octets, reply.headers["Content-Type"]), (200, body, "x/y; z=1"))
            reply = self.host.ask("/test/echo", "POST", iter([body[:size // 2], body[size // 2:]]))
            self.assertEqual((reply.status, reply.octets), (200, body))
        self.assertEqual(self.host.ask("/test/echo", "POST", b"x").headers["Content-Type"], "none/none")

    def test_bodies_over_the_limit_are_413(self):
        answer = self.host.raw(b"POST /test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n")
        self.assertIn(b"413", answer.split(b"\r\n")[0])
        answer = self.host.raw(b"POST /test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n")
        self.assertRegex(answer.split(b"\r\n")[0], rb"^HTTP/1.1 4\d\d|^$")
        chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
        answer = self.host.raw(b"POST /test/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 4 + b"0\r\n\r\n")
        self.assertIn(b"413", answer.split(b"\r\n")[0])
        # Without an end it is cut, not collected.
        answer = self.host.raw(b"POST /test/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 100)
        self.assertNotIn(b" 200 ", answer[:20])
        self.alive()

    def test_list_that_fails_is_cut_so_that_no_client_takes_it_for_whole(self):
        for suffix in ("json", "msgpack", "ekjson"):
            c = self.host.connect()
            c.request("GET", "/test/cut." + suffix)
            reply = c.getresponse()
            self.assertEqual(reply.status, 200)
            with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
                reply.read()
            c.close()
        self.alive()

    def test_slow_reader_keeps_nobody_waiting_and_costs_no_memory(self):
        self.alive()
        before = self.host.resident_kib()
        slow = []
        for suffix in ("json", "msgpack", "ekjson") * 4:
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.settimeout(PATIENCE)
            s.connect(("127.0.0.1", self.host.port))
            s.sendall(b"GET /test/big.%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % suffix.encode())
            self.assertEqual(s.recv(12), b"HTTP/1.1 200")
            slow.append(s)
        for _ in range(20):
            self.alive()
        # A million elements are 64 MB each; twelve replies under way may cost a few hundred KiB each.
        self.assertLess(self.host.resident_kib() - before, 24 * 1024)
        total = 0
        while True:
            piece = slow[0].recv(1 << 20)
            if not piece:
                break
            total += len(piece)
        self.assertGreater(total, 64 * 1000000)
        for s in slow:
            s.close()
        self.alive()

    def test_big_lists_are_whole(self):
        reply = self.host.ask("/test/big.json")
        self.assertEqual(len(json.loads(reply.octets)), 1000000)
        reply = self.host.ask("/test/big.msgpack")
        self.assertEqual(len(msgpack.unpackb(reply.octets, max_array_len=1000000)), 1000000)
        reply = self.host.ask("/test/big.ekjson")
        self.assertEqual(reply.octets.count(b"\n"), 1000000)

    def test_two_hundred_connections_at_once(self):
        connections = []
        for _ in range(200):
            c = self.host.connect()
            c.connect()
            connections.append(c)
        for c in connections:
            c.request("GET", "/devices/all_devices.json")
        sizes = {len(json.loads(c.getresponse().read())) for c in connections}
        self.assertEqual(sizes, {len(self.host.get("/devices/all_devices.json"))})
        for c in connections:
            c.request("GET", "/system/timestamp.json")
        self.assertEqual({c.getresponse().status for c in connections}, {200})
        for c in connections:
            c.close()

    def test_absolute_form_and_http_1_0(self):
        answer = self.host.raw(b"GET http://example.org:1/system/timestamp.json HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n")
        self.assertIn(b"kismet.system.timestamp.sec", answer)
        answer = self.host.raw(b"GET /system/timestamp.json HTTP/1.0\r\n\r\n", shut=False)
        self.assertTrue(json.loads(answer.split(b"\r\n\r\n", 1)[1]))

    def test_pipelined_requests_are_answered_in_order(self):
        one = b"GET /test/whoami HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = self.host.raw(one * 20 + b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", shut=False)
        self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", answer), [b"200"] * 40 + [b"404"])
        self.assertEqual(answer.count(b"nobody"), 20)


class Misbehaved(unittest.TestCase):
    """Clients that break the protocol. libmicrohttpd notices some of them only by its timeout, which is short here."""

    def setUp(self):
        self.host = Host("-s", "httpd_timeout=2s").ready()

    def tearDown(self):
        self.host.end()

    def alive(self):
        self.assertEqual(self.host.ask("/system/timestamp.json").status, 200)

    def test_clients_that_leave_in_the_middle_do_no_harm(self):
        for i in range(50):
            s = socket.create_connection(("127.0.0.1", self.host.port), timeout=PATIENCE)
            s.sendall(b"GET /test/big.json HTTP/1.1\r\nHost: x\r\n\r\n")
            s.recv(1 + i * 1000)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0" if i % 2 else b"\0" * 8)
            s.close()
        for octets in (b"G", b"GET /", b"GET / HTTP/1.1\r\nHo", b"POST /test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc"):
            self.host.raw(octets)
        self.alive()

    def test_garbage_is_refused(self):
        rows = [
            b"\r\n\r\n", b"\0" * 100, os.urandom(4096), b"GET\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n", b"GET nothing HTTP/1.1\r\nHost: x\r\n\r\n", b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /\0/system/timestamp.json HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 100000,
            b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"A" * 1000000,
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
            b"POST /test/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ]
        for octets in rows:
            with self.subTest(octets[:50]):
                answer = self.host.raw(octets)
                self.assertNotIn(b'"kismet.system.timestamp.sec":', answer)
                self.assertRegex(answer[:13], rb"^$|^HTTP/1\.[01] [45]\d\d|^HTTP/1.1 200")
                self.alive()


class Login(unittest.TestCase):
    def test_configured_login(self):
        host = Host().ready()
        reply = host.ask("/test/secret")
        self.assertEqual(reply.status, 401)
        self.assertRegex(reply.headers["WWW-Authenticate"], r'^Basic realm="Aerie"')
        for headers in (basic("tester", "wrong"), basic("", ""), basic("tester", "pa:ss wörd "), basic("Tester", "pa:ss wörd"),
                        {"Authorization": "Basic !!!"}, {"Authorization": "Bearer x"}, {"Authorization": "Basic"}):
            self.assertEqual(host.ask("/test/secret", headers=headers).status, 401, headers)
            reply = host.ask("/test/whoami", headers=headers)
            self.assertEqual((reply.status, reply.octets), (200, b"nobody"))
        for _ in range(3):
            reply = host.ask("/test/secret", headers=basic("tester", "pa:ss wörd"))
            self.assertEqual((reply.status, reply.octets), (200, b"admin"))
        self.assertEqual(host.ask("/test/whoami", headers=basic("tester", "pa:ss wörd")).octets, b"admin")
        self.assertRegex("\n".join(line for line in host.end() if line), r"HTTP login: \d+ wrong attempt.* from 127\.0\.0\.1")

    def test_first_start_makes_a_login_that_stays(self):
        with tempfile.TemporaryDirectory() as home:
            path = os.path.join(home, "httpd_auth.conf")
            host = Host(home=home, login=None).ready()
            password = host.wait_for(r"HTTP login: user aerie, password (\S{20}) ").group(1)
            with open(path, encoding="utf-8") as f:
                kept = f.read()
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertIn("httpd_username=aerie\nhttpd_password_hash=$argon2id$", kept)
            self.assertNotIn(password, kept)
            self.assertNotIn(password.encode(), host.ask("/messagebus/all_messages.json").octets)
            self.assertEqual(host.ask("/test/secret", headers=basic("aerie", password)).status, 200)
            self.assertEqual(host.ask("/test/secret", headers=basic("aerie", password[:-1])).status, 401)
            host.end()
            host = Host(home=home, login=None).ready()
            self.assertEqual(host.ask("/test/secret", headers=basic("other", password)).status, 401)
            self.assertEqual(host.ask("/test/secret", headers=basic("aerie", "x")).status, 401)
            time.sleep(1)  # the budget of hashes is per second, and this is its next one
            self.assertEqual(host.ask("/test/secret", headers=basic("aerie", password)).status, 200)
            self.assertNotRegex("\n".join(line for line in host.end() if line), "password")

    def test_unusable_login_files_end_the_start_with_a_reason(self):
        for content, mode, reason in (("httpd_username=a\nhttpd_password_hash=b\n", 0o644, r"others may read or write it; run chmod 600"),
                                      ("nonsense\n", 0o600, r"httpd_password_hash= is missing or too long; delete the file"),
                                      ("httpd_username=" + "x" * 300 + "\nhttpd_password_hash=b\n", 0o600, r"too long; delete the file")):
            with tempfile.TemporaryDirectory() as home:
                path = os.path.join(home, "httpd_auth.conf")
                with open(path, "w", encoding="utf-8") as f:
                    f.write(content)
                os.chmod(path, mode)
                status, said = Host(home=home, login=None).fail()
                self.assertEqual(status, 1, said)
                self.assertRegex(said, reason)


class Start(unittest.TestCase):
    def test_port_in_use_address_and_half_a_login_are_explained(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            status, said = Host("-s", f"httpd_port={port}", capture=None).fail()
            self.assertEqual(status, 1)
            self.assertRegex(said, rf"cannot listen for HTTP on 127\.0\.0\.1 port {port}: another program has it; .*httpd_port=")
        for setting, reason in (("httpd_bind_address=localhost.invalid", "not a numeric address"),
                                ("httpd_bind_address=203.0.113.7", "does not have that address"),
                                ("httpd_username=x", "go together"), ("httpd_port=70000", "httpd_port"), ("httpd_timeout=0", "httpd_timeout")):
            status, said = Host("-s", setting, capture=None, login=None).fail()
            self.assertIn(status, (1, 2), setting)
            self.assertIn(reason, said, setting)

    def test_idle_connections_are_closed(self):
        host = Host("-s", "httpd_timeout=1s", capture=None).ready(loaded=False)
        for octets in (b"", b"GET / HTT", b"POST /test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"):
            started = time.monotonic()
            host.raw(octets, shut=False)
            self.assertLess(time.monotonic() - started, 20)
        host.end()

    def test_connections_per_address_are_limited(self):
        host = Host("-s", "httpd_connection_limit_per_address=5", "-s", "httpd_threads=1", capture=None).ready(loaded=False)
        held = [socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE) for _ in range(5)]
        for s in held:
            s.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(s.recv(12), b"HTTP/1.1 200")
        self.assertEqual(host.raw(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), b"")
        for s in held:
            s.close()
        host.end()

    def test_ipv6(self):
        if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6 here")
        host = Host("-s", "httpd_bind_address=::1", capture=None)
        port = int(host.wait_for(r"HTTP server: http://\[::1\]:(\d+)/").group(1))
        c = http.client.HTTPConnection("::1", port, timeout=PATIENCE)
        c.request("GET", "/system/timestamp.json")
        reply = c.getresponse()
        self.assertEqual(reply.status, 200, reply.read())
        c.close()
        host.end()

    def test_ends_while_clients_are_reading(self):
        host = Host().ready()
        s = socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE)
        s.sendall(b"GET /test/big.json HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(s.recv(12), b"HTTP/1.1 200")
        begun = time.monotonic()
        said = "\n".join(line for line in host.end() if line)
        self.assertNotIn("still in use", said)
        self.assertLess(time.monotonic() - begun, 10)
        s.close()

    def test_ends_well_while_clients_come_and_go(self):
        for _ in range(5):
            host, over, came = Host(capture=None).ready(loaded=False), threading.Event(), threading.Semaphore(0)

            def come_and_go():
                while not over.is_set():
                    try:
                        with socket.create_connection(("127.0.0.1", host.port)) as s:
                            s.sendall(b"GET /session/check_setup_ok HTTP/1.1\r\nHost: x\r\n\r\n")
                        came.release()
                    except OSError:
                        pass

            clients = [threading.Thread(target=come_and_go) for _ in range(3)]
            for client in clients:
                client.start()
            try:
                for _ in range(300):
                    self.assertTrue(came.acquire(timeout=PATIENCE))
                host.end()
            finally:
                over.set()
                for client in clients:
                    client.join()

    def test_written_devices_are_the_same_in_every_format(self):
        with tempfile.TemporaryDirectory() as folder:
            documents = {}
            for suffix in ("json", "msgpack", "ekjson"):
                path = os.path.join(folder, "devices." + suffix)
                status, said = Host("--exit-when-done", "--write-devices", path, home=folder + "/home").fail()
                self.assertEqual(status, 0, said)
                with open(path, "rb") as f:
                    octets = f.read()
                documents[suffix] = (json.loads(octets) if suffix == "json" else msgpack.unpackb(octets) if suffix == "msgpack" else
                                     [json.loads(line) for line in octets.splitlines()])
                documents[suffix] = in_order([{k: v for k, v in d.items() if not re.search("mod.time|seenby", k)} for d in stable(documents[suffix])])
            self.assertGreater(len(documents["json"]), 3)
            self.assertEqual(documents["msgpack"], documents["json"])
            self.assertEqual(documents["ekjson"], underscored(documents["json"]))
            self.assertEqual(sorted(os.listdir(folder)), ["devices.ekjson", "devices.json", "devices.msgpack", "home"])


if __name__ == "__main__":
    unittest.main()
