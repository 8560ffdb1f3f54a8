"""Other people's charts, without a line of code: the pods run exactly what the registry has, by the kubelet's word."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platforms.elsewhere import CHARTS, Elsewhere, build_wheel

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("charts of others")]


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def elsewhere(tool: Path, tmp_path: Path) -> Iterator[Elsewhere]:
    """An empty project outside of this repository."""
    root = tmp_path / "their project"
    root.mkdir()
    project = Elsewhere(root, tool)
    yield project
    project.remove()


@pytest.mark.parametrize("helm", [pytest.param("helm", marks=pytest.mark.repeat), "helm3"])
def test_an_unmodified_chart_of_helm_create(elsewhere: Elsewhere, helm: str) -> None:
    elsewhere.helm = helm
    subprocess.run([f"{elsewhere.lab.bin}/{helm}", "create", "chart"], cwd=elsewhere.root, check=True)
    (elsewhere.root / "values.yaml").write_text("service: {port: 8080}\nlivenessProbe: {periodSeconds: 2}\n")
    elsewhere.values = ["values.yaml"]
    elsewhere.service("web", {"image.repository": "{repository}", "image.tag": "{tag}@{digest}"}, "one")

    first = elsewhere.run("deploy")
    assert first.status == 0, first.out + first.err
    repository = f"{elsewhere.name}/web"
    digest = elsewhere.in_registry(repository, elsewhere.only_tag(repository))
    assert elsewhere.running() == {"chart": digest}

    again = elsewhere.run("deploy")
    assert (again.status, again.result["outcome"]) == (0, "unchanged"), again.out

    elsewhere.service("web", elsewhere.services["web"]["chart"], "crash")
    crashed = elsewhere.run("deploy")
    assert (crashed.status, crashed.result["error"]["code"]) == (4, "crash-at-start"), crashed.out
    assert elsewhere.running() == {"chart": digest}


def test_a_subchart_dotted_keys_and_an_image_in_three_parts(elsewhere: Elsewhere) -> None:
    shutil.copytree(CHARTS / "subchart", elsewhere.root / "chart")
    elsewhere.service("frontend", {r"images.web\.example/frontend": "{image}"}, "front")
    split = {"registry": "{registry}", "repository": "{name}", "tag": "{tag}@{digest}"}
    elsewhere.service("backend", {f"backend.image.{part}": value for part, value in split.items()}, "back")

    first = elsewhere.run("deploy")
    assert first.status == 0, first.out + first.err
    wanted = {}
    for container, service in (("web", "frontend"), ("backend", "backend")):
        repository = f"{elsewhere.name}/{service}"
        digest = elsewhere.in_registry(repository, elsewhere.only_tag(repository))
        wanted[container] = digest
    assert elsewhere.running() == wanted

    # Random values of the chart differ at each rendering; nothing of ours changed, so nothing is done.
    again = elsewhere.run("deploy")
    assert (again.status, again.result["outcome"]) == (0, "unchanged"), again.out

    pods = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in elsewhere.objects("pods")}
    elsewhere.service("backend", elsewhere.services["backend"]["chart"], "back again")
    second = elsewhere.run("deploy")
    assert second.status == 0, second.out + second.err
    after = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in elsewhere.objects("pods")}
    kept = {name for name, uid in pods.items() if after.get(name) == uid}
    assert {name.rpartition("-frontend")[1] for name in kept} == {"-frontend"}


def test_a_list_of_containers_and_a_service_that_only_names_an_image(elsewhere: Elsewhere) -> None:
    shutil.copytree(CHARTS / "list", elsewhere.root / "chart")
    elsewhere.service("app", {"containers[0].image": "{image}"}, "app")
    elsewhere.service("sidecar", {"containers[1].image": "{image}"}, "side")
    assert elsewhere.run("push", "--service", "sidecar").status == 0
    side = f"{elsewhere.name}/sidecar"
    digest = elsewhere.in_registry(side, elsewhere.only_tag(side))
    named = f"{elsewhere.lab.registry}/{side}:{elsewhere.only_tag(side)}"
    elsewhere.services["sidecar"] = {"image": named, "chart": {"containers[1].image": "{image}"}}

    first = elsewhere.run("deploy")
    assert first.status == 0, first.out + first.err
    app = f"{elsewhere.name}/app"
    assert elsewhere.running() == {
        "app": elsewhere.in_registry(app, elsewhere.only_tag(app)),
        "sidecar": digest,
    }
    containers = elsewhere.objects("deployments")[0]["spec"]["template"]["spec"]["containers"]
    assert [container["env"][0]["name"] for container in containers] == ["ROLE", "PORT"]


def test_a_chart_that_is_not_told_the_digest_is_refused_by_template_and_line(elsewhere: Elsewhere) -> None:
    shutil.copytree(CHARTS / "subchart", elsewhere.root / "chart")
    elsewhere.service("frontend", {r"images.web\.example/frontend": "{repository}:{tag}"}, "front")
    refused = elsewhere.run("deploy")
    assert (refused.status, refused.result["error"]["code"]) == (3, "digest-missing"), refused.out
    assert refused.result["error"]["where"] == "chart/templates/frontend.yaml:15"
    assert "build" not in refused.steps
