#!/usr/bin/env bash
# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# check_snippets.sh ROOT PAGE…
#
# Fails when code on a page is not what a tested file says. A page quotes with
#
#     <!-- snippet: test/examples/p3.cpp#region -->
#     ```cpp
#     …
#     ```
#
# the lines between `// [region` and `// region]` of that file (`#` begins such a comment in CMake and
# Python), without their common indentation and without markers of other regions; or the whole file,
# less its licence lines, where #region is left out. Every block of C++ must be such a quotation.

set -euo pipefail
root=$1
shift

# Prints the region $2 of the file $1, or the whole file if $2 is empty; fails if there is none.
region() {
    awk -v name="$2" '
        BEGIN { inside = name == "" }
        { marker = $0; sub(/^[ \t]*(\/\/|#)[ \t]*/, "", marker); sub(/[ \t]+$/, "", marker) }
        $0 !~ /^[ \t]*(\/\/|#)/ { marker = "" }
        name != "" && marker == "[" name { inside = 1; ++found; next }
        name != "" && marker == name "]" { inside = 0; ++ended; next }
        marker ~ /^\[[a-z_0-9]+$/ || marker ~ /^[a-z_0-9]+\]$/ { next }
        name == "" && (marker ~ /^Copyright / || marker ~ /^SPDX-License/) { next }
        name == "" && count == 0 && /^$/ { next }
        inside {
            line[++count] = $0
            if ($0 ~ /[^ ]/) {
                match($0, /^ */)
                if (!measured || RLENGTH < margin) { margin = RLENGTH; measured = 1 }
            }
        }
        END {
            if (name != "" && (found != 1 || ended != 1)) { exit 1 }
            for (i = 1; i <= count; ++i) { print substr(line[i], margin + 1) }
        }' "$1"
}

bad=0
checked=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for page in "$@"; do
    # Each block goes to a file of its own; the index says: line, language, what is quoted (or -).
    awk -v work="$work" '
        /^ *```/ && !inside { inside = 1; language = $0; sub(/^ *```/, "", language); start = NR
                              file = work "/block" NR; printf "" > file
                              print NR, (language == "" ? "-" : language), (quoted == "" ? "-" : quoted); quoted = ""; next }
        /^ *```/ && inside { inside = 0; close(file); next }
        inside { print > file; next }
        /^<!-- snippet: [^ ]+ -->$/ { quoted = $3; next }
        NF { quoted = "" }' "$page" >"$work/index"

    while read -r line language quoted; do
        if [ "$quoted" = - ]; then
            if [ "$language" = cpp ]; then
                echo "$page:$line: C++ without a snippet comment before it"
                bad=1
            fi
            continue
        fi
        file=${quoted%%#*}
        name=
        [[ $quoted != *#* ]] || name=${quoted#*#}
        if [[ $file != test/* && $file != apps/* ]] || [ ! -f "$root/$file" ]; then
            echo "$page:$line: quotes $file, which is no file under test/ or apps/"
            bad=1
        elif ! region "$root/$file" "$name" >"$work/region"; then
            echo "$page:$line: $file has no region '$name', or has it twice"
            bad=1
        elif ! diff "$work/block$line" "$work/region" >"$work/diff"; then
            echo "$page:$line: differs from $quoted (< page, > file):"
            cat "$work/diff"
            bad=1
        fi
        checked=$((checked + 1))
    done <"$work/index"
    rm -f "$work"/block*
done

echo "$checked snippets"
exit "$bad"
