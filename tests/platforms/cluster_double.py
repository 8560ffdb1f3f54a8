"""An API server over a real connection that has the objects that a test puts in, and goes away when told."""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kubernetes.client import Configuration

from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.events import Journal
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.settings import Environment, EnvironmentFile
from tests.servers import Answering, served

KINDS = {
    "Deployment": "deployments",
    "ReplicaSet": "replicasets",
    "Pod": "pods",
    "Event": "events",
    "Job": "jobs",
    "PersistentVolumeClaim": "persistentvolumeclaims",
}


class Cluster(ThreadingHTTPServer):
    """Lists by kind, watches of them, single objects by name, logs of pods."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: list[dict[str, Any]] = []
        self.logs: dict[str, str] = {}
        """`POD` or `POD previous` to text."""
        self.away = False
        self.forbidden: set[str] = set()
        """Plurals, and `log`, that may not be read."""
        self.token = ""
        """When it is set, who does not bring it is not let in."""
        self.expired = False
        """Watches are told that their version is forgotten, once."""
        self.asked: list[str] = []
        """Paths of every request, `watch ` before those of watches."""
        self._versions = itertools.count(1)

    def version(self) -> str:
        return str(next(self._versions))

    def of_kind(self, plural: str) -> list[dict[str, Any]]:
        kind = next(kind for kind, name in KINDS.items() if name == plural)
        return [thing for thing in self.objects if thing["kind"] == kind]

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        parts = path.split("/")
        if parts[-1] in self.forbidden:
            message = f"{parts[-1]} is forbidden"
            return 403, {"message": message, "reason": "Forbidden"}
        if parts[-1] == "log":
            previous = query.get("previous") == ["true"]
            return 200, self.logs.get(parts[-2] + (" previous" if previous else ""), "")
        for kind, plural in KINDS.items():
            of_kind = [thing for thing in self.objects if thing["kind"] == kind]
            if parts[-1] == plural:
                wanted = dict(part.split("=") for part in query.get("fieldSelector", [""])[0].split(",") if part)
                named = wanted.get("involvedObject.name")
                fitting = [t for t in of_kind if named in (None, t.get("involvedObject", {}).get("name"))]
                version = {"resourceVersion": self.version()}
                items = [thing | {"metadata": thing["metadata"] | version} for thing in fitting]
                return 200, {"kind": f"{kind}List", "apiVersion": "v1", "metadata": version, "items": items}
            if parts[-2] == plural:
                found = [thing for thing in of_kind if thing["metadata"]["name"] == parts[-1]]
                return (200, found[0]) if found else (404, {"message": "not found"})
        return 404, {"message": f"not found: {path}"}


class _Handler(Answering):
    server: Cluster

    def do_GET(self) -> None:
        if self.server.away:
            self.close_connection = True
            return
        asked = urlsplit(self.path)
        query = parse_qs(asked.query)
        self.server.asked.append(("watch " if "watch" in query else "") + asked.path)
        if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            self.answer(401, {"message": "Unauthorized"})
        elif "watch" in query and asked.path.rpartition("/")[2] not in self.server.forbidden:
            self._watch(asked.path.rpartition("/")[2])
        else:
            self.answer(*self.server.answer(asked.path, query))

    def _watch(self, plural: str) -> None:
        """Every change of what is there, as it comes, until the server is away."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.server.expired:
            self.server.expired = False
            self._event("ERROR", {"kind": "Status", "code": 410})
            return
        known: dict[str, dict[str, Any]] = {}
        while not self.server.away:
            there = {one["metadata"].get("uid", one["metadata"]["name"]): one for one in self.server.of_kind(plural)}
            for uid, thing in there.items():
                if known.get(uid) != thing:
                    self._event("MODIFIED", thing)
            for uid in known.keys() - there.keys():
                self._event("DELETED", known[uid])
            known = copy.deepcopy(there)
            time.sleep(0.01)

    def _event(self, kind: str, thing: dict[str, Any]) -> None:
        metadata = {"metadata": thing.get("metadata", {}) | {"resourceVersion": self.server.version()}}
        line = json.dumps({"type": kind, "object": thing | metadata}).encode() + b"\n"
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
        self.wfile.flush()


@contextmanager
def cluster(journal: Journal) -> Iterator[tuple[Cluster, Site]]:
    """The double and a site that is connected to it."""
    made = Cluster()
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
    with served(made):
        yield made, site
