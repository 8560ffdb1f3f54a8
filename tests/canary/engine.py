"""An engine that answers and holds no image, and a client in Docker's place that fails while it tells its secrets."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

from tests.servers import Answering, served

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


class _Handler(Answering):
    def do_GET(self) -> None:
        if self.path.endswith(("/_ping", "/version")):
            self.answer(200, {"ApiVersion": "1.41", "Version": "27.0.0"})
        else:
            self.answer(404, {"message": "no such image"})


@contextmanager
def engine(folder: Path) -> Iterator[dict[str, str]]:
    """Keys of `docker` in cloudnorth.yaml. The client keeps what it was started with in docker.json in the folder."""
    client = folder / "docker"
    client.write_text(CLIENT.replace("{python}", sys.executable))
    client.chmod(0o755)
    with served(ThreadingHTTPServer(("127.0.0.1", 0), _Handler)) as server:
        yield {"host": f"tcp://127.0.0.1:{server.server_port}", "command": str(client)}
