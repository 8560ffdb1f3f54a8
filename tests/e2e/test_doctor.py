"""`doctor` on real parts: well where a deploy goes through, and a client that cannot build is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import Project

pytestmark = pytest.mark.lab


def test_where_a_deploy_went_through_all_is_well(on_kubernetes: Project) -> None:
    ran = on_kubernetes.run("doctor")
    assert ran.status == 0, ran.out + ran.err
    states = {check["name"]: check["state"] for check in ran.result["checks"]}
    assert states.keys() >= {"helm", "docker", "cluster", "rights", "release", "registry", "images", "disk"}
    assert set(states.values()) == {"well"}


def test_a_client_without_buildkit_is_found(on_kubernetes: Project, tmp_path: Path) -> None:
    client = tmp_path / "docker"
    client.write_text("#!/bin/sh\necho 'Usage: docker build [OPTIONS] PATH'\n")
    client.chmod(0o755)
    on_kubernetes.environment["docker"] = {**on_kubernetes.environment.get("docker", {}), "command": str(client)}
    on_kubernetes.save()
    ran = on_kubernetes.run("doctor")
    assert ran.status == 3
    wrong = {check["name"]: check["findings"] for check in ran.result["checks"] if check["state"] != "well"}
    assert [finding["code"] for finding in wrong.pop("docker")] == ["buildx-missing"]
    assert wrong == {}
