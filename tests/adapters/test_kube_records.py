"""Records of revisions; one of a revision that never came to be is not lost when its number is given again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from msgspec.structs import replace

from cloudnorth_cli.adapters import kube_attempts
from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.adapters.kube_records import RecordStore
from cloudnorth_cli.model import Actor, Attempt, Outcome, Record, Release, Source
from tests.adapters.config_maps import ConfigMaps

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
BEGUN = Record(
    release=Release(id="id43", number=43, revision=43),
    outcome="unverified",
    images=(),
    actor=Actor(who="anna", run="first"),
    source=Source(commit="abc"),
    started_at=NOW,
    step="release",
)
AGAIN = replace(BEGUN, actor=Actor(who="ben", run="second"), started_at=NOW + timedelta(hours=1))


@pytest.fixture
def api() -> Api:
    return cast(Api, ConfigMaps())


@pytest.fixture
def store(api: Api) -> RecordStore:
    return RecordStore(api, "web", "shop")


def set_aside(api: Api) -> tuple[Attempt, ...]:
    return kube_attempts.attempts(api, "web", "shop")


@pytest.mark.parametrize(("outcome", "told"), [("failed", "failed"), ("unverified", "interrupted")])
def test_a_number_that_is_given_again_leaves_an_attempt(
    api: Api, store: RecordStore, outcome: Outcome, told: str
) -> None:
    store.keep(BEGUN, "")
    lines = tuple(f"line {number}" for number in range(500))
    store.keep(replace(BEGUN, outcome=outcome, cause="helm-failed", lines=lines), "")
    store.keep(AGAIN, "")
    store.keep(replace(AGAIN, step="watch"), "")
    (attempt,) = set_aside(api)
    assert (attempt.actor.who, attempt.step, attempt.outcome, attempt.cause) == ("anna", "release", told, "helm-failed")
    assert (attempt.lines[-1], len(attempt.lines)) == ("line 499", 20)
    assert store.all() == (replace(AGAIN, step="watch"),)


def test_a_story_that_goes_on_leaves_none(api: Api, store: RecordStore) -> None:
    """Of one run; of another one that takes it back, or goes on with it."""
    for record in (BEGUN, BEGUN, replace(BEGUN, step="watch"), replace(AGAIN, step="watch")):
        store.keep(record, "")
    store.keep(replace(BEGUN, outcome="rolled-back"), "")
    assert set_aside(api) == ()
