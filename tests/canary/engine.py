"""An engine that answers and holds no image, and a client in Docker's place that fails while it tells its secrets."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CLIENT = """#!{python}
import base64, json, os, pathlib, sys, urllib.parse
here = pathlib.Path(__file__).parent
secrets = dict((name, value) for name, value in os.environ.items() if name.startswith("CLOUDNORTH_BUILD_SECRET_"))
with open(here / "docker.json", "w") as file:
    json.dump([sys.argv, secrets], file)
for number, value in enumerate(secrets.values()):
    ways = value, json.dumps(value), urllib.parse.quote(value), base64.b64encode(value.encode()).decode()
    print("#5", number, *ways, flush=True)
sys.exit(1)
"""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        there = self.path.endswith(("/_ping", "/version"))
        body = json.dumps(
            {"ApiVersion": "1.41", "Version": "27.0.0"} if there else {"message": "no such image"}
        ).encode()
        self.send_response(200 if there else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def engine(folder: Path) -> Iterator[dict[str, str]]:
    """Keys of `docker` in cloudnorth.yaml. The client keeps what it was started with in docker.json in the folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    client = folder / "docker"
    client.write_text(CLIENT.replace("{python}", sys.executable))
    client.chmod(0o755)
    try:
        yield {"host": f"tcp://127.0.0.1:{server.server_port}", "command": str(client)}
    finally:
        server.shutdown()
        server.server_close()
