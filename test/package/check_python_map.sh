#!/usr/bin/env bash
# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# check_python_map.sh PAGE BUILD_DIR FIRST-LAST…
#
# Fails when a table of behaviours (Python's, or those of the acceptance list in testing.md) lacks a
# number of these ranges or has one twice, when a row names a test that CTest does not know, or names none although it says that the rule applies.
# Rows look like | 12 | rule | what we do | same | `Suite.TestName` `Another.Test` |.

set -euo pipefail
page=$1 build=$2
shift 2

{
    # CTest says "  Test #7: Executors/ExecutorContract/0.RunsTasks/3", or for types with names of their own
    # "  Test #7: Executors.RunsTasks<Executors/ExecutorContract/Inline.  # TypeParam = …>"; the page names
    # ExecutorContract.RunsTasks.
    ctest --test-dir "$build" -N | sed -nE 's/^ *Test +#[0-9]+: (.*)$/test \1/p'
    grep -nE '^\| *[0-9]+ *\|' "$page" | sed -E 's/^([0-9]+):/row \1 /'
} | awk -v ranges="$*" -v page="$page" '
    function complain(text) { print page ":" text; bad = 1 }
    $1 == "test" {
        ++tests
        name = substr($0, 6); known[name] = 1
        dot = index(name, ".")
        if (dot) {
            suites = substr(name, 1, dot - 1)
            split(substr(name, dot + 1), test, /[\/<]/)
            if (match(name, /<[^.]*[.]/)) { suites = substr(name, RSTART + 1, RLENGTH - 2) }
            count = split(suites, suite, "/")
            for (i = 1; i <= count; ++i) { known[suite[i] "." test[1]] = 1 }
        }
        next
    }
    {
        line = $2
        count = split($0, cell, "|")
        number = cell[2] + 0
        if (number in seen) { complain(line ": row " number " is there twice") }
        seen[number] = 1
        names = cell[count - 1]; named = 0
        while (match(names, /`[^`]+`/)) {
            name = substr(names, RSTART + 1, RLENGTH - 2)
            names = substr(names, RSTART + RLENGTH)
            ++named
            if (!(name in known)) { complain(line ": row " number " names " name ", which no test is called") }
        }
        if (!named && tolower($0) !~ /not applicable|later issue/) {
            complain(line ": row " number " names no test")
        }
    }
    END {
        if (!tests) { complain("0: CTest lists no tests") }
        count = split(ranges, range, " ")
        for (i = 1; i <= count; ++i) {
            split(range[i], end, "-")
            for (number = end[1] + 0; number <= end[2] + 0; ++number) {
                if (!(number in seen)) { complain("0: no row " number) }
            }
        }
        exit bad
    }'
