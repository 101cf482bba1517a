#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs the lab and compares what hosts inside say with what was set up there.

usage: test_lab.py [--out DIR] [--judge DIR] [NAME...]
  --out DIR    leave what the machines gave back in this folder
  --judge DIR  boot nothing, judge what an earlier run left there
  NAME         only cases whose name contains one of these

The table NETWORKS is the neighbourhood that air.sh sets up; the names of fields and encryptions are those of the ecosystem.
Exit status: 0 all right, 1 a case failed, 77 nothing could be run (no kernel, no QEMU)."""
import argparse
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
from glob import glob

HERE = os.path.dirname(os.path.abspath(__file__))
MACHINES = {"neighbourhood": 30}  # script: simulated radios


def radio(number):
    return "02:00:00:00:%02X:00" % number


# BSSID: SSID, SSID as beacons have it, encryption, channel, client
NETWORKS = {
    radio(0): ("lab-open", "lab-open", "Open", "1", None),
    radio(1): ("lab-wpa1", "lab-wpa1", "WPA1 WPA1-PSK TKIP", "1", None),
    radio(2): ("lab-wpa2", "lab-wpa2", "WPA2 WPA2-PSK AES-CCMP", "6", radio(12)),
    radio(3): ("lab-sae", "lab-sae", "WPA3 WPA3-SAE AES-CCMP", "6", radio(13)),
    radio(4): ("lab-hidden", "", "Open", "6", radio(14)),
    radio(5): ("lab-owe", "lab-owe", "WPA3 WPA3-SAE AES-CCMP", "11", radio(15)),
    radio(6): ("lab-mixed", "lab-mixed", "WPA3 WPA3-PSK WPA3-PSK WPA3-SAE AES-CCMP", "11", None),
    radio(7): ("lab-ac", "lab-ac", "WPA2 WPA2-PSK AES-CCMP", "36", radio(16)),
}
CLIENTS = {n[4]: bssid for bssid, n in NETWORKS.items() if n[4]}
MESH = {radio(8), radio(9)}
ADHOC = {radio(10), radio(11)}
IBSS = "02:CA:FE:00:00:01"  # the BSSID of lab-adhoc: no radio's address
PROBER = radio(17)
FREQUENCIES = {"1": 2412, "6": 2437, "11": 2462, "36": 5180}


class Skip(Exception):
    pass


class Lab:
    """What a machine left."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def text(self, *names):
        try:
            with open(self.path(*names), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            raise AssertionError("the machine left no %s" % "/".join(names)) from None

    def json(self, *names):
        return json.loads(self.text(*names))

    def devices(self, *names):
        return {base(d, "macaddr"): d for d in self.json(*names)}

    def source(self, file, interface):
        found = [s for s in self.json(*file) if s["kismet.datasource.interface"] == interface]
        assert len(found) == 1, "%d sources on %s" % (len(found), interface)
        return found[0]


def base(device, name):
    return device["kismet.device.base." + name]


def dot11(device, name):
    return device["dot11.device"]["dot11.device." + name]


def source(record, name):
    return record["kismet.datasource." + name]


def equal(what, have, want):
    assert have == want, "%s: have %r, want %r" % (what, have, want)


# ---- the neighbourhood in files


def files_every_radio_is_a_device_and_nobody_else(lab):
    equal("devices", sorted(lab.devices("files", "devices.json")), sorted([radio(n) for n in range(18)] + [IBSS]))


def files_networks_have_the_names_that_were_set_up(lab):
    devices = lab.devices("files", "devices.json")
    for bssid, (name, beaconed, _, _, _) in NETWORKS.items():
        equal("type of %s" % name, base(devices[bssid], "type"), "Wi-Fi AP")
        equal("name of %s" % bssid, base(devices[bssid], "name"), name)
        records = dot11(devices[bssid], "advertised_ssid_map")
        equal("beacons of %s" % name, [r["dot11.advertisedssid.ssid"] for r in records], [beaconed])
        equal("cloaked %s" % name, records[0]["dot11.advertisedssid.cloaked"], int(beaconed == ""))


def files_encryption_is_what_was_set_up(lab):
    devices = lab.devices("files", "devices.json")
    equal("encryption", {n[0]: base(devices[b], "crypt") for b, n in NETWORKS.items()}, {n[0]: n[2] for n in NETWORKS.values()})


def files_channels_are_what_was_set_up(lab):
    devices = lab.devices("files", "devices.json")
    equal("channels", {n[0]: base(devices[b], "channel") for b, n in NETWORKS.items()}, {n[0]: n[3] for n in NETWORKS.values()})
    for bssid, (name, _, _, channel, _) in NETWORKS.items():
        heard = {int(k) // 1000 for k in base(devices[bssid], "freq_khz_map")}
        equal("heard %s on" % name, heard, {FREQUENCIES[channel]})


def files_clients_are_tied_to_their_access_points(lab):
    devices = lab.devices("files", "devices.json")
    for client, bssid in CLIENTS.items():
        equal("type of %s" % client, base(devices[client], "type"), "Wi-Fi Client")
        equal("networks of %s" % client, list(dot11(devices[client], "client_map")), [bssid])
    for bssid, (name, _, _, _, client) in NETWORKS.items():
        equal("clients of %s" % name, list(dot11(devices[bssid], "associated_client_map")), [client] if client else [])


def files_mesh_and_ad_hoc_are_told_apart(lab):
    devices = lab.devices("files", "devices.json")
    equal("mesh", {m for m, d in devices.items() if base(d, "type") == "Wi-Fi Mesh"}, MESH)
    equal("names", {base(devices[m], "name") for m in MESH}, {"lab-mesh"})
    equal("ad-hoc", {m for m, d in devices.items() if base(d, "type") == "Wi-Fi Ad-Hoc"}, ADHOC | {IBSS})
    equal("network", [base(devices[IBSS], k) for k in ("name", "crypt", "channel")], ["lab-adhoc", "Open", "1"])


def files_a_station_that_only_asks_is_known_by_what_it_asks_for(lab):
    prober = lab.devices("files", "devices.json")[PROBER]
    asked = {s["dot11.probedssid.ssid"] for s in dot11(prober, "probed_ssid_map")}
    assert {"cafe-one", "airport-free"} <= asked, asked
    equal("networks", list(dot11(prober, "client_map") or {}), [])


def files_wps_says_who_made_the_router(lab):
    (record,) = dot11(lab.devices("files", "devices.json")[radio(2)], "responded_ssid_map")
    equal("WPS", [record.get("dot11.advertisedssid.wps_" + k) for k in ("manuf", "device_name", "model_name")],
          ["Aerie", "lab-router", "Lab"])


def files_every_packet_of_tcpdump_is_counted(lab):
    for file in glob(lab.path("pcap", "*.pcap")):
        record = lab.source(("files", "sources.json"), "/tmp/pcap/" + os.path.basename(file))
        equal(os.path.basename(file), source(record, "num_packets"), packets_in(file))
        equal("DLT", source(record, "dlt"), 127)


def files_the_host_ends_when_asked(lab):
    equal("status", lab.text("files", "rc").strip(), "0")


def packets_in(file):
    with open(file, "rb") as f:
        octets = f.read()
    at, count = 24, 0
    while at + 16 <= len(octets):
        at += 16 + struct.unpack_from("<I", octets, at + 8)[0]
        count += 1
    return count


CASES = {"neighbourhood": [
    files_every_radio_is_a_device_and_nobody_else, files_networks_have_the_names_that_were_set_up,
    files_encryption_is_what_was_set_up, files_channels_are_what_was_set_up, files_clients_are_tied_to_their_access_points,
    files_mesh_and_ad_hoc_are_told_apart, files_a_station_that_only_asks_is_known_by_what_it_asks_for,
    files_wps_says_who_made_the_router, files_every_packet_of_tcpdump_is_counted, files_the_host_ends_when_asked,
]}


def boot(script, radios, out):
    """None, or why the machine could not run it."""
    began = time.monotonic()
    done = subprocess.run([os.path.join(HERE, "vm.sh"), "--radios", str(radios), os.path.join(HERE, script + ".sh"), out],
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    print("lab: %s: %d seconds" % (script, time.monotonic() - began), flush=True)
    last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    if done.returncode == 77:
        raise Skip(last)
    if done.returncode:
        log = os.path.join(out, "vm.log")
        tail = ""
        if os.path.exists(log):
            with open(log, encoding="utf-8", errors="replace") as f:
                tail = "".join("\n  " + line for line in f.read().splitlines()[-15:])
        return "status %d, %s%s" % (done.returncode, last, tail)
    return None


class Results:
    def __init__(self):
        self.counts = {"ok": 0, "FAIL": 0, "skip": 0}

    def note(self, result, name, why=""):
        self.counts[result] += 1
        print("%-4s %s%s" % (result, name, ": " + why if why else ""), flush=True)

    def judge(self, case, lab):
        try:
            case(lab)
        except Skip as why:
            self.note("skip", case.__name__, str(why))
        except AssertionError as why:
            self.note("FAIL", case.__name__, str(why))
        except (KeyError, ValueError, TypeError, IndexError) as why:
            self.note("FAIL", case.__name__, "%s: %s" % (type(why).__name__, why))
        else:
            self.note("ok", case.__name__)


def run(script, cases, arguments, out, results):
    folder = os.path.join(arguments.judge or out, script)
    failed = None
    if not arguments.judge:
        try:
            failed = boot(script, MACHINES[script], folder)
        except Skip as why:
            for case in cases:
                results.note("skip", case.__name__, str(why))
            return
    if failed:
        results.note("FAIL", "the machine runs %s.sh" % script, failed)
    for line in re.findall(r"gave up waiting for.*", Lab(folder).text("vm.log")):
        print("     " + line)
    for case in cases:
        results.judge(case, Lab(folder))


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("--out")
    parser.add_argument("--judge")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    results = Results()
    with tempfile.TemporaryDirectory() as temporary:
        for script, cases in CASES.items():
            wanted = [c for c in cases if not arguments.names or any(n in c.__name__ for n in arguments.names)]
            if wanted:
                run(script, wanted, arguments, arguments.out or temporary, results)
    counts = results.counts
    print("lab: %(ok)d passed, %(FAIL)d failed, %(skip)d skipped" % counts)
    return 1 if counts["FAIL"] else 0 if counts["ok"] else 77


if __name__ == "__main__":
    sys.exit(main())
