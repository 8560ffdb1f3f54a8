"""From a cloudnorth.yaml somewhere above to one environment, resolved."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from cloudnorth_cli.config import needs, rules, yaml_tree
from cloudnorth_cli.config.check import check
from cloudnorth_cli.config.findings import Finding, Place, fail
from cloudnorth_cli.config.tree import NOWHERE, Node, Scalar, Table, merge
from cloudnorth_cli.errors import UsageError
from cloudnorth_cli.settings import Environment, EnvironmentFile, Migrate, Project, Service, Verify
from cloudnorth_cli.suggestions import nearest

FILE = "cloudnorth.yaml"
KUBERNETES_ONLY = {"cluster", "namespace", "registry", "docker", "helm", "notify"}
"""Keys of `defaults` that a local environment does not take over."""

_T = TypeVar("_T", bound=msgspec.Struct)


@dataclass(frozen=True)
class Loaded:
    """A cloudnorth.yaml that is right as a whole; environments are resolved from it one at a time."""

    path: Path
    """Absolute."""
    shown: str
    """As messages name it: `cloudnorth.yaml`, `../cloudnorth.yaml`."""
    tree: Table
    """With the position of every value."""
    project: str
    environments: tuple[str, ...]

    @property
    def root(self) -> Path:
        """Where relative paths of the file start."""
        return self.path.parent


def load_project(path: Path | None, cwd: Path, environ: Mapping[str, str]) -> Loaded:
    """Read and check the whole file.

    path: what --config named; else CLOUDNORTH_CONFIG, else the cloudnorth.yaml in `cwd` or nearest above it.
    Raises UsageError that tells everything found wrong, with positions.
    """
    found, shown = _find(path, cwd, environ)
    tree = yaml_tree.read(found, shown)
    if asked := list(rules.newer_wanted(tree)):
        fail(asked, code="newer-cloudnorth-wanted")
    if findings := [*_shape(tree), *rules.findings(tree)]:
        fail(findings)
    project = tree.entries["project"]
    environments = tree.entries["environments"]
    assert isinstance(project, Scalar)
    assert isinstance(environments, Table)
    return Loaded(found.absolute(), shown, tree, project.text, tuple(environments.entries))


def environment(loaded: Loaded, name: str | None, environ: Mapping[str, str], *, files: bool = True) -> Environment:
    """One environment of the file.

    name: what --env named; else CLOUDNORTH_ENV, else the file's default_environment unless CI is set.
    files: whether the files that it names must be there; no for verbs that only ask the platform.
    Raises UsageError when there is no such environment, or it lacks something.
    """
    chosen, _ = choose(loaded, name, environ)
    table = merged(loaded.tree, chosen)
    services = _services(loaded.tree, table)
    path = ("environments", chosen)
    findings = list(needs.keys(table, services, path))
    if files:
        findings += needs.files(table, services, path, loaded.root)
    if findings:
        fail(findings)
    whole = check(loaded.tree, Project, ()).value
    return Environment(
        project=loaded.project,
        name=chosen,
        root=loaded.root,
        config_path=loaded.path,
        services={key: _convert(node, Service) for key, node in services.entries.items()},
        migrate=msgspec.convert(whole.get("migrate"), Migrate | None),
        verify=msgspec.convert(whole.get("verify", ()), tuple[Verify, ...]),
        file=_convert(table, EnvironmentFile),
        places={path: str(place) for path, place in _places(resolved_tree(loaded, chosen), ())},
    )


def choose(loaded: Loaded, name: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """The name of the environment that is meant, and who says so: `--env`, `CLOUDNORTH_ENV`, a place in the file."""
    default = loaded.tree.get("default_environment")
    if name:
        chosen, origin = name, "--env"
    elif environ.get("CLOUDNORTH_ENV"):
        chosen, origin = environ["CLOUDNORTH_ENV"], "CLOUDNORTH_ENV"
    elif isinstance(default, Scalar) and not in_ci(environ):
        chosen, origin = default.text, str(default.at)
    else:
        raise UsageError(_which(loaded, default), code="environment-wanted", where=loaded.shown)
    if chosen not in loaded.environments:
        raise UsageError(
            f"there is no environment {chosen}",
            code="environment-unknown",
            where=str(loaded.tree.keys["environments"]),
            evidence=(nearest(chosen, loaded.environments),),
        )
    return chosen, origin


def in_ci(environ: Mapping[str, str]) -> bool:
    """Whether a pipeline runs this: CI is set, and not to `false` or 0, or Jenkins says that it is there."""
    return environ.get("CI", "").lower() not in ("", "0", "false") or "JENKINS_URL" in environ


def resolved_tree(loaded: Loaded, name: str) -> Table:
    """The tree of one environment: its own keys with project, services, migrate and verify beside them."""
    table = merged(loaded.tree, name)
    entries: dict[str, Node] = dict(table.entries)
    for key in ("project", "migrate", "verify"):
        if key in loaded.tree.entries:
            entries[key] = loaded.tree.entries[key]
    return Table(table.at, {**entries, "services": _services(loaded.tree, table)}, table.keys)


def merged(tree: Table, name: str) -> Table:
    """An environment of the file with `defaults` below it, less those that say nothing to its platform."""
    defaults, own = _table(tree.get("defaults")), _table(tree.get("environments", name))
    if (_platform(own) or _platform(defaults)) == "local":
        kept = {key: node for key, node in defaults.entries.items() if key not in KUBERNETES_ONLY}
        defaults = Table(defaults.at, kept, defaults.keys)
    return merge(defaults, own)


def platform(loaded: Loaded, name: str) -> str:
    """Where an environment of the file runs, without a look at anything else of it."""
    return _platform(merged(loaded.tree, name))


def _platform(environment: Table) -> str:
    node = environment.get("platform")
    return node.text if isinstance(node, Scalar) else ""


def _services(tree: Table, environment: Table) -> Table:
    return merge(_table(tree.get("services")), _table(environment.get("services")), ("services",))


def _find(path: Path | None, cwd: Path, environ: Mapping[str, str]) -> tuple[Path, str]:
    named = path or (Path(environ["CLOUDNORTH_CONFIG"]) if environ.get("CLOUDNORTH_CONFIG") else None)
    if named:
        return cwd / named.expanduser(), str(named)
    for folder in (cwd, *cwd.parents):
        if (folder / FILE).exists():
            return folder / FILE, os.path.relpath(folder / FILE, cwd)
    others = [folder / "cloudnorth.yml" for folder in (cwd, *cwd.parents) if (folder / "cloudnorth.yml").exists()]
    hint = f"; {others[0]} is there: the name ends in .yaml" if others else ""
    raise UsageError(
        f"no {FILE} in {cwd} or above it, and no --config FILE{hint}",
        code="configuration-missing",
        next=(f"find . -name {FILE}",),
    )


def _which(loaded: Loaded, default: Node | None) -> str:
    names = ", ".join(loaded.environments)
    why = " (default_environment does not count where CI is set)" if default else ""
    return f"which environment? name one with --env: {names}{why}"


def _shape(tree: Table) -> Iterator[Finding]:
    """What `settings.py` finds wrong; what `defaults` gives is not missing in an environment."""
    whole = check(tree, Project, ())
    yield from whole.findings
    partial = ("defaults.", "environments.")
    yield from (missing for missing in whole.missing if not missing.message.startswith(partial))
    for name, node in _table(tree.get("environments")).entries.items():
        if isinstance(node, Table):
            yield from check(merged(tree, name), EnvironmentFile, ("environments", name)).missing


def _places(table: Table, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Place]]:
    for key, node in table.entries.items():
        yield (*path, key), table.keys.get(key, node.at)
        if isinstance(node, Table):
            yield from _places(node, (*path, key))


def _table(node: Node | None) -> Table:
    return node if isinstance(node, Table) else Table(NOWHERE, {}, {})


def _convert(node: Node, of: type[_T]) -> _T:
    return msgspec.convert(check(node, of, ()).value, of)
