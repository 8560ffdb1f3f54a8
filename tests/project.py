"""A small sample project in a folder of its own, on any platform: what contract and fault tests deploy."""

from __future__ import annotations

import copy
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import yaml

from tests import reaper
from tests.tool import Ran, cloudnorth

if TYPE_CHECKING:
    from tests.lab.facts import Lab

SAMPLE = Path(__file__).parent / "contract" / "sample"
SERVICE: dict[str, Any] = {
    "build": {"context": ".", "dockerfile": "Dockerfile"},
    "port": 8080,
    "health": "/healthz",
    "run": "python3 server.py",
    "env": {"PORT": "{port}", "HOST": "127.0.0.1"},
    "chart": {"image": "{image}", "secret": "{secret}"},
}
GREETING = "s3cr3t-greeting"
"""Value of the sample's secret: must be found nowhere."""


@dataclass
class Project:
    """The sample with one environment called `test`; its project name is its namespace and Helm release too."""

    root: Path
    platform: str
    name: str
    config: dict[str, Any]
    extra: dict[str, str] = field(default_factory=dict)

    def run(self, verb: str, *words: str) -> Ran:
        """One verb of the tool with JSON output."""
        return cloudnorth(verb, "--env", "test", "-o", "json", *words, cwd=self.root, extra=self.extra)

    @property
    def environment(self) -> dict[str, Any]:
        """The environment's part of the configuration; change it, then `save()`."""
        return dict(self.config["environments"])["test"]  # type: ignore[no-any-return]

    def save(self) -> None:
        (self.root / "cloudnorth.yaml").write_text(yaml.safe_dump(self.config))

    def change(self, message: str) -> None:
        """Change a line of the service."""
        (self.root / "message.txt").write_text(message + "\n")

    def kubectl(self, *words: str) -> str:
        """What kubectl prints about the project's namespace."""
        return kubectl("-n", self.name, *words)

    def answer(self) -> dict[str, Any]:
        """What the service says to whoever asks it now.

        The sample ends at once on SIGTERM, so a connection may still be sent to a pod that is gone: that one is asked
        again. Whether requests are lost is no question of this sample.
        """
        deadline = time.monotonic() + 20
        while True:
            try:
                response = requests.get(self.address + "/hello", timeout=5)
                response.raise_for_status()
                return dict(response.json())
            except requests.RequestException:
                if time.monotonic() > deadline:
                    raise

    @property
    def address(self) -> str:
        if self.platform == "local":
            return str(self.run("status").result["status"][0]["address"]).rstrip("/")
        return f"http://{self.kubectl('get', 'service', self.name, '-o', 'jsonpath={.spec.clusterIP}')}:8080"

    def remove(self) -> None:
        """Stop and delete everything of it."""
        self.run("down")
        if self.platform == "kubernetes":
            kubectl("delete", "namespace", self.name, "--wait=false", "--ignore-not-found")


def make(folder: Path, platform: str, *, admin: bool = False) -> Project:
    """Write a sample project into a folder with a space in its path, with free names and ports.

    On Kubernetes it is deployed with the published Role and no other right. admin: with every right, into a namespace
    that is not there yet.
    """
    root = folder / "a project"
    reaper.watch(folder.parent)
    shutil.copytree(SAMPLE, root)
    name = f"sample-{uuid.uuid4().hex[:8]}"
    service = copy.deepcopy(SERVICE)  # tests change theirs
    environment: dict[str, Any] = {"platform": "local", "port": 18000 + uuid.uuid4().int % 4000}
    if platform == "kubernetes":
        from tests.lab import deployer
        from tests.lab.fixture import lab

        here = lab()
        kubeconfig = here.kubeconfig if admin else deployer.kubeconfig(here, name, folder / "kubeconfig")
        service["build"] = SERVICE["build"] | {"args": {"BASE_IMAGE": here.base_image}}
        environment = {
            "platform": "kubernetes",
            "cluster": {"context": here.context, "kubeconfig": str(kubeconfig)},
            "namespace": name,
            "registry": {"host": here.registry, "insecure": True},
            "docker": {"host": f"unix://{here.docker_socket}", "command": f"{here.bin}/docker"},
            "helm": {"chart": "chart", "command": f"{here.bin}/helm"},
            "rollout": {"timeout": "2m"},
        }
    environment["secrets"] = {"GREETING": {"env": "GREETING"}}
    config = {"version": 1, "project": name, "services": {"web": service}, "environments": {"test": environment}}
    project = Project(root, platform, name, config, {"XDG_DATA_HOME": str(folder / "data"), "GREETING": GREETING})
    project.save()
    return project


def kubectl(*words: str, here: Lab | None = None) -> str:
    """What the lab's kubectl prints, of this lab or of the one that tests share."""
    from tests.lab.fixture import lab

    here = here or lab()
    done = subprocess.run(
        [f"{here.bin}/kubectl", "--kubeconfig", str(here.kubeconfig), *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
