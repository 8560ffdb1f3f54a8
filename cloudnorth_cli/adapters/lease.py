"""A Lease as the lock of an environment: taken, renewed while held, given back.

Every write carries the resourceVersion that was read, so two can never hold it. Times in it are for people; whether it
is still held is known to the holder by its own monotonic clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from cloudnorth_cli import signals
from cloudnorth_cli.adapters import this_process
from cloudnorth_cli.adapters.kube import Api, Conflict, Json, NotFound
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Broken, CloudnorthError, Locked
from cloudnorth_cli.model import Actor, LockStatus

DURATION = 15.0
"""Seconds that a Lease is good for without a renewal."""
RENEW = DURATION / 3
PREFIX = "cloudnorth.io"


class Held:
    """A lock that is ours; ask `still` before each change."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._renewed = clock()
        self._lost = ""

    def renewed(self) -> None:
        self._renewed = self._clock()

    def lose(self, why: str) -> None:
        self._lost = why

    def still(self) -> None:
        """Raises Broken when the lock is no longer ours, so that nothing more is changed."""
        if not self._lost and self._clock() - self._renewed > DURATION:
            self._lost = f"it could not be renewed for {DURATION:.0f} s"
        if self._lost:
            raise Broken(f"the lock was lost: {self._lost}; nothing more is changed", code="lock-lost")


@contextmanager
def hold(
    api: Api, namespace: str, name: str, actor: Actor, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Held]:
    """Hold the Lease for as long as the block runs. Raises Locked naming who holds it."""
    keeper: _Keeper | None = None
    try:
        try:
            # A signal between the taking and the `try` would leave the Lease behind.
            with signals.held():
                keeper = _Keeper(api, _take(api, namespace, name, actor), Held(clock))
            yield keeper.start()
        finally:
            if keeper:
                keeper.stop()
    finally:
        # Once more: a signal may have cut that short. It interrupts only once.
        if keeper:
            keeper.stop()


def status(api: Api, namespace: str, name: str) -> LockStatus | None:
    """Who holds the Lease, or None."""
    lease = api.find(path("Lease", namespace, name))
    return _status(lease) if lease and lease["spec"].get("holderIdentity") else None


class _Keeper:
    """Renews in the background until the end."""

    def __init__(self, api: Api, lease: Json, held: Held) -> None:
        self.lease = lease
        self._api = api
        self._held = held
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self.run, name="lease", daemon=True)
        self._given_back = False

    def start(self) -> Held:
        """Renew from now on."""
        self._thread.start()
        return self._held

    def stop(self) -> None:
        """Renew no longer and give the Lease back, once."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(1.0)
        if not self._given_back:
            _give_back(self._api, self.lease)
            self._given_back = True

    def run(self) -> None:
        while not self._ended.wait(RENEW):
            try:
                self.lease = self._api.replace(_path(self.lease), _renewed(self.lease))
                self._held.renewed()
            except (Conflict, NotFound):
                self._read_again()
            except CloudnorthError:
                # Out of reach for a moment: `Held.still` knows when a moment becomes too long.
                continue

    def _read_again(self) -> None:
        try:
            now = self._api.find(_path(self.lease))
        except CloudnorthError:
            return
        mine = self.lease["spec"]["holderIdentity"]
        if now is None or now["spec"].get("holderIdentity") != mine:
            holder = now["spec"].get("holderIdentity") if now else ""
            self._held.lose(f"{holder} took it" if holder else "it was taken away")
            self._ended.set()
            return
        self.lease = now


def _take(api: Api, namespace: str, name: str, actor: Actor) -> Json:
    wanted = _body(namespace, name, actor)
    try:
        return api.create(path("Lease", namespace), wanted)
    except Conflict:
        there = api.find(path("Lease", namespace, name))
    if there is None:
        return _take(api, namespace, name, actor)
    if there["spec"].get("holderIdentity") and not this_process.is_gone(_note(there, "process")):
        raise _locked(there, api, namespace)
    wanted["metadata"]["resourceVersion"] = there["metadata"]["resourceVersion"]
    try:
        return api.replace(path("Lease", namespace, name), wanted)
    except Conflict:
        return _take(api, namespace, name, actor)


def _give_back(api: Api, lease: Json) -> None:
    """Delete it if it is as we wrote it last; what somebody else took meanwhile is theirs."""
    unchanged = {"uid": lease["metadata"]["uid"], "resourceVersion": lease["metadata"]["resourceVersion"]}
    try:
        api.delete(_path(lease), {"preconditions": unchanged})
    except CloudnorthError:
        # Taken over, or out of reach: it ends by its own duration.
        return


def _body(namespace: str, name: str, actor: Actor) -> Json:
    now = _now()
    told = {"who": actor.who, "run": actor.run, "since": now, "process": this_process.name()}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "cloudnorth"},
            "annotations": {f"{PREFIX}/{key}": value for key, value in told.items()},
        },
        "spec": {
            "holderIdentity": f"{actor.who} {actor.run}",
            "leaseDurationSeconds": int(DURATION),
            "acquireTime": now,
            "renewTime": now,
        },
    }


def _renewed(lease: Json) -> Json:
    return {**lease, "spec": {**lease["spec"], "renewTime": _now()}}


def _path(lease: Json) -> str:
    return path("Lease", lease["metadata"]["namespace"], lease["metadata"]["name"])


def _status(lease: Json) -> LockStatus:
    since = lease["spec"].get("acquireTime")
    return LockStatus(
        holder=_note(lease, "who") or lease["spec"]["holderIdentity"],
        since=datetime.fromisoformat(since) if since else None,
        run=_note(lease, "run") or None,
    )


def _note(lease: Json, name: str) -> str:
    return str((lease["metadata"].get("annotations") or {}).get(f"{PREFIX}/{name}", ""))


def _locked(lease: Json, api: Api, namespace: str) -> Locked:
    found = _status(lease)
    since = f" since {found.since:%H:%M:%SZ}" if found.since else ""
    run = f" (run {found.run})" if found.run else ""
    name = lease["metadata"]["name"]
    return Locked(
        f"{found.holder} holds the lock{since}{run}",
        where=f"lease/{name} in namespace {namespace}",
        next=(f"kubectl --context {api.context} -n {namespace} delete lease {name}   # only if that run is dead",),
        retryable=True,
    )


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
