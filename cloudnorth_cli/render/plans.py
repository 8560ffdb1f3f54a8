"""A plan of Terraform as people read it: what is lost first to the eye, what is merely added counted."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from cloudnorth_cli.model import Plan, ResourceChange
from cloudnorth_cli.render import lines
from cloudnorth_cli.render.screen import Screen

MARKS = {"create": "+", "update": "~", "replace": "-/+", "destroy": "-", "forget": "x"}
COLOURS = {"create": "green", "update": "yellow", "replace": "red", "destroy": "red", "forget": "yellow"}
ADDED = 12
"""Additions that are named; more are counted by module."""
NAME = 44
"""Columns of an address with something behind it."""


def plan(what: Plan, screen: Screen) -> list[str]:
    """`3 to add · 1 to change · 1 to replace · 0 to destroy`, then a line for each."""
    counts = " · ".join(
        f"{what.count(action)} to {word}"
        for action, word in (("create", "add"), ("update", "change"), ("replace", "replace"), ("destroy", "destroy"))
    )
    said = lines.headline(screen, f"{what.folder}/  {what.environment}", counts)
    if what.changes:
        said.append("")
    added = [change for change in what.changes if change.action == "create"]
    for change in added[:ADDED]:
        said += _change(change, screen)
    if len(added) > ADDED:
        said += _counted(added[ADDED:], screen)
    for change in what.changes:
        if change.action != "create":
            said += _change(change, screen)
    if what.outputs and not what.changes:
        said += lines.wrapped(screen, f"outputs change: {', '.join(what.outputs)}", "  ")
    return said


def outputs(values: Mapping[str, Any], screen: Screen) -> list[str]:
    """A line for each output."""
    width = max((len(name) for name in values), default=0)
    said = []
    for name, value in values.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        said += lines.wrapped(screen, f"{name:<{width}}  {text}")
    return said


def _change(change: ResourceChange, screen: Screen) -> list[str]:
    mark = f"{MARKS[change.action]} {change.address}"
    head = "! " if change.loses else "  "
    detail = change.detail
    if detail and not screen.narrow and len(mark) <= NAME:
        first = [f"{head}{mark:<{NAME}}  {detail}"]
    else:
        first = [f"{head}{mark}", *([f"      {detail}"] if detail else [])]
    said = [screen.paint(part, COLOURS[change.action]) for line in first for part in lines.wrapped(screen, line)]
    if change.loses:
        fate = {"replace": "DESTROYED AND MADE ANEW", "forget": "FORGOTTEN"}.get(change.action, "DESTROYED")
        said += lines.wrapped(
            screen, f"{change.loses.upper()} WOULD BE {fate}.{'' if change.allowed else ' Refused.'}", "      "
        )
        if not change.allowed:
            # Never broken: it is there to be pasted.
            said.append(screen.letters(f"      if you mean it: --allow-destroy {shlex.quote(change.address)}"))
    return said


def _counted(added: list[ResourceChange], screen: Screen) -> list[str]:
    modules = Counter(_module(change.address) for change in added)
    told = ", ".join(f"{module} {number}" for module, number in modules.most_common())
    return [screen.paint(part, "green") for part in lines.wrapped(screen, f"+ … and {len(added)} more: {told}", "  ")]


def _module(address: str) -> str:
    return ".".join(address.split(".")[:2]) if address.startswith("module.") else "the root"
