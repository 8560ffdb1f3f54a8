"""A lane of the matrix: one namespace with a healthy release, in which faults are planted one after another."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.lab.fixture import Lab, lab
from tests.project import kubectl
from tests.rollout.matrix.objects import Object, healthy
from tests.tool import Ran, cloudnorth

CHART = "apiVersion: v2\nname: matrix\nversion: 1.0.0\n"
TEMPLATE = '{{- range .Values.objects }}\n---\n{{ toYaml . | replace "IMAGE" $.Values.image }}\n{{- end }}\n'


@dataclass
class Lane:
    """One project, deployed into a namespace of its own."""

    root: Path
    name: str
    config: dict[str, Any]
    runs: Path
    here: Lab
    extra: dict[str, str] = field(default_factory=dict)

    def write(self, objects: Iterable[Object]) -> None:
        """What the next deploy installs."""
        (self.root / "values.yaml").write_text(yaml.safe_dump({"objects": list(objects)}))

    def verify(self, checks: list[dict[str, object]]) -> None:
        self.config["verify"] = checks
        (self.root / "cloudnorth.yaml").write_text(yaml.safe_dump(self.config))

    def deploy(self, *words: str, timeout: float = 400) -> Ran:
        return cloudnorth(
            "deploy", "--env", "test", "-o", "json", *words, cwd=self.root, extra=self.extra, timeout=timeout
        )

    def run(self, verb: str, *words: str) -> Ran:
        return cloudnorth(verb, "--env", "test", *words, cwd=self.root, extra=self.extra)

    def kubectl(self, *words: str) -> str:
        return kubectl("-n", self.name, *words, here=self.here)

    def address(self, service: str = "web") -> str:
        return self.kubectl("get", "service", service, "-o", "jsonpath={.spec.clusterIP}")

    def pods(self) -> dict[str, Any]:
        """Pods by name that are not ending."""
        items = json.loads(self.kubectl("get", "pods", "-o", "json"))["items"]
        return {i["metadata"]["name"]: i for i in items if "deletionTimestamp" not in i["metadata"]}

    def kept(self, ran: Ran, file: str) -> Path:
        """A file of a run's folder."""
        return self.runs / str(ran.events[0]["run"]) / file

    def remove(self) -> None:
        kubectl("delete", "namespace", self.name, "--wait=false", "--ignore-not-found", here=self.here)


def make(
    folder: Path, name: str, *, helm: str = "helm", settings: Mapping[str, Any] | None = None, here: Lab | None = None
) -> Lane:
    """A project in a folder of its own; nothing is deployed yet."""
    here = here or lab()
    root = folder / name
    (root / "chart" / "templates").mkdir(parents=True)
    (root / "chart" / "Chart.yaml").write_text(CHART)
    (root / "chart" / "templates" / "objects.yaml").write_text(TEMPLATE)
    namespace = f"{name}-{uuid.uuid4().hex[:6]}"
    image = f"{here.registry}/base/python:{_tag(here.base_image)}"
    environment = {
        "platform": "kubernetes",
        "cluster": {"context": here.context, "kubeconfig": str(here.kubeconfig)},
        "namespace": namespace,
        "registry": {"host": here.registry, "insecure": True},
        "helm": {"chart": "chart", "command": f"{here.bin}/{helm}", "values": ["values.yaml"]},
    } | dict(settings or {})
    config = {
        "version": 1,
        "project": namespace,
        "services": {"web": {"image": image, "port": 8080, "chart": {"image": "{image}"}}},
        "environments": {"test": environment},
    }
    (root / "cloudnorth.yaml").write_text(yaml.safe_dump(config))
    runs = folder / f"{name}-runs"
    return Lane(root, namespace, config, runs, here, {"CLOUDNORTH_RUNS_DIR": str(runs)})


def _tag(reference: str) -> str:
    return reference.rpartition(":")[2]


def served(folder: Path, name: str, kind: str = "Deployment", *, helm: str = "helm") -> Lane:
    """A lane whose healthy release serves."""
    lane = make(folder, name, helm=helm)
    lane.write(healthy(kind))
    ran = lane.deploy()
    assert ran.status == 0, ran.out + ran.err
    return lane


def event_seconds(ran: Ran, since: str, until: str) -> float:
    """Seconds between the ends of two steps."""
    from datetime import datetime

    at = {event["step"]: datetime.fromisoformat(event["at"]) for event in ran.events if "step-f" in event["event"]}
    return (at[until] - at[since]).total_seconds()


def eventually(look: Any, seconds: float = 60) -> Any:
    """What is looked for, as soon as it is there."""
    until = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < until:
        time.sleep(0.2)
    return found
