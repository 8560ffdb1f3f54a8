"""Terraform's `-json` lines as they come, told to a step: what is in flight, what is done, what went wrong.

The format: developer.hashicorp.com/terraform/internals/machine-readable-ui.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cloudnorth_cli.events import Step

CHANGING = ("create", "update", "delete", "replace")
_DOING = {"create": "creating", "update": "changing", "delete": "destroying", "replace": "replacing"}
_DONE = {"create": "created", "update": "changed", "delete": "destroyed", "replace": "replaced"}


@dataclass(frozen=True)
class Diagnostic:
    """One error of Terraform."""

    summary: str
    detail: str = ""
    address: str | None = None
    where: str | None = None
    """`envs/dev.tfvars:3:1`, relative to the root module."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Decisive lines for a person."""
        head = f"{self.address}: {self.summary}" if self.address else self.summary
        return (head, *(line for line in self.detail.splitlines() if line.strip()))[:12]


@dataclass
class Stream:
    """Takes the lines of one command.

    planned: resources that it will change, where that is known before. replaced: those that Terraform tells of twice.
    """

    step: Step
    planned: Sequence[str] = ()
    replaced: Collection[str] = ()
    clock: Callable[[], float] = time.monotonic
    on_create: Callable[[str], None] = lambda address: None
    """Called with the address of whatever is begun to be made."""
    errors: list[Diagnostic] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    """Addresses that were changed."""
    how: dict[str, str] = field(default_factory=dict)
    """What was done to each of them: `created`."""
    failed: list[str] = field(default_factory=list)
    _halves: set[str] = field(default_factory=set)
    _flying: dict[str, tuple[str, float]] = field(default_factory=dict)
    _read: int = 0

    @property
    def total(self) -> int | None:
        """How many resources it will change."""
        return len(self.planned) or None

    @property
    def waiting(self) -> tuple[str, ...]:
        """Addresses that were to be changed and not begun."""
        tried = {*self.done, *self.failed, *self._halves, *self._flying}
        return tuple(address for address in self.planned if address not in tried)

    @property
    def touched(self) -> bool:
        """Whether anything was changed, or may have been."""
        return bool(self.done or self._halves or self.in_flight)

    @property
    def begun(self) -> bool:
        """Whether anything was tried."""
        return self.touched or bool(self.failed)

    @property
    def in_flight(self) -> tuple[str, ...]:
        """Addresses that were begun and not ended."""
        return tuple(self._flying)

    def __call__(self, line: str) -> None:
        """Take one line; what is not JSON (a provider that prints) is shown as it is."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            if line.strip():
                self.step.output("terraform", line)
            return
        take = getattr(self, f"_{event.get('type', '')}", None)
        if take:
            take(event)

    def _diagnostic(self, event: Mapping[str, Any]) -> None:
        found = event["diagnostic"]
        if found.get("severity") == "error":
            self.errors.append(diagnostic(found))
        self.step.output("terraform", f"{found.get('severity')}: {found.get('summary')}")

    def _log(self, event: Mapping[str, Any]) -> None:
        if "Interrupt received" in str(event.get("@message", "")):
            self.step.notice("stopping: Terraform finishes what is in flight and writes its state")

    def _refresh_complete(self, event: Mapping[str, Any]) -> None:
        self._read += 1
        self.step.waiting(f"{self._read} resources read")

    def _apply_start(self, event: Mapping[str, Any]) -> None:
        address, action = _what(event)
        if action in CHANGING:
            if action == "create":
                self.on_create(address)
            self._flying[address] = (action, self.clock())
            self._tell()

    def _apply_progress(self, event: Mapping[str, Any]) -> None:
        self._tell()

    def _apply_complete(self, event: Mapping[str, Any]) -> None:
        address, action = _what(event)
        if action in CHANGING:
            self._flying.pop(address, None)
            if address in self.replaced and address not in self._halves:
                self._halves.add(address)
            else:
                self.done.append(address)
                self.how[address] = _DONE["replace" if address in self.replaced else action]
            self._ended(address, _DONE[action], event)

    def _apply_errored(self, event: Mapping[str, Any]) -> None:
        address, action = _what(event)
        self._flying.pop(address, None)
        self.failed.append(address)
        self._ended(address, f"not {_DONE.get(action, action)}", event)

    def _provision_progress(self, event: Mapping[str, Any]) -> None:
        self.step.output("terraform", f"{_what(event)[0]}: {event['hook'].get('output', '')}")

    def _ended(self, address: str, how: str, event: Mapping[str, Any]) -> None:
        self.step.output("terraform", f"{address} {how}, {event['hook'].get('elapsed_seconds', 0):.0f} s")
        self._tell()

    def _tell(self) -> None:
        self.step.progress("resources", len(self.done), self.total, "resources")
        if not self._flying:
            self.step.waiting(f"{len(self.done)}/{self.total or '?'}")
        else:
            now = self.clock()
            parts = [
                f"{_DOING[action]} {short(one)} ({now - since:.0f} s)" for one, (action, since) in self._flying.items()
            ]
            more = f" and {len(parts) - 2} more" if len(parts) > 2 else ""
            self.step.waiting(f"{len(self.done)}/{self.total or '?'}; {', '.join(parts[:2])}{more}")


def diagnostic(found: Mapping[str, Any]) -> Diagnostic:
    """One entry of `diagnostics`, as `validate -json` and the stream have it."""
    place = found.get("range") or {}
    start = place.get("start") or {}
    where = f"{place['filename']}:{start.get('line')}:{start.get('column')}" if place.get("filename") else None
    return Diagnostic(str(found.get("summary", "")), str(found.get("detail", "")), found.get("address"), where)


def short(address: str) -> str:
    """Without the modules that lead there."""
    parts = address.split(".")
    while len(parts) > 2 and parts[0] == "module":
        parts = parts[2:]
    return ".".join(parts)


def _what(event: Mapping[str, Any]) -> tuple[str, str]:
    hook = event["hook"]
    return str(hook["resource"]["addr"]), str(hook.get("action", ""))
