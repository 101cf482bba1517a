#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The layers of doc/architecture.md, checked on every #include: arrows only point down.

  modules   plugins/X, datasources/X, httpd/X: <aerie/...>, system headers, and the files of X
  core      core/: <aerie/...>, <core/...>, system headers
  capture   sdk/capframework/: <aerie/...>, system headers, and its own files
  contract  sdk/include/aerie/: <aerie/...> and the C library

Argument: the top folder. Prints each violation; status 1 when there is one."""
import os
import re
import sys

C_LIBRARY = {
    "assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdarg.h", "stddef.h", "stdint.h",
    "stdio.h", "stdlib.h", "string.h", "time.h",
}
OURS = ("core/", "plugins/", "datasources/", "httpd/", "tests/", "sdk/")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def home(path):
    """The folder that a module may include from, or None outside of modules: plugins/manuf, httpd/serializers/json."""
    parts = path.split("/")
    if parts[0] in ("plugins", "datasources") and len(parts) > 2:
        return "/".join(parts[:2])
    if parts[0] == "httpd" and len(parts) > 2:
        return "/".join(parts[:-1])
    if path.startswith("sdk/capframework/"):
        return "sdk/capframework"
    return None


def made(root, found):
    """Does the folder's own part of the build make this file?"""
    rules = os.path.join(root, os.path.dirname(found), "local.mk")
    if not os.path.exists(rules):
        return False
    with open(rules, encoding="utf-8") as f:
        return any(line.startswith(found + ":") for line in f)


def inside(root, path, name, own):
    """Does a quoted or project-rooted include lead to a file below `own`?"""
    for base in (os.path.dirname(path), ""):
        found = os.path.normpath(os.path.join(base, name))
        if os.path.exists(os.path.join(root, found)) or made(root, found):
            return found.startswith(own + "/")
    return False


def check(root, path, quote, name):
    """None, or what is wrong with this include."""
    system = quote == "<" and not name.startswith(OURS + ("aerie/", "."))
    if path.startswith("sdk/include/"):
        return None if name.startswith("aerie/") or system and name in C_LIBRARY else "the contract may include only <aerie/...> and the C library"
    if name == "config.h" and quote == '"' or system or quote == "<" and name.startswith("aerie/"):
        return None
    if path.startswith("core/"):
        return None if quote == "<" and name.startswith("core/") else "the core may include only <aerie/...>, <core/...> and system headers"
    own = home(path)
    if own and inside(root, path, name, own):
        return None
    return "a module may include only <aerie/...>, system headers and the files of its own folder"


def main(root):
    files = includes = bad = 0
    for top in ("core", "plugins", "datasources", "httpd", "sdk"):
        for folder, subfolders, names in os.walk(os.path.join(root, top)):
            # A module's tests may use what tests use.
            subfolders[:] = sorted(s for s in subfolders if s not in ("tests", "test", "templates", ".deps", ".libs"))
            for file in sorted(names):
                if not file.endswith((".c", ".h", ".cc", ".cpp", ".hpp")) or file.startswith("test_"):
                    continue
                files += 1
                path = os.path.relpath(os.path.join(folder, file), root)
                with open(os.path.join(root, path), encoding="utf-8") as f:
                    for number, line in enumerate(f, 1):
                        found = INCLUDE.match(line)
                        if not found:
                            continue
                        includes += 1
                        wrong = check(root, path, *found.groups())
                        if wrong:
                            bad += 1
                            print(f"{path}:{number}: {line.strip()}: {wrong}")
    print(f"{files} files, {includes} includes, {bad} violations")
    return 1 if bad else 0


sys.exit(main(sys.argv[1]))
