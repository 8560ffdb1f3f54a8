"""What Caddy is told, and that it does it."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cloudnorth_cli.adapters import caddy, probe
from cloudnorth_cli.errors import Failed


class Server:
    """Answers with its name; a request for /wait is answered when `go` is set."""

    def __init__(self, name: str) -> None:
        self.go = go = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.endswith("/wait"):
                    go.wait(20)
                body = f"{name} {self.path}".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    made = [Server(name) for name in ("one", "two", "three")]
    yield made
    for each in made:
        each.go.set()
        each.server.shutdown()


@pytest.fixture
def front(tmp_path: Path, servers: list[Server]) -> Iterator[tuple[str, Path]]:
    """Caddy with `/` to one and `/api` to two; its address and admin socket."""
    (tmp_path / caddy.FRONT).mkdir()
    for name, server in zip(("page", "api"), servers, strict=False):
        point(tmp_path / caddy.FRONT, name, server)
    port = free_port()
    admin = tmp_path / "a"
    made = caddy.configuration(port, {"page": "/", "api": "/api/"}, {}, admin, tmp_path / "caddy")
    (tmp_path / "caddy.json").write_text(json.dumps(made))
    with (tmp_path / "caddy.log").open("wb") as log:
        process = subprocess.Popen([caddy.binary(), "run", "--config", "caddy.json"], cwd=tmp_path, stderr=log)
    try:
        end = time.monotonic() + 20
        while not caddy.answers(admin):
            assert time.monotonic() < end, (tmp_path / "caddy.log").read_text()
            time.sleep(0.05)
        yield f"127.0.0.1:{port}", admin
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def point(folder: Path, service: str, *servers: Server) -> None:
    """Fill a service's slots in turn with these servers."""
    for slot in range(caddy.SLOTS):
        (folder / "new").write_text(servers[slot % len(servers)].address)
        (folder / "new").replace(folder / caddy.slot_file(service, slot))


def text(address: str, path: str) -> str:
    return probe.get(address, path).body.decode()


def test_the_longest_prefix_wins_and_paths_arrive_whole(front: tuple[str, Path]) -> None:
    address, _ = front
    assert text(address, "/") == "one /"
    assert text(address, "/apis?x=1") == "one /apis?x=1"
    assert text(address, "/api") == "two /api"
    assert text(address, "/api/things") == "two /api/things"


def test_the_next_request_goes_where_the_file_says(
    front: tuple[str, Path], tmp_path: Path, servers: list[Server]
) -> None:
    address, _ = front
    assert text(address, "/") == "one /"
    point(tmp_path / caddy.FRONT, "page", servers[2])
    assert text(address, "/") == "three /"


def test_requests_under_way_are_counted_by_upstream_also_after_a_switch(
    front: tuple[str, Path], tmp_path: Path, servers: list[Server]
) -> None:
    address, admin = front
    waiting = threading.Thread(target=probe.get, args=(address, "/wait", 20.0))
    waiting.start()
    end = time.monotonic() + 10
    while caddy.in_flight(admin).get(servers[0].address, 0) != 1:
        assert time.monotonic() < end, caddy.in_flight(admin)
    point(tmp_path / caddy.FRONT, "page", servers[2])
    assert text(address, "/") == "three /"
    assert caddy.in_flight(admin)[servers[0].address] == 1
    servers[0].go.set()
    waiting.join()
    assert caddy.in_flight(admin).get(servers[0].address, 0) == 0


def test_several_processes_are_asked_in_turn_and_one_that_is_gone_is_passed_over(
    front: tuple[str, Path], tmp_path: Path, servers: list[Server]
) -> None:
    address, _ = front
    point(tmp_path / caddy.FRONT, "page", *servers)
    assert [text(address, "/") for _ in range(3)].count("one /") == 1
    servers[0].server.shutdown()
    servers[0].server.server_close()
    assert {text(address, "/") for _ in range(6)} == {"two /", "three /"}


def test_an_internal_address_leads_where_its_own_link_does(
    front: tuple[str, Path], tmp_path: Path, servers: list[Server]
) -> None:
    _, admin = front
    sides = (free_port(), free_port())
    made = caddy.configuration(free_port(), {"api": "/"}, {"api": sides}, admin, tmp_path / "caddy")
    caddy.load(admin, made)
    for side, server in enumerate(servers[:2]):
        folder = tmp_path / caddy.side_link("api", side)
        folder.mkdir(parents=True)
        point(folder, "api", server)
    assert [text(f"127.0.0.1:{port}", "/x") for port in sides] == ["one /x", "two /x"]


def test_new_routes_are_loaded_and_nonsense_is_refused(front: tuple[str, Path], tmp_path: Path) -> None:
    address, admin = front
    port = int(address.rpartition(":")[2])
    caddy.load(admin, caddy.configuration(port, {"api": "/only"}, {}, admin, tmp_path / "caddy"))
    # A connection that the old listener took in its last moment is closed without an answer.
    end = time.monotonic() + 10
    while text(address, "/only") != "two /only":
        assert time.monotonic() < end
    assert probe.get(address, "/").status == 404
    with pytest.raises(Failed, match="refuses"):
        caddy.load(admin, {"apps": {"no such app": {}}})


def test_the_admin_socket_is_its_owners_alone(front: tuple[str, Path]) -> None:
    assert front[1].stat().st_mode & 0o077 == 0


def test_a_caddy_that_is_not_there_does_not_answer(tmp_path: Path) -> None:
    assert not caddy.answers(tmp_path / "nothing")
    with pytest.raises(Failed, match="does not answer"):
        caddy.load(tmp_path / "nothing", {})
