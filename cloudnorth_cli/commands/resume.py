"""`cloudnorth deploy --resume`: go on with the release that a stopped or killed run left half way, from any machine."""

from __future__ import annotations

from msgspec.structs import replace

from cloudnorth_cli.commands import deploy, locking, outcome
from cloudnorth_cli.commands.progress import Progress, told
from cloudnorth_cli.commands.records import Records
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Record, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def resume(
    platform: Platform, environment: Environment, request: Request, journal: Journal, guard: deploy.Guard
) -> Result:
    """Watch and verify what is rolled out already; install it again, by digest, where that was cut short."""

    def work(progress: Progress) -> Result:
        with journal.step("resume") as step:
            record = half_way(platform.history(1), environment)
            candidate = platform.rejoin(record)
            what = "rolled out already" if candidate else "not installed whole: it is installed again, by digest"
            step.summary = f"release {record.release}, {what}"
        if candidate is None:
            images = {image.service: image.reference for image in record.images}
            again = replace(request, images=images, services=(), source=record.source)
            return deploy.run(platform, environment, again, journal, guard, progress)
        with locking.locked(platform, environment, request, journal, "deploy"):
            progress.looks(platform.serving())
            half_way(platform.history(1), environment, record)
            progress.candidate, progress.release, progress.stage = candidate, record.release, "release"
            progress.irreversible = record.irreversible
            progress.records = Records(platform, replace(record, outcome="unverified", finished_at=None))
            return deploy.see_it_through(platform, environment, request, journal, progress)

    return told(platform, environment, journal, work)


def half_way(history: tuple[Record, ...], environment: Environment, expected: Record | None = None) -> Record:
    """The newest release, where it was left half way; `history` newest first. Raises Refused."""
    newest = history[0] if history else None
    left = newest is not None and newest.outcome in ("interrupted", "unverified") and bool(newest.release.id)
    if newest is None or not left or (expected and newest.release != expected.release):
        raise Refused(
            f"nothing of {environment.name} was left half way",
            code="nothing-to-resume",
            next=tuple(outcome.command(environment, verb) for verb in ("status", "deploy")),
        )
    return newest
