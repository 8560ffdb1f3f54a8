"""Bad releases on demand: each does what it says, only with its second switch, and ends by itself."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from shop.api.app import create
from shop.common import faults
from shop.common.lifecycle import Lifecycle
from shop.common.settings import FAULTS, Settings, SettingsError, read
from tests.app.running import process, serving, shop, status, until

Faulty = Callable[..., httpx.Client]


@pytest.fixture
def faulty(sqlite_template: Path) -> Iterator[Faulty]:
    """faulty(FAULT, **settings): a client of an API with this fault."""
    with ExitStack() as stack:

        def start(kind: str, **settings: object) -> httpx.Client:
            chosen = Settings(database_url=f"sqlite:///{sqlite_template}", fault=kind, allow_faults=True)
            chosen = dataclasses.replace(chosen, **settings)  # type: ignore[arg-type]
            fault = faults.chosen(chosen)
            assert fault
            return stack.enter_context(serving(create(chosen, Lifecycle(wraps=(fault.wrap,)))))

        yield start


def test_never_ready_serves_and_is_not_ready_until_it_heals(faulty: Faulty) -> None:
    api = faulty("never-ready", fault_seconds=1.0)
    unready = api.get("/readyz")
    assert (unready.status_code, unready.json()["reason"]) == (503, "FAULT=never-ready")
    assert (api.get("/livez").status_code, api.get("/api/products").status_code) == (200, 200)
    assert until(lambda: api.get("/readyz").status_code == 200)


def test_errors_begin_after_it_was_ready_and_heal(faulty: Faulty) -> None:
    api = faulty("errors", fault_after=0.2, fault_seconds=1.0)
    time.sleep(0.3)
    assert api.get("/api/products").status_code == 200, "nobody has asked whether it is ready"
    assert api.get("/readyz").status_code == 200
    failed = until(lambda: (answer := api.get("/api/products")).status_code == 500 and answer)
    assert failed.json()["error"]["request_id"] == failed.headers["X-Request-Id"]
    assert (failed.headers["X-Release"], api.get("/readyz").status_code) == ("dev", 200)
    assert until(lambda: api.get("/api/products").status_code == 200)


def test_a_slow_database_slows_what_needs_it_and_heals(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "SLOW_SECONDS", 0.5)
    api = faulty("slow-database", fault_seconds=2.0)
    assert api.get("/api/products").elapsed.total_seconds() >= 0.5
    assert api.get("/livez").elapsed.total_seconds() < 0.5
    assert until(lambda: api.get("/api/categories").elapsed.total_seconds() < 0.5)


def test_the_version_names_the_fault(faulty: Faulty) -> None:
    assert faulty("errors").get("/version").json()["fault"] == "errors"


def test_one_switch_alone_does_nothing() -> None:
    environ = {"FAULT": "crash-at-start"}
    with process("serve", "storefront", environ=environ) as (_, address):
        assert status(f"{address}/livez") == 200
        assert httpx.get(f"{address}/version").json()["fault"] is None


def test_crash_at_start_ends_with_70_before_it_listens() -> None:
    ended = shop("serve", "api", environ={"FAULT": "crash-at-start", "ALLOW_FAULTS": "1"})
    assert ended.returncode == faults.CRASHED
    assert "FAULT=crash-at-start: ending, as asked" in ended.stdout


def test_slow_start_listens_late() -> None:
    began = time.monotonic()
    with process("serve", "api", environ={"FAULT": "slow-start", "FAULT_SECONDS": "1", "ALLOW_FAULTS": "1"}):
        assert time.monotonic() - began >= 1


def test_a_migration_fails_before_it_changes_anything(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    ended = shop("migrate", environ={"DATABASE_URL": url, "FAULT": "migration-fails", "ALLOW_FAULTS": "1"})
    assert ended.returncode == 1
    assert "FAULT=migration-fails" in ended.stdout + ended.stderr
    assert not (tmp_path / "shop.db").exists()


def test_a_migration_hangs_and_then_goes_on(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}", "FAULT": "migration-hangs", "ALLOW_FAULTS": "1"}
    began = time.monotonic()
    assert shop("migrate", environ={**environ, "FAULT_SECONDS": "1"}).returncode == 0
    assert time.monotonic() - began >= 1


@pytest.mark.slow
def test_a_leak_takes_more_and_more(sqlite_template: Path) -> None:
    environ = {"DATABASE_URL": f"sqlite:///{sqlite_template}", "FAULT": "leak", "ALLOW_FAULTS": "1"}
    with process("serve", "api", environ=environ) as (child, _):
        resident = psutil.Process(child.pid).memory_info
        first = resident().rss
        assert until(lambda: resident().rss > first + 3 * faults.LEAK_BYTES)


def test_every_fault_is_known_and_no_other() -> None:
    for kind in FAULTS:
        assert read("api", {"FAULT": kind}).fault == kind
    with pytest.raises(SettingsError, match="FAULT should be one of crash-at-start"):
        read("api", {"FAULT": "gremlins"})
