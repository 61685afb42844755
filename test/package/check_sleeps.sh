#!/usr/bin/env bash
# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# check_sleeps.sh DIRECTORY…: fails when a source in them waits out a time instead of for an event.

set -euo pipefail

sources=$(find "$@" -name '*.[ch]pp' | wc -l)
[ "$sources" -gt 0 ] || { echo "no sources in $*: looked in the wrong place?"; exit 1; }
if grep -rnE --include='*.[ch]pp' '\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep|sleep)[[:space:]]*\(' "$@"; then
    echo "a test waits for an event under a limit; nothing in test/ or lib/ sleeps"
    exit 1
fi
echo "$sources sources"
