#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""WebSockets and TLS of the HTTP server, from outside: handshakes, messages, close codes, back-pressure both ways, clients that
misbehave or vanish. Expected statuses and codes are those of RFC 6455 4.2 and 7.4; routes are those of modules/ws_routes.c."""
import base64
import json
import os
import resource
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from host import CAPTURE, PATIENCE, Host
from wsclient import BINARY, CLOSE, CONT, PING, PONG, TEXT, Ended, Refused, WebSocket, frame

LOGIN = ("tester", "pa:ss wörd")
MAX = 256 * 1024
QUEUE = 4 * 1024 * 1024


def start(*options, **kwargs):
    settings = [word for option in options for word in ("-s", option)]
    return Host(*settings, capture=None, **kwargs).ready(loaded=False)


def tell(host):
    return json.loads(host.ask("/ws/tell").octets)


def files_of(host):
    """How many files it has open."""
    return len(os.listdir(f"/proc/{host.process.pid}/fd"))


def cpu_seconds_of(host):
    with open(f"/proc/{host.process.pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until(host, condition, what):
    """What the module tells, as soon as the condition holds."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        told = tell(host)
        if condition(told):
            return told
        time.sleep(0.01)
    raise AssertionError(f"{what}: {told}")


class WithHost(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.host = start(*cls.options)

    @classmethod
    def tearDownClass(cls):
        told = wait_until(cls.host, lambda t: t["opened"] == t["closed"], "each open() has its close()")
        assert told["wrong"] == 0, told
        cls.host.end()

    def open(self, path, **options):
        ws = WebSocket(self.host.port, path, **options)
        self.addCleanup(ws.sock.close)
        return ws

    def refused(self, path, status, **options):
        with self.assertRaises(Refused) as caught:
            WebSocket(self.host.port, path, **options)
        self.assertEqual(caught.exception.status, status, caught.exception)
        return caught.exception


class Handshake(WithHost):
    def test_wrong_handshakes_are_refused(self):
        rows = [
            (400, dict(omit=["Connection"])),
            (400, dict(omit=["Connection"], headers=[("Connection", "keep-alive")])),
            (426, dict(omit=["Sec-WebSocket-Version"])),
            (426, dict(omit=["Sec-WebSocket-Version"], headers=[("Sec-WebSocket-Version", "8")])),
            (426, dict(headers=[("Sec-WebSocket-Version", "13")])),
            (400, dict(omit=["Sec-WebSocket-Key"])),
            (400, dict(key="")),
            (400, dict(key="AAAAAAAAAAAAAAAAAAAAAA")),
            (400, dict(key="AAAAAAAAAAAAAAAAAAAAAAAA")),
            (400, dict(key="AAAAAAAAAAAAAAAAAAAAA===")),
            (400, dict(key="!AAAAAAAAAAAAAAAAAAAAA==")),
            (400, dict(headers=[("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")])),
            (400, dict(version="HTTP/1.0")),
            (426, dict(omit=["Upgrade"])),
            (426, dict(omit=["Upgrade"], headers=[("Upgrade", "h2c")])),
            (404, dict(method="POST", headers=[("Content-Length", "0")])),
            (400, dict(headers=[("Content-Length", "3")], early=b"abc")),
        ]
        for status, options in rows:
            with self.subTest(options):
                answer = self.refused("/ws/echo.ws", status, **options)
                if status == 426:
                    self.assertEqual(answer.headers["sec-websocket-version"], "13")
                    self.assertEqual(answer.headers["upgrade"], "websocket")
                self.assertTrue(answer.body.startswith(b"ERROR: "), answer.body)
        self.refused("/ws/nothing.ws", 404)
        self.refused("/ws/tell/x", 404)

    def test_headers_may_be_lists_in_any_case(self):
        rows = [
            dict(omit=["Connection"], headers=[("Connection", "keep-alive, UPGRADE")]),
            dict(omit=["Connection"], headers=[("Connection", "keep-alive"), ("connection", "Upgrade")]),
            dict(omit=["Upgrade"], headers=[("upgrade", "h2c , WebSocket")]),
        ]
        for options in rows:
            with self.subTest(options):
                ws = self.open("/ws/echo.ws", **options)
                ws.send("x")
                self.assertEqual(ws.message(), "x")
                ws.close()

    def test_plain_request_with_upgrade_is_answered_as_any(self):
        reply = self.host.ask("/ws/tell", headers={"Upgrade": "websocket", "Connection": "Upgrade"})
        self.assertEqual(reply.status, 200)
        reply = self.host.ask("/ws/echo.ws")
        self.assertEqual((reply.status, reply.getheader("Upgrade")), (426, "websocket"))

    def test_subprotocol_is_chosen_only_when_offered(self):
        for offered, chosen in [("hello-2", "hello-2"), ("a, hello-2 ,b", "hello-2"), ("hello-1, Hello-2", None), (None, None)]:
            ws = self.open("/ws/x/hello.ws", protocols=offered)
            self.assertEqual(ws.headers.get("sec-websocket-protocol"), chosen, offered)
            ws.close()
        ws = self.open("/ws/echo.ws", protocols="hello-2")
        self.assertNotIn("sec-websocket-protocol", ws.headers)
        ws.close()

    def test_route_sees_the_request(self):
        ws = self.open("/ws/a%20b/hello.ws?x=1&y=%20")
        self.assertEqual(ws.message(), "/ws/a%20b/hello.ws|x=1&y=%20|-|local")
        ws.close()

    def test_login_decides(self):
        basic = "Basic " + base64.b64encode(":".join(LOGIN).encode()).decode()
        wrong = "Basic " + base64.b64encode(b"tester:wrong").decode()
        good = [dict(headers=[("Authorization", basic)]), "user=tester&password=pa%3Ass+w%C3%B6rd", "a=b&password=pa:ss%20w%c3%b6rd&user=tester"]
        bad = [dict(), dict(headers=[("Authorization", wrong)]), "user=tester&password=x", "user=tester", "password=x",
               "KISMET=0123456789", "user=tester&password=pa%3Ass+w%C3%B6r%", "user=tester&password=pa%00"]
        for row in good + bad:
            options = row if isinstance(row, dict) else {}
            path = "/ws/secret.ws" + ("" if isinstance(row, dict) else "?" + row)
            with self.subTest(row):
                if row in bad:
                    answer = self.refused(path, 401, **options)
                    self.assertIn("Basic", answer.headers["www-authenticate"])
                else:
                    ws = self.open(path, **options)
                    self.assertEqual(ws.message().split("|")[2], "admin")
                    ws.close()
        # An Authorization header counts, whatever the query says.
        self.refused("/ws/secret.ws?user=tester&password=pa%3Ass+w%C3%B6rd", 401, headers=[("Authorization", wrong)])

    def test_only_our_own_pages_may(self):
        port = self.host.port
        for origin, host, good in [(f"http://127.0.0.1:{port}", None, True), ("http://evil.example", None, False), ("null", None, False),
                                   (f"http://127.0.0.1:{port}.evil.example", None, False), ("http://127.0.0.1", None, False),
                                   ("http://radio.example", "radio.example", True), ("http://radio.example", "RADIO.example:80", True),
                                   ("https://radio.example:443", "radio.example", True), ("http://", "", False),
                                   (f"ftp://127.0.0.1:{port}", None, False)]:
            options = dict(headers=[("Origin", origin)])
            if host is not None:
                options = dict(omit=["Host"], headers=[("Host", host), ("Origin", origin)])
            with self.subTest(origin=origin, host=host):
                if good:
                    self.open("/ws/echo.ws", **options).close()
                else:
                    self.refused("/ws/echo.ws", 403, **options)


class Origins(WithHost):
    options = ("httpd_allowed_origin=https://one.example", "httpd_allowed_origin=http://two.example:8080")

    def test_allowed_origins_may(self):
        for origin, good in [("https://one.example", True), ("HTTPS://One.Example", True), ("http://two.example:8080", True),
                             ("http://one.example", False), ("http://two.example", False)]:
            with self.subTest(origin):
                if good:
                    self.open("/ws/echo.ws", headers=[("Origin", origin)]).close()
                else:
                    self.refused("/ws/echo.ws", 403, headers=[("Origin", origin)])


class Messages(WithHost):
    def test_messages_of_all_sizes_come_back(self):
        ws = self.open("/ws/echo.ws")
        for n in [0, 1, 2, 125, 126, 127, 4090, 4096, 65535, 65536, 100000, MAX]:
            octets = os.urandom(n)
            ws.send(octets)
            self.assertEqual(ws.message(), octets, n)
        text = "späß€𝄞" * 1000
        ws.send(text)
        self.assertEqual(ws.message(), text)
        self.assertEqual(ws.close(1000, "bye"), struct.pack(">H", 1000) + b"bye")

    def test_fragments_with_control_frames_between_make_one_message(self):
        ws = self.open("/ws/echo.ws")
        text = "späß€𝄞"
        octets = text.encode()
        for i in range(len(octets)):  # also in the middle of characters
            ws.send(octets[i:i + 1], CONT if i else TEXT, fin=i == len(octets) - 1)
            ws.send(str(i), PING)
        for i in range(len(octets)):
            opcode, payload = ws.frame()
            if opcode == PONG:
                self.assertEqual(payload, str(i).encode())
            else:
                self.assertEqual(i, len(octets) - 1)
        opcode, payload = ws.frame()
        self.assertEqual({opcode}, {TEXT} if payload != str(len(octets) - 1).encode() else {PONG})
        ws.send(b"", BINARY, fin=False)
        for i in range(300):
            ws.send(bytes([i & 255]) * 800, CONT, fin=False)
        ws.send(b"", CONT)
        self.assertEqual(ws.message(), b"".join(bytes([i & 255]) * 800 for i in range(300)))
        ws.close()

    def test_many_in_one_piece_and_one_in_many_pieces(self):
        ws = self.open("/ws/echo.ws")
        ws.raw(b"".join(frame(TEXT, str(i).encode()) for i in range(5000)))
        for i in range(5000):
            self.assertEqual(ws.message(), str(i))
        for octet in frame(TEXT, b"one octet at a time"):
            ws.raw(bytes([octet]))
        self.assertEqual(ws.message(), "one octet at a time")
        ws.close()

    def test_octets_right_behind_the_handshake_are_not_lost(self):
        ws = self.open("/ws/echo.ws", early=frame(TEXT, b"early") + frame(BINARY, b"x" * 5000))
        self.assertEqual(ws.message(), "early")
        self.assertEqual(ws.message(), b"x" * 5000)
        ws.close()

    def test_ping_is_answered_with_its_octets(self):
        ws = self.open("/ws/sink.ws")
        ws.send(b"\x00\xff" * 62, PING)
        self.assertEqual(ws.frame(), (PONG, b"\x00\xff" * 62))
        ws.send(b"unasked", PONG)
        ws.send(b"", PING)
        self.assertEqual(ws.frame(), (PONG, b""))
        ws.close()

    def test_hundred_connections_at_once(self):
        everyone = [self.open("/ws/echo.ws") for _ in range(100)]
        for i, ws in enumerate(everyone):
            ws.send(f"{i}" * 1000)
        for i, ws in enumerate(everyone):
            self.assertEqual(ws.message(), f"{i}" * 1000)
        for ws in everyone:
            ws.close()


class Closing(WithHost):
    def code(self, octets, path="/ws/echo.ws"):
        ws = self.open(path)
        ws.raw(octets)
        return ws.closing()[0]

    def test_wrong_frames_close_with_their_code(self):
        rows = [
            (1002, frame(TEXT, b"x", mask=False)),
            (1002, frame(TEXT, b"x", rsv=4)),
            (1002, frame(TEXT, b"x", rsv=1)),
            (1002, frame(3, b"x")),
            (1002, frame(11, b"x")),
            (1002, frame(CONT, b"x")),
            (1002, frame(TEXT, b"x", fin=False) + frame(TEXT, b"y")),
            (1002, frame(PING, b"x", fin=False)),
            (1002, frame(PING, b"x" * 126)),
            (1002, b"\x81\xfe\x00\x05" + b"\x00" * 4 + b"hello"),          # a length that fits into fewer octets
            (1002, b"\x82\xff" + b"\x80" + b"\x00" * 7 + b"\x00" * 4),      # the highest bit of the length
            (1009, b"\x82\xff" + b"\x7f" + b"\xff" * 7 + b"\x00" * 5),
            (1009, frame(BINARY, b"x" * 10, length=MAX + 1)),
            (1009, frame(BINARY, b"x" * (MAX + 1))),
            (1009, frame(BINARY, b"x" * MAX, fin=False) + frame(CONT, b"y")),
            (1007, frame(TEXT, b"\xc3\x28")),
            (1007, frame(TEXT, b"\xed\xa0\x80")),
            (1007, frame(TEXT, b"abc\xf0\x9d")),
            (1007, frame(TEXT, b"\xc3", fin=False) + frame(CONT, b"\x28")),
            (1002, frame(CLOSE, struct.pack(">H", 999))),
            (1002, frame(CLOSE, struct.pack(">H", 1005))),
            (1002, frame(CLOSE, struct.pack(">H", 1006))),
            (1007, frame(CLOSE, struct.pack(">H", 1000) + b"\xff")),
        ]
        for code, octets in rows:
            with self.subTest(octets=octets[:20]):
                self.assertEqual(self.code(octets), code)

    def test_malformed_frame_after_good_ones_still_has_its_code(self):
        ws = self.open("/ws/echo.ws")
        ws.raw(frame(TEXT, b"first"))
        self.assertEqual(ws.message(), "first")
        ws.raw(frame(PING, b"x", fin=False))
        self.assertEqual(ws.closing()[0], 1002)

    def test_clients_close_is_echoed(self):
        for code, reason in [(1000, ""), (1001, "leaving"), (3000, "x" * 123), (4999, "€"), (None, "")]:
            ws = self.open("/ws/echo.ws")
            wanted = struct.pack(">H", code) + reason.encode() if code else b""
            self.assertEqual(ws.close(code, reason), wanted)

    def test_route_closes_with_code_and_reason(self):
        for code, reason in [(1000, "done"), (1011, ""), (4000, "own"), (1008, "ä" * 61)]:
            ws = self.open("/ws/obey.ws")
            ws.send(f"close {code} {reason}")
            self.assertEqual(ws.closing(), (code, reason))
        ws = self.open("/ws/obey.ws")
        ws.send("close 1000 x" + "ä" * 70)  # 123 octets: cut between characters
        self.assertEqual(ws.closing(), (1000, "x" + "ä" * 61))

    def test_what_is_queued_comes_before_the_close(self):
        ws = self.open("/ws/obey.ws")
        ws.send("burst 20000")
        for i in range(20000):
            self.assertEqual(ws.message(), str(i))
        self.assertEqual(ws.closing(), (1000, "done"))

    def test_no_message_comes_after_the_routes_close(self):
        before = tell(self.host)["messages"]
        ws = self.open("/ws/obey.ws")
        ws.raw(frame(TEXT, b"close 1000 end") + frame(TEXT, b"more") * 100)
        self.assertEqual(ws.closing(), (1000, "end"))
        self.assertEqual(wait_until(self.host, lambda t: t["opened"] == t["closed"], "closed")["messages"], before + 1)

    def test_routes_error_closes_with_a_code_for_it(self):
        for err, code in [(22, 1002), (71, 1002), (74, 1002), (90, 1009), (13, 1008), (1, 1008), (12, 1013), (11, 1013), (5, 1011)]:
            ws = self.open("/ws/obey.ws")
            ws.send(f"fail {err}")
            self.assertEqual(ws.closing(), (code, os.strerror(err)))
        ws = self.open("/ws/never.ws")
        self.assertEqual(ws.closing(), (1013, os.strerror(16)))

    def test_client_that_vanishes_is_closed(self):
        before = tell(self.host)["closed"]
        for octets in [b"", frame(TEXT, b"half of a message", length=100), b"\x81", frame(TEXT, b"x", fin=False)]:
            ws = self.open("/ws/echo.ws")
            ws.raw(octets)
            ws.sock.close()
        ws = self.open("/ws/echo.ws")
        ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        ws.sock.close()  # a reset
        wait_until(self.host, lambda t: t["closed"] == before + 5, "all five closed")

    def test_client_that_does_not_answer_the_close_is_cut(self):
        ws = self.open("/ws/obey.ws")
        ws.send("close 1000 bye")
        self.assertEqual(ws.frame(), (CLOSE, struct.pack(">H", 1000) + b"bye"))
        began = time.monotonic()
        ws.ended()  # without an answer from us
        self.assertLess(time.monotonic() - began, 15)


class BackPressure(WithHost):
    def test_paused_route_gets_one_message_per_resume(self):
        before = tell(self.host)["messages"]
        ws = self.open("/ws/pause.ws")
        for i in range(50):
            ws.send(f"{i}")
        for i in range(50):
            told = wait_until(self.host, lambda t: t["messages"] > before + i, f"message {i}")
            self.assertEqual(told["messages"], before + i + 1)
            self.host.ask("/ws/resume")
        ws.close()
        self.assertEqual(tell(self.host)["messages"], before + 50)

    def test_messages_before_a_close_reach_a_paused_route(self):
        before = wait_until(self.host, lambda t: t["opened"] == t["closed"], "all closed")
        ws = self.open("/ws/pause.ws")
        ws.raw(b"".join(frame(TEXT, b"m") for _ in range(20)) + frame(CLOSE, struct.pack(">H", 1000)))
        for i in range(20):
            told = wait_until(self.host, lambda t: t["messages"] > before["messages"] + i, f"message {i}")
            if i < 19:
                self.assertEqual(told["closed"], before["closed"])
            self.host.ask("/ws/resume")
        self.assertEqual(ws.frame()[0], CLOSE)
        wait_until(self.host, lambda t: t["closed"] == before["closed"] + 1, "closed after the last")

    def test_paused_route_stops_the_sender(self):
        before = tell(self.host)["messages"]
        ws = self.open("/ws/pause.ws")
        ws.sock.settimeout(0.5)
        sent, block = 0, frame(BINARY, b"x" * 65536)
        with self.assertRaises(TimeoutError):
            for sent in range(2000):  # 125 MiB; what the kernel buffers is far less
                ws.raw(block)
        self.assertLess(sent, 1000)
        self.assertEqual(tell(self.host)["messages"], before + 1)
        ws.sock.close()
        wait_until(self.host, lambda t: self.host.ask("/ws/resume") and t["opened"] == t["closed"], "closed after the last")

    def test_slow_reader_fills_its_queue_and_no_more(self):
        before = tell(self.host)
        ws = self.open("/ws/flood.ws", receive_buffer=65536)
        wait_until(self.host, lambda t: t["refused"] > before["refused"] + 10, "the queue fills")
        held = tell(self.host)["flooded"] - before["flooded"]
        self.assertGreaterEqual(held, QUEUE // 65536 * 65536 - 65536)
        self.assertLess(held, QUEUE + 8 * 1024 * 1024)  # and what the kernel buffers
        other = self.open("/ws/echo.ws")  # nobody else waits
        other.send("still here")
        self.assertEqual(other.message(), "still here")
        other.close()
        got = 0
        while got < 3 * held:  # it goes on as the client reads
            got += len(ws.message())
        ws.sock.close()

    def test_pings_of_a_client_that_reads_nothing_do_not_pile_up(self):
        ws = self.open("/ws/sink.ws", receive_buffer=4096)
        ws.sock.settimeout(1)
        block = frame(PING, b"x" * 125) * 500
        sent = 0
        with self.assertRaises(TimeoutError):
            for sent in range(2000):  # 125 MiB
                ws.raw(block)
        self.assertLess(sent, 1000)
        ws.sock.settimeout(PATIENCE)
        for _ in range(sent * 500):
            self.assertEqual(ws.frame(), (PONG, b"x" * 125))

    def test_limit_of_connections(self):
        host = start("httpd_websocket_limit=3")
        try:
            everyone = [WebSocket(host.port, "/ws/echo.ws") for _ in range(3)]
            for _ in range(3):
                with self.assertRaises(Refused) as caught:
                    WebSocket(host.port, "/ws/echo.ws")
                self.assertEqual(caught.exception.status, 503)
            everyone.pop().close()
            wait_until(host, lambda t: t["closed"] == 1, "one is free")
            end = time.monotonic() + PATIENCE
            while True:
                try:
                    everyone.append(WebSocket(host.port, "/ws/echo.ws"))
                    break
                except Refused:
                    self.assertLess(time.monotonic(), end)
            for ws in everyone:
                ws.close()
        finally:
            host.end()


class Supervision(WithHost):
    options = ("httpd_websocket_ping=300ms", "httpd_timeout=1s")

    def test_silent_client_is_pinged_and_closed(self):
        ws = self.open("/ws/sink.ws")
        began = time.monotonic()
        pings = 0
        while (got := ws.frame())[0] == PING:
            pings += 1
        self.assertEqual(got, (CLOSE, struct.pack(">H", 1011) + b"no answer to pings"))
        self.assertEqual(pings, 2)
        self.assertGreater(time.monotonic() - began, 0.85)

    def test_client_that_answers_pings_stays(self):
        ws = self.open("/ws/echo.ws")
        end = time.monotonic() + 2.5  # longer than all limits
        while time.monotonic() < end:
            opcode, payload = ws.frame()
            self.assertEqual(opcode, PING)
            ws.send(payload, PONG)
        ws.send("alive")
        self.assertEqual(ws.message(), "alive")
        ws.close()

    def test_client_that_talks_is_not_pinged(self):
        ws = self.open("/ws/echo.ws")
        for i in range(20):
            ws.send(str(i))
            self.assertEqual(ws.frame(), (TEXT, str(i).encode()))
            time.sleep(0.05)
        ws.close()

    def test_client_of_a_paused_route_is_not_taken_for_silent(self):
        before = tell(self.host)
        ws = self.open("/ws/pause.ws")
        ws.send("1")
        wait_until(self.host, lambda t: t["paused"] == before["paused"] + 1, "paused")
        time.sleep(1.5)  # five intervals
        self.assertEqual(tell(self.host)["closed"], before["closed"])
        self.host.ask("/ws/resume")
        ws.send("2")
        wait_until(self.host, lambda t: t["messages"] == before["messages"] + 2, "second message")
        self.host.ask("/ws/resume")
        ws.close()


class Ending(unittest.TestCase):
    def test_server_that_ends_says_goodbye(self):
        host = start()
        everyone = [WebSocket(host.port, path) for path in ("/ws/echo.ws", "/ws/sink.ws", "/ws/pause.ws", "/ws/flood.ws") for _ in range(5)]
        for ws in everyone[10:15]:
            ws.send("pause")
        wait_until(host, lambda t: t["paused"] == 5, "paused")
        results = []
        readers = [threading.Thread(target=lambda w=ws: results.append(w.closing())) for ws in everyone]
        for reader in readers:
            reader.start()
        host.end()
        for reader in readers:
            reader.join()
        self.assertEqual(results, [(1001, "the server ends")] * 20)

    def test_clients_that_do_not_react_do_not_hold_it(self):
        host = start()
        everyone = [WebSocket(host.port, path) for path in ("/ws/echo.ws", "/ws/flood.ws") for _ in range(5)]
        began = time.monotonic()
        host.end()
        self.assertLess(time.monotonic() - began, 10)
        for ws in everyone:
            ws.sock.close()


@unittest.skipUnless(shutil.which("openssl"), "no openssl")
class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name in ("one", "two"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", cls.file(name + ".key"),
                            "-out", cls.file(name + ".crt")], check=True, capture_output=True)
            os.chmod(cls.file(name + ".key"), 0o600)
        cls.context = ssl.create_default_context(cafile=cls.file("one.crt"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def file(cls, name):
        return os.path.join(cls.folder.name, name)

    def wrap(self, sock):
        return self.context.wrap_socket(sock, server_hostname="localhost")

    def run_host(self, *options):
        settings = ["-s", "httpd_ssl=true", "-s", "httpd_ssl_cert=" + self.file("one.crt"), "-s", "httpd_ssl_key=" + self.file("one.key")]
        host = Host(*settings, *[word for option in options for word in ("-s", option)], capture=None)
        host.port = int(host.wait_for(r"HTTP server: https://127\.0\.0\.1:(\d+)/").group(1))
        return host

    def ask(self, host, path):
        with self.wrap(socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE)) as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            octets = b""
            while piece := sock.recv(65536):
                octets += piece
        return octets.split(b"\r\n\r\n", 1)

    def test_https_and_websockets_over_it(self):
        host = self.run_host("httpd_websocket_ping=10s")
        head, body = self.ask(host, "/ws/tell")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
        self.assertEqual(json.loads(body)["wrong"], 0)
        everyone = [WebSocket(host.port, "/ws/echo.ws", wrap=self.wrap) for _ in range(20)]
        for ws in everyone:
            self.addCleanup(ws.sock.close)
        for ws in everyone:
            self.assertIn(ws.sock.version(), ("TLSv1.2", "TLSv1.3"))
            for octets in (b"", b"x", os.urandom(65536), os.urandom(MAX)):
                ws.send(octets)
                self.assertEqual(ws.message(), octets)
        for ws in everyone[:10]:
            self.assertEqual(ws.close(1000, "bye"), struct.pack(">H", 1000) + b"bye")
        ws = WebSocket(host.port, "/ws/obey.ws", wrap=self.wrap)
        ws.send("burst 5000")
        for i in range(5000):
            self.assertEqual(ws.message(), str(i))
        self.assertEqual(ws.closing(), (1000, "done"))
        for octets, code in [(frame(TEXT, b"x", mask=False), 1002), (frame(BINARY, b"x" * (MAX + 1)), 1009)]:
            ws = WebSocket(host.port, "/ws/echo.ws", wrap=self.wrap)
            ws.raw(octets)
            self.assertEqual(ws.closing()[0], code)
        ws = WebSocket(host.port, "/ws/flood.ws", wrap=self.wrap)
        for _ in range(500):
            self.assertEqual(len(ws.message()), 65536)
        results = []
        readers = [threading.Thread(target=lambda w=w: results.append(w.closing())) for w in everyone[10:] + [ws]]
        for reader in readers:
            reader.start()
        host.end()
        for reader in readers:
            reader.join()
        self.assertEqual(results, [(1001, "the server ends")] * 11)

    def test_origin_of_the_same_host(self):
        host = self.run_host()
        ws = WebSocket(host.port, "/ws/echo.ws", wrap=self.wrap, headers=[("Origin", f"https://127.0.0.1:{host.port}")])
        ws.close()
        host.end()

    def test_old_tls_and_plain_http_get_nothing(self):
        host = self.run_host()
        self.assertNotIn(b"200", host.raw(b"GET /ws/tell HTTP/1.1\r\nHost: x\r\n\r\n"))
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1
        with self.assertRaises(OSError):  # ssl.SSLError is one
            old.wrap_socket(socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE))
        host.end()

    def shaken(self, host, address="127.0.0.1", receive_buffer=None):
        s = socket.socket()
        if receive_buffer:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        s.settimeout(PATIENCE)
        s.bind((address, 0))
        s.connect(("127.0.0.1", host.port))
        s = self.wrap(s)
        self.addCleanup(s.close)
        return s

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)

    def test_a_reader_that_stops_is_cut(self):
        host = self.run_host("httpd_timeout=1s")
        self.ask(host, "/ws/tell")
        before = files_of(host)
        stopped = [self.shaken(host, receive_buffer=4096) for _ in range(3)]
        for s in stopped:
            s.setblocking(False)
            try:  # more answers than all buffers between here and there can hold
                for _ in range(2000):
                    s.sendall(b"GET /system/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
            except OSError:
                pass
        self.until(lambda: files_of(host) >= before + 6, "each is two open files or more")
        self.until(lambda: files_of(host) <= before + 1, "they are cut")
        host.end()

    def test_an_address_has_its_limit_from_the_first_octet_on(self):
        host = self.run_host("httpd_connection_limit=20", "httpd_connection_limit_per_address=3")
        silent = []
        for _ in range(20):  # none of them begins a handshake
            s = socket.socket()
            self.addCleanup(s.close)
            s.bind(("127.0.0.9", 0))
            s.connect(("127.0.0.1", host.port))
            silent.append(s)
        self.assertTrue(self.ask(host, "/ws/tell")[0].startswith(b"HTTP/1.1 200 "))
        full = [self.shaken(host, "127.0.0.8") for _ in range(3)]
        with self.assertRaises(OSError):
            self.shaken(host, "127.0.0.8")
        full.pop().close()
        self.until(lambda: self.may_shake(host, "127.0.0.8"), "one has gone, so one may come")
        host.end()

    @unittest.skipIf(os.environ.get("AERIE_TSAN"), "it does not see that libuv closes files, so a number that is used again is a race to it")
    def test_connections_end_while_programs_are_started(self):
        # Between fork and exec a capture program has all open files, so what is closed here stays in an epoll set for a moment.
        captures = [word for i in range(12) for word in ("-c", f"{CAPTURE}:name=c{i},uuid=0BADF00D-0000-0000-0000-{i:012}")]
        settings = ["httpd_ssl=true", "httpd_ssl_cert=" + self.file("one.crt"), "httpd_ssl_key=" + self.file("one.key")]
        host, over = Host(*[word for s in settings for word in ("-s", s)], *captures, capture=None), threading.Event()
        host.port = int(host.wait_for(r"HTTP server: https://127\.0\.0\.1:(\d+)/").group(1))

        def come_and_go():
            while not over.is_set():
                try:
                    with self.wrap(socket.create_connection(("127.0.0.1", host.port), timeout=PATIENCE)) as s:
                        s.sendall(b"GET /ws/tell HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
                        s.recv(100)
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                except OSError:
                    pass

        clients = [threading.Thread(target=come_and_go) for _ in range(4)]
        for client in clients:
            client.start()
        try:
            for i in range(12):
                host.wait_for(rf"source c{i} .*: done, 1460 packets")
        finally:
            over.set()
            for client in clients:
                client.join()
        host.end()

    def may_shake(self, host, address):
        try:
            self.shaken(host, address).close()
            return True
        except OSError:
            return False

    def test_without_open_files_it_waits_and_does_not_spin(self):
        host = self.run_host()
        self.ask(host, "/ws/tell")
        room = files_of(host) + 8
        soft, hard = resource.prlimit(host.process.pid, resource.RLIMIT_NOFILE, (room, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        held = [socket.create_connection(("127.0.0.1", host.port)) for _ in range(20)]
        self.until(lambda: files_of(host) >= room, "all are used")
        before = cpu_seconds_of(host)
        time.sleep(2)  # not for something to happen, but to see what that costs
        self.assertLess(cpu_seconds_of(host) - before, 0.2)
        for s in held:
            s.close()
        resource.prlimit(host.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
        self.assertTrue(self.ask(host, "/ws/tell")[0].startswith(b"HTTP/1.1 200 "))
        host.end()

    def test_bad_files_are_told(self):
        with open(self.file("text"), "w") as f:
            f.write("this is no certificate\n")
        os.chmod(self.file("text"), 0o600)
        shutil.copy(self.file("one.key"), self.file("open.key"))
        os.chmod(self.file("open.key"), 0o644)
        with open(self.file("large"), "w") as f:
            f.write("x" * 300000)
        rows = [
            (None, None, "set httpd_ssl_cert and httpd_ssl_key"),
            ("one.crt", None, "set httpd_ssl_cert and httpd_ssl_key"),
            ("missing", "one.key", r"httpd_ssl_cert .*/missing: there is no such file"),
            ("one.crt", "missing", r"httpd_ssl_key .*/missing: there is no such file"),
            (".", "one.key", "not a regular file"),
            ("large", "one.key", "not a PEM file"),
            ("one.crt", "open.key", r"open\.key: everybody may read or write this key"),
            ("text", "one.key", r"httpd_ssl_cert .*/text or httpd_ssl_key"),
            ("one.crt", "text", r"is not a PEM file of one"),
            ("one.crt", "two.key", r"httpd_ssl_key .*/two\.key is not the key of the certificate httpd_ssl_cert .*/one\.crt"),
        ]
        for cert, key, message in rows:
            with self.subTest(cert=cert, key=key):
                settings = ["-s", "httpd_ssl=true"]
                if cert:
                    settings += ["-s", "httpd_ssl_cert=" + self.file(cert)]
                if key:
                    settings += ["-s", "httpd_ssl_key=" + self.file(key)]
                host = Host(*settings, capture=None)
                status, said = host.fail()
                self.assertEqual(status, 2, said)
                self.assertRegex(said, message)


if __name__ == "__main__":
    sys.exit(0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1)
