#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Wrong usage and wrong configuration: one line with the cause and the remedy, and the exit status that aeried(8) promises; and how
the program starts and stops."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

BUILD = os.environ.get("AERIE_BUILD", "build")
SOURCE = os.environ.get("AERIE_SOURCE", ".")
AERIED = os.path.join(BUILD, "bin", "aeried")


class Usage(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="aerie-usage-", dir="/var/tmp")
        self.home = os.path.join(self.top, "home")

    def tearDown(self):
        shutil.rmtree(self.top)

    def aeried(self, *args):
        return subprocess.run([AERIED, *args], capture_output=True, text=True, timeout=60)

    def host(self, *args):
        """Without its modules, so that nothing but the core speaks."""
        return self.aeried("--home", self.home, "--no-plugin", "*", "-s", "remote_capture_enabled=false", "--exit-when-done", *args)

    def bad(self, message, *args):
        run = self.host(*args)
        self.assertEqual((run.returncode, run.stderr, run.stdout), (2, message + "\n", ""))

    def config(self, text, name="x.conf"):
        path = os.path.join(self.top, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    # The command line

    def test_unknown_options(self):
        self.bad("aeried: unknown option --bogus: see aeried --help", "--bogus")
        self.bad("aeried: unknown option --bogus=1: see aeried --help", "--bogus=1")
        self.bad("aeried: unknown option -x: see aeried --help", "-x")

    def test_missing_argument(self):
        self.bad("aeried: -c needs an argument: see aeried --help", "-c")
        self.bad("aeried: --plugin-dir needs an argument: see aeried --help", "--plugin-dir")

    def test_unexpected_argument(self):
        self.bad("aeried: unexpected argument x.pcap: sources are given with -c; see aeried --help", "x.pcap")

    def test_missing_plugin_directory(self):
        self.bad("aeried: --plugin-dir /nowhere/at/all: there is no such directory: correct its name", "--plugin-dir", "/nowhere/at/all")

    def test_home_that_is_a_file(self):
        self.config("", "home")
        self.bad(f"aeried: {self.home} is not a directory: name another with --home")

    def test_home_that_cannot_be_made(self):
        self.home = os.path.join(self.top, "a", "b")
        self.bad(f"aeried: cannot make the directory {self.home}: No such file or directory: make it, or name another with --home")

    def test_home_is_private(self):
        self.assertEqual(self.host().returncode, 0)
        self.assertEqual(os.stat(self.home).st_mode & 0o777, 0o700)

    def test_malformed_setting(self):
        self.bad("ERROR: -s port: this is not KEY=VALUE: write it as in -s httpd_port=2501", "-s", "port")

    def test_unknown_format_of_devices(self):
        self.bad("FATAL: --write-devices out.nonsense: no serializer has this suffix: use .json, or load the module that has it",
                 "--write-devices", "out.nonsense")

    def test_version_and_help(self):
        run = self.aeried("--version")
        self.assertEqual(run.returncode, 0)
        self.assertRegex(run.stdout, r"^aeried \d+\.\d+\.\d+, ABI 1\.0\n$")
        run = self.aeried("--help")
        self.assertEqual(run.returncode, 0)
        for option in ["-c, ", "-f, ", "-s, ", "-p, ", "--bind ", "--home ", "--plugin-dir ", "--plugin ", "--no-plugin ",
                       "--safe-mode ", "--exit-when-done ", "--write-devices ", "--list-plugins ", "--dump-plugin ",
                       "--check-config ", "--daemonize ", "--version ", "--help "]:
            self.assertIn(option, run.stdout)

    # The configuration

    def test_unreadable_configuration(self):
        self.bad("ERROR: cannot read /nowhere/x.conf: No such file or directory: create the file, or correct its name or permissions",
                 "-f", "/nowhere/x.conf")

    def test_malformed_configuration_names_each_line(self):
        path = self.config("# fine\nsource\n\nserver_uuid=\n")
        self.bad(f"ERROR: {path}:2: \"source\" is not key=value: add a '=' and a value, or start the line with '#'\n"
                 f"ERROR: {path}:4: \"server_uuid\" has no value: give it one or remove the line", "-f", path)

    def test_unknown_key_and_wrong_value_are_told_together(self):
        path = self.config("kismet_packet_treads=2\ntrack_device_rrds=maybe\n")
        self.bad(f'ERROR: {path}:1: nobody declares the key "kismet_packet_treads": did you mean "kismet_packet_threads"?\n'
                 f'ERROR: {path}:2: "track_device_rrds" is "maybe", but core wants true or false', "-f", path)

    def test_existing_configuration_is_accepted_with_warnings(self):
        self.config("wepkey=00:11:22:33:44:55,aabbccddee\nlog_prefix=/tmp\n", "part.conf")
        path = self.config("include=%E/part.conf\nopt_include=%E/none.conf\nhidedata=true\nlog_types=kismet,pcapng\n")
        run = self.host("-f", path)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(len(re.findall(r"^INFO: warning: .*:\d+: \"\w+\" is ignored: this version does nothing with it", run.stderr, re.M)), 4)

    def test_sources_and_speeds_are_checked_with_the_configuration(self):
        path = self.config("source=wlan0:channel_hoprate=fast\nsource=wlan1:uuid=1\nsource=wlan2\nchannel_hop_speed=banana\nsource_retry_delay=0\n")
        run = self.aeried("--home", self.home, "--check-config", "-f", path)
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertEqual(run.stderr, f'ERROR: {path}:5: "source_retry_delay" is "0", but core wants a value in 10ms..1d\n'
                         'ERROR: "channel_hop_speed" is "banana"; it must be such as 5/sec, 10/min or 2/dwell\n'
                         "ERROR: source wlan0:channel_hoprate=fast: option 'channel_hoprate' is 'fast'; it must be such as 5/sec, 10/min or 2/dwell\n"
                         "ERROR: source wlan1:uuid=1: option 'uuid' is '1', which is not a UUID\n")

    def test_home_configuration_is_read_and_f_replaces_it(self):
        os.mkdir(self.home, 0o700)
        with open(os.path.join(self.home, "aerie.conf"), "w") as f:
            f.write("nonsense\n")
        self.bad(f"ERROR: {self.home}/aerie.conf:1: \"nonsense\" is not key=value: add a '=' and a value, or start the line with '#'")
        self.assertEqual(self.host("-f", self.config("")).returncode, 0)

    def test_check_config(self):
        run = self.aeried("--home", self.home, "--check-config")
        self.assertEqual((run.returncode, run.stdout), (0, "the configuration is in order\n"))
        run = self.aeried("--home", self.home, "--check-config", "-p", "70000")
        self.assertEqual(run.returncode, 2)
        self.assertRegex(run.stderr, r'^ERROR: -s: "httpd_port" is "70000", but aerie\.httpd wants a value in \d+\.\.65535\n$')

    def test_source_without_a_driver_fails(self):
        run = self.host("-c", "/nowhere/x.pcap")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("/nowhere/x.pcap", run.stderr)

    # Start and stop

    def test_done_line_without_sources(self):
        run = self.host()
        self.assertEqual(run.returncode, 0)
        self.assertRegex(run.stdout, r"^done: packets=0 dropped=0 errors=0 devices=0 seconds=\d+\.\d{3}\n$")

    def test_closed_standard_files_are_no_files_of_its_own(self):
        devices = os.path.join(self.top, "devices.json")
        args = [AERIED, "--home", self.home, "--exit-when-done", "-s", "httpd_port=0", "-s", "remote_capture_port=0", "--write-devices", devices,
                "-c", os.path.join(SOURCE, "tests/data/lab-ch6.pcap")]
        for closed in ("<&- >&- 2>&-", "<&-", ">&-"):
            run = subprocess.run(["/bin/sh", "-c", f'exec "$0" "$@" {closed}', *args], timeout=60)
            self.assertEqual(run.returncode, 0, closed)
            with open(devices) as f:
                self.assertTrue(json.load(f))

    def test_port_in_use(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = s.getsockname()[1]
            run = self.aeried("--home", self.home, "-p", str(port), "-s", "remote_capture_enabled=false")
        self.assertEqual(run.returncode, 1)
        errors = [line for line in run.stderr.splitlines() if line.startswith("ERROR")]
        self.assertEqual(len(errors), 1, run.stderr)
        self.assertIn(f"port {port}", errors[0])
        self.assertIn("another program has it", errors[0])

    def test_an_address_that_remote_captures_cannot_have_is_told(self):
        run = self.host("-s", "remote_capture_enabled=true", "-s", "remote_capture_listen=localhost", "-s", "remote_capture_port=0")
        self.assertEqual(run.returncode, 0)
        self.assertRegex(run.stderr, "ERROR: remote captures cannot connect to localhost port 0: .*; set remote_capture_listen to an address of this machine in numbers ")

    def start(self, *args, command=(AERIED,)):
        proc = subprocess.Popen([*command, "--home", self.home, "-p", "0", "-s", "remote_capture_enabled=false", *args], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                text=True)
        self.addCleanup(proc.stderr.close)
        self.addCleanup(lambda: proc.poll() is None and proc.kill())
        for line in proc.stderr:
            match = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
            if match:
                return proc, int(match[1])
        self.fail("no address was told")

    def test_stops_on_any_of_three_signals_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            proc, _ = self.start()
            proc.send_signal(number)
            self.assertEqual(proc.wait(30), 0)
            self.assertIn(f"INFO: stopping (signal {int(number)})", proc.stderr.read())

    def test_a_terminal_that_goes_stops_it_in_order(self):
        out = os.path.join(self.top, "devices.json")
        proc, _ = self.start("--write-devices", out)
        for _ in range(3):  # the kernel and the shell may both say so
            proc.send_signal(signal.SIGHUP)
        self.assertEqual(proc.wait(30), 0)
        self.assertIn("INFO: stopping (signal 1)", proc.stderr.read())
        self.assertEqual(open_and_read(out), "[]")

    def test_nohup_is_respected(self):
        proc, port = self.start(command=["nohup", AERIED])
        proc.send_signal(signal.SIGHUP)
        urllib.request.urlopen(f"http://127.0.0.1:{port}/system/timestamp.json", timeout=30).close()
        proc.send_signal(signal.SIGTERM)
        self.assertEqual(proc.wait(30), 0)
        self.assertNotIn("(signal 1)", proc.stderr.read())

    def test_devices_for_a_pipe_that_nobody_reads_do_not_hold_it(self):
        out = os.path.join(self.top, "devices.json")
        os.mkfifo(out)
        proc, _ = self.start("--write-devices", out)
        proc.send_signal(signal.SIGTERM)
        while not is_in(proc.pid, "fifo_open", "wait_for_partner"):
            self.assertIsNone(proc.poll())
            time.sleep(0.01)
        proc.send_signal(signal.SIGTERM)
        self.assertEqual(proc.wait(30), 1)
        self.assertIn("aeried: stopped at once, as asked\n", proc.stderr.read())

    def test_devices_that_cannot_be_written_are_a_failure(self):
        full, missing = os.path.join(self.top, "full.json"), os.path.join(self.top, "none", "x.json")
        os.symlink("/dev/full", full)
        for path, status, why in ((full, 1, f"ERROR: --write-devices: cannot write the devices to {full}: No space left on device\n"),
                                  (missing, 2, f"FATAL: --write-devices {missing}: nothing can be written there: No such file or directory: ")):
            run = self.aeried("--home", self.home, "-p", "0", "-s", "remote_capture_enabled=false", "--exit-when-done", "--write-devices", path)
            self.assertEqual(run.returncode, status)
            self.assertIn(why, run.stderr)

    def test_a_source_that_failed_is_the_last_word(self):
        run = self.aeried("--home", self.home, "-p", "0", "-s", "remote_capture_enabled=false", "--exit-when-done", "-c", "/nowhere/x.pcap")
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, r"\nFATAL: source /nowhere/x\.pcap: failed: /nowhere/x\.pcap does not exist; check the path\. Tried .*pcapfile: .*\n")

    def test_second_host_in_a_home_is_told(self):
        first, _ = self.start()
        run = self.host()
        self.assertEqual(run.returncode, 0)
        self.assertEqual(run.stderr, f"INFO: warning: another aeried runs in {self.home}: of the login, API keys and names of devices, what one of "
                                     "the two changes is lost when the other does; name another directory with --home\n")
        first.send_signal(signal.SIGTERM)
        self.assertEqual(first.wait(30), 0)
        self.assertNotIn("another aeried", first.stderr.read())
        self.assertEqual(self.host().stderr, "")

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_full_disk_is_told_as_such(self):
        os.mkdir(self.home, 0o700)
        os.symlink("/dev/full", os.path.join(self.home, "server.uuid"))
        self.assertEqual(self.host().stderr, f"ERROR: cannot write {self.home}/server.uuid: No space left on device: this host will have another "
                                             "UUID next time\n")

    def test_own_modules_are_used_however_slow_the_machine_is(self):
        capture = os.path.join(os.environ.get("AERIE_SOURCE", "."), "tests/data/lab-ch6.pcap")
        said = []
        for _ in range(2):  # and none is in quarantine afterwards
            run = self.aeried("--home", self.home, "-p", "0", "-s", "remote_capture_enabled=false", "-s", "plugin_probe_timeout=1ms", "-c", capture,
                              "--exit-when-done")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertRegex(run.stdout, r"done: packets=1460 dropped=0 errors=0 devices=15 ")
            self.assertNotIn("ERROR", run.stderr)
            said.append(run.stderr)
        self.assertIn("did not answer within 1 ms when it was opened; it is the host's own, and used all the same", said[0])

    def test_server_uuid_stays(self):
        self.host()
        with open(os.path.join(self.home, "server.uuid")) as f:
            uuid = f.read()
        self.assertRegex(uuid, r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$")
        self.host()
        with open(os.path.join(self.home, "server.uuid")) as f:
            self.assertEqual(f.read(), uuid)

    def test_background(self):
        run = self.aeried("--home", self.home, "--daemonize", "-p", "0", "-s", "remote_capture_enabled=false")
        self.assertEqual(run.returncode, 0, run.stderr)
        match = re.search(r"as process (\d+); messages go to (\S+)\n", run.stdout)
        pid, log = int(match[1]), match[2]
        try:
            self.assertEqual(log, os.path.join(self.home, "aeried.log"))
            self.assertEqual(os.getsid(pid), pid)
            port = re.search(r"http://127\.0\.0\.1:(\d+)/", run.stderr)[1]
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/system/timestamp.json", timeout=10).close()
            except urllib.error.HTTPError as e:
                e.close()  # whatever it says, it answers
        finally:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 30
        while "stopping" not in open_and_read(log) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertRegex(open_and_read(log), r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} INFO: stopping \(signal 15\)")
        while time.monotonic() < deadline:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                break
            with open(f"/proc/{pid}/stat") as f:
                if f.read().split()[2] == "Z":
                    break
            time.sleep(0.01)
        else:
            self.fail("it still runs")

    def test_failure_in_the_background_is_told_by_the_command(self):
        run = self.aeried("--home", self.home, "--daemonize", "-s", "nonsense=1")
        self.assertEqual(run.returncode, 2)
        self.assertIn('nobody declares the key "nonsense"', run.stderr)


def is_in(pid, *functions):
    """Whether the process waits in one of these functions of the kernel; where that is not told: whether it sleeps at all."""
    with open(f"/proc/{pid}/wchan") as f:
        where = f.read()
    return any(name in where for name in functions) if where not in ("", "0") else open_and_read(f"/proc/{pid}/stat").rsplit(") ", 1)[1][0] == "S"


def open_and_read(path):
    with open(path) as f:
        return f.read()


if __name__ == "__main__":
    if not os.path.exists(AERIED):
        sys.exit("aeried is not built: run make")
    unittest.main()
