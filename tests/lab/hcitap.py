#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs aerie-cap-linux-bluetooth without a host, inside the lab's machine, and writes down what it says.

usage: hcitap.py PROGRAM DEFINITION OUT END LIMIT [PACKET...]
  OUT    a JSON file: the frames as [command, code, body, seconds], the packets as hexadecimal, exit status, standard error,
         lines of /proc/PID/status
  END    how it ends when each PACKET (hexadecimal octets at the start of a packet's H4 part) was heard, at the latest after
         LIMIT seconds: term (SIGTERM), link (the link is closed), wait (by itself), or any other: a shell command, and
         then by itself
  PACKET or @FILE: those after it count from when this file exists. For each that was heard there is a file OUT.PACKET"""
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "integration"))
from capwire import ERROR, MESSAGE, OPENREPORT, OPENREQ, PACKET, PING, PONG, PROBEREPORT, PROBEREQ, Capture  # noqa: E402


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def status_of(pid):
    wanted = ("CapPrm", "CapEff", "CapInh", "CapAmb", "NoNewPrivs", "Threads")
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.strip().split(":\t") for line in f if line.startswith(wanted))


def main():
    program, definition, out, end, limit, *wanted = sys.argv[1:]
    after, events = "", {}  # packet: the file that must exist
    for w in wanted:
        if w[0] == "@":
            after = w[1:]
        else:
            events[w] = after
    start = time.monotonic()
    seen = {"frames": [], "packets": [], "status": {}, "heard": []}
    with Capture(program) as c:
        if definition.startswith("probe "):
            c.send(PROBEREQ, {1: definition[6:]})
        else:
            c.send(OPENREQ, {1: definition})
        pinged, ending = start, False
        while True:
            now = time.monotonic()
            if now - pinged > 3:
                pinged = now
                try:
                    c.send(PING)
                except OSError:
                    pass
            if not ending and (set(events) <= set(seen["heard"]) and seen["packets"] or now - start > float(limit)):
                ending = True
                if end == "term":
                    c.proc.send_signal(signal.SIGTERM)
                elif end == "link":
                    c.close_in()
                elif end != "wait":
                    subprocess.run(end, shell=True, check=False)
            if ending and now - start > float(limit) + 20:
                seen["hangs"] = True
                break
            try:
                f = c.frame(0.5)
            except AssertionError:
                continue
            if f is None:
                break
            if f.command in (PROBEREPORT, OPENREPORT, MESSAGE, ERROR):
                seen["frames"].append([f.command, f.code, plain(f.body), round(now - start, 2)])
            if f.command == OPENREPORT:
                seen["status"] = status_of(c.proc.pid)
            if f.command == PACKET:
                seen.setdefault("first", plain(f.body))
                packet = content(f.body)
                seen["packets"].append(packet)
                for e, file in events.items():
                    if packet[8:].startswith(e) and e not in seen["heard"] and (not file or os.path.exists(file)):
                        seen["heard"].append(e)
                        with open(f"{out}.{e}", "w", encoding="ascii"):
                            pass
        try:
            seen["rc"] = c.status(10)
        except subprocess.TimeoutExpired:
            seen["rc"] = None
        seen["stderr"] = c.stderr() if seen["rc"] is not None else ""
    with open(out, "w", encoding="ascii") as f:
        json.dump(seen, f, indent=1)


def content(body):
    """The packet block's content, wherever it is: the longest octets of the report."""
    found = []

    def walk(v):
        if isinstance(v, bytes):
            found.append(v)
        elif isinstance(v, dict):
            for x in v.values():
                walk(x)

    walk(body)
    return max(found, key=len).hex()


if __name__ == "__main__":
    main()
