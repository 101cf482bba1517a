#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Sessions, logins, API keys and roles, with the real host and the clients that people use. Statuses and texts are those of the
specification's "Sessions and Logins", where it says them, and of doc/logins.md. Addresses other than 127.0.0.1 are more of the loopback network's:
to the host they are other clients."""
import concurrent.futures
import contextlib
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock

import msgpack
import requests

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from host import BUILD, CAPTURE, PATIENCE, SOURCE, Host, basic
from wsclient import PING, PONG, Ended, Refused, WebSocket

LOGIN = ("tester", "pa:ss wörd")
ADMIN = basic(*LOGIN)
PASSIVE = "0BADF00D-0000-0000-0000-00000000E532"
CHECK = "/session/check_session"
GENERATE, REVOKE, LIST = "/auth/apikey/generate.cmd", "/auth/apikey/revoke.cmd", "/auth/apikey/list.json"
REMOTE = "/datasource/remote/remotesource.ws"
FORM = "application/x-www-form-urlencoded"
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


@contextlib.contextmanager
def running(*settings, args=(), **kwargs):
    words = [word for s in settings for word in ("-s", s)]
    host = Host(*words, *args, capture=None, **kwargs).ready(loaded=False)
    try:
        yield host
    finally:
        host.end()


def ask(host, path, method="GET", body=None, headers={}, address="127.0.0.1"):
    """One request from an address of ours."""
    c = http.client.HTTPConnection("127.0.0.1", host.port, timeout=PATIENCE, source_address=(address, 0))
    try:
        c.request(method, path, body, headers)
        reply = c.getresponse()
        reply.octets = reply.read()
        return reply
    finally:
        c.close()


def command(host, path, value, headers=ADMIN, **kwargs):
    return ask(host, path, "POST", json.dumps(value), {"Content-Type": "application/json", **headers}, **kwargs)


def form(host, path, body, headers={}, **kwargs):
    return ask(host, path, "POST", body, {"Content-Type": FORM, **headers}, **kwargs)


def token_of(reply):
    """The token of the cookie that a reply sets, or None."""
    cookie = reply.headers.get("Set-Cookie")
    return re.match(r"KISMET=([0-9a-f]{32});", cookie).group(1) if cookie else None


def cookie(token):
    return {"Cookie": f"KISMET={token}"}


def make_key(host, name, role, duration=0):
    reply = command(host, GENERATE, {"name": name, "role": role, "duration": duration})
    assert reply.status == 200 and re.fullmatch(rb"[0-9a-f]{32}", reply.octets), (reply.status, reply.octets)
    return reply.octets.decode()


class Case(unittest.TestCase):
    def expect(self, reply, status, pattern="."):
        text = reply.octets.decode("utf-8", "replace")
        self.assertEqual(reply.status, status, text)
        self.assertRegex(text, "(?s)" + pattern)
        return reply


class Sessions(Case):
    @classmethod
    def setUpClass(cls):
        cls.host = Host(capture=None).ready(loaded=False)
        cls.url = f"http://127.0.0.1:{cls.host.port}"

    @classmethod
    def tearDownClass(cls):
        cls.host.end()

    def test_check_session_is_200_with_a_session_and_otherwise_asks_for_basic(self):
        none = self.expect(ask(self.host, CHECK), 401)
        self.assertRegex(none.headers["WWW-Authenticate"], '^Basic realm="Aerie"')
        right = self.expect(ask(self.host, CHECK, headers=ADMIN), 200, r"^Session valid\n$")
        again = self.expect(ask(self.host, CHECK, headers=cookie(token_of(right))), 200, r"^Session valid\n$")
        self.assertIsNone(again.headers["Set-Cookie"])
        self.expect(ask(self.host, CHECK, headers=cookie("0" * 32)), 401)

    def test_a_wrong_login_is_not_answered_as_if_there_was_none(self):
        wrong = basic("tester", "wrong")
        for reply in (ask(self.host, CHECK, headers=wrong), ask(self.host, REMOTE, headers={**wrong, **UPGRADE})):
            self.expect(reply, 401, "^ERROR: this needs a login; there was none, or not a valid one\n$")

    def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(self):
        value = ask(self.host, CHECK, headers=ADMIN).headers["Set-Cookie"]
        self.assertRegex(value, r"^KISMET=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Lax$")  # Secure: see Tls

    def test_the_password_is_looked_at_when_the_cookie_is_wrong_and_not_when_it_is_right(self):
        token = token_of(ask(self.host, CHECK, headers=ADMIN))
        self.assertIsNotNone(token_of(self.expect(ask(self.host, CHECK, headers={**cookie("0" * 32), **ADMIN}), 200)))
        self.expect(ask(self.host, CHECK, headers={**cookie(token), **basic("tester", "wrong")}), 200)
        # of several cookies of our name, such as another port's, any will do
        self.expect(ask(self.host, CHECK, headers={"Cookie": f"a=b; KISMET=x; KISMET={token}"}), 200)

    def test_check_login_looks_at_the_password_only(self):
        token = token_of(ask(self.host, CHECK, headers=ADMIN))
        self.expect(ask(self.host, "/session/check_login", headers=ADMIN), 200, r"^Login valid\n$")
        for headers in ({}, cookie(token), basic("tester", "wrong"), {**cookie(token), **basic("tester", "wrong")}, basic("other", LOGIN[1]),
                        {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}):
            reply = self.expect(ask(self.host, "/session/check_login", headers=headers, address="127.0.1.1"), 403)
            self.assertIsNone(reply.headers["Set-Cookie"], headers)
        self.expect(ask(self.host, "/session/check_login", headers={**cookie(token), **ADMIN}), 200)

    def test_the_query_may_have_the_token_or_the_password(self):
        token = token_of(ask(self.host, CHECK, headers=ADMIN))
        self.expect(ask(self.host, f"{CHECK}?KISMET={token}"), 200)
        self.expect(ask(self.host, f"{CHECK}?KISMET={token}", headers={"Cookie": "a=b"}), 401)  # any Cookie header goes before
        self.expect(ask(self.host, f"{CHECK}?KISMET={'0' * 32}"), 401)
        right = self.expect(ask(self.host, f"{CHECK}?user=tester&password=pa%3Ass+w%C3%B6rd"), 200)
        self.expect(ask(self.host, CHECK, headers=cookie(token_of(right))), 200)
        self.expect(ask(self.host, f"{CHECK}?user=tester&password=wrong", address="127.0.1.2"), 401)
        self.expect(ask(self.host, f"{CHECK}?user=tester&password=pa%3Ass+w%C3%B6rd", headers=basic("tester", "wrong"), address="127.0.1.2"), 401)

    def test_a_session_may_do_what_the_password_may(self):
        token = token_of(ask(self.host, "/system/status.json", headers=ADMIN))  # a page that needs none makes one, too
        self.expect(ask(self.host, LIST, headers=cookie(token)), 200)
        self.expect(command(self.host, GENERATE, {"name": "by session", "role": "readonly", "duration": 60}, cookie(token)), 200)

    def test_ten_thousand_requests_with_a_password_have_one_session(self):
        request = f"GET {CHECK} HTTP/1.1\r\nHost: x\r\nAuthorization: {ADMIN['Authorization']}\r\n\r\n".encode()
        tokens, left = set(), 10000
        with socket.create_connection(("127.0.0.1", self.host.port), timeout=PATIENCE, source_address=("127.0.0.9", 0)) as s:
            got = b""
            while left:
                n = min(left, 100)
                s.sendall(request * n)
                while got.count(b"Session valid\n") < n:
                    piece = s.recv(1 << 20)
                    self.assertNotEqual(piece, b"")
                    got += piece
                self.assertEqual(got.count(b"HTTP/1.1 200"), n)
                tokens.update(re.findall(rb"KISMET=([0-9a-f]+)", got))
                left, got = left - n, b""
        self.assertEqual(len(tokens), 1)

    def test_sessions_of_a_login_are_bounded_and_the_last_used_stay(self):
        tokens = [token_of(self.expect(ask(self.host, CHECK, headers=ADMIN, address=f"127.0.2.{i}"), 200)) for i in range(1, 101)]
        self.assertEqual(len(set(tokens)), 100)
        valid = [ask(self.host, CHECK, headers=cookie(t)).status == 200 for t in tokens]
        self.assertEqual(valid, [False] * 36 + [True] * 64)  # SESSIONS_PER_LOGIN

    def test_many_at_the_same_time(self):
        def one(i):
            address = f"127.0.3.{i % 8 + 1}"
            if i % 4 == 3:
                return ask(self.host, CHECK, headers=basic("tester", "wrong"), address=address).status
            token = token_of(ask(self.host, CHECK, headers=ADMIN, address=address))
            return ask(self.host, CHECK, headers=cookie(token), address=address).status

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(one, range(400)))
        self.assertEqual([s for i, s in enumerate(statuses) if i % 4 != 3], [200] * 300)
        self.assertEqual({s for i, s in enumerate(statuses) if i % 4 == 3}, {401})

    def test_requests_keeps_the_session(self):
        with requests.Session() as s:
            s.trust_env = False  # no proxies
            self.assertEqual(s.get(self.url + CHECK).status_code, 401)
            self.assertEqual(s.get(self.url + CHECK, auth=(LOGIN[0], LOGIN[1].encode())).text, "Session valid\n")
            self.assertEqual(s.get(self.url + CHECK).text, "Session valid\n")
            made = s.post(self.url + GENERATE, data={"json": json.dumps({"name": "requests", "role": "readonly", "duration": 60})})
            self.assertEqual(made.status_code, 200, made.text)
            self.assertIn("requests", [k["kismet.httpd.auth.name"] for k in s.get(self.url + LIST).json()])

    def test_curl_keeps_the_session_in_its_jar(self):
        with tempfile.TemporaryDirectory() as folder:
            jar = os.path.join(folder, "jar")
            curl = ["curl", "--silent", "--show-error", "--fail"]
            first = subprocess.run([*curl, "--user", ":".join(LOGIN), "--cookie-jar", jar, self.url + CHECK], capture_output=True, text=True)
            self.assertEqual((first.returncode, first.stdout), (0, "Session valid\n"), first.stderr)
            with open(jar, encoding="ascii") as f:
                self.assertRegex(f.read(), r"#HttpOnly_127\.0\.0\.1\tFALSE\t/\tFALSE\t0\tKISMET\t[0-9a-f]{32}")
            then = subprocess.run([*curl, "--cookie", jar, self.url + LIST], capture_output=True, text=True)
            self.assertEqual(then.returncode, 0, then.stderr)
            self.assertIsInstance(json.loads(then.stdout), list)

    @unittest.skipUnless(shutil.which("wget"), "no wget")
    def test_wget_logs_in_when_it_is_asked_to_and_keeps_the_session(self):
        with tempfile.TemporaryDirectory() as folder:
            jar = os.path.join(folder, "jar")
            wget = ["wget", "--quiet", "--no-proxy", "--output-document=-"]
            first = subprocess.run([*wget, f"--user={LOGIN[0]}", f"--password={LOGIN[1]}", f"--save-cookies={jar}", "--keep-session-cookies",
                                    self.url + CHECK], capture_output=True, text=True)
            self.assertEqual((first.returncode, first.stdout), (0, "Session valid\n"), first.stderr)
            then = subprocess.run([*wget, f"--load-cookies={jar}", self.url + CHECK], capture_output=True, text=True)
            self.assertEqual((then.returncode, then.stdout), (0, "Session valid\n"), then.stderr)
            none = subprocess.run([*wget, self.url + CHECK], capture_output=True, text=True)
            self.assertEqual(none.returncode, 6)  # wget(1): authentication failure

    def test_a_configured_login_cannot_be_set_and_check_setup_says_so(self):
        self.expect(ask(self.host, "/session/check_setup_ok"), 406, "configuration")
        self.expect(form(self.host, "/session/set_password", "username=new&password=long+enough", ADMIN), 403, "configuration")
        self.expect(ask(self.host, "/session/check_login", headers=ADMIN), 200)


class Expiry(Case):
    def test_a_session_ends_when_it_was_not_used_for_the_timeout(self):
        with running("httpd_session_timeout=2") as host:
            token = token_of(ask(host, CHECK, headers=ADMIN))
            begin = time.monotonic()
            while time.monotonic() < begin + 4:  # used all the time, it lasts
                self.expect(ask(host, CHECK, headers=cookie(token)), 200)
                time.sleep(0.2)
            time.sleep(3.1)  # the clock has whole seconds
            self.expect(ask(host, CHECK, headers=cookie(token)), 401)
            self.assertNotEqual(token_of(ask(host, CHECK, headers=ADMIN)), token)

    def test_a_key_ends_when_its_time_has_come(self):
        with running() as host:
            token = make_key(host, "short", "readonly", 2)
            made = time.monotonic()
            self.expect(ask(host, CHECK, headers=cookie(token)), 200)
            while ask(host, CHECK, headers=cookie(token)).status == 200:
                self.assertLess(time.monotonic(), made + 10)
                time.sleep(0.1)
            self.assertGreater(time.monotonic(), made + 0.9)
            self.assertEqual(json.loads(ask(host, LIST, headers=ADMIN).octets), [])
            make_key(host, "short", "readonly", 2)  # its name is free again

    def test_a_timeout_of_nothing_is_refused(self):
        status, said = Host("-s", "httpd_session_timeout=0", capture=None).fail()
        self.assertEqual(status, 2, said)
        self.assertIn("httpd_session_timeout must lie between 1 s and 1 year", said)


class OpenConnections(Case):
    """A WebSocket ends (1008) when what it was logged in by ends, and for no other reason."""
    EVENTS, MONITOR = "/eventbus/events.ws", "/devices/monitor.ws"

    def open(self, host, path, headers={}, **options):
        ws = WebSocket(host.port, path, headers=list(headers.items()), timeout=PATIENCE, **options)
        self.addCleanup(ws.sock.close)
        return ws

    def open_still(self, ws):
        ws.send(b"here?", PING)
        while (frame := ws.frame()) != (PONG, b"here?"):
            self.assertEqual(frame, (PING, b""))

    def test_another_password_ends_those_of_sessions_and_passwords_and_no_others(self):
        with running(login=None) as host:
            password = host.wait_for("HTTP login: user aerie, password ([a-z2-9]+) ").group(1)
            login = basic("aerie", password)
            session = cookie(token_of(ask(host, CHECK, headers=login)))
            key = command(host, GENERATE, {"name": "stays", "role": "admin", "duration": 0}, login).octets.decode()
            ended = [self.open(host, path, headers) for path in (self.EVENTS, self.MONITOR, REMOTE) for headers in (login, session)]
            ended.append(self.open(host, f"{self.EVENTS}?user=aerie&password={password}"))
            ended.append(self.open(host, f"{self.EVENTS}?{session['Cookie']}"))
            ended.append(self.open(host, "/ws/pause.ws", login))
            ended[-1].send("is read no more")
            stays = [self.open(host, path, cookie(key)) for path in (self.EVENTS, self.MONITOR, REMOTE)] + [self.open(host, "/ws/echo.ws")]
            self.expect(form(host, "/session/set_password", "username=aerie&password=another+one", session), 200)
            begun = time.monotonic()
            for ws in ended:
                self.assertEqual(ws.closing(), (1008, "the login has ended"))
            self.assertLess(time.monotonic() - begun, 5)
            for ws in stays:
                self.open_still(ws)
                ws.close()
            ws = self.open(host, self.EVENTS, basic("aerie", "another one"))
            self.open_still(ws)
            ws.close()

    def test_a_key_that_is_revoked_or_expires_ends_its_own(self):
        with running() as host:
            keys = {name: make_key(host, name, role, duration) for name, role, duration in (("reader", "readonly", 0), ("sensor", "datasource", 0),
                                                                                            ("short", "readonly", 3), ("other", "admin", 0))}
            reader = [self.open(host, path, cookie(keys["reader"])) for path in (self.EVENTS, self.MONITOR)]
            reader.append(self.open(host, f"{self.EVENTS}?KISMET={keys['reader']}"))
            sensor, short = self.open(host, REMOTE, cookie(keys["sensor"])), self.open(host, self.EVENTS, cookie(keys["short"]))
            other = [self.open(host, path, cookie(keys["other"])) for path in (self.EVENTS, self.MONITOR, REMOTE)]
            self.expect(command(host, REVOKE, {"name": "reader"}), 200)
            make_key(host, "reader", "readonly")  # of the same name, but not the same
            for ws in reader:
                self.assertEqual(ws.closing(), (1008, "the login has ended"))
            self.expect(command(host, REVOKE, {"name": "sensor"}), 200)
            for ws in (sensor, short):
                self.assertEqual(ws.closing(), (1008, "the login has ended"))
            for ws in other:
                self.open_still(ws)
                ws.close()

    def test_what_waits_for_a_client_whose_login_ends_is_not_sent(self):
        with running() as host:
            ws = self.open(host, "/ws/flood.ws", cookie(make_key(host, "flood", "readonly")), receive_buffer=4096)
            end = time.monotonic() + PATIENCE

            def refused():
                self.assertLess(time.monotonic(), end)
                return json.loads(ask(host, "/ws/tell").octets)["refused"]

            while refused() == 0:  # then 4 MiB wait for it (AERIE_WS_QUEUE_MAX)
                pass
            self.expect(command(host, REVOKE, {"name": "flood"}), 200)
            before = 0
            while before != (before := refused()):  # the route tries each millisecond, until it is told that the connection ends
                time.sleep(1)
            given, octets = json.loads(ask(host, "/ws/tell").octets)["flooded"], 0
            with self.assertRaises(Ended) as caught:
                while True:
                    octets += len(ws.message())
            self.assertEqual(caught.exception.args[0], b"\x03\xf0the login has ended")
            self.assertGreater(given - octets, 3 << 20)

    def test_an_open_connection_keeps_its_session_and_ends_with_it(self):
        with running("httpd_session_timeout=4") as host:  # whole seconds, of which the connection uses each or every second one
            token = token_of(ask(host, CHECK, headers=ADMIN))
            unused = token_of(ask(host, CHECK, headers=ADMIN, address="127.0.0.2"))
            ws = self.open(host, self.EVENTS, cookie(token))
            end = time.monotonic() + 9
            while time.monotonic() < end:
                self.open_still(ws)
                time.sleep(0.5)
            self.expect(ask(host, CHECK, headers=cookie(unused)), 401)
            self.expect(ask(host, CHECK, headers=cookie(token)), 200)
            # A login has 64 sessions (SESSIONS_PER_LOGIN): of more, those unused longest end, and this is used each second.
            done = threading.Event()

            def crowd():
                while not done.is_set():
                    for i in range(1, 101):
                        ask(host, CHECK, headers=ADMIN, address=f"127.0.2.{i}")

            crowds = [threading.Thread(target=crowd) for _ in range(4)]
            for thread in crowds:
                thread.start()
            try:
                self.assertEqual(ws.closing(), (1008, "the login has ended"))
            finally:
                done.set()
                for thread in crowds:
                    thread.join()


class Throttling(Case):
    def guess(self, host, address, n, first=0):
        return [ask(host, CHECK, headers=basic("tester", f"guess {first + i}"), address=address) for i in range(n)]

    def test_an_address_that_guesses_waits_and_the_others_do_not(self):
        with running() as host:
            token = token_of(ask(host, CHECK, headers=ADMIN, address="127.0.0.2"))
            replies = self.guess(host, "127.0.0.2", 7)
            self.assertEqual([r.status for r in replies], [401] * 6 + [429])
            wait = int(replies[-1].headers["Retry-After"])
            self.assertIn(wait, (1,))
            self.expect(replies[-1], 429, "too many wrong logins from this address")
            self.expect(ask(host, CHECK, headers=ADMIN, address="127.0.0.3"), 200)
            self.expect(ask(host, CHECK, headers=cookie(token), address="127.0.0.2"), 200)
            end = time.monotonic() + PATIENCE
            while ask(host, CHECK, headers=ADMIN, address="127.0.0.2").status == 429:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.1)
            self.expect(ask(host, CHECK, headers=ADMIN, address="127.0.0.2"), 200)
            # Another wrong one: twice as long.
            self.assertEqual([r.status for r in self.guess(host, "127.0.0.2", 1, 100)], [401])
            self.assertIn(int(self.guess(host, "127.0.0.2", 1, 101)[0].headers["Retry-After"]), (1, 2))

    def test_who_shares_the_address_of_a_guesser_is_served(self):
        with running() as host:
            key = make_key(host, "shared", "readonly")
            token = token_of(ask(host, CHECK, headers=ADMIN))
            guesses = [ask(host, CHECK, headers=basic("admin", f"guess {i}")) for i in range(30)]
            self.assertEqual([r.status for r in guesses[:7]], [401] * 6 + [429])
            self.expect(ask(host, CHECK, headers=ADMIN), 200)  # another name
            self.expect(ask(host, f"{CHECK}?user=tester&password=pa%3Ass+w%C3%B6rd"), 200)
            self.assertIn(429, [r.status for r in self.guess(host, "127.0.0.1", 10)])
            self.expect(ask(host, CHECK, headers=ADMIN), 429)  # the same name
            for headers in (cookie(token), cookie(key), {**cookie(token), **ADMIN}, {**cookie(key), **basic("tester", "wrong")}):
                self.expect(ask(host, CHECK, headers=headers), 200)
            self.expect(ask(host, f"{CHECK}?KISMET={key}"), 200)
            WebSocket(host.port, "/eventbus/events.ws", headers=list(cookie(key).items()), timeout=PATIENCE).close()

    def test_an_address_that_guesses_names_waits_with_all(self):
        with running() as host:
            statuses = [ask(host, CHECK, headers=basic(f"user {i}", "password"), address="127.0.0.2").status for i in range(30)]
            self.assertEqual(statuses[:21], [401] * 21)
            self.assertIn(429, statuses[21:])
            self.expect(ask(host, CHECK, headers=ADMIN, address="127.0.0.3"), 200)

    def test_programs_with_old_passwords_do_not_lock_their_address_out(self):
        with running() as host:
            for i in range(100):
                self.expect(ask(host, CHECK, headers=basic("tester", f"of {2020 + i % 4}")), 401)
            self.expect(ask(host, CHECK, headers=ADMIN), 200)

    def test_wrong_logins_are_told_at_most_every_ten_seconds_and_without_passwords(self):
        def told():
            return [m["kismet.messagebus.message_string"] for m in json.loads(ask(host, "/messagebus/all_messages.json").octets)
                    if "wrong attempt" in m["kismet.messagebus.message_string"]]

        with running() as host:
            begin = time.monotonic()
            for i in range(30):
                self.guess(host, f"127.0.4.{i + 1}", 3)
            self.guess(host, "127.0.5.1", 7, 1000)  # the seventh comes too soon
            while sum(int(re.search(r"(\d+) wrong", text).group(1)) for text in told()) < 96:
                self.assertLess(time.monotonic(), begin + 40)
                time.sleep(1)
            self.assertLessEqual(len(told()), 1 + (time.monotonic() - begin + 1) // 10)
            self.assertEqual(told()[0], "HTTP login: 1 wrong attempt, and 0 that came too soon to be looked at; the last one from 127.0.4.1")
            self.assertRegex(told()[-1], r"^HTTP login: \d+ wrong attempts, and 1 that came too soon to be looked at; the last one from 127\.0\.5\.1$")
            self.assertNotIn("guess", "\n".join(told()))

    def test_a_flood_of_guesses_from_everywhere_costs_no_memory_and_keeps_nobody_out(self):
        """Before anybody was right each guess could cost a hash of 64 MiB; afterwards none does."""
        # A sanitizer is not to keep what was freed.
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
        with tempfile.TemporaryDirectory() as home, unittest.mock.patch.dict(os.environ, ASAN_OPTIONS=options):
            with running(home=home, login=None) as host:
                password = host.wait_for(r"user aerie, password (\S+) ").group(1)
            with running("httpd_threads=16", home=home, login=None) as host:
                with open(f"/proc/{host.process.pid}/status", encoding="ascii") as f:
                    before = int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))
                stop = threading.Event()
                seen = set()

                def flood(i):
                    n = 0
                    while not stop.is_set():
                        n += 1
                        address = f"127.{i + 1}.{n // 250 % 250}.{n % 250 + 1}"
                        seen.add(ask(host, CHECK, headers=basic("aerie", f"guess {n}"), address=address).status)

                with concurrent.futures.ThreadPoolExecutor(16) as pool:
                    floods = [pool.submit(flood, i) for i in range(12)]
                    try:
                        end = time.monotonic() + PATIENCE
                        while (status := ask(host, CHECK, headers=basic("aerie", password)).status) != 200:
                            self.assertEqual(status, 429)  # too many at the same time
                            self.assertLess(time.monotonic(), end)
                        # From now on wrong ones are told from the right one without a hash.
                        begin = time.monotonic()
                        for _ in range(20):
                            self.expect(ask(host, CHECK, headers=basic("aerie", password)), 200)
                        self.assertLess(time.monotonic() - begin, 20)
                    finally:
                        stop.set()
                    for f in floods:
                        f.result()
                self.assertLessEqual(seen, {401, 429})
                if not os.environ.get("AERIE_TSAN"):
                    with open(f"/proc/{host.process.pid}/status", encoding="ascii") as f:
                        after = int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))
                    self.assertLess(after - before, 64 * 1024 + 32 * 1024)  # one hash


class FirstRun(Case):
    def file(self, home):
        return os.path.join(home, "httpd_auth.conf")

    def test_the_first_start_prints_a_login_once_and_it_can_be_set_anew(self):
        with tempfile.TemporaryDirectory() as home:
            with running(home=home, login=None) as host:
                password = host.wait_for(r"user aerie, password (\S+) \(shown only this once").group(1)
                old = basic("aerie", password)
                self.expect(ask(host, "/session/check_setup_ok"), 200)
                session = cookie(token_of(self.expect(ask(host, CHECK, headers=old), 200)))
                self.expect(form(host, "/session/set_password", "username=anna&password=battery+staple"), 401)
                reader = cookie(command(host, GENERATE, {"name": "r", "role": "readonly", "duration": 0}, old).octets.decode())
                self.expect(form(host, "/session/set_password", "username=anna&password=battery+staple", reader), 403)
                self.expect(form(host, "/session/set_password", "username=anna&password=battery+staple", session), 200, r"^Login configured\n$")
                new = basic("anna", "battery staple")
                self.expect(ask(host, CHECK, headers=session), 401)  # sessions ended
                self.expect(ask(host, CHECK, headers=reader), 200)   # keys did not
                self.expect(ask(host, CHECK, headers=old), 401)
                self.expect(ask(host, CHECK, headers=new), 200)
            mode = os.stat(self.file(home)).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600)
            with open(self.file(home), encoding="utf-8") as f:
                text = f.read()
            self.assertNotIn("battery", text)
            self.assertRegex(text, r"\nhttpd_username=anna\nhttpd_password_hash=\$argon2id\$")
            with running(home=home, login=None) as host:
                self.assertFalse([line for line in host.lines if line and "shown only this once" in line])
                self.expect(ask(host, CHECK, headers=old), 401)
                self.expect(ask(host, CHECK, headers=new), 200)

    def test_a_login_is_set_by_form_or_by_command_and_what_will_not_do_is_named(self):
        rows = [
            ("", "`username` is missing"), ("username=anna", "`password` is missing"), ("password=12345678", "`username` is missing"),
            ("username=&password=12345678", "`username` is missing"), ("username=anna&password=1234567", "`password` is too short"),
            ("username=an%3Ana&password=12345678", "`username` is longer than 255 octets, or has a colon"),
            ("username=an%0Ana&password=12345678", "`username` .* control"), ("username=anna&password=1234567%0A", "`password` .* control"),
            ("username=anna&password=" + 256 * "x", "`password` is longer than 255"), (256 * "x" + "=1", "`username` is missing"),
            ("username=" + 256 * "x" + "&password=12345678", "`username` is longer than 255"),
        ]
        with tempfile.TemporaryDirectory() as home, running(home=home, login=None) as host:
            old = basic("aerie", host.wait_for(r"user aerie, password (\S+) ").group(1))
            for body, pattern in rows:
                with self.subTest(body[:40]):
                    self.expect(form(host, "/session/set_password", body, old), 400, pattern)
            self.expect(command(host, "/session/set_password", {"username": "anna", "password": 12345678}, old), 400, "`password` is missing")
            self.expect(command(host, "/session/set_password", [], old), 400)
            self.expect(ask(host, "/session/set_password", headers=old), 405)
            self.expect(ask(host, CHECK, headers=old), 200)  # nothing of that changed it
            self.expect(command(host, "/session/set_password", {"username": "bert", "password": "x" * 255}, old), 200)
            self.expect(ask(host, CHECK, headers=basic("bert", "x" * 255)), 200)
            self.expect(form(host, "/session/set_password", "json=" + json.dumps({"username": "cora", "password": "12345678"}),
                             basic("bert", "x" * 255)), 200)
            self.expect(ask(host, CHECK, headers=basic("cora", "12345678")), 200)

    def test_a_login_that_cannot_be_written_leaves_the_old_one(self):
        with tempfile.TemporaryDirectory() as home, running(home=home, login=None) as host:
            old = basic("aerie", host.wait_for(r"user aerie, password (\S+) ").group(1))
            os.mkdir(self.file(home) + ".tmp")
            os.mkdir(self.file(home) + ".tmp/full")
            self.expect(form(host, "/session/set_password", "username=anna&password=12345678", old), 500, "the old one is still valid")
            self.expect(ask(host, CHECK, headers=old), 200)

    def test_without_a_generated_login_somebody_on_this_machine_sets_the_first(self):
        wanted = "username=anna&password=12345678"
        with tempfile.TemporaryDirectory() as home:
            with running("httpd_generate_login=false", home=home, login=None) as host:
                host.wait_for(r"HTTP login: there is none yet")
                self.expect(ask(host, "/session/check_setup_ok"), 500, "no login is configured")
                self.expect(command(host, GENERATE, {"name": "x", "role": "admin", "duration": 0}, basic("", "")), 401)
                self.expect(ask(host, CHECK, headers=basic("aerie", "anything")), 401)
                for headers in ({"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Via": "1.1 proxy"}, {"Host": "rebound.example"},
                                {"Host": "localhost.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
                                {"Sec-Fetch-Site": "cross-site"}, {"Referer": "https://evil.example/a"}):
                    with self.subTest(headers):
                        self.expect(form(host, "/session/set_password", wanted, headers), 403, "on the server's own machine")
                self.expect(form(host, "/session/set_password", "username=anna&password=short"), 400, "too short")
                self.assertFalse(os.path.exists(self.file(home)))
                with concurrent.futures.ThreadPoolExecutor(8) as pool:  # who is first has it
                    answers = list(pool.map(lambda i: form(host, "/session/set_password", f"username=u{i}&password=12345678").status, range(8)))
                self.assertEqual(sorted(answers), [200] + [401] * 7)
                new = basic(f"u{answers.index(200)}", "12345678")
                self.expect(ask(host, "/session/check_setup_ok"), 200)
                self.expect(ask(host, CHECK, headers=new), 200)
                self.expect(form(host, "/session/set_password", wanted), 401)
            with running("httpd_generate_login=false", home=home, login=None) as host:
                self.expect(ask(host, CHECK, headers=new), 200)

    def test_a_login_file_that_is_damaged_is_told(self):
        with tempfile.TemporaryDirectory() as home:
            with running(home=home, login=None):
                pass
            with open(self.file(home), encoding="utf-8") as f:
                text = f.read()
            for damaged, pattern in ((text[:-40], "is no Argon2 hash"), (text.replace("$argon2id", "$argon3"), "is no Argon2 hash"),
                                     (text.replace("httpd_username=aerie", "httpd_username="), "is missing or too long"), ("", "is missing or too long")):
                with self.subTest(pattern):
                    with open(self.file(home), "w", encoding="utf-8") as f:
                        f.write(damaged)
                    status, said = Host(home=home, capture=None, login=None).fail()
                    self.assertEqual(status, 1, said)
                    self.assertRegex(said, r"login file \S*httpd_auth\.conf: .*" + pattern + ".*; delete the file to get a new login")

    def test_logins_and_a_new_password_at_the_same_time(self):
        with tempfile.TemporaryDirectory() as home, running(home=home, login=None) as host:
            first = basic("aerie", host.wait_for(r"user aerie, password (\S+) ").group(1))
            stop, seen = threading.Event(), set()

            def log_in(i):
                while not stop.is_set():
                    # one wrong login for each address, so that none has to wait
                    seen.add(ask(host, CHECK, headers=basic("anna", "password 4"), address=f"127.0.6.{i + 1}").status)

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                logins = [pool.submit(log_in, i) for i in range(8)]
                try:
                    login = first
                    for i in range(10):
                        self.expect(form(host, "/session/set_password", f"username=anna&password=password+{i}", login), 200)
                        self.expect(ask(host, CHECK, headers=login, address="127.0.7.1"), 401)
                        login = basic("anna", f"password {i}")
                        self.expect(ask(host, CHECK, headers=login), 200)
                finally:
                    stop.set()
                for one in logins:
                    one.result()
            self.assertEqual(seen, {200, 401})

    def test_files_that_others_may_read_are_not_used(self):
        for name, remedy in (("httpd_auth.conf", "login file"), ("session.db", "file of API keys")):
            with tempfile.TemporaryDirectory() as home:
                with running(home=home, login=None) as host:
                    pass
                path = os.path.join(home, name)
                with open(path, "a", encoding="utf-8"):
                    os.chmod(path, 0o640)
                status, said = Host(home=home, capture=None, login=None).fail()
                self.assertEqual(status, 1, said)
                self.assertRegex(said, remedy + r" .*: others may read or write it.*chmod 600")


class Keys(Case):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.host = Host("-c", f"passive:name=esp32,uuid={PASSIVE},dlt=105", capture=None, home=cls.home.name).ready(loaded=False)
        cls.host.wait_for(r"esp32 \(passive\): opened")
        roles = ("readonly", "datasource", "WEBGPS", "admin")
        cls.keys = {role: make_key(cls.host, "role " + role, role) for role in roles}

    @classmethod
    def tearDownClass(cls):
        cls.host.end()
        cls.home.cleanup()

    def test_each_role_may_do_what_it_is_for(self):
        feed = {"packets": []}
        #        what                                                                      none readonly datasource custom admin
        rows = [
            ("open read", lambda h: ask(self.host, "/system/timestamp.json", headers=h),           (200, 200, 200, 200, 200)),
            ("any login", lambda h: ask(self.host, CHECK, headers=h),                              (401, 200, 200, 200, 200)),
            ("always open", lambda h: ask(self.host, "/session/check_setup_ok", headers=h),        (406, 406, 406, 406, 406)),
            ("only a password", lambda h: ask(self.host, "/session/check_login", headers=h),       (403, 403, 403, 403, 403)),
            ("keys", lambda h: ask(self.host, LIST, headers=h),                                    (401, 403, 403, 403, 200)),
            ("new key", lambda h: command(self.host, GENERATE, {}, h),                             (401, 403, 403, 403, 400)),
            ("end of a key", lambda h: command(self.host, REVOKE, {"name": "nobody"}, h),          (401, 403, 403, 403, 404)),
            ("interfaces", lambda h: ask(self.host, "/datasource/list_interfaces.json", headers=h), (401, 403, 403, 403, 200)),
            ("command", lambda h: command(self.host, "/datasource/by-uuid/00000000-0000-0000-0000-000000000000/pause_source.cmd", {}, h),
             (401, 403, 403, 403, 404)),
            ("command by GET", lambda h: ask(self.host, "/datasource/by-uuid/00000000-0000-0000-0000-000000000000/pause_source.cmd", headers=h),
             (401, 403, 403, 403, 404)),
            ("feed", lambda h: command(self.host, f"/datasource/by-uuid/{PASSIVE}/feed.cmd", feed, h),
             (401, 403, "not refused", 403, "not refused")),
        ]
        for what, do, statuses in rows:
            for role, wanted in zip((None, "readonly", "datasource", "WEBGPS", "admin"), statuses):
                with self.subTest(what, role=role):
                    reply = do(cookie(self.keys[role]) if role else {})
                    if wanted == "not refused":
                        self.assertNotIn(reply.status, (401, 403, 404, 405), reply.octets)
                    else:
                        self.assertEqual(reply.status, wanted, reply.octets)
                    self.assertIsNone(reply.headers["Set-Cookie"])

    def test_a_websocket_needs_the_role_in_any_of_the_ways(self):
        def status(query="", headers=()):
            try:
                ws = WebSocket(self.host.port, REMOTE + query, headers=headers)
            except Refused as refused:
                return refused.status
            ws.sock.close()
            return 101

        self.assertEqual(status(), 401)
        self.assertEqual(status("?KISMET=" + "0" * 32), 401)
        for role, wanted in (("readonly", 403), ("WEBGPS", 403), ("datasource", 101), ("admin", 101)):
            with self.subTest(role):
                self.assertEqual(status("?KISMET=" + self.keys[role]), wanted)
                self.assertEqual(status(headers=list(cookie(self.keys[role]).items())), wanted)
        session = token_of(ask(self.host, CHECK, headers=ADMIN))
        self.assertEqual(status(headers=list(cookie(session).items())), 101)
        self.assertEqual(status(headers=list(ADMIN.items())), 101)
        self.assertEqual(status("?user=tester&password=pa%3Ass%20w%C3%B6rd"), 101)
        self.assertEqual(status("?user=tester&password=wrong"), 401)
        self.assertEqual(status(headers=[*cookie(session).items(), ("Origin", "https://evil.example")]), 403)

    def test_a_remote_capture_logs_in_with_a_key_of_its_role(self):
        program = os.path.join(BUILD, "bin", "aerie-cap-pcapfile")

        def run(key):
            return subprocess.run([program, f"--connect=127.0.0.1:{self.host.port}", f"--source={CAPTURE}", "--disable-retry", f"--apikey={key}"],
                                  capture_output=True, text=True, timeout=PATIENCE, check=False)

        refused = run(self.keys["readonly"])
        self.assertNotEqual(refused.returncode, 0)
        self.assertRegex(refused.stderr, r"refuses the login \(HTTP 403\).*--apikey")
        self.assertEqual(run("0" * 32).returncode, refused.returncode)
        before = len(json.loads(ask(self.host, "/datasource/all_sources.json").octets))
        self.assertEqual(run(self.keys["datasource"]).returncode, 0)
        end = time.monotonic() + PATIENCE
        while len(json.loads(ask(self.host, "/datasource/all_sources.json").octets)) == before:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_keys_are_listed_in_every_format_and_without_tokens(self):
        listed = json.loads(self.expect(ask(self.host, LIST, headers=ADMIN), 200).octets)
        ours = [k for k in listed if k["kismet.httpd.auth.name"].startswith("role ")]
        self.assertEqual([(k["kismet.httpd.auth.role"], k["kismet.httpd.auth.expiration"]) for k in ours],
                         [("readonly", 0), ("datasource", 0), ("WEBGPS", 0), ("admin", 0)])
        for k in ours:
            self.assertAlmostEqual(k["aerie.httpd.auth.created"], time.time(), delta=PATIENCE)
        everything = json.dumps(listed)
        for token in self.keys.values():
            self.assertNotIn(token, everything)
        packed = msgpack.unpackb(ask(self.host, LIST.replace(".json", ".msgpack"), headers=ADMIN).octets)
        self.assertEqual([k["kismet.httpd.auth.name"] for k in packed], [k["kismet.httpd.auth.name"] for k in listed])
        lines = ask(self.host, LIST.replace(".json", ".ekjson"), headers=ADMIN).octets.splitlines()
        self.assertEqual([json.loads(line)["kismet_httpd_auth_name"] for line in lines], [k["kismet.httpd.auth.name"] for k in listed])
        with open(os.path.join(self.home.name, "session.db"), encoding="utf-8") as f:
            kept = f.read()
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.home.name, "session.db")).st_mode), 0o600)
        for token in self.keys.values():
            self.assertNotIn(token, kept)

    def test_a_key_that_will_not_do_is_refused_with_the_reason(self):
        good = {"name": "never made", "role": "readonly", "duration": 0}
        rows = [
            ({"name": None}, "`name`"), ({"name": ""}, "`name`"), ({"name": 7}, "`name`"), ({"name": "x" * 65}, "`name`"), ({"name": "a\nb"}, "`name`"),
            ({"name": "a\0b"}, "."), ({"role": None}, "`role`"), ({"role": ""}, "`role`"), ({"role": "any"}, "`role`"), ({"role": "a|b"}, "`role`"),
            ({"role": "x" * 33}, "`role`"), ({"role": ["admin"]}, "`role`"), ({"duration": None}, "`duration`"), ({"duration": -1}, "`duration`"),
            ({"duration": "soon"}, "`duration`"), ({"duration": 1.5}, "`duration`"), ({"duration": True}, "`duration`"), ({"duration": 1 << 62}, "`duration`"),
        ]
        for change, pattern in rows:
            with self.subTest(change):
                value = {k: v for k, v in {**good, **change}.items() if v is not None}
                self.expect(command(self.host, GENERATE, value), 400, pattern)
        self.expect(ask(self.host, GENERATE, "POST", "{", {"Content-Type": "application/json", **ADMIN}), 400)
        self.expect(form(self.host, GENERATE, "", ADMIN), 400)
        self.expect(ask(self.host, GENERATE, headers=ADMIN), 405)
        self.expect(command(self.host, GENERATE, {"name": "role admin", "role": "readonly", "duration": 0}), 409, "`name`")
        self.expect(command(self.host, REVOKE, {}), 400, "`name`")
        self.expect(command(self.host, REVOKE, {"name": "never made"}), 404)
        names = [k["kismet.httpd.auth.name"] for k in json.loads(ask(self.host, LIST, headers=ADMIN).octets)]
        self.assertNotIn("never made", names)

    def test_a_revoked_key_is_refused_from_then_on(self):
        key = make_key(self.host, "brief", "admin")
        self.expect(ask(self.host, LIST, headers=cookie(key)), 200)
        self.expect(command(self.host, REVOKE, {"name": "brief"}), 200, r"^revoked\n$")
        self.expect(ask(self.host, LIST, headers=cookie(key)), 401)

    def test_a_key_in_the_query_is_a_key(self):
        self.expect(ask(self.host, f"{LIST}?KISMET={self.keys['admin']}"), 200)
        self.expect(ask(self.host, f"{LIST}?KISMET={self.keys['readonly']}"), 403)

    def test_many_make_and_end_keys_at_the_same_time(self):
        def one(i):
            key = make_key(self.host, f"many {i}", "readonly")
            valid = ask(self.host, CHECK, headers=cookie(key)).status
            ended = command(self.host, REVOKE, {"name": f"many {i}"}).status
            return valid, ended, ask(self.host, CHECK, headers=cookie(key)).status

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self.assertEqual(set(pool.map(one, range(40))), {(200, 200, 401)})


class KeyFiles(Case):
    def test_keys_survive_a_restart_and_their_last_use_does(self):
        with tempfile.TemporaryDirectory() as home:
            with running(home=home) as host:
                key = make_key(host, "roof", "datasource", 86400)
                gone = make_key(host, "gone", "admin")
                command(host, REVOKE, {"name": "gone"})
                self.expect(ask(host, CHECK, headers=cookie(key)), 200)
                used = json.loads(ask(host, LIST, headers=ADMIN).octets)
                session = token_of(ask(host, CHECK, headers=ADMIN))
            with running(home=home) as host:
                self.assertEqual(json.loads(ask(host, LIST, headers=ADMIN).octets), used)
                self.assertNotEqual(used[0]["aerie.httpd.auth.accessed"], 0)
                self.expect(ask(host, CHECK, headers=cookie(key)), 200)
                self.expect(ask(host, CHECK, headers=cookie(gone)), 401)
                self.expect(ask(host, CHECK, headers=cookie(session)), 401)  # sessions are not kept

    def test_a_damaged_file_is_told_and_kept_aside(self):
        with tempfile.TemporaryDirectory() as home:
            path = os.path.join(home, "session.db")
            with open(path, "w", encoding="ascii") as f:
                f.write('[{"name": "a"')
            os.chmod(path, 0o600)
            with running(home=home) as host:
                host.wait_for(r"file of API keys \S*session\.db: it is no JSON array; it is kept as \S*session\.db\.damaged-1")
                make_key(host, "a", "readonly")
            with open(path + ".damaged-1", encoding="ascii") as f:
                self.assertEqual(f.read(), '[{"name": "a"')

    def test_tokens_are_shown_and_kept_when_that_is_asked_for(self):
        with tempfile.TemporaryDirectory() as home:
            with running("httpd_allow_auth_view=true", "httpd_session_db=keys.json", home=home) as host:
                key = make_key(host, "seen", "readonly")
                self.assertEqual([k["kismet.httpd.auth.token"] for k in json.loads(ask(host, LIST, headers=ADMIN).octets)], [key])
            with open(os.path.join(home, "keys.json"), encoding="ascii") as f:
                self.assertEqual(json.load(f)[0]["token"], key)
            with running("httpd_session_db=keys.json", home=home) as host:
                self.expect(ask(host, CHECK, headers=cookie(key)), 200)
                self.assertNotIn("kismet.httpd.auth.token", json.loads(ask(host, LIST, headers=ADMIN).octets)[0])

    def test_making_keys_can_be_forbidden(self):
        with running("httpd_allow_auth_creation=false") as host:
            self.expect(command(host, GENERATE, {"name": "x", "role": "readonly", "duration": 0}), 403, "httpd_allow_auth_creation")

    def test_a_file_that_cannot_be_written_changes_nothing(self):
        with tempfile.TemporaryDirectory() as home, running(home=home) as host:
            key = make_key(host, "a", "readonly")
            os.mkdir(os.path.join(home, "session.db.tmp"))
            self.expect(command(host, GENERATE, {"name": "b", "role": "readonly", "duration": 0}), 500, "nothing was changed")
            self.expect(command(host, REVOKE, {"name": "a"}), 500, "nothing was changed")
            self.expect(ask(host, CHECK, headers=cookie(key)), 200)
            os.rmdir(os.path.join(home, "session.db.tmp"))
            make_key(host, "b", "readonly")


class OtherSites(Case):
    """What a page of another site has the user's browser do with the user's login. The headers are those that browsers send (Fetch
    standard, "Origin header"; Fetch Metadata "Sec-Fetch-Site")."""
    PAUSE = "/datasource/by-uuid/00000000-0000-0000-0000-000000000000/pause_source"  # 404 once it is allowed to ask

    def test_commands_with_a_login_that_the_browser_sends_by_itself_are_refused(self):
        with running("httpd_allowed_origin=https://friend.example") as host:
            own = f"http://127.0.0.1:{host.port}"
            token = token_of(ask(host, CHECK, headers=ADMIN))
            foreign = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": f"http://127.0.0.1:{host.port + 1}"}, {"Origin": own + ".evil.example"},
                       {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Referer": "https://evil.example/page"},
                       {"Referer": "nonsense"}, {"Sec-Fetch-Site": "cross-site", "Referer": "https://evil.example/" + own}]
            fine = [{}, {"Origin": own}, {"Origin": own, "Sec-Fetch-Site": "same-origin"}, {"Origin": "https://friend.example"},
                    {"Sec-Fetch-Site": "none"}, {"Referer": own + "/index.html"}, {"Sec-Fetch-Site": "same-origin"},
                    {"Sec-Fetch-Site": "cross-site", "Referer": "https://friend.example/x?y"}]
            key = make_key(host, "admin", "admin")
            for login in (cookie(token), ADMIN, cookie(key)):
                for headers in foreign:
                    with self.subTest(headers, login=login):
                        self.expect(command(host, self.PAUSE + ".cmd", {}, {**login, **headers}), 403, "another site")
                        self.expect(ask(host, self.PAUSE + ".cmd", headers={**login, **headers}), 403, "another site")
                        self.expect(ask(host, self.PAUSE + ".c%6dd", headers={**login, **headers}), 403, "another site")
                        self.expect(ask(host, self.PAUSE + ".cmd//", headers={**login, **headers}), 403, "another site")  # the same path
                        self.expect(ask(host, self.PAUSE + ".jcmd?x=y", headers={**login, **headers}), 403, "another site")
                        self.expect(ask(host, LIST, headers={**login, **headers}), 200)  # the browser lets nobody read that
                for headers in fine:
                    with self.subTest(headers, login=login):
                        self.expect(command(host, self.PAUSE + ".cmd", {}, {**login, **headers}), 404)
                        self.expect(ask(host, self.PAUSE + ".cmd", headers={**login, **headers}), 404)

    def test_all_sites_are_let_in_without_the_login_that_the_browser_sends(self):
        with running("httpd_allowed_origin=*") as host:
            key, evil = make_key(host, "admin", "admin"), {"Origin": "https://evil.example"}
            for login in (ADMIN, cookie(key), cookie(token_of(ask(host, CHECK, headers=ADMIN)))):
                with self.subTest(login):
                    self.expect(command(host, self.PAUSE + ".cmd", {}, {**login, **evil}), 403, "another site")
                    with self.assertRaises(Refused) as refused:
                        WebSocket(host.port, REMOTE, headers=[*login.items(), *evil.items()])
                    self.assertEqual(refused.exception.status, 403)
                    WebSocket(host.port, REMOTE, headers=[*login.items(), ("Origin", f"http://127.0.0.1:{host.port}")]).sock.close()
            self.expect(command(host, f"{self.PAUSE}.cmd?KISMET={key}", {}, evil), 404)
            WebSocket(host.port, f"{REMOTE}?KISMET={key}", headers=list(evil.items())).sock.close()

    def test_a_login_in_the_address_is_no_browsers_doing(self):
        with running() as host:
            key = make_key(host, "admin", "admin")
            self.expect(command(host, f"{self.PAUSE}.cmd?KISMET={key}", {}, {"Origin": "https://evil.example"}), 404)

    def test_without_a_login_another_site_changes_nothing_and_reads_what_is_open(self):
        with running() as host:
            evil = {"Origin": "https://evil.example"}
            self.expect(command(host, self.PAUSE + ".cmd", {}, evil), 401)
            self.expect(ask(host, "/devices/last-time/0/devices.json", headers=evil), 200)

    def test_a_refused_request_makes_no_session(self):
        with running() as host:
            reply = self.expect(command(host, self.PAUSE + ".cmd", {}, {**ADMIN, "Origin": "https://evil.example"}), 403)
            self.assertIsNone(reply.headers["Set-Cookie"])


class Browser:
    """A headless Chromium, by its debugging port."""

    def __init__(self, program):
        import websocket

        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen([program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                                         "--disable-background-networking", "--disable-component-update", "--disable-sync",
                                         f"--user-data-dir={self.profile.name}", "--remote-debugging-port=0", "about:blank"],
                                        stderr=subprocess.PIPE, text=True)
        port = next(m.group(1) for m in (re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line) for line in self.process.stderr) if m)
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        end = time.monotonic() + PATIENCE
        while True:
            reply = requests.get(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE, proxies={"http": ""}).json()
            pages = [p for p in reply if p["type"] == "page"]
            if pages or time.monotonic() > end:
                break
            time.sleep(0.05)
        self.ws = websocket.create_connection(pages[0]["webSocketDebuggerUrl"], timeout=PATIENCE, suppress_origin=True)
        self.n = 0

    def call(self, method, **params):
        self.n += 1
        self.ws.send(json.dumps({"id": self.n, "method": method, "params": params}))
        while (reply := json.loads(self.ws.recv())).get("id") != self.n:
            pass
        return reply.get("result", {})  # none while the page is exchanged

    def run(self, script):
        """What a promise comes to; None when the page went away meanwhile."""
        reply = self.call("Runtime.evaluate", expression=f"(async () => {{ {script} }})()", awaitPromise=True, returnByValue=True)
        return reply.get("result", {}).get("value")

    def go(self, url):
        self.call("Page.navigate", url=url)
        self.wait_at(url)

    def wait_at(self, *prefixes):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            at = self.call("Runtime.evaluate", expression="[location.href, document.readyState]", returnByValue=True).get("result", {}).get("value")
            if at and at[0].startswith(prefixes) and at[1] == "complete":
                return
            time.sleep(0.05)
        raise AssertionError(f"the browser never got to {prefixes}: {at}")

    def close(self):
        self.ws.close()
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.process.stderr.close()
        self.profile.cleanup()


class EvilPage(http.server.BaseHTTPRequestHandler):
    """A page of another site; its address says whether it lets the browser tell where it comes from."""

    def do_GET(self):
        policy = "no-referrer" if "quiet" in self.path else "unsafe-url"
        page = f'<!doctype html><meta charset="utf-8"><meta name="referrer" content="{policy}"><title>evil</title>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *args):
        pass


PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")


@unittest.skipUnless(PROGRAM, "no chromium")
@unittest.skipIf(os.environ.get("AERIE_TSAN"), "nothing here that other tests do not show with threads")
class OtherSitesInABrowser(Case):
    def test_no_page_of_another_site_uses_the_session_of_a_browser(self):
        evil = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EvilPage)
        threading.Thread(target=evil.serve_forever, daemon=True).start()
        browser = Browser(PROGRAM)
        try:
            with running(args=("-c", f"passive:name=esp32,uuid={PASSIVE},dlt=105")) as host:
                host.wait_for(r"esp32 \(passive\): opened")
                own, pause = f"http://127.0.0.1:{host.port}", f"/datasource/by-uuid/{PASSIVE}/pause_source.cmd"
                make = """const body = (name) => new URLSearchParams({json: JSON.stringify({name: name, role: 'admin', duration: 0})});
                          const post = (name) => fetch('%s%s', {method: 'POST', body: body(name), %s});"""

                browser.go(own + "/session/check_setup_ok")
                login = browser.run("const r = await fetch('/session/check_session', {headers: {Authorization: '%s'}}); return r.status;"
                                    % ADMIN["Authorization"])
                self.assertEqual(login, 200)
                self.assertEqual(browser.run(make % (own, GENERATE, "") + "return (await post('our own')).status;"), 200)

                # The same host on another port is the same site to a browser, and gets the cookie with anything; "localhost" is not.
                for name in ("127.0.0.1", "localhost"):
                    for page in ("loud", "quiet"):
                        with self.subTest(name, page=page):
                            there = f"http://{name}:{evil.server_port}/{page}"
                            browser.go(there)
                            browser.run(make % (own, GENERATE, "mode: 'no-cors', credentials: 'include'") + "await post('fetched');")
                            self.assertTrue(browser.run(f"""return new Promise((done) => {{ const i = new Image();
                                i.onerror = () => done(true); i.src = '{own}{pause}'; }});"""))
                            self.assertEqual(browser.run(f"""return new Promise((done) => {{ const w = new WebSocket('ws://127.0.0.1:{host.port}/eventbus/events.ws');
                                w.onopen = () => done('open'); w.onerror = () => done('refused'); }});"""), "refused")
                            browser.run(f"location.href = '{own}{pause}';")
                            browser.wait_at(own + pause)
                            self.assertIn("page of another site", browser.run("return document.body.innerText;"))
                            browser.go(there)
                            browser.run(f"""const f = document.createElement('form'); f.method = 'POST'; f.action = '{own}{GENERATE}';
                                const i = document.createElement('input'); i.name = 'json'; i.value = JSON.stringify({{name: 'sent', role: 'admin', duration: 0}});
                                f.append(i); document.body.append(f); f.submit();""")
                            # Without a cookie it is asked for a password, and nobody is there to give one.
                            browser.wait_at(own + GENERATE if name == "127.0.0.1" else "chrome-error:")
                            if name == "127.0.0.1":
                                self.assertIn("page of another site", browser.run("return document.body.innerText;"))
                keys = [k["kismet.httpd.auth.name"] for k in json.loads(ask(host, LIST, headers=ADMIN).octets)]
                self.assertEqual(keys, ["our own"])
                source = json.loads(ask(host, f"/datasource/by-uuid/{PASSIVE}/source.json").octets)
                self.assertEqual(source["kismet.datasource.paused"], 0)
                # Who follows a link from there is still logged in.
                browser.go(f"http://localhost:{evil.server_port}/loud")
                browser.run(f"location.href = '{own}{CHECK}';")
                browser.wait_at(own + CHECK)
                self.assertEqual(browser.run("return document.body.innerText;"), "Session valid\n")
        finally:
            browser.close()
            evil.shutdown()
            evil.server_close()


class RequireLogin(Case):
    def test_reading_needs_a_login_then(self):
        with tempfile.TemporaryDirectory() as site, running("httpd_require_login=true", f"httpd_home={site}") as host:
            with open(os.path.join(site, "file.txt"), "w", encoding="ascii") as f:
                f.write("a file")
            readers = {role: cookie(make_key(host, role, role)) for role in ("readonly", "datasource")}
            for path in ("/", "/system/status.json", "/devices/all_devices.json", "/messagebus/all_messages.json", "/file.txt", "/nowhere.json"):
                with self.subTest(path):
                    there = 404 if path == "/nowhere.json" else 200
                    if there == 200:
                        none = self.expect(ask(host, path), 401)
                        self.assertIn("WWW-Authenticate", none.headers)
                        self.expect(ask(host, path, headers=readers["datasource"]), 403, "^ERROR: this needs a login with the role readonly")
                    self.expect(ask(host, path, headers=readers["readonly"]), there)
                    self.expect(ask(host, path, headers=ADMIN), there)
            self.expect(ask(host, "/session/check_setup_ok"), 406)
            self.expect(ask(host, "/session/check_login"), 403)
            self.expect(ask(host, CHECK), 401)


class Documentation(Case):
    def test_the_examples_give_what_they_say(self):
        with open(os.path.join(SOURCE, "doc/logins.md"), encoding="utf-8") as f:
            blocks = re.findall(r"^```sh\n(.*?)^```", f.read(), re.S | re.M)
        lines = [line for block in blocks for line in block.splitlines()]
        self.assertGreater(len(lines), 10)
        with tempfile.TemporaryDirectory() as folder, running(login=("aerie", "password")) as host:
            for line in lines:
                with self.subTest(line):
                    words, _, wanted = line.partition("# ")
                    words = words.replace("http://localhost:2501", f"http://127.0.0.1:{host.port}")
                    words = words.replace("curl ", "curl --silent --show-error --fail ", 1)
                    run = subprocess.run(["sh", "-c", words], cwd=folder, capture_output=True, text=True, check=False)
                    self.assertEqual((run.returncode, run.stderr), (0, ""))
                    if wanted:
                        self.assertEqual(run.stdout.strip(), wanted.strip())


class Proxies(Case):
    def test_the_cookie_is_for_our_prefix_and_for_tls_when_a_trusted_proxy_says_so(self):
        with running("httpd_uri_prefix=/aerie", "httpd_trusted_proxy=127.0.0.5") as host:
            https = {**ADMIN, "X-Forwarded-Proto": "https"}
            for address, attributes in (("127.0.0.5", "; Path=/aerie; HttpOnly; SameSite=Lax; Secure"), ("127.0.0.6", "; Path=/aerie; HttpOnly; SameSite=Lax")):
                reply = self.expect(ask(host, "/aerie" + CHECK, headers=https, address=address), 200)
                self.assertEqual(reply.headers["Set-Cookie"].partition(";")[1] + reply.headers["Set-Cookie"].partition(";")[2], attributes)

    def test_guesses_by_way_of_a_trusted_proxy_are_counted_for_the_client(self):
        with running("httpd_trusted_proxy=127.0.0.5") as host:
            def by_proxy(client, login):
                return ask(host, CHECK, headers={**login, "X-Forwarded-For": client}, address="127.0.0.5").status

            self.assertEqual([by_proxy("192.0.2.1", basic("tester", f"guess {i}")) for i in range(7)], [401] * 6 + [429])
            self.assertEqual(by_proxy("192.0.2.1", ADMIN), 429)
            self.assertEqual(by_proxy("192.0.2.2", ADMIN), 200)
            self.assertEqual([by_proxy(f"2001:db8::{i}", basic("tester", f"guess {i}")) for i in range(1, 8)], [401] * 6 + [429])
            self.assertEqual(by_proxy("2001:db8:0:1::1", ADMIN), 200)


class Tls(Case):
    def test_the_cookie_of_a_tls_connection_is_for_tls_only(self):
        with tempfile.TemporaryDirectory() as folder:
            key, cert = os.path.join(folder, "key"), os.path.join(folder, "cert")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj",
                            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
            host = Host("-s", "httpd_ssl=true", "-s", f"httpd_ssl_cert={cert}", "-s", f"httpd_ssl_key={key}", capture=None)
            try:
                port = host.wait_for(r"HTTP server: https://127\.0\.0\.1:(\d+)/").group(1)
                with requests.Session() as s:
                    s.trust_env = False  # no proxies
                    s.verify = cert
                    first = s.get(f"https://127.0.0.1:{port}{CHECK}", auth=(LOGIN[0], LOGIN[1].encode()))
                    self.assertRegex(first.headers["Set-Cookie"], r"; HttpOnly; SameSite=Lax; Secure$")
                    self.assertEqual(s.get(f"https://127.0.0.1:{port}{CHECK}").text, "Session valid\n")
                    own = {"Origin": f"https://127.0.0.1:{port}"}
                    self.assertEqual(s.post(f"https://127.0.0.1:{port}{REVOKE}", json={"name": "x"}, headers=own).status_code, 404)
            finally:
                host.end()


if __name__ == "__main__":
    unittest.main()
