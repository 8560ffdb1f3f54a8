"""What a release is made of, enough to start it again: no ports yet, no secret's value."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from cloudnorth_cli import templates
from cloudnorth_cli.model import Change, Image, Value


class ServicePlan(Value, frozen=True, kw_only=True):
    """One service of a release."""

    name: str
    image: Image
    folder: Path
    """Where it is started."""
    environment: Path | None
    """Its virtual environment."""
    run: str
    """Command, placeholders not filled yet."""
    env: Mapping[str, str]
    """The same for its environment."""
    health: str
    route: str
    timeout: float
    """Seconds until it has to be ready."""

    @property
    def names(self) -> frozenset[str]:
        """Services whose address it is given."""
        texts = (self.run, *self.env.values())
        found = (name for text in texts for name in templates.names(text))
        return frozenset(name.removeprefix("url.") for name in found if name.startswith("url."))


class Plan(Value, frozen=True, kw_only=True):
    """One release."""

    services: tuple[ServicePlan, ...]
    secrets: str
    """Name of the file of secrets, "" without."""

    @property
    def id(self) -> str:
        """The same for the same release; sixteen hex digits."""
        parts = sorted((each.name, self.key(each.name), each.health, each.route) for each in self.services)
        return _hash(parts)

    @property
    def images(self) -> tuple[Image, ...]:
        return tuple(each.image for each in self.services)

    def service(self, name: str) -> ServicePlan | None:
        return next((each for each in self.services if each.name == name), None)

    def key(self, name: str) -> str:
        """What a process of a service is told apart by: its own plan and those of the services it is pointed to.

        A process with the same key need not be started again.
        """
        parts = []
        for each in self.services:
            if each.name in self.reached((name,)):
                digest, prepared = each.image.digest, (str(each.folder), str(each.environment))
                parts.append((each.name, digest, prepared, each.run, sorted(each.env.items())))
        return _hash((name, self.secrets, sorted(parts)))

    def reached(self, names: Iterable[str]) -> frozenset[str]:
        """These services and all whose address they are given, directly or not."""
        found: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            service = self.service(name)
            if service and name not in found:
                found.add(name)
                todo.extend(service.names)
        return frozenset(found)

    def changes(self, before: Plan | None) -> tuple[Change, ...]:
        """This release against the one before."""
        old = {each.name: before.key(each.name) for each in before.services} if before else {}
        found = []
        for each in self.services:
            same = old.get(each.name) == self.key(each.name)
            found.append(_change(each.name, "unchanged" if same else "changed" if each.name in old else "created"))
        gone = sorted(old.keys() - {each.name for each in self.services})
        return (*found, *(_change(name, "removed") for name in gone))


def write(plan: Plan, folder: Path) -> None:
    """Keep a plan under its id."""
    new = folder / f".{plan.id}.new"
    new.write_bytes(msgspec.json.encode(plan, enc_hook=_text))
    new.replace(folder / f"{plan.id}.json")


def read(folder: Path, release_id: str) -> Plan | None:
    """The plan of a release, or None when it is not kept any more."""
    try:
        return msgspec.json.decode((folder / f"{release_id}.json").read_bytes(), type=Plan, dec_hook=_path)
    except (OSError, msgspec.DecodeError):
        return None


def _change(name: str, change: str) -> Change:
    return msgspec.convert({"workload": name, "service": name, "change": change}, Change)


def _hash(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:16]


def _text(value: object) -> str:
    return str(value)


def _path(kind: type, value: object) -> object:
    return kind(value)
