"""Waiting until the new processes are ready, or have failed beyond doubt."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence

from cloudnorth_cli import signals
from cloudnorth_cli.adapters import probe
from cloudnorth_cli.adapters.supervisor import ProcessState
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Pod, PodFailure, Verdict, Workload
from cloudnorth_cli.platforms.local import launch
from cloudnorth_cli.platforms.local.lineup import Lineup, Process
from cloudnorth_cli.platforms.local.machine import Machine
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.platforms.local.plan import Plan, ServicePlan
from cloudnorth_cli.shell import tail

INTERVAL = 0.05
"""Seconds between two looks."""
DEATHS = 2
"""A new process that has died this often before it was ready will not do; once may be bad luck."""
EVIDENCE_LINES = 20
_LOG_BYTES = 100_000


def watch(machine: Machine, plan: Plan, new: Lineup, step: Step, fresh: Sequence[Process] | None = None) -> Verdict:
    """Look until every process of a lineup answers its health path, or one has failed. Evidence is in the verdict.

    fresh: processes that are just being started; default: those that do not serve yet.
    """
    mask = launch.masker(machine.place, plan)
    started = frozenset(each.name for each in (new.without(machine.serving()) if fresh is None else fresh))
    began, stopped_before = time.monotonic(), signals.came()
    told: Verdict | None = None
    while True:
        states = {each.name: each for each in machine.supervisor.processes()}
        seconds = time.monotonic() - began
        verdict = _look(machine, plan, new, started, states, seconds, mask)
        if told is None or verdict.pods != told.pods:
            step.rollout(verdict.workloads, verdict.pods)
            if verdict.waiting_for:
                step.waiting(verdict.waiting_for)
            told = verdict
        if not states and (lost := machine.lost()):
            raise lost
        if verdict.state != "progressing":
            step.summary = " · ".join(f"{each.name} {each.ready}/{each.wanted}" for each in verdict.workloads)
            return verdict
        time.sleep(INTERVAL)
        signals.check(stopped_before)


def log_tail(place: Place, process: Process, mask: Callable[[str], str]) -> tuple[str, ...]:
    """The last lines that a process wrote, whole ones: half a secret would not be known for one."""
    try:
        with launch.log_file(place, process.name).open("rb") as stream:
            began = stream.seek(max(0, stream.seek(0, 2) - _LOG_BYTES))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ()
    if began:
        text = text.partition("\n")[2]
    return tuple(mask(line) for line in once(tail(text, 3 * EVIDENCE_LINES))[-EVIDENCE_LINES:])


def once(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The last of equal stretches of lines: a process that dies twice for the same reason says it twice."""
    for length in range(1, len(lines) // 2 + 1):
        if lines[-length:] == lines[-2 * length : -length]:
            return lines[-length:]
    return lines


def look_at(place: Place, plan: Plan, process: Process, state: ProcessState | None) -> Pod:
    """One process as it stands now."""
    service = plan.service(process.service)
    assert service is not None
    return _pod(place, service, process, state)[0]


def _look(
    machine: Machine,
    plan: Plan,
    new: Lineup,
    fresh: Collection[str],
    states: Mapping[str, ProcessState],
    seconds: float,
    mask: Callable[[str], str],
) -> Verdict:
    place = machine.place
    pods, failures = [], []
    waiting = ""
    for process in new.processes:
        service = plan.service(process.service)
        assert service is not None
        state = states.get(process.name)
        pod, answer = _pod(place, service, process, state)
        pods.append(pod)
        if pod.ready:
            continue
        waiting = waiting or f"{process.service} {service.health} {answer}"
        cause, message = "", ""
        if process.name in fresh and _deaths(place, process, state) >= DEATHS:
            how = machine.supervisor.last_exit(process.name).replace("exit status", "exit") or "no reason is known"
            cause, message = "crash-at-start", f"{service.name} crashes at start: {how}, {DEATHS} times"
        elif seconds > service.timeout:
            message = f"{service.name} is not ready after {service.timeout:.0f} s: {service.health} {answer}"
            cause = "never-ready"
        if cause:
            lines = log_tail(place, process, mask) or ("(wrote nothing)",)
            failures.append(PodFailure(cause=cause, message=message, pod=process.name, lines=lines))
    return Verdict(
        state="failed" if failures else "progressing" if waiting else "ready",
        workloads=tuple(_workload(service, [pod for pod in pods if pod.service == service]) for service in new.sides),
        pods=tuple(pods),
        failures=tuple(failures),
        waiting_for=waiting,
    )


def _workload(service: str, pods: Sequence[Pod]) -> Workload:
    wanted, ready = len(pods), sum(pod.ready for pod in pods)
    return Workload(name=service, service=service, wanted=wanted, updated=wanted, ready=ready, done=ready == wanted)


def _pod(place: Place, service: ServicePlan, process: Process, state: ProcessState | None) -> tuple[Pod, probe.Answer]:
    runs = state is not None and state.state in ("RUNNING", "STARTING")
    answer = probe.get(process.address, service.health) if runs else probe.Answer(0, problem="is not running")
    pod = Pod(
        name=process.name,
        service=process.service,
        ready=answer.good,
        state="running" if answer.good else "starting" if runs else "crashed",
        restarts=max(0, launch.starts(place, process) - 1),
        release=str(process.release),
        started_at=process.started_at,
        detail=f"port {process.port}" + (f", pid {state.pid}" if state and state.pid else ""),
    )
    return pod, answer


def _deaths(place: Place, process: Process, state: ProcessState | None) -> int:
    """How often a process has died; one that dies late is started again before anybody sees it dead."""
    alive = state is not None and state.state in ("RUNNING", "STARTING")
    return launch.starts(place, process) - int(alive)
