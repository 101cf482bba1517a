#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What can be set is written down: each option of `aeried --help` is in aeried(8) and the other way round, and each configuration key
is, with its default, in aeried(8), or, one of HTTP's, in a table of doc/*.md; each option of a source is in aeried(8) or the manual
of its capture program. And what is written down can be set."""
import glob
import os
import re
import subprocess
import sys
import unittest

SOURCE = os.environ.get("AERIE_SOURCE", ".")
AERIED = os.path.join(os.environ.get("AERIE_BUILD", "build"), "bin", "aeried")
DEFINITIONS = "core/source_life.c"  # options of a source's definition, not keys
ROW = re.compile(r'AERIE_OPTION\(AERIE_OPT_\w+,\s*[\w |]+,\s*("?)(\w+)"?,\s*(?:"([^"]*)"|(\w+)),')


def read(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as f:
        return f.read()


def keys(*folders):
    """Key -> default as text ("": none), from the tables in the source."""
    found = {}
    for folder in folders:
        for path in glob.glob(os.path.join(SOURCE, folder, "*.c")):
            name = os.path.relpath(path, SOURCE)
            text = read(name)
            constants = dict(re.findall(r'^#define (\w+) "([^"]*)"', text, re.M))
            if name != DEFINITIONS:
                for quoted, key, text_of, constant in ROW.findall(text):
                    found[key if quoted else constants[key]] = text_of or constants.get(constant, "")
    return found


class Options(unittest.TestCase):
    manual = read("doc/aeried.8").replace("\\-", "-").replace("\\fI", "").replace("\\fR", "")

    def test_command_line(self):
        section = self.manual.split(".SH OPTIONS")[1].split(".SH ")[0]
        told = set(re.findall(r"--[a-z-]+", "\n".join(re.findall(r"^\.TP\n(.*)$", section, re.M))))
        helped = subprocess.run([AERIED, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
        offered = set(re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", helped, re.M))
        self.assertEqual(told, offered)
        self.assertGreater(len(told), 15)

    def test_capture_programs(self):
        common = set(re.findall(r"--[a-z-]+", read("doc/aeriecap.3").replace("\\-", "-")))
        for page in glob.glob(os.path.join(SOURCE, "doc", "aerie-cap-*.1")):
            program = os.path.join(os.path.dirname(AERIED), os.path.basename(page)[:-2])
            if not os.path.exists(program):
                continue  # left out, as its library is not there
            told = common | set(re.findall(r"--[a-z-]+", read(os.path.relpath(page, SOURCE)).replace("\\-", "-")))
            done = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=60, check=False)
            offered = set(re.findall(r"--[a-z-]+", done.stdout + done.stderr))
            self.assertGreater(len(offered), 15, program)
            self.assertEqual(offered - told, set(), program)

    def test_keys_of_the_program(self):
        section = self.manual.split(".SH CONFIGURATION")[1].split(".SH ")[0].replace('"', "")
        for key, default in keys("core", "plugins/*", "httpd/endpoints").items():
            self.assertTrue(re.search(rf"\b{key} +\({re.escape(default)}[);:]" if default else rf"\b{key}\b", section), (key, default))

    def test_options_of_sources(self):
        section = self.manual.split(".SH SOURCES")[1].split(".SH ")[0]
        told = set(re.findall(r"\w+", " ".join(re.findall(r"^\.TP\n\.BR? (.*)$", section, re.M))))
        self.assertEqual(told, {key for quoted, key, *rest in ROW.findall(read(DEFINITIONS))})
        for folder, page in (("linux_wifi", "linux-wifi"), ("linux_bluetooth", "linux-bluetooth"), ("pcapfile", "pcapfile"), ("tzsp", "tzsp")):
            manual, drivers = read(f"doc/aerie-cap-{page}.1"), glob.glob(os.path.join(SOURCE, "datasources", folder, "*.c"))
            options = set(re.findall(r'(?:AERIE_OPTION\(AERIE_OPT_\w+, *[\w |]+, *|\b(?:FLAG|TEXT|BOOL|INT)\()"(\w+)"',
                                     "".join(read(os.path.relpath(d, SOURCE)) for d in drivers)))
            self.assertTrue(options, folder)
            for option in options:
                self.assertTrue(re.search(rf"^\.B[RI]? (?:.*[ \"])?{option}\b", manual, re.M), (folder, option))

    def test_keys_of_http(self):
        pages = "".join(read(f"doc/{name}.md") for name in ("http", "logins", "live"))
        for key, default in keys("httpd/server", "httpd/live").items():
            self.assertTrue(f"`{key}" in pages, key)
            row = re.search(rf"^\| [^|]*`{key}`[^|]*\| ([^|]*) \|", pages, re.M)
            if default and row:
                self.assertIn(default, row[1].replace("`", ""), key)
        self.assertGreater(len(keys("httpd/server")), 30)

    def test_what_is_written_down_exists(self):
        known = {**keys("core", "plugins/*", "httpd/endpoints", "httpd/server", "httpd/live")}
        for name in ("http", "logins"):
            for key in re.findall(r"`(httpd_[a-z_]+)", read(f"doc/{name}.md")):
                self.assertIn(key, set(known) | {"httpd_auth", "httpd_password_hash"}, name)


if __name__ == "__main__":
    if not os.path.exists(AERIED):
        sys.exit("aeried is not built: run make")
    unittest.main()
