"""The smallest service worth deploying: says its message and release, and breaks when its message says so."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MESSAGE = (Path(__file__).parent / "message.txt").read_text().strip()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    asked = 0

    def do_GET(self) -> None:
        if self.path != "/healthz":
            Handler.asked += 1
        sour = MESSAGE.startswith("turns sour") and self.path != "/healthz" and Handler.asked > 15
        ready = not MESSAGE.startswith("never ready") or self.path != "/healthz"
        told = {"message": MESSAGE, "path": self.path, "pid": os.getpid(), "has_secret": "GREETING" in os.environ}
        body = json.dumps(told).encode()
        self.send_response(500 if sour else 200 if ready else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        if self.path != "/healthz":
            print(f"asked for {self.path}", flush=True)


if MESSAGE.startswith("crash"):
    print("KeyError: 'PAYMENT_URL'", file=sys.stderr, flush=True)
    sys.exit(1)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print(f"serving {MESSAGE}", flush=True)
ThreadingHTTPServer((os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])), Handler).serve_forever()
