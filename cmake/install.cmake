# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
