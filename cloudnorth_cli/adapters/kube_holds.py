"""What is kept out of an environment, in one ConfigMap beside the records."""

from __future__ import annotations

import msgspec

from cloudnorth_cli.adapters import kube_texts
from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.model import Hold


def holds(api: Api, namespace: str, release: str) -> tuple[Hold, ...]:
    """Oldest first. What cannot be read (written by a newer tool, or by hand) is left out."""
    found = [_read(text) for text in kube_texts.texts(api, namespace, _name(release)).values()]
    return tuple(sorted((hold for hold in found if hold), key=lambda hold: hold.since))


def keep(api: Api, namespace: str, release: str, hold: Hold) -> None:
    """Write a hold, in place of an earlier one of the same."""
    kube_texts.keep(api, namespace, _name(release), hold.key, msgspec.json.encode(hold).decode())


def lift(api: Api, namespace: str, release: str, hold: Hold) -> None:
    """Take a hold away."""
    kube_texts.drop(api, namespace, _name(release), hold.key)


def _name(release: str) -> str:
    return f"cloudnorth.{release}.holds"


def _read(text: str) -> Hold | None:
    try:
        return msgspec.json.decode(text, type=Hold)
    except msgspec.MsgspecError:
        return None
