"""Records are kept by revision and found again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cloudnorth_cli.adapters.store import Store
from cloudnorth_cli.errors import Failed
from cloudnorth_cli.model import ATTEMPTS_KEPT, Actor, Attempt, Record, Release, Source

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def record(revision: int, release_id: str = "", verified: bool = True) -> Record:
    return Record(
        release=Release(id=release_id or f"id{revision}", number=revision, revision=revision),
        outcome="deployed" if verified else "failed",
        images=(),
        actor=Actor(who="me", run="run"),
        source=Source(commit="abc"),
        started_at=NOW,
        verified_at=NOW if verified else None,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "records.db")


def test_nothing_was_kept_yet(store: Store) -> None:
    assert store.newest(5) == ()
    assert store.newest_verified() is None
    assert store.kept_ids(5) == ()


def test_the_newest_comes_first_and_a_record_is_rewritten(store: Store) -> None:
    for revision in (1, 2, 3):
        store.keep(record(revision, verified=False))
    store.keep(record(2))
    assert [each.release.revision for each in store.newest(2)] == [3, 2]
    assert store.newest_verified() == record(2)
    assert store.revision(3) == record(3, verified=False)


def test_the_last_verified_releases_are_kept_each_once(store: Store) -> None:
    for revision, name in ((1, "a"), (2, "b"), (3, "c"), (4, "a")):
        store.keep(record(revision, name))
    store.keep(record(5, "failed", verified=False))
    assert store.kept_ids(2) == ("a", "c")


def test_of_attempts_the_newest_are_kept(store: Store) -> None:
    assert store.attempts() == ()
    made = [
        Attempt(
            step="migrate",
            outcome="failed",
            images=(),
            actor=Actor(who="me", run="run"),
            source=Source(commit="abc"),
            started_at=NOW,
            finished_at=NOW + timedelta(seconds=number),
        )
        for number in range(ATTEMPTS_KEPT + 5)
    ]
    for one in made:
        store.keep_attempt(one)
    assert store.attempts() == tuple(made[:4:-1])
    assert store.newest(5) == ()


def test_a_counter_never_says_the_same_again(store: Store) -> None:
    assert [store.next("revision") for _ in range(3)] == [1, 2, 3]
    assert store.next("lineup") == 1


def test_a_broken_file_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "records.db").write_text("no database, but long enough to be looked at as one" * 20)
    with pytest.raises(Failed, match=r"records\.db"):
        Store(tmp_path / "records.db").newest(1)


def test_a_record_comes_back_as_it_was(store: Store) -> None:
    kept = msgspec.structs.replace(record(1), cause="crash-at-start", lines=("one", "two"))
    store.keep(kept)
    assert store.revision(1) == kept
