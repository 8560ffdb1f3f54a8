"""Where a process stands between start and end: serving, or draining before it goes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.types import ASGIApp

Wrap = Callable[[ASGIApp], ASGIApp]


@dataclass
class Lifecycle:
    """`draining` turns True once, when the process was asked to end; `started` is when it began, RFC 3339 UTC.

    `wraps` is what this process puts around its app beyond the usual: tracing, a fault that was asked for.
    """

    draining: bool = False
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"))
    wraps: tuple[Wrap, ...] = ()
