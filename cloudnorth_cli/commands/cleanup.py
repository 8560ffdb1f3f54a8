"""`cloudnorth cleanup`: delete the images that no kept record of any environment names; by default only show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from msgspec.structs import replace

from cloudnorth_cli.adapters.ecr_images import EcrImage
from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.commands import outcome
from cloudnorth_cli.commands.cleanup_rules import Grace, in_order, judge
from cloudnorth_cli.errors import CloudnorthError, ExitStatus, Failed, Interrupted, Locked, Refused, UsageError
from cloudnorth_cli.events import Journal, Result, Step
from cloudnorth_cli.model import Cleanup, Needed, StoredImage
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


class Stored(Protocol):
    """A registry whose images can be listed and deleted (platforms/stored_images.py)."""

    host: str

    def check(self) -> None: ...
    def all(self) -> tuple[EcrImage, ...]: ...
    def members(self, indexes: list[EcrImage]) -> Mapping[str, frozenset[str]]: ...
    def delete(self, repository: str, digests: list[str]) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class Wishes:
    """What was asked for on the command line."""

    grace: Grace
    apply: bool = False
    confirm: str | None = None
    without: tuple[str, ...] = ()
    """Environments that are gone: their records count for nothing."""
    flags: str = ""
    """Those of the grace as they were typed, for the line to type next."""


def cleanup(
    environment: Environment,
    stored: Stored,
    everywhere: Mapping[str, Callable[[], Platform]],
    wishes: Wishes,
    journal: Journal,
) -> Result:
    """Judge every image of the environment's registry and, with `apply`, delete those that nothing wants.

    everywhere: each environment of the configuration that runs images, by name. Raises Refused where one of them
    cannot be read, and Locked where one is being changed.
    """
    asked = _asked(environment, everywhere, wishes)
    with journal.step("images") as step:
        stored.check()
        images = stored.all()  # before the records: what is deployed meanwhile is named by them
        members = stored.members([one for one in images if one.index])
        step.summary = f"{len(images)} in {stored.host}"
    with journal.step("records") as step:
        needed = _needed(asked, apply=wishes.apply)
        step.summary = f"{len(needed)} images named in {', '.join(asked)}"
    judged = judge(images, members, needed, stored.host, wishes.grace, datetime.now(UTC))
    found = Cleanup(registry=stored.host, images=judged, environments=tuple(asked), without=wishes.without)
    if not wishes.apply:
        return _told(environment, found, journal, wishes)
    deleted: dict[tuple[str, str], StoredImage] = {}
    try:
        with journal.step("delete") as step:
            _delete(stored, found.of("deletable"), members, deleted, step)
    except Interrupted:
        gone = sum(one.fate == "deleted" for one in deleted.values())
        state = f"{gone} of {len(found.of('deletable'))} images were deleted; nothing that is needed was among them."
        again = (outcome.command(environment, _words(environment, wishes)),)
        result = outcome.interruption("cleanup", environment, journal, state, again, outcome.Unread.UNREAD)
        return replace(result, cleanup=_done(found, deleted))
    return _told(environment, _done(found, deleted), journal, wishes)


def _asked(
    environment: Environment, everywhere: Mapping[str, Callable[[], Platform]], wishes: Wishes
) -> dict[str, Callable[[], Platform]]:
    """The environments to be read. Raises UsageError, Refused before anything is looked at."""
    if environment.name in wishes.without:
        raise UsageError(f"--without {environment.name}: it is the one that is cleaned up", code="without")
    if wishes.confirm not in (None, environment.name):
        raise UsageError(f"--confirm {wishes.confirm}: the environment is {environment.name}", code="confirm")
    if wishes.apply and environment.file.protected and wishes.confirm is None:
        raise Refused(
            f"{environment.name} is protected, and an image that is deleted is gone",
            code="confirm-wanted",
            next=(outcome.command(environment, _words(environment, wishes)),),
        )
    return {name: open_it for name, open_it in everywhere.items() if name not in wishes.without}


def _needed(asked: Mapping[str, Callable[[], Platform]], *, apply: bool) -> tuple[Needed, ...]:
    def read(item: tuple[str, Callable[[], Platform]]) -> tuple[Needed, ...]:
        name, open_it = item
        try:
            platform = open_it()
            if apply and (lock := platform.lock_status()) and not lock.abandoned:
                raise Locked(
                    f"{lock.holder} is at work in {name}: which images it will need is not known yet",
                    next=(f"cloudnorth lock --env {name}",),
                )
            return platform.needed()
        except Locked:
            raise
        except CloudnorthError as error:
            raise Refused(
                f"{name}: its records cannot be read, so it is not known which images it needs: {error.message}; "
                f"only where {name} is gone may it be left out (--without)",
                code="records-unread",
                where=error.where,
                next=(f"cloudnorth history --env {name}", f"cloudnorth cleanup --without {name}"),
                retryable=error.retryable,
            ) from error

    return tuple(one for found in side_by_side(read, asked.items()) for one in found)


def _delete(
    stored: Stored,
    doomed: tuple[StoredImage, ...],
    members: Mapping[str, frozenset[str]],
    deleted: dict[tuple[str, str], StoredImage],
    step: Step,
) -> None:
    """`deleted` holds what became of each so far, for when a signal comes."""
    for some in in_order(doomed, members):
        for repository in dict.fromkeys(one.repository for one in some):
            here = [one for one in some if one.repository == repository]
            failed = stored.delete(repository, [one.digest for one in here])
            for one in here:
                why = failed.get(one.digest, "")
                deleted[repository, one.digest] = replace(one, kept=why, fate="not-deleted" if why else "deleted")
            step.progress("images", len(deleted), len(doomed), "resources")
    gone = sum(one.fate == "deleted" for one in deleted.values())
    step.summary = f"{gone} of {len(doomed)} images"


def _done(found: Cleanup, deleted: Mapping[tuple[str, str], StoredImage]) -> Cleanup:
    images = tuple(deleted.get((one.repository, one.digest), one) for one in found.images)
    return replace(found, images=images, applied=True)


def _told(environment: Environment, found: Cleanup, journal: Journal, wishes: Wishes) -> Result:
    fate = "deleted" if found.applied else "deletable"
    size = sum(one.bytes for one in found.of(fate)) / 1e6
    count, every = len(found.of(fate)), len(found.images)
    if found.applied:
        told = f"{count} of {every} images were deleted, {size:.0f} MB at most (layers are shared)."
    else:
        told = f"{count} of {every} images can go, {size:.0f} MB at most (layers are shared); nothing was deleted."
    error = None
    if left := found.of("not-deleted"):
        error = Failed(
            f"the registry kept {len(left)} of the images that nothing needs",
            code="not-deleted",
            where=found.registry,
            evidence=tuple(f"{one.repository}@{one.digest}: {one.kept}" for one in left),
            next=(outcome.command(environment, "cleanup"),),
        )
    more = not found.applied and count > 0
    return Result(
        command="cleanup",
        exit_status=int(ExitStatus.FAILED if error else ExitStatus.DONE),
        outcome="failed" if error else "done" if count else "unchanged",
        environment=environment.name,
        summary=f"{environment.name}: {told}",
        seconds=journal.seconds,
        error=outcome.problem(error) if error else None,
        cleanup=found,
        next=(outcome.command(environment, _words(environment, wishes)),) if more else (),
    )


def _words(environment: Environment, wishes: Wishes) -> str:
    """The line that deletes what was shown."""
    without = "".join(f" --without {name}" for name in wishes.without)
    return f"cleanup --apply{wishes.flags}{without}" + (
        f" --confirm {environment.name}" if environment.file.protected else ""
    )
