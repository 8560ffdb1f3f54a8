"""Records as ConfigMaps, one a revision, beside Helm's own Secrets: read-only rights are enough to read them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cloudnorth_cli.adapters import kube_attempts
from cloudnorth_cli.adapters.kube import Api, Conflict, Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Attempt, Record, Release

KEPT = 50
"""As many as Helm keeps revisions."""
BEGINNINGS = ("release", "rollback")
"""Steps with which the story of a revision begins."""
_PREFIX = "cloudnorth.io"
_FILE = "record.json"


class RecordStore:
    """The records of one Helm release."""

    def __init__(self, api: Api, namespace: str, release: str) -> None:
        self._api = api
        self._namespace = namespace
        self._release = release

    def all(self) -> tuple[Record, ...]:
        """Newest revision first. What cannot be read (written by a newer tool, or by hand) is left out."""
        return _newest_first(_record(thing) for thing in self._list())

    def every(self) -> tuple[Record, ...]:
        """As `all`, for whoever must not overlook one. Raises Refused naming a record that cannot be read."""
        things = self._list()
        for thing in things:
            if _record(thing) is None:
                raise Refused(
                    "it is no record that this cloudnorth can read: a newer one wrote it, or somebody by hand",
                    code="record-unreadable",
                    where=f"configmap {self._namespace}/{thing['metadata']['name']}",
                )
        return _newest_first(map(_record, things))

    def keep(self, record: Record, secret: str) -> None:
        """Write or overwrite the record of a revision; `secret` names the Secret that it refers to."""
        name = f"cloudnorth.{self._release}.v{record.release.revision}"
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "namespace": self._namespace,
                "labels": {"app.kubernetes.io/managed-by": "cloudnorth", f"{_PREFIX}/release": self._release},
                "annotations": {f"{_PREFIX}/secret": secret},
            },
            "data": {_FILE: msgspec.json.encode(record).decode()},
        }
        try:
            self._api.create(path("ConfigMap", self._namespace), body)
        except Conflict:
            if record.outcome == "unverified" and record.step in BEGINNINGS:
                self._set_aside(name, record)
            self._api.replace(path("ConfigMap", self._namespace, name), body)

    def _set_aside(self, name: str, record: Record) -> None:
        """Of another run that Helm made no revision of, so that its number is given again: it goes on as an attempt."""
        thing = self._api.find(path("ConfigMap", self._namespace, name))
        old = _record(thing) if thing else None
        if old and old.actor.run != record.actor.run:
            kube_attempts.keep(self._api, self._namespace, self._release, _attempt(old))

    def forget(self, revision: int) -> None:
        """Delete the record of a revision that never came to be."""
        self._api.delete(path("ConfigMap", self._namespace, f"cloudnorth.{self._release}.v{revision}"))

    def secret_of(self, release: Release) -> str:
        """Name of the Secret that a release refers to; "" where it has none or no record.

        A rollback's revisions refer to the same as the revision that first installed it.
        """
        things = [(found, thing) for thing in self._list() if (found := _record(thing))]
        same = [(found, thing) for found, thing in things if found.release.id == release.id and release.id]
        this = [thing for found, thing in things if found.release == release]
        return next((name for thing in (*this, *(t for _, t in same)) if (name := _secret(thing))), "")

    def prune(self) -> frozenset[str]:
        """Delete old records, the newest verified one never; returns the Secrets that the kept ones refer to."""
        things = sorted(self._list(), key=_revision, reverse=True)
        verified = next((thing for thing in things if (found := _record(thing)) and found.verified_at), None)
        kept = [thing for thing in things[:KEPT] if thing is not verified] + ([verified] if verified else [])
        for thing in things[KEPT:]:
            if thing is not verified:
                self._api.delete(path("ConfigMap", self._namespace, thing["metadata"]["name"]))
        return frozenset(map(_secret, kept)) - {""}

    def _list(self) -> list[Json]:
        return self._api.items(path("ConfigMap", self._namespace), labelSelector=f"{_PREFIX}/release={self._release}")


def _newest_first(found: Iterable[Record | None]) -> tuple[Record, ...]:
    return tuple(sorted(filter(None, found), key=lambda record: record.release.revision, reverse=True))


def _record(thing: Json) -> Record | None:
    try:
        return msgspec.json.decode(thing["data"][_FILE], type=Record)
    except (KeyError, TypeError, msgspec.MsgspecError):
        return None


def _attempt(record: Record) -> Attempt:
    return Attempt(
        step=record.step,
        outcome="failed" if record.outcome == "failed" else "interrupted",
        images=record.images,
        actor=record.actor,
        source=record.source,
        started_at=record.started_at,
        finished_at=record.finished_at or record.started_at,
        cause=record.cause,
        lines=record.lines[-kube_attempts.LINES :],
        left="nothing of it was made",
    )


def _secret(thing: Json) -> str:
    return str((thing["metadata"].get("annotations") or {}).get(f"{_PREFIX}/secret", ""))


def _revision(thing: Json) -> int:
    number = str(thing["metadata"]["name"]).rpartition(".v")[2]
    return int(number) if number.isdigit() else 0
