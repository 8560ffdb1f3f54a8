"""Deploys that made no revision, in one ConfigMap beside the records."""

from __future__ import annotations

import msgspec

from cloudnorth_cli.adapters import kube_texts
from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.model import ATTEMPTS_KEPT, Attempt

LINES = 20
"""Of one whose record is set aside; so many of each fit into a ConfigMap, which holds 1 MiB."""


def attempts(api: Api, namespace: str, release: str) -> tuple[Attempt, ...]:
    """Newest first. What cannot be read (written by a newer tool, or by hand) is left out."""
    found = [_read(text) for text in kube_texts.texts(api, namespace, _name(release)).values()]
    return tuple(sorted(filter(None, found), key=lambda attempt: attempt.key, reverse=True))


def keep(api: Api, namespace: str, release: str, attempt: Attempt) -> None:
    """Write one. Those that are too many go."""
    told = msgspec.json.encode(attempt).decode()
    kube_texts.keep(api, namespace, _name(release), attempt.key, told, newest=ATTEMPTS_KEPT)


def _name(release: str) -> str:
    return f"cloudnorth.{release}.attempts"


def _read(text: str) -> Attempt | None:
    try:
        return msgspec.json.decode(text, type=Attempt)
    except msgspec.MsgspecError:
        return None
