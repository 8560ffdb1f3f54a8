"""The nodes of a YAML file, each with its place, and how two trees are merged."""

from __future__ import annotations

from dataclasses import dataclass

from cloudnorth_cli.config.findings import Place


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it was written."""

    at: Place
    text: str
    plain: bool
    """Written without quotes: a number, a truth value, nothing or a text."""
    size: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; keys are texts."""

    at: Place
    entries: dict[str, Node]
    keys: dict[str, Place]
    size: int = 1

    def get(self, *path: str) -> Node | None:
        """What stands at a path below, or None."""
        node: Node | None = self
        for key in path:
            node = node.entries.get(key) if isinstance(node, Table) else None
        return node


@dataclass(frozen=True, slots=True)
class Listing:
    """A sequence."""

    at: Place
    items: tuple[Node, ...]
    size: int = 1


Node = Scalar | Table | Listing
NOWHERE = Place("", 0, 0)


def nothing(node: Node | None) -> bool:
    """Whether a key is not there, or there without a value (null)."""
    return node is None or (isinstance(node, Scalar) and node.plain and node.text in ("", "~", "null", "Null", "NULL"))


def merge(under: Table, over: Table, path: tuple[str, ...] = ()) -> Table:
    """Mappings key by key; of everything else, `over`'s, and of secrets' sources. Values keep their positions.

    path: where the tables stand.
    """
    entries: dict[str, Node] = dict(under.entries)
    for key, node in over.entries.items():
        below, here = entries.get(key), (*path, key)
        if isinstance(below, Table) and isinstance(node, Table) and not _is_source(here):
            entries[key] = merge(below, node, here)
        else:
            entries[key] = node
    return Table(over.at, entries, under.keys | over.keys)


def _is_source(path: tuple[str, ...]) -> bool:
    """Whether a secret's source stands there, one thing although it is written as a mapping: two merged would be
    neither's."""
    return path == ("registry", "password") or (path[-2:-1] == ("secrets",) and path[-3:-2] in ((), ("build",)))
