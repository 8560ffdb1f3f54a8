"""An API server that misbehaves on purpose: an HTTPS proxy in front of the lab's, for one kubeconfig."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import yaml

Fault = Literal["none", "away", "read-only", "expired"]
FULL = "etcdserver: mvcc: database space exceeded"
"""What the API server says when etcd takes no writes any more (etcd, "Maintenance: space quota")."""
HOP = {"connection", "transfer-encoding", "keep-alive", "content-length", "host"}
BODYLESS = (204, 304)
REVIEWS = "/apis/authorization.k8s.io/"
"""Questions that are asked by POST and write nothing."""


class ApiProxy(ThreadingHTTPServer):
    """Hands requests on to the API server, until its fault shows; streams as they come."""

    daemon_threads = True

    def __init__(self, address: str, kubeconfig: Path) -> None:
        super().__init__((address, 0), _Handler)
        self.fault: Fault = "none"
        cluster = yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]
        self.behind = urlsplit(cluster["server"]).netloc
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self.context = ssl.create_default_context(cadata=authority)
        self.socket = _certified(address).wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def write_kubeconfig(self, like: Path, file: Path) -> Path:
        """A kubeconfig that leads here, with the same credentials."""
        config = yaml.safe_load(like.read_text())
        config["clusters"][0]["cluster"] = {
            "server": f"https://{self.server_address[0]!s}:{self.server_address[1]}",
            "insecure-skip-tls-verify": True,
        }
        file.write_text(yaml.safe_dump(config))
        return file

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are what this server is for."""


def _certified(address: str) -> ssl.SSLContext:
    """With a certificate of its own: clients send credentials over TLS only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={address}"]
        subprocess.run([*words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        context.load_cert_chain(certificate, key)
    return context


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ApiProxy

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.fault
        if fault == "away":
            self.close_connection = True
            return
        if fault == "expired":
            return self._say(401, "Unauthorized")
        if fault == "read-only" and self.command != "GET" and not self.path.startswith(REVIEWS):
            return self._say(500, FULL)
        behind = http.client.HTTPSConnection(self.server.behind, timeout=120, context=self.server.context)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        behind.request(self.command, self.path, body or None, headers)
        with behind.getresponse() as answer:
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            if answer.status in BODYLESS:
                self.end_headers()
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while piece := answer.read1(65_536):
                if self.server.fault == "away":
                    self.close_connection = True
                    return
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        behind.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _say(self, status: int, message: str) -> None:
        told = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": status}
        data = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def api_proxy(address: str, kubeconfig: Path) -> Iterator[ApiProxy]:
    """The proxy, served from a thread of its own."""
    proxy = ApiProxy(address, kubeconfig)
    threading.Thread(target=proxy.serve_forever, args=[0.05], daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
