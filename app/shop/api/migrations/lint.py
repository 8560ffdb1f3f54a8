"""What a revision does to code that does not know it, read off its source: it cannot do other than it says.

A rolling release runs two versions on one schema, and a rollback runs the old one again. So a release's revisions
either only add, or they take away what neither its own code nor the version before it uses any more.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import MetaData

ADDING = {"create_table", "create_index", "create_search", "add_column", "get_bind", "insert_first", "exact"}
"""Operations that code which does not know them never notices."""

TAKING = {"drop_column": "column", "drop_table": "table"}
"""Operations that take something away by name."""


@dataclass(frozen=True)
class Step:
    """One call of `op` or `once` in a revision: its name and the source of its arguments."""

    name: str
    node: ast.Call

    def word(self, place: int) -> str:
        """The text that stands literally at a place of the call; empty when something else does."""
        if place < len(self.node.args) and isinstance(self.node.args[place], ast.Constant):
            return str(self.node.args[place].value)  # type: ignore[attr-defined]
        return ""


@dataclass(frozen=True)
class Brought:
    """A revision and the version of the shop that brings it."""

    revision: str
    version: int
    upgrade: Callable[[], None]


def steps(function: Callable[..., Any]) -> Iterator[Step]:
    """What a revision's function calls, in the order of its source; functions of its own file are looked into."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            if node.func.value.id in ("op", "once"):
                yield Step(node.func.attr, node)
        elif isinstance(node.func, ast.Name):
            own = function.__globals__.get(node.func.id)
            if inspect.isfunction(own) and own.__module__ == function.__module__:
                yield from steps(own)


def only_adds(upgrade: Callable[[], None]) -> bool:
    """Whether a revision's function does nothing that code which does not know it would notice."""
    return all(step.name in ADDING and not _surprises(step) for step in steps(upgrade))


def findings(brought: list[Brought], metadata: MetaData) -> list[str]:
    """What is wrong with these revisions, a sentence each; empty when nothing is."""
    wrong = []
    for one in brought:
        for step in steps(one.upgrade):
            wrong += [f"{one.revision}: {text}" for text in _step(step, one.version, metadata)]
        if not only_adds(one.upgrade) and f"{one.version - 1}" not in _required(one.upgrade):
            wrong.append(f"{one.revision}: takes away without once.require_version({one.version - 1})")
    adds: Mapping[bool, set[int]] = {
        kind: {one.version for one in brought if only_adds(one.upgrade) is kind} for kind in (True, False)
    }
    for version in sorted(adds[True] & adds[False]):
        wrong.append(f"version {version} both adds and takes away: that is two releases")
    return wrong


def _step(step: Step, version: int, metadata: MetaData) -> Iterator[str]:
    if step.name in TAKING:
        names = [step.word(0), step.word(1)] if step.name == "drop_column" else [step.word(0)]
        if not all(names):
            yield f"{step.name}: name what is taken away literally, so that it can be checked"
            return
        what = ".".join(names)
        last = _last_use(metadata, step)
        if last >= version - 1:
            who = f"version {last} uses" if last < version else f"version {version} itself uses"
            yield f"takes {TAKING[step.name]} {what} away, which {who} and which serves while it runs"
    elif step.name not in ADDING | {"require_version"}:
        yield f"{step.name} can change what old code needs; only adding and taking away can be checked"
    elif told := _surprises(step):
        yield told


def _last_use(metadata: MetaData, step: Step) -> int:
    """The newest version of the shop that uses what a step takes away; 0 when none does."""
    table = metadata.tables.get(step.word(0))
    if table is None:
        return 0
    if step.name == "drop_table":
        return 99
    column = table.columns.get(step.word(1))
    return 0 if column is None else int(column.info.get("versions", (1, 99))[1])


def _surprises(step: Step) -> str:
    """How an operation that adds breaks code that does not know it; empty when it does not."""
    words = {word.arg: word.value for word in step.node.keywords}
    if step.name == "create_index" and "unique" in words:
        return "a unique index refuses what old code writes"
    if step.name != "add_column":
        return ""
    column = next((node for node in step.node.args if isinstance(node, ast.Call)), None)
    said = {word.arg: word.value for word in column.keywords} if column else {}
    nullable = isinstance(said.get("nullable"), ast.Constant) and said["nullable"].value is True  # type: ignore[attr-defined]
    if nullable or "server_default" in said:
        return ""
    return f"column {step.word(0)} gets one that is neither nullable nor has a server_default: old code writes none"


def _required(upgrade: Callable[[], None]) -> list[str]:
    return [step.word(0) for step in steps(upgrade) if step.name == "require_version"]
