"""An API server that keeps what is created, and a program in Helm's place that fails while it tells secrets."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.servers import Answering, served

HELM = """#!{python}
import base64, json, os, sys, urllib.parse, pathlib
here, verb, words = pathlib.Path(__file__).parent, sys.argv[1], sys.argv[2:]
with open(here / "helm.ndjson", "a") as file:
    file.write(json.dumps([sys.argv, dict(os.environ)]) + "\\n")
if verb == "version":
    print("v3.18.4")
elif verb == "template":
    values = json.loads(pathlib.Path(words[words.index("--values") + 1]).read_text())
    container = dict(name="api", image=values["image"], envFrom=[dict(secretRef=dict(name=values["secret"]))])
    spec = dict(template=dict(spec=dict(containers=[container])))
    print("---\\n# Source: shop/templates/api.yaml")
    print(json.dumps(dict(apiVersion="apps/v1", kind="Deployment", metadata=dict(name="api"), spec=spec)))
else:
    print("Error: UPGRADE FAILED: a plug-in says", file=sys.stderr)
    for name, value in json.loads((here / "planted.json").read_text()).items():
        ways = value, json.dumps(value), urllib.parse.quote(value), base64.b64encode(value.encode()).decode()
        print(name, *ways, file=sys.stderr)
    sys.exit(1)
"""
"""Tells what it is started with to a file, and on its way to fail every secret that it can get hold of."""


class Cluster(ThreadingHTTPServer):
    """Objects by path; lists are whatever stands below one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, dict[str, Any]] = {
            "/api/v1/namespaces/shop": {"kind": "Namespace", "metadata": {"name": "shop"}}
        }
        self.versions = itertools.count(1)
        self.ended = threading.Event()

    def kept(self, kind: str) -> list[dict[str, Any]]:
        return [thing for thing in self.objects.values() if thing.get("kind") == kind]


class _Handler(Answering):
    server: Cluster

    def do_GET(self) -> None:
        path, query = self._asked()
        if "watch" in query:
            self.close_connection = True
            self.send_response(200)
            self.end_headers()
            self.server.ended.wait(60)
        elif path == "/version":
            self.answer(200, {"gitVersion": "v1.34.0", "major": "1", "minor": "34"})
        elif path in self.server.objects:
            self.answer(200, self.server.objects[path])
        elif path.rpartition("/")[2].islower() and not path.rpartition("/")[0].endswith(("s", "leases")):
            below = [thing for at, thing in self.server.objects.items() if at.rpartition("/")[0] == path]
            self.answer(200, {"kind": "List", "metadata": {"resourceVersion": "1"}, "items": below})
        else:
            self.answer(404, {"message": "not found", "reason": "NotFound"})

    def do_POST(self) -> None:
        path, body = self._asked()[0], self._body()
        if path.endswith("selfsubjectaccessreviews"):
            self.answer(201, {"status": {"allowed": True}})
        else:
            self._keep(f"{path}/{body['metadata']['name']}", body, 201)

    def do_PUT(self) -> None:
        self._keep(self._asked()[0], self._body(), 200)

    def do_PATCH(self) -> None:
        path, query = self._asked()
        body = self._body()
        if "dryRun" in query:
            self.answer(200, body)
        else:
            self._keep(path, self.server.objects.get(path, {}) | body, 200)

    def do_DELETE(self) -> None:
        self._body()
        self.server.objects.pop(self._asked()[0], None)
        self.answer(200, {"status": "Success"})

    def _keep(self, path: str, body: dict[str, Any], status: int) -> None:
        body["metadata"]["resourceVersion"] = str(next(self.server.versions))
        body["metadata"].setdefault("uid", path)
        self.server.objects[path] = body
        self.answer(status, body)

    def _asked(self) -> tuple[str, dict[str, list[str]]]:
        asked = urlsplit(self.path)
        return asked.path, parse_qs(asked.query)

    def _body(self) -> Any:
        return yaml.safe_load(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(time.time())


@contextmanager
def cluster(root: Path, folder: Path, values: dict[str, str]) -> Iterator[Cluster]:
    """The double, with a kubeconfig and a chart in the project, and Helm's stand-in in a folder, which knows values."""
    made = Cluster()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{made.server_port}"}}],
        "users": [{"name": "u", "user": {"token": "a-token"}}],
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
    }
    (root / "kubeconfig").write_text(yaml.safe_dump(config))
    (root / "chart").mkdir()
    (root / "chart" / "Chart.yaml").write_text("name: shop\n")
    helm = folder / "helm"
    helm.write_text(HELM.replace("{python}", sys.executable))
    helm.chmod(0o755)
    (folder / "planted.json").write_text(json.dumps(values))
    with served(made):
        try:
            yield made
        finally:
            made.ended.set()
