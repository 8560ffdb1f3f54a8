"""The objects that the matrix deploys: a healthy release, and the same with one thing changed."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

Object = dict[str, Any]

PROGRAM = (Path(__file__).parent / "program.py").read_text()
IMAGE = "IMAGE"
"""Stands for the service's image by digest; the chart fills it in."""


def container(**environment: str) -> Object:
    return {
        "name": "web",
        "image": IMAGE,
        "command": ["python3", "-c", PROGRAM],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 1, "timeoutSeconds": 3},
        # Served connections end before the program does: a Service's endpoints follow a moment later.
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
        "volumeMounts": [{"name": "state", "mountPath": "/state"}],
    }


def pod_spec(**environment: str) -> Object:
    return {
        "terminationGracePeriodSeconds": 6,
        "enableServiceLinks": False,
        "containers": [container(**environment)],
        "volumes": [{"name": "state", "emptyDir": {}}],
    }


def workload(kind: str, name: str = "web", **environment: str) -> Object:
    spec: Object = {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": pod_spec(**environment)},
    }
    if kind != "DaemonSet":
        spec["replicas"] = 2
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def service(name: str = "web") -> Object:
    ports = [{"port": 80, "targetPort": 8080}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports},
    }


def healthy(kind: str = "Deployment") -> list[Object]:
    return [workload(kind), service()]


def hook(**changes: Any) -> Object:
    """A pre-upgrade Job."""
    annotations = {"helm.sh/hook": "pre-upgrade", "helm.sh/hook-delete-policy": "before-hook-creation"}
    one = {"name": "hook", "image": IMAGE, "command": ["python3", "-c", "print('warm')"]} | changes
    template = {"spec": {"restartPolicy": "Never", "containers": [one]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "warm-up", "annotations": annotations},
        "spec": {"backoffLimit": 0, "template": template},
    }


class Release:
    """A list of objects to change: `Release().env(CRASH="at once").objects`."""

    def __init__(self, kind: str = "Deployment") -> None:
        self.objects = copy.deepcopy(healthy(kind))
        self.env(VERSION="two")

    @property
    def spec(self) -> Object:
        return dict(self.objects[0])["spec"]  # type: ignore[no-any-return]

    @property
    def pod(self) -> Object:
        return self.spec["template"]["spec"]  # type: ignore[no-any-return]

    @property
    def web(self) -> Object:
        return self.pod["containers"][0]  # type: ignore[no-any-return]

    def env(self, **environment: str) -> Release:
        kept = {one["name"]: one["value"] for one in self.web["env"]} | environment
        self.web["env"] = [{"name": name, "value": value} for name, value in kept.items()]
        return self

    def change(self, **fields: Any) -> Release:
        """Of the container."""
        self.web.update(fields)
        return self

    def change_pod(self, **fields: Any) -> Release:
        self.pod.update(fields)
        return self

    def change_spec(self, **fields: Any) -> Release:
        self.spec.update(fields)
        return self

    def beside(self, image: str) -> Release:
        """A second container of an image that is not the project's own."""
        self.pod["containers"].append({"name": "sidecar", "image": image})
        return self

    def volume(self, mounted: Object) -> Release:
        self.pod["volumes"].append({"name": "more"} | mounted)
        self.web["volumeMounts"].append({"name": "more", "mountPath": "/more"})
        return self

    def also(self, *objects: Object) -> Release:
        self.objects += objects
        return self
