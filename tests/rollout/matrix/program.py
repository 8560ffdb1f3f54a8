"""The program that runs in the pods of the matrix: a small server that fails in the way that its environment asks for.

It is handed to python3 as one argument, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STARTED = time.monotonic()


def wish(name: str, otherwise: str = "") -> str:
    return os.environ.get(name, otherwise)


def age() -> float:
    return time.monotonic() - STARTED


def first_time() -> bool:
    """Whether this pod's container runs for the first time (a folder outlives it)."""
    try:
        with open("/state/ran", "x"):
            return True
    except FileExistsError:
        return False


def before_listening() -> None:
    if wish("CRASH_ONCE") and first_time():
        sys.exit("the database is not there yet")
    if address := wish("ONE_OF_MANY"):
        asked = f"{address}/{os.environ['HOSTNAME']}"
        if urllib.request.urlopen(asked, timeout=10).read() == b"crash":
            sys.exit("this one of many cannot start")
    if wish("CRASH") == "at once":
        os.environ["PAYMENT_URL_"]
    if seconds := wish("SLOW_START"):
        time.sleep(float(seconds))
    if wish("MEMORY") == "at once":
        allocate(pause=0.0)
    if wish("OTHER_PROCESSOR"):
        with open("/state/other", "wb") as file:
            file.write(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00\x01\x00\x00\x00" + bytes(40))
        os.chmod("/state/other", 0o755)
        os.execv("/state/other", ["other"])


def allocate(pause: float) -> None:
    kept = []
    while True:
        kept.append(b"x" * 4_000_000)
        time.sleep(pause)


def later() -> None:
    if wish("CRASH") == "later":
        time.sleep(6)
        print("lost the connection to the queue", file=sys.stderr, flush=True)
        os._exit(1)
    if wish("MEMORY") == "slowly":
        allocate(pause=0.8)


class Server(ThreadingHTTPServer):
    request_queue_size = 128


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/readyz":
            if wish("SLOW_DATABASE"):
                time.sleep(5)
            status = 503 if wish("READY") == "never" else 200
        elif self.path == "/livez":
            status = 500 if wish("ALIVE") and age() > float(wish("ALIVE")) else 200
        else:
            status = 500 if wish("BREAKS") and age() > float(wish("BREAKS")) else 200
        body = wish("VERSION", "one").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    before_listening()
    threading.Thread(target=later, daemon=True).start()
    Server(("", 8080), Handler).serve_forever()


if __name__ == "__main__":
    main()
