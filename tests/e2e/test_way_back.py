"""The way back: to what was verified last, out of every corner, or an honest word that there is none."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from tests.e2e.running import Running
from tests.e2e.witness import says
from tests.project import Project
from tests.tool import Ran

pytestmark = pytest.mark.lab
NOWHERE = "10.255.255.1"
"""Routed nowhere: whoever connects waits until his patience is out."""


def well(ran: Ran) -> dict[str, Any]:
    assert ran.status == 0, ran.out + ran.err
    return ran.result


def failed(ran: Ran, status: int) -> dict[str, Any]:
    assert ran.status == status, ran.out + ran.err
    return dict(ran.result["error"])


def ready_pods(project: Project) -> int:
    items = json.loads(project.kubectl("get", "pods", "-o", "json"))["items"]
    conditions = [c for item in items for c in item["status"].get("conditions", [])]
    return sum(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def test_it_leads_past_what_was_never_verified(on_kubernetes: Project) -> None:
    """Verified N, interrupted N+1, failed N+2: back to N."""
    served = on_kubernetes.answer()["message"]
    good = well(on_kubernetes.run("status"))["status"][0]["serving"]["release"]
    on_kubernetes.change("interrupted half way")
    running = Running(on_kubernetes, "deploy")
    running.step("watch")
    running.send(signal.SIGTERM)
    assert running.finish().status == 130
    on_kubernetes.change("crash after an interruption")
    ended = on_kubernetes.run("deploy")
    failed(ended, 4)
    assert ended.result["release"]["number"] == good["number"]
    assert says(on_kubernetes, served)


@pytest.mark.repeat
@pytest.mark.timeout(1200)
def test_eight_failures_in_a_row_lead_to_the_same_place(on_kubernetes: Project) -> None:
    served = on_kubernetes.answer()["message"]
    good = well(on_kubernetes.run("status"))["status"][0]["serving"]["release"]
    for number in range(8):
        on_kubernetes.change(f"crash, the {number + 1}. in a row")
        ended = on_kubernetes.run("deploy")
        assert failed(ended, 4)["code"] == "crash-at-start"
        assert ended.result["release"]["number"] == good["number"]
    assert says(on_kubernetes, served)


@pytest.mark.repeat
def test_a_stateful_set_whose_new_pod_crashes_comes_back(on_kubernetes_new: Project) -> None:
    """Its controller waits for the broken pod for ever, also on the way back (Kubernetes, "Forced rollback")."""
    template = on_kubernetes_new.root / "chart" / "templates" / "deployment.yaml"
    text = template.read_text().replace("kind: Deployment", "kind: StatefulSet")
    text = text.replace("  replicas: 2\n", "  replicas: 2\n  serviceName: {{ .Release.Name }}\n")
    template.write_text(text.replace("  strategy:\n    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}\n", ""))
    well(on_kubernetes_new.run("deploy"))
    on_kubernetes_new.change("crash in a set")
    ended = on_kubernetes_new.run("deploy")
    assert failed(ended, 4)["code"] == "crash-at-start"
    assert ended.result["release"]["number"] == 1
    assert ready_pods(on_kubernetes_new) == 2
    assert says(on_kubernetes_new, "one")


def test_ready_and_then_errors_is_taken_back_by_verify(on_kubernetes_new: Project) -> None:
    well(on_kubernetes_new.run("deploy"))
    on_kubernetes_new.config["verify"] = [{"http": "/hello", "times": 3, "for": "30s", "max_error_ratio": 0.05}]
    on_kubernetes_new.save()
    on_kubernetes_new.change("turns sour")
    ended = on_kubernetes_new.run("deploy")
    error = failed(ended, 4)
    assert error["code"] == "verify-failed"
    assert "answered and then did not" in error["message"]
    assert any("500" in line for line in error["evidence"])
    assert ended.step("verify")["seconds"] < 30
    assert says(on_kubernetes_new, "one")


@pytest.mark.repeat
def test_with_rollback_off_the_failed_release_stays_to_be_looked_at(on_kubernetes: Project) -> None:
    served = on_kubernetes.answer()["message"]
    on_kubernetes.environment["rollout"]["rollback"] = "off"
    on_kubernetes.save()
    on_kubernetes.change("crash with rollback off")
    error = failed(on_kubernetes.run("deploy"), 5)
    assert error["code"] == "crash-at-start"
    assert "rollback is off" in error["message"]
    assert on_kubernetes.run("status").status == 7
    well(on_kubernetes.run("rollback"))
    assert says(on_kubernetes, served)


@pytest.mark.repeat
def test_a_migration_that_cannot_be_taken_back_keeps_the_release(on_kubernetes: Project) -> None:
    served = on_kubernetes.answer()["message"]
    pending = json.dumps({"pending": [{"revision": "0008", "name": "drop_brand", "reversible": False}]})
    on_kubernetes.config["migrate"] = {"service": "web", "run": "true", "check": f"echo '{pending}'"}
    on_kubernetes.save()
    on_kubernetes.change("crash behind a migration")
    error = failed(on_kubernetes.run("deploy"), 5)
    assert "0008 drop_brand" in error["message"]
    refused = failed(on_kubernetes.run("rollback"), 3)
    assert refused["code"] == "irreversible-migration"
    serving = on_kubernetes.run("status").result["status"][0]["serving"]["release"]["number"]
    well(on_kubernetes.run("rollback", "--to", str(serving)))
    assert says(on_kubernetes, served)


@pytest.mark.repeat
def test_a_secret_that_is_gone_and_has_another_value_now_is_told(on_kubernetes_new: Project) -> None:
    well(on_kubernetes_new.run("deploy"))
    (old,) = json.loads(on_kubernetes_new.kubectl("get", "secrets", "-l", "cloudnorth.io/secret-of", "-o", "json"))[
        "items"
    ]
    on_kubernetes_new.extra["GREETING"] = "another greeting"
    on_kubernetes_new.change("two")
    well(on_kubernetes_new.run("deploy"))
    on_kubernetes_new.kubectl("delete", "secret", old["metadata"]["name"])
    error = failed(on_kubernetes_new.run("rollback"), 3)
    assert error["code"] == "secret-gone"
    assert old["metadata"]["name"] in error["message"]
    on_kubernetes_new.extra["GREETING"] = "s3cr3t-greeting"
    well(on_kubernetes_new.run("rollback"))  # made again: its sources have that content
    assert says(on_kubernetes_new, "one")


@pytest.mark.repeat
def test_by_hand_it_needs_the_cluster_and_nothing_else(on_kubernetes: Project) -> None:
    """No Docker, no registry, no AWS, no proxy: each of them is a black hole, and no chart is here either."""
    served = on_kubernetes.answer()["message"]
    on_kubernetes.change("two, by hand")
    number = well(on_kubernetes.run("deploy"))["release"]["number"]
    on_kubernetes.environment["docker"]["host"] = f"tcp://{NOWHERE}:2375"
    on_kubernetes.environment["registry"] = {"host": f"{NOWHERE}:5000", "insecure": True}
    on_kubernetes.save()
    (on_kubernetes.root / "chart").rename(on_kubernetes.root / "no chart")
    on_kubernetes.extra |= {
        "DOCKER_HOST": f"tcp://{NOWHERE}:2375",
        "AWS_ENDPOINT_URL": f"http://{NOWHERE}",
        "HTTPS_PROXY": f"http://{NOWHERE}:3128",
        "NO_PROXY": "10.89.0.2",
        "PATH": os.environ["PATH"],
    }
    on_kubernetes.extra.pop("GREETING")
    back = well(on_kubernetes.run("rollback"))
    assert back["previous"]["number"] == number
    assert back["seconds"] < 60
    assert says(on_kubernetes, served)


@pytest.mark.repeat
def test_two_people_who_roll_back_at_once_go_back_once(on_kubernetes: Project) -> None:
    served = on_kubernetes.answer()["message"]
    on_kubernetes.change("two, for two people")
    well(on_kubernetes.run("deploy"))
    first, second = (Running(on_kubernetes, "rollback", "--to", "1", "--wait-lock", "2m") for _ in range(2))
    ended = [each.finish(120) for each in (first, second)]
    assert [each.status for each in ended] == [0, 0], [each.out + each.err for each in ended]
    assert says(on_kubernetes, served)
    well(on_kubernetes.run("status"))
