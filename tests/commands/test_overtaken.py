"""Whoever waited for the lock and finds something else serving than what the candidate was prepared against."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest

from cloudnorth_cli.adapters import git
from cloudnorth_cli.commands import deploy
from cloudnorth_cli.commands.progress import Progress
from cloudnorth_cli.errors import ExitStatus, Locked
from cloudnorth_cli.model import Actor, Record, Release, Request, Source
from cloudnorth_cli.platforms import Platform
from tests.commands.test_rollback import ENVIRONMENT

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def record(revision: int, commit: str) -> Record:
    return Record(
        release=Release(id=f"id{revision}", number=revision, revision=revision),
        outcome="deployed",
        images=(),
        actor=Actor(who="ben", run="run"),
        source=Source(commit=commit),
        started_at=NOW,
        verified_at=NOW,
    )


class Serving:
    def __init__(self, record: Record | None) -> None:
        self.record = record

    def serving(self) -> Record | None:
        return self.record


def moved_on(before: Record | None, now: Record | None, *, waited: float) -> bool:
    request = Request(source=Source(commit="aaaaaaa"), actor=Actor(who="anna", run="run"), wait_lock=waited)
    return deploy._moved_on(cast(Platform, Serving(now)), ENVIRONMENT, request, Progress(served=before))


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours lies before whatever serves."""
    monkeypatch.setattr(git, "is_older", lambda root, ours, than: True)


def test_a_waiter_that_a_newer_commit_overtook_is_superseded(older: None) -> None:
    with pytest.raises(Locked) as error:
        moved_on(record(1, "9999999"), record(2, "bbbbbbb"), waited=60)
    assert (error.value.code, error.value.status) == ("superseded", ExitStatus.LOCKED)
    assert "aaaaaaa" in error.value.message
    assert "bbbbbbb" in error.value.message


def test_who_did_not_wait_meant_the_older_commit(older: None) -> None:
    assert moved_on(record(1, "9999999"), record(2, "bbbbbbb"), waited=0)


def test_where_the_same_serves_nothing_is_prepared_again(older: None) -> None:
    assert not moved_on(record(1, "bbbbbbb"), record(1, "bbbbbbb"), waited=60)
    assert not moved_on(None, None, waited=60)
