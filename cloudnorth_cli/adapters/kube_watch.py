"""One kind of one namespace, listed and then watched: every change is told as it comes, from a thread of its own.

What the API promises: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from cloudnorth_cli.adapters.kube import Api, Expired, Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import CloudnorthError, Refused

SERVER_ENDS = 25
"""Seconds after which the server ends a watch, which goes on where it was; so long may a thread outlive its use."""
SILENCE = 35.0
"""Seconds without a byte after which the connection is taken for dead; the server would have ended it."""
PAUSES = (0.2, 0.5, 1.0, 2.0)
"""Seconds between tries while the API server is away."""


@dataclass(frozen=True)
class Change:
    """What a watch tells."""

    kind: str
    what: Literal["list", "put", "gone", "lost", "back", "forbidden"]
    things: tuple[Json, ...] = ()
    """Of `list` and `put`; of `gone` the object as it last was."""
    version: str = ""
    """resourceVersion of a list."""
    error: CloudnorthError | None = None
    """Of `lost` (the API server does not answer, or not us) and `forbidden` (the kind may not be read)."""


Tell = Callable[[Change], None]


@dataclass
class KindWatch:
    """Lists once, then watches; resumes where it was, lists anew where the server has forgotten that."""

    api: Api
    kind: str
    namespace: str
    tell: Tell
    _ended: threading.Event = field(default_factory=threading.Event)
    _version: str | None = None

    def look(self) -> Change:
        """List now, in the caller's thread. Raises CloudnorthError."""
        found = self.api.get(path(self.kind, self.namespace))
        version = str(found.get("metadata", {}).get("resourceVersion", ""))
        things = tuple({"kind": self.kind} | item for item in found.get("items") or ())
        return Change(self.kind, "list", things, version)

    def begin(self, version: str) -> None:
        """Watch from a list's version on."""
        self._version = version
        threading.Thread(target=self._run, name=f"watch {self.kind}", daemon=True).start()

    def end(self) -> None:
        self._ended.set()

    def _run(self) -> None:
        failed = 0
        while not self._ended.is_set():
            try:
                if self._version is None:
                    change = self.look()
                    self._version = change.version
                    self._tell(change)
                self._watch(self._version, lost=failed > 0)
                failed = 0
            except Expired:
                self._version = None
            except Refused as error:
                if error.code == "forbidden":
                    self._tell(Change(self.kind, "forbidden", error=error))
                    return
                failed = self._lost(error, failed)
            except CloudnorthError as error:
                failed = self._lost(error, failed)

    def _lost(self, error: CloudnorthError, failed: int) -> int:
        # A connection that only broke is made anew at once; that the server is away is known when that fails too.
        if failed:
            self._tell(Change(self.kind, "lost", error=error))
        self._ended.wait(PAUSES[min(failed, len(PAUSES) - 1)])
        return failed + 1

    def _watch(self, version: str, *, lost: bool) -> None:
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": SERVER_ENDS,
        }
        with self.api.stream(path(self.kind, self.namespace), read_timeout=SILENCE, **query) as pieces:
            if lost:
                self._tell(Change(self.kind, "back"))
            for event in _events(pieces):
                if self._ended.is_set():
                    return
                thing = event.get("object") or {}
                if event.get("type") == "ERROR":
                    # Forgotten history (410), or anything else that only a new list helps against.
                    self._version = None
                    self._ended.wait(PAUSES[0])
                    return
                self._version = str(thing.get("metadata", {}).get("resourceVersion") or self._version)
                self._event(str(event.get("type")), thing)

    def _event(self, kind: str, thing: Json) -> None:
        thing = {"kind": self.kind} | thing
        if kind in {"ADDED", "MODIFIED"}:
            self._tell(Change(self.kind, "put", (thing,)))
        elif kind == "DELETED":
            self._tell(Change(self.kind, "gone", (thing,)))

    def _tell(self, change: Change) -> None:
        if not self._ended.is_set():
            self.tell(change)


def _events(pieces: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.strip():
                yield msgspec.json.decode(line)
