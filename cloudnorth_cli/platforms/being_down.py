"""What `status` says of an environment that is down: nothing serves, and a rollback brings back what did."""

from __future__ import annotations

from collections.abc import Sequence

from cloudnorth_cli.model import Record


def last_good(kept: Sequence[Record]) -> Record | None:
    """What a rollback brings back; `kept` newest first."""
    return next((record for record in kept if record.verified_at and not record.watch), None)


def down(environment: str, last: Record) -> str:
    """The one sentence."""
    return f"{environment}  is down; last release {last.release}"


def brought_back(last: Record | None, environment: str) -> tuple[str, ...]:
    """The command that brings it back."""
    return (f"cloudnorth rollback --env {environment}",) if last else ()
