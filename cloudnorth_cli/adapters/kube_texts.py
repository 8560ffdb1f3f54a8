"""Texts by key in a ConfigMap of ours beside the records: read-only rights are enough to read them."""

from __future__ import annotations

from cloudnorth_cli.adapters.kube import Api, Conflict, Json
from cloudnorth_cli.adapters.kube_paths import path


def texts(api: Api, namespace: str, name: str) -> dict[str, str]:
    """All of one ConfigMap; nothing where it is not there."""
    return (api.find(path("ConfigMap", namespace, name)) or {}).get("data") or {}


def keep(api: Api, namespace: str, name: str, key: str, text: str, newest: int | None = None) -> None:
    """Write one, in place of an earlier one of that key; of what others write meanwhile nothing is lost.

    newest: how many are kept, the last ones by their key; default: all.
    """
    body: Json = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/managed-by": "cloudnorth"}},
        "data": {key: text},
    }
    try:
        api.create(path("ConfigMap", namespace), body)
    except Conflict:
        old = sorted(texts(api, namespace, name), reverse=True)[newest - 1 :] if newest else []
        gone: dict[str, str | None] = dict.fromkeys(old)
        api.patch(path("ConfigMap", namespace, name), {"data": gone | {key: text}})


def drop(api: Api, namespace: str, name: str, key: str) -> None:
    """Take one away, where there is one."""
    if key in texts(api, namespace, name):
        api.patch(path("ConfigMap", namespace, name), {"data": {key: None}})
