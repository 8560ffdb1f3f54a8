"""What one environment needs to be there: keys that its platform asks for, and the files that it names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cloudnorth_cli.config import outputs
from cloudnorth_cli.config.findings import Finding, path_text
from cloudnorth_cli.config.tree import Listing, Node, Scalar, Table, nothing
from cloudnorth_cli.settings import Build, Terraform

_Path = tuple[str, ...]


def keys(environment: Table, services: Table, path: _Path) -> Iterator[Finding]:
    """What an environment cannot do without. `path` names the environment."""
    for name, service in _tables(services):
        yield from one_origin(service, ("services", name))
    yield from outputs.needs(environment, services, path)
    yield from _topic(environment, path)
    platform = environment.get("platform")
    if not isinstance(platform, Scalar) or platform.text != "kubernetes":
        return
    if nothing(environment.get("helm")):
        yield Finding(environment.at, f"{path_text((*path, 'helm'))} is missing", "such as: helm: {chart: chart}")
    built = [name for name, service in _tables(services) if not nothing(service.get("build"))]
    if built and nothing(environment.get("registry")):
        hint = f"{', '.join(built)} is built, so it needs one, such as: registry: {{host: registry.example}}"
        yield Finding(environment.at, f"{path_text((*path, 'registry'))} is missing", hint)
    yield from _registry(environment, path)
    for name, service in _tables(services):
        if nothing(service.get("build")) and nothing(service.get("image")):
            hint = f"environment {path[-1]} runs images"
            yield Finding(services.keys[name], f"services.{name} has neither build nor image", hint)


def _registry(environment: Table, path: _Path) -> Iterator[Finding]:
    registry = environment.get("registry")
    if isinstance(registry, Table) and nothing(registry.get("host")) and nothing(registry.get("ecr")):
        yield Finding(registry.at, f"{path_text((*path, 'registry'))} has neither host nor ecr", "such as: {ecr: {}}")
    if isinstance(registry, Table) and not nothing(registry.get("ecr")):
        for key in ("account", "region"):
            if nothing(environment.get("aws", key)):
                yield Finding(registry.at, f"{path_text((*path, 'aws', key))} is missing", "registry.ecr needs it")


def _topic(environment: Table, path: _Path) -> Iterator[Finding]:
    topic = environment.get("notify", "sns")
    if isinstance(topic, Scalar) and not topic.text.startswith("arn:"):
        for key in ("account", "region"):
            if nothing(environment.get("aws", key)):
                yield Finding(
                    topic.at,
                    f"{path_text((*path, 'aws', key))} is missing",
                    "a topic's name needs it; its ARN does not",
                )


def one_origin(service: Table, path: _Path) -> Iterator[Finding]:
    """That a service's image is made here or named, not both."""
    if not nothing(service.get("build")) and not nothing(service.get("image")):
        yield Finding(service.keys["image"], f"{path_text(path)} has both build and image", "keep one of them")


def files(environment: Table, services: Table, path: _Path, root: Path) -> Iterator[Finding]:
    """Files and folders that the environment names and that are not there."""
    platform = environment.get("platform")
    local = isinstance(platform, Scalar) and platform.text == "local"
    for name, service in _tables(services):
        here = ("services", name)
        build = service.get("build")
        if isinstance(build, Table) and (local or build.get("command") is None):
            yield from _missing(build.get("context"), (*here, "build", "context"), root, folder=True)
            if not local:
                dockerfile = build.get("dockerfile") or Scalar(build.at, Build().dockerfile, plain=False)
                yield from _missing(dockerfile, (*here, "build", "dockerfile"), root)
        if local:
            yield from _missing(service.get("prepare", "requirements"), (*here, "prepare", "requirements"), root)
    if not local:
        values = environment.get("helm", "values")
        for index, item in enumerate(values.items if isinstance(values, Listing) else ()):
            yield from _missing(item, (*path, "helm", "values", f"[{index}]"), root)
        yield from _chart(environment.get("helm", "chart"), (*path, "helm", "chart"), root)
    yield from _terraform(environment.get("terraform"), (*path, "terraform"), root)


def _chart(node: Node | None, path: _Path, root: Path) -> Iterator[Finding]:
    # `repo/name` looks like a folder; only ./x, ../x, /x and a single word can be nothing else (helm's own reading).
    if not isinstance(node, Scalar) or "://" in node.text or (root / node.text).exists():
        return
    if "/" not in node.text or node.text.startswith((".", "/")):
        yield Finding(node.at, f"{path_text(path)}: there is no chart {node.text} beside the file")


def _terraform(table: Node | None, path: _Path, root: Path) -> Iterator[Finding]:
    if not isinstance(table, Table):
        return
    folder = table.get("dir") or Scalar(table.at, Terraform().dir, plain=False)
    yield from _missing(folder, (*path, "dir"), root, folder=True)
    if isinstance(folder, Scalar):
        files = table.get("vars")
        for index, item in enumerate(files.items if isinstance(files, Listing) else ()):
            yield from _missing(item, (*path, "vars", f"[{index}]"), root / folder.text)
        yield from _missing(table.get("backend"), (*path, "backend"), root / folder.text)


def _missing(node: Node | None, path: _Path, root: Path, *, folder: bool = False) -> Iterator[Finding]:
    if not isinstance(node, Scalar):
        return
    target = root / node.text
    if folder and not target.is_dir():
        yield Finding(node.at, f"{path_text(path)}: there is no folder {node.text}", f"looked for {target}")
    if not folder and not target.is_file():
        yield Finding(node.at, f"{path_text(path)}: there is no file {node.text}", f"looked for {target}")


def _tables(services: Table) -> Iterator[tuple[str, Table]]:
    for name, service in services.entries.items():
        if isinstance(service, Table):
            yield name, service
