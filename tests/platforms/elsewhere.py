"""Projects of other people: their own chart, our built wheel, a folder outside this repository."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.lab.fixture import Lab, lab
from tests.tool import Ran, environ

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE = REPOSITORY / "tests" / "contract" / "sample"
CHARTS = REPOSITORY / "tests" / "charts"
MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"


def build_wheel(folder: Path) -> Path:
    """The tool as it is published, installed into a folder of its own; returns that folder."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, REPOSITORY], check=True)
    installed = folder / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", installed, *folder.glob("*.whl")], check=True)
    return installed


@dataclass
class Elsewhere:
    """One project; namespace, Helm release and registry paths carry its name."""

    root: Path
    tool: Path
    name: str = field(default_factory=lambda: f"kube-dev-{uuid.uuid4().hex[:8]}")
    services: dict[str, Any] = field(default_factory=dict)
    helm: str = "helm"
    values: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    """Further keys of the environment."""
    top: dict[str, Any] = field(default_factory=dict)
    """Further keys of the file."""

    @property
    def lab(self) -> Lab:
        return lab()

    def service(self, name: str, chart: dict[str, str], message: str) -> None:
        """A service with a Dockerfile of its own in `NAME/`."""
        folder = self.root / name
        if not folder.exists():
            shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("chart"))
        (folder / "message.txt").write_text(message + "\n")
        build = {"context": name, "dockerfile": f"{name}/Dockerfile", "args": {"BASE_IMAGE": self.lab.base_image}}
        self.services[name] = {"build": build, "port": 8080, "chart": chart}

    def save(self) -> None:
        here = self.lab
        environment = {
            "platform": "kubernetes",
            "cluster": {"context": here.context, "kubeconfig": str(here.kubeconfig)},
            "namespace": self.name,
            "registry": {"host": here.registry, "insecure": True},
            "docker": {"host": f"unix://{here.docker_socket}", "command": f"{here.bin}/docker"},
            "helm": {"chart": "chart", "command": f"{here.bin}/{self.helm}", "values": self.values},
            "rollout": {"timeout": "2m"},
        }
        config = {
            "version": 1,
            "project": self.name,
            "services": self.services,
            "environments": {"test": environment | self.more},
        }
        (self.root / "cloudnorth.yaml").write_text(yaml.safe_dump(config | self.top))

    def run(self, verb: str, *words: str) -> Ran:
        self.save()
        done = subprocess.run(
            [sys.executable, "-m", "cloudnorth_cli", verb, "--env", "test", "-o", "json", *words],
            cwd=self.root,
            env=environ() | {"PYTHONPATH": str(self.tool), "PYTHONSAFEPATH": "1"},
            capture_output=True,
            text=True,
            timeout=200,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def kubectl(self, *words: str) -> str:
        here = self.lab
        line = [f"{here.bin}/kubectl", "--kubeconfig", str(here.kubeconfig), "-n", self.name, *words]
        return subprocess.run(line, capture_output=True, text=True, check=True).stdout

    def helm_line(self, *words: str) -> str:
        here = self.lab
        place = ["--kubeconfig", str(here.kubeconfig), "--namespace", self.name]
        return subprocess.run(
            [f"{here.bin}/{self.helm}", *words, *place], capture_output=True, text=True, check=True, cwd=self.root
        ).stdout

    def objects(self, kind: str) -> list[dict[str, Any]]:
        return list(json.loads(self.kubectl("get", kind, "-o", "json"))["items"])

    def running(self) -> dict[str, str]:
        """The digest that each container runs, by the kubelet's own word (imageID)."""
        return {
            status["name"]: status["imageID"].rpartition("@")[2]
            for pod in self.objects("pods")
            if "deletionTimestamp" not in pod["metadata"]
            for status in pod["status"]["containerStatuses"]
        }

    def in_registry(self, repository: str, tag: str) -> str:
        """The digest that the registry has for a tag."""
        url = f"http://{self.lab.registry}/v2/{repository}/manifests/{tag}"
        answer = requests.head(url, headers={"Accept": MANIFESTS}, timeout=10)
        answer.raise_for_status()
        return answer.headers["Docker-Content-Digest"]

    def only_tag(self, repository: str) -> str:
        tags = requests.get(f"http://{self.lab.registry}/v2/{repository}/tags/list", timeout=10).json()["tags"]
        assert len(tags) == 1, tags
        return str(tags[0])

    def remove(self) -> None:
        """Take everything away."""
        here = self.lab
        line = [f"{here.bin}/kubectl", "--kubeconfig", str(here.kubeconfig)]
        subprocess.run([*line, "delete", "namespace", self.name, "--wait=false", "--ignore-not-found"], check=True)
