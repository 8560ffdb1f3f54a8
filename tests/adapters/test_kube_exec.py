"""The end of a command in a container, as the connection tells it, or does not."""

from __future__ import annotations

import json
import socket
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websocket import WebSocketConnectionClosedException

from cloudnorth_cli.adapters import kube_exec
from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.errors import Failed, Refused

NOT_STARTED = 'OCI runtime exec failed: exec: "nosuch": executable file not found in $PATH: unknown'


class Client:
    """A WSClient whose connection breaks while it answers the server's good-bye."""

    def __init__(self, end: dict[str, Any] | None, error: Exception) -> None:
        self.end, self.error = end, error
        ours, theirs = socket.socketpair()
        theirs.close()
        self.sock = SimpleNamespace(sock=ours)
        self.channels: dict[int, bytes] = {}

    def is_open(self) -> bool:
        return True

    def update(self, timeout: float) -> None:
        self.channels = {1: b"printed\n"} | ({3: json.dumps(self.end).encode()} if self.end else {})
        raise self.error

    def read_channel(self, channel: int) -> bytes:
        return self.channels.pop(channel, b"")

    def close(self) -> None:
        self.sock.sock.close()


class Connected:
    def __init__(self, client: Client) -> None:
        self.client = client

    def websocket(self, path: str, query: object) -> Client:
        return self.client


@pytest.fixture(params=[WebSocketConnectionClosedException("socket is already closed."), BrokenPipeError()])
def error(request: pytest.FixtureRequest) -> Exception:
    return cast(Exception, request.param)


def run(client: Client) -> tuple[int, bytes]:
    printed: list[bytes] = []
    api = cast(Api, Connected(client))
    status = kube_exec.run(api, "/pod", "web", ("nosuch",), lambda line, stream: printed.append(line), tty=False)
    return status, b"".join(printed)


def test_a_connection_that_is_gone_before_its_good_bye_is_answered_has_told_the_end(error: Exception) -> None:
    causes = {"details": {"causes": [{"reason": "ExitCode", "message": "7"}]}, "status": "Failure"}
    assert run(Client(causes, error)) == (7, b"printed\n")
    assert run(Client({"status": "Success"}, error)) == (0, b"printed\n")


def test_so_has_a_program_that_is_not_there(error: Exception) -> None:
    with pytest.raises(Refused, match="cannot run nosuch: executable file not found") as refused:
        run(Client({"status": "Failure", "message": NOT_STARTED}, error))
    assert refused.value.code == "program-missing"


def test_one_that_breaks_without_an_end_is_told(error: Exception) -> None:
    with pytest.raises(Failed, match="the connection ended before the command did"):
        run(Client(None, error))
