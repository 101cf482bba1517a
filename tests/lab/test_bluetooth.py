#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""aerie-cap-linux-bluetooth with real sockets: the lab's machine runs bluetooth.sh, this judges what it left.

What is expected: packets from btmon's own trace of the same time (btsnoop of its monitor format), octet for octet; states from
hciconfig; names and addresses from what bluetooth.sh set up. test_lab.py boots the machine, sets `out` and runs this."""
import json
import os
import struct
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
PROBEREPORT, OPENREPORT, MESSAGE, ERROR = 11, 13, 5, 6
NET_ADMIN, NET_RAW = 1 << 12, 1 << 13
# btsnoop, format 2001: opcode -> direction as in link type 201, and H4 packet type; 9 is the end of a controller's use.
KINDS = {2: (0, 1), 3: (1, 4), 4: (0, 2), 5: (1, 2), 6: (0, 3), 7: (1, 3), 18: (0, 5), 19: (1, 5)}
CLOSED = 9
UUID = "91DD0AE4-0000-0000-0000-00AA01000000"
# H4 commands of Bluetooth Core 5.4, Vol 4 Part E.
RESET = "01030c00"
INQUIRY = "01010405338b9e"
NAME_REQUEST = "0119040a"
LE_EXT_SCAN_OFF = "0142200600" + "00" * 5
out = ""  # the folder that the machine left


def trace(path, controller):
    """The HCI packets of a controller, as this program is to give them; None where it was closed."""
    with open(path, "rb") as f:
        data = f.read()
    assert data[:8] == b"btsnoop\0" and struct.unpack(">II", data[8:16]) == (1, 2001)
    at, packets = 16, []
    while at + 24 <= len(data):
        _, length, flags, _, _ = struct.unpack(">IIIIQ", data[at:at + 24])
        body = data[at + 24:at + 24 + length]
        at += 24 + length
        if flags >> 16 != controller:
            continue
        if flags & 0xFFFF in KINDS:
            direction, kind = KINDS[flags & 0xFFFF]
            packets.append((struct.pack(">IB", direction, kind) + body).hex())
        elif flags & 0xFFFF == CLOSED:
            packets.append(None)
    return packets


def read(name):
    with open(os.path.join(out, name + ".json"), encoding="utf-8") as f:
        return json.load(f)


def text(name):
    with open(os.path.join(out, name), encoding="utf-8") as f:
        return f.read()


def commands(packets):
    return [p[8:] for p in packets if p and p.startswith("0000000001")]


def events(packets):
    return [p[8:] for p in packets if p and p.startswith("0000000104")]


def reports(run, command):
    return [body for number, _, body, _ in run["frames"] if number == command]


def codes(run, command):
    return [code for number, code, _, _ in run["frames"] if number == command]


class Bluetooth(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.snoop = trace(os.path.join(out, "hci.btsnoop"), 0)

    def after(self, name, controller=0):
        """That the packets of a run are those of btmon, in a piece; gives what btmon saw after them."""
        run = read(name)["packets"]
        snoop = self.snoop if controller == 0 else trace(os.path.join(out, "hci.btsnoop"), controller)
        self.assertGreater(len(run), 5, name)
        for at in range(len(snoop) - len(run) + 1):
            if snoop[at:at + len(run)] == run:
                return snoop[at + len(run):]
        longest = max(range(len(snoop)), key=lambda at: next(
            (i for i, p in enumerate(run) if at + i >= len(snoop) or snoop[at + i] != p), len(run)))
        self.fail(f"{name}: {len(run)} packets are not one piece of btmon's trace (nearest: its packet {longest})")

    def test_lists_controllers_with_bus_address_and_state(self):
        listed = text("list.txt")
        self.assertIn("hci0: (virtual controller 00:AA:01:00:00:00, down)", listed)
        self.assertIn("hci1: (virtual controller 00:AA:01:01:00:01, down)", listed)

    def test_probes(self):
        run = read("probe")
        self.assertEqual(codes(run, PROBEREPORT), [1])
        self.assertEqual(reports(run, PROBEREPORT)[0]["2"]["4"], "hci0")
        self.assertEqual(run["rc"], 0)

    def test_opens_with_the_controllers_uuid_and_link_type(self):
        report = reports(read("both"), OPENREPORT)[0]
        self.assertEqual(codes(read("both"), OPENREPORT), [1])
        self.assertEqual((report["2"], report["3"], report["8"]), (201, "hci0", UUID))

    def test_hears_classic_names_and_le_and_leaves_nothing_behind(self):
        run = read("both")
        rest = self.after("both")
        self.assertEqual(run["rc"], 0)
        self.assertEqual(run["packets"][0][8:], RESET, "the trace begins where the kernel brings the controller up")
        self.assertTrue(any(c.startswith(INQUIRY + "0200") for c in commands(run["packets"])))
        heard = events(run["packets"])
        self.assertTrue(any(e.startswith(("0422", "042f", "0402")) and "010001" "01aa00" in e for e in heard), "inquiry result of hci1")
        self.assertTrue(any(e.startswith("0407ff00" "0100" "0101" "aa00") and b"lab-speaker".hex() in e for e in heard), "its name")
        self.assertTrue(any(e.startswith("043e") and e[6:8] == "0d" and b"lab-beacon".hex() in e for e in heard), "its LE, by extended reports")
        self.assertFalse([c for c in commands(run["packets"]) if c.startswith(("010b20", "010c20"))], "and none of the older commands")
        self.assertEqual(len([c for c in commands(run["packets"]) if c.startswith(NAME_REQUEST)]), 1, "asked once")
        closed = rest.index(None)
        self.assertIn(LE_EXT_SCAN_OFF, commands(rest[:closed]))
        self.assertIn("DOWN", text("both.hciconfig"))

    def test_active_scan_hears_scan_responses_and_ends_with_the_link(self):
        run = read("le_active")
        rest = self.after("le_active")
        self.assertEqual(run["rc"], 0)
        sent = commands(run["packets"])
        self.assertFalse([c for c in sent if c.startswith(INQUIRY)])
        # 7.8.64: own address, policy, both PHYs, active
        self.assertTrue([c for c in sent if c.startswith("0141200d" "0000" "05" "01")], sent)
        self.assertIn("043e", run["heard"])
        self.assertEqual(commands(rest)[0], LE_EXT_SCAN_OFF)
        answers = [e for e in events(rest) if not e.startswith("043e")]  # another report may be on its way
        self.assertEqual(answers[0], "040e0401422000")
        self.assertIn("UP RUNNING", text("le_active.hciconfig"))

    def test_classic_alone_sends_no_le_command_and_asks_no_name(self):
        run = read("classic")
        self.after("classic")
        for c in commands(run["packets"]):
            self.assertNotEqual(c[4:6], "20", c)
            self.assertFalse(c.startswith(NAME_REQUEST))
        self.assertEqual(run["rc"], 0)

    def test_inquiries_bring_signal_and_extended_response_and_the_mode_is_put_back(self):
        """The mode was 0, of results without RSSI. 7.3.49: 1 with RSSI, 2 with RSSI or extended; 7.7.38: RSSI behind the clock offset."""
        run = read("classic")
        self.assertIn("01450c0102", commands(run["packets"]))
        (result,) = {e for e in events(run["packets"]) if e.startswith("042f")}
        self.assertEqual(result[:20], "042fff" "01" "010001" "01aa00")
        self.assertNotEqual(result[34:36], "00", "RSSI")
        self.assertIn(b"lab-speaker".hex(), result, "the name in its extended response")
        self.assertIn("01450c0100", commands(self.after("classic")))
        self.assertIn("Standard Inquiry", text("classic.inqmode"))

    def test_says_why_it_does_not_open(self):
        for name, why in (("nobody", "there is no controller hci9"), ("bad_option", "inquiry_length=99")):
            self.assertEqual(codes(read(name), OPENREPORT), [0])
            self.assertIn(why, reports(read(name), OPENREPORT)[0]["9"])

    def test_discovery_of_another_program_works_and_the_scan_goes_on_after_it(self):
        run = read("shared")
        rest = self.after("shared")
        self.assertIn("discovering on", text("find.txt"))
        self.assertIn("dev_found: 00:AA:01:01:00:01 type BR/EDR", text("find.txt"))
        missing = set(text("find.alone.txt").splitlines()) - set(text("find.txt").splitlines())
        self.assertFalse(missing, "it finds without us (the emulator does not show each advertisement to each scan)")
        self.assertEqual(run["rc"], 0)
        sent = commands(run["packets"])
        theirs = max(i for i, c in enumerate(sent) if c == "014220060000" "00000000" or c.startswith("01422006" "00"))
        self.assertTrue([c for c in sent[theirs:] if c.startswith("01422006" "01")], "scans again after theirs")
        self.assertIn(LE_EXT_SCAN_OFF, commands(rest))

    def test_says_that_it_was_switched_off_or_removed(self):
        for name, why in (("switched_off", "hci0 was switched off by another program"), ("removed", "hci0 was removed")):
            run = read(name)
            self.assertEqual([b["1"] for b in reports(run, ERROR)], [why])
            self.assertEqual(run["rc"], 1)

    def test_controllers_with_one_half_scan_that(self):
        for name, missing in (("le_only", "no classic"), ("classic_only", "no LE")):
            run = read(name)
            self.after(name, 2)
            self.assertEqual(run["rc"], 0, name)
            self.assertTrue([b for b in reports(run, MESSAGE) if missing in b["2"]], name)
        self.assertIn("classic= and le=", reports(read("no_radio"), ERROR)[0]["1"])

    def test_keeps_only_the_capabilities_it_needs(self):
        for name, wanted in (("both", NET_RAW | NET_ADMIN), ("le_active", NET_RAW)):
            status = read(name)["status"]
            self.assertEqual((int(status["CapPrm"], 16), int(status["CapEff"], 16)), (wanted, wanted))
            self.assertEqual((status["CapInh"], status["CapAmb"], status["NoNewPrivs"]), ("0" * 16, "0" * 16, "1"))

    def test_the_host_has_no_capability_and_its_capture_program_only_these(self):
        programs, name = {}, ""
        for line in text(os.path.join("host", "privileges")).splitlines():
            if line.startswith("program "):
                name = line[8:]
                self.assertNotIn(name, programs)
                programs[name] = {}
            else:
                key, _, value = line.partition(":\t")
                programs[name][key] = value
        self.assertEqual(sorted(programs), ["aerie-cap-linux-bluetooth", "aeried"])
        for name, allowed in (("aeried", 0), ("aerie-cap-linux-bluetooth", NET_RAW | NET_ADMIN)):
            for field in ("CapPrm", "CapEff"):
                self.assertEqual(int(programs[name][field], 16), allowed, f"{name}: {field}")
            for field in ("CapInh", "CapAmb"):
                self.assertEqual(int(programs[name][field], 16), 0, f"{name}: {field}")
        self.assertEqual(programs["aeried"]["Uid"].split(), ["1000"] * 4)
        self.assertEqual(programs["aerie-cap-linux-bluetooth"]["NoNewPrivs"], "1")

    def test_leaves_the_controller_as_it_was_when_the_host_is_killed(self):
        self.assertIn("DOWN", text("killed.hciconfig"))

    def test_says_which_capability_is_missing(self):
        for name, why in (("unprivileged", "cannot open hci0: that needs CAP_NET_RAW"),
                          ("half_privileged", "hci0 is down and cannot be brought up: that needs CAP_NET_ADMIN")):
            self.assertIn(why, text(os.path.join(name, "log")))

    def test_host_runs_it_as_a_source(self):
        with open(os.path.join(out, "host", "sources.json"), encoding="utf-8") as f:
            source = json.load(f)[0]
        self.assertEqual(source["kismet.datasource.running"], 1)
        self.assertEqual(source["kismet.datasource.uuid"].upper(), UUID)
        self.assertEqual(source["kismet.datasource.dlt"], 201)
        self.assertGreater(source["kismet.datasource.num_packets"], 20)
        self.assertIn("DOWN", text("host.hciconfig"))
