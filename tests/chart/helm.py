"""Helm and kubectl of the lab, as the chart's tests use them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.lab.fixture import lab

CHART = Path(__file__).resolve().parents[2] / "chart"
API = "registry.example:5000/shop-api@sha256:" + "a" * 64
STOREFRONT = "registry.example:5000/shop-storefront@sha256:" + "b" * 64
IMAGES = {"api": {"image": API}, "storefront": {"image": STOREFRONT}}

Object = dict[str, Any]


def helm(*words: str, values: Object | None = None, program: str = "helm") -> subprocess.CompletedProcess[str]:
    """Runs Helm; `values` go in as a file on standard input."""
    given = json.dumps(values) if values is not None else None
    words = (*words, "--values", "-") if values is not None else words
    return subprocess.run([str(lab().bin / program), *words], input=given, capture_output=True, text=True, timeout=60)


def render(
    values: Object | None = None, files: tuple[str, ...] = (), program: str = "helm", release: str = "shop"
) -> dict[str, Object]:
    """The objects of a release, by "Kind/name". `values` are laid over both images, and over `files`."""
    chosen = [word for name in files for word in ("--values", str(CHART / name))]
    done = helm("template", release, str(CHART), *chosen, values=_over(IMAGES, values or {}), program=program)
    assert done.returncode == 0, done.stderr
    objects = [document for document in yaml.safe_load_all(done.stdout) if document]
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in objects}


def apply_dry_run(*objects: Object, namespace: str = "shop") -> subprocess.CompletedProcess[str]:
    """What the lab's API server says of the objects; it keeps nothing. An unknown field is an error."""
    facts = lab()
    words = ("apply", "--dry-run=server", "--validate=strict", "--namespace", namespace, "--filename", "-")
    kubectl = (str(facts.bin / "kubectl"), "--kubeconfig", str(facts.kubeconfig), *words)
    stream = "---\n".join(json.dumps(one) + "\n" for one in objects)
    return subprocess.run(kubectl, input=stream, capture_output=True, text=True, timeout=60)


def _over(below: Object, above: Object) -> Object:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _over(merged[key], value) if both else value
    return merged
