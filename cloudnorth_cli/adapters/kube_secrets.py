"""The project's secrets as immutable Secrets named by their content: every revision keeps its own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from cloudnorth_cli.adapters.kube import Api, Conflict
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Secret

_LABEL = "cloudnorth.io/secret-of"


def name_of(release: str, values: Mapping[str, Secret]) -> str:
    """`shop-1f0c2b7a90`: ten hex digits over names and values; too few to try guesses of a value against."""
    digest = hashlib.sha256(release.encode())
    for name, value in sorted(values.items()):
        for part in (name, value.reveal()):
            digest.update(len(part.encode()).to_bytes(8) + part.encode())
    return f"{release}-{digest.hexdigest()[:10]}"


def ensure(api: Api, namespace: str, release: str, name: str, values: Mapping[str, Secret]) -> None:
    """Create the Secret if it is not there; one that is there has this content by its name."""
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "immutable": True,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "cloudnorth", _LABEL: release},
        },
        "data": {key: base64.b64encode(value.reveal().encode()).decode() for key, value in values.items()},
    }
    try:
        api.create(path("Secret", namespace), body)
    except Conflict:
        return


def read(api: Api, namespace: str, name: str) -> dict[str, Secret]:
    """The values of one; none where it is not there or may not be read."""
    try:
        found = api.find(path("Secret", namespace, name))
    except Refused:
        return {}
    data = (found or {}).get("data") or {}
    return {key: Secret(base64.b64decode(value).decode(errors="replace")) for key, value in data.items()}


def names(api: Api, namespace: str, release: str) -> tuple[str, ...]:
    """Names of our Secrets of this release; their content is not read."""
    found = api.items(path("Secret", namespace), partial=True, labelSelector=f"{_LABEL}={release}")
    return tuple(str(thing["metadata"]["name"]) for thing in found)
