"""What others have set in the cluster is found at `check`, named by field and manager, by either Helm."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests import project as samples
from tests.e2e.witness import says
from tests.lab.fixture import lab
from tests.project import Project

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("others")]
IMAGE = "10.89.0.2:5000/base/python:3.11"


@pytest.fixture(scope="module", params=["helm", pytest.param("helm3", marks=pytest.mark.repeat)])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A sample that serves, deployed by one of the Helms: made once, each test leaves it serving."""
    made = samples.make(tmp_path_factory.mktemp(request.param), "kubernetes")
    made.environment["helm"]["command"] = f"{lab().bin}/{request.param}"
    made.save()
    first = made.run("deploy")
    assert first.status == 0, first.out + first.err
    yield made
    made.remove()


def test_each_hand_is_named_with_its_field_before_anything_is_built(project: Project) -> None:
    workload = f"deployment/{project.name}"
    project.kubectl("scale", workload, "--replicas", "3")
    project.kubectl("set", "image", workload, f"web={IMAGE}")
    project.kubectl("label", workload, "kustomize.toolkit.fluxcd.io/name=shop")
    project.change("after the hands")
    refused = project.run("deploy")
    assert refused.status == 3, refused.out + refused.err
    assert refused.steps == ["check"]
    error = refused.result["error"]
    assert error["code"] == "conflict"
    lines = error["evidence"]
    assert any(".spec.replicas" in line and '"kubectl"' in line for line in lines), lines
    assert any("image" in line and '"kubectl-set"' in line for line in lines), lines
    assert any("Flux" in line for line in lines), lines
    assert any("--force-conflicts" in command for command in error["next"])

    taken = project.run("deploy", "--force-conflicts")
    assert taken.status == 0, taken.out + taken.err
    there = json.loads(project.kubectl("get", workload, "-o", "json"))
    assert there["spec"]["replicas"] == 2
    assert says(project, "after the hands")
    project.kubectl("label", workload, "kustomize.toolkit.fluxcd.io/name-")


@pytest.mark.repeat
def test_an_autoscaler_that_sets_what_the_chart_sets_is_named(project: Project) -> None:
    project.kubectl("autoscale", f"deployment/{project.name}", "--min", "3", "--max", "4", "--cpu-percent", "90")
    try:
        project.kubectl(
            "wait", f"deployment/{project.name}", "--for", "jsonpath={.spec.replicas}=3", "--timeout", "90s"
        )
        project.change("beside an autoscaler")
        refused = project.run("deploy")
    finally:
        project.kubectl("delete", f"hpa/{project.name}")
    assert refused.status == 3, refused.out + refused.err
    (line,) = refused.result["error"]["evidence"]
    assert ".spec.replicas" in line
    assert "kube-controller-manager" in line


@pytest.mark.repeat
def test_a_rollback_takes_back_what_hands_have_set(project: Project) -> None:
    workload = f"deployment/{project.name}"
    before = project.answer()["message"]
    project.change("one more")
    deployed = project.run("deploy", "--force-conflicts")
    assert deployed.status == 0, deployed.out + deployed.err
    project.kubectl("scale", workload, "--replicas", "1")
    project.kubectl("set", "image", workload, f"web={IMAGE}")
    back = project.run("rollback")
    assert back.status == 0, back.out + back.err
    assert json.loads(project.kubectl("get", workload, "-o", "json"))["spec"]["replicas"] == 2
    assert says(project, before)
