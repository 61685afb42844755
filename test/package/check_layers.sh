#!/usr/bin/env bash
# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# check_layers.sh LAYERS INCLUDE_DIR READING_ORDER
#
# Fails when a public header includes what lib/layers.txt does not let it, is not listed there, or is
# listed without existing; and when the reading order does not name the same headers in the same order.

set -euo pipefail
layers=$1 include_dir=$2 reading_order=$3

{
    sed 's/^/layers /' "$layers"
    cd "$include_dir"
    find cofutures -name '*.hpp' | LC_ALL=C sort | sed 's/^/header /'
    grep -rnoE --include='*.hpp' '^ *# *include *[<"][^>"]+' cofutures | sed -E 's/^/include /; s/# *include *//'
} | awk '
    function complain(text) { print text; bad = 1 }

    function starts_with_one_of(text, prefixes,    each, count, i) {
        count = split(prefixes, each, " ")
        for (i = 1; i <= count; ++i) {
            if (index(text, each[i] "/") == 1 || index(text, each[i] ".") == 1) { return 1 }
        }
        return 0
    }

    # The words of this line from word `first` on, sorted into what may be used.
    function read_rights(first,    i, kind) {
        uses = ""; outside = ""; extra = ""; above = 0
        for (i = first; i <= NF; ++i) {
            if ($i == "uses" || $i == "outside" || $i == "+") { kind = $i }
            else if ($i == "above") { above = 1 }
            else if (kind == "uses") { uses = uses " " $i }
            else if (kind == "outside") { outside = outside " " $i }
            else if (kind == "+") { extra = extra " " $i }
            else { complain("layers.txt: not understood: " $i); exit }
        }
    }

    $1 == "layers" && (NF == 1 || $2 ~ /^#/) { next }
    $1 == "layers" && $2 == "floor" {
        floor = $3
        for (i = 4; $i !~ /:$/; ++i) {
            if (i > NF) { complain("layers.txt: floor " floor " has no colon"); exit }
        }
        read_rights(i + 1)
        floor_uses[floor] = uses " "; floor_outside[floor] = outside; floor_above[floor] = above
        next
    }
    $1 == "layers" {
        header = "cofutures/" $2
        read_rights(3)
        floor_of[header] = floor; place[header] = ++listed
        own_outside[header] = outside; own_extra[header] = extra " "
        next
    }
    $1 == "header" {
        ++headers; exists[$2] = 1
        if (!($2 in floor_of)) { complain($2 " is not listed in lib/layers.txt") }
        next
    }
    {
        # include FILE:LINE:<PATH or "PATH
        split($2, part, ":"); from = part[1]; line = part[2]; to = substr(part[3], 2)
        if (substr(part[3], 1, 1) == "\"") {
            complain(from ":" line ": includes \"" to "\"; public headers say <cofutures/...>"); next
        }
        if (!(from in floor_of)) { next }
        ++includes
        floor = floor_of[from]
        if (to ~ /^cofutures\//) {
            short = substr(to, 11)
            if (!(to in floor_of)) { complain(from ":" line ": includes the unlisted " to) }
            else if (index(own_extra[from], " " short " ")) { }
            else if (index(floor_uses[floor], " " floor_of[to] " ")) { }
            else if (floor_of[to] == floor && floor_above[floor] && place[to] < place[from]) { }
            else { complain(from ":" line ": floor " floor " includes " to " of floor " floor_of[to]) }
        } else if (to ~ /\// && to !~ /^sys\//) {
            if (!starts_with_one_of(to, floor_outside[floor] " " own_outside[from])) {
                complain(from ":" line ": includes " to ", which floor " floor " may not")
            }
        } else if (to ~ /^(gtest|fmt|zlib)/) {
            complain(from ":" line ": includes " to ", which floor " floor " may not")
        }
    }
    END {
        for (header in floor_of) {
            if (!(header in exists)) { complain("lib/layers.txt lists " header ", which does not exist") }
        }
        if (headers == 0 || includes == 0) { complain("found no headers or no includes: looked in the wrong place?") }
        if (bad) { exit 1 }
        print headers " headers, " includes " includes"
    }'

# The reading order has a list item or table row with the header in backquotes, first on its line.
diff \
    <(sed -nE 's/^ *([a-z_\/]+\.hpp).*/\1/p' "$layers") \
    <(sed -nE 's/^[|*-] *`([a-z_\/]+\.hpp)`.*/\1/p' "$reading_order") ||
    { echo "$reading_order does not list the headers of lib/layers.txt in its order (< layers, > reading order)"; exit 1; }
