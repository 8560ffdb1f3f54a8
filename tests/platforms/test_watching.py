"""Watching a rollout: nothing is judged blindly, and the evidence is taken before anything is taken back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import Configuration
from msgspec.structs import replace

from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.errors import Broken
from cloudnorth_cli.events import Journal, Notice, RolloutMoved, Step, StepLimited, StepWaiting
from cloudnorth_cli.model import Secret, Verdict
from cloudnorth_cli.platforms.kubernetes import watching
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout import recording
from cloudnorth_cli.settings import Rollout
from tests.platforms.cluster_double import Cluster, cluster
from tests.rollout.objects import API, deployment, pod, replica_set

CRASH = {"exitCode": 1, "reason": "Error"}
PENDING = [deployment(available=0), replica_set(), pod()]
READY = [deployment(), replica_set(), pod(ready=True)]


@pytest.fixture
def told() -> list[Any]:
    return []


@pytest.fixture
def world(told: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Cluster, Site]]:
    monkeypatch.setenv("CLOUDNORTH_RUNS_DIR", str(tmp_path))
    with cluster(Journal(told.append, run="a-run")) as made:
        yield made


def see(site: Site, timeout: float = 30.0, settle: float = 0.2) -> Verdict:
    file = replace(site.environment.file, rollout=Rollout(timeout=f"{timeout:.0f}s"))
    site.environment = replace(site.environment, file=file)
    return watching.watch(site, API, Step("watch", site.journal), settle=settle)


def then(seconds: float, change: Callable[[], None]) -> None:
    """Change the world in a moment."""
    timer = threading.Timer(seconds, change)
    timer.daemon = True
    timer.start()


def test_each_move_is_told_and_the_limit_before_them(world: tuple[Cluster, Site], told: list[Any]) -> None:
    there, site = world
    there.objects = PENDING
    then(1.5, lambda: setattr(there, "objects", READY))
    assert see(site).state == "ready"
    moves = [event for event in told if isinstance(event, RolloutMoved)]
    assert (moves[0].workloads[0].ready, moves[-1].workloads[0].ready) == (0, 1)
    assert all(
        (one.workloads, one.pods) != (other.workloads, other.pods) for one, other in zip(moves, moves[1:], strict=False)
    )
    assert [(event.seconds, event.why) for event in told if isinstance(event, StepLimited)] == [(30.0, "as asked")]


def test_a_change_is_seen_at_once_and_nothing_is_polled(world: tuple[Cluster, Site]) -> None:
    there, site = world
    there.objects = PENDING
    then(1.0, lambda: setattr(there, "objects", [deployment(available=0), replica_set(), pod(ended=CRASH, restarts=1)]))
    began = time.monotonic()
    assert see(site).failures[0].cause == "crash-at-start"
    assert time.monotonic() - began < 2.5
    lists = [path for path in there.asked if path.endswith("/replicasets") and "watch" not in path]
    assert len(lists) <= 3  # before, when Helm has ended, and before deciding


def test_one_report_names_also_what_a_busy_node_begins_late(world: tuple[Cluster, Site]) -> None:
    """The second of two faults comes five seconds after the first, when its container is created at last."""
    there, site = world
    invalid = pod("api-2-a", waiting=("InvalidImageName", "couldn't parse INVALID/Name"))
    creating = pod("api-2-b", waiting=("ContainerCreating", ""))
    crashes = pod("api-2-b", ended=CRASH, restarts=1)
    there.objects = [deployment(available=0), replica_set(), invalid, creating]
    then(5.0, lambda: setattr(there, "objects", [deployment(available=0), replica_set(), invalid, crashes]))
    began = time.monotonic()
    assert {one.cause for one in see(site).failures} == {"image-name-invalid", "crash-at-start"}
    assert time.monotonic() - began < 10


def test_what_never_begins_is_not_waited_for_longer_than_the_bound(world: tuple[Cluster, Site]) -> None:
    there, site = world
    invalid = pod("api-2-a", waiting=("InvalidImageName", "couldn't parse INVALID/Name"))
    there.objects = [
        *(deployment(available=0), replica_set(), invalid, pod("api-2-b", waiting=("ContainerCreating", "")))
    ]
    (failure,) = see(site).failures
    assert failure.cause == "image-name-invalid"
    assert failure.stood_for < 10


def test_a_time_that_is_up_is_not_made_longer_by_what_begins_late(world: tuple[Cluster, Site]) -> None:
    there, site = world
    creating = [pod(name, waiting=("ContainerCreating", "")) for name in ("api-2-a", "api-2-b")]
    there.objects = [deployment(available=0), replica_set(), *creating]
    began = time.monotonic()
    assert see(site, timeout=2).failures[0].cause == "never-ready"
    assert time.monotonic() - began < 2 + watching.GATHER + 2


def test_nothing_is_judged_while_the_cluster_is_away(world: tuple[Cluster, Site], told: list[Any]) -> None:
    there, site = world
    there.objects = PENDING

    def back() -> None:
        there.objects = READY
        there.away = False

    then(0.5, lambda: setattr(there, "away", True))
    then(3.0, back)
    assert see(site).state == "ready"
    waited = [event.waiting_for for event in told if isinstance(event, StepWaiting)]
    assert any(text.startswith("the cluster: ") for text in waited), waited


def test_patience_does_not_run_while_nothing_is_seen(world: tuple[Cluster, Site]) -> None:
    there, site = world
    waiting = pod(waiting=("CreateContainerError", "device busy"))  # five seconds' patience
    there.objects = [deployment(available=0), replica_set(), waiting]
    then(1.0, lambda: setattr(there, "away", True))
    then(7.0, lambda: setattr(there, "away", False))
    then(9.0, lambda: setattr(there, "objects", READY))
    assert see(site).state == "ready"


def test_a_cluster_that_stays_away_needs_a_person_and_takes_nothing_back(world: tuple[Cluster, Site]) -> None:
    there, site = world
    there.objects = PENDING
    then(0.3, lambda: setattr(there, "away", True))
    with pytest.raises(Broken) as error:
        see(site, timeout=3)
    assert error.value.code == "cluster-unreachable"


def test_a_watch_whose_version_is_forgotten_lists_anew(world: tuple[Cluster, Site]) -> None:
    there, site = world
    there.objects = PENDING
    there.expired = True
    then(1.5, lambda: setattr(there, "objects", READY))
    assert see(site).state == "ready"


def test_a_token_that_ends_is_read_again(world: tuple[Cluster, Site]) -> None:
    there, site = world
    there.objects = PENDING
    tokens = ["first"]

    def connect() -> Configuration:
        made = Configuration()
        made.host = f"http://127.0.0.1:{there.server_port}"
        made.api_key = {"authorization": f"Bearer {tokens[-1]}"}
        return made

    there.token = tokens[-1]
    site.api = Api(connect(), "test", renew=connect)

    def rotate() -> None:
        tokens.append("second")
        there.token = tokens[-1]

    then(0.5, rotate)
    then(0.6, lambda: setattr(there, "away", True))
    then(0.8, lambda: setattr(there, "away", False))
    then(2.0, lambda: setattr(there, "objects", READY))
    assert see(site).state == "ready"


def test_credentials_that_end_need_a_person(world: tuple[Cluster, Site], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "CREDENTIALS", 1.0)
    monkeypatch.setattr(watching, "LISTED_ANEW", 0.5)
    there, site = world
    there.objects = PENDING
    then(0.5, lambda: setattr(there, "token", "another"))
    with pytest.raises(Broken) as error:
        see(site)
    assert error.value.code == "credentials-expired"


def test_the_evidence_is_the_log_before_the_restart_and_the_warnings_once_without_secrets(
    world: tuple[Cluster, Site],
) -> None:
    there, site = world
    site.know({"PASSWORD": Secret("hunter22")})
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
    failure = see(site).failures[0]
    assert failure.lines == ("connect to ***@db", "KeyError: 'URL'")
    assert failure.events == ("BackOff: Back-off restarting",)
    assert (failure.exit_code, failure.container, failure.restarts) == (1, "main", 1)
    text = (site.folder / "evidence.txt").read_text()
    assert "KeyError: 'URL'" in text
    assert "hunter22" not in text + (site.folder / "rollout.ndjson").read_text()
    assert json.loads((site.folder / "evidence.json").read_text())["failures"][0]["cause"] == "crash-at-start"


def test_what_may_not_be_read_is_named_and_the_rest_is_judged(world: tuple[Cluster, Site], told: list[Any]) -> None:
    there, site = world
    there.forbidden = {"events", "log", "persistentvolumeclaims"}
    there.objects = [deployment(available=0), replica_set(), pod(ended=CRASH, restarts=1)]
    failure = see(site).failures[0]
    assert failure.cause == "crash-at-start"
    assert any("log is forbidden" in text for text in failure.unseen)
    assert any("events is forbidden" in text for text in failure.unseen)
    notices = [event.message for event in told if isinstance(event, Notice)]
    assert any(text.startswith("Events cannot be read") for text in notices), notices


def test_the_recording_gives_the_same_verdict_again(world: tuple[Cluster, Site]) -> None:
    there, site = world
    there.objects = PENDING
    then(0.5, lambda: setattr(there, "objects", [deployment(available=0), replica_set(), pod(ended=CRASH, restarts=1)]))
    see(site)
    lines = recording.read((site.folder / "rollout.ndjson").read_bytes())
    assert lines[-1]["verdict"] == {"state": "failed", "causes": ["crash-at-start"]}
    *_, (_, verdict) = recording.replay(lines)
    assert (verdict.state, [one.cause for one in verdict.failures]) == ("failed", ["crash-at-start"])


def test_helm_is_ended_on_a_verdict_about_what_it_has_changed(world: tuple[Cluster, Site]) -> None:
    there, site = world
    there.objects = [deployment(), replica_set(), pod(ready=True)]
    rollout = watching.Rollout(site, API, Step("release", site.journal))
    stopped = threading.Event()
    rollout.begin()
    rollout.beside(stopped.set)
    changed = deployment(available=0)
    changed["metadata"] = changed["metadata"] | {"generation": 3}
    changed["status"] = changed["status"] | {"observedGeneration": 3}
    there.objects = [changed, replica_set(), pod(ended=CRASH, restarts=1)]
    assert stopped.wait(10)
    rollout.helm_ended()
    rollout.end()
    assert rollout.failed
    assert rollout.failed.failures[0].cause == "crash-at-start"


def test_nothing_that_rolls_is_ready_at_once(world: tuple[Cluster, Site]) -> None:
    _, site = world
    verdict = watching.watch(site, {}, Step("watch", site.journal))
    assert (verdict.state, verdict.waiting_for) == ("ready", "nothing rolls")
