"""Logs of all pods of the services: in time order, or followed over pods that come and go."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from cloudnorth_cli.adapters.kube import Json, NotFound, Unreachable
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import CloudnorthError
from cloudnorth_cli.model import LogLine, LogQuery
from cloudnorth_cli.platforms.kubernetes import records
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.preparing import services_of
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout import Observed
from cloudnorth_cli.rollout.observed import dig, key, name, uid
from cloudnorth_cli.rollout.revision import all_pods

LOOK_AGAIN = 1.0
"""Seconds between two looks for new pods while following."""
_MOST_WAITING = 10_000
"""Lines that wait for a slow reader before pods' streams are held back."""


@dataclass(frozen=True)
class Source:
    """One container of one pod, in one of its lives."""

    service: str
    pod: str
    container: str
    life: str
    """Changes when the container is started again."""
    several: bool
    """The pod has more containers, so the container's name is shown too."""

    @property
    def shown(self) -> str:
        return f"{self.pod}/{self.container}" if self.several else self.pod


def lines(site: Site, query: LogQuery) -> Iterator[LogLine]:
    """Lines by time; with `follow` endless, as they come."""
    if query.follow:
        return _followed(site, query)
    with ThreadPoolExecutor(8) as pool:
        read = pool.map(lambda source: _all(site, source, query), sources(site, query))
        found = [line for part in read for line in part]
    return iter(sorted(found, key=lambda line: line.at or datetime.min.replace(tzinfo=UTC)))


def sources(site: Site, query: LogQuery) -> list[Source]:
    """What there is to read now."""
    workloads = records.workloads(site)
    services = services_of(site, {key(thing): Document("", "", thing) for thing in workloads})
    observed = Observed(
        at=0.0,
        workloads=workloads,
        replica_sets=tuple(site.api.items(path("ReplicaSet", site.namespace))),
        pods=tuple(site.api.items(path("Pod", site.namespace))),
    )
    found = []
    for thing in workloads:
        service = services[key(thing)] or name(thing)
        if not query.services or service in query.services:
            for pod in all_pods(thing, observed):
                found += _containers(dict(pod), service, query)
    return found


def _containers(pod: Json, service: str, query: LogQuery) -> list[Source]:
    statuses = {
        status["name"]: status
        for kind in ("initContainerStatuses", "containerStatuses")
        for status in dig(pod, "status", kind, default=[])
    }
    several = len(dig(pod, "spec", "containers", default=[])) > 1
    found = []
    for container, status in statuses.items():
        previous = dig(status, "lastState", "terminated") is not None
        begun = dig(status, "state", "running") or dig(status, "state", "terminated") or previous
        if (query.previous and not previous) or not begun:
            continue
        life = f"{uid(pod)}/{container}/{status.get('restartCount', 0)}"
        found.append(Source(service, name(pod), container, life, several))
    return found


def _parameters(source: Source, query: LogQuery) -> Json:
    asked: Json = {"container": source.container, "timestamps": "true"}
    if query.previous:
        asked["previous"] = "true"
    if query.since_seconds is not None:
        asked["sinceSeconds"] = max(1, round(query.since_seconds))
    if query.tail is not None:
        asked["tailLines"] = query.tail
    return asked


def _all(site: Site, source: Source, query: LogQuery) -> list[LogLine]:
    try:
        text = site.api.text(f"{path('Pod', site.namespace, source.pod)}/log", **_parameters(source, query))
    except (NotFound, CloudnorthError) as error:
        if isinstance(error, Unreachable) or error.code == "forbidden":
            raise
        # Gone between the two requests, or its node does not tell.
        return []
    return [_line(source, line) for line in text.splitlines()]


def _followed(site: Site, query: LogQuery) -> Iterator[LogLine]:
    """New containers are looked for every second; those there at first begin with their tail, later ones whole."""
    arrived: queue.Queue[LogLine | CloudnorthError] = queue.Queue(_MOST_WAITING)
    following: set[str] = set()
    first, ended = True, threading.Event()
    try:
        while True:
            for source in _sources_now(site, query, first):
                if source.life not in following:
                    following.add(source.life)
                    asked = query if first else LogQuery(services=query.services, follow=True, tail=None)
                    threading.Thread(target=_follow, args=(site, source, asked, arrived, ended), daemon=True).start()
            first = False
            yield from _for_a_while(arrived)
    finally:
        ended.set()


def _sources_now(site: Site, query: LogQuery, first: bool) -> list[Source]:
    try:
        return sources(site, query)
    except Unreachable:
        if first:
            raise
        return []


def _for_a_while(arrived: queue.Queue[LogLine | CloudnorthError]) -> Iterator[LogLine]:
    """What arrives until it is time to look for new pods."""

    until = time.monotonic() + LOOK_AGAIN
    while (left := until - time.monotonic()) > 0:
        try:
            got = arrived.get(timeout=left)
        except queue.Empty:
            return
        if isinstance(got, CloudnorthError):
            raise got
        yield got


def _follow(
    site: Site,
    source: Source,
    query: LogQuery,
    arrived: queue.Queue[LogLine | CloudnorthError],
    ended: threading.Event,
) -> None:
    """One container until it ends; a connection that breaks is taken up where it was."""
    last: datetime | None = None
    while not ended.is_set():
        try:
            for line in _stream(site, source, query, last):
                # `sinceTime` goes by whole seconds: what was told already comes again.
                if last is None or line.at is None or line.at > last:
                    last = line.at or last
                    arrived.put(line)
                if ended.is_set():
                    return
            return
        except Unreachable:
            ended.wait(LOOK_AGAIN)
        except NotFound:
            return
        except CloudnorthError as error:
            if error.code == "forbidden":
                arrived.put(error)
            return


def _stream(site: Site, source: Source, query: LogQuery, after: datetime | None) -> Iterator[LogLine]:
    """The lines of one connection; `after` a first one broke, from there on."""
    asked = _parameters(source, query) | {"follow": "true"}
    if after is not None:
        asked.pop("tailLines", None)
        asked.pop("sinceSeconds", None)
        asked["sinceTime"] = after.isoformat()
    with site.api.stream(f"{path('Pod', site.namespace, source.pod)}/log", **asked) as pieces:
        rest = b""
        for piece in pieces:
            *whole, rest = (rest + piece).split(b"\n")
            for text in whole:
                yield _line(source, text.decode(errors="replace"))


def _line(source: Source, text: str) -> LogLine:
    stamp, _, rest = text.partition(" ")
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return LogLine(service=source.service, source=source.shown, text=text)
    return LogLine(service=source.service, source=source.shown, text=rest, at=at)
