#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The rules of the ABI, one by one: the host is run with a module that breaks a rule (tests/bad-plugins/) and with one that
does not. Expected: the message with its cause and remedy, the good module runs all the same, and the exit status. The rules
are those of sdk/include/aerie/plugin.h."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = os.environ.get("AERIE_BUILD", "build")
AERIED = os.path.join(BUILD, "bin", "aeried")
MODULES = os.path.join(BUILD, "tests", "bad-plugins", ".libs")
GOOD_RUNS = ["good load", "good configure", "good start", "good quiesce", "good stop", "good unload"]


def open_and_read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Run:
    def __init__(self, status, out, err, trace):
        self.status, self.out, self.err, self.trace = status, out, err, trace

    def of(self, name):
        return [step for step in self.trace if step.startswith(name + " ")]


class BadPlugins(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="aerie-bad-", dir="/var/tmp")
        self.home = os.path.join(self.top, "home")
        self.dir = os.path.join(self.top, "plugins")
        os.mkdir(self.dir, 0o755)
        os.mkdir(self.home, 0o700)

    def tearDown(self):
        shutil.rmtree(self.top)

    def put(self, *names):
        for name in names:
            target = os.path.join(self.dir, name + ".so")
            shutil.copyfile(os.path.join(MODULES, name + ".so"), target)
            os.chmod(target, 0o644)

    def path(self, name):
        return os.path.join(self.dir, name + ".so")

    def aeried(self, *args, env=None):
        trace = os.path.join(self.top, "trace")
        if os.path.exists(trace):
            os.unlink(trace)
        done = subprocess.run([AERIED, "--home", self.home, "-s", "remote_capture_enabled=false", *args], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "AERIE_TRACE": trace, **(env or {})})
        lines = []
        if os.path.exists(trace):
            with open(trace) as f:
                lines = f.read().splitlines()
        return Run(done.returncode, done.stdout, done.stderr, lines)

    def host(self, *args, env=None):
        """Runs the host, without its own modules, until it has nothing more to do."""
        return self.aeried("--plugin-dir", self.dir, "--no-plugin", "aerie.*", "--exit-when-done", *args, env=env)

    def expect(self, name, message, *more, id=True, state="does not run", status=0, args=()):
        """The host with the module `name`, `more`, and the good one: the message, and nothing else suffers."""
        self.put(name, "good", *more)
        run = self.host(*args)
        who = f"module org.test.{name} ({self.path(name)})" if id else f"module {self.path(name)}"
        self.assertIn(f"ERROR: {who} {state}: {message}\n", run.err)
        self.assertEqual(run.of("good"), GOOD_RUNS)
        self.assertEqual(run.status, status, run.err)
        self.assertRegex(run.out, r"^done: packets=0 dropped=0 errors=0 devices=0 seconds=\d+\.\d{3}\n$")
        return run

    def refused(self, name, message):
        run = self.expect(name, message, id=False, state="is refused")
        self.assertEqual(run.of(name), [])
        return run

    # The descriptor's prefix and size

    def test_wrong_magic(self):
        self.refused("wrong_magic", "its descriptor has the magic number 0x12345678 instead of 0x41455231: it is no Aerie module; "
                                    "start the descriptor with AERIE_ABI_INIT")

    def test_wrong_major(self):
        self.refused("wrong_major", "it is built for ABI 2.3 and this host has 1.0: rebuild it with this host's headers")

    def test_newer_minor(self):
        self.refused("newer_minor", "it needs ABI 1.7 and this host has 1.0: update aeried, or build the module with a lower "
                                    "AERIE_ABI_TARGET")

    def test_size_zero(self):
        self.refused("size_zero", "its descriptor says that it has 0 octets, and only 96 to 4096 make sense: start it with "
                                  "AERIE_ABI_INIT")

    def test_size_huge(self):
        self.refused("size_huge", "its descriptor says that it has 4294967295 octets, and only 96 to 4096 make sense: start it "
                                  "with AERIE_ABI_INIT")

    def test_shorter_descriptor_of_an_older_abi_runs(self):
        self.put("old_descriptor", "good")
        run = self.host()
        self.assertEqual(run.of("old_descriptor"), ["old_descriptor load"])
        self.assertEqual((run.status, run.of("good")), (0, GOOD_RUNS))
        self.assertNotIn("ERROR", run.err)

    def test_longer_descriptor_of_a_newer_abi_runs(self):
        self.put("new_descriptor", "good")
        run = self.host()
        self.assertEqual(run.of("new_descriptor"), [s.replace("good", "new_descriptor") for s in GOOD_RUNS])
        self.assertEqual((run.status, run.of("good")), (0, GOOD_RUNS))
        self.assertNotIn("ERROR", run.err)

    # The entry function

    def test_no_entry(self):
        self.refused("no_entry", "it has no function aerie_plugin_entry: it is no Aerie module, or AERIE_PLUGIN_EXPORT is missing in it")

    def test_null_entry(self):
        self.refused("null_entry", "its aerie_plugin_entry() returned NULL: it must return the descriptor")

    def test_not_a_shared_object(self):
        with open(self.path("text"), "w") as f:
            f.write("This is no shared object.\n")
        self.put("good")
        run = self.host()
        self.assertRegex(run.err, re.escape(f"ERROR: module {self.path('text')} is refused: it cannot be loaded: ") +
                         ".*: rebuild it for this machine or remove it\n")
        self.assertEqual((run.status, run.of("good")), (0, GOOD_RUNS))

    # The descriptor's members

    def test_missing_version(self):
        self.refused("no_version", "its descriptor has no version, which is required: add it")

    def test_missing_load(self):
        self.refused("no_load", "its descriptor has no load, which is required: add it")

    def test_malformed_id(self):
        self.refused("bad_id", 'its id "my plugin/1" is malformed: an id is 1 to 64 of A-Z a-z 0-9 . _ -, as in org.example.thing')

    def test_unknown_thread_model(self):
        self.refused("thread_model", "it wants the thread model 77, which this host does not know: update aeried, or use "
                                     "AERIE_THREADS_FREE")

    def test_malformed_service_id(self):
        self.refused("bad_service_id", 'it requires "thing", which is not a service id: write it as in org.example.thing/1')

    def test_provides_without_get_ext(self):
        self.refused("no_ext", 'it provides "org.test.thing/1" but has no get_ext, which would answer for it: add it')

    def test_option_without_help(self):
        self.refused("option_no_help", 'its table of options is malformed: option "test_number" has no help: every option says in '
                                       "one sentence what it does")

    def test_option_with_malformed_range(self):
        self.refused("option_bad_range", 'its table of options is malformed: option "test_number" has the malformed range "9..1": '
                                         'write "1..10" or "a|b"')

    def test_option_with_default_out_of_range(self):
        self.refused("option_bad_default", 'its table of options is malformed: option "test_number" has the default "100", which '
                                           "is not a value in 1..9")

    # The life cycle

    def test_good_module_runs_its_life(self):
        self.put("good")
        run = self.host()
        self.assertEqual((run.status, run.trace, run.err), (0, GOOD_RUNS, ""))

    def test_failing_load(self):
        run = self.expect("fail_load", "load() failed: no table of makers in /usr/share/test: install the package test-data")
        self.assertEqual(run.of("fail_load"), ["fail_load load fails"])

    def test_failing_configure_is_undone(self):
        run = self.expect("fail_configure", "configure() failed: test_colour is blue: use another colour")
        self.assertEqual(run.of("fail_configure"),
                         ["fail_configure load", "fail_configure configure fails", "fail_configure unload"])

    def test_failing_start_is_undone(self):
        run = self.expect("fail_start", "start() failed: port 1 is taken: choose another")
        self.assertEqual(run.of("fail_start"),
                         ["fail_start load", "fail_start configure", "fail_start start fails", "fail_start unload"])

    def test_result_without_a_meaning_is_a_failure_of_its_own(self):
        run = self.expect("positive_start", "start() failed: it returned 7, and only 0 and negative errnos have a meaning: correct the module")
        self.assertEqual(run.of("positive_start"), ["positive_start load", "positive_start configure", "positive_start start",
                                                    "positive_start unload"])

    def test_failing_module_fails_those_that_require_it(self):
        self.put("fail_start")
        run = self.expect("needs_failed", 'it requires "org.test.failing/1" of org.test.fail_start, which does not run: see its reason')
        self.assertEqual(run.of("needs_failed"), [])

    def test_failure_of_a_module_asked_for_ends_the_host(self):
        self.put("fail_start", "fail_configure", "good")
        run = self.host("--plugin", "org.test.fail_start", "--plugin", "org.test.good")
        self.assertIn("start() failed: port 1 is taken: choose another\n", run.err)
        self.assertIn("FATAL: aeried ends, because a module of its own did not start: see above\n", run.err)
        self.assertEqual((run.status, run.of("good")), (1, GOOD_RUNS))
        run = self.host("--plugin", "org.test.fail_configure")
        self.assertEqual((run.status, run.of("good")), (2, []))

    def test_lying_get_ext(self):
        run = self.expect("lying_ext", 'load() failed: it provides "org.test.thing/1", but its get_ext() knows nothing of it: '
                                       "correct one of the two")
        self.assertEqual(run.of("lying_ext"), ["lying_ext load", "lying_ext unload"])

    def test_registration_outside_load(self):
        run = self.expect("register_late", "start() failed: registration is legal only inside load()")
        self.assertIn("ERROR: org.test.register_late registered something outside load(): refused; registration is legal only "
                      "inside load()\n", run.err)
        self.assertEqual(run.of("register_late"), ["register_late load", "register_late unload"])

    def test_host_sweeps_what_a_module_forgot(self):
        self.put("forgetful", "good")
        run = self.host()
        self.assertEqual(run.of("forgetful"),
                         ["forgetful load", "forgetful destroy", "forgetful stop", "forgetful unload"])
        self.assertEqual((run.status, run.err), (0, ""))

    def test_path_of_the_hosts_own_cannot_be_taken(self):
        self.put("takes_route", "good")
        run = self.aeried("--plugin-dir", self.dir, "-p", "0", "--exit-when-done")
        self.assertIn(f"ERROR: module org.test.takes_route ({self.path('takes_route')}) does not run: load() failed: route /system/status: "
                      "aerie.endpoints has a route for the same path, method and format (/system/status)\n", run.err)
        self.assertEqual(run.err.count("ERROR"), 1, run.err)
        self.assertEqual((run.status, run.of("good")), (0, GOOD_RUNS))

    # Services

    def test_provider_starts_before_and_stops_after_its_consumer(self):
        self.put("a_consumer", "provider")
        run = self.host()
        self.assertEqual(run.trace, [
            "provider load", "provider configure", "provider start", "a_consumer load", "a_consumer configure",
            "a_consumer start", "a_consumer quiesce", "provider quiesce", "a_consumer stop", "a_consumer unload",
            "provider stop", "provider unload"])
        self.assertEqual((run.status, run.err), (0, "INFO: org.test.a_consumer: the thing says 42\n"))

    def test_missing_service(self):
        self.expect("missing_service", 'it requires "org.test.nowhere/1", which neither the host nor any module offers: install '
                                       "the module that does, or remove this one")

    def test_cycle(self):
        run = self.expect("cycle_a", 'it requires "org.test.b/1" of org.test.cycle_b, which in turn waits for "org.test.a/1": a '
                                     "cycle; make one of these requirements optional", "cycle_b")
        self.assertIn('it requires "org.test.a/1" of org.test.cycle_a, which in turn waits for "org.test.b/1"', run.err)
        self.assertEqual(run.of("cycle_a") + run.of("cycle_b"), [])

    def test_cycle_with_itself(self):
        self.expect("self_cycle", 'it requires "org.test.self/1", which it provides itself: remove it from its requirements')

    def test_service_of_the_host_cannot_be_taken(self):
        self.expect("takes_host_service", 'it provides "aerie.bus/1", which the host offers itself: give the service another id')

    def test_second_provider_of_a_service(self):
        run = self.expect("second_provider", 'it provides "org.test.thing/1", which org.test.provider provides already: disable one '
                                             "of the two with --no-plugin", "provider")
        self.assertIn("provider start", run.trace)
        run = self.host("--no-plugin", "org.test.provider")
        self.assertIn("second_provider start", run.trace)
        self.assertEqual(run.err, "")

    def test_unlisted_service(self):
        self.put("unlisted_service", "good")
        run = self.host()
        self.assertEqual(run.err, 'ERROR: org.test.unlisted_service asked for service "aerie.bus/1" without listing it in '
                                  "requires_: it got nothing; add the id there\n")
        self.assertIn("unlisted_service start", run.trace)
        self.assertEqual((run.status, run.of("good")), (0, GOOD_RUNS))

    def test_second_module_with_the_same_id(self):
        self.put("same_id", "good")
        run = self.host()
        self.assertEqual(run.err, f"ERROR: module org.test.good ({self.path('same_id')}) is refused: {self.path('good')} has the same "
                                  "id org.test.good and is used: remove one of the two\n")
        self.assertEqual((run.status, run.trace), (0, GOOD_RUNS))

    def test_field_of_another_type_names_the_owner(self):
        self.put("field_first", "field_second", "good")
        run = self.host()
        self.assertRegex(run.err, re.escape(f"ERROR: module org.test.field_second ({self.path('field_second')}) does not run: "
                                            "load() failed: ") + r".*test\.shared\.field.*org\.test\.field_first.*\n")
        self.assertIn("field_first start", run.trace)
        self.assertEqual((run.status, run.of("good")), (0, GOOD_RUNS))

    # Options

    def test_undeclared_option(self):
        run = self.expect("undeclared_option", 'configure() failed: org.test.undeclared_option read the option "httpd_port", which '
                                               "it does not declare: add it to the module's table of options")
        self.assertEqual(run.of("undeclared_option"), ["undeclared_option load", "undeclared_option unload"])

    def test_option_read_in_another_type(self):
        self.expect("wrong_option_type", 'configure() failed: org.test.wrong_option_type read the option "test_number" as a '
                                         "duration, but declares it as an integer: correct the module")

    def test_required_option(self):
        self.expect("option_required", 'configure() failed: option "test_required" is required and not set: set it in the '
                                       "configuration or with -s test_required=...")
        run = self.host("-s", "test_required=yes")
        self.assertIn("option_required start", run.trace)
        run = self.aeried("--plugin-dir", self.dir, "--check-config")
        self.assertEqual(run.status, 2)
        self.assertIn('option "test_required" is required and not set', run.err)

    # Files

    def test_file_writable_by_others(self):
        self.put("wrong_magic", "good")
        os.chmod(self.path("wrong_magic"), 0o646)
        run = self.host()
        self.assertEqual(run.err, f"ERROR: module {self.path('wrong_magic')} is refused: it is writable by others: chmod go-w "
                                  f"{self.path('wrong_magic')}\n")
        os.chmod(self.path("wrong_magic"), 0o664)
        self.assertIn("it is writable by its group: chmod go-w", self.host().err)

    def test_directory_writable_by_others(self):
        self.put("good")
        os.chmod(self.dir, 0o777)
        run = self.host()
        self.assertEqual((run.status, run.trace), (0, []))
        self.assertEqual(run.err, f"ERROR: module {self.path('good')} is refused: its directory is writable by others: chmod o-w "
                                  f"{self.dir}\n")

    @unittest.skipIf(os.geteuid() != 0, "only root can give files away")
    def test_file_of_another_user(self):
        self.put("good")
        os.chown(self.path("good"), 12345, 12345)
        run = self.host()
        self.assertIn("is refused: it belongs to user 12345: it must belong to root or to the user that runs aeried: chown it\n",
                      run.err)
        self.assertEqual(run.trace, [])

    def test_dangling_link(self):
        os.symlink("/nowhere/x.so", self.path("dangling"))
        self.put("good")
        run = self.host()
        self.assertIn(f"ERROR: module {self.path('dangling')} is refused: it cannot be looked at: No such file or directory", run.err)
        self.assertEqual(run.of("good"), GOOD_RUNS)

    # Probes and quarantine

    def crash(self, name, reason, *args):
        self.put(name, "good")
        run = self.host(*args)
        message = f"ERROR: module {self.path(name)} is in quarantine: {reason}: to try again, run aeried --dump-plugin {self.path(name)}\n"
        self.assertEqual(run.err, message)
        self.assertEqual((run.status, run.of("good")), (0, GOOD_RUNS))
        # It is remembered with its reason, and not opened again.
        begun = time.monotonic()
        again = self.host(*args)
        self.assertEqual(again.err, message)
        return time.monotonic() - begun

    def test_crash_in_a_constructor(self):
        self.crash("crash_constructor", "it crashed when it was opened (signal 6, Aborted)")

    def test_crash_in_the_entry_function(self):
        self.crash("crash_entry", "it crashed when it was opened (signal 6, Aborted)")

    def test_entry_function_that_ends_the_program(self):
        self.crash("exit_entry", "it ended the program that opened it (exit status 0)")

    def test_entry_function_that_hangs(self):
        second = self.crash("hang_entry", "it did not answer within 3000 ms when it was opened", "-s", "plugin_probe_timeout=3s")
        self.assertLess(second, 3)

    def test_crash_in_load_ends_the_host_once(self):
        self.put("crash_load", "good")
        path = self.path("crash_load")
        self.assertEqual(self.host().status, -signal.SIGABRT)
        for _ in range(2):
            run = self.host()
            self.assertEqual(run.err, f"ERROR: module {path} is in quarantine: aeried ended while it was starting this module: to try again, "
                                      f"run aeried --dump-plugin {path}\n")
            self.assertEqual((run.status, run.of("good"), run.of("crash_load")), (0, GOOD_RUNS, []))
        self.assertEqual(self.aeried("--dump-plugin", path).status, 0)
        run = self.host(env={"AERIE_TEST_BEHAVE": "1"})
        self.assertEqual((run.status, run.err), (0, ""))
        self.assertIn("crash_load start", run.trace)
        self.assertFalse(os.path.exists(os.path.join(self.home, "plugins.starting")))

    def test_hanging_start_can_be_ended_and_is_remembered(self):
        self.put("hang_start")
        trace = os.path.join(self.top, "trace")
        with subprocess.Popen([AERIED, "--home", self.home, "--plugin-dir", self.dir, "--no-plugin", "aerie.*", "-s",
                               "remote_capture_enabled=false"], env={**os.environ, "AERIE_TRACE": trace}) as host:
            deadline = time.monotonic() + 60
            while not (os.path.exists(trace) and "hang_start start" in open_and_read(trace)):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            # Another host with this home, meanwhile, does not take it for a crash.
            with open(os.path.join(self.home, "plugins.starting"), encoding="utf-8") as f:
                self.assertTrue(f.read().endswith(f" {os.path.realpath(self.path('hang_start'))}\n"))
            self.assertEqual(self.aeried("--plugin-dir", self.dir, "--list-plugins").err, "")
            for _ in range(2):
                host.send_signal(signal.SIGTERM)
                while "SigPnd:\t0000000000000000\n" not in open_and_read(f"/proc/{host.pid}/status") or \
                      "ShdPnd:\t0000000000000000\n" not in open_and_read(f"/proc/{host.pid}/status"):
                    time.sleep(0.01)
            self.assertEqual(host.wait(60), 1)
        self.put("good")
        run = self.host()
        self.assertIn("is in quarantine: aeried ended while it was starting this module", run.err)
        self.assertEqual((run.status, run.of("good")), (0, GOOD_RUNS))

    def test_dump_lifts_the_quarantine_when_the_module_behaves(self):
        self.crash("crash_constructor", "it crashed when it was opened (signal 6, Aborted)")
        run = self.aeried("--dump-plugin", self.path("crash_constructor"))
        self.assertEqual((run.status, run.out), (1, ""))
        self.assertIn("it crashed when it was opened (signal 6, Aborted)", run.err)
        run = self.aeried("--dump-plugin", self.path("crash_constructor"), env={"AERIE_TEST_BEHAVE": "1"})
        self.assertEqual(run.status, 0)
        self.assertIn("id=org.test.crash_constructor\n", run.out)
        run = self.host(env={"AERIE_TEST_BEHAVE": "1"})
        self.assertIn("crash_constructor start", run.trace)

    def test_changed_file_leaves_the_quarantine(self):
        self.crash("crash_constructor", "it crashed when it was opened (signal 6, Aborted)")
        shutil.copyfile(os.path.join(MODULES, "provider.so"), self.path("crash_constructor"))
        run = self.host()
        self.assertEqual((run.err, run.of("provider")[:1]), ("", ["provider load"]))

    def test_malformed_list_of_quarantine_is_no_obstacle(self):
        with open(os.path.join(self.home, "plugins.quarantine"), "wb") as f:
            f.write(b"\x00\xff\n1 2 3\nx\n99999999999999999999999 1 1 /x\ty\n1 1 1 relative\ty\n" + b"A" * 100000)
        self.put("good")
        run = self.host()
        self.assertEqual((run.status, run.trace, run.err), (0, GOOD_RUNS, ""))

    # Selection

    def test_unknown_plugin_is_bad_usage(self):
        self.put("good")
        run = self.host("--plugin", "org.test.absent")
        self.assertEqual((run.status, run.err, run.trace),
                         (2, "FATAL: --plugin org.test.absent: no module has this id: see aeried --list-plugins for those that there "
                             "are\n", []))

    def test_plugin_loads_only_it_and_what_it_requires(self):
        self.put("a_consumer", "provider", "good")
        run = self.host("--plugin", "org.test.a_consumer")
        self.assertEqual([s for s in run.trace if s.endswith("start")], ["provider start", "a_consumer start"])

    def test_no_plugin_takes_a_pattern(self):
        self.put("a_consumer", "provider", "good")
        run = self.host("--no-plugin", "org.test.[ap]*")
        self.assertEqual((run.trace, run.err, run.status), (GOOD_RUNS, "", 0))

    def test_safe_mode_leaves_strangers_out(self):
        self.put("good", "crash_entry")
        run = self.host("--safe-mode")
        self.assertEqual((run.status, run.trace, run.err), (0, [], ""))

    def test_earlier_directory_wins(self):
        self.put("good")
        users = os.path.join(self.home, "plugins")
        os.mkdir(users, 0o755)
        shutil.copyfile(os.path.join(MODULES, "provider.so"), os.path.join(users, "good.so"))
        run = self.host()
        self.assertEqual(run.trace, GOOD_RUNS)
        self.assertEqual(run.err, f"INFO: module {users}/good.so is not used: an earlier directory has one of that name\n")

    # What the program prints

    def test_list_plugins(self):
        self.put("good", "wrong_magic", "missing_service")
        run = self.aeried("--plugin-dir", self.dir, "--no-plugin", "aerie.*", "--list-plugins")
        rows = {line.split()[0]: line.split(None, 3)[1:] for line in run.out.splitlines()}
        self.assertEqual(run.status, 0)
        self.assertEqual(run.trace, [])
        self.assertEqual(rows["org.test.good"], ["1.0", "ready", f"{self.path('good')}  Test module good"])
        self.assertEqual(rows["wrong_magic.so"][1], "refused")
        self.assertEqual(rows["org.test.missing_service"][1], "failed")
        self.assertIn("org.test.nowhere/1", rows["org.test.missing_service"][2])

    def test_dump_plugin(self):
        self.put("a_consumer", "option_required", "wrong_major")
        run = self.aeried("--dump-plugin", self.path("a_consumer"))
        facts = run.out.splitlines()
        self.assertEqual(run.status, 0)
        for fact in ["id=org.test.a_consumer", "version=1.0", "summary=Test module a_consumer", "license=MIT", "url=",
                     "abi.major=1", "abi.minor_needed=0", "requires=org.test.thing/1", "requires=org.test.absent/1?",
                     "thread_model=0", "start=yes", "get_ext=no", f"path={self.path('a_consumer')}"]:
            self.assertIn(fact, facts)
        facts = self.aeried("--dump-plugin", self.path("option_required")).out.splitlines()
        for fact in ["option=test_required", "option.test_required.type=str", "option.test_required.flags=required",
                     "option.test_required.help=A text."]:
            self.assertIn(fact, facts)
        run = self.aeried("--dump-plugin", self.path("wrong_major"))
        self.assertEqual((run.status, run.out), (2, ""))
        self.assertIn("it is built for ABI 2.3 and this host has 1.0", run.err)


if __name__ == "__main__":
    if not os.path.exists(MODULES):
        sys.exit("the modules are not built: run make check")
    unittest.main()
