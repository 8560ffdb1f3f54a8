"""What the pods of the matrix talk to on the test's own machine: a registry that misbehaves, a webhook that refuses."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

from tests.servers import Answering, served

BLOCK = 65_536


class Machine(ThreadingHTTPServer):
    """At `address`: a registry before the lab's own that is slow, broken or closed by the name of what is asked for,
    and the one place that tells a single one of many pods to crash."""

    def __init__(self, machine: str, registry: str) -> None:
        super().__init__((machine, 0), _Handler)
        self.registry = registry
        self.chosen = ""
        """The pod that crashes."""
        self.guard = threading.Lock()
        self.broken_until = 0.0
        self.first_asked = 0.0

    @property
    def address(self) -> str:
        return f"{self.server_address[0]!s}:{self.server_address[1]}"


class _Handler(Answering):
    server: Machine

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.path.startswith("/one/"):
            return self._one(self.path.rpartition("/")[2])
        parts = self.path.split("/")
        wanted = parts[2] if len(parts) > 2 else ""
        match wanted:
            case "denied":
                self.answer(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}')
            case "arm":
                self._arm()
            case "broken" if time.monotonic() < self._begun() + 15:
                self.answer(503, b"later")
            case _:
                if wanted == "slow" and "/blobs/" in self.path and self.command == "GET":
                    time.sleep(max(0.0, self._begun() + 40 - time.monotonic()))
                self._hand_on(self.path.replace(f"/v2/{wanted}/", "/v2/base/python/") if wanted else self.path)

    def _begun(self) -> float:
        with self.server.guard:
            self.server.first_asked = self.server.first_asked or time.monotonic()
            return self.server.first_asked

    def _one(self, pod: str) -> None:
        with self.server.guard:
            self.server.chosen = self.server.chosen or pod
            self.answer(200, b"crash" if pod == self.server.chosen else b"go on")

    def _arm(self) -> None:
        """An index without an image for this processor."""
        kind = "application/vnd.oci.image.index.v1+json"
        entry = {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": "sha256:" + "1" * 64,
            "size": 500,
            "platform": {"architecture": "s390x", "os": "linux"},
        }
        self.answer(200, {"schemaVersion": 2, "mediaType": kind, "manifests": [entry]}, kind)

    def _hand_on(self, path: str) -> None:
        asked = urllib.request.Request(f"http://{self.server.registry}{path}", method=self.command)
        if accept := self.headers.get("Accept"):
            asked.add_header("Accept", accept)
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in {"connection", "transfer-encoding"}:
                        self.send_header(name, value)
                self.end_headers()
                while self.command == "GET" and (block := answer.read(BLOCK)):
                    self.wfile.write(block)
        except urllib.error.HTTPError as error:
            self.answer(error.code, error.read())


class _Webhook(Answering):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = {"message": "not on a Friday", "code": 403}
        told = {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": {"uid": asked["request"]["uid"], "allowed": False, "status": status},
        }
        self.answer(200, told)


@contextmanager
def machine(address: str, registry: str) -> Iterator[Machine]:
    with served(Machine(address, registry)) as server:
        yield server


@contextmanager
def webhook(address: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    """A webhook that refuses whatever it is asked: its URL and the certificate to trust."""
    certificate, key = folder / "webhook.pem", folder / "webhook.key"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=webhook"]
    words += ["-addext", f"subjectAltName=IP:{address}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    server = ThreadingHTTPServer((address, 0), _Webhook)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with served(server):
        yield f"https://{address}:{server.server_port}/", certificate.read_bytes()
