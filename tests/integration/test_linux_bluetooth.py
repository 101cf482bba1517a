#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""aerie-cap-linux-bluetooth over its link, as far as that goes without a controller: what it says of definitions that it cannot
open. The rest, with emulated controllers, is tests/lab/test_bluetooth.py."""
import os
import socket
import subprocess
import sys
import unittest

from capwire import OPENREPORT, OPENREQ, PING, PONG, PROBEREPORT, PROBEREQ, Capture

PROGRAM = os.path.join(os.environ.get("AERIE_BUILD", "build"), "bin", "aerie-cap-linux-bluetooth")
NOBODY = "hci65534"  # no machine has so many


def answer(c, command):
    while True:
        f = c.frame()
        if f is None or f.command == command:
            return f


class Definitions(unittest.TestCase):
    def ask(self, request, report, definition):
        with Capture(PROGRAM) as c:
            c.send(request, {1: definition}, seqno=3)
            f = answer(c, report)
            return f.code, f.body.get(8 if report == PROBEREPORT else 9, ""), f.body

    def test_that_are_not_controllers_are_not_its_own(self):
        for definition in ("wlan0", "hci", "hcix", "hci01", "hci0x", "hci65535", "hci99999", "hci-1", "HCI0", "xhci0", "hci0/", ""):
            code, _, body = self.ask(PROBEREQ, PROBEREPORT, definition)
            self.assertEqual(code, 0, definition)
            self.assertIn("as in hci0", str(body), definition)

    def test_of_a_controller_that_is_not_there_says_so(self):
        for request, report in ((PROBEREQ, PROBEREPORT), (OPENREQ, OPENREPORT)):
            code, _, body = self.ask(request, report, NOBODY)
            self.assertEqual(code, 0)
            self.assertIn("there is no controller " + NOBODY, str(body))

    def test_with_bad_options_are_refused_before_anything_is_opened(self):
        code, _, body = self.ask(OPENREQ, OPENREPORT, NOBODY + ":classic=false,le=false")
        self.assertEqual(code, 0)
        self.assertIn("nothing to scan", str(body))


class Program(unittest.TestCase):
    def test_answers_ping(self):
        with Capture(PROGRAM) as c:
            c.send(PING)
            self.assertEqual(answer(c, PONG).command, PONG)
            c.close_in()
            self.assertEqual(c.status(), 0)

    def test_lists_without_privileges(self):
        run = subprocess.run([PROGRAM, "--list"], capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(run.returncode, 2)
        try:
            socket.socket(socket.AF_BLUETOOTH, socket.SOCK_RAW, socket.BTPROTO_HCI).close()
        except OSError:
            self.assertNotIn("hci", run.stderr)


if __name__ == "__main__":
    if not os.path.exists(PROGRAM):
        print("built without libbluetooth")
        sys.exit(77)
    unittest.main()
