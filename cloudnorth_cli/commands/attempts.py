"""Keeping what happened with a deploy that ended, under the lock, before it made a release: no record tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.commands.progress import LOST_CREDENTIALS, Progress
from cloudnorth_cli.commands.records import decisive
from cloudnorth_cli.errors import CloudnorthError, ExitStatus, Interrupted
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Attempt, AttemptOutcome, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment

MOST_EVIDENCE = 8_000
"""Characters of decisive lines: twenty attempts share one ConfigMap, which holds 1 MiB."""
PATIENCE = 10.0
"""Seconds for writing one where nobody waits for the run to stop."""
_STEPS = {"before": "prepare", "migrate": "migrate"}


@contextmanager
def kept(
    platform: Platform, environment: Environment, request: Request, journal: Journal, progress: Progress
) -> Iterator[None]:
    """What ends in here before its release has a record is kept as an attempt; `deploy --watch` is seen as it is."""
    try:
        yield
    except (CloudnorthError, Interrupted) as error:
        if progress.records is None and not request.watch:
            attempt = _attempt(environment, request, journal, progress, error)
            _keep(platform, attempt, journal, outcome.PATIENCE if isinstance(error, Interrupted) else PATIENCE)
        raise


def _attempt(
    environment: Environment,
    request: Request,
    journal: Journal,
    progress: Progress,
    error: CloudnorthError | Interrupted,
) -> Attempt:
    candidate, now = progress.candidate, datetime.now(UTC)
    foreseen = error if isinstance(error, CloudnorthError) else None
    how = _how(progress, foreseen)
    return Attempt(
        step=_STEPS.get(progress.stage, "release"),
        outcome=how,
        images=candidate.images if candidate else (),
        actor=request.actor,
        source=candidate.source if candidate else request.source,
        started_at=now - timedelta(seconds=journal.seconds),
        finished_at=now,
        cause=foreseen.code if foreseen else None,
        message=foreseen.message if foreseen else str(error),
        lines=decisive(foreseen.evidence, MOST_EVIDENCE) if foreseen else (),
        left=_left(environment, progress, certain=how != "interrupted"),
    )


def _how(progress: Progress, error: CloudnorthError | None) -> AttemptOutcome:
    if error is None or error.code == "lock-lost" or (progress.stage == "migrate" and error.code in LOST_CREDENTIALS):
        return "interrupted"
    refused = error.status in (ExitStatus.REFUSED, ExitStatus.LOCKED) and progress.stage != "migrate"
    return "refused" if refused else "failed"


def _left(environment: Environment, progress: Progress, *, certain: bool) -> str:
    """How it left things. `certain`: the migration came to its end, good or bad."""
    if progress.stage == "migrate":
        return "nothing else was changed" if certain else "the migration may be half done, nothing else was changed"
    migrated = environment.migrate and progress.stage == "prepared"
    return "the migration is done, nothing else was changed" if migrated else "nothing was changed"


def _keep(platform: Platform, attempt: Attempt, journal: Journal, patience: float) -> None:
    """Within a moment: whoever stopped the run waits, and a cluster may be away."""
    written = Event()

    def write() -> None:
        with suppress(CloudnorthError):
            platform.attempted(attempt)
            written.set()

    writer = Thread(target=write, daemon=True)
    writer.start()
    writer.join(patience)
    if not written.is_set():
        journal.notice("the history will not tell of this attempt: it could not be written", "warning")
