"""`cloudnorth config`: what an environment resolves to, and where each value came from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cloudnorth_cli import config as reader
from cloudnorth_cli import secrets
from cloudnorth_cli.config.findings import Place, path_text
from cloudnorth_cli.config.tree import Listing, Node, Table
from cloudnorth_cli.events import ConfigEntry, Result
from cloudnorth_cli.settings import Environment, SecretSource

MASK = "***"
_TELLING = re.compile(r"(?i)(passw|secret|token|credential|private|(^|_|-)(key|pw|auth)($|_|-))")
"""Names of variables whose values are better not shown, even where they were written into the file."""
_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")

_MEANINGLESS = {"local": reader.KUBERNETES_ONLY, "kubernetes": {"port", "keep"}}
"""Keys whose defaults say nothing on a platform."""

_Path = tuple[str, ...]


def config(loaded: reader.Loaded, name: str | None, environ: Mapping[str, str]) -> Result:
    """What the environment that --env named, or that stands for it, resolves to. Raises UsageError."""
    entries = settings(loaded, name, environ)
    return Result(command="config", exit_status=0, outcome="done", environment=entries[0].value, config=entries)


def settings(loaded: reader.Loaded, name: str | None, environ: Mapping[str, str]) -> tuple[ConfigEntry, ...]:
    """Every setting of one environment, in the order of the file. Secrets are not read; their sources are told."""
    environment = reader.environment(loaded, name, environ)
    chosen, origin = reader.choose(loaded, name, environ)
    tree = reader.resolved_tree(loaded, chosen)
    defaults = frozenset(_places(loaded.tree.get("defaults")))

    def told(node: Node | None) -> str:
        if node is None:
            return "default"
        return f"defaults {node.at}" if node.at in defaults else str(node.at)

    def entries(value: Any, node: Node | None, path: _Path) -> Iterator[ConfigEntry]:
        for key, child, below in _children(value, node):
            here = (*path, key)
            if below is None and here[0] in _MEANINGLESS[environment.platform]:
                continue
            if _is_leaf(child):
                yield ConfigEntry(key=path_text(here), value=_shown(child, here), origin=told(below))
            else:
                yield from entries(child, below, here)

    head = ConfigEntry(key="environment", value=chosen, origin=origin)
    return (head, *entries(_view(environment), tree, ()))


def _view(environment: Environment) -> dict[str, Any]:
    """The environment as the file is written: services first, then the environment's own keys."""
    services = {}
    for name, service in environment.services.items():
        repository = service.repository or (f"{environment.project}/{name}" if service.build else None)
        services[name] = msgspec.structs.replace(service, repository=repository)
    file = environment.file
    if file.helm:
        file = msgspec.structs.replace(file, helm=msgspec.structs.replace(file.helm, release=environment.helm_release))
    own = {key: getattr(file, key) for key in file.__struct_fields__ if key != "services"}
    head = {"project": environment.project, "services": services}
    return {**head, "migrate": environment.migrate, "verify": environment.verify, **own}


def _children(value: Any, node: Node | None) -> Iterator[tuple[str, Any, Node | None]]:
    """What stands below a value, with its place in the file; what says nothing (None, empty) is left out."""
    if isinstance(value, tuple | list):
        items: Sequence[Node] = node.items if isinstance(node, Listing) else ()
        for index, child in enumerate(value):
            yield f"[{index}]", child, items[index] if index < len(items) else None
        return
    pairs = value.items() if isinstance(value, Mapping) else msgspec.structs.asdict(value).items()
    for key, child in pairs:
        if child is not None and child != () and child != {}:
            yield key, child, node.entries.get(key) if isinstance(node, Table) else None


def _is_leaf(value: Any) -> bool:
    return isinstance(value, str | int | Path | SecretSource)


def _shown(value: Any, path: _Path) -> str:
    if isinstance(value, SecretSource):
        return f"{MASK} ({secrets.describe(value)})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if len(path) > 1 and path[-2] in ("env", "args") and _TELLING.search(path[-1]):
        return MASK
    return _PASSWORD.sub(rf"\1{MASK}@", str(value))


def _places(node: Node | None) -> Iterator[Place]:
    if node is None:
        return
    yield node.at
    children: Sequence[Node] = ()
    if isinstance(node, Table):
        children = tuple(node.entries.values())
    elif isinstance(node, Listing):
        children = node.items
    for child in children:
        yield from _places(child)
