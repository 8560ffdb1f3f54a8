"""Two processes replaced under load, behind a balancer that learns of it late: what the drain is for."""

from pathlib import Path

import pytest

from benchmarks.shop.roll import Rolled, roll
from tests.app.conftest import filled


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    filled(url)
    return url


def _clean(rolled: Rolled) -> bool:
    orders = rolled.told["orders"]
    return not (rolled.failed or orders["lost"] or orders["twice"])


@pytest.mark.slow
def test_with_the_drain_no_request_fails_and_both_releases_answer(database: str) -> None:
    rolled = roll(database, drain_seconds=4, rate=40, seconds=14)
    assert set(rolled.releases) == {"old", "new"}
    assert _clean(rolled), rolled.told["errors"]


@pytest.mark.repeat
def test_without_the_drain_some_fail(database: str) -> None:
    assert roll(database, drain_seconds=0, rate=120).failed > 0


@pytest.mark.repeat
def test_none_of_four_thousand_fails(database: str) -> None:
    rolled = roll(database, drain_seconds=5)
    assert rolled.requests >= 4000
    assert _clean(rolled), rolled.told["errors"]
