"""Deploys that made no revision, in one ConfigMap beside the records: read-only rights are enough to read it."""

from __future__ import annotations

import msgspec

from cloudnorth_cli.adapters.kube import Api, Conflict, Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.model import Attempt

KEPT = 20
"""The newest; with their lines they fit into one ConfigMap, which holds 1 MiB."""

LINES = 20
"""Of one whose record is set aside."""


def attempts(api: Api, namespace: str, release: str) -> tuple[Attempt, ...]:
    """Newest first. What cannot be read (written by a newer tool, or by hand) is left out."""
    found = [_read(text) for text in _data(api, namespace, release).values()]
    return tuple(sorted(filter(None, found), key=lambda attempt: attempt.key, reverse=True))


def keep(api: Api, namespace: str, release: str, attempt: Attempt) -> None:
    """Write one; of what others write meanwhile nothing is lost. Those that are too many go."""
    told = msgspec.json.encode(attempt).decode()
    body: Json = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": _name(release),
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "cloudnorth"},
        },
        "data": {attempt.key: told},
    }
    try:
        api.create(path("ConfigMap", namespace), body)
    except Conflict:
        old = sorted(_data(api, namespace, release), reverse=True)[KEPT - 1 :]
        gone: dict[str, str | None] = dict.fromkeys(old)
        api.patch(path("ConfigMap", namespace, _name(release)), {"data": gone | {attempt.key: told}})


def _data(api: Api, namespace: str, release: str) -> dict[str, str]:
    return (api.find(path("ConfigMap", namespace, _name(release))) or {}).get("data") or {}


def _name(release: str) -> str:
    return f"cloudnorth.{release}.attempts"


def _read(text: str) -> Attempt | None:
    try:
        return msgspec.json.decode(text, type=Attempt)
    except msgspec.MsgspecError:
        return None
