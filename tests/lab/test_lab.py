#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs the lab and compares what hosts inside say with what was set up there.

usage: test_lab.py [--out DIR] [--judge DIR] [NAME...]
  --out DIR    leave what the machines gave back in this folder
  --judge DIR  boot nothing, judge what an earlier run left there
  NAME         only cases whose name contains one of these, or the machines neighbourhood, wifi, bluetooth

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
import unittest
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from itertools import dropwhile

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 600  # seconds for one machine; far less where nothing else runs
MACHINES = {"neighbourhood": 32, "bluetooth": 0, "wifi": 9}  # script: simulated Wi-Fi radios
NEEDS = {"wifi": "aerie-cap-linux-wifi", "bluetooth": "aerie-cap-linux-bluetooth"}
BUILD = os.environ.get("AERIE_BUILD") or os.path.join(HERE, "..", "..", "build")
AT_ONCE = 2  # bluetooth.sh mostly waits
CAP_NET_ADMIN, CAP_NET_RAW = 1 << 12, 1 << 13


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


# ---- the neighbourhood, as a host has it


def networks_are_right(lab, where):
    """Names, encryption, channels, frequencies, and who is whose client."""
    devices = lab.devices(where, "devices.json")
    for bssid, (name, beaconed, encryption, channel, client) in NETWORKS.items():
        assert bssid in devices, "%s is missing" % name
        equal("type of %s" % name, base(devices[bssid], "type"), "Wi-Fi AP")
        equal("encryption of %s" % name, base(devices[bssid], "crypt"), encryption)
        equal("channel of %s" % name, base(devices[bssid], "channel"), channel)
        records = dot11(devices[bssid], "advertised_ssid_map")
        equal("beacons of %s" % name, [r["dot11.advertisedssid.ssid"] for r in records], [beaconed])
        if client:
            equal("clients of %s" % name, list(dot11(devices[bssid], "associated_client_map")), [client])
            equal("networks of %s's client" % name, list(dot11(devices[client], "client_map")), [bssid])
    equal("others", sorted(set(devices) - {radio(n) for n in range(18)} - {IBSS}), [])


def told(lab, where, file):
    """The record that a POST was answered with."""
    equal("%s: status" % file, lab.text(where, file + ".status"), "200")
    return lab.json(where, file)


def tuned(lab, where, file, since=None):
    """Where the kernel had the radio, in this order; from when it has left a frequency."""
    seen = list(dropwhile(lambda mhz: mhz == since, (int(line) for line in lab.text(where, file).split())))
    assert len(seen) >= 10, "%s: seen on a channel only %d times" % (file, len(seen))
    return seen


def privileges(lab, where):
    """program: fields of its /proc/PID/status, one for each process."""
    found = []
    for line in lab.text(where, "privileges").splitlines():
        key, _, value = line.partition("\t") if line[:7] != "program" else line.partition(" ")
        if key == "program":
            found.append((value, {}))
        else:
            found[-1][1][key.rstrip(":")] = value.split()
    return found


def capabilities_are_as_stated(lab, where, program, wanted, count):
    found = privileges(lab, where)
    equal("programs", sorted(name for name, _ in found), sorted(["aeried"] + [program] * count))
    for name, fields in found:
        for which in ("CapPrm", "CapEff"):
            have = int(fields[which][0], 16)
            assert have in ((0,) if name == "aeried" else wanted), "%s: %s is %x" % (name, which, have)
        for which in ("CapInh", "CapAmb"):
            equal("%s: %s" % (name, which), int(fields[which][0], 16), 0)
        equal("%s: users" % name, set(fields["Uid"]), {"1000"})


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


# ---- a radio on each channel


def wifi_is_built(lab):
    if "fixed:" not in lab.text("vm.log"):
        raise Skip("aerie-cap-linux-wifi is not built; configure says why")


def fixed_radios_hear_every_network_and_client(lab):
    wifi_is_built(lab)
    networks_are_right(lab, "fixed")


def fixed_radios_stay_where_their_definition_puts_them(lab):
    wifi_is_built(lab)
    for interface, channel in (("wlan22", "1"), ("wlan23", "6"), ("wlan24", "11"), ("wlan25", "36")):
        record = lab.source(("fixed", "sources.json"), interface)
        equal(interface, [source(record, k) for k in ("running", "error", "hopping", "channel", "dlt")], [1, 0, 0, channel, 127])
        equal("%s, says the kernel" % interface, set(tuned(lab, "fixed", "tuned." + interface)), {FREQUENCIES[channel]})


def fixed_sources_have_type_name_and_uuid(lab):
    wifi_is_built(lab)
    for interface, name, number in (("wlan22", "wlan22", 22), ("wlan24", "eleven", 24)):
        record = lab.source(("fixed", "sources.json"), interface)
        equal("type of %s, found by probing" % interface, source(record, "type_driver")["kismet.datasource.driver.type"], "linuxwifi")
        equal("name of %s" % interface, source(record, "name"), name)
        equal("uuid of %s" % interface, source(record, "uuid"), "5FE308BD-0000-0000-0000-" + radio(number).replace(":", ""))
        equal("hardware of %s" % interface, source(record, "hardware"), "mac80211_hwsim")


def fixed_host_has_no_capability_and_capture_programs_only_that_to_tune(lab):
    wifi_is_built(lab)
    capabilities_are_as_stated(lab, "fixed", "aerie-cap-linux-wifi", (CAP_NET_ADMIN,), 4)


def fixed_interfaces_are_listed_with_who_uses_them(lab):
    wifi_is_built(lab)
    found = {i["kismet.datasource.probed.interface"]: i for i in lab.json("fixed", "interfaces.json")}
    assert {"wlan%d" % n for n in range(18)} | {"wlan22", "wlan26", "wlan29"} <= set(found), sorted(found)
    equal("driver", found["wlan29"]["kismet.datasource.type_driver"]["kismet.datasource.driver.type"], "linuxwifi")
    users = {name: i["kismet.datasource.probed.in_use_uuid"] for name, i in found.items()}
    nobody = "00000000-0000-0000-0000-000000000000"
    wlan22 = source(lab.source(("fixed", "sources.json"), "wlan22"), "uuid")
    equal("users", [users[i] for i in ("wlan22", "wlan22mon", "wlan26", "wlan29")], [wlan22, wlan22, nobody, nobody])


def fixed_radio_that_is_pulled_out_is_told_and_harms_no_other(lab):
    wifi_is_built(lab)
    gone = lab.source(("fixed", "removed.json"), "wlan23")
    equal("running", source(gone, "running"), 0)
    assert source(gone, "error_reason"), "no reason is given"
    for other in ("wlan22", "wlan24", "wlan25"):
        equal(other, [source(lab.source(("fixed", "removed.json"), other), k) for k in ("running", "error")], [1, 0])


def fixed_radio_that_is_plugged_in_again_goes_on_in_its_record(lab):
    wifi_is_built(lab)
    before, after = (lab.source(("fixed", f), "wlan23") for f in ("removed.json", "again.json"))
    equal("state", [source(after, k) for k in ("running", "error", "error_reason")], [1, 0, ""])
    equal("uuid", source(after, "uuid"), source(before, "uuid"))
    equal("channel", source(after, "channel"), "6")
    assert source(after, "num_packets") > source(before, "num_packets") > 0, "its packets go on from what they were"
    equal("sources", len(lab.json("fixed", "again.json")), 4)


def fixed_host_that_ends_leaves_no_interface_behind(lab):
    wifi_is_built(lab)
    equal("status", lab.text("fixed", "rc").strip(), "0")
    equal("left", re.findall(r"Interface (wlan\d+mon)", lab.text("fixed", "iw.after")), [])


# ---- one radio on every channel


def hopping_radio_hears_2_4_and_5_GHz(lab):
    wifi_is_built(lab)
    networks_are_right(lab, "hop")


def hopping_is_what_the_record_and_the_kernel_say(lab):
    wifi_is_built(lab)
    record = lab.source(("hop", "sources.json"), "wlan26")
    equal("record", [source(record, k) for k in ("running", "hopping", "hop_rate", "hop_channels")], [1, 1, 5, ["1", "6", "11", "36"]])
    equal("kernel", set(tuned(lab, "hop", "tuned.hopping")), set(FREQUENCIES.values()))


def hopping_needs_no_more_capabilities(lab):
    wifi_is_built(lab)
    capabilities_are_as_stated(lab, "hop", "aerie-cap-linux-wifi", (CAP_NET_ADMIN,), 1)


def retuning_by_http_moves_the_radio_while_it_runs(lab):
    wifi_is_built(lab)
    for channel, mhz in (("36", 5180), ("11", 2462)):
        record = told(lab, "hop", "to%s.json" % channel)
        equal("record", [source(record, k) for k in ("running", "hopping", "channel")], [1, 0, channel])
        equal("kernel", set(tuned(lab, "hop", "tuned." + channel)), {mhz})


def retuning_to_a_channel_that_is_none_is_refused_and_harms_nothing(lab):
    wifi_is_built(lab)
    equal("status", lab.text("hop", "to999.json.status"), "500")
    record = lab.source(("hop", "after999.json"), "wlan26")
    equal("record", [source(record, k) for k in ("running", "error", "channel")], [1, 0, "11"])


def retuning_to_a_list_hops_over_it(lab):
    wifi_is_built(lab)
    record = told(lab, "hop", "two.json")
    equal("record", [source(record, k) for k in ("hopping", "hop_rate", "hop_channels")], [1, 8, ["1", "36"]])
    equal("kernel", set(tuned(lab, "hop", "tuned.two", since=2462)), {2412, 5180})


def set_hop_hops_again_over_the_list_it_had(lab):
    wifi_is_built(lab)
    equal("fixed", source(told(lab, "hop", "to6.json"), "hopping"), 0)
    record = told(lab, "hop", "hop.json")
    equal("record", [source(record, k) for k in ("hopping", "hop_rate", "hop_channels")], [1, 8, ["1", "36"]])
    equal("kernel", set(tuned(lab, "hop", "tuned.again", since=2437)), {2412, 5180})


def closing_by_http_puts_the_radio_back_and_opening_runs_it_again(lab):
    wifi_is_built(lab)
    equal("closed", source(told(lab, "hop", "close.json"), "running"), 0)
    assert "wlan26mon" not in lab.text("hop", "iw.closed"), "wlan26mon is left"
    told(lab, "hop", "open.json")
    record = lab.source(("hop", "opened.json"), "wlan26")
    equal("opened", [source(record, k) for k in ("running", "error")], [1, 0])


# ---- sensors elsewhere


def remote_radios_hear_every_network_and_client(lab):
    wifi_is_built(lab)
    networks_are_right(lab, "remote")


def remote_sources_are_what_their_sensors_say(lab):
    wifi_is_built(lab)
    cable, web = (lab.source(("remote", "sources.json"), interface) for interface in ("wlan30", "wlan31"))
    for record, name, number in ((cable, "cable", 30), (web, "web", 31)):
        equal("state of " + name, [source(record, k) for k in ("running", "error", "remote", "dlt", "name")], [1, 0, 1, 127, name])
        equal("uuid of " + name, source(record, "uuid"), "5FE308BD-0000-0000-0000-" + radio(number).replace(":", ""))
        equal("type of " + name, source(record, "type_driver")["kismet.datasource.driver.type"], "linuxwifi")
        equal("address of " + name, source(record, "remote_ip").rpartition(":")[0] or source(record, "remote_ip"), "10.30.0.2")
    equal("cable", [source(cable, "hopping"), source(cable, "channel")], [0, "6"])
    equal("cable, says its kernel", set(tuned(lab, "remote", "tuned.6")), {2437})
    equal("web", [source(web, "hopping"), source(web, "hop_channels")], [1, ["1", "6", "11", "36"]])
    equal("web, says its kernel", set(tuned(lab, "remote", "tuned.hopping")), set(FREQUENCIES.values()))


def remote_sensors_have_no_capability_but_those_of_the_radio(lab):
    """The process that captures has that to tune; the one that waits for its end has those to open the radio again."""
    wifi_is_built(lab)
    found = privileges(lab, "remote")
    equal("programs", sorted(name for name, _ in found), ["aerie-cap-linux-wifi"] * 4 + ["aeried"])
    effective = sorted(int(fields["CapEff"][0], 16) for name, fields in found if name != "aeried")
    equal("sensors", effective, [CAP_NET_ADMIN] * 2 + [CAP_NET_ADMIN | CAP_NET_RAW] * 2)
    for name, fields in found:
        equal("users of " + name, set(fields["Uid"]), {"1000"})
        equal("inheritable of " + name, [int(fields[k][0], 16) for k in ("CapInh", "CapAmb")], [0, 0])
    equal("host", [int(fields[k][0], 16) for name, fields in found if name == "aeried" for k in ("CapPrm", "CapEff")], [0, 0])


def remote_source_whose_program_was_killed_comes_back_as_it_was(lab):
    """Same record, counters that go on, and on the channel that a user had told it, not on that of its definition."""
    wifi_is_built(lab)
    equal("tuned", source(told(lab, "remote", "to36.json"), "channel"), "36")
    equal("before, says its kernel", set(tuned(lab, "remote", "tuned.36", since=2437)), {5180})
    before, after = (lab.source(("remote", f), "wlan30") for f in ("sources.json", "again.json"))
    equal("sources", len(lab.json("remote", "again.json")), 2)
    equal("uuid", source(after, "uuid"), source(before, "uuid"))
    equal("state", [source(after, k) for k in ("running", "error", "hopping", "channel")], [1, 0, 0, "36"])
    equal("after, says its kernel", set(tuned(lab, "remote", "tuned.again", since=2437)), {5180})
    assert source(after, "num_packets") > source(before, "num_packets"), "its packets go on"


def remote_sensors_end_in_order_and_leave_no_interface_behind(lab):
    wifi_is_built(lab)
    for name in ("tcp.rc", "web.rc", "rc"):
        equal(name, lab.text("remote", name).strip(), "0")
    equal("interfaces", sorted(re.findall(r"Interface (\S+)", lab.text("remote", "iw.after"))), ["wlan30", "wlan31"])


# ---- pipes


def pipe_is_read_while_it_is_written_and_every_packet_counts(lab):
    running, done = ([s for s in lab.json("pipes", f) if source(s, "name") == "live"][0] for f in ("running.json", "sources.json"))
    equal("state while tcpdump runs", [source(running, k) for k in ("running", "error", "dlt")], [1, 0, 127])
    captured = int(re.search(r"(\d+) packets captured", lab.text("pipes", "live.log"))[1])
    equal("packets", source(done, "num_packets"), captured)
    equal("state after", [source(done, k) for k in ("running", "error")], [0, 0])
    networks = {n[0] for n in NETWORKS.values() if n[3] == "6" and n[1]}  # the hidden one's clients have joined before
    have = {base(d, "name") for d in lab.devices("pipes", "devices.json").values()}
    assert networks <= have, "%s of %s" % (sorted(have), sorted(networks))


def pipe_of_standard_input_goes_to_a_host(lab):
    (record,) = [s for s in lab.json("pipes", "sources.json") if source(s, "name") == "stdin"]
    equal("record", [source(record, k) for k in ("num_packets", "remote", "running", "error")], [40, 1, 0, 0])


# ---- two radios, one list


def two_radios_share_a_list_by_offsets(lab):
    wifi_is_built(lab)
    records = lab.json("share", "sources.json")
    equal("lists", [source(r, "hop_channels") for r in records], [["1", "6", "11", "36"]] * 2)
    equal("offsets", sorted(source(r, "hop_offset") for r in records), [0, 2])
    equal("split", [source(r, "hop_split") for r in records], [1, 1])


def two_radios_together_hear_everything(lab):
    wifi_is_built(lab)
    networks_are_right(lab, "share")
    for r in lab.json("share", "sources.json"):
        assert source(r, "num_packets") > 0, source(r, "interface")
    for n in ("27", "28"):
        equal("wlan%s, says the kernel" % n, set(tuned(lab, "share", "tuned." + n)), set(FREQUENCIES.values()))


def every_interface_is_put_back(lab):
    wifi_is_built(lab)
    equal("left", re.findall(r"Interface (wlan\d+mon)", lab.text("iw.after")), [])
    for name in ("hop", "share"):
        equal("%s: status" % name, lab.text(name, "rc").strip(), "0")


# ---- what the capture programs' own scripts found


def lines_of(name):
    """A machine whose script judges itself: each line "ok: ..." or "FAIL: ..." of NAME.results is a case."""
    def cases(lab, results):
        for line in lab.text(name + ".results").splitlines():
            result, _, text = line.partition(": ")
            results.note("ok" if result == "ok" else "FAIL", "%s: %s" % (name, text))
    return cases


def bluetooth_cases(lab, results):
    sys.path.insert(0, HERE)
    sys.dont_write_bytecode = True
    import test_bluetooth
    test_bluetooth.out = lab.folder
    outcome = unittest.TestResult()
    suite = unittest.defaultTestLoader.loadTestsFromModule(test_bluetooth)
    names = [t.id().rpartition(".")[2] for group in suite for t in group]
    suite.run(outcome)
    bad = {t.id().rpartition(".")[2]: why.strip().splitlines()[-1] for t, why in outcome.failures + outcome.errors}
    for name in names:
        results.note("FAIL" if name in bad else "ok", "bluetooth: " + name[5:], bad.pop(name, ""))
    for name, why in bad.items():
        results.note("FAIL", "bluetooth: " + name, why)


WHOLE = {"wifi": lines_of("wifi"), "bluetooth": bluetooth_cases}
CASES = {"neighbourhood": [
    files_every_radio_is_a_device_and_nobody_else, files_networks_have_the_names_that_were_set_up,
    files_encryption_is_what_was_set_up, files_channels_are_what_was_set_up, files_clients_are_tied_to_their_access_points,
    files_mesh_and_ad_hoc_are_told_apart, files_a_station_that_only_asks_is_known_by_what_it_asks_for,
    files_wps_says_who_made_the_router, files_every_packet_of_tcpdump_is_counted, files_the_host_ends_when_asked,
    fixed_radios_hear_every_network_and_client, fixed_radios_stay_where_their_definition_puts_them,
    fixed_sources_have_type_name_and_uuid, fixed_host_has_no_capability_and_capture_programs_only_that_to_tune,
    fixed_interfaces_are_listed_with_who_uses_them, fixed_radio_that_is_pulled_out_is_told_and_harms_no_other,
    fixed_radio_that_is_plugged_in_again_goes_on_in_its_record, fixed_host_that_ends_leaves_no_interface_behind,
    hopping_radio_hears_2_4_and_5_GHz, hopping_is_what_the_record_and_the_kernel_say, hopping_needs_no_more_capabilities,
    retuning_by_http_moves_the_radio_while_it_runs, retuning_to_a_channel_that_is_none_is_refused_and_harms_nothing,
    retuning_to_a_list_hops_over_it, set_hop_hops_again_over_the_list_it_had,
    closing_by_http_puts_the_radio_back_and_opening_runs_it_again,
    remote_radios_hear_every_network_and_client, remote_sources_are_what_their_sensors_say,
    remote_sensors_have_no_capability_but_those_of_the_radio, remote_source_whose_program_was_killed_comes_back_as_it_was,
    remote_sensors_end_in_order_and_leave_no_interface_behind, pipe_is_read_while_it_is_written_and_every_packet_counts,
    pipe_of_standard_input_goes_to_a_host,
    two_radios_share_a_list_by_offsets, two_radios_together_hear_everything, every_interface_is_put_back,
]}


def boot(script, radios, out):
    """None, or why the machine could not run it."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        machine = subprocess.Popen([os.path.join(HERE, "vm.sh"), "--radios", str(radios), "--time-limit", str(PATIENCE),
                                    os.path.join(HERE, script + ".sh"), out], stdin=subprocess.DEVNULL, stderr=errors)
        _, status, used = os.wait4(machine.pid, 0)
        machine.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        last = (errors.read().strip().splitlines() or ["no reason given"])[-1]
    if machine.returncode == 77:
        raise Skip(last)
    print("lab: %s: %d seconds, %d of computing" % (script, time.monotonic() - began, used.ru_utime + used.ru_stime), flush=True)
    if machine.returncode:
        log = os.path.join(out, "vm.log")
        tail = ""
        if os.path.exists(log):
            with open(log, encoding="utf-8", errors="replace") as f:
                tail = "".join("\n  " + line for line in f.read().splitlines()[-15:])
        return "status %d, %s%s" % (machine.returncode, last, tail)
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


def run(script, arguments, out):
    """(folder, why it failed, why it was skipped) of a machine."""
    folder = os.path.join(arguments.judge or out, script)
    if arguments.judge:
        return folder, None, None if os.path.isdir(folder) else "not in that folder"
    if script in NEEDS and not os.path.exists(os.path.join(BUILD, "bin", NEEDS[script])):
        return folder, None, NEEDS[script] + " is not built; configure says why"
    try:
        return folder, boot(script, MACHINES[script], folder), None
    except Skip as why:
        return folder, None, str(why)


def judge(script, ran, names, results):
    folder, failed, skipped = ran
    cases = [c for c in CASES.get(script, []) if not names or any(n in c.__name__ for n in names)]
    if skipped:
        for name in [c.__name__ for c in cases] or [script]:
            results.note("skip", name, skipped)
        return
    lab = Lab(folder)
    # A script that judges itself ends with 1 when a line of it failed.
    if failed and not (script in WHOLE and failed.startswith("status 1,")):
        results.note("FAIL", "the machine runs %s.sh" % script, failed)
    if os.path.exists(lab.path("vm.log")):
        for line in re.findall(r"gave up waiting for.*", lab.text("vm.log")):
            print("     " + line)
    for case in cases:
        results.judge(case, lab)
    if script in WHOLE:
        try:
            WHOLE[script](lab, results)
        except (AssertionError, KeyError, ValueError) as why:
            results.note("FAIL", script, str(why))


def wanted(script, names):
    return not names or script in names or any(n in c.__name__ for n in names for c in CASES.get(script, []))


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("--out")
    parser.add_argument("--judge")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    results = Results()
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(AT_ONCE) as pool:
        out = arguments.out or temporary
        jobs = {s: pool.submit(run, s, arguments, out) for s in MACHINES if wanted(s, arguments.names)}
        for script, job in jobs.items():
            judge(script, job.result(), [n for n in arguments.names if n != script], results)
    counts = results.counts
    print("lab: %(ok)d passed, %(FAIL)d failed, %(skip)d skipped" % counts)
    return 1 if counts["FAIL"] else 0 if counts["ok"] else 77


if __name__ == "__main__":
    sys.exit(main())
