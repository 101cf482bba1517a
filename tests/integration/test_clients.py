#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The REST interface as real clients use it: curl as in the specification's examples, Python with requests, msgpack and websocket-client,
wget, and a page in headless Chromium that calls fetch() and opens a WebSocket with the cookie that it got."""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

import msgpack
import websocket

from host import Host

USER, PASSWORD = "tester", "secret"
PATIENCE = 60
FIELDS = ["kismet.device.base.macaddr", ["kismet.device.base.signal/kismet.common.signal.last_signal", "base.last.signal"]]


def run(*command, status=0, **more):
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, **more)
    assert status is None or done.returncode == status, (command, done.returncode, done.stderr)
    return done


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host(login=(USER, PASSWORD)).ready()
        cls.base = f"http://127.0.0.1:{cls.host.port}"
        cls.login_base = f"http://{USER}:{PASSWORD}@127.0.0.1:{cls.host.port}"
        cls.devices = cls.host.get("/devices/all_devices.json")
        cls.key = cls.devices[0]["kismet.device.base.key"]
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.host.end()
        cls.folder.cleanup()

    # ---- curl ----

    def curl(self, *arguments):
        return run("curl", "-sS", "--fail-with-body", *arguments).stdout

    def test_curl_reads_lists_as_in_the_specification(self):
        sources = json.loads(self.curl(self.base + "/datasource/all_sources.json"))
        self.assertEqual(len(sources), 1)
        self.assertIn("kismet.datasource.capture_interface", sources[0])

    def test_curl_posts_a_command_with_a_login_in_the_uri(self):
        reply = self.curl("-d", 'json={"username": "Aerie", "unknown": 1}',
                          f"{self.login_base}/devices/by-key/{self.key}/set_name.cmd")
        self.assertTrue(reply)
        # curl -d sends '&' and '+' as they are: the first ends the variable, which is then no JSON.
        bad = run("curl", "-sS", "-o", "-", "-w", "%{http_code}", "-d", 'json={"username": "a&b"}', f"{self.login_base}/devices/by-key/{self.key}/set_name.cmd")
        self.assertTrue(bad.stdout.endswith(b"400"), bad.stdout)
        self.curl("--data-urlencode", 'json={"username": "Aerie & Söhne + 1=1"}', f"{self.login_base}/devices/by-key/{self.key}/set_name.cmd")
        device = json.loads(self.curl(f"{self.base}/devices/by-key/{self.key}/device.json"))
        self.assertEqual(device["kismet.device.base.username"], "Aerie & Söhne + 1=1")
        self.assertEqual(device["kismet.device.base.commonname"], "Aerie & Söhne + 1=1")

    def test_curl_posts_a_form_in_parts(self):
        path, name = f"/devices/by-key/{self.key}/set_name.cmd", "50 % & Söhne + 1=1\r\n--x"
        command = os.path.join(self.folder.name, "command.json")
        with open(command, "w", encoding="utf-8") as f:
            json.dump({"username": name + " of a file"}, f)
        for part, username in (("json=" + json.dumps({"username": name}), name), (f"json=@{command}", name + " of a file"),
                               (f"json=<{command}", name + " of a file"), ("msgpack=" + base64.b64encode(msgpack.packb({"username": name})).decode(), name)):
            self.curl("-F", "other=1", "-F", part, "-F", "empty=", self.login_base + path)
            device = json.loads(self.curl(f"{self.base}/devices/by-key/{self.key}/device.json"))
            self.assertEqual(device["kismet.device.base.username"], username, part)

    def test_curl_keeps_a_session_in_its_cookie_jar(self):
        jar = os.path.join(self.folder.name, "jar")
        self.curl("-c", jar, f"{self.login_base}/session/check_session")
        with open(jar, encoding="utf-8") as f:
            line = next(line for line in f if "KISMET" in line)
        self.assertTrue(line.startswith("#HttpOnly_"), line)
        self.assertEqual(self.curl("-b", jar, self.base + "/session/check_session"), b"Session valid\n")
        self.assertEqual(run("curl", "-s", "-o", os.devnull, "-w", "%{http_code}", self.base + "/session/check_session").stdout, b"401")

    def test_curl_gets_gzip_when_it_asks_for_it(self):
        plain = self.curl(self.base + "/devices/all_devices.ekjson")
        packed = self.curl("-H", "Accept-Encoding: gzip", self.base + "/devices/all_devices.ekjson")
        self.assertEqual(packed[:2], b"\x1f\x8b")
        self.assertLess(len(packed), len(plain) // 3)
        again = self.curl("--compressed", self.base + "/devices/all_devices.ekjson")
        self.assertEqual(len(again.splitlines()), len(plain.splitlines()))

    # ---- wget ----

    def test_wget_fetches_a_list_and_logs_in(self):
        out = run("wget", "-q", "-O", "-", self.base + "/devices/all_devices.json").stdout
        self.assertEqual(len(json.loads(out)), len(self.devices))
        out = run("wget", "-q", "-O", "-", "--user", USER, "--password", PASSWORD, self.base + "/session/check_session").stdout
        self.assertEqual(out, b"Session valid\n")

    # ---- Python ----

    def requests(self):
        import requests

        return requests

    def test_requests_with_a_session_form_json_and_msgpack(self):
        requests = self.requests()
        with requests.Session() as s:
            s.auth = (USER, PASSWORD)
            self.assertEqual(s.get(self.base + "/session/check_session").status_code, 200)
            s.auth = None
            self.assertIn("KISMET", s.cookies)
            self.assertEqual(s.get(self.base + "/session/check_session").status_code, 200)
            expected = sorted(d["kismet.device.base.macaddr"] for d in self.devices)
            for reply in (s.post(self.base + "/devices/summary/devices.json", data={"json": json.dumps({"fields": FIELDS})}),
                          s.post(self.base + "/devices/summary/devices.json", json={"fields": FIELDS}),
                          s.post(self.base + "/devices/summary/devices.json", files={"json": (None, json.dumps({"fields": FIELDS}))}),
                          s.post(self.base + "/devices/summary/devices.msgpack",
                                 data={"msgpack": base64.b64encode(msgpack.packb({"fields": FIELDS}))}),
                          s.post(self.base + "/devices/last-time/-86400/devices.ekjson", data={"json": json.dumps({"fields": FIELDS})}),
                          s.post(self.base + "/devices/last-time/0/devices.itjson", data={"json": json.dumps({"fields": FIELDS})}, stream=True)):
                self.assertEqual(reply.status_code, 200, reply.text)
                name = reply.request.url.rsplit(".", 1)[1]
                if name == "msgpack":
                    rows = msgpack.unpackb(reply.content)
                elif name == "json":
                    rows = reply.json()
                else:
                    rows = [json.loads(line) for line in reply.iter_lines()]
                mac = "kismet_device_base_macaddr" if name == "ekjson" else "kismet.device.base.macaddr"
                signal = "base_last_signal" if name == "ekjson" else "base.last.signal"
                self.assertEqual(sorted(r[mac] for r in rows), expected)
                self.assertTrue(all(list(r) == [mac, signal] for r in rows))

    def test_requests_with_an_api_key(self):
        requests = self.requests()
        made = requests.post(self.base + "/auth/apikey/generate.cmd", auth=(USER, PASSWORD),
                             data={"json": json.dumps({"name": "script", "role": "readonly", "duration": 0})})
        self.assertEqual(made.status_code, 200, made.text)
        key = made.text.strip()
        for way in ({"cookies": {"KISMET": key}}, {"params": {"KISMET": key}}):
            self.assertEqual(requests.get(self.base + "/session/check_session", **way).status_code, 200)
            refused = requests.post(f"{self.base}/devices/by-key/{self.key}/set_name.cmd", json={"username": "x"}, **way)
            self.assertEqual(refused.status_code, 403, refused.text)

    def test_websocket_client_hears_the_event_bus(self):
        ws = websocket.create_connection(f"ws://127.0.0.1:{self.host.port}/eventbus/events.ws?user={USER}&password={PASSWORD}", timeout=PATIENCE)
        try:
            ws.send(json.dumps({"SUBSCRIBE": "TIMESTAMP"}))
            event = json.loads(ws.recv())
            self.assertIn("kismet.system.timestamp.sec", event["TIMESTAMP"])
        finally:
            ws.close()

    # ---- a browser ----

    def browse(self, browser, url, promise):
        """What a promise of the page at url gives, asked over the browser's debugging port."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            process = subprocess.Popen([browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                                        "--disable-background-networking", "--disable-component-update", "--disable-sync",
                                        f"--user-data-dir={profile}", "--remote-debugging-port=0", url], stderr=subprocess.PIPE, text=True)
            try:
                port = next(m.group(1) for m in (re.search(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line) for line in process.stderr) if m)
                threading.Thread(target=process.stderr.read, daemon=True).start()
                end = time.monotonic() + PATIENCE
                while True:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as reply:
                        pages = [p for p in json.load(reply) if p["type"] == "page" and p["url"] == url]
                    if pages or time.monotonic() > end:
                        break
                    time.sleep(0.05)
                ws = websocket.create_connection(pages[0]["webSocketDebuggerUrl"], timeout=PATIENCE, suppress_origin=True)
                try:
                    while time.monotonic() < end: # until the script of the page has run
                        ws.send(json.dumps({"id": 1, "method": "Runtime.evaluate",
                                            "params": {"expression": promise, "awaitPromise": True, "returnByValue": True}}))
                        result = json.loads(ws.recv())["result"]["result"]
                        if "value" in result:
                            return result["value"]
                        time.sleep(0.05)
                    raise AssertionError(f"the page never had {promise}")
                finally:
                    ws.close()
            finally:
                process.terminate()
                process.wait(PATIENCE)
                process.stderr.close()

    def test_a_page_in_chromium_logs_in_fetches_posts_and_listens(self):
        browser = shutil.which("chromium") or shutil.which("chromium-browser")
        if not browser:
            self.skipTest("no chromium")
        home = os.path.join(self.folder.name, "web")
        os.mkdir(home)
        with open(os.path.join(home, "page.html"), "w", encoding="utf-8") as f:
            f.write('<!doctype html><meta charset="utf-8"><title>t</title><script src="page.js"></script>\n')
        with open(os.path.join(home, "page.js"), "w", encoding="utf-8") as f:
            f.write("""
const out = {};
async function go() {
	const text = async (r) => [r.status, await r.text()];
	out.before = await text(await fetch('/session/check_session?quiet', {credentials: 'omit'}));
	out.login = await text(await fetch('/session/check_session', {headers: {Authorization: 'Basic ' + btoa('%s:%s')}}));
	out.after = await text(await fetch('/session/check_session'));
	out.cookie = document.cookie;
	const devices = await (await fetch('/devices/all_devices.json')).json();
	out.devices = devices.length;
	const body = new URLSearchParams({json: JSON.stringify({username: 'from a page & more'})});
	out.named = await text(await fetch('/devices/by-key/' + devices[0]['kismet.device.base.key'] + '/set_name.cmd', {method: 'POST', body}));
	const form = new FormData();
	form.append('json', JSON.stringify({tagname: 'ä "&+=%%"', tagvalue: '1\\n2'}));
	out.tagged = await text(await fetch('/devices/by-key/' + devices[0]['kismet.device.base.key'] + '/set_tag.cmd', {method: 'POST', body: form}));
	out.tags = await (await fetch('/devices/by-key/' + devices[0]['kismet.device.base.key'] + '/device.json/kismet.device.base.tags')).json();
	const rows = await (await fetch('/devices/summary/devices.json', {method: 'POST', headers: {'Content-Type': 'application/json'},
		body: JSON.stringify({fields: ['kismet.device.base.username'], regex: [['kismet.device.base.username', '^from a page']]})})).json();
	out.rows = rows;
	out.event = await new Promise((done) => {
		const ws = new WebSocket('ws://' + location.host + '/eventbus/events.ws');
		ws.onopen = () => ws.send(JSON.stringify({SUBSCRIBE: 'TIMESTAMP'}));
		ws.onmessage = (m) => { done(JSON.parse(m.data)); ws.close(); };
		ws.onclose = () => done('closed');
	});
}
document.out = go().catch((e) => { out.error = String(e); }).then(() => out);
""" % (USER, PASSWORD))
        host = Host("-s", f"httpd_user_home={home}", login=(USER, PASSWORD)).ready()
        try:
            out = self.browse(browser, f"http://127.0.0.1:{host.port}/page.html", "document.out")
        finally:
            host.end()
        self.assertNotIn("error", out)
        self.assertEqual(out["before"][0], 401)
        self.assertEqual(out["login"], [200, "Session valid\n"])
        self.assertEqual(out["after"], [200, "Session valid\n"])
        self.assertEqual(out["cookie"], "", "the cookie is not for scripts")
        self.assertEqual(out["devices"], len(self.devices))
        self.assertEqual(out["named"][0], 200, out["named"])
        self.assertEqual(out["tagged"][0], 200, out["tagged"])
        self.assertEqual(out["tags"], {'ä "&+=%"': "1\n2"})
        self.assertEqual(out["rows"], [{"kismet.device.base.username": "from a page & more"}])
        self.assertIn("TIMESTAMP", out["event"])

    def test_the_start_page_follows_the_host_through_a_restart(self):
        browser = shutil.which("chromium") or shutil.which("chromium-browser")
        if not browser:
            self.skipTest("no chromium")
        host = Host("-s", "httpd_require_login=true", login=(USER, PASSWORD)).ready()
        with Page(browser, f"http://{USER}:{PASSWORD}@127.0.0.1:{host.port}/") as page:
            page.wait_for("note", f"{len(self.devices)} shown")
            self.assertEqual(page.evaluate("document.querySelectorAll('#devices tr').length"), len(self.devices))
            self.assertEqual(page.evaluate("document.querySelector('#devices a').pathname.split('/').pop()"), "device.prettyjson")
            host.end()
            page.wait_for("note", "no answer from the server: Failed to fetch")
            host = Host("-p", str(host.port), login=(USER, PASSWORD), capture=None).ready(loaded=False)
            page.wait_for("note", "0 shown")
            self.assertEqual(page.evaluate("document.querySelectorAll('#devices tr').length"), 0)
            host.end()


    def test_the_reference_is_read_on_a_phone_without_scrolling_sideways(self):
        browser = shutil.which("chromium") or shutil.which("chromium-browser")
        if not browser:
            self.skipTest("no chromium")
        for path in ("/docs/", "/docs/endpoints.html", "/docs/fields.html", "/docs/records.html", "/docs/formats.html", "/system/tracked_fields.html"):
            with self.subTest(path), Page(browser, f"http://127.0.0.1:{self.host.port}{path}") as page:
                for width in (360, 1280):
                    page.resize(width)
                    page.wait_until(f"document.readyState === 'complete' && innerWidth === {width}")
                    wide = page.evaluate("[document.documentElement, ...document.querySelectorAll('.scroll')]"
                                         ".filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent.slice(0, 80))")
                    self.assertEqual(wide, [], width)


class Page:
    """A page in headless Chromium, as its DevTools protocol shows it."""

    def __init__(self, browser, address):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen([browser, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
                                         "--remote-allow-origins=*", f"--user-data-dir={self.folder.name}", address],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.number = 0
        self.socket = websocket.create_connection(self.find(address), timeout=PATIENCE)

    def find(self, address):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                with open(os.path.join(self.folder.name, "DevToolsActivePort"), encoding="ascii") as f:
                    port = int(f.readline())
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=PATIENCE) as reply:
                    return next(t for t in json.load(reply) if t["url"].endswith(address.split("@")[-1]))["webSocketDebuggerUrl"]
            except (OSError, ValueError, StopIteration):
                time.sleep(0.1)
        raise AssertionError("chromium does not show the page")

    def call(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                return answer.get("result", {})

    def resize(self, width):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 1000)

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer.get("result", {}).get("value")  # none while the page is exchanged

    def wait_until(self, expression):
        end = time.monotonic() + PATIENCE
        while not self.evaluate(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.05)

    def wait_for(self, element, text):
        """Until the element says this; what it said otherwise fails the test."""
        end, said = time.monotonic() + PATIENCE, None
        while said != text and time.monotonic() < end:
            said = self.evaluate(f"document.getElementById({json.dumps(element)})?.textContent")
            time.sleep(0.05)
        assert said == text, said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.terminate()
        self.process.wait(PATIENCE)
        for _ in range(100):
            try:
                self.folder.cleanup()
                return
            except OSError:  # a child of the browser still writes
                time.sleep(0.1)


if __name__ == "__main__":
    unittest.main()
