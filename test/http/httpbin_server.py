# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
"""Serves httpbin on a port of the loopback interface, with a thread for each connection."""

import sys

from httpbin import app
from werkzeug.serving import run_simple

run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)
