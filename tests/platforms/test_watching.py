"""Watching a rollout: nothing is judged blindly, and the evidence is taken before anything is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cloudnorth_cli.errors import Broken
from cloudnorth_cli.events import Journal, RolloutMoved, Step, StepWaiting
from cloudnorth_cli.model import Secret, Verdict
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.platforms.kubernetes.watching import watch
from tests.platforms.cluster_double import Cluster, cluster
from tests.rollout.objects import API, deployment, pod, replica_set

CRASH = {"exitCode": 1, "reason": "Error"}


class Time:
    """A clock that goes on when somebody sleeps, and lets a test change the world meanwhile."""

    def __init__(self, *changes: Callable[[], None]) -> None:
        self.now = 0.0
        self._changes = list(changes)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self._changes:
            self._changes.pop(0)()


@pytest.fixture
def told() -> list[Any]:
    return []


@pytest.fixture
def world(told: list[Any]) -> Iterator[tuple[Cluster, Site]]:
    with cluster(Journal(told.append)) as made:
        yield made


def see(site: Site, time: Time, timeout: float = 100.0) -> Verdict:
    step = Step("watch", site.journal)
    return watch(site, API, step, timeout=timeout, clock=time.clock, sleep=time.sleep)


def test_each_move_is_told_once(world: tuple[Cluster, Site], told: list[Any]) -> None:
    there, site = world
    there.objects = [deployment(available=0), replica_set(), pod()]

    def ready() -> None:
        there.objects = [deployment(), replica_set(), pod(ready=True)]

    verdict = see(site, Time(lambda: None, lambda: None, ready))
    assert verdict.state == "ready"
    moves = [event for event in told if isinstance(event, RolloutMoved)]
    assert [move.workloads[0].ready for move in moves] == [0, 1]


def test_nothing_is_judged_while_the_cluster_is_away(world: tuple[Cluster, Site], told: list[Any]) -> None:
    there, site = world
    there.objects = [deployment(available=0), replica_set(), pod()]

    def away() -> None:
        there.away = True

    def back() -> None:
        there.away = False
        there.objects = [deployment(), replica_set(), pod(ready=True)]

    assert see(site, Time(away, lambda: None, lambda: None, back)).state == "ready"
    waited = [event.waiting_for for event in told if isinstance(event, StepWaiting)]
    assert any(text.startswith("the cluster: ") for text in waited), waited


def test_a_cluster_that_stays_away_needs_a_person_and_takes_nothing_back(world: tuple[Cluster, Site]) -> None:
    there, site = world
    there.away = True
    with pytest.raises(Broken) as error:
        see(site, Time(), timeout=10)
    assert error.value.code == "cluster-unreachable"


def test_the_evidence_is_the_log_before_the_restart_and_the_warnings_once_without_secrets(
    world: tuple[Cluster, Site],
) -> None:
    there, site = world
    site.secrets = {"PASSWORD": Secret("hunter22")}
    crashed = pod("api-2-x", waiting=("CrashLoopBackOff", ""), before=CRASH, restarts=1)
    warning = {
        "kind": "Event",
        "metadata": {"name": "w"},
        "reason": "BackOff",
        "message": "Back-off restarting",
        "involvedObject": {"name": "api-2-x"},
    }
    there.objects = [deployment(available=0), replica_set(), crashed, warning, warning]
    there.logs = {"api-2-x": "starting again\n", "api-2-x previous": "connect to hunter22@db\n\nKeyError: 'URL'\n"}
    verdict = see(site, Time())
    assert verdict.state == "failed"
    assert verdict.failures[0].lines == ("connect to ***@db", "KeyError: 'URL'")
    assert verdict.failures[0].events == ("BackOff: Back-off restarting",)


def test_nothing_that_rolls_is_ready_at_once(world: tuple[Cluster, Site]) -> None:
    _, site = world
    verdict = watch(site, {}, Step("watch", site.journal), timeout=1)
    assert (verdict.state, verdict.waiting_for) == ("ready", "nothing rolls")
