"""Where `{terraform.NAME}` may stand in cloudnorth.yaml, and what an environment needs then."""

from __future__ import annotations

from collections.abc import Iterator

from cloudnorth_cli import templates
from cloudnorth_cli.config.findings import Finding, Place, path_text
from cloudnorth_cli.config.tree import Listing, Node, Scalar, Table, nothing

PREFIX = "terraform."
FREE = {"command", "notes", "description"}
"""Keys of texts that are whatever they are: a program's own, or for people."""

_Path = tuple[str, ...]


def astray(tree: Table) -> Iterator[Finding]:
    """Placeholders of Terraform where they are not filled in: whatever `status` or a rollback may need, and those never
    ask Terraform (they have to work when nothing else does)."""
    for path, node in _texts(tree, ()):
        if path[-1] not in FREE and not _filled_in(path):
            for name in _named(node):
                yield Finding(
                    node.at,
                    f"{path_text(path)}: {{{name}}} is not filled in here",
                    "it is in chart, env, run and the names of secrets; what status and rollback need is written out",
                )


def needs(environment: Table, services: Table, path: _Path) -> Iterator[Finding]:
    """That an environment which is told of Terraform's outputs says where Terraform is. `path` names it."""
    if nothing(environment.get("terraform")) and (place := _first(environment, services)):
        at, what = place
        yield Finding(
            at, f"{path_text((*path, 'terraform'))} is missing", f"{what} needs it, such as: {{dir: terraform}}"
        )


def _first(environment: Table, services: Table) -> tuple[Place, str] | None:
    platform = environment.get("platform")
    local = isinstance(platform, Scalar) and platform.text == "local"
    others = {"chart", "build"} if local else {"env", "run"}
    for path, node in (*_texts(services, ("services",)), *_texts(environment, ())):
        if path[0] == "services" and others.intersection(path[2:3]):
            continue  # the other platform's
        if _filled_in(path) and (names := _named(node)):
            return node.at, f"{{{names[0]}}}"
        if path[-1] == "terraform" and _is_source(path[:-1]):
            return node.at, path_text(path)
    return None


def _filled_in(path: _Path) -> bool:
    if "services" in path:
        below = path[path.index("services") + 2 :]
        if below[:1] in (("chart",), ("env",), ("run",)):
            return True
    return path[-1] in ("secretsmanager", "ssm") and _is_source(path[:-1])


def _is_source(path: _Path) -> bool:
    return path[-2:-1] == ("secrets",) or path[-2:] == ("registry", "password")


def _named(node: Scalar) -> list[str]:
    return [name for name in templates.names(node.text) if name.startswith(PREFIX)]


def _texts(node: Node, path: _Path) -> Iterator[tuple[_Path, Scalar]]:
    if isinstance(node, Scalar):
        if path:
            yield path, node
    elif isinstance(node, Listing):
        for index, item in enumerate(node.items):
            yield from _texts(item, (*path, f"[{index}]"))
    else:
        for key, child in node.entries.items():
            yield from _texts(child, (*path, key))
