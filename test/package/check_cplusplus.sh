#!/usr/bin/env bash
# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# check_cplusplus.sh COMPILER LAYERS INCLUDE_DIR
#
# Fails when a public header, compiled as C++17, says anything but that it needs C++20. Not all compilers
# that can do C++20 do it unasked.

set -euo pipefail
compiler=$1 layers=$2 include_dir=$3

headers=0
bad=0
while read -r header; do
    headers=$((headers + 1))
    messages=$("$compiler" -std=c++17 -I"$include_dir" -fsyntax-only -x c++ - <<<"#include <cofutures/$header>" 2>&1) &&
        { echo "$header compiles as C++17"; bad=1; }
    # The one sentence, and what ends the compilation there.
    errors=$(grep -cE '(error|fatal error):' <<<"$messages" || true)
    if [ "$errors" != 2 ] || ! grep -q 'error:.* "\?cofutures needs C++20: compile with' <<<"$messages"; then
        echo "$header: $errors errors, beginning with"
        head -n 5 <<<"$messages"
        bad=1
    fi
done < <(sed -nE 's/^ +([a-z_\/]+\.hpp).*/\1/p' "$layers" | grep -v '^fmt\.hpp$')

[ "$headers" -gt 0 ] || { echo "no headers in $layers: looked in the wrong place?"; exit 1; }
echo "$headers headers"
exit "$bad"
