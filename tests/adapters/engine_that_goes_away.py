"""An engine on the socket argv[1] that answers pings and its version, begins to push, and is gone."""

from __future__ import annotations

import os
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "engine"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        body = b'{"ApiVersion": "1.41", "Version": "20.10.24"}' if self.path.endswith("/version") else b"OK"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        line = b'{"status": "Pushing", "progressDetail": {"current": 1, "total": 2}, "id": "191e2c125a80"}\r\n'
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()
        os._exit(0)


with ThreadingUnixStreamServer(sys.argv[1], Handler) as server:
    print("ready", flush=True)
    server.serve_forever()
