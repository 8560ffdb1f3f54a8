"""A release step that is stopped before the platform made a revision: what is told, and what a rollback holds then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from cloudnorth_cli.commands import deploy, rollback
from cloudnorth_cli.errors import Broken, Interrupted
from cloudnorth_cli.events import Journal, Step
from cloudnorth_cli.model import Actor, Candidate, Record, Release, Request, Source
from cloudnorth_cli.settings import Environment
from tests.commands.test_rollback import ENVIRONMENT
from tests.fakes import FakePlatform

REQUEST = Request(source=Source(commit="aaaaaaa"), actor=Actor(who="anna", run="run"))


class Numbered(FakePlatform):
    """Gives the numbers that Helm gives: the next after the last revision that came to be, whatever records say."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment, Journal())
        self.made = 0
        self.stops = ""
        """`before` or `after` the revision is made a signal comes."""

    def next_revision(self, step: Step, *, mend: bool = True) -> int:
        return self.made + 1

    def release(self, candidate: Candidate, release: Release, request: Request, step: Step) -> None:
        if self.stops == "before":
            raise Interrupted("SIGINT")
        if self.stops == "lost":
            raise Broken("the lock was lost: ben took it", code="lock-lost")
        self.made += 1
        if self.stops == "after":
            raise Interrupted("SIGINT")

    def rollback(self, to: Record, release: Release, step: Step) -> None:
        self.made += 1

    @contextmanager
    def lock(self, request: Request, verb: str, step: Step) -> Iterator[None]:
        yield


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return msgspec.structs.replace(ENVIRONMENT, root=tmp_path)


@pytest.fixture
def platform(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Numbered:
    """Serves release 2, A; before it there was 1."""
    made = Numbered(environment)
    for name in ("first", "A"):
        assert deployed(made, name, monkeypatch) == 0
    return made


def deployed(platform: Numbered, name: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Deploy what has this id; the exit status."""
    monkeypatch.setenv("FAKE_ID", name)
    return deploy.deploy(platform, platform.environment, REQUEST, Journal()).exit_status


def back(platform: Numbered) -> tuple[str, str]:
    """Roll back; ids of what serves then and of what is held because of it."""
    result = rollback.rollback(platform, platform.environment, REQUEST, Journal())
    assert result.exit_status == 0, result
    assert result.release
    (hold,) = result.holds or (None,)
    return result.release.id, hold.release.id if hold and hold.release else ""


def test_before_a_revision_is_made_nothing_was_changed(platform: Numbered) -> None:
    platform.stops = "before"
    result = deploy.deploy(platform, platform.environment, REQUEST, Journal())
    assert result.exit_status == 130
    assert result.summary == "nothing was changed. test serves release 2."
    assert result.next == ("cloudnorth deploy --env test",)
    newest = platform.history(1)[0]
    assert (newest.outcome, newest.rolled_back_to) == ("interrupted", 2)


def test_of_a_first_release_that_was_not_made_no_record_stays(environment: Environment) -> None:
    platform = Numbered(environment)
    platform.stops = "before"
    assert deploy.deploy(platform, environment, REQUEST, Journal()).exit_status == 130
    assert platform.history(10) == ()


def test_once_it_is_made_it_is_half_rolled_out(platform: Numbered) -> None:
    platform.stops = "after"
    result = deploy.deploy(platform, platform.environment, REQUEST, Journal())
    assert result.summary == "the release is half rolled out. test serves release 2 and 3 side by side."


def test_a_rollback_after_it_takes_back_and_holds_what_served(
    platform: Numbered, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.stops = "before"
    assert deployed(platform, "B", monkeypatch) == 130
    platform.stops = ""
    assert back(platform) == ("first", "A")
    assert deployed(platform, "A", monkeypatch) == 6
    assert deployed(platform, "B", monkeypatch) == 0


def test_killed_before_a_revision_was_made_the_way_back_has_its_number_and_a_record(
    platform: Numbered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed cannot look: its record stands for a revision that never was, and whose number is given."""
    served = platform.serving()
    assert served
    killed = Release(id="B", number=3, revision=3)
    platform.record(
        msgspec.structs.replace(
            served, release=killed, outcome="unverified", verified_at=None, started_at=datetime.now(UTC), step="release"
        )
    )
    assert back(platform) == ("A", "B")
    assert [str(record.release) for record in platform.history(10)] == ["2 (revision 3)", "2", "1"]
    assert back(platform) == ("first", "A")
    assert deployed(platform, "A", monkeypatch) == 6


def test_what_is_taken_back_half_way_says_by_whom_and_why(platform: Numbered) -> None:
    platform.stops = "after"
    assert deploy.deploy(platform, platform.environment, REQUEST, Journal()).exit_status == 130
    assert rollback.rollback(platform, platform.environment, REQUEST, Journal(), message="too slow").exit_status == 0
    taken = next(record for record in platform.history(10) if record.release.number == 3)
    assert (taken.outcome, taken.cause, taken.lines) == ("rolled-back", "taken-back", ("by anna: too slow",))


def test_whose_lock_was_taken_looks_who_has_it_instead_of_deploying_what_may_be_held(platform: Numbered) -> None:
    platform.stops = "lost"
    result = deploy.deploy(platform, platform.environment, REQUEST, Journal())
    assert (result.exit_status, result.error and result.error.code) == (5, "lock-lost")
    assert result.next == ("cloudnorth lock --env test", "cloudnorth status --env test")
