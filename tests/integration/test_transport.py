#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The transport: threads, compression, pages of other sites, files, proxies, limits, and requests that two servers could read
differently. Expected values: RFC 9110 and 9112, RFC 7239, the Fetch Standard; compressed replies are read with Python's zlib."""
import calendar
import contextlib
import gzip
import http.client
import json
import os
import random
import re
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import zlib

from host import BUILD, PATIENCE, Host, basic

ADMIN = basic("tester", "pa:ss wörd")
THREADS = min(max(os.cpu_count(), 4), 8)  # httpd_threads by default
RADIO = os.path.join(BUILD, "tests/integration/radio/.libs/fake_radio.so")


def head(host, request, body=b""):
    """Status, headers (lower-case names) and body of one request on a connection of its own."""
    answer = host.raw(request.encode("latin-1") + b"\r\n\r\n" + body, shut=False)
    top, _, rest = answer.partition(b"\r\n\r\n")
    lines = top.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), value.strip())
    return (int(lines[0].split()[1]) if lines[0] else 0), headers, rest


class WithHost(unittest.TestCase):
    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.host = Host(*cls.OPTIONS).ready()

    @classmethod
    def tearDownClass(cls):
        cls.host.end()


class Threads(WithHost):
    def test_requests_that_wait_hold_up_no_other_client(self):
        replies = []
        slow = [threading.Thread(target=lambda: replies.append(self.host.ask("/test/slow").octets)) for _ in range(3)]
        for t in slow:
            t.start()
        longest, asked = 0, 0
        end = time.monotonic() + 1.5
        kept = [self.host.connect() for _ in range(20)]
        while time.monotonic() < end:
            for c in kept:
                begun = time.monotonic()
                c.request("GET", "/system/status.json")
                self.assertEqual(c.getresponse().read()[:1], b"{")
                longest = max(longest, time.monotonic() - begun)
                asked += 1
        self.assertEqual(replies, [])  # they wait for 2 s
        self.assertGreater(asked, 60)
        self.assertLess(longest, 1)
        for t in slow:
            t.join()
        self.assertEqual(replies, [b"slow"] * 3)
        for c in kept:
            c.close()

    @contextlib.contextmanager
    def occupied(self, host, path, threads):
        """So many threads wait, and more requests for them. Gives the list of what was answered so far."""
        replies, n = [], 2 * threads
        asking = [threading.Thread(target=lambda: replies.append(host.ask(path).octets)) for _ in range(n)]
        for t in asking:
            t.start()
        try:
            end = time.monotonic() + PATIENCE
            while int(host.ask("/test/waiting").octets) < threads:
                self.assertLess(time.monotonic(), end, "the requests were not begun")
            yield replies
            self.assertEqual(replies, [])
            self.assertEqual(int(host.ask("/test/waiting").octets), threads)
        finally:
            while any(t.is_alive() for t in asking):
                host.ask("/test/release")
        self.assertEqual(replies, [b"long"] * n)

    def test_long_requests_hold_up_no_short_one(self):
        with self.occupied(self.host, "/test/long", min(os.cpu_count(), 4)):
            for _ in range(100):
                self.assertIn("kismet.system.devices.count", self.host.get("/system/status.json"))

    def test_what_answers_at_once_waits_for_no_thread(self):
        key = self.host.get("/devices/all_devices.json")[0]["kismet.device.base.key"]
        device = f"/devices/by-key/{key}/device"
        fields = json.dumps({"fields": ["kismet.device.base.key"]}).encode()
        json_type = {"Content-Type": "application/json"}
        with self.occupied(self.host, "/test/wait", THREADS):
            for path in ("/system/timestamp.json", "/system/user_status.msgpack", device + ".prettyjson", device + ".json/kismet.device.base.key",
                         "/packetchain/packet_stats.json", "/packetchain/packet_rate.json"):
                self.assertEqual(self.host.ask(path).status, 200, path)
                self.assertEqual(self.host.ask(path, "HEAD").octets, b"", path)
            self.assertEqual(json.loads(self.host.ask(device + ".json", "POST", fields, json_type).octets), {"kismet.device.base.key": key})
            self.assertEqual(self.host.ask(device + ".json", "POST", b"{", json_type).status, 400)
            self.assertEqual(self.host.ask("/devices/by-key/0_0/device.json").status, 404)
            for headers in ({}, basic("tester", "wrong")):
                self.assertEqual(self.host.ask("/test/secret", headers=headers).status, 401)  # no route has to run for that
        self.assertEqual(self.host.ask(device + ".json?x=y").status, 200)
        self.assertEqual(json.loads(self.host.ask(device + ".json", "POST", fields.ljust(1025), json_type).octets), {"kismet.device.base.key": key})

    def test_what_may_take_a_while_waits_for_a_thread(self):
        key = self.host.get("/devices/all_devices.json")[0]["kismet.device.base.key"]
        device = f"GET /devices/by-key/{key}/device.json"
        with tempfile.TemporaryDirectory() as home:
            host = Host(home=home, login=None).ready()
            login = basic("aerie", host.wait_for(r"HTTP login: user aerie, password (\S{20}) ").group(1))["Authorization"]
            host.end()
            host = Host(home=home, login=None).ready()
            asked = []
            try:
                with self.occupied(host, "/test/wait", THREADS):
                    for request in (device + "?user=a&password=b HTTP/1.1",
                                    device + f" HTTP/1.1\r\nAuthorization: {login}",  # only its hash tells whether it is right
                                    device.replace("GET", "POST") + " HTTP/1.1\r\nContent-Length: 1025",
                                    device + " HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket",
                                    device.replace("GET", "PUT") + " HTTP/1.1", "GET /system/status.json HTTP/1.1", "GET /nothing HTTP/1.1"):
                        asked.append(socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE))
                        asked[-1].sendall(request.encode() + b"\r\nHost: x\r\n\r\n" + bytes(1025 if "1025" in request else 0))
                    self.assertEqual(select.select(asked, [], [], 0.5)[0], [])
                self.assertEqual([s.recv(12)[9:] for s in asked], [b"200", b"200", b"415", b"200", b"405", b"200", b"404"])
                with self.occupied(host, "/test/wait", THREADS):
                    self.assertEqual(host.ask("/system/timestamp.json", headers={"Authorization": login}).status, 200)  # known by now
            finally:
                for s in asked:
                    s.close()
            host.end()

    def test_ends_while_requests_wait(self):
        host = Host().ready()
        waiting = [socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE) for _ in range(12)]
        for s in waiting:
            s.sendall(b"GET /test/slow HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(4):
            waiting.append(socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE))
            waiting[-1].sendall(b"GET /test/big.json HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        host.end()
        for s in waiting:
            s.close()


class Gzip(WithHost):
    def ask(self, path, accept, method="GET"):
        return self.host.ask(path, method, headers={"Accept-Encoding": accept} if accept is not None else {})

    def test_only_where_the_client_prefers_it(self):
        plain = self.host.ask("/system/tracked_fields.json").octets
        for accept, compressed in ((None, 0), ("gzip", 1), ("x-gzip", 1), ("GZIP", 1), ("deflate", 0), ("gzip;q=0", 0), ("gzip; q=0.000", 0),
                                   ("gzip;q=0.1", 1), ("*", 1), ("*;q=0", 0), ("gzip;q=0, *", 0), ("identity, gzip;q=0.5", 0),
                                   ("identity;q=0.5, gzip;q=0.5", 1), ("deflate, gzip;q=1.0, *;q=0.5", 1), ("gzipped", 0), ("gzip;q=x", 0), ("", 0)):
            reply = self.ask("/system/tracked_fields.json", accept)
            self.assertEqual(reply.headers["Content-Encoding"], "gzip" if compressed else None, accept)
            self.assertEqual(reply.headers["Vary"], "Accept-Encoding")
            octets = gzip.decompress(reply.octets) if compressed else reply.octets
            self.assertEqual(len(octets), len(plain), accept)
            json.loads(octets)
            if compressed:
                self.assertLess(len(reply.octets), len(plain) / 4)

    def test_every_format_of_a_long_list(self):
        for suffix in ("json", "msgpack", "ekjson"):
            reply = self.ask("/test/big." + suffix, "gzip")
            self.assertEqual(reply.headers["Content-Encoding"], "gzip")
            self.assertLess(len(reply.octets), 4000000)
            size = sum(len(piece) for piece in self.unzip(reply.octets))
            self.assertGreater(size, 62000000)

    def unzip(self, octets):
        reader = zlib.decompressobj(31)
        yield reader.decompress(octets)
        self.assertTrue(reader.eof)

    def test_what_is_short_or_of_another_kind_stays_as_it_is(self):
        for path in ("/system/timestamp.json", "/test/whoami", "/nothing"):
            self.assertIsNone(self.ask(path, "gzip").headers["Content-Encoding"], path)
        for kind, compressed in (("text/x", True), ("application/json; charset=utf-8", True), ("image/png", False), ("application/zip", False),
                                 ("application/vnd.tcpdump.pcap", False), ("Application/JSON", True)):
            body = b"a" * 5000
            reply = self.host.ask("/test/echo", "POST", body, {"Accept-Encoding": "gzip", "Content-Type": kind})
            self.assertEqual(reply.headers["Content-Encoding"], "gzip" if compressed else None, kind)
            self.assertEqual(gzip.decompress(reply.octets) if compressed else reply.octets, body)

    def test_a_list_that_fails_is_cut(self):
        c = self.host.connect()
        c.request("GET", "/test/cut.json", headers={"Accept-Encoding": "gzip"})
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            c.getresponse().read()
        c.close()

    def test_head_has_the_headers_of_get(self):
        reply = self.ask("/system/tracked_fields.json", "gzip", "HEAD")
        self.assertEqual((reply.status, reply.headers["Content-Encoding"], reply.octets), (200, "gzip", b""))

    def test_off(self):
        host = Host("-s", "httpd_gzip=0", capture=None).ready(loaded=False)
        reply = host.ask("/system/tracked_fields.json", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((reply.headers["Content-Encoding"], reply.headers["Vary"]), (None, None))
        host.end()


class Headers(WithHost):
    def test_every_reply_has_them(self):
        for path in ("/system/status.json", "/", "/nothing", "/test/secret"):
            reply = self.host.ask(path)
            self.assertRegex(reply.headers["Server"], r"^Aerie/\d")
            self.assertEqual((reply.headers["Cache-Control"], reply.headers["Pragma"]), ("no-cache", "no-cache"))
            self.assertEqual(reply.headers["Expires"], "Sat, 01 Jan 2000 00:00:00 GMT")
            self.assertEqual(reply.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(reply.headers["X-Frame-Options"], "SAMEORIGIN")
            self.assertEqual(reply.headers["Referrer-Policy"], "same-origin")
            modified = time.strptime(reply.headers["Last-Modified"], "%a, %d %b %Y %H:%M:%S GMT")
            self.assertLess(abs(time.time() - calendar.timegm(modified)), 60)

    def test_a_page_may_run_its_own_scripts_and_nothing_else(self):
        reply = self.host.ask("/test/page")
        policy = reply.headers["Content-Security-Policy"]
        # The digest is that of openssl dgst -sha256 -binary | base64.
        self.assertIn("script-src 'self' 'sha256-", policy)
        self.assertNotIn("unsafe-inline", policy.split("style-src")[0])
        self.assertIn("frame-ancestors 'self'", policy)
        self.assertEqual(reply.headers["Content-Disposition"], 'inline; filename="x.html"')
        self.assertIsNone(self.host.ask("/system/status.json").headers["Content-Security-Policy"])

    def test_options_tell_the_methods_and_need_no_login(self):
        for path, allow in (("/test/whoami", "GET, HEAD, OPTIONS"), ("/test/echo", "POST, PUT, OPTIONS"), ("/test/secret", "GET, HEAD, OPTIONS"),
                            ("/", "GET, HEAD, OPTIONS")):
            reply = self.host.ask(path, "OPTIONS")
            self.assertEqual((reply.status, reply.headers["Allow"], reply.octets), (200, allow, b""), path)
            self.assertIsNone(reply.headers["Access-Control-Allow-Origin"])
        self.assertEqual(self.host.ask("/nothing", "OPTIONS").status, 404)
        status, headers, _ = head(self.host, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close")
        self.assertEqual((status, headers["allow"]), (200, "GET, HEAD, POST, PUT, DELETE, OPTIONS"))


class Cors(unittest.TestCase):
    GOOD, BAD = {"Origin": "https://good.example"}, {"Origin": "https://bad.example"}

    def start(self, *options):
        host = Host(*options, capture=None).ready(loaded=False)
        self.addCleanup(host.end)
        return host

    def preflight(self, host, origin, path="/test/echo"):
        return host.ask(path, "OPTIONS", headers={**origin, "Access-Control-Request-Method": "POST",
                                                  "Access-Control-Request-Headers": "content-type"})

    def test_listed_sites_may_read_with_the_users_login(self):
        host = self.start("-s", "httpd_allow_cors=true", "-s", "httpd_allowed_origin=https://good.example")
        reply = self.preflight(host, self.GOOD)
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.headers["Access-Control-Allow-Origin"], "https://good.example")
        self.assertEqual(reply.headers["Access-Control-Allow-Credentials"], "true")
        self.assertEqual(reply.headers["Access-Control-Allow-Methods"], "POST, PUT, OPTIONS")
        self.assertIn("Content-Type", reply.headers["Access-Control-Allow-Headers"])
        self.assertEqual(reply.headers["Access-Control-Max-Age"], "600")
        self.assertIn("Origin", reply.headers["Vary"])
        for path in ("/system/timestamp.json", "/nothing", "/test/secret"):
            reply = host.ask(path, headers=self.GOOD)
            self.assertEqual(reply.headers["Access-Control-Allow-Origin"], "https://good.example", path)
            self.assertIn("Origin", reply.headers["Vary"])
        for path, headers in (("/system/timestamp.json", self.BAD), ("/system/timestamp.json", {}),
                              ("/system/timestamp.json", {"Origin": "null"})):
            reply = host.ask(path, headers=headers)
            self.assertEqual(reply.status, 200)
            self.assertIsNone(reply.headers["Access-Control-Allow-Origin"])
            self.assertIn("Origin", reply.headers["Vary"])  # a cache must not give this reply to another site
        reply = self.preflight(host, self.BAD)
        self.assertIsNone(reply.headers["Access-Control-Allow-Origin"])
        self.assertIsNone(reply.headers["Access-Control-Allow-Methods"])

    def test_all_sites_never_with_credentials(self):
        for options in (("-s", "httpd_allow_cors=true"), ("-s", "httpd_allow_cors=true", "-s", "httpd_allowed_origin=*")):
            host = self.start(*options)
            for reply in (self.preflight(host, self.BAD), host.ask("/system/timestamp.json", headers=self.BAD)):
                self.assertEqual(reply.status, 200)
                self.assertEqual(reply.headers["Access-Control-Allow-Origin"], "*")
                self.assertIsNone(reply.headers["Access-Control-Allow-Credentials"])

    def test_off_unless_asked_for(self):
        host = self.start("-s", "httpd_allowed_origin=https://good.example")
        for reply in (self.preflight(host, self.GOOD), host.ask("/system/timestamp.json", headers=self.GOOD)):
            self.assertFalse([h for h in reply.headers if h.lower().startswith("access-control")])


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = cls.folder.name
        cls.site, cls.user = os.path.join(cls.root, "site"), os.path.join(cls.root, "user")
        cls.modules = os.path.join(cls.root, "modules")
        cls.big = os.urandom(3000000)
        files = {
            "site/index.html": b"never: / is a route", "site/a b.txt": b"blank", "site/sub/index.html": b"<p>sub</p>", "site/both.txt": b"site",
            "site/app.js": b"let x = 1;\n" * 500, "site/big.bin": cls.big, "site/x.glb": b"glb", "site/.secret": b"hidden",
            "site/.git/config": b"hidden", "site/empty.css": b"", "site/noindex/file.txt": b"f", "user/both.txt": b"user", "outside.txt": b"outside",
            "modules/test.fakeradio.httpd/index.html": b"<p>radio</p>", "modules/test.fakeradio.httpd/js/x.js": b"radio",
            "modules/test.none.httpd/index.html": b"no such plugin", "modules/secret.txt": b"outside", "site/plugin/x.txt": b"never",
        }
        for name, octets in files.items():
            path = os.path.join(cls.root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(octets)
        os.symlink("../outside.txt", os.path.join(cls.site, "out-relative"))
        os.symlink(os.path.join(cls.root, "outside.txt"), os.path.join(cls.site, "out-absolute"))
        os.symlink("/etc", os.path.join(cls.site, "out-folder"))
        os.symlink("both.txt", os.path.join(cls.site, "inside.txt"))
        os.mkfifo(os.path.join(cls.site, "pipe"))
        shutil.copy(RADIO, cls.modules)
        cls.host = Host("-s", f"httpd_home={cls.site}", "-s", f"httpd_user_home={cls.user}", "-s", "httpd_mime=glb:model/gltf-binary",
                        "--plugin-dir", cls.modules, capture=None).ready(loaded=False)

    @classmethod
    def tearDownClass(cls):
        cls.host.end()
        cls.folder.cleanup()

    def test_files_and_their_types(self):
        for path, octets, kind in (("/a%20b.txt", b"blank", "text/plain; charset=utf-8"), ("/sub/", b"<p>sub</p>", "text/html; charset=utf-8"),
                                   ("/sub/index.html", b"<p>sub</p>", "text/html; charset=utf-8"), ("/both.txt", b"user", "text/plain; charset=utf-8"),
                                   ("/app.js", b"let x = 1;\n" * 500, "text/javascript; charset=utf-8"), ("/x.glb", b"glb", "model/gltf-binary"),
                                   ("/big.bin", self.big, "application/octet-stream"), ("/empty.css", b"", "text/css; charset=utf-8"),
                                   ("/inside.txt", b"site", "text/plain; charset=utf-8"), ("//sub///index.html?x=1", b"<p>sub</p>", "text/html; charset=utf-8"),
                                   ("/plugin/test.fakeradio/", b"<p>radio</p>", "text/html; charset=utf-8"),
                                   ("/plugin/test.fakeradio/js/x.js", b"radio", "text/javascript; charset=utf-8")):
            reply = self.host.ask(path)
            self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, kind), path)
            self.assertEqual(reply.octets, octets)
            self.assertEqual(int(reply.headers["Content-Length"]), len(octets))
            self.assertEqual(reply.headers["X-Content-Type-Options"], "nosniff")
            found = self.host.ask(path, "HEAD")
            self.assertEqual((found.status, found.octets, found.headers["Content-Length"]), (200, b"", str(len(octets))))

    def test_nothing_else(self):
        for path in ("/noindex/", "/noindex", "/.secret", "/.git/config", "/%2esecret", "/sub/../.secret", "/sub/../both.txt/x", "/../outside.txt",
                     "/%2e%2e/outside.txt", "/sub/%2e%2e/%2e%2e/outside.txt", "/..%2foutside.txt", "/%2e%2e%2foutside.txt", "/..\\outside.txt",
                     "/..%5coutside.txt", "/out-relative", "/out-absolute", "/out-folder/passwd", "/pipe", "/both.txt/", "/both.txt%00.html",
                     "/both.txt%0a", "/sub/./index.html", "/" + "a/" * 60, "/plugin/", "/plugin/test.none/", "/plugin/x.txt",
                     "/plugin/test.fakeradio/../secret.txt", "/plugin/test.fakeradio/..%2fsecret.txt", "/plugin/..", "/plugin/../both.txt",
                     "/plugin/test.fakeradio/fake_radio.so", "/plugin/aerie.httpd/", "/plugin/test.fakeradio/nothing.js"):
            status, _, octets = head(self.host, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close")
            self.assertIn(status, (400, 404), (path, octets))
            self.assertNotIn(b"outside", octets)
        for method in ("POST", "PUT", "DELETE"):
            self.assertEqual(self.host.ask("/both.txt", method, b"x").status, 404)
        self.assertEqual(self.host.ask("/both.txt", "OPTIONS").headers["Allow"], "GET, HEAD, OPTIONS")

    def test_routes_come_first(self):
        self.assertNotIn(b"never", self.host.ask("/").octets)
        self.assertNotIn(b"never", self.host.ask("/index.html").octets)

    def test_folders_are_redirected_by_relative_links(self):
        for path, to in (("/sub", "./sub/"), ("/sub?x=//evil.example", "./sub/"), ("//sub", "./sub/"), ("/plugin/test.fakeradio", "./test.fakeradio/")):
            reply = self.host.ask(path)
            self.assertEqual((reply.status, reply.headers["Location"]), (301, to), path)

    def test_validators(self):
        first = self.host.ask("/app.js")
        tag, date = first.headers["ETag"], first.headers["Last-Modified"]
        self.assertRegex(tag, r'^"[0-9a-f-]+"$')
        self.assertEqual(date, time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(os.stat(self.site + "/app.js").st_mtime)))
        rows = [({"If-None-Match": tag}, 304), ({"If-None-Match": f'"x", W/{tag}'}, 304), ({"If-None-Match": "*"}, 304), ({"If-None-Match": '"x"'}, 200),
                ({"If-Modified-Since": date}, 304), ({"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
                ({"If-Modified-Since": "Tue, 01 Jan 2069 00:00:00 GMT"}, 304), ({"If-Modified-Since": "yesterday"}, 200),
                ({"If-None-Match": '"x"', "If-Modified-Since": date}, 200)]
        for headers, status in rows:
            reply = self.host.ask("/app.js", headers=headers)
            self.assertEqual(reply.status, status, headers)
            self.assertEqual(reply.headers["ETag"], tag)
            self.assertEqual(reply.octets, b"" if status == 304 else first.octets)
        zipped = self.host.ask("/app.js", headers={"Accept-Encoding": "gzip"})
        self.assertEqual(gzip.decompress(zipped.octets), first.octets)
        self.assertNotEqual(zipped.headers["ETag"], tag)
        self.assertEqual(zipped.headers["Vary"], "Accept-Encoding")
        reply = self.host.ask("/app.js", headers={"Accept-Encoding": "gzip", "If-None-Match": zipped.headers["ETag"]})
        self.assertEqual((reply.status, reply.octets), (304, b""))
        c = self.host.connect()  # 304 leaves the connection as it was
        for _ in range(3):
            c.request("GET", "/app.js", headers={"If-None-Match": tag})
            reply = c.getresponse()
            self.assertEqual((reply.status, reply.read()), (304, b""))
        c.close()

    def test_ranges(self):
        size = len(self.big)
        rows = [("bytes=0-0", 0, 1), ("bytes=100-199", 100, 100), (f"bytes={size - 5}-", size - 5, 5), ("bytes=-7", size - 7, 7),
                (f"bytes=-{size * 2}", 0, size), (f"bytes=10-{size * 2}", 10, size - 10)]
        for text, first, length in rows:
            reply = self.host.ask("/big.bin", headers={"Range": text})
            self.assertEqual((reply.status, reply.headers["Content-Range"]), (206, f"bytes {first}-{first + length - 1}/{size}"), text)
            self.assertEqual(reply.octets, self.big[first:first + length])
        for text in (f"bytes={size}-", "bytes=-0", f"bytes={size + 10}-{size + 20}"):
            reply = self.host.ask("/big.bin", headers={"Range": text})
            self.assertEqual((reply.status, reply.headers["Content-Range"]), (416, f"bytes */{size}"), text)
        for text in ("bytes=5-2", "bytes=0-1,5-6", "items=0-1", "bytes=a-b", "bytes=", "bytes=--5", "bytes=99999999999999999999-"):
            self.assertEqual(self.host.ask("/big.bin", headers={"Range": text}).status, 200, text)
        tag = self.host.ask("/big.bin", "HEAD").headers["ETag"]
        self.assertEqual(self.host.ask("/big.bin", headers={"Range": "bytes=0-1", "If-Range": tag}).status, 206)
        self.assertEqual(self.host.ask("/big.bin", headers={"Range": "bytes=0-1", "If-Range": '"old"'}).status, 200)

    def test_settings(self):
        host = Host("-s", f"httpd_home={self.site}", "-s", "httpd_redirect_unknown=/index.html", capture=None).ready(loaded=False)
        reply = host.ask("/nothing/at/all")
        self.assertEqual((reply.status, reply.headers["Location"]), (302, "/index.html"))
        self.assertEqual(host.ask("/nothing", "POST").status, 404)
        self.assertEqual(host.ask("/devices/by-key/4202770D00000000_1/device.json").status, 404)  # the path is known
        host.end()
        host = Host("-s", f"httpd_home={self.site}", "-s", "httpd_require_login=true", capture=None).ready(loaded=False)
        self.assertEqual(host.ask("/app.js").status, 401)
        self.assertEqual(host.ask("/app.js", headers=ADMIN).status, 200)
        host.end()
        status, said = Host("-s", "httpd_mime=nonsense", capture=None).fail()
        self.assertIn("httpd_mime=nonsense is not a suffix and its content type", said)


class Proxies(unittest.TestCase):
    def start(self, *options):
        host = Host(*options, capture=None).ready(loaded=False)
        self.addCleanup(host.end)
        return host

    def seen(self, host, headers):
        return host.ask("/test/peer", headers=headers).octets.decode().split()

    def test_only_trusted_proxies_are_believed(self):
        host = self.start("-s", "httpd_trusted_proxy=192.0.2.1")
        own = f"127.0.0.1:{host.port}"
        for headers in ({"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}, {"X-Forwarded-Host": "evil.example"}):
            self.assertEqual(self.seen(host, headers), ["127.0.0.1", own])

    def test_x_forwarded(self):
        host = self.start("-s", "httpd_trusted_proxy=127.0.0.0/8", "-s", "httpd_trusted_proxy=2001:db8::/32")
        for text, peer in (("203.0.113.9", "203.0.113.9"), ("1.2.3.4, 203.0.113.9", "203.0.113.9"), ("203.0.113.9, 127.0.0.5", "203.0.113.9"),
                           ("1.2.3.4, 203.0.113.9,2001:db8::1", "203.0.113.9"), ("2001:db9::1", "2001:db9::1"), ("[2001:db9::1]:99", "2001:db9::1"),
                           ("203.0.113.9:1234", "203.0.113.9"), ("127.0.0.2, 127.0.0.3", "127.0.0.2"), ("nonsense", "127.0.0.1"),
                           ("203.0.113.9, nonsense", "127.0.0.1"), ("", "127.0.0.1"), ("203.0.113.9,", "127.0.0.1"), ("a" * 4000, "127.0.0.1")):
            self.assertEqual(self.seen(host, {"X-Forwarded-For": text})[0], peer, text)
        self.assertEqual(self.seen(host, {"Forwarded": "for=203.0.113.9"})[0], "127.0.0.1")
        self.assertEqual(self.seen(host, {"X-Forwarded-Host": "radio.example:8443"})[1], "radio.example:8443")
        cookies = {proto: host.ask("/session/check_session", headers={**ADMIN, "X-Forwarded-Proto": proto}).headers["Set-Cookie"] or ""
                   for proto in ("https", "http", "nonsense")}
        self.assertEqual({p: "; Secure" in c for p, c in cookies.items()}, {"https": True, "http": False, "nonsense": False})
        host.ask("/test/secret", headers={**basic("tester", "wrong"), "X-Forwarded-For": "203.0.113.77"})
        host.wait_for(r"wrong .* from 203\.0\.113\.77")

    def test_forwarded(self):
        host = self.start("-s", "httpd_trusted_proxy=127.0.0.1", "-s", "httpd_proxy_header=forwarded")
        for text, peer in (('for="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"), ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
                           ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"), ("For=192.0.2.43;proto=https, for=127.0.0.1", "192.0.2.43"),
                           ("for=unknown", "127.0.0.1"), ("by=203.0.113.43", "127.0.0.1"), ('for=_hidden, for="_SEVKISEK"', "127.0.0.1")):
            self.assertEqual(self.seen(host, {"Forwarded": text})[0], peer, text)
        self.assertEqual(self.seen(host, {"Forwarded": 'for=192.0.2.1;host="radio.example"'})[1], "radio.example")
        self.assertEqual(self.seen(host, {"X-Forwarded-For": "203.0.113.9"})[0], "127.0.0.1")

    def test_prefix(self):
        host = Host("-s", "httpd_uri_prefix=/aerie/", "-s", "httpd_trusted_proxy=127.0.0.1", capture=None)
        port = int(host.wait_for(r"HTTP server: http://127\.0\.0\.1:(\d+)/aerie/").group(1))
        host.port = port
        self.addCleanup(host.end)
        stripped = {"X-Forwarded-Prefix": "/aerie"}
        for path, headers, status in (("/aerie/system/timestamp.json", {}, 200), ("/aerie", {}, 200), ("/aerie/", {}, 200), ("/system/timestamp.json", {}, 404),
                                      ("/aeriex/system/timestamp.json", {}, 404), ("/", {}, 404), ("/system/timestamp.json", stripped, 200),
                                      ("/", stripped, 200), ("/system/timestamp.json", {"X-Forwarded-Prefix": "/other"}, 404)):
            self.assertEqual(host.ask(path, headers=headers).status, status, (path, headers))
        for bad in ("aerie", "/a b", "/a//b", "/a?b", "/%41"):
            status, said = Host("-s", f"httpd_uri_prefix={bad}", capture=None).fail()
            self.assertIn("httpd_uri_prefix must be a path", said, bad)

    def test_wrong_networks_are_explained(self):
        for bad in ("localhost", "1.2.3", "192.0.2.0/33", "::1/129", "192.0.2.1/", "192.0.2.1/x", ""):
            status, said = Host("-s", f"httpd_trusted_proxy={bad}", capture=None).fail()
            self.assertRegex(said, "httpd_trusted_proxy", bad)

    def test_behind_nginx(self):
        if not shutil.which("nginx"):
            self.skipTest("no nginx here")
        host = self.start("-s", "httpd_trusted_proxy=127.0.0.1", "-s", "httpd_uri_prefix=/aerie")
        with tempfile.TemporaryDirectory() as folder:
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            with open(folder + "/nginx.conf", "w", encoding="ascii") as f:
                f.write(NGINX.format(folder=folder, port=port, aerie=host.port))
            nginx = subprocess.Popen(["nginx", "-p", folder, "-c", folder + "/nginx.conf", "-e", folder + "/error.log"])
            try:
                self.ask_nginx(port)
            finally:
                nginx.terminate()
                nginx.wait(PATIENCE)

    def ask_nginx(self, port):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                c = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
                c.request("GET", "/aerie/test/peer", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example"})
                break
            except ConnectionRefusedError:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
        reply = c.getresponse()
        self.assertEqual((reply.status, reply.read()), (200, f"127.0.0.1 127.0.0.1:{port}".encode()))
        for path, status in (("/aerie/test/big.json", 200), ("/aerie/test/big.json", 200), ("/aerie/nothing", 404), ("/aerie/system/status.json", 200)):
            c.request("GET", path)
            reply = c.getresponse()
            octets = reply.read()
            self.assertEqual(reply.status, status)
            if status == 200:
                json.loads(octets)
        for sneaky in (b"X: a\rHost: evil.example\r\n", b"X: a\r b\r\n"):  # libmicrohttpd would take it for two lines
            s = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            s.sendall(b"GET /aerie/test/peer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + sneaky + b"\r\n")
            self.assertEqual(s.recv(12), b"HTTP/1.1 400")
            s.close()
        c.request("POST", "/aerie/test/echo", b"x" * 500000)
        self.assertEqual(c.getresponse().read(), b"x" * 500000)
        c.close()


# As in doc/http.md.
NGINX = """
daemon off;
pid {folder}/nginx.pid;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{port};
        location /aerie/ {{
            proxy_pass http://127.0.0.1:{aerie};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Prefix "";
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_buffering off;
            proxy_request_buffering off;
            client_max_body_size 1m;
            proxy_read_timeout 1h;
        }}
    }}
}}
"""


class Parts(WithHost):
    """Forms of type multipart/form-data (RFC 7578, RFC 2046 5.1)."""
    PATH = "/devices/summary/devices.json"
    WHOLE = (b'--bo\r\nContent-Disposition: form-data; name="json"\r\n\r\n{"fields": ["kismet.device.base.name"], "wrapper": "w"}\r\n--bo--\r\n')

    def post(self, body, kind="multipart/form-data; boundary=bo"):
        reply = self.host.ask(self.PATH, "POST", body, {"Content-Type": kind})
        return reply.status, reply.octets[:200].decode(errors="replace")

    def test_what_clients_may_send(self):
        for body in (self.WHOLE, self.WHOLE[:-2], b"preamble\r\n" + self.WHOLE,
                     self.WHOLE.replace(b'name="json"', b'name="json"; filename="c.json"\r\nContent-Type: application/json'),
                     self.WHOLE.replace(b"Content-Disposition", b"content-disposition"),
                     b'--bo\r\nContent-Disposition: form-data; name="empty"\r\n\r\n\r\n' + self.WHOLE):
            for kind in ("multipart/form-data; boundary=bo", 'Multipart/Form-Data; boundary="bo"', "multipart/form-data;boundary=bo"):
                with self.subTest(body=body, kind=kind):
                    status, text = self.post(body, kind)
                    self.assertEqual(status, 200, text)
                    self.assertEqual(text[:6], '{"w":[')

    def test_what_is_wrong_is_told(self):
        malformed, start = "not the multipart/form-data", self.WHOLE.index(b"{")
        for body, why in ((self.WHOLE[:-10], malformed), (self.WHOLE[:start], malformed), (self.WHOLE[:20], malformed), (b"--bo", malformed), (b"x", "no parts"),
                          (self.WHOLE.replace(b"--bo", b"--co"), "no parts"), (self.WHOLE.replace(b'; name="json"', b""), "no name"),
                          (self.WHOLE.replace(b"fields", b"fi\0lds"), "octet 0"), (b"--bo--\r\n", "no parts"),
                          (self.WHOLE.replace(b"{", b"["), "not JSON"), (self.WHOLE.replace(b'"json"', b'"' + b"n" * 20000 + b'"'), malformed)):
            with self.subTest(body=body[:99]):
                status, text = self.post(body)
                self.assertEqual(status, 400, text)
                self.assertIn(why, text)
        for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; charset=utf-8"):
            with self.subTest(kind=kind):
                status, text = self.post(self.WHOLE, kind)
                self.assertEqual(status, 400, text)
                self.assertIn("boundary", text)
        self.assertEqual(self.post(self.WHOLE, "multipart/form-data-2; boundary=bo")[0], 415)
        self.assertEqual(self.post(self.WHOLE, "multipart/mixed; boundary=bo")[0], 415)

    def test_a_form_has_the_same_limits_in_parts(self):
        part = b'--bo\r\nContent-Disposition: form-data; name="n"\r\n\r\n1\r\n'
        self.assertEqual(self.post(part * 1023 + self.WHOLE)[0], 200)
        status, text = self.post(part * 1024 + self.WHOLE)
        self.assertEqual(status, 400)
        self.assertIn("more than 1024 variables", text)
        for filler, status in ((b"x" * 900000, 200), (b"&" * 300000, 200), (b"&" * 900000, 413)):
            with self.subTest(filler=filler[:1], n=len(filler)):
                self.assertEqual(self.post(self.WHOLE.replace(b'"w"', b'"w", "unknown": "' + filler + b'"'))[0], status)

    def test_parts_are_the_same_wherever_a_buffer_ends(self):
        value = self.WHOLE.replace(b"{", b"\r\n--b{")
        for n in [*range(7900, 8200), *range(16100, 16300)]:
            status, text = self.post(b'--bo\r\nContent-Disposition: form-data; name="pad"\r\n\r\n' + b"x" * n + b"\r\n" + self.WHOLE)
            self.assertEqual((status, text[:6]), (200, '{"w":['), n)
            status, text = self.post(b'--bo\r\nContent-Disposition: form-data; name="pad"\r\n\r\n' + b"x" * n + b"\r\n" + value)
            self.assertEqual(status, 400, n)
            self.assertIn("not JSON", text)

    def test_hostile_forms_take_no_longer_than_others(self):
        begun = time.monotonic()
        for filler in (b"\r\n", b"\r\n-", b"\r\n--", b"\r\n--bo", b"\r", b"--bo\r\n", b"--bo\r\n\r\n", b"--bo\r\nA: b\r\n"):
            status, text = self.post(self.WHOLE[:-10] + filler * (1000000 // len(filler)))
            self.assertIn(status, (200, 400), text)
        self.assertLess(time.monotonic() - begun, PATIENCE)
        chance = random.Random(7578)
        for _ in range(300):
            body = bytearray(self.WHOLE * chance.randint(1, 3))
            for _ in range(chance.randint(1, 8)):
                at = chance.randrange(len(body) + 1)
                body[at:at + chance.randint(0, 9)] = chance.choice((b"", b"\r", b"\n", b"--bo", b"--", b"\0", b'"', b";", b"\r\n\r\n", bytes([chance.randrange(256)])))
            status, text = self.post(bytes(body))
            self.assertIn(status, (200, 400), (bytes(body), text))


class Smuggling(WithHost):
    """What a proxy in front of us could take for another request than we do is refused, and the connection ends."""
    OPTIONS = ("-s", "httpd_timeout=3s")

    def test_ambiguous_requests_are_refused(self):
        post, get = b"POST /test/echo HTTP/1.1\r\nHost: x\r\n", b"GET /test/whoami HTTP/1.1\r\nHost: x\r\n"
        hidden = b"GET /test/whoami HTTP/1.1\r\nHost: x\r\n\r\n"
        rows = [
            post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", post + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", post + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
            post + b"Content-Length: 5, 5\r\n\r\nabcde", post + b"Content-Length: +5\r\n\r\nabcde", post + b"Content-Length: -1\r\n\r\n",
            post + b"Content-Length: 0x5\r\n\r\nabcde", post + b"Content-Length: 5 5\r\n\r\nabcde", post + b"Content-Length:\r\n\r\n",
            post + b"Transfer-Encoding: identity\r\n\r\n", post + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            post + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", post + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
            post + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", post + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
            post + b"Content-Length : 5\r\n\r\nabcde", post + b" Content-Length: 5\r\n\r\nabcde", b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
            get + b"Host: y\r\n\r\n", b"GET /test/whoami HTTP/1.1\r\n\r\n", get + b"nocolon\r\n\r\n",
            b"POST /test/echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            post + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", post + b"Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
            post + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab0\r\n\r\n", post + b"Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n",
            post + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n",
            # line ends that are none to some
            get + b"X: a\nY: b\r\n\r\n", get + b"X: a\n\r\n", get + b"X: a\r\n\n", get.replace(b"\r\n", b"\n") + b"\n", get.replace(b"\r\n", b"\n", 1) + b"\r\n",
            post + b"X: a\nContent-Length: 5\r\n\r\nabcde", get + b"X: a\rY: b\r\n\r\n", get + b"\rX: a\r\n\r\n", get + b"X: a\r\r\n\r\n",
            b"GET /test\r/whoami HTTP/1.1\r\nHost: x\r\n\r\n",
            # lines that continue others; the last two end as a name that tells where the request ends
            get + b"X: a\r\n b\r\n\r\n", get + b"X: a\r\n\tb\r\nY: c\r\n\r\n", get + b"X:\r\n a\r\n\r\n",
            post + b"Transfer-:          chunked\r\n Encoding\r\n\r\n3\r\nabc\r\n0\r\n\r\n", post + b"Content-:             3\r\n Length\r\n\r\nabc",
            # what would end the headers early, and what is behind it
            get + b": \r\n", get + b"X: a\r\n:\r\n", get + b":b\r\n", b"GET /test/whoami HTTP/1.1\r\n: b\r\nHost: x\r\n\r\n", get + b"\0\r\n", get + b"\0X: y\r\n",
            get + b"X: a\0b\r\n\r\n", get + b"X\0: b\r\n\r\n", post + b"Transfer-Encoding: chunked\0x\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            b"GET /test/whoami\0x HTTP/1.1\r\nHost: x\r\n\r\n", b"GET\0 /test/whoami HTTP/1.1\r\nHost: x\r\n\r\n",
            # names and values that are none
            get + b"X(y): z\r\n\r\n", get + b"X: \x01\r\n\r\n", get + b"X: a\x7f\r\n\r\n", get + b"X\x80: a\r\n\r\n",
        ]
        for request in rows:
            answer = self.host.raw(request + hidden, shut=False)
            self.assertRegex(answer[:13], rb"^HTTP/1\.[01] 4\d\d|^$", request)
            self.assertNotIn(b"nobody", answer, request)
            self.assertNotIn(b"HTTP/1.1 200", answer, request)

    def test_headers_of_all_lengths_and_blanks_are_taken(self):
        get = b"GET /test/whoami?%s HTTP/1.1\r\nHost:x\r\n%s\r\n"
        rows = [get % (b"a=b&c=%20d", b""), get % (b"", b"X:\r\nY: \r\n"), get % (b"x", b"X: \t a \t \r\nX:b:c:\r\nX: \xc3\xa4\r\n"),
                get % (b"x" * 15000, b"A: " + b"y" * 20000 + b"\r\nB: c\r\n"), get % (b"x", b"".join(b"H-%d: %d\r\n" % (i, i) for i in range(300)))]
        with socket.create_connection(("127.0.0.1", self.host.port), timeout=PATIENCE) as s:
            for request in rows * 2 + [b"\r\n" + rows[0]]:
                for octets in ([request], [request[i:i + 1] for i in range(len(request))]) if len(request) < 200 else ([request], [request[:100], request[100:]]):
                    for piece in octets:
                        s.sendall(piece)
                    answer = b""
                    while b"nobody" not in answer:
                        piece = s.recv(4096)
                        self.assertTrue(piece, (request[:100], answer))
                        answer += piece
                    self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer)

    def test_expect_continue(self):
        s = socket.create_connection(("127.0.0.1", self.host.port), timeout=PATIENCE)
        s.sendall(b"POST /test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        self.assertEqual(s.recv(25), b"HTTP/1.1 100 Continue\r\n\r\n")
        s.sendall(b"abc")
        answer = b""
        while piece := s.recv(4096):
            answer += piece
        self.assertTrue(answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"abc"), answer)
        s.close()
        # A body that will be refused is not asked for.
        status, headers, _ = head(self.host, "POST /test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\nExpect: 100-continue")
        self.assertEqual((status, headers["connection"]), (413, "close"))


class Limits(unittest.TestCase):
    def start(self, *options):
        host = Host(*options, capture=None).ready(loaded=False)
        self.addCleanup(host.end)
        return host

    def trickle(self, host, begin, octets):
        """How long the host takes it that a request comes in so slowly."""
        s = socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE)
        s.settimeout(0.2)
        begun = time.monotonic()
        try:
            s.sendall(begin)
            while time.monotonic() - begun < PATIENCE:
                try:
                    if not s.recv(4096):
                        break
                except TimeoutError:
                    s.sendall(octets)
        except OSError:
            pass
        s.close()
        return time.monotonic() - begun

    def test_a_slow_request_is_cut_although_octets_come(self):
        host = self.start("-s", "httpd_timeout=1s", "-s", "httpd_request_timeout=1s")
        for begin, octets in ((b"GET /", b"x"), (b"GET / HTTP/1.1\r\nHost: x\r\n", b"A: b\r\n"), (b"", b"\r\n"),
                              (b"POST /test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n", b"x"),
                              (b"POST /test/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")):
            took = self.trickle(host, begin, octets)
            self.assertGreater(took, 0.8, begin)
            self.assertLess(took, 15, begin)

    def test_a_slow_reader_of_a_long_reply_is_not(self):
        host = self.start("-s", "httpd_timeout=2s", "-s", "httpd_request_timeout=1s")
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.settimeout(PATIENCE)
        s.connect(("127.0.0.1", host.port))
        s.sendall(b"GET /test/big.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        size, end = 0, time.monotonic() + 5
        while piece := s.recv(1 << 20):
            size += len(piece)
            if time.monotonic() < end:
                time.sleep(0.1)
        s.close()
        self.assertGreater(size, 64000000)

    def test_headers(self):
        host = self.start("-s", "httpd_header_limit=8K")
        for size, allowed in ((4000, (200,)), (20000, (431, 414, 0))):
            status, _, _ = head(host, "GET /test/whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: " + "y" * size)
            self.assertIn(status, allowed, size)

    def wait_until_read(self, sock):
        """Until the host has taken all that was sent to it: the kernel's count of octets that wait at its end."""
        ends = [":%04X" % s[1] for s in (sock.getpeername(), sock.getsockname())]
        end = time.monotonic() + PATIENCE
        while True:
            with open("/proc/net/tcp", encoding="ascii") as f:
                rows = [line.split() for line in f]
            waiting = [r[4].split(":")[1] for r in rows[1:] if r[1].endswith(ends[0]) and r[2].endswith(ends[1])]
            if waiting == ["00000000"]:
                return
            self.assertLess(time.monotonic(), end)

    def test_all_bodies_together(self):
        host = self.start("-s", "httpd_body_limit=1M", "-s", "httpd_bodies_limit=3M")
        held = []
        for i in range(3):
            s = socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE, source_address=(f"127.0.1.{i}", 0))
            s.sendall(b"POST /test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 999999)
            self.wait_until_read(s)
            held.append(s)
        end = time.monotonic() + PATIENCE
        while host.ask("/test/echo", "POST", b"more").status != 503:
            self.assertLess(time.monotonic(), end)
        self.assertEqual(host.ask("/test/whoami").status, 200)
        for s in held:
            s.sendall(b"x")
            self.assertEqual(s.recv(12), b"HTTP/1.1 200")
            s.close()
        while host.ask("/test/echo", "POST", b"more").status != 200:
            self.assertLess(time.monotonic(), end)

    def test_a_slow_reader_of_a_reply_holds_no_room_for_bodies(self):
        host = self.start("-s", "httpd_body_limit=1M", "-s", "httpd_bodies_limit=1M")
        s = socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE)
        s.sendall(b"POST /test/big.json HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000000)
        self.assertEqual(s.recv(12), b"HTTP/1.1 200")
        self.assertEqual(host.ask("/test/echo", "POST", b"x" * 1000000).status, 200)
        s.close()

    def test_no_address_has_all_the_room_for_bodies(self):
        host = self.start("-s", "httpd_body_limit=1M", "-s", "httpd_bodies_limit=4M", "-s", "httpd_trusted_proxy=127.0.0.7")
        begin = b"POST /test/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n"

        def hold(address, n):
            held = []
            for _ in range(n):
                held.append(socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE, source_address=(address, 0)))
                held[-1].sendall(begin + b"x" * 999999)
                self.wait_until_read(held[-1])
            return held

        def finish(held):
            statuses = []
            for s in held:
                s.sendall(b"x")
                statuses.append(s.recv(12)[9:])
                s.close()
            return statuses

        for _ in range(2):  # what was held is given back
            greedy = hold("127.0.0.9", 8)
            self.assertEqual(host.ask("/test/echo", "POST", b"x" * 900000).status, 200)
            self.assertEqual(sorted(finish(greedy)), [b"200"] * 2 + [b"503"] * 6)
        # Behind a trusted proxy are many.
        self.assertEqual(finish(hold("127.0.0.7", 4)), [b"200"] * 4)

    def test_connections_per_address_but_not_of_proxies(self):
        for options, allowed in (((), False), (("-s", "httpd_trusted_proxy=127.0.0.1"), True)):
            host = self.start("-s", "httpd_connection_limit_per_address=3", *options)
            held = [host.connect() for _ in range(3)]
            for c in held:
                c.request("HEAD", "/test/whoami")
                c.getresponse().read()
            answer = host.raw(b"GET /test/whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", shut=False)
            self.assertEqual(b"nobody" in answer, allowed)
            for c in held:
                c.close()
            end = time.monotonic() + PATIENCE
            while b"nobody" not in host.raw(b"GET /test/whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", shut=False):
                self.assertLess(time.monotonic(), end)

    def test_too_few_open_files_are_told(self):
        # (prlimit of util-linux sets the hard limit for what it starts.)
        if not shutil.which("prlimit"):
            self.skipTest("no prlimit here")
        with tempfile.TemporaryDirectory() as home:
            command = ["prlimit", "--nofile=400:600", os.path.join(BUILD, "bin/aeried"), "--home", home, "-s", "httpd_port=0",
                       "-s", "remote_capture_port=0", "-s", "httpd_connection_limit=5000"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as p:
                seen = ""
                for line in p.stdout:
                    seen += line
                    if "HTTP server: http://" in line:
                        p.terminate()
                self.assertRegex(seen, r"httpd_connection_limit=5000 needs up to 10256 open files, and this process may have 600; lower it")

    def test_settings_out_of_range(self):
        for setting, why in (("httpd_request_timeout=0", "httpd_request_timeout must lie between"), ("httpd_header_limit=100", "must lie between 4K and 1M"),
                             ("httpd_header_limit=2M", "must lie between 4K and 1M"), ("httpd_bodies_limit=1K", "must not be less than httpd_body_limit"),
                             ("httpd_gzip=10", "httpd_gzip"), ("httpd_proxy_header=x", "httpd_proxy_header"), ("httpd_username=a:b", "has a colon"),
                             ("httpd_allowed_origin=https://a.example/", "httpd_allowed_origin=https://a.example/ is neither"),
                             ("httpd_allowed_origin=a.example", "is neither"), ("httpd_allowed_origin=https://a.example, https://b.example", "is neither"),
                             ("httpd_allowed_origin=https://", "is neither")):
            status, said = Host("-s", setting, capture=None).fail()
            self.assertIn(status, (1, 2), setting)
            self.assertIn(why, said, setting)


class Programs(WithHost):
    def run_one(self, *command):
        return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)

    def url(self, path):
        return f"http://127.0.0.1:{self.host.port}{path}"

    def test_curl(self):
        if not shutil.which("curl"):
            self.skipTest("no curl here")
        said = self.run_one("curl", "--http1.1", "-sS", "--compressed", "-D", "-", self.url("/system/tracked_fields.json"))
        top, _, body = said.stdout.partition(b"\r\n\r\n")
        self.assertIn(b"Content-Encoding: gzip", top)
        self.assertGreater(len(json.loads(body)), 100)
        self.assertEqual(self.run_one("curl", "--http1.0", "-sS", self.url("/test/whoami")).stdout, b"nobody")
        self.assertEqual(self.run_one("curl", "-sS", "-I", "-o", "/dev/null", "-w", "%{http_code}", self.url("/system/status.json")).stdout, b"200")
        said = self.run_one("curl", "-sS", "-X", "OPTIONS", "-i", self.url("/test/echo"))
        self.assertIn(b"Allow: POST, PUT, OPTIONS", said.stdout)
        said = self.run_one("curl", "-sS", "-H", "Expect: 100-continue", "--data-binary", "@" + __file__, self.url("/test/echo"))
        with open(__file__, "rb") as f:
            self.assertEqual(said.stdout, f.read())

    def test_wget(self):
        if not shutil.which("wget"):
            self.skipTest("no wget here")
        said = self.run_one("wget", "-q", "-O", "-", self.url("/devices/all_devices.json"))
        self.assertGreater(len(json.loads(said.stdout)), 3)
        said = self.run_one("wget", "-q", "-O", "-", "--compression=gzip", self.url("/system/tracked_fields.json"))
        self.assertGreater(len(json.loads(said.stdout)), 100)
        said = self.run_one("wget", "-q", "-S", "--spider", self.url("/system/status.json"))
        self.assertIn(b"200 OK", said.stderr)


if __name__ == "__main__":
    unittest.main()
