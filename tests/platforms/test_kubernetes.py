"""The kubernetes platform in the lab: migration, locks, conflicts, hooks, what others do, least rights."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from cloudnorth_cli import signals
from cloudnorth_cli.adapters import lease
from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.adapters.kube_config import configuration
from cloudnorth_cli.errors import Broken
from cloudnorth_cli.events import Journal, Step
from cloudnorth_cli.model import Actor, Request, Source
from tests.lab import deployer
from tests.platforms.elsewhere import CHARTS, REPOSITORY, Elsewhere
from tests.tool import Ran, environ

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("kubernetes")]
KEPT = "kept-to-itself"
STEP = Step("lock", Journal())


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """A project that serves: made once, each test leaves it serving."""
    root = tmp_path_factory.mktemp("kubernetes") / "project"
    root.mkdir()
    shutil.copytree(CHARTS / "configured", root / "chart")
    project = Elsewhere(root, REPOSITORY)
    project.values = ["values.yaml"]
    project.more = {"secrets": {"TOKEN": {"file": "token"}}}
    (root / "token").write_text(KEPT)
    values(project)
    project.service("web", {"image": "{image}", "secret": "{secret}"}, "one")
    well(project.run("deploy"))
    yield project
    project.remove()


def values(project: Elsewhere, **changed: Any) -> None:
    (project.root / "values.yaml").write_text(yaml.safe_dump(changed))


def change(project: Elsewhere, message: str) -> None:
    project.service("web", {"image": "{image}", "secret": "{secret}"}, message)


def well(ran: Ran) -> dict[str, Any]:
    assert ran.status == 0, ran.out + ran.err
    return ran.result


def failed(ran: Ran, status: int) -> dict[str, Any]:
    assert ran.status == status, ran.out + ran.err
    return dict(ran.result["error"])


def eventually(wanted: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (seen := wanted()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def test_the_secret_is_immutable_named_by_its_content_and_kept_while_a_revision_needs_it(serving: Elsewhere) -> None:
    def secrets() -> dict[str, dict[str, Any]]:
        kept = serving.objects("secrets")
        return {s["metadata"]["name"]: s for s in kept if s["type"] == "Opaque"}

    (first,) = secrets()
    assert first.startswith(f"{serving.name}-")
    assert secrets()[first]["immutable"] is True
    (serving.root / "token").write_text("another")
    ran = serving.run("deploy")
    well(ran)
    assert len(secrets()) == 2
    assert first in secrets()
    container = serving.objects("deployments")[0]["spec"]["template"]["spec"]["containers"][0]
    assert container["envFrom"][1]["secretRef"]["name"] in secrets().keys() - {first}
    everything = ran.out + ran.err + serving.kubectl("get", "configmaps", "-o", "yaml") + serving.run("history").out
    assert "another" not in everything
    assert KEPT not in everything


def test_a_migration_gets_the_new_configuration_before_anything_serves_with_it(serving: Elsewhere) -> None:
    values(serving, greeting="new")
    change(serving, "migrated")
    name = "GREETING_OF_CHART"
    told = f"import os; print(os.environ['{name}'], open('/files/{name}').read(), os.environ['TOKEN'])"
    serving.top = {"migrate": {"service": "web", "run": f'python3 -c "{told}"'}}
    ran = serving.run("deploy")
    well(ran)
    lines = [event["line"] for event in ran.events if event["event"] == "output" and event["source"] == "migrate"]
    assert lines == ["new new ***"]
    assert serving.objects("jobs") == []
    names = [thing["metadata"]["name"] for thing in serving.objects("configmaps")]
    assert not eventually_gone(serving, "migrate"), names


def eventually_gone(project: Elsewhere, word: str) -> list[str]:
    def left() -> list[str]:
        return [t["metadata"]["name"] for t in project.objects("configmaps") if word in t["metadata"]["name"]]

    eventually(lambda: not left())
    return left()


def test_a_migrations_pod_is_asked_nothing_and_what_serves_keeps_its_configuration(serving: Elsewhere) -> None:
    before = serving.kubectl("get", "configmap", serving.name, "-o", "jsonpath={.data}")
    values(serving, greeting="not yet")
    change(serving, "slow migration")
    serving.top = {"migrate": {"service": "web", "run": "python3 -c 'import time; time.sleep(4); raise SystemExit(3)'"}}
    ends: list[Ran] = []
    deploy = threading.Thread(target=lambda: ends.append(serving.run("deploy")))
    deploy.start()

    def migration() -> list[dict[str, Any]]:
        return [p for p in serving.objects("pods") if "migrate" in p["metadata"]["name"] and p["status"].get("podIP")]

    (pod,) = eventually(migration)
    assert pod["metadata"]["labels"]["tier"] == "web"
    assert pod["spec"]["containers"][0].get("readinessProbe") is None
    assert pod["status"]["podIP"] not in serving.kubectl("get", "endpoints", serving.name, "-o", "json")
    assert serving.kubectl("get", "configmap", serving.name, "-o", "jsonpath={.data}") == before
    deploy.join()
    error = failed(ends[0], 4)
    assert (error["code"], "status 3" in error["message"]) == ("migration-failed", True)
    assert serving.kubectl("get", "configmap", serving.name, "-o", "jsonpath={.data}") == before

    assert len(serving.objects("jobs")) == 1  # kept, to be looked at
    serving.top = {"migrate": {"service": "web", "run": "true"}}
    well(serving.run("deploy"))
    assert serving.objects("jobs") == []
    serving.top = {}


@pytest.mark.repeat
def test_a_hand_that_scaled_is_named_with_its_field_and_overruled_only_when_meant(serving: Elsewhere) -> None:
    serving.kubectl("scale", f"deployment/{serving.name}", "--replicas", "2")
    values(serving, greeting="after the hand")
    error = failed(serving.run("deploy"), 3)
    assert error["code"] == "conflict"
    assert any(".spec.replicas" in line and "kubectl" in line for line in error["evidence"]), error
    well(serving.run("deploy", "--force-conflicts"))
    assert serving.objects("deployments")[0]["spec"]["replicas"] == 1


@pytest.mark.repeat
def test_a_second_deploy_is_refused_naming_the_holder(serving: Elsewhere) -> None:
    change(serving, "held")
    api = connect(serving)
    somebody = asking("anna@laptop", "20261124-080000-aa")
    with lease.hold(api, serving.name, f"cloudnorth-{serving.name}", somebody, "deploy", STEP) as held:
        error = failed(serving.run("deploy"), 6)
        lock = serving.run("status").result["status"][0]["lock"]
        held.still()
    assert error["code"] == "locked"
    assert "anna@laptop" in error["message"]
    assert "20261124-080000-aa" in error["message"]
    assert error["next"]
    assert (lock["holder"], lock["run"]) == ("anna@laptop", "20261124-080000-aa")
    assert serving.run("status").result["status"][0].get("lock") is None
    well(serving.run("deploy"))


def connect(project: Elsewhere) -> Api:
    return Api(configuration(str(project.lab.kubeconfig), project.lab.context), project.lab.context)


def test_a_lock_that_was_taken_away_stops_the_next_change(serving: Elsewhere) -> None:
    api = connect(serving)
    with lease.hold(api, serving.name, "taken-away", asking("anna", "1"), "deploy", STEP) as held:
        held.still()
        serving.kubectl("delete", "lease", "taken-away")
        with lease.hold(api, serving.name, "taken-away", asking("ben", "2"), "deploy", STEP):
            lost = eventually(lambda: lost_by(held))
        assert "ben took it" in lost
    signals.forget_end()


def lost_by(held: lease.Held) -> str:
    try:
        held.still()
    except Broken as lost:
        return lost.message
    return ""


def asking(who: str, run: str) -> Request:
    return Request(source=Source(commit="8f3c1d2"), actor=Actor(who=who, run=run))


def test_a_lock_of_a_process_of_this_machine_that_is_gone_is_taken(serving: Elsewhere) -> None:
    program = """
import os, sys
from cloudnorth_cli.adapters import kube, kube_config, lease
from cloudnorth_cli.events import Journal, Step
from cloudnorth_cli.model import Actor, Request, Source
api = kube.Api(kube_config.configuration(sys.argv[1], "lab"), "lab")
asked = Request(source=Source(commit=""), actor=Actor(who="dead", run="1"))
left = lease.hold(api, sys.argv[2], "left", asked, "deploy", Step("lock", Journal()))
left.__enter__()
os._exit(9)
"""
    line = [sys.executable, "-c", program, str(serving.lab.kubeconfig), serving.name]
    assert subprocess.run(line, env=environ() | {"PYTHONPATH": str(REPOSITORY)}).returncode == 9
    assert serving.kubectl("get", "lease", "left", "-o", "jsonpath={.spec.holderIdentity}") == "dead 1"
    with lease.hold(connect(serving), serving.name, "left", asking("anna", "2"), "deploy", STEP) as held:
        held.still()
    assert "left" not in serving.kubectl("get", "leases", "-o", "name")


def test_a_revision_of_bare_helm_stands_in_the_history_and_is_what_a_failure_goes_back_to(serving: Elsewhere) -> None:
    serving.helm_line("upgrade", serving.name, "chart", "--reuse-values", "--set", "greeting=by hand", "--wait")
    newest = serving.run("history").result["history"][0]
    assert newest["actor"]["who"].startswith("helm")
    values(serving, greeting="by us")
    change(serving, "crash")
    error = failed(serving.run("deploy"), 4)
    assert error["code"] == "crash-at-start"
    greeting = serving.kubectl("get", "configmap", serving.name, "-o", "jsonpath={.data.GREETING_OF_CHART}")
    assert greeting == "by hand"
    change(serving, "well again")
    well(serving.run("deploy"))


def staying(project: Elsewhere) -> set[str]:
    """UIDs of the workload's pods that are not on their way out."""
    metadata = [pod["metadata"] for pod in project.objects("pods")]
    return {m["uid"] for m in metadata if "hook" not in m["name"] and "deletionTimestamp" not in m}


def test_a_hook_that_fails_is_named_with_its_last_words_and_the_release_before_is_back(serving: Elsewhere) -> None:
    before = staying(serving)
    values(serving, hook="echo no such table; exit 3")
    change(serving, "with a hook")
    started = time.monotonic()
    error = failed(serving.run("deploy"), 4)
    assert error["code"] == "hook-failed"
    assert "no such table" in error["evidence"]
    assert time.monotonic() - started < 40
    assert staying(serving) == before
    assert serving.run("history").result["history"][0]["outcome"] == "deployed"

    values(serving, hook="missing-program-of-a-hook || exec /missing/program")
    assert failed(serving.run("deploy"), 4)["code"] == "hook-failed"
    values(serving, hook="echo fine")
    ran = serving.run("deploy")
    well(ran)
    jobs = [job for job in serving.objects("jobs") if job["metadata"]["name"].endswith("-hook")]
    assert len(jobs) == 1
    values(serving)
    well(serving.run("deploy"))


def test_a_helm_of_somebody_else_at_work_is_waited_for_and_a_dead_one_of_ours_is_not(serving: Elsewhere) -> None:
    values(serving, hook="sleep 30")
    change(serving, "killed within helm")
    deploy = subprocess.Popen(
        [sys.executable, "-m", "cloudnorth_cli", "deploy", "--env", "test", "-o", "json"],
        cwd=serving.root,
        env=environ() | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: "sleep 30" in serving.kubectl("get", "jobs", "-o", "yaml"), 40)
    deploy.send_signal(signal.SIGKILL)
    deploy.wait()
    newest = json.loads(serving.helm_line("history", serving.name, "-o", "json"))[-1]
    assert newest["status"].startswith("pending")
    values(serving)
    change(serving, "repaired")
    well(serving.run("deploy"))

    values(serving, hook="sleep 30")
    theirs = subprocess.Popen(
        [
            f"{serving.lab.bin}/helm",
            *("upgrade", serving.name, "chart", "--reuse-values", "--set", "hook=sleep 30"),
            *("--kubeconfig", str(serving.lab.kubeconfig), "--namespace", serving.name),
        ],
        cwd=serving.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: "pending-upgrade" in serving.helm_line("history", serving.name))
    values(serving, greeting="at the same time")
    error = failed(serving.run("deploy"), 6)
    assert error["code"] == "helm-busy"
    theirs.wait(60)
    values(serving)
    well(serving.run("deploy"))


def test_a_helm_that_is_killed_alone_leaves_what_served(serving: Elsewhere) -> None:
    values(serving, hook="sleep 30")
    change(serving, "helm killed")
    deploy = subprocess.Popen(
        [sys.executable, "-m", "cloudnorth_cli", "deploy", "--env", "test", "-o", "json"],
        cwd=serving.root,
        env=environ() | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
    )

    def upgrading() -> list[psutil.Process]:
        found = []
        for each in psutil.Process(deploy.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # one that ended meanwhile
                found += [each] if "upgrade" in each.cmdline() else []
        return found

    (helm,) = eventually(upgrading)
    eventually(lambda: "pending-upgrade" in serving.helm_line("history", serving.name))
    helm.kill()
    told, _ = deploy.communicate(timeout=150)
    assert deploy.returncode == 4, told
    history = json.loads(serving.helm_line("history", serving.name, "-o", "json"))
    assert history[-1]["status"] == "deployed"
    values(serving)
    well(serving.run("deploy"))


def test_logs_are_followed_over_pods_that_come_and_go(serving: Elsewhere) -> None:
    following = subprocess.Popen(
        [sys.executable, "-m", "cloudnorth_cli", "logs", "--env", "test", "-o", "json", "--follow"],
        cwd=serving.root,
        env=environ() | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    sources: set[str] = set()

    def read() -> None:
        assert following.stdout is not None
        for line in following.stdout:
            event = json.loads(line)
            if event["event"] == "logged" and "serving" in event["line"]["text"]:
                sources.add(event["line"]["source"])

    threading.Thread(target=read, daemon=True).start()
    assert eventually(lambda: len(sources) == 1)
    well(serving.run("restart"))
    assert eventually(lambda: len(sources) == 2), sources
    following.send_signal(signal.SIGINT)
    assert following.wait(10) == 130


@pytest.mark.repeat
def test_the_rights_of_one_namespace_are_enough_to_deploy(serving: Elsewhere, tmp_path: Path) -> None:
    path = deployer.kubeconfig(serving.lab, serving.name, tmp_path / "kubeconfig")
    serving.more |= {"cluster": {"context": "lab", "kubeconfig": str(path)}}
    change(serving, "with few rights")
    well(serving.run("deploy"))
    well(serving.run("status"))
    fewer = '[{"op": "remove", "path": "/rules/0"}]'
    serving.kubectl("patch", "role", "cloudnorth-deployer", "--type", "json", "--patch", fewer)
    change(serving, "with fewer rights")
    error = failed(serving.run("deploy"), 3)
    serving.more.pop("cluster")
    assert error["code"] == "forbidden"
    assert any("create leases.coordination.k8s.io" in line for line in error["evidence"]), error


def test_a_kubeconfig_of_this_context_alone_works_anywhere(serving: Elsewhere, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(serving.run("kubeconfig").result["text"])
    line = [f"{serving.lab.bin}/kubectl", "--kubeconfig", str(path), "get", "--raw", "/readyz"]
    assert subprocess.run(line, capture_output=True, text=True, check=True, cwd=tmp_path).stdout == "ok"


def test_down_leaves_namespace_and_records_and_numbers_go_on(serving: Elsewhere) -> None:
    number = serving.run("status").result["status"][0]["serving"]["release"]["revision"]
    well(serving.run("down"))
    assert serving.objects("deployments") == []
    status = serving.run("status")
    assert (status.status, "is down; last release" in status.result["summary"]) == (7, True)
    assert [command.split()[-3] for command in status.result["next"]] == ["rollback"]
    assert serving.run("history").result["history"][0]["release"]["revision"] == number
    again = well(serving.run("deploy"))
    assert again["release"]["number"] == number + 1
    assert again.get("previous") is None
