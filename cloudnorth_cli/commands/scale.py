"""`cloudnorth scale`: how many processes or pods of a service serve."""

from __future__ import annotations

from collections.abc import Mapping

from cloudnorth_cli.commands import locking, outcome
from cloudnorth_cli.errors import CloudnorthError, Interrupted, Refused
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Record, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def scale(
    platform: Platform, environment: Environment, counts: Mapping[str, int], request: Request, journal: Journal
) -> Result:
    """Give services the numbers asked for and see that all are ready; what is too many ends when its requests have."""
    words = "scale " + " ".join(f"{name}={count}" for name, count in counts.items())
    served: Record | outcome.Unread | None = outcome.Unread.UNREAD
    try:
        served = platform.serving()
        if served is None:
            deploy = outcome.command(environment, "deploy")
            raise Refused(f"{environment.name} serves nothing yet", code="nothing-serves", next=(deploy,))
        with locking.locked(platform, environment, request, journal, "scale"), journal.step("scale") as step:
            verdict = platform.scale(counts, step)
            if verdict.state != "ready":
                raise outcome.rollout_failed(verdict)
            step.summary = step.summary or verdict.waiting_for
    except CloudnorthError as error:
        error.next = error.next or (outcome.command(environment, "status"),)
        return outcome.failure("scale", environment, journal, error, served)
    except Interrupted:
        state = f"scaling was stopped half way. {outcome.serves(environment, served)}."
        again = (outcome.command(environment, "status"), outcome.command(environment, words))
        return outcome.interruption("scale", environment, journal, state, again, served)
    told = ", ".join(f"{count} of {name}" for name, count in counts.items())
    return Result(
        command="scale",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"{outcome.serves(environment, served)} with {told}.",
        seconds=journal.seconds,
        release=served.release,
        address=platform.address(),
    )
