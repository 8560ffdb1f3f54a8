"""Sending the packed images to the lab's registry, by the registry's own HTTP API (distribution specification 1.1)."""

from __future__ import annotations

import json
from pathlib import Path

import requests

from tests.lab.build.images import MANIFEST_TYPE, Recipe, digest
from tests.lab.errors import LabError

TIMEOUT_SECONDS = 60


def answers(registry: str) -> bool:
    """Whether the registry answers its base URL."""
    try:
        return requests.get(f"http://{registry}/v2/", timeout=2).ok
    except requests.RequestException:
        return False


def push(registry: str, recipe: Recipe) -> None:
    """Send what the registry lacks of a packed image, the manifest last; LabError when it refuses."""
    repository, tag = recipe.reference.split(":")
    base = f"http://{registry}/v2/{repository}"
    manifest = (recipe.folder / "manifest").read_bytes()
    with requests.Session() as session:
        session.trust_env = False  # a proxy of the person's has no way to the lab
        _blob(session, base, recipe.folder / "layer", json.loads(manifest)["layers"][0]["digest"])
        _blob(session, base, recipe.folder / "config", digest((recipe.folder / "config").read_bytes()))
        put = session.put(
            f"{base}/manifests/{tag}", data=manifest, headers={"Content-Type": MANIFEST_TYPE}, timeout=TIMEOUT_SECONDS
        )
        _good(put, recipe.reference)


def _blob(session: requests.Session, base: str, file: Path, name: str) -> None:
    if session.head(f"{base}/blobs/{name}", timeout=TIMEOUT_SECONDS).ok:
        return
    started = session.post(f"{base}/blobs/uploads/", timeout=TIMEOUT_SECONDS)
    _good(started, base)
    with file.open("rb") as content:
        put = session.put(
            started.headers["Location"], params={"digest": name}, data=content, timeout=TIMEOUT_SECONDS,
            headers={"Content-Type": "application/octet-stream"},
        )  # fmt: skip
    _good(put, base)


def _good(response: requests.Response, what: str) -> None:
    if not response.ok:
        raise LabError(f"the registry refused {what}: {response.status_code} {response.text.strip()}")
