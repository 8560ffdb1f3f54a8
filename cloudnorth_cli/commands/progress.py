"""How far a deploy has come, and how one ends that does not end well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.commands.records import Records
from cloudnorth_cli.errors import Broken, CloudnorthError, ExitStatus, Interrupted, Locked
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Accepted, Candidate, Record, Release
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment

LOST_CREDENTIALS = ("unauthorized", "credentials-expired")


@dataclass
class Progress:
    """What an interruption or a failure has to be told from."""

    served: Record | None = None
    looked: bool = False
    """Whether `served` was read already."""
    candidate: Candidate | None = None
    stage: str = "before"
    """`before` anything was changed, `migrate`, `prepared` (nothing of the release is made), `release`, `rollback`,
    `done`."""
    release: Release | None = None
    records: Records | None = None
    irreversible: str = ""
    """What of its migration cannot be taken back, as `migrate.check` said."""
    accepted: Accepted | None = None
    """Findings in its images that were accepted."""

    def looks(self, served: Record | None) -> None:
        self.served, self.looked = served, True

    def serving(self, platform: Platform) -> outcome.Serving:
        """What serves, as far as it is known or can be learned in a moment."""
        return self.served if self.looked else outcome.look(platform)


def told(platform: Platform, environment: Environment, journal: Journal, work: Callable[[Progress], Result]) -> Result:
    """Do a deploy's work; returns the result of success, failure (exit 3 to 6) and interruption (130) alike."""
    progress = Progress()
    try:
        return work(progress)
    except CloudnorthError as error:
        if progress.stage in ("migrate", "prepared", "release", "rollback") and error.code in LOST_CREDENTIALS:
            error = _credentials(platform, environment, progress, error)
        if progress.stage in ("release", "rollback") and error.status == ExitStatus.REFUSED:
            error = _cut_short(environment, progress, error)
        if error.code == "lock-lost":
            error = _fenced(environment, progress, error)
        return outcome.failure("deploy", environment, journal, error, progress.serving(platform))
    except Interrupted:
        return _interrupted(platform, environment, journal, progress)


def _credentials(
    platform: Platform, environment: Environment, progress: Progress, error: CloudnorthError
) -> CloudnorthError:
    """They ended in the middle: nothing more can be seen or changed, and what rolls rolls on."""
    early = progress.stage in ("migrate", "prepared")
    where = "the deploy" if early else f"release {progress.release}"
    state = {
        "migrate": "the migration was stopped from being watched and may be half done",
        "prepared": "nothing of the release was begun",
        "release": "it is half rolled out and was not judged",
    }.get(progress.stage, "it was being taken back, which may be half done")
    words = ("status", "deploy") if early else ("deploy --resume", "rollback")
    return Broken(
        f"the credentials ended in the middle of {where}: {state}",
        code="credentials-expired",
        where=error.where,
        evidence=(error.message, *error.evidence),
        next=tuple(outcome.command(environment, each) for each in words),
    )


def _fenced(environment: Environment, progress: Progress, error: CloudnorthError) -> CloudnorthError:
    """Somebody took the lock: he has the environment now (6), unless our release is half way (5).

    Who took it is at work or has held this very release: that is to be looked at first. A lock that only could not be
    renewed is nobody's, and a person has to look (5).
    """
    then = error.next or tuple(outcome.command(environment, words) for words in ("lock", "status"))
    if progress.stage in ("release", "rollback"):
        told = f"release {progress.release} is half way and was not judged: {error.message}"
        return Broken(told, code=error.code, next=then, retryable=error.retryable)
    error.next = then
    if error.retryable:
        return error
    half = "; the migration was stopped and may be half done" if progress.stage == "migrate" else ""
    return Locked(f"{error.message}{half}", code=error.code, next=then)


def _cut_short(environment: Environment, progress: Progress, error: CloudnorthError) -> CloudnorthError:
    """What refuses now, such as a cluster that went away, found the release half way: a person is needed."""
    return Broken(
        f"release {progress.release} is half way and was not judged: {error.message}",
        code=error.code,
        where=error.where,
        evidence=error.evidence,
        next=tuple(outcome.command(environment, words) for words in ("status", "deploy --resume", "rollback")),
        retryable=error.retryable,
    )


def _interrupted(platform: Platform, environment: Environment, journal: Journal, progress: Progress) -> Result:
    """Say how things were left; the lock is released by now."""
    served = progress.serving(platform)
    serving = outcome.serves(environment, served)
    again, resume, back = (outcome.command(environment, words) for words in ("deploy", "deploy --resume", "rollback"))
    then: tuple[str, ...]
    match progress.stage:
        case "before":
            state, then = f"nothing was changed. {serving}.", (again,)
        case "prepared":
            only = (
                "the migration is done, and nothing else was changed" if environment.migrate else "nothing was changed"
            )
            state, then = f"{only}. {serving}.", (again,)
        case "migrate":
            state, then = f"the migration was stopped and may be half done. {serving}.", (again,)
        case "done":
            state, then = f"the release is done. {outcome.serves(environment, progress.release)}.", ()
        case "rollback":
            state = f"release {progress.release} failed and was being taken back; {serving}, or is on the way to it."
            then = (back, outcome.command(environment, "status"))
        case _ if not platform.keeps_failed:
            state, then = f"the new release was taken away again. {serving}.", (again,)
        case _:
            both = f" and {progress.release} side by side" if progress.served and progress.release else ""
            state = f"the release is half rolled out. {serving}{both}."
            then = (resume, back) if progress.served else (resume,)
    if progress.stage == "release" and progress.records:
        again_serves = None if platform.keeps_failed or not progress.served else progress.served.release.number
        progress.records.interrupted(again_serves)
    return outcome.interruption("deploy", environment, journal, state, then, served)
