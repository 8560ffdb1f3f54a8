"""What must hold between the keys of cloudnorth.yaml, beyond each one's own type."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date

from cloudnorth_cli import __version__, templates
from cloudnorth_cli.config import needs, outputs
from cloudnorth_cli.config.findings import Finding, path_text
from cloudnorth_cli.config.tree import Listing, Node, Scalar, Table, nothing
from cloudnorth_cli.suggestions import nearest

RELEASED = ("image", "repository", "registry", "name", "tag", "digest", "release", "commit", "secret")
"""Placeholders of `chart` and `verify`: all that is known of a service that is being released."""
BUILDING = ("image",)
"""Placeholders of `build.command`: there is no digest before the image is made."""
RUNNING = ("port", "data", "release", "digest", "commit")
"""Placeholders of `run` and `env` on the local platform, `url.SERVICE` apart."""

_Path = tuple[str, ...]
_COMPARISON = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)*)\s*$")


def newer_wanted(tree: Table) -> Iterator[Finding]:
    """Whether the file asks for another cloudnorth than this one; looked at before any key is judged."""
    node = tree.get("requires")
    if not isinstance(node, Scalar):
        return
    wanted = [_COMPARISON.match(part) for part in node.text.split(",")]
    if not all(wanted):
        yield Finding(node.at, f'requires wants a version such as ">=0.1", found "{node.text}"')
    elif not all(_holds(__version__, match[1], match[2]) for match in wanted if match):
        hint = f"to install it: pip install 'cloudnorth{node.text.replace(' ', '')}'"
        yield Finding(node.at, f"the file wants cloudnorth {node.text}, this is {__version__}", hint)


def _holds(ours: str, comparison: str, wanted: str) -> bool:
    left, right = _numbers(ours), _numbers(wanted)
    width = max(len(left), len(right))
    left, right = left + (0,) * (width - len(left)), right + (0,) * (width - len(right))
    outcomes = {">=": left >= right, "<=": left <= right, "==": left == right, "!=": left != right}
    return {**outcomes, ">": left > right, "<": left < right}[comparison]


def _numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def findings(tree: Table) -> Iterator[Finding]:
    """What is wrong between the keys of the whole file."""
    services = _keys(tree.get("services"))
    if isinstance(table := tree.get("services"), Table) and not services:
        yield Finding(table.at, "services wants at least one service")
    if isinstance(table := tree.get("environments"), Table) and not table.entries:
        yield Finding(table.at, "environments wants at least one environment")
    yield from _known(tree, ("migrate", "service"), services, "service")
    yield from _known(tree, ("default_environment",), _keys(tree.get("environments")), "environment")
    for key in ("run", "check"):
        yield from _templates(tree.get("migrate", key), ("migrate", key), _running(services))
    for path, check in _each(tree.get("verify"), ("verify",)):
        if isinstance(check, Table):
            yield from _known(check, ("service",), services, "service", path)
            yield from _templates(check.get("expect"), (*path, "expect"), RELEASED)
    for name, service in _tables(tree.get("services")):
        yield from _service(service, ("services", name), services)
    yield from outputs.astray(tree)
    yield from _environment(tree.get("defaults"), ("defaults",), services)
    for name, environment in _tables(tree.get("environments")):
        yield from _environment(environment, ("environments", name), services)


def _environment(table: Node | None, path: _Path, services: Collection[str]) -> Iterator[Finding]:
    if not isinstance(table, Table):
        return
    for name, source in _tables(table.get("secrets")):
        yield from _source(source, (*path, "secrets", name))
    if isinstance(password := table.get("registry", "password"), Table):
        yield from _source(password, (*path, "registry", "password"))
    yield from _amazon(table, path)
    yield from _days(table.get("registry", "ecr", "scan", "ignore"), (*path, "registry", "ecr", "scan", "ignore"))
    changed = table.get("services")
    for name, service in _tables(changed):
        here = (*path, "services", name)
        if name not in services and isinstance(changed, Table):
            yield Finding(changed.keys[name], f"{path_text(here)} is not a service", nearest(name, services))
        yield from _service(service, here, services)


def _amazon(table: Table, path: _Path) -> Iterator[Finding]:
    """Keys of a registry and of a cluster that say two things at once; `needs.keys` asks for what lacks."""
    for key, own, others in (
        ("registry", "ecr", ("host", "insecure", "username", "password")),
        ("cluster", "eks", ("context", "kubeconfig")),
    ):
        inner = table.get(key)
        if isinstance(inner, Table) and not nothing(inner.get(own)):
            for other in (other for other in others if not nothing(inner.get(other))):
                yield Finding(inner.keys[other], f"{path_text((*path, key))} has both {own} and {other}", "keep one")


def _days(ignore: Node | None, path: _Path) -> Iterator[Finding]:
    """That each `until` is a day of the calendar."""
    for here, entry in _each(ignore, path):
        until = entry.get("until") if isinstance(entry, Table) else None
        if isinstance(until, Scalar):
            try:
                date.fromisoformat(until.text)
            except ValueError:
                yield Finding(until.at, f"{path_text((*here, 'until'))}: {until.text} is no day of the calendar")


def _service(service: Table, path: _Path, services: Collection[str]) -> Iterator[Finding]:
    yield from needs.one_origin(service, path)
    running = _running(services)
    yield from _templates(service.get("run"), (*path, "run"), running)
    yield from _templates(service.get("env"), (*path, "env"), running)
    yield from _templates(service.get("chart"), (*path, "chart"), RELEASED)
    yield from _templates(service.get("build", "command"), (*path, "build", "command"), BUILDING)
    for name, source in _tables(service.get("build", "secrets")):
        yield from _source(source, (*path, "build", "secrets", name))


def _running(services: Collection[str]) -> tuple[str, ...]:
    return (*RUNNING, *(f"url.{name}" for name in services))


def _source(source: Table, path: _Path) -> Iterator[Finding]:
    said = [key for key, node in source.entries.items() if not nothing(node)]
    origins = [key for key in said if key != "key"]
    if len(origins) != 1:
        found = " and ".join(origins) or "none"
        wanted = "env, file, command, secretsmanager, ssm and terraform"
        yield Finding(source.at, f"{path_text(path)} wants exactly one of {wanted}, found {found}")
    elif "key" in said and origins != ["secretsmanager"]:
        yield Finding(source.keys["key"], f"{path_text((*path, 'key'))} goes with secretsmanager only")


def _templates(node: Node | None, path: _Path, known: Collection[str]) -> Iterator[Finding]:
    """Placeholders that stand for nothing, in a text or in the values of a mapping."""
    if isinstance(node, Scalar):
        for name in templates.names(node.text):
            if name not in known and not name.startswith(outputs.PREFIX):
                message, hint = templates.unknown(name, known)
                yield Finding(node.at, f"{path_text(path)}: {message}", hint)
    elif isinstance(node, Table):
        for key, value in node.entries.items():
            yield from _templates(value, (*path, key), known)


def _known(tree: Table, path: _Path, names: Collection[str], what: str, base: _Path = ()) -> Iterator[Finding]:
    node = tree.get(*path)
    if isinstance(node, Scalar) and not nothing(node) and node.text not in names:
        message = f"{path_text((*base, *path))}: there is no {what} {node.text}"
        yield Finding(node.at, message, nearest(node.text, names))


def _keys(node: Node | None) -> tuple[str, ...]:
    return tuple(node.entries) if isinstance(node, Table) else ()


def _tables(node: Node | None) -> Iterator[tuple[str, Table]]:
    if isinstance(node, Table):
        for key, value in node.entries.items():
            if isinstance(value, Table):
                yield key, value


def _each(node: Node | None, path: _Path) -> Iterator[tuple[_Path, Node]]:
    if isinstance(node, Listing):
        for index, item in enumerate(node.items):
            yield (*path, f"[{index}]"), item
