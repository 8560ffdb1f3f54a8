"""What is kept, and what goes."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloudnorth_cli.adapters.store import Store
from cloudnorth_cli.model import Actor, Image, Record, Release, Source
from cloudnorth_cli.platforms.local import plan as plans
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.platforms.local.plan import Plan, ServicePlan
from cloudnorth_cli.platforms.local.prune import prune

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "home", tmp_path / "run")
    made.make()
    return made


def keep(place: Place, revision: int) -> None:
    """A verified release with a bundle, an environment and secrets of its own."""
    digits = f"{revision:064x}"
    environment = place.environments / f"env{revision}"
    service = ServicePlan(
        name="web",
        image=Image(service="web", repository="", digest=f"sha256:{digits}"),
        folder=place.bundles / digits,
        environment=environment,
        run="run",
        env={},
        health="/",
        route="/",
        timeout=1,
    )
    made = Plan(services=(service,), secrets=f"secret{revision}")
    plans.write(made, place.plans)
    for folder in (place.bundles / digits, environment, place.secrets):
        folder.mkdir(parents=True, exist_ok=True)
    (place.secrets / f"secret{revision}.json").write_text("{}")
    Store(place.records).keep(
        Record(
            release=Release(id=made.id, number=revision, revision=revision),
            outcome="deployed",
            images=(),
            actor=Actor(who="me", run="run"),
            source=Source(commit=""),
            started_at=NOW,
            verified_at=NOW,
        )
    )


def age(place: Place) -> None:
    for path in place.home.rglob("*"):
        os.utime(path, (1, 1))


def left(place: Place) -> tuple[int, ...]:
    folders = (place.plans, place.bundles, place.environments, place.secrets)
    return tuple(len(list(folder.iterdir())) for folder in folders)


def test_the_last_releases_are_kept_with_all_they_need_and_the_others_go(place: Place) -> None:
    for revision in range(1, 6):
        keep(place, revision)
    age(place)
    prune(place, Store(place.records), keep=2, serving=None)
    assert left(place) == (2, 2, 2, 2)
    assert (place.bundles / f"{5:064x}").is_dir()
    assert len(Store(place.records).newest(9)) == 5  # the history stays


def test_what_another_run_may_be_preparing_is_left_alone(place: Place) -> None:
    for revision in range(1, 4):
        keep(place, revision)
    prune(place, Store(place.records), keep=1, serving=None)
    assert left(place) == (3, 3, 3, 3)
