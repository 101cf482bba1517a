#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The ABI's promise, checked: every struct of the public headers has the size, and every member the offset and type, that
layout.txt records, and every constant its value. What is recorded may never change; what is new must be recorded
(make update-layout) and told in doc/abi-log.md."""
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.environ.get("AERIE_SOURCE", ".")
INCLUDE = os.path.join(SOURCE, "sdk/include")
RECORD = os.path.join(SOURCE, "tests/headers/layout.txt")
# The current version: changes with every addition.
VOLATILE = {"AERIE_ABI_MINOR", "AERIE_ABI_TARGET"}


def headers():
    names = sorted(os.listdir(os.path.join(INCLUDE, "aerie")))
    return [n for n in names if n.endswith(".h")]


def code():
    """All headers as one text, without comments and continued lines."""
    text = ""
    for name in headers():
        with open(os.path.join(INCLUDE, "aerie", name), encoding="utf-8") as f:
            text += f.read() + "\n"
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return text.replace("\\\n", " ")


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def members(body):
    """Yields name and declaration of each member: 'int (*f)(int a)', 'const char *a, *b', 'uint64_t k[4]'."""
    for declaration in (squeeze(d) for d in body.split(";")):
        if not declaration:
            continue
        pointer = re.match(r"(.+?)\(\*\s*(\w+)\)\s*\((.*)\)$", declaration)
        if pointer:
            yield pointer.group(2), declaration
            continue
        first, *rest = declaration.split(",")
        base, name = re.match(r"(.*?)((?:\*\s*)*\w+(?:\[[^]]*\])?)$", first.strip()).groups()
        for one in [name] + rest:
            one = squeeze(one)
            yield re.search(r"(\w+)(?:\[[^]]*\])?$", one).group(1), squeeze(base + one)


def structs(text):
    for name, body in re.findall(r"^struct (aerie_\w+) \{(.*?)^\};", text, flags=re.S | re.M):
        yield name, list(members(body))


def constants(text):
    for name, value in re.findall(r"^#define (AERIE_\w+)[ \t]+(\S.*)$", text, flags=re.M):
        if name not in VOLATILE and name not in ("AERIE_EXPORT", "AERIE_MP_SLOW") and not value.lstrip().startswith("{"):
            yield name, squeeze(value)


def typedefs(text):
    for declaration in re.findall(r"^typedef ([^;]*);", text, flags=re.S | re.M):
        yield squeeze(declaration)


def measure(found):
    """Sizes and offsets, asked of the compiler."""
    lines = ["#include <stdio.h>", "#include <aerie/aerie.h>", "int main(void) {"]
    lines.append('printf("pointer %zu\\n", sizeof(void *));')
    for name, list_of in found:
        lines.append(f'printf("struct {name} size %zu\\n", sizeof(struct {name}));')
        for member, declaration in list_of:
            lines.append(f'printf("struct {name} %zu {declaration}\\n", offsetof(struct {name}, {member}));')
    lines.append("return 0; }")
    with tempfile.TemporaryDirectory() as work:
        source, program = os.path.join(work, "l.c"), os.path.join(work, "l")
        with open(source, "w", encoding="utf-8") as f:
            f.write("\n".join(lines))
        cc = os.environ.get("AERIE_CC", "gcc").split()
        subprocess.run(cc + ["-std=c11", "-I" + INCLUDE, "-o", program, source], check=True)
        return subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def current():
    text = code()
    found = list(structs(text))
    lines = measure(found)
    lines += [f"constant {n} {v}" for n, v in constants(text)]
    lines += [f"typedef {d}" for d in typedefs(text)]
    assert len(found) > 20 and len(lines) > 200, "the headers were not understood"
    return lines


def grown(line, now):
    """A struct that starts with its size may grow."""
    m = re.match(r"struct (\w+) size (\d+)$", line)
    if not m or f"struct {m.group(1)} 0 uint32_t size" not in now and m.group(1) != "aerie_plugin":
        return False
    for other in now:
        n = re.match(rf"struct {m.group(1)} size (\d+)$", other)
        if n:
            return int(n.group(1)) > int(m.group(2))
    return False


def main():
    now = current()
    if "--update" in sys.argv:
        with open(RECORD, "w", encoding="utf-8") as f:
            f.write("# SPDX-License-Identifier: MIT\n# ABI 1 as released: see test_layout.py. LP64.\n")
            f.write("\n".join(now) + "\n")
        return 0
    with open(RECORD, encoding="utf-8") as f:
        recorded = [line.rstrip("\n") for line in f if not line.startswith("#")]
    if recorded[0] != now[0]:
        print("the record is of a machine with other pointers")
        return 77
    lost = [line for line in recorded if line not in set(now)]
    broken = [line for line in lost if not grown(line, set(now))]
    new = [line for line in now if line not in set(recorded)]
    for line in broken:
        print(f"ABI BROKEN: was: {line}")
    for line in new:
        print(f"not recorded: {line}")
    if broken:
        print("what modules were built with has changed: append instead, or serve a new service id")
    elif new:
        print("an addition: run make update-layout, and add its row to doc/abi-log.md")
    print(f"{len(now)} facts, {len(broken)} broken, {len(new)} not recorded")
    return 1 if broken or new else 0


sys.exit(main())
