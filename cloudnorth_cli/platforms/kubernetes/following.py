"""The namespace as it is told by lists and watches: one world, written down as it comes, and how much of it is seen."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable

from cloudnorth_cli.adapters.kube_watch import Change, KindWatch
from cloudnorth_cli.errors import CloudnorthError, Refused
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.platforms.kubernetes.writing import Recorder
from cloudnorth_cli.rollout import World, recording
from cloudnorth_cli.rollout.observed import Observed, uid
from cloudnorth_cli.rollout.world import slim

ALWAYS = ("Pod", "Event", "Job", "PersistentVolumeClaim")
NEEDED = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")
"""Kinds without which nothing can be judged."""
OF_KIND = {
    "deployment": ("Deployment", "ReplicaSet"),
    "statefulset": ("StatefulSet",),
    "daemonset": ("DaemonSet", "ControllerRevision"),
    "job": (),
}


class Following:
    """Everything that a rollout of these kinds (`deployment` …) is judged by, kept up to date."""

    def __init__(self, site: Site, kinds: Iterable[str], recorder: Recorder, clock: Callable[[], float]) -> None:
        self.world = World()
        self.unseen: dict[str, str] = {}
        """Kind to why it may not be read."""
        self.requests = 0
        """Lists that were asked for."""
        wanted = dict.fromkeys([*(named for kind in sorted(set(kinds)) for named in OF_KIND[kind]), *ALWAYS])
        self._changes: queue.SimpleQueue[Change] = queue.SimpleQueue()
        self._watches = [KindWatch(site.api, kind, site.namespace, self._changes.put) for kind in wanted]
        self._recorder = recorder
        self._clock = clock
        self._lost: dict[str, CloudnorthError] = {}
        self._blind_since: float | None = None
        self._blind_for = 0.0

    def begin(self) -> None:
        """List everything, then watch from there. Raises CloudnorthError where the API server does not answer."""
        for watch in self._watches:
            try:
                self.requests += 1
                change = watch.look()
            except Refused as error:
                if error.code != "forbidden":
                    raise
                change = Change(watch.kind, "forbidden", error=error)
            self._take(change)
            if change.what == "list":
                watch.begin(change.version)

    def end(self) -> None:
        for watch in self._watches:
            watch.end()

    def __enter__(self) -> Following:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def now(self) -> float:
        """The observer's clock, which stands while nothing is seen: patience is only for what was looked at."""
        return (self._blind_since if self._blind_since is not None else self._clock()) - self._blind_for

    @property
    def lost_since(self) -> float:
        """When it was last seen, on the clock; now, while it is."""
        return self._clock() if self._blind_since is None else self._blind_since

    @property
    def lost(self) -> CloudnorthError | None:
        """Why nothing is seen just now; None while everything that is needed is."""
        return next(iter(self._lost.values()), None)

    def observed(self) -> Observed:
        return self.world.observed(self.now)

    def news(self, seconds: float) -> bool:
        """Wait so long for news, and take all that there is. False when there was none."""
        any_news = False
        until = time.monotonic() + seconds
        while True:
            try:
                change = self._changes.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return any_news
            any_news = self._take(change) or any_news
            if any_news and self._changes.empty():
                return True

    def look_again(self) -> bool:
        """List everything anew, as a safety net and before anything is decided. False when that is not possible now."""
        for watch in self._watches:
            if watch.kind in self.unseen:
                continue
            try:
                self.requests += 1
                self._take(watch.look())
            except CloudnorthError as error:
                if watch.kind in NEEDED:
                    self._take(Change(watch.kind, "lost", error=error))
                    return False
        return True

    def _take(self, change: Change) -> bool:
        """Take one change; False when it is no news."""
        if change.what == "forbidden":
            self.unseen[change.kind] = str(change.error)
            return True
        if change.what == "lost":
            return self._not_seen(change)
        self._seen(change.kind)
        line = self._put(change)
        if line:
            self._recorder.write(line)
        return change.what == "back" or line is not None

    def _put(self, change: Change) -> recording.Line | None:
        """Put it into the world; returns the line of the recording where it was news."""
        things = tuple(map(slim, change.things))
        match change.what:
            case "list" if self.world.replace(change.kind, things, change.version):
                return recording.listed(self.now, change.kind, things, change.version)
            case "put" if self.world.put(things[0]):
                return recording.put(self.now, things[0])
            case "gone" if self.world.remove(change.kind, uid(things[0])):
                return recording.gone(self.now, change.kind, uid(things[0]))
        return None

    def _not_seen(self, change: Change) -> bool:
        if change.kind not in NEEDED or change.error is None:
            return False
        if self._blind_since is None:
            self._blind_since = self._clock()
        self._lost[change.kind] = change.error
        return True

    def _seen(self, kind: str) -> None:
        self._lost.pop(kind, None)
        if not self._lost and self._blind_since is not None:
            self._blind_for += self._clock() - self._blind_since
            self._blind_since = None
