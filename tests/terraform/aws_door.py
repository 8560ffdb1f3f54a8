"""moto as Terraform meets it, behind a door that refuses, throttles or holds back single calls as AWS does."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import requests

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
STATUS = {
    "ExpiredToken": 403,
    "ExpiredTokenException": 400,
    "AccessDenied": 403,
    "InvalidClientTokenId": 403,
    "PermanentRedirect": 301,
}
HELD_AT_MOST = 60.0


@dataclass
class AwsDoor:
    """Calls are named `CreateLogGroup`, those of S3 `PUT /bucket/key`."""

    app: Wsgi
    url: str = ""
    asked: list[str] = field(default_factory=list)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    """A call's name to the error's code and message."""
    held: dict[str, threading.Event] = field(default_factory=dict)
    """A call's name to what it waits for before it is answered."""
    came: threading.Event = field(default_factory=threading.Event)
    """Set once a call waits."""

    def forget(self) -> None:
        """Nothing is there, nothing is refused, nothing is held."""
        for event in self.held.values():
            event.set()
        for kept in (self.held, self.refused, self.asked, self.came):
            kept.clear()  # type: ignore[attr-defined]
        requests.post(f"{self.url}/moto-api/reset", timeout=30).raise_for_status()

    def client(self, service: str) -> Any:
        """boto3, by the door's own address."""
        import boto3

        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", **keys)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        name = _name(environ, body)
        self.asked.append(name)
        if event := self.held.get(name):
            self.came.set()
            if not event.wait(HELD_AT_MOST):
                return _error(environ, start_response, "InternalError", "nobody let go of this call")
        if told := self.refused.get(name):
            return _error(environ, start_response, *told)
        return self.app(environ, start_response)


@contextmanager
def aws_door() -> Iterator[AwsDoor]:
    """On a free port of 127.0.0.1 (not localhost: buckets' names would be put before that); moto is empty at first."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    door = AwsDoor(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, door, threaded=True, request_handler=MotoRequestHandler)
    server.daemon_threads = True
    door.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        door.forget()  # moto is one for the whole process, whoever serves it
        yield door
    finally:
        door.forget()
        server.shutdown()
        server.server_close()
        thread.join()


def _name(environ: dict[str, Any], body: bytes) -> str:
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rpartition(".")[2]
    if action := parse_qs(body.decode("utf-8", "replace")).get("Action"):
        return action[0]
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def _error(environ: dict[str, Any], start_response: Callable[..., Any], code: str, message: str) -> Iterable[bytes]:
    """As the protocol of the service has it."""
    kind = "text/xml"
    if "HTTP_X_AMZ_TARGET" in environ:
        kind, told = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
    elif re.match(r"/?$", environ["PATH_INFO"]) and environ["REQUEST_METHOD"] == "POST":
        told = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    else:
        told = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    start_response(f"{STATUS.get(code, 400)} Refused", [("Content-Type", kind), ("x-amzn-ErrorType", code)])
    return [told.encode()]
