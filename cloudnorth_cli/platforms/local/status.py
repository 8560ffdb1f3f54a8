"""What runs and whether it is well; reads only, no secret among it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from cloudnorth_cli import durations
from cloudnorth_cli.model import LockStatus, Pod, ServiceStatus, Status
from cloudnorth_cli.platforms.being_down import brought_back, down, last_good
from cloudnorth_cli.platforms.local import front, lock
from cloudnorth_cli.platforms.local.lock import Holder
from cloudnorth_cli.platforms.local.machine import Machine
from cloudnorth_cli.platforms.local.plan import Plan
from cloudnorth_cli.platforms.local.watching import look_at
from cloudnorth_cli.settings import Environment

KEPT = 1000
"""Records looked through for the last release: all."""


def status(
    environment: Environment,
    machine: Machine,
    plan: Plan | None,
    held: LockStatus | None,
    *,
    with_left: bool = True,
) -> Status:
    """Look at every process once. with_left: what a killed run left is a problem, although all that serves is well."""
    there = machine.serving()
    name = environment.name
    left = lock.left(machine.place.lock) if with_left else None
    half_way = [_half_way(machine, left)] if left else []
    if there is None or plan is None:
        last = last_good(machine.store.newest(KEPT))
        return Status(
            environment=name,
            healthy=False,
            summary=down(name, last) if last else f"{name}  nothing is deployed",
            problems=tuple(half_way),
            serving=None,
            services=(),
            pods=(),
            lock=held,
            address=None,
            next=brought_back(last, name) or (f"cloudnorth deploy --env {name}",),
        )
    states = {each.name: each for each in machine.supervisor.processes()}
    with ThreadPoolExecutor(max_workers=8) as looking:
        pods = tuple(
            looking.map(lambda each: look_at(machine.place, plan, each, states.get(each.name)), there.processes)
        )
    by_service = {name: [pod for pod in pods if pod.service == name] for name in there.sides}
    address = front.address(machine.place, environment.file)
    problems = [f"{pod.name} is {pod.state}" for pod in pods if not pod.ready]
    if not states:
        problems = ["nothing runs: the machine was started anew, or supervisord was killed"]
    else:
        problems += front.problems(machine.place, environment.file)
    if machine.place.restoring.exists() and not held:
        problems.append("a restore was killed half way; the next deploy or restart finishes it")
    next_commands = [f"cloudnorth logs --env {name}", f"cloudnorth restart --env {name}"] if problems else []
    if half_way:
        problems = half_way + problems
        next_commands = [f"cloudnorth deploy --env {name} --resume", f"cloudnorth rollback --env {name}"]
    ready = sum(pod.ready for pod in pods)
    word = "unhealthy" if problems else "healthy"
    return Status(
        environment=name,
        healthy=not problems,
        summary=f"{name}  {word}: release {there.release}, {ready}/{len(pods)} ready",
        serving=machine.store.revision(there.release.revision),
        services=tuple(_service(plan, name, mine, address) for name, mine in by_service.items()),
        pods=pods,
        lock=held,
        address=address,
        problems=tuple(problems),
        next=tuple(next_commands),
    )


def _half_way(machine: Machine, left: Holder) -> str:
    """A run that was killed: `deploy 42 abandoned in watch 12 min ago, not judged`. Any next change stops its rest."""
    kept = machine.store.newest(1)
    mine = kept[0] if kept and kept[0].actor.run == left.run and kept[0].outcome == "unverified" else None
    ago = durations.told((datetime.now(UTC) - left.since).total_seconds())
    if mine is None:
        return f"{left.verb} by {left.who} abandoned {ago} ago"
    verb = "rollback to" if left.verb == "rollback" else left.verb
    step = f" in {mine.step}" if mine.step else ""
    return f"{verb} {mine.release.number} abandoned{step} {ago} ago, not judged"


def _service(plan: Plan, name: str, pods: Sequence[Pod], address: str | None) -> ServiceStatus:
    service = plan.service(name)
    assert service is not None
    return ServiceStatus(
        name=name,
        wanted=len(pods),
        ready=sum(pod.ready for pod in pods),
        restarts=sum(pod.restarts for pod in pods),
        image=service.image.reference,
        url=f"{address}{service.route}" if address else None,
    )
