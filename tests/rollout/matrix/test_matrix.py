"""Every fault is named, proved and taken back, within its bound, while what served goes on serving."""

from __future__ import annotations

import json

import msgspec
import pytest

from cloudnorth_cli.events import Result
from cloudnorth_cli.render import closing
from cloudnorth_cli.render.screen import Screen
from cloudnorth_cli.rollout.bounds import CAUSES
from tests.rollout.matrix.conftest import Outcomes
from tests.rollout.matrix.faults import FAULTS, Fault
from tests.rollout.matrix.running import Outcome

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("matrix"), pytest.mark.timeout(900)]

TERMINAL = 10.0
"""Seconds in which whatever the kubelet or a controller calls terminal is judged."""
BACK = 30.0
"""Seconds from the verdict to the release before, verified."""
MORE = 5.0
"""Seconds that a look, a last reading of everything and other failures may add to a cause's own bound."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault(fault: Fault, outcomes: Outcomes) -> None:
    outcome = outcomes[fault.name]
    if isinstance(outcome, Exception):
        raise outcome
    _exit(outcome)
    _named(outcome)
    _in_time(outcome)
    _served_on(outcome)
    _kept(outcome)


def _exit(outcome: Outcome) -> None:
    assert outcome.ran.status == 4, outcome.ran.out + outcome.ran.err


def _named(outcome: Outcome) -> None:
    """Code, pod and decisive line, in JSON and on the screen."""
    fault, error = outcome.fault, outcome.error
    assert error["code"] in fault.cause.split("|"), error
    assert (error.get("where") or "").startswith(fault.pod), error
    assert {failure["cause"] for failure in outcome.failures} >= set(fault.also), error
    screen = Screen(width=120, colour=False, unicode=True)
    result = msgspec.convert(outcome.ran.result, Result)
    shown = " ".join(" ".join(closing.failure(result, screen)).split())
    assert fault.says in shown, shown


def _in_time(outcome: Outcome) -> None:
    for failure in outcome.failures[:1]:
        own = CAUSES[failure["cause"]].patience
        bound = max(TERMINAL, own + MORE)
        assert failure["stood_for"] <= bound, failure
    if outcome.failures:
        assert outcome.verdict_to_end <= BACK


def _served_on(outcome: Outcome) -> None:
    if outcome.fault.kind == "DaemonSet" or not outcome.fault.serves:
        return  # a DaemonSet has one pod on the one node of the lab: its replacement is the fault itself
    assert outcome.asked.answered > 0
    assert outcome.asked.failed == []


def _kept(outcome: Outcome) -> None:
    """Text, JSON and recording are there when the pods are gone."""
    assert (outcome.folder / "rollout.ndjson").stat().st_size > 0
    if not outcome.failures:
        return  # found by asking it, not by watching it
    told = json.loads((outcome.folder / "evidence.json").read_text())
    assert told["failures"][0]["cause"] == outcome.error["failures"][0]["cause"]
    assert outcome.error["message"].partition(";")[0] in (outcome.folder / "evidence.txt").read_text()
