"""Where a process stands between start and end: serving, or draining before it goes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Lifecycle:
    """`draining` turns True once, when the process was asked to end; `started` is when it began, RFC 3339 UTC."""

    draining: bool = False
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"))
