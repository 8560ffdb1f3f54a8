"""`cloudnorth deploy`: check → build → push → scan → prepare → lock → migrate → release → watch → verify, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread

from cloudnorth_cli.adapters import git
from cloudnorth_cli.commands import attempts, locking, outcome, taking_back
from cloudnorth_cli.commands.progress import Progress, told
from cloudnorth_cli.commands.records import Records, begun
from cloudnorth_cli.errors import CloudnorthError, ExitStatus, Interrupted, Locked, RolloutFailed
from cloudnorth_cli.events import Journal, Result, Step
from cloudnorth_cli.model import Candidate, Image, Record, Release, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment

Guard = Callable[[Record | None], None]
"""Sees what serves before anything is changed; raises Refused (a protected environment's questions and rules)."""


def deploy(
    platform: Platform, environment: Environment, request: Request, journal: Journal, guard: Guard = lambda served: None
) -> Result:
    """Bring the project to an environment as a verified release, or take it back."""

    def work(progress: Progress) -> Result:
        return run(platform, environment, request, journal, guard, progress)

    return told(platform, environment, journal, work)


def run(
    platform: Platform,
    environment: Environment,
    request: Request,
    journal: Journal,
    guard: Guard,
    progress: Progress,
) -> Result:
    """The runbook."""
    with journal.step("check") as step:
        locking.refuse_frozen(platform, environment, request, "deploy")
        progress.looks(platform.check(request, step))
        guard(progress.served)

    images = images_of(platform, environment, request, journal)

    if environment.scan:
        with journal.step("scan") as step:
            progress.accepted = platform.scan(images, request, step)

    candidate = _prepared(platform, environment, request, journal, images, progress)
    if candidate.unchanged:
        return _unchanged(platform, environment, journal, progress.served)

    with (
        locking.locked(platform, environment, request, journal, "deploy"),
        attempts.kept(platform, environment, request, journal, progress),
    ):
        if _moved_on(platform, environment, request, progress):
            candidate = _prepared(platform, environment, request, journal, images, progress)
            if candidate.unchanged:
                return _unchanged(platform, environment, journal, progress.served)

        if environment.migrate:
            with journal.step("migrate") as step:
                progress.stage = "migrate"
                progress.irreversible = platform.migrate(candidate, step)
        progress.stage = "prepared"

        return see_it_through(
            platform, environment, request, journal, progress, lambda step: _install(platform, request, progress, step)
        )


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


def see_it_through(
    platform: Platform,
    environment: Environment,
    request: Request,
    journal: Journal,
    progress: Progress,
    install: Callable[[Step], None] | None = None,
) -> Result:
    """Install, watch and verify; where one of them fails, take it back. `install`: None where it is installed."""
    try:
        if install:
            with journal.step("release") as step:
                install(step)
        assert progress.candidate
        assert progress.release
        assert progress.records
        progress.records.at("watch")
        with journal.step("watch") as step:
            verdict = platform.watch(progress.candidate, progress.release, step)
            if verdict.state != "ready":
                raise outcome.rollout_failed(verdict)
            step.summary = step.summary or verdict.waiting_for
        progress.records.at("verify")
        with journal.step("verify") as step:
            platform.verify(progress.candidate, progress.release, step)
    except RolloutFailed as failure:
        assert progress.records
        progress.records.failed(failure)
        return taking_back.take_back(platform, environment, request, journal, progress, failure)
    except CloudnorthError as error:
        if progress.records and not platform.keeps_failed:  # the platform took it away itself
            progress.records.failed(error)
            if progress.served:
                progress.records.taken_back(progress.served.release.number)
        raise
    progress.records.verified()
    progress.stage = "done"
    locking.lift(platform, progress.release.id)
    return _deployed(platform, environment, journal, progress.candidate, progress.served, progress.release)


def _prepared(
    platform: Platform,
    environment: Environment,
    request: Request,
    journal: Journal,
    images: Sequence[Image],
    progress: Progress,
) -> Candidate:
    with journal.step("prepare") as step:
        candidate = progress.candidate = platform.prepare(images, request, step)
        if not candidate.unchanged:
            again = "deploy --no-hold"
            locking.refuse_held(platform, environment, request, candidate.id, again)
    return candidate


def _moved_on(platform: Platform, environment: Environment, request: Request, progress: Progress) -> bool:
    """Whether something else serves, now that the lock is ours, than what this was prepared against.

    Raises Locked where that is a newer commit which overtook us while we waited.
    """
    before, now = progress.served, platform.serving()
    progress.served = now
    if (before and before.release.revision) == (now and now.release.revision):
        return False
    if now and request.wait_lock and git.is_older(environment.root, request.source, than=now.source):
        raise Locked(
            f"commit {request.source.commit} was overtaken while it waited: {environment.name} serves "
            f"{now.source.commit}, which is newer",
            code="superseded",
            next=(outcome.command(environment, "status"),),
        )
    return True


def _install(platform: Platform, request: Request, progress: Progress, step: Step) -> None:
    candidate = progress.candidate
    assert candidate
    number = platform.next_revision(step)
    release = progress.release = Release(id=candidate.id, number=number, revision=number)
    progress.stage = "release"
    record = begun(
        candidate,
        request,
        release,
        irreversible=progress.irreversible,
        accepted=progress.accepted,
        seconds=step.journal.seconds,
    )
    records = progress.records = Records(platform, record)
    try:
        records.at("release")
        platform.release(candidate, release, request, step)
    except Interrupted:
        if platform.keeps_failed and not _made(platform, release, step):
            records.never_made(progress.served)
            progress.stage = "prepared"
        raise
    except RolloutFailed:
        raise
    except CloudnorthError as error:
        records.not_installed(error, progress.served)
        if error.status in (ExitStatus.FAILED, ExitStatus.REFUSED):
            progress.stage = "before"
        raise


def _made(platform: Platform, release: Release, step: Step) -> bool:
    """Whether the platform made the revision of a release that was cut short; yes where that cannot be seen soon."""
    numbers: list[int] = []

    def look() -> None:
        with suppress(CloudnorthError):
            numbers.append(platform.next_revision(step, mend=False))

    reader = Thread(target=look, daemon=True)
    reader.start()
    reader.join(outcome.PATIENCE)
    return not numbers or numbers[0] > release.revision


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
