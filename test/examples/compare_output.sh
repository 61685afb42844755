#!/usr/bin/env bash
# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# compare_output.sh PROGRAM EXPECTED
#
# Runs the program and fails when it does, or when it prints anything but the expected lines. In those,
# 0x… stands for any address, <n> for any whole number and <t> for any number with decimals. Lines
# between "[any order" and "any order]" may come in any order, as may the words of a line that begins
# with <words>.

set -euo pipefail
program=$1 expected=$2

output=$("$program"; echo "exit status $?") || true
mapfile -t actual <<<"$output"
at=0
bad=0

# The line as a regular expression.
pattern() {
    sed -E 's/[][\.*^$+?(){}|]/\\&/g; s/0x…/0x[0-9a-f]+/g; s/<n>/[0-9]+/g; s/<t>/[0-9]+[.][0-9]+/g' <<<"$1"
}

sorted_words() {
    tr -s ' ' '\n' <<<"$1" | sed '/^$/d' | LC_ALL=C sort | tr '\n' ' '
}

complain() {
    echo "$expected: expected '$1', got '$2'"
    bad=1
}

unordered=
waiting=()
while IFS= read -r line; do
    if [ "$line" = "[any order" ]; then
        unordered=1 waiting=()
    elif [ "$line" = "any order]" ]; then
        for want in "${waiting[@]}"; do
            found=
            for ((i = at; i < at + ${#waiting[@]}; ++i)); do
                if [ -v "actual[i]" ] && [[ ${actual[i]} =~ ^$(pattern "$want")$ ]]; then
                    unset "actual[i]"
                    found=1
                    break
                fi
            done
            [ "$found" ] || complain "$want" "no such line among the next ${#waiting[@]}"
        done
        at=$((at + ${#waiting[@]})) unordered=
    elif [ "$unordered" ]; then
        waiting+=("$line")
    elif [[ $line == "<words> "* ]]; then
        [ "$(sorted_words "${line#<words> }")" = "$(sorted_words "${actual[at]-nothing}")" ] ||
            complain "$line" "${actual[at]-nothing}"
        at=$((at + 1))
    else
        [[ ${actual[at]-nothing} =~ ^$(pattern "$line")$ ]] || complain "$line" "${actual[at]-nothing}"
        at=$((at + 1))
    fi
done < <(cat "$expected"; echo "exit status 0")

if [ "$bad" -ne 0 ] || [ "$(wc -l <<<"$output")" -ne "$at" ]; then
    echo "--- the whole output:"
    echo "$output"
    exit 1
fi
