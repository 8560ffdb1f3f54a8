"""What is kept out of an environment, in one ConfigMap beside the records: read-only rights are enough to read it."""

from __future__ import annotations

import msgspec

from cloudnorth_cli.adapters.kube import Api, Conflict, Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.model import Hold


def holds(api: Api, namespace: str, release: str) -> tuple[Hold, ...]:
    """Oldest first. What cannot be read (written by a newer tool, or by hand) is left out."""
    thing = api.find(path("ConfigMap", namespace, _name(release)))
    found = [_read(text) for text in ((thing or {}).get("data") or {}).values()]
    return tuple(sorted((hold for hold in found if hold), key=lambda hold: hold.since))


def keep(api: Api, namespace: str, release: str, hold: Hold) -> None:
    """Write a hold, in place of an earlier one of the same; others that are written meanwhile stay."""
    data = {hold.key: msgspec.json.encode(hold).decode()}
    body: Json = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": _name(release),
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "cloudnorth"},
        },
        "data": data,
    }
    try:
        api.create(path("ConfigMap", namespace), body)
    except Conflict:
        api.patch(path("ConfigMap", namespace, _name(release)), {"data": data})


def lift(api: Api, namespace: str, release: str, hold: Hold) -> None:
    """Take a hold away."""
    if api.find(path("ConfigMap", namespace, _name(release))):
        api.patch(path("ConfigMap", namespace, _name(release)), {"data": {hold.key: None}})


def _name(release: str) -> str:
    return f"cloudnorth.{release}.holds"


def _read(text: str) -> Hold | None:
    try:
        return msgspec.json.decode(text, type=Hold)
    except msgspec.MsgspecError:
        return None
