"""An API server over a real connection that has the objects that a test puts in, and goes away when told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kubernetes.client import Configuration

from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.events import Journal
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.settings import Environment, EnvironmentFile

KINDS = {"Deployment": "deployments", "ReplicaSet": "replicasets", "Pod": "pods", "Event": "events"}


class Cluster(ThreadingHTTPServer):
    """Lists by kind, single objects by name, logs of pods."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: list[dict[str, Any]] = []
        self.logs: dict[str, str] = {}
        """`POD` or `POD previous` to text."""
        self.away = False

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        parts = path.split("/")
        if parts[-1] == "log":
            previous = query.get("previous") == ["true"]
            return 200, self.logs.get(parts[-2] + (" previous" if previous else ""), "")
        for kind, plural in KINDS.items():
            of_kind = [thing for thing in self.objects if thing["kind"] == kind]
            if parts[-1] == plural:
                wanted = dict(part.split("=") for part in query.get("fieldSelector", [""])[0].split(",") if part)
                named = wanted.get("involvedObject.name")
                fitting = [t for t in of_kind if named in (None, t.get("involvedObject", {}).get("name"))]
                return 200, {"kind": f"{kind}List", "apiVersion": "v1", "items": fitting}
            if parts[-2] == plural:
                found = [thing for thing in of_kind if thing["metadata"]["name"] == parts[-1]]
                return (200, found[0]) if found else (404, {"message": "not found"})
        return 404, {"message": f"not found: {path}"}


class _Handler(BaseHTTPRequestHandler):
    server: Cluster
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.server.away:
            self.close_connection = True
            return
        asked = urlsplit(self.path)
        status, told = self.server.answer(asked.path, parse_qs(asked.query))
        data = (told if isinstance(told, str) else json.dumps(told)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def cluster(journal: Journal) -> Iterator[tuple[Cluster, Site]]:
    """The double and a site that is connected to it."""
    made = Cluster()
    threading.Thread(target=made.serve_forever, args=[0.02], daemon=True).start()
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{made.server_port}"
    environment = Environment(
        project="shop",
        name="test",
        root=Path("/"),
        config_path=Path("/cloudnorth.yaml"),
        services={},
        migrate=None,
        verify=(),
        file=EnvironmentFile(platform="kubernetes", namespace="web"),
    )
    site = Site(environment, journal)
    site.api = Api(configuration, "test")
    try:
        yield made, site
    finally:
        made.shutdown()
        made.server_close()
