"""Exit statuses and the few kinds of foreseen errors."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any


class ExitStatus(IntEnum):
    """What the program's exit status promises; one table, also printed in the README."""

    DONE = 0
    UNFORESEEN = 1
    """A defect of ours; the traceback stands in the run's folder, never on the screen."""
    USAGE = 2
    """The command line or the configuration is wrong."""
    REFUSED = 3
    """Refused before anything was changed."""
    FAILED = 4
    """Failed; what served before serves, nothing of it changed or all of it taken back."""
    BROKEN = 5
    """Failed and anything else: a person is needed."""
    LOCKED = 6
    """Locked, held or superseded."""
    UNHEALTHY = 7
    """`status` found it unhealthy."""
    CHANGES = 8
    """Changes pending or drift, only with --exit-code (reserved)."""
    INTERRUPTED = 130
    """Stopped by SIGINT, SIGTERM or SIGHUP."""


class CloudnorthError(Exception):
    """A foreseen failure, told as people need it.

    message: what is wrong, naming the thing; one line. What comes in more lines has the others in its evidence.
    code: a stable word for machines, such as `cluster-unreachable`.
    where: `file:line:column`, a resource, or None.
    evidence: decisive lines of the tool or the program that failed, already masked.
    next: commands to type next, as typed.
    retryable: whether the same command may succeed later with nothing changed.
    """

    status = ExitStatus.UNFORESEEN
    default_code = "failed"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        where: str | None = None,
        evidence: Iterable[str] = (),
        next: Iterable[str] = (),
        retryable: bool = False,
        status: ExitStatus | None = None,
    ) -> None:
        super().__init__(message)
        first, *more = message.splitlines() or [""]
        self.message = first
        self.code = code or self.default_code
        self.where = where
        self.evidence = (*more, *evidence)
        self.next = tuple(next)
        self.retryable = retryable
        if status is not None:
            self.status = status
        self.failures: tuple[Any, ...] = ()
        """Of a failed rollout: `PodFailure`s with their proof."""
        self.changed: tuple[str, ...] = ()
        """What a failed release changed, one a line."""


class UsageError(CloudnorthError):
    """The command line or the configuration is wrong (2)."""

    status = ExitStatus.USAGE
    default_code = "usage"


class Refused(CloudnorthError):
    """Refused before anything was changed (3)."""

    status = ExitStatus.REFUSED
    default_code = "refused"


class Failed(CloudnorthError):
    """Something did not work, and what served before serves (4)."""

    status = ExitStatus.FAILED
    default_code = "failed"


class Broken(CloudnorthError):
    """Something did not work and what serves now is not what it should be (5)."""

    status = ExitStatus.BROKEN
    default_code = "broken"


class Locked(CloudnorthError):
    """Somebody else holds the environment (6)."""

    status = ExitStatus.LOCKED
    default_code = "locked"


class RolloutFailed(Failed):
    """The new release did not become ready or did not answer; whoever deploys takes it back."""

    default_code = "rollout-failed"


class Interrupted(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived; raised in the main thread by the signal handler.

    Not an Exception, so that no `except Exception` on the way swallows it.
    """

    def __init__(self, signal_name: str) -> None:
        super().__init__(f"stopped by {signal_name}")
        self.signal_name = signal_name
