#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make bench: what the host costs, on synthetic air (gen_air.c) that is made once and kept in the build tree.

  speed    CPU seconds (user and system, of the host and its capture process together) for 1,000,000 packets, and the ratio to
           hcxpcapngtool and to a bare pcap_next_ex() loop on the same file. The three take turns; the best of each counts.
  memory   peak, and resident octets per device with 10,000 and 1,000,000 devices
  links    the same packets to a host by pipe, TCP and WebSocket: none lost, octets per packet on the wire, CPU of both sides
  formats  how fast all devices leave over HTTP in each format
  select   what a list costs inside the host, on one core and without sockets: whole records, and five fields of each device; the
           ratio is to copying the same octets
  load     lists and single devices over HTTP while packets arrive, from a radio at a steady rate and from a file as fast as it can be read:
           what ingest loses, what is dropped, and how long single devices take (the client's own time included; it is a process of its own)
  http     what lists cost over a socket, plain and compressed; the ratio is to a server that only copies the same octets

Figures of one run can be compared with each other; those of different machines, or of a busy one, cannot."""
import argparse
import base64
import http.client
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.environ.get("AERIE_BUILD", "build")
AERIED = os.path.join(BUILD, "bin/aeried")
BENCH = os.path.join(BUILD, "tests/bench")
TURNS = 8  # of each measurement of load
NO_SERVER = ["--no-plugin", "*httpd*"]


class Failed(Exception):
    pass


def air(name, *arguments):
    """A generated capture; its arguments are part of the name, so that a changed scene is made anew."""
    folder = os.path.join(BENCH, "air")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "-".join([name, *(a.lstrip("-") for a in arguments)]) + ".pcap")
    generator = os.path.join(BENCH, "gen_air")
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(generator):
        print(f"making {path}", flush=True)
        subprocess.run([generator, *arguments, path + ".part"], check=True, stdout=subprocess.DEVNULL)
        os.rename(path + ".part", path)
    with open(path, "rb", buffering=0) as f:  # into the page cache
        while f.read(1 << 24):
            pass
    return path


def status_kb(pid, key):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
            return int(re.search(rf"^{key}:\s+(\d+)", f.read(), re.M).group(1))
    except (OSError, AttributeError):
        return 0


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(command):
    """Runs a command; CPU seconds of it and all its children, seconds, peak kB of the largest process, its output."""
    with tempfile.TemporaryFile() as out:
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        peak = 0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, status_kb(process.pid, "VmHWM"))
            time.sleep(0.01)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read().decode(errors="replace")
    if process.returncode != 0:
        raise Failed(f"{' '.join(command)}: status {process.returncode}\n{text}")
    return usage.ru_utime + usage.ru_stime, seconds, peak, text


class Home:
    """A folder of its own for each run of the host."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="aerie-bench-")
        return ["--home", self.path, "-s", "remote_capture_enabled=false"]

    def __exit__(self, *unused):
        shutil.rmtree(self.path, ignore_errors=True)


def run_host(capture):
    with Home() as home:
        cpu, seconds, peak, text = run([AERIED, *home, *NO_SERVER, "-c", capture, "--exit-when-done"])
    done = re.search(r"^done: packets=(\d+) dropped=(\d+) errors=(\d+) devices=(\d+)", text, re.M)
    if not done:
        raise Failed(f"the host did not say that it is done:\n{text}")
    return cpu, seconds, peak, [int(n) for n in done.groups()]


def speed(packets, rounds):
    capture = air("mix", "--packets", str(packets))
    hcx = shutil.which("hcxpcapngtool")
    best = {}

    def keep(name, cpu, seconds):
        old = best.get(name, (1e9, 1e9))
        best[name] = (min(cpu, old[0]), min(seconds, old[1]))

    for _ in range(rounds):
        cpu, seconds, peak, (seen, dropped, errors, devices) = run_host(capture)
        if (seen, dropped, errors) != (packets, 0, 0):
            raise Failed(f"packets={seen} dropped={dropped} errors={errors}, expected {packets}, 0, 0")
        if not devices:
            raise Failed("no devices: is the module phy80211 there?")
        keep("host", cpu, seconds)
        keep("loop", *run([os.path.join(BENCH, "pcap_loop"), capture])[:2])
        if hcx:
            with tempfile.TemporaryDirectory() as folder:
                keep("hcx", *run([hcx, "-o", os.path.join(folder, "hashes"), capture])[:2])

    size = os.path.getsize(capture) / 1e6
    print(f"\nspeed: {packets} packets, {size:.0f} MB, {devices} devices; best of {rounds}")
    for name, label in (("host", "host and capture process"), ("hcx", "hcxpcapngtool"), ("loop", "pcap_next_ex loop")):
        if name in best:
            cpu, seconds = best[name]
            print(f"  {label:26} {cpu:7.3f} CPU s  {cpu / packets * 1e6:6.3f} us/packet  {packets / cpu:11.0f} packets/CPU s"
                  f"  {seconds:7.3f} s")
    cpu = best["host"][0]
    if hcx:
        print(f"  ratio to hcxpcapngtool     {cpu / best['hcx'][0]:7.2f}  (wanted: at most 1.50)")
    else:
        print("  ratio to hcxpcapngtool     not measured: it is not installed")
    print(f"  ratio to pcap_next_ex      {cpu / best['loop'][0]:7.2f}")
    print(f"  peak memory of the host    {peak / 1024:7.1f} MiB")


class Counter(threading.Thread):
    """Passes a connection on to a port and counts its octets in the direction of the host."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.target, self.octets = self.listener.getsockname()[1], port, 0
        self.start()

    def pump(self, a, b, count):
        room = bytearray(1 << 20)
        while n := a.recv_into(room):
            b.sendall(memoryview(room)[:n])
            self.octets += n if count else 0
        try:
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def run(self):
        a, _ = self.listener.accept()
        b = socket.create_connection(("127.0.0.1", self.target))
        back = threading.Thread(target=self.pump, args=(b, a, False), daemon=True)
        back.start()
        self.pump(a, b, True)
        back.join()
        a.close()
        b.close()


def line_of(process, pattern):
    """Waits for a line of the host's log."""
    for line in process.stdout:
        if found := re.search(pattern, line):
            return found
    raise Failed(f"the host ended without '{pattern}'")


def run_remote(capture, packets, web, through=None):
    """CPU seconds of the host, of the capture program, and seconds; through: a function from the host's port to another."""
    settings = ["remote_capture_enabled=true", "remote_capture_port=0", "override_remote_timestamp=false", "httpd_username=bench", "httpd_password=bench"]
    with Home() as home:
        host = subprocess.Popen([AERIED, *home, "-p", "0", *(a for s in settings for a in ("-s", s))], text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            ports = {}
            while len(ports) < 2:
                found = line_of(host, r"(HTTP server: http|remote captures may connect)\D.*?127\.0\.0\.1(?::| port )(\d+)")
                ports[found.group(1).startswith("HTTP")] = int(found.group(2))
            port = through(ports[web]) if through else ports[web]
            before = cpu_seconds(host.pid)
            cpu, seconds, _, _ = run([os.path.join(BUILD, "bin/aerie-cap-pcapfile"), f"--connect=127.0.0.1:{port}", f"--source={capture}",
                                      "--disable-retry", *(["--user=bench", "--password=bench"] if web else ["--tcp"])])
            seen = int(line_of(host, r"done, (\d+) packets").group(1))
            if seen != packets:
                raise Failed(f"{seen} packets came, expected {packets}")
            return cpu_seconds(host.pid) - before, cpu, seconds
        finally:
            host.terminate()
            host.stdout.close()
            host.wait()


def pipe_octets(capture):
    """What the capture program writes for this file."""
    (child_in, to), (back, child_out) = os.pipe(), os.pipe()
    process = subprocess.Popen([os.path.join(BUILD, "bin/aerie-cap-pcapfile"), f"--in-fd={child_in}", f"--out-fd={child_out}"],
                               pass_fds=(child_in, child_out))
    os.close(child_in)
    os.close(child_out)
    body = b"\x81\x01\xda" + struct.pack(">H", len(os.fsencode(capture))) + os.fsencode(capture)
    os.write(to, struct.pack(">IHHIHHI", 0xDECAFBAD, 0xA9A9, 3, len(body), 12, 1, 1) + body)  # OPENREQ
    octets = 0
    while n := len(os.read(back, 1 << 20)):
        octets += n
    os.close(to)
    os.close(back)
    if process.wait() != 0:
        raise Failed(f"aerie-cap-pcapfile: status {process.returncode}")
    return octets


def links(packets, rounds):
    capture = air("mix", "--packets", str(packets))
    print(f"\nlinks: {packets} packets, none lost; best of {rounds}")
    for name, web in (("pipe", None), ("TCP", False), ("WebSocket", True)):
        best, parts = (1e9, 0), ""
        for _ in range(rounds):
            if web is None:
                cpu, seconds, _, done = run_host(capture)
                if done[:2] != [packets, 0]:
                    raise Failed(f"packets={done[0]} dropped={done[1]}")
            else:
                host, program, seconds = run_remote(capture, packets, web)
                cpu = host + program
                parts = f" (host {host / packets * 1e6:.3f}, capture program {program / packets * 1e6:.3f})"
            best = min(best, (cpu, seconds, parts))
        if web is None:
            octets = pipe_octets(capture)
        else:
            counters = []
            run_remote(capture, packets, web, lambda port: counters.append(Counter(port)) or counters[0].port)
            octets = counters[0].octets
        cpu, seconds, parts = best
        print(f"  {name:10} {octets / packets:7.1f} octets/packet  {cpu / packets * 1e6:6.3f} us/packet{parts}  {seconds:7.3f} s")


def settled(process, limit=600):
    """Waits until a host has read its sources: no capture process is left, and it has nothing to do."""
    until = time.monotonic() + limit
    quiet, last = 0, -1.0
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Failed(f"the host ended with status {process.returncode}")
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as f:
            children = f.read().split()
        cpu = cpu_seconds(process.pid)
        quiet = quiet + 1 if not children and cpu == last else 0
        last = cpu
        if quiet >= 5:
            return
        time.sleep(0.1)
    raise Failed("the host does not come to rest")


def resident(sources):
    """Resident and peak octets of a host that has read its sources."""
    with Home() as home:
        process = subprocess.Popen([AERIED, *home, *NO_SERVER, *sources], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            settled(process)
            return status_kb(process.pid, "VmRSS") * 1024, status_kb(process.pid, "VmHWM") * 1024
        finally:
            process.terminate()
            process.wait()


def memory(counts):
    idle, _ = resident([])
    print(f"\nmemory: {idle / 2**20:.1f} MiB without devices")
    for count in counts:
        capture = air("crowd", "--devices", str(count))
        cpu, _, _, (packets, dropped, _, devices) = run_host(capture)
        if devices != count or dropped:
            raise Failed(f"devices={devices} dropped={dropped}, expected {count}, 0")
        rss, peak = resident(["-c", capture])
        wanted = "  (wanted: at most 1200)" if count >= 1000000 else ""
        print(f"  {count:9} devices: {(rss - idle) / count:7.0f} octets per device, {rss / count:7.0f} with the host itself{wanted}"
              f"  resident {rss / 2**20:.1f} MiB, peak {peak / 2**20:.1f} MiB, {cpu / packets * 1e6:.3f} us/packet")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fetch(port, path):
    """Reads a reply and throws it away; octets."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", path, headers={"Authorization": "Basic " + base64.b64encode(b"bench:bench").decode()})
    reply = connection.getresponse()
    if reply.status != 200:
        raise Failed(f"{path}: status {reply.status}: {reply.read(200)!r}")
    room, octets = bytearray(1 << 20), 0
    while True:
        n = reply.readinto(room)
        if not n:
            return octets
        octets += n


def wait_for_port(process, port):
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Failed("the host does not listen")


def formats(count, rounds):
    capture = air("crowd", "--devices", str(count))
    port = free_port()
    print(f"\nformats: /devices/all_devices of {count} devices over HTTP; best of {rounds}")
    with Home() as home:
        process = subprocess.Popen([AERIED, *home, "-p", str(port), "-s", "httpd_username=bench", "-s", "httpd_password=bench",
                                    "-c", capture], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            wait_for_port(process, port)
            settled(process)
            for suffix in ("json", "ekjson", "msgpack"):
                best = (1e9, 0.0)
                for _ in range(rounds):
                    cpu, started = cpu_seconds(process.pid), time.monotonic()
                    octets = fetch(port, f"/devices/all_devices.{suffix}")
                    best = min(best, (time.monotonic() - started, cpu_seconds(process.pid) - cpu))
                seconds, cpu = best
                print(f"  {suffix:8} {octets / 1e6:8.1f} MB  {octets / 1e6 / seconds:8.1f} MB/s  {count / seconds:10.0f} devices/s"
                      f"  {octets / count:6.0f} octets/device  {cpu:5.2f} CPU s")
        finally:
            process.terminate()
            process.wait()


FIVE_FIELDS = ["kismet.device.base.key", "kismet.device.base.macaddr", "kismet.device.base.last_time", "kismet.device.base.packets.total",
               "kismet.device.base.signal/kismet.common.signal.last_signal"]
SSIDS = ["kismet.device.base.macaddr", "dot11.device/dot11.device.advertised_ssid_map/dot11.advertisedssid.ssid"]
SERIES = ["kismet.device.base.macaddr", "kismet.device.base.packets.rrd/kismet.common.rrd.minute_vec"]

REGEX = [["kismet.device.base.macaddr", "^[0-9A-F]"]]


def post(port, path, command):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("POST", path, body=json.dumps(command),
                       headers={"Authorization": "Basic " + base64.b64encode(b"bench:bench").decode(),
                                "Content-Type": "application/json"})
    reply = connection.getresponse()
    text = reply.read().decode()
    if reply.status != 200:
        raise Failed(f"{path}: status {reply.status}: {text[:200]}")
    return text


def select(count, rounds):
    capture = air("crowd", "--devices", str(count))
    port = free_port()
    print(f"\nselect: lists of {count} devices within the host, one core; best of {rounds} (wanted: five fields 1,000,000 devices/s, "
          f"whole records in json 200 MB/s)")
    with Home() as home:
        process = subprocess.Popen([AERIED, *home, "-p", str(port), "-s", "httpd_username=bench", "-s", "httpd_password=bench",
                                    "--plugin-dir", os.path.join(BUILD, "modules/.libs"),
                                    "--plugin-dir", os.path.join(BENCH, "modules/.libs"), "-c", capture],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_port(process, port)
            settled(process)
            bare, endpoint = "/bench/devices", "/devices/summary/devices"
            for name, path, suffix, command in (("whole records", bare, "json", {}), ("whole records", bare, "msgpack", {}),
                                                ("five fields", bare, "json", {"fields": FIVE_FIELDS}),
                                                ("five fields", bare, "msgpack", {"fields": FIVE_FIELDS}),
                                                ("ssids", bare, "json", {"fields": SSIDS}),
                                                ("a series", bare, "json", {"fields": SERIES}),
                                                ("summary", endpoint, "json", {"fields": FIVE_FIELDS}),
                                                ("with a regex", endpoint, "json", {"fields": FIVE_FIELDS, "regex": REGEX})):
                text = post(port, f"/bench/measure?rounds={rounds}&path={path}.{suffix}", command)
                octets, seconds, copy = (float(n) for n in text.split())
                if octets <= 0:
                    raise Failed(f"{name}, {suffix}: error {octets}")
                print(f"  {name:14} {suffix:8} {octets / 1e6:8.1f} MB  {octets / 1e6 / seconds:8.1f} MB/s  {count / seconds:10.0f} devices/s"
                      f"  {octets / count:6.0f} octets/device  {seconds / copy:6.1f} times copying")
        finally:
            process.terminate()
            process.wait()


def client(port):
    return http.client.HTTPConnection("127.0.0.1", port, timeout=600)


def ask(connection, path, command=None):
    """The octets of an answer, on a connection that stays."""
    headers = {"Authorization": "Basic " + base64.b64encode(b"bench:bench").decode(), "Content-Type": "application/json"}
    connection.request("POST" if command else "GET", path, body=json.dumps(command) if command else None, headers=headers)
    reply = connection.getresponse()
    octets = reply.read()
    if reply.status != 200:
        raise Failed(f"{path}: status {reply.status}: {octets[:200]!r}")
    return octets


class Stopped(Exception):
    pass


class Reader:
    """A client of the host that runs until it is stopped. It is a process of its own, so that it shares no interpreter with anything else."""

    def __init__(self, port, *arguments):
        here, there = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                os.close(here)
                signal.signal(signal.SIGTERM, self.on_signal)
                with os.fdopen(there, "w", encoding="ascii") as out:
                    json.dump(self.result_of(port, *arguments), out)
            finally:
                os._exit(0)
        os.close(there)
        self.out = os.fdopen(here, encoding="ascii")

    @staticmethod
    def on_signal(*unused):
        raise Stopped

    def result_of(self, port, *arguments):
        result = []
        try:
            self.run(port, result, *arguments)
        except Stopped:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            return result
        return None

    def pause(self):
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        self.go_on()
        with self.out:
            text = self.out.read()
        os.waitpid(self.pid, 0)
        if not text or not (result := json.loads(text)):
            raise Failed("a client failed")
        return result


class ListReader(Reader):
    """Asks for lists without pause. Its result: the octets of each read."""

    def run(self, port, result):
        room = bytearray(1 << 20)
        while True:
            for path, command in (("/devices/summary/devices.json", {"fields": FIVE_FIELDS}),
                                  ("/devices/last-time/-5/devices.json", {"fields": FIVE_FIELDS}),
                                  ("/devices/views/all/devices.json", None)):
                connection = client(port)
                connection.request("POST" if command else "GET", path, json.dumps(command) if command else None,
                                   {"Content-Type": "application/json", "Connection": "close",
                                    "Authorization": "Basic " + base64.b64encode(b"bench:bench").decode()})
                reply = connection.getresponse()
                if reply.status != 200:
                    return
                while n := reply.fp.raw.readinto(room):  # chunks and all
                    result.append(n)
                connection.close()


class DeviceReader(Reader):
    """Asks for single devices, up to 200 times a second, on one connection, in plain octets: what it measures is the host and the kernel.
    In between it asks a server that only sends octets from memory: so much of it is the machine's.
    Its result: the seconds that each took, a pair a time."""

    def run(self, port, result, keys, bare_port):
        login = base64.b64encode(b"bench:bench").decode()
        connections = [socket.create_connection(("127.0.0.1", p), 60) for p in (port, bare_port)]
        while True:
            for key in keys:
                request = f"GET /devices/by-key/{key}/device.json HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}\r\n\r\n".encode()
                pair = []
                for connection in connections:
                    started = time.perf_counter()
                    connection.sendall(request)
                    if not self.answer(connection).startswith(b"HTTP/1.1 200 "):
                        return
                    pair.append(time.perf_counter() - started)
                    time.sleep(0.0025)
                result.append(pair)

    @staticmethod
    def answer(connection):
        octets = b""
        while piece := connection.recv(1 << 16):
            octets += piece
            head = octets.find(b"\r\n\r\n") + 4
            if head < 4:
                continue
            length = re.search(rb"\r\nContent-Length: (\d+)", octets[:head], re.I)
            if len(octets) >= head + int(length.group(1)) if length else octets.endswith(b"\r\n0\r\n\r\n"):
                return octets
        return b""

    def stop_into(self, both):
        for pair in self.stop():
            both[0].append(pair[0])
            both[1].append(pair[1])


class BareServer:
    """Answers whatever comes in on a connection with so many octets."""

    def __init__(self, octets):
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % octets + bytes(octets)
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.pid = os.fork()
        if not self.pid:
            try:
                while True:
                    self.serve(listener.accept()[0], answer)
            finally:
                os._exit(1)
        listener.close()

    @staticmethod
    def serve(connection, answer):
        with connection:
            try:
                while connection.recv(1 << 16):
                    connection.sendall(answer)
            except ConnectionError:
                pass  # the client was stopped

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def milliseconds(seconds):
    seconds = sorted(seconds)
    return (f"median {seconds[len(seconds) // 2] * 1e3:.2f} ms, 99 % {seconds[len(seconds) * 99 // 100] * 1e3:.2f} ms, "
            f"worst {seconds[-1] * 1e3:.2f} ms")


class Loaded:
    """A host with many devices and one source, with which clients can be let loose on it."""

    def __init__(self, process, port, source):
        self.process, self.port, self.source, self.control = process, port, source, client(port)
        self.keys = [d["kismet.device.base.key"] for d in json.loads(ask(self.control, "/devices/summary/devices.json",
                                                                         {"fields": FIVE_FIELDS}))[:200]]

    def packets(self):
        fields = ["kismet.datasource.name", "kismet.datasource.num_packets"]
        found = [s for s in json.loads(ask(self.control, "/datasource/all_sources.json", {"fields": fields}))
                 if s["kismet.datasource.name"] == self.source]
        return found[0]["kismet.datasource.num_packets"]

    def dropped(self):
        series = ask(self.control, "/packetchain/packet_stats.json",
                     {"fields": ["kismet.packetchain.dropped_packets_rrd/kismet.common.rrd.minute_vec"]})
        return sum(json.loads(series)["kismet.common.rrd.minute_vec"])

    def rate(self, seconds):
        before, started = self.packets(), time.monotonic()
        time.sleep(seconds)
        return (self.packets() - before) / (time.monotonic() - started)

    def measure(self, seconds):
        bare = BareServer(len(ask(self.control, f"/devices/by-key/{self.keys[0]}/device.json")))
        try:
            self.measure_beside(bare, seconds)
        finally:
            bare.close()

    def measure_beside(self, bare, seconds):
        """In turns, because other things run on the machine."""
        alone, quiet, together, cpu, took = 0, 0, 0, 0, 0
        quiet_times, times = ([], []), ([], [])
        lists = ListReader(self.port)
        lists.pause()
        time.sleep(1)
        for _ in range(TURNS):
            alone += self.rate(seconds / TURNS) / TURNS
            single = DeviceReader(self.port, self.keys, bare.port)
            quiet += self.rate(seconds / TURNS) / TURNS
            single.stop_into(quiet_times)
            single = DeviceReader(self.port, self.keys, bare.port)
            lists.go_on()
            cpu, took = cpu - cpu_seconds(self.process.pid), took - time.monotonic()
            together += self.rate(seconds / TURNS) / TURNS
            cpu, took = cpu + cpu_seconds(self.process.pid), took + time.monotonic()
            lists.pause()
            single.stop_into(times)
        octets = sum(lists.stop())
        print(f"  {self.source}: ingest alone {alone:.0f} packets/s, with single devices {quiet:.0f}, with lists too {together:.0f}: "
              f"{(1 - together / alone) * 100:.1f} % less; {self.dropped()} dropped in the last minute")
        print(f"    single devices ({len(quiet_times[0])}): {milliseconds(quiet_times[0])}")
        print(f"      the same octets from a bare server: {milliseconds(quiet_times[1])}")
        print(f"    single devices ({len(times[0])}) beside lists at {octets / 1e6 / took:.0f} MB/s, host {cpu / took:.2f} CPUs: "
              f"{milliseconds(times[0])}")
        print(f"      the same octets from a bare server: {milliseconds(times[1])}")


def load(count, pps, seconds):
    crowd, mix = air("crowd", "--devices", str(count)), air("mix", "--packets", "1000000")
    print(f"\nload: {count} devices, {seconds} s of each (wanted: at most 5 % less ingest, none dropped, single devices below 2 ms at the 99th "
          "percentile)")
    for source, definition in (("radio", f"{mix}:name=radio,type=benchradio,loop=true,pps={pps}"), ("file", f"{mix}:name=file,loop=true")):
        port = free_port()
        with Home() as home:
            process = subprocess.Popen([AERIED, *home, "-p", str(port), "-s", "httpd_username=bench", "-s", "httpd_password=bench",
                                        "--plugin-dir", os.path.join(BUILD, "modules/.libs"),
                                        "--plugin-dir", os.path.join(BENCH, "modules/.libs"), "-c", crowd],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_for_port(process, port)
                settled(process)
                loaded = Loaded(process, port, source)
                ask(loaded.control, "/datasource/add_source.cmd", {"definition": definition})
                loaded.measure(seconds)
            finally:
                process.terminate()
                process.wait()


class Copier:
    """A server that does nothing but copy so many octets from a file in memory to each client."""

    def __init__(self, octets):
        self.file = tempfile.TemporaryFile(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.file.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % octets)
        block = os.urandom(1 << 20)
        for at in range(0, octets, len(block)):
            self.file.write(block[:octets - at])
        self.file.flush()
        self.octets = octets
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.process = os.fork()
        if not self.process:
            try:
                self.serve()
            finally:
                os._exit(1)

    def serve(self):
        room = bytearray(1 << 16)
        while True:
            s, _ = self.listener.accept()
            s.recv_into(room)
            self.file.seek(0)
            while n := self.file.raw.readinto(room):
                s.sendall(memoryview(room)[:n])
            s.close()

    def close(self):
        os.kill(self.process, 15)
        os.waitpid(self.process, 0)
        self.listener.close()
        self.file.close()


def over_http(count, rounds):
    crowd, port = air("crowd", "--devices", str(count)), free_port()
    print(f"\nhttp: lists of {count} devices over a socket; best of {rounds}")
    with Home() as home:
        process = subprocess.Popen([AERIED, *home, "-p", str(port), "-s", "httpd_username=bench", "-s", "httpd_password=bench", "-c", crowd],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_port(process, port)
            settled(process)
            for name, path, command in (("five fields", "/devices/summary/devices.json", {"fields": FIVE_FIELDS}),
                                        ("full records", "/devices/last-time/-86400/devices.json", None)):
                for suffix, headers in (("", {}), (", gzip", {"Accept-Encoding": "gzip"})):
                    measure_alone(port, process, name + suffix, path, command, headers, count, rounds)
        finally:
            process.terminate()
            process.wait()


def measure_alone(port, process, name, path, command, headers, count, rounds):
    best = (1e9, 1e9)
    extra = {"Content-Type": "application/json"} if command is not None else {}
    for _ in range(rounds):
        cpu, started = cpu_seconds(process.pid), time.monotonic()
        octets = drain(port, path, command, {**headers, **extra})
        best = min(best, (time.monotonic() - started, cpu_seconds(process.pid) - cpu))
    copier = Copier(octets)
    try:
        copying = 1e9
        for _ in range(rounds):
            started = time.monotonic()
            drain(copier.port, "/", None, {})
            copying = min(copying, time.monotonic() - started)
    finally:
        copier.close()
    print(f"  {name:30} {octets / 1e6:8.1f} MB  {octets / 1e6 / best[0]:8.1f} MB/s  {count / best[0]:10.0f} devices/s  {best[1]:5.2f} CPU s"
          f"  {best[0] / copying:6.2f} times copying")


def drain(port, path, command, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET" if command is None else "POST", path, None if command is None else json.dumps(command), headers)
    reply = connection.getresponse()
    if reply.status != 200:
        raise Failed(f"{path}: status {reply.status}: {reply.read(200)!r}")
    room, octets = bytearray(1 << 20), 0
    while n := reply.readinto(room):
        octets += n
    connection.close()
    return octets


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="speed, links, memory, formats, select, load, http; all when none is named")
    parser.add_argument("--packets", type=int, default=1000000)
    parser.add_argument("--pps", type=int, default=50000, help="packets per second of load")
    parser.add_argument("--seconds", type=int, default=20, help="of each part of load")
    parser.add_argument("--load-devices", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--devices", type=int, nargs="+", default=[10000, 1000000])
    arguments = parser.parse_args()
    parts = arguments.parts or ["speed", "links", "memory", "formats", "select", "load", "http"]
    try:
        if "speed" in parts:
            speed(arguments.packets, arguments.rounds)
        if "links" in parts:
            links(arguments.packets, arguments.rounds)
        if "memory" in parts:
            memory(arguments.devices)
        if "formats" in parts:
            formats(min(arguments.devices), arguments.rounds)
        if "select" in parts:
            select(min(arguments.devices), arguments.rounds)
        if "load" in parts:
            load(arguments.load_devices, arguments.pps, arguments.seconds)
        if "http" in parts:
            over_http(arguments.load_devices, arguments.rounds)
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
