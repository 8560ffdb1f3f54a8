"""Which release a rollback chooses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloudnorth_cli.commands.rollback import find
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Actor, Record, Release, Source
from cloudnorth_cli.settings import Environment, EnvironmentFile

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ENVIRONMENT = Environment(
    project="shop",
    name="test",
    root=Path("/"),
    config_path=Path("/cloudnorth.yaml"),
    services={},
    migrate=None,
    verify=(),
    file=EnvironmentFile(platform="kubernetes"),
)


def record(revision: int, number: int | None = None, verified: bool = True) -> Record:
    """A revision; with another number it put back the release of that number."""
    return Record(
        release=Release(id=f"id{number or revision}", number=number or revision, revision=revision),
        outcome="deployed" if verified else "rolled-back",
        images=(),
        actor=Actor(who="me", run="run"),
        source=Source(commit="abc"),
        started_at=NOW,
        verified_at=NOW if verified else None,
    )


def chosen(*history: Record, to: str | None = None) -> int:
    """Number of the release chosen, where the newest verified revision serves."""
    served = max((each for each in history if each.verified_at), key=lambda each: each.release.revision)
    return find(history, served, to, ENVIRONMENT).release.number


def test_it_is_the_release_that_was_replaced() -> None:
    assert chosen(record(1), record(2), record(3)) == 2


def test_a_release_that_was_taken_back_before_is_not_what_was_replaced() -> None:
    """1, then 2, back to 1, then 4: before 4 there was 1."""
    assert chosen(record(1), record(2), record(3, number=1), record(4)) == 1


def test_twice_goes_two_back() -> None:
    assert chosen(record(1), record(2), record(3), record(4, number=2)) == 1


def test_a_release_that_was_never_verified_is_passed_over() -> None:
    assert chosen(record(1), record(2, verified=False), record(3)) == 1


def test_behind_the_first_there_is_nothing() -> None:
    with pytest.raises(Refused, match="an earlier verified release is not among the releases kept"):
        chosen(record(1), record(2), record(3, number=1))


def test_one_that_is_named_is_taken_forwards_too() -> None:
    assert chosen(record(1), record(2), record(3, number=1), to="2") == 2
