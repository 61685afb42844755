#!/usr/bin/env python3
# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
"""check_layouts.py LAYERS TOUCHES WORK COMPILER… [-- DIRECTORY…]

Fails when the classes of the public headers are not laid out alike by all compilers. A compiler is one
argument, flags included: "clang++ -std=c++20". The compilers themselves say what is where, in what they
write for debuggers; private members and those of bases count, too.
"""

import pathlib
import re
import shlex
import subprocess
import sys

ENTRY = re.compile(r"^ *<([0-9a-f]+)><[0-9a-f]+>: Abbrev Number: [0-9]+(?: \((DW_TAG_\w+)\))?")
ATTRIBUTE = re.compile(r"^ *<[0-9a-f]+> +(DW_AT_\w+) *: (.*)")
CLASSES = ("DW_TAG_structure_type", "DW_TAG_class_type", "DW_TAG_union_type")


def value_of(text):
    text = text.strip()
    return text.split("): ", 1)[1] if text.startswith("(") and "): " in text else text


def entries(object_file):
    """Yields (depth, tag, attributes) for each entry of the debug information."""
    dump = subprocess.run(["readelf", "--debug-dump=info", object_file], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    entry = None
    for line in dump.splitlines():
        if found := ENTRY.match(line):
            if entry and entry[1]:
                yield entry
            entry = (int(found[1], 16), found[2], {})
        elif entry and (found := ATTRIBUTE.match(line)):
            entry[2][found[1]] = value_of(found[2])
    if entry and entry[1]:
        yield entry


def spelled(name):
    """One spelling for names of templates, where compilers differ."""
    name = re.sub(r"\b(\d+)[uUlL]+\b", r"\1", name).replace("long unsigned int", "unsigned long")
    return re.sub(r"\s+", "", name)


def layouts(object_file):
    """{class: (size, {member: offset})} of what is in namespace cofutures and is complete."""
    result = {}
    path = []  # (name, members or None) of the entries around this one
    for depth, tag, attributes in entries(object_file):
        del path[depth:]
        while len(path) < depth:
            path.append((None, None))
        name = attributes.get("DW_AT_name")
        members = None
        if tag in CLASSES and "DW_AT_byte_size" in attributes:
            scope = [part for part, _ in path[1:]] + [name]
            if scope[0] == "cofutures" and None not in scope:
                members = {}
                full = spelled("::".join(scope))
                if not re.search(r"lambda|\{|::_Z", full):  # nor frames of coroutines
                    result[full] = (attributes["DW_AT_byte_size"], members)
        elif tag in ("DW_TAG_member", "DW_TAG_inheritance") and path and path[-1][1] is not None:
            offset = attributes.get("DW_AT_data_member_location", attributes.get("DW_AT_data_bit_offset"))
            if offset is not None or tag == "DW_TAG_inheritance":
                label = name or f"(base or unnamed {len(path[-1][1])})"
                if label.startswith("_vptr"):
                    label = "(virtual functions)"
                path[-1][1][label] = offset
        path.append((name, members))
    return result


def main():
    arguments = sys.argv[1:]
    directories = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, directories = arguments[:at], arguments[at + 1:]
    layers, touches, work, *compilers = arguments
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    headers = re.findall(r"^ +([a-z_/]+\.hpp)", pathlib.Path(layers).read_text(), re.MULTILINE)
    headers = [header for header in headers if header != "fmt.hpp"]
    source = work / "layouts.cpp"
    source.write_text("".join(f"#include <cofutures/{header}>\n" for header in headers)
                      + pathlib.Path(touches).read_text())

    seen = []
    for number, compiler in enumerate(compilers):
        object_file = work / f"layouts{number}.o"
        subprocess.run([*shlex.split(compiler), *(f"-I{directory}" for directory in directories if directory),
                        "-g", "-gdwarf-4", "-fno-eliminate-unused-debug-types", "-c", source, "-o", object_file],
                       check=True)
        seen.append(layouts(object_file))
        object_file.unlink()

    bad = False
    for compiler, found in zip(compilers[1:], seen[1:]):
        for name in sorted(seen[0].keys() & found.keys()):
            if seen[0][name] != found[name]:
                bad = True
                print(f"{name}:")
                print(f"    {compilers[0]}: {seen[0][name]}")
                print(f"    {compiler}: {found[name]}")
        # What only one of them describes is compared with nothing: templates spelled differently, at most.
        for name in sorted(seen[0].keys() ^ found.keys()):
            if "<" not in name:
                bad = True
                print(f"{name} is described by one of '{compilers[0]}' and '{compiler}' only")
        both = len(seen[0].keys() & found.keys())
        print(f"{both} classes of '{compilers[0]}' compared with '{compiler}'")
        if both < len(headers):
            bad = True
            print(f"too few for {len(headers)} headers: looked in the wrong place?")
    sys.exit(bad)


main()
