"""Seeing that the release in front answers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from cloudnorth_cli import signals, templates
from cloudnorth_cli.adapters import probe
from cloudnorth_cli.errors import RolloutFailed
from cloudnorth_cli.events import Step
from cloudnorth_cli.platforms import asking
from cloudnorth_cli.platforms.local import internal, launch
from cloudnorth_cli.platforms.local.lineup import Lineup, Process
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.platforms.local.plan import Plan
from cloudnorth_cli.settings import Verify

PATIENCE = 5.0
"""Seconds until the answers in a row have to have come."""
NO_SERVICE = (0, 502, 503, 504)
"""What the front answers when no process does."""


def verify(
    place: Place,
    port: int,
    plan: Plan,
    serving: Lineup,
    wanted: Sequence[Verify],
    step: Step,
    *,
    lasting: bool = True,
) -> None:
    """Ask what the configuration says, or each service's health path, through the front. Raises RolloutFailed.

    lasting: whether checks go on for as long as they say.
    """
    done = [_check(place, port, plan, serving, each, step, lasting=lasting) for each in wanted] or _default(port, plan)
    step.summary = "; ".join(done)


def routed(plan: Plan, path: str) -> str | None:
    """The service that the front sends a path to."""
    fitting = [each for each in plan.services if _below(path, each.route.rstrip("/"))]
    return max(fitting, key=lambda each: len(each.route)).name if fitting else None


def _below(path: str, prefix: str) -> bool:
    path = path.partition("?")[0]
    return not prefix or path == prefix or path.startswith(f"{prefix}/")


def _default(port: int, plan: Plan) -> list[str]:
    for service in plan.services:
        # A health path outside the service's own route is another service's; then any answer of its own will do.
        own = routed(plan, service.health) == service.name
        path, fits = (service.health, _good) if own else (service.route, _from_a_service)
        answer = _until(f"127.0.0.1:{port}", path, fits)
        if answer is not None:
            raise RolloutFailed(f"{service.name} does not answer at the front: {path} {answer}", code="not-answering")
    return [f"http://127.0.0.1:{port} answers for {', '.join(each.name for each in plan.services)}"]


def _good(answer: probe.Answer) -> bool:
    return answer.good


def _from_a_service(answer: probe.Answer) -> bool:
    return answer.status not in NO_SERVICE


def _check(place: Place, port: int, plan: Plan, serving: Lineup, wanted: Verify, step: Step, *, lasting: bool) -> str:
    name = wanted.service or routed(plan, wanted.http)
    processes = serving.of(name) if name else ()
    if not processes:
        raise RolloutFailed(f"verify: no service answers {wanted.http}", code="not-answering")
    at_front = routed(plan, wanted.http) == name
    addresses = itertools.cycle([f"127.0.0.1:{port}"] if at_front else [each.address for each in processes])
    expected = _expected(place, plan, serving, processes[0], wanted)
    return asking.believe(
        lambda: _difference(probe.get(next(addresses), wanted.http), expected),
        wanted,
        step,
        where=f"http://127.0.0.1:{port}{wanted.http}" if at_front else str(name),
        code="not-answering",
        patience=PATIENCE,
        interval=0.05,
        lasting=lasting,
    )


def _expected(place: Place, plan: Plan, serving: Lineup, process: Process, wanted: Verify) -> dict[str, str]:
    filled = launch.values(plan, process, internal.urls(place, serving.sides), place)
    return {name: templates.fill(text, filled, f"verify.expect.{name}") for name, text in wanted.expect.items()}


def _difference(answer: probe.Answer, expected: Mapping[str, str]) -> str:
    """What is not as expected; "" when all is."""
    if not answer.good:
        return str(answer)
    if not expected:
        return ""
    try:
        found = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return "answers no JSON"
    for name, value in expected.items():
        got: object = found
        for part in name.split("."):
            got = got.get(part) if isinstance(got, dict) else None
        if str(got) != value:
            return f"answers {name} {got!r} and not {value!r}"
    return ""


def _until(address: str, path: str, fits: Callable[[probe.Answer], bool]) -> probe.Answer | None:
    """Ask until an answer fits; the last one when none did in time."""
    end, stopped_before = time.monotonic() + PATIENCE, signals.came()
    while True:
        answer = probe.get(address, path)
        if fits(answer):
            return None
        if time.monotonic() > end:
            return answer
        time.sleep(0.05)
        signals.check(stopped_before)
