"""Images that were built elsewhere: deployed by digest on a host without any Docker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.fault import refused
from tests.e2e.witness import pods, says, witness
from tests.lab.fixture import lab
from tests.project import Project
from tests.tool import Ran

pytestmark = pytest.mark.lab


@pytest.fixture
def images(on_kubernetes: Project, tmp_path: Path) -> Path:
    """`build --out` and `push` where there is Docker; from then on there is none."""
    on_kubernetes.change("built elsewhere")
    out = tmp_path / "images.json"
    well(on_kubernetes.run("build", "--out", str(out)))
    well(on_kubernetes.run("push"))
    no_docker(on_kubernetes, tmp_path)
    return out


def test_a_file_of_images_is_deployed_without_docker(on_kubernetes: Project, images: Path) -> None:
    deployed = on_kubernetes.run("deploy", "--images", str(images))
    well(deployed)
    assert says(on_kubernetes, "built elsewhere")
    assert not {"build", "push"} & set(deployed.steps)
    again = on_kubernetes.run("deploy", "--images", str(images))
    assert (again.status, again.result["outcome"]) == (0, "unchanged"), again.out + again.err
    well(on_kubernetes.run("rollback"))
    assert says(on_kubernetes, "one")


@pytest.mark.repeat
def test_an_image_by_digest_is_deployed_without_docker(on_kubernetes: Project, images: Path) -> None:
    image = on_kubernetes.run("build").result["images"][0]  # nothing is built, so no engine is asked
    reference = f"{image['repository']}@{image['digest']}"
    well(on_kubernetes.run("deploy", "--image", f"web={reference}"))
    assert says(on_kubernetes, "built elsewhere")
    assert {image for pod in pods(on_kubernetes).values() for image in pod[1:] if "@" in image} == {reference}


def test_an_image_that_the_registry_does_not_have_is_refused(on_kubernetes: Project) -> None:
    before = witness(on_kubernetes)
    missing = f"{lab().registry}/{on_kubernetes.name}/web@sha256:{'0' * 64}"
    refused(on_kubernetes, "--image", f"web={missing}", status=3, says=("0" * 64,))
    assert witness(on_kubernetes) == before


@pytest.mark.parametrize("content", ["", "[]", "{", '{"web": 7}'])
def test_a_file_of_images_that_makes_no_sense_is_a_usage_error(on_kubernetes: Project, content: str) -> None:
    (on_kubernetes.root / "images.json").write_text(content)
    ran = on_kubernetes.run("deploy", "--images", "images.json")
    assert ran.status == 2, ran.out + ran.err
    assert "images.json" in ran.result["error"]["message"]


def test_a_service_that_is_not_there_is_a_usage_error(on_kubernetes: Project) -> None:
    ran = on_kubernetes.run("deploy", "--image", f"wbe={lab().registry}/x/y@sha256:{'0' * 64}")
    assert ran.status == 2, ran.out + ran.err
    assert "wbe" in ran.result["error"]["message"]
    assert "web" in str(ran.result["error"]["evidence"])


def no_docker(project: Project, folder: Path) -> None:
    """Neither an engine nor a client: no socket, no variable, no program of that name on PATH."""
    project.environment["docker"] = {"host": "unix:///nowhere/docker.sock"}
    project.save()
    bin = folder / "bin"
    bin.mkdir()
    for entry in os.environ["PATH"].split(os.pathsep):
        for program in Path(entry).iterdir() if Path(entry).is_dir() else ():
            if program.name != "docker" and not (bin / program.name).exists():
                (bin / program.name).symlink_to(program)
    project.extra["PATH"] = str(bin)


def well(ran: Ran) -> None:
    assert ran.status == 0, ran.out + ran.err
