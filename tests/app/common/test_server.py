"""How a process ends: real processes, real signals, a request held up in the middle."""

import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.app.running import process, status, until

pytestmark = pytest.mark.slow


@contextmanager
def _api(database: Path, drain_seconds: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    environ = {"DATABASE_URL": f"sqlite:///{database}", "DRAIN_SECONDS": str(drain_seconds)}
    with process("serve", "api", environ=environ) as (child, address):
        until(lambda: status(f"{address}/readyz") == 200)
        yield child, address


@pytest.fixture
def filled_file(sqlite_template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


def test_after_sigterm_it_drains_then_finishes_what_is_in_flight_and_ends_with_0(filled_file: Path) -> None:
    with _api(filled_file, 1) as (child, address), ThreadPoolExecutor(1) as pool, httpx.Client(base_url=address) as api:
        guest = {"Authorization": f"Bearer {api.post('/api/guests').json()['token']}"}
        with closing(sqlite3.connect(filled_file, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            body = {"product": "harbour-mug"}
            # Waits for our lock, so that it is in flight for as long as we like.
            held = pool.submit(httpx.post, f"{address}/api/cart/items", json=body, headers=guest, timeout=20)
            child.send_signal(signal.SIGTERM)
            until(lambda: api.get("/readyz").json() == {"status": "draining"})
            assert api.get("/api/categories").status_code == 200
            until(lambda: _refuses(address))
            assert not held.done()
            writer.execute("ROLLBACK")
        assert held.result().status_code == 200
        assert child.wait(10) == 0


def test_a_second_signal_ends_the_drain(filled_file: Path) -> None:
    with _api(filled_file, 60) as (child, address):
        child.send_signal(signal.SIGTERM)
        until(lambda: status(f"{address}/readyz") == 503)
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0


def test_ctrl_c_ends_it_without_a_drain(filled_file: Path) -> None:
    with _api(filled_file, 60) as (child, _):
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 0


def test_an_order_survives_a_process_that_is_killed(filled_file: Path) -> None:
    with _api(filled_file, 0) as (child, address):
        token = httpx.post(f"{address}/api/guests").json()["token"]
        who = {"Authorization": f"Bearer {token}", "Idempotency-Key": "survivor-1"}
        httpx.post(f"{address}/api/cart/items", json={"product": "ridge-tent"}, headers=who)
        buyer = {"name": "Ada", "email": "a@shop.example", "address": "here"}
        order = httpx.post(f"{address}/api/orders", json=buyer, headers=who).json()
        child.kill()
        child.wait()
    with _api(filled_file, 0) as (_, address):
        assert httpx.get(f"{address}/api/orders/{order['number']}", headers=who).json() == order


def _refuses(address: str) -> bool:
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) != 0
