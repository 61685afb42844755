#!/usr/bin/env bash
# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# check_version.sh VERSION CHANGELOG: fails when the newest heading of the changelog names another one.

set -euo pipefail

newest=$(sed -nE 's/^## \[?([0-9]+\.[0-9]+\.[0-9]+).*/\1/p' "$2" | head -n 1)
[ "$1" = "$newest" ] || { echo "version.hpp says $1, the newest heading of $2 '$newest'"; exit 1; }
