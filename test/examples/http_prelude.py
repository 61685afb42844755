# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
"""What runs before the Python of docs/http.md: a site, and as much of `requests` as is used, since not
everyone has that installed."""

import http.server
import threading
import types
import urllib.request


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"page")

    def log_message(self, *arguments):
        pass


class Session:
    def get(self, url):
        with urllib.request.urlopen(url, timeout=60) as answer:
            return types.SimpleNamespace(content=answer.read())


requests = types.SimpleNamespace(Session=Session, RequestException=OSError)
site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
threading.Thread(target=site.serve_forever, daemon=True).start()
# Not through a proxy that the environment may name.
urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
urls = [f"http://127.0.0.1:{site.server_port}/{name}" for name in ("one", "two")]
