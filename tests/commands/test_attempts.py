"""What is kept of a deploy that ends under the lock, before it has a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from cloudnorth_cli.commands import deploy, history
from cloudnorth_cli.errors import Broken, CloudnorthError, Failed, Interrupted, Locked, Refused
from cloudnorth_cli.events import AnyEvent, Journal, Notice, Step
from cloudnorth_cli.model import Actor, Attempt, Candidate, Image, Record, Release, Request, Source
from cloudnorth_cli.settings import Environment, Migrate
from tests.commands.test_rollback import ENVIRONMENT
from tests.conftest import Cloudnorth
from tests.fakes import FakePlatform

REQUEST = Request(source=Source(commit="aaaaaaa"), actor=Actor(who="anna", run="run"))
LOST = Broken("the lock was lost: ben took it; nothing more is changed", code="lock-lost")
MIGRATED = "the migration is done, nothing else was changed"
HALF = "the migration may be half done, nothing else was changed"


class Ending(FakePlatform):
    """Fails where it is told to."""

    def __init__(self, environment: Environment, told: list[AnyEvent] | None = None) -> None:
        super().__init__(environment, Journal())
        self.told: list[AnyEvent] = [] if told is None else told
        self.ends: dict[str, BaseException] = {}
        self.locked = False

    def run(self, request: Request = REQUEST) -> tuple[int, tuple[str, ...]]:
        """Exit status of a deploy, and the commands to type next."""
        result = deploy.deploy(self, self.environment, request, Journal(self.told.append))
        return result.exit_status, result.next

    def _end(self, where: str) -> None:
        if error := self.ends.get(where):
            raise error

    def prepare(self, images: Sequence[Image], request: Request, step: Step) -> Candidate:
        if self.locked:  # once more: something else came to serve while we waited
            self._end("prepare")
        return super().prepare(images, request, step)

    @contextmanager
    def lock(self, request: Request, verb: str, step: Step) -> Iterator[None]:
        with super().lock(request, verb, step):
            self.locked = True
            yield

    def migrate(self, candidate: Candidate, step: Step) -> str:
        self._end("migrate")
        return super().migrate(candidate, step)

    def next_revision(self, step: Step, *, mend: bool = True) -> int:
        self._end("number")
        return super().next_revision(step, mend=mend)

    def release(self, candidate: Candidate, release: Release, request: Request, step: Step) -> None:
        self._end("release")

    def serving(self) -> Record | None:
        there = super().serving()
        if there and self.locked and "prepare" in self.ends:
            return msgspec.structs.replace(there, release=Release(id="x", number=9, revision=9))
        return there

    def attempted(self, attempt: Attempt) -> None:
        self._end("writing")
        super().attempted(attempt)


@pytest.fixture
def platform(tmp_path: Path) -> Ending:
    migrate = Migrate(service="api", run="shop migrate")
    made = Ending(msgspec.structs.replace(ENVIRONMENT, root=tmp_path, migrate=migrate))
    assert made.run() == (0, ())
    made.locked = False
    return made


@pytest.mark.parametrize(
    ("where", "error", "status", "kept"),
    [
        ("prepare", Refused("held", code="held"), 3, ("prepare", "refused", "held", "nothing was changed")),
        ("prepare", Locked("newer", code="superseded"), 6, ("prepare", "refused", "superseded", "nothing was changed")),
        ("migrate", Failed("no", code="m"), 4, ("migrate", "failed", "m", "nothing else was changed")),
        ("migrate", Refused("no", code="forbidden"), 3, ("migrate", "failed", "forbidden", "nothing else was changed")),
        ("migrate", Interrupted("SIGTERM"), 130, ("migrate", "interrupted", None, HALF)),
        ("migrate", LOST, 6, ("migrate", "interrupted", "lock-lost", HALF)),
        ("migrate", Refused("over", code="unauthorized"), 5, ("migrate", "interrupted", "unauthorized", HALF)),
        ("number", Locked("busy", code="helm-busy"), 6, ("release", "refused", "helm-busy", MIGRATED)),
        ("number", LOST, 6, ("release", "interrupted", "lock-lost", MIGRATED)),
        ("number", Refused("over", code="unauthorized"), 5, ("release", "refused", "unauthorized", MIGRATED)),
    ],
)
def test_what_ends_under_the_lock_without_a_record_is_kept(
    platform: Ending, where: str, error: BaseException, status: int, kept: tuple[str, str, str | None, str]
) -> None:
    platform.ends[where] = error
    assert platform.run()[0] == status
    (attempt,) = platform.attempts()
    assert (attempt.step, attempt.outcome, attempt.cause, attempt.left) == kept
    assert (attempt.actor, attempt.source) == (REQUEST.actor, REQUEST.source)
    assert attempt.message == (error.message if isinstance(error, CloudnorthError) else "stopped by SIGTERM")
    assert len(platform.history(9)) == 1
    told = history.history(platform, 9)
    assert (told.history, told.attempts) == (platform.history(9), (attempt,))


def test_what_has_a_record_is_no_attempt_and_what_was_not_locked_is_none(platform: Ending) -> None:
    platform.ends["release"] = Failed("refused by a webhook", code="helm-failed")
    assert platform.run()[0] == 4
    assert platform.history(1)[0].cause == "helm-failed"
    platform.wishes = ["locked"]
    assert platform.run()[0] == 6
    assert platform.attempts() == ()


def test_a_saved_file_whose_migration_fails_is_seen_by_who_saved_it(platform: Ending) -> None:
    platform.ends["migrate"] = Failed("no", code="migration-failed")
    assert platform.run(msgspec.structs.replace(REQUEST, watch=True))[0] == 4
    assert platform.attempts() == ()


def test_what_cannot_be_written_is_told_and_hides_nothing(platform: Ending) -> None:
    platform.ends = {
        "migrate": Failed("no", code="migration-failed"),
        "writing": Refused("away", code="cluster-unreachable"),
    }
    assert platform.run()[0] == 4
    assert any("history will not tell" in event.message for event in platform.told if isinstance(event, Notice))


def test_of_many_lines_the_last_are_kept(platform: Ending) -> None:
    platform.ends["migrate"] = Failed("no", evidence=[f"{number:099}" for number in range(1000)])
    platform.run()
    (attempt,) = platform.attempts()
    assert int(attempt.lines[-1]) == 999
    assert sum(map(len, attempt.lines)) <= 8_000


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_the_newest_of_both_are_shown(platform: Ending, limit: int) -> None:
    platform.ends["migrate"] = Failed("no")
    platform.run()
    platform.ends.clear()
    platform.run()
    told = history.history(platform, limit)
    assert (len(told.history or ()), len(told.attempts or ())) == {1: (1, 0), 2: (1, 1), 3: (2, 1)}[limit]


def test_a_person_sees_it_among_the_releases(cloudnorth: Cloudnorth, project: Path) -> None:
    file = project / "cloudnorth.yaml"
    file.write_text(file.read_text() + "migrate: {service: api, run: shop migrate}\n")
    assert cloudnorth("deploy", "-e", "test").status == 0
    failed = cloudnorth("deploy", "-e", "test", FAKE="no-migration")
    assert failed.status == 4
    assert "no such column: brand" in failed.err
    head, first, second = cloudnorth("history", "-e", "test", COLUMNS="200").out.splitlines()
    assert head.split() == ["RELEASE", "WHEN", "OUTCOME", "COMMIT", "BY", "WHAT"]
    assert first.startswith("-  ")
    assert "  migration failed  " in first
    assert first.endswith("migration-failed, nothing else was changed")
    assert second.startswith("1  ")


@pytest.mark.parametrize(
    ("where", "status"), [("migrate", 6), ("number", 6), ("release", 5)], ids=["migrate", "number", "release"]
)
def test_whose_lock_was_taken_gives_way_unless_its_release_is_half_way(
    platform: Ending, where: str, status: int
) -> None:
    platform.ends[where] = LOST
    assert platform.run() == (status, ("cloudnorth lock --env test", "cloudnorth status --env test"))


def test_a_lock_that_could_not_be_renewed_is_nobody_s(platform: Ending) -> None:
    platform.ends["migrate"] = Broken("the lock could not be renewed", code="lock-lost", retryable=True)
    assert platform.run()[0] == 5
