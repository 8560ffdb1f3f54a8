"""Canaries in every source of secrets of a cluster: the Secret holds each of them, and nothing else does.

The API server and Helm are doubles; Helm fails, telling every secret on its way.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.canary.cluster import Cluster, cluster
from tests.canary.engine import engine
from tests.canary.finding import leaks
from tests.canary.planting import Planted, plant
from tests.canary.watching import Watched
from tests.registry_double import registry_double

pytestmark = pytest.mark.slow


@dataclass
class Project:
    planted: Planted
    watched: Watched
    api: Cluster
    helm: Path
    """What Helm's stand-in was started with."""

    def run(self, line: str, *, leak: bool = False) -> Any:
        return self.watched.run(*line.split(), "-e", "prod", leak=leak)

    def leaks(self) -> dict[str, set[str]]:
        root = self.watched.root
        found = self.watched.leaks(self.planted.words, root / ".cloudnorth", root / "reports")
        others = [thing for thing in self.api.objects.values() if thing["kind"] != "Secret"]
        told = {
            "objects": leaks(yaml.safe_dump(others).encode(), self.planted.words),
            "helm": leaks(self.helm.read_bytes().replace(self._own(), b""), self.planted.words),
        }
        return found | {place: names for place, names in told.items() if names}

    def _own(self) -> bytes:
        """The variable that the person who deploys keeps a secret in: every program that is started inherits it."""
        return json.dumps(self.planted.environ["PLANTED"]).encode()


@pytest.fixture
def project(tmp_path: Path, moto: str) -> Iterator[Project]:
    root = tmp_path / "a project"
    (root / "reports").mkdir(parents=True)
    planted = plant(tmp_path, root, moto)
    with registry_double() as registry, cluster(root, tmp_path / "bin", planted.values) as api:
        registry.put("shop/api", "1")
        service = {"image": f"{registry.host}/shop/api:1", "chart": {"image": "{image}", "secret": "{secret}"}}
        environment = {
            "platform": "kubernetes",
            "namespace": "shop",
            "cluster": {"context": "test", "kubeconfig": "kubeconfig"},
            "registry": {"host": registry.host, "insecure": True},
            "helm": {"chart": "chart", "command": str(tmp_path / "bin" / "helm")},
            **planted.environment,
        }
        config = {"version": 1, "project": "shop", "services": {"api": service}, "environments": {"prod": environment}}
        (root / "cloudnorth.yaml").write_text(yaml.safe_dump(config))
        environ = planted.environ | {"DOCKER_CONFIG": str(tmp_path / "no-login")}
        watched = Watched(root, tmp_path / "watched", environ)
        yield Project(planted, watched, api, tmp_path / "bin" / "helm.ndjson")


def test_the_secret_holds_them_and_nothing_else_does(project: Project) -> None:
    failed = project.run("deploy -v --report reports/deploy.json")
    assert failed.status == 4, failed.err
    assert "UPGRADE FAILED" in failed.err + failed.out
    assert "***" in failed.err + failed.out
    (kept,) = project.api.kept("Secret")
    found = {name: base64.b64decode(value).decode() for name, value in kept["data"].items()}
    assert found == project.planted.values, "60 kB, newlines and all"
    for line in ("deploy -o json", "config -o json", "status -v", "history -o json", "doctor -v"):
        project.run(line)
    assert project.leaks() == {}


@pytest.mark.repeat  # of the search itself
def test_a_leak_is_noticed(project: Project) -> None:
    project.run("deploy", leak=True)
    found = project.leaks()
    assert found["printed"] == set(project.planted.words)
    assert any(".cloudnorth" in place for place in found)


def test_build_secrets_and_the_registry_s_password(tmp_path: Path, moto: str) -> None:
    """A build gets them through its environment; none is an argument, none is printed or kept."""
    root = tmp_path / "a project"
    (root / "chart").mkdir(parents=True)
    (root / "Dockerfile").write_text("FROM scratch\n")
    (root / ".dockerignore").write_text(".cloudnorth\n")
    planted = plant(tmp_path, root, moto)
    sources = planted.environment.pop("secrets")
    with registry_double() as registry, engine(tmp_path / "bin") as docker:
        registry.login = ("jenkins", planted.values["CANARY_KEY"])
        environment = {
            "platform": "kubernetes",
            "registry": {
                "host": registry.host,
                "insecure": True,
                "username": "jenkins",
                "password": sources["CANARY_KEY"],
            },
            "docker": docker,
            "helm": {"chart": "chart"},
            **planted.environment,
        }
        service = {"build": {"context": ".", "secrets": sources}}
        config = {"version": 1, "project": "shop", "services": {"api": service}, "environments": {"prod": environment}}
        (root / "cloudnorth.yaml").write_text(yaml.safe_dump(config))
        watched = Watched(root, tmp_path / "watched", planted.environ | {"DOCKER_CONFIG": str(tmp_path / "no-login")})
        built = watched.run("build", "-e", "prod", "-v")
    assert built.status == 4, built.err
    argv, given = json.loads((tmp_path / "bin" / "docker.json").read_text())
    assert sorted(given.values()) == sorted(planted.values.values()), "the build was given each of them"
    assert leaks(json.dumps(argv).encode(), planted.words) == set()
    assert "***" in built.out + built.err
    assert watched.leaks(planted.words, root / ".cloudnorth") == {}
