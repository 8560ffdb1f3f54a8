"""`cloudnorth restart`: start the services anew without interruption."""

from __future__ import annotations

from cloudnorth_cli.commands import locking, outcome
from cloudnorth_cli.errors import CloudnorthError, Interrupted, Refused
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Record, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def restart(platform: Platform, environment: Environment, request: Request, journal: Journal) -> Result:
    """Restart the services asked for, or all, and see that they are ready. The release stays the same."""
    served: Record | outcome.Unread | None = outcome.Unread.UNREAD
    try:
        served = platform.serving()
        if served is None:
            deploy = outcome.command(environment, "deploy")
            raise Refused(f"{environment.name} serves nothing yet", code="nothing-serves", next=(deploy,))
        services = request.services or tuple(environment.services)
        with locking.locked(platform, environment, request, journal, "restart"), journal.step("restart") as step:
            verdict = platform.restart(services, step)
            if verdict.state != "ready":
                raise outcome.rollout_failed(verdict)
            step.summary = step.summary or verdict.waiting_for
    except CloudnorthError as error:
        return outcome.failure("restart", environment, journal, error, served)
    except Interrupted:
        state = f"the restart was stopped half way. {outcome.serves(environment, served)}."
        again = (outcome.command(environment, "restart"),)
        return outcome.interruption("restart", environment, journal, state, again, served)
    return Result(
        command="restart",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"{outcome.serves(environment, served)}, started anew.",
        seconds=journal.seconds,
        release=served.release,
        address=platform.address(),
    )
