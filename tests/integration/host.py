# SPDX-License-Identifier: MIT
"""A running daemon for tests, and how its replies are read and compared."""
import base64
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

import msgpack

BUILD = os.environ.get("AERIE_BUILD", "build")
SOURCE = os.environ.get("AERIE_SOURCE", ".")
CAPTURE = os.path.join(SOURCE, "tests/data/lab-ch6.pcap")
MODULES = os.path.join(BUILD, "tests/integration/modules/.libs")
PATIENCE = 60
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.path.join(os.path.abspath(BUILD), "tests/hypothesis"))  # not where it is started


class Host:
    """A running aeried with a home of its own, and what it has said so far."""

    def __init__(self, *args, home=None, capture=CAPTURE, login=("tester", "pa:ss wörd")):
        self.folder = None
        if home is None:
            self.folder = tempfile.TemporaryDirectory()
            home = self.folder.name
        command = [os.path.join(BUILD, "bin/aeried"), "--home", home, "--plugin-dir", MODULES, "-s", "httpd_port=0", "-s", "remote_capture_port=0"]
        if login:
            command += ["-s", f"httpd_username={login[0]}", "-s", f"httpd_password={login[1]}"]
        if capture:
            command += ["-c", capture]
        self.lines, self.changed = [], threading.Condition()
        self.process = subprocess.Popen(command + list(args), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        errors="replace")
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.port = None

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def wait_for(self, pattern):
        """The first line that matches; fails when the daemon ends before."""
        seen = 0
        end = time.monotonic() + PATIENCE
        with self.changed:
            while True:
                for line in self.lines[seen:]:
                    seen += 1
                    if line is None:
                        raise AssertionError(f"no line matched {pattern!r} before the end: {self.lines}")
                    found = re.search(pattern, line)
                    if found:
                        return found
                if not self.changed.wait(end - time.monotonic()):
                    raise AssertionError(f"no line matched {pattern!r}: {self.lines}")

    def ready(self, loaded=True):
        self.port = int(self.wait_for(r"HTTP server: http://127\.0\.0\.1:(\d+)/").group(1))
        if loaded:
            self.wait_for(r"done, \d+ packets")
        return self

    def connect(self, timeout=PATIENCE):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, path, method="GET", body=None, headers={}):
        c = self.connect()
        try:
            c.request(method, path, body, headers)
            reply = c.getresponse()
            reply.octets = reply.read()
            return reply
        finally:
            c.close()

    def get(self, path):
        """The document at path, decoded by its suffix."""
        reply = self.ask(path)
        assert reply.status == 200, (path, reply.status, reply.octets)
        if path.endswith(".msgpack"):
            return msgpack.unpackb(reply.octets, strict_map_key=False)
        if path.endswith(".ekjson"):
            assert reply.octets == b"" or reply.octets.endswith(b"\n")
            return [json.loads(line) for line in reply.octets.splitlines()]
        return json.loads(reply.octets)

    def raw(self, octets, shut=True):
        """What the daemon answers to these octets, until it closes or goes quiet."""
        s = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        answer = b""
        try:
            s.sendall(octets)
            if shut:
                s.shutdown(socket.SHUT_WR)
            while True:
                piece = s.recv(65536)
                if not piece:
                    return answer
                answer += piece
        except OSError:
            return answer
        finally:
            s.close()

    def resident_kib(self):
        """Its memory, as the kernel counts it."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024

    def end(self):
        """Ends it, checks that it ended well, and gives what it said."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        self.reader.join()
        self.process.stdout.close()
        if self.folder:
            self.folder.cleanup()
        assert status == 0, (status, self.lines)
        return self.lines

    def fail(self):
        """The exit status of a daemon that ends by itself, and what it said."""
        status = self.process.wait(PATIENCE)
        self.reader.join()
        self.process.stdout.close()
        if self.folder:
            self.folder.cleanup()
        return status, "\n".join(line for line in self.lines if line is not None)


PASSING = re.compile(r"rrd|[._]timestamp[._]u?sec|messagebus[._]timestamp|num_http_connections|string_cache_size|memory[._]rss|sensors|remaining")


def stable(value):
    """Without what changes from one second to the next, and with numbers as JSON has them."""
    if isinstance(value, dict):
        return {k: stable(v) for k, v in value.items() if not PASSING.search(str(k))}
    if isinstance(value, list):
        return [stable(v) for v in value]
    if isinstance(value, float):
        return round(value, 6)
    return value


FIELD = re.compile(r"^(kismet|dot11|aerie)[._]")


def underscored(value):
    """The names of fields as ekjson has them; keys of maps stay."""
    if isinstance(value, dict):
        return {k.replace(".", "_") if FIELD.match(k) else k: underscored(v) for k, v in value.items()}
    return [underscored(v) for v in value] if isinstance(value, list) else value


def in_order(value):
    """Lists of devices come in no promised order."""
    if isinstance(value, list):
        for key in ("kismet.device.base.key", "kismet_device_base_key"):
            if value and all(isinstance(v, dict) and key in v for v in value):
                return sorted(value, key=lambda v: v[key])
    return value


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
