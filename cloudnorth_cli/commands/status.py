"""`cloudnorth status`: what serves, and whether it is well."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.errors import CloudnorthError, ExitStatus
from cloudnorth_cli.events import Result
from cloudnorth_cli.model import Status
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def status(environment: Environment, platform: Platform) -> Result:
    """One environment; exit status 7 when it is not well."""
    return _result((platform.status(),), environment.name)


def statuses(environments: Mapping[str, Callable[[], Platform]]) -> Result:
    """Every environment, side by side; one that cannot be asked is told, and counts as not well."""
    return _result(tuple(side_by_side(lambda item: _ask(*item), environments.items())), None)


def _ask(name: str, platform: Callable[[], Platform]) -> Status:
    try:
        return platform().status()
    except CloudnorthError as error:
        return Status(
            environment=name,
            healthy=False,
            summary=f"{name}  unknown: {error.message}",
            serving=None,
            services=(),
            pods=(),
            lock=None,
            address=None,
            problems=(error.message,),
            next=error.next,
        )


def _result(found: tuple[Status, ...], environment: str | None) -> Result:
    well = all(one.healthy for one in found)
    return Result(
        command="status",
        exit_status=int(ExitStatus.DONE if well else ExitStatus.UNHEALTHY),
        outcome="done",
        environment=environment,
        summary=found[0].summary if environment else "",
        release=found[0].serving.release if environment and found[0].serving else None,
        address=found[0].address if environment else None,
        status=found,
        next=found[0].next if environment else (),
    )
