# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
"""What runs before the Python of README.md: as readme.cpp does before its first excerpt."""

import pathlib

pathlib.Path("one.html").write_text("<p>first page</p>")
pathlib.Path("two.html").write_text("<p>page two</p>")


def load(file):
    try:
        return pathlib.Path(file).read_text()
    except OSError:
        raise RuntimeError("cannot be read") from None
