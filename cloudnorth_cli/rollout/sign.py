"""What can be read from one look at a pod or a workload."""

from __future__ import annotations

from dataclasses import dataclass

from cloudnorth_cli.rollout import bounds


@dataclass(frozen=True)
class Sign:
    """One reason to give up, if it stands long enough."""

    cause: str
    """Stable code, one of `bounds.CAUSES`."""
    message: str
    """A sentence without the subject: `crashes at start: exit 1`."""
    own_patience: float | None = None
    """Seconds, where this one's differ from its cause's."""
    container: str = ""
    """Whose log tells more; "" when there is none."""
    reason: str = ""
    """The platform's own word."""
    exit_code: int | None = None
    restarts: int = 0
    restarted: bool = False
    """The log to read is the one of the container before."""
    probe: str = ""
    """The probe that failed, as it is configured."""

    @property
    def patience(self) -> float:
        """Seconds for which it must stand."""
        return bounds.patience(self.cause) if self.own_patience is None else self.own_patience
