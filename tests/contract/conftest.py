"""One sample project on every platform: what the contract suite is run over."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.tool import Ran, cloudnorth

SAMPLE = Path(__file__).parent / "sample"
SERVICE: dict[str, Any] = {
    "build": {"context": ".", "dockerfile": "Dockerfile"},
    "port": 8080,
    "health": "/healthz",
    "run": "python3 server.py",
    "env": {"PORT": "{port}", "HOST": "127.0.0.1"},
    "chart": {"image": "{image}", "secret": "{secret}"},
}


@dataclass
class Project:
    """The sample in a folder of its own, with one environment called `test`."""

    root: Path
    platform: str
    namespace: str
    extra: dict[str, str]

    def run(self, verb: str, *words: str) -> Ran:
        """One verb of the tool with JSON output."""
        return cloudnorth(verb, "--env", "test", "-o", "json", *words, cwd=self.root, extra=self.extra)

    def change(self, message: str) -> None:
        """Change a line of the service."""
        (self.root / "message.txt").write_text(message + "\n")

    def answer(self) -> dict[str, Any]:
        """What the service says to whoever asks it now."""
        response = requests.get(self.address + "/hello", timeout=10)
        response.raise_for_status()
        return dict(response.json())

    @property
    def address(self) -> str:
        if self.platform == "local":
            return str(self.run("status").result["status"][0]["address"]).rstrip("/")
        from tests.lab.fixture import lab

        words = ("get", "service", self.namespace, "-o", "jsonpath={.spec.clusterIP}")
        done = subprocess.run(
            [f"{lab().bin}/kubectl", "--kubeconfig", str(lab().kubeconfig), "-n", self.namespace, *words],
            capture_output=True,
            text=True,
            check=True,
        )
        return f"http://{done.stdout}:8080"


@pytest.fixture(params=["local", pytest.param("kubernetes", marks=pytest.mark.lab)])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    root = tmp_path / "a project"  # a space, as home folders have
    shutil.copytree(SAMPLE, root)
    name = f"contract-{uuid.uuid4().hex[:8]}"
    extra = {"XDG_DATA_HOME": str(tmp_path / "data"), "GREETING": "s3cr3t-greeting"}
    service = SERVICE
    environment: dict[str, Any] = {"platform": "local", "port": 18000 + uuid.uuid4().int % 4000}
    if request.param == "kubernetes":
        from tests.lab.fixture import lab

        here = lab()
        base = {"args": {"BASE_IMAGE": f"{here.registry}/base/python:3.11"}}
        service = SERVICE | {"build": SERVICE["build"] | base}
        environment = {
            "platform": "kubernetes",
            "cluster": {"context": "lab", "kubeconfig": str(here.kubeconfig)},
            "namespace": name,
            "registry": {"host": here.registry, "insecure": True},
            "docker": {"host": f"unix://{here.docker_socket}", "command": f"{here.bin}/docker"},
            "helm": {"chart": "chart", "command": f"{here.bin}/helm"},
            "rollout": {"timeout": "2m"},
        }
    environment["secrets"] = {"GREETING": {"env": "GREETING"}}
    config = {"version": 1, "project": name, "services": {"web": service}, "environments": {"test": environment}}
    (root / "cloudnorth.yaml").write_text(yaml.safe_dump(config))
    made = Project(root, request.param, name, extra)
    try:
        yield made
    finally:
        made.run("down")
        if request.param == "kubernetes":
            subprocess.run(
                [
                    f"{here.bin}/kubectl",
                    "--kubeconfig",
                    str(here.kubeconfig),
                    "delete",
                    "namespace",
                    name,
                    "--wait=false",
                ],
                capture_output=True,
            )
