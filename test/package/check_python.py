#!/usr/bin/env python3
# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
"""check_python.py ROOT PAGE…

Fails when a piece of Python on a page does not run. Each is preceded by

    <!-- python: test/examples/readme_prelude.py, prints: test/examples/readme.expected -->

which names what runs before it, in the same program, and, where it is there, the output of the C++ beside
it: at least one line must be printed, and none that is not there.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^(?P<before>[^\n]*)\n```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!-- python: (?P<prelude>\S+?)(?:, prints: (?P<prints>\S+))? -->")


def complaint(root, before, code):
    """What is wrong with this piece, or nothing."""
    comment = COMMENT.fullmatch(before)
    if not comment:
        return "Python without a comment before it that names what runs first"
    prelude = root / comment["prelude"]
    if not prelude.is_file():
        return f"there is no {comment['prelude']}"
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "snippet.py"
        program.write_text(f"{prelude.read_text()}\n{code}")
        try:
            run = subprocess.run([sys.executable, "-W", "error", program], cwd=folder, timeout=60,
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True)
        except subprocess.TimeoutExpired:
            return "does not end"
    if run.returncode != 0:
        return f"fails:\n{run.stderr}"
    printed = run.stdout.splitlines()
    if not printed:
        return "prints nothing"
    if comment["prints"]:
        expected = (root / comment["prints"]).read_text().splitlines()
        for line in printed:
            if line not in expected:
                return f"prints '{line}', which is not in {comment['prints']}"
    return None


def main():
    root = pathlib.Path(sys.argv[1])
    pieces = 0
    bad = False
    for page in sys.argv[2:]:
        text = (root / page).read_text()
        found = list(BLOCK.finditer(text))
        if len(found) != len(re.findall(r"^ *```python", text, re.MULTILINE)):
            print(f"{page}: has Python that is not understood: indented, or without an end?")
            bad = True
        for block in found:
            pieces += 1
            if what := complaint(root, block["before"], block["code"]):
                print(f"{page}:{text.count(chr(10), 0, block.start('code'))}: {what}")
                bad = True
    print(f"{pieces} pieces of Python")
    sys.exit(bad or pieces == 0)


main()
