"""The Docker engine: needed only when something must be built, and its troubles are told as what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.fault import refused
from tests.e2e.witness import witness
from tests.project import Project

pytestmark = pytest.mark.lab


@pytest.fixture
def without_engine(on_kubernetes: Project) -> Project:
    """No engine answers, and there is no client for one."""
    on_kubernetes.environment["docker"] |= {"host": "unix:///nowhere/docker.sock", "command": "/nowhere/docker"}
    on_kubernetes.save()
    return on_kubernetes


def test_an_engine_that_does_not_run_is_refused(on_kubernetes: Project, tmp_path: Path) -> None:
    before = witness(on_kubernetes)
    on_kubernetes.change("no engine")
    on_kubernetes.environment["docker"]["host"] = f"unix://{tmp_path}/docker.sock"
    on_kubernetes.save()
    refused(on_kubernetes, status=3, says=(f"{tmp_path}/docker.sock",))
    assert witness(on_kubernetes) == before


def test_no_engine_is_needed_where_the_registry_has_everything(without_engine: Project) -> None:
    again = without_engine.run("deploy")
    assert (again.status, again.result["outcome"]) == (0, "unchanged"), again.out + again.err


def test_no_engine_is_needed_for_any_verb_but_build(without_engine: Project) -> None:
    for verb in ("status", "history", "config"):
        ran = without_engine.run(verb)
        assert ran.status == 0, ran.out + ran.err


def test_a_full_disk_during_a_build_is_told_and_changes_nothing(on_kubernetes: Project) -> None:
    before = witness(on_kubernetes)
    dockerfile = on_kubernetes.root / "Dockerfile"
    # BuildKit gives every step a /dev/shm of 64 MB: a real full file system of the builder's own.
    dockerfile.write_text(dockerfile.read_text().replace("USER", "RUN dd if=/dev/zero of=/dev/shm/much bs=1M\nUSER"))
    refused(on_kubernetes, status=4, says=("No space left on device",))
    assert witness(on_kubernetes) == before


def test_a_step_of_the_dockerfile_that_fails_is_shown(on_kubernetes: Project) -> None:
    before = witness(on_kubernetes)
    dockerfile = on_kubernetes.root / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text() + "RUN echo what went wrong >&2; exit 7\n")
    refused(on_kubernetes, status=4, says=("what went wrong",))
    assert witness(on_kubernetes) == before
