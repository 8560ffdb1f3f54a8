"""Kubeconfig files: which contexts they hold, how to connect through one, and one context alone."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from kubernetes.client import Configuration
from kubernetes.config import ConfigException
from kubernetes.config.kube_config import KubeConfigMerger, load_kube_config

from cloudnorth_cli.config import in_ci
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.settings import Cluster

_FILES = {"certificate-authority", "client-certificate", "client-key"}


def kubeconfig_path(cluster: Cluster, root: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The kubeconfig in force; KUBECONFIG may name several files with `:` between them."""
    if cluster.kubeconfig:
        return str(root / Path(cluster.kubeconfig).expanduser())
    return environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")


def context_of(cluster: Cluster, path: str, environ: Mapping[str, str] = os.environ) -> str:
    """The context to use. Raises Refused where it is not in the file, or would have to be guessed in CI."""
    config = _read(path)
    names = sorted(str(context["name"]) for context in config.get("contexts") or [])
    context = cluster.context
    if context is None:
        if in_ci(environ):
            raise Refused(
                "the environment names no cluster context, and this runs in CI, so the current one is not taken",
                code="wrong-context",
                where=path,
                evidence=(f"cluster.context names one of these: {', '.join(names)}",),
                next=("kubectl config get-contexts",),
            )
        context = config.get("current-context")
    if not context or context not in names:
        raise Refused(
            f"the kubeconfig has no context {context!r}; it has: {', '.join(names) or 'none'}"
            if context
            else "the kubeconfig names no current context",
            code="wrong-context",
            where=path,
            next=("kubectl config get-contexts",),
        )
    return str(context)


def configuration(path: str, context: str) -> Configuration:
    """What the client connects with. Raises Refused where credentials cannot be had."""
    made = Configuration()
    try:
        load_kube_config(config_file=path, context=context, client_configuration=made, persist_config=False)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        raise Refused(f"context {context} cannot be used: {error}", code="wrong-context", where=path) from error
    return made


def user_of(path: str, context: str) -> dict[str, Any]:
    """The user's part of a context. Raises Refused."""
    config = _read(path)
    chosen = dict(_named(config, "contexts", context)["context"])
    return dict(_named(config, "users", chosen["user"])["user"])


def one_context(path: str, context: str) -> str:
    """A kubeconfig of this context alone, certificates within, as YAML."""
    config = _read(path)
    chosen = dict(_named(config, "contexts", context)["context"])
    made = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": chosen}],
        "clusters": [_embedded(_named(config, "clusters", chosen["cluster"]), "cluster", path)],
        "users": [_embedded(_named(config, "users", chosen["user"]), "user", path)],
    }
    return str(yaml.safe_dump(made, sort_keys=False))


def _read(path: str) -> dict[str, Any]:
    try:
        merged = KubeConfigMerger(path).config  # type: ignore[no-untyped-call]
    except (ConfigException, OSError, yaml.YAMLError) as error:
        raise Refused(f"the kubeconfig cannot be read: {error}", code="wrong-context", where=path) from error
    if merged is None:
        raise Refused("there is no kubeconfig", code="wrong-context", where=path, next=("kubectl config get-contexts",))
    return dict(merged.value)


def _named(config: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
    for entry in config.get(kind) or []:
        if entry["name"] == name:
            # Entries of a merged file are nodes that remember where they came from.
            return dict(getattr(entry, "value", entry))
    raise Refused(f"the kubeconfig has nothing called {name!r} among its {kind}", code="wrong-context")


def _embedded(entry: Mapping[str, Any], kind: str, path: str) -> dict[str, Any]:
    """The entry with its certificate files read in, so that it can be carried elsewhere."""
    body = dict(entry[kind])
    for file in _FILES & body.keys():
        found = Path(path.split(os.pathsep)[0]).parent / str(body.pop(file))
        body[f"{file}-data"] = base64.b64encode(found.read_bytes()).decode()
    return {"name": entry["name"], kind: body}
