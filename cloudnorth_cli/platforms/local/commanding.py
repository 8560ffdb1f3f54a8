"""Commands of people with what serves: beside it (`run`), or as one of its processes (`exec`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from cloudnorth_cli.adapters.supervisor import Supervisor
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.platforms import Tell
from cloudnorth_cli.platforms.local import internal, launch
from cloudnorth_cli.platforms.local.lineup import Lineup, Process
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.platforms.local.plan import Plan
from cloudnorth_cli.shell import Command, as_shell, attached, run


def run_beside(place: Place, plan: Plan, serving: Lineup, service: str, words: Sequence[str], tell: Tell) -> int:
    """Run a command with the service's files, environment and secrets; port 0, as nobody reaches it."""
    beside = _of(serving, service)
    process = Process(
        name="run",
        service=service,
        port=0,
        key="",
        release=beside.release,
        commit=beside.commit,
        started_at=datetime.now(UTC),
    )
    filled = launch.values(plan, process, internal.urls(place, serving.sides), place)
    environ = launch.environ(plan, process, filled, place) | place.marker
    found = plan.service(service)
    assert found is not None
    return _told(place, plan, Command(tuple(words), environ, alone=True, cwd=found.folder), tell)


def run_within(
    place: Place,
    plan: Plan,
    serving: Lineup,
    supervisor: Supervisor,
    service: str,
    words: Sequence[str],
    tell: Tell | None,
) -> int:
    """Run a command in the folder and with the environment of a process that runs."""
    running = {each.name for each in supervisor.processes() if each.state in ("RUNNING", "STARTING")}
    process = next((each for each in serving.of(service) if each.name in running), None)
    if process is None:
        raise Refused(f"no process of {service} runs", code="nothing-runs")
    started = json.loads(launch.launch_file(place, process.name).read_text())
    command = Command(tuple(words), started["environ"], alone=True, cwd=started["cwd"])
    return attached(command) if tell is None else _told(place, plan, command, tell)


def _of(serving: Lineup, service: str) -> Process:
    found = serving.of(service)
    if not found:
        raise Refused(f"nothing of {service} was deployed", code="nothing-runs")
    return found[0]


def _told(place: Place, plan: Plan, command: Command, tell: Tell) -> int:
    mask = launch.masker(place, plan)
    done = run(
        command,
        on_line=lambda line: tell(mask(line), "stdout"),
        on_error=lambda line: tell(mask(line), "stderr"),
        check=False,
    )
    return as_shell(done.status)
