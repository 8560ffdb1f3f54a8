"""`cloudnorth deploy`: check → build → push → prepare → lock → migrate → release → watch → verify, and back again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cloudnorth_cli.commands import locking, outcome, rollback
from cloudnorth_cli.commands.records import Records
from cloudnorth_cli.errors import Broken, CloudnorthError, Interrupted, RolloutFailed
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Candidate, Image, Record, Release, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment

Guard = Callable[[Record | None], None]
"""Sees what serves before anything is changed; raises Refused (a protected environment's questions and rules)."""


@dataclass
class Progress:
    """How far a deploy has come: what an interruption or a failure has to be told from."""

    served: Record | None = None
    looked: bool = False
    """Whether `served` was read already."""
    candidate: Candidate | None = None
    stage: str = "before"
    """`before` anything was changed, `migrate`, `release`, `done`."""
    release: Release | None = None


def deploy(
    platform: Platform, environment: Environment, request: Request, journal: Journal, guard: Guard = lambda served: None
) -> Result:
    """Bring the project to an environment as a verified release, or take it back.

    Returns the result of success, failure (exit 3 to 6) and interruption (130) alike.
    """
    progress = Progress()
    try:
        return _deploy(platform, environment, request, journal, guard, progress)
    except CloudnorthError as error:
        return outcome.failure("deploy", environment, journal, error, _served(platform, progress))
    except Interrupted:
        return _interrupted(platform, environment, request, journal, progress)


def _deploy(
    platform: Platform,
    environment: Environment,
    request: Request,
    journal: Journal,
    guard: Guard,
    progress: Progress,
) -> Result:
    with journal.step("check") as step:
        progress.served, progress.looked = platform.check(request, step), True
        guard(progress.served)

    images = images_of(platform, environment, request, journal)

    with journal.step("prepare") as step:
        candidate = progress.candidate = platform.prepare(images, request, step)

    if candidate.unchanged:
        return _unchanged(platform, environment, journal, progress.served)

    with locking.locked(platform, environment, request, journal, "deploy"):
        progress.served = platform.serving()

        if environment.migrate:
            with journal.step("migrate") as step:
                progress.stage = "migrate"
                platform.migrate(candidate, step)

        with journal.step("release") as step:
            progress.stage = "release"
            release = progress.release = platform.release(candidate, request, step)
            records = Records(platform, candidate, request, release)
            records.started()

        try:
            _see_it_through(platform, candidate, release, journal)
        except RolloutFailed as failure:
            records.failed(failure)
            return _take_back(platform, environment, request, journal, progress, failure, records)
        records.verified()
        progress.stage = "done"

    return _deployed(platform, environment, journal, candidate, progress.served, release)


def images_of(platform: Platform, environment: Environment, request: Request, journal: Journal) -> tuple[Image, ...]:
    """The images of this deploy: given, named by the configuration, or built and pushed now.

    Where images are given and no service is named, only those services change.
    """
    wanted = request.services or tuple(request.images) or tuple(environment.services)
    named = {name: environment.services[name].image or "" for name in wanted if environment.services[name].image}
    given = named | dict(request.images)
    to_build = [name for name in wanted if name not in given and environment.services[name].build]

    images = platform.resolve(given) if given else ()
    if not to_build:
        return images
    with journal.step("build") as step:
        artifacts = platform.build(to_build, step)
    with journal.step("push") as step:
        return (*images, *platform.push(artifacts, step))


def _see_it_through(platform: Platform, candidate: Candidate, release: Release, journal: Journal) -> None:
    """Watch and verify. Raises RolloutFailed with the first failure's evidence."""
    with journal.step("watch") as step:
        verdict = platform.watch(candidate, release, step)
        if verdict.state != "ready":
            raise outcome.rollout_failed(verdict)
    if not step.summary:
        step.summary = verdict.waiting_for
    with journal.step("verify") as step:
        platform.verify(candidate, release, step)


def _take_back(
    platform: Platform,
    environment: Environment,
    request: Request,
    journal: Journal,
    progress: Progress,
    failure: RolloutFailed,
    records: Records,
) -> Result:
    """Go back to what served before, which makes the failure an exit 4; where that cannot be, it is exit 5."""
    served, release = progress.served, progress.release
    assert release is not None
    see = outcome.command(environment, "status")
    if served is None or (platform.keeps_failed and not request.rollback):
        why = "there is no earlier release to go back to" if served is None else "rollback is off"
        left = f"release {release} stays as it is" if platform.keeps_failed else f"nothing of release {release} runs"
        broken = Broken(
            f"{failure.message}; {why}, {left}",
            code=failure.code,
            where=failure.where,
            evidence=failure.evidence,
            next=(see, outcome.command(environment, "logs"), outcome.command(environment, "deploy")),
        )
        return outcome.failure("deploy", environment, journal, broken, release if platform.keeps_failed else None)
    back = rollback.put_back(platform, environment, served, request, journal)
    records.taken_back(served.release.number)
    failure.next = failure.next or (outcome.command(environment, "deploy"),)
    return outcome.failure("deploy", environment, journal, failure, back)


def _unchanged(platform: Platform, environment: Environment, journal: Journal, served: Record | None) -> Result:
    return Result(
        command="deploy",
        exit_status=0,
        outcome="unchanged",
        environment=environment.name,
        summary=f"{outcome.serves(environment, served)} already; nothing to do.",
        seconds=journal.seconds,
        release=served.release if served else None,
        previous=served.release if served else None,
        images=served.images if served else (),
        address=platform.address(),
    )


def _deployed(
    platform: Platform,
    environment: Environment,
    journal: Journal,
    candidate: Candidate,
    served: Record | None,
    release: Release,
) -> Result:
    was = f" (was {served.release.number})" if served else ""
    return Result(
        command="deploy",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"{outcome.serves(environment, release)}{was}.",
        seconds=journal.seconds,
        release=release,
        previous=served.release if served else None,
        images=candidate.images,
        address=platform.address(),
        next=(outcome.command(environment, "rollback"),) if served else (),
    )


def _interrupted(
    platform: Platform, environment: Environment, request: Request, journal: Journal, progress: Progress
) -> Result:
    """Say how things were left; the lock is released by now."""
    served = _served(platform, progress)
    serving = outcome.serves(environment, served)
    again = outcome.command(environment, "deploy")
    then: tuple[str, ...]
    match progress.stage:
        case "before":
            state, then = f"nothing was changed. {serving}.", (again,)
        case "migrate":
            state, then = f"the migration was stopped and may be half done. {serving}.", (again,)
        case "done":
            state, then = f"the release is done. {outcome.serves(environment, progress.release)}.", ()
        case _ if not platform.keeps_failed:
            state, then = f"the new release was taken away again. {serving}.", (again,)
        case _:
            state = f"the release is half rolled out; {serving} and the new one side by side."
            then = (again, outcome.command(environment, "rollback")) if progress.served else (again,)
    if progress.stage == "release" and progress.release and progress.candidate:
        again_serves = None if platform.keeps_failed or not progress.served else progress.served.release.number
        Records(platform, progress.candidate, request, progress.release).interrupted(again_serves)
    return outcome.interruption("deploy", environment, journal, state, then, served)


def _served(platform: Platform, progress: Progress) -> outcome.Serving:
    return progress.served if progress.looked else outcome.look(platform)
