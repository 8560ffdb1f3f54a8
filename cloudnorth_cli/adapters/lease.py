"""A Lease as the lock of an environment: taken, renewed while held, given back.

Every write carries the resourceVersion that was read, so two can never hold it. Whether its holder still lives is told
by looking at it for as long as it lasts, on the observer's own monotonic clock; times that stand in it are for people.
"""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from cloudnorth_cli import shell, signals
from cloudnorth_cli.adapters import kube, lease_body, this_process
from cloudnorth_cli.adapters.kube import Api, Conflict, Json, NotFound
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Broken, CloudnorthError, Locked
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import LockStatus, Request

DURATION = 15.0
"""Seconds that a Lease is good for without a renewal."""
RENEW = 3.0
"""Seconds between renewals: five may fail. A second deploy sees within so many that the holder lives."""
FENCE = RENEW + 2.0
"""Seconds after which a run whose Lease was taken away has noticed and ended its Helm."""
AWAY = 20.0
"""Seconds for which an API server that is away is waited for before the lock is ours: one that restarts takes ten."""
LOOK = 0.5
"""Seconds between two looks at somebody else's Lease."""


class Held:
    """A lock that is ours; ask `still` before each change."""

    def __init__(self, renew: Callable[[], None], clock: Callable[[], float], patience: float = kube.PATIENCE) -> None:
        """renew: writes the Lease now; raises Broken where it is not ours any more, CloudnorthError where it cannot.

        patience: seconds for which an API server that is away is waited for.
        """
        self._patience = patience
        self.step = ""
        """Where the run is, for whoever reads the Lease."""
        self._renew = renew
        self._clock = clock
        self._renewed = clock()
        self._lost = ""

    def renewed(self, sent_at: float) -> None:
        """A renewal that was sent then has been written."""
        self._renewed = sent_at

    def lose(self, why: str) -> Broken:
        self._lost = self._lost or why
        return Broken(f"the lock was lost: {self._lost}; nothing more is changed", code="lock-lost")

    def still(self) -> None:
        """Raises Broken when the lock is no longer ours, so that nothing more is changed.

        One that could not be renewed in time may be ours still: the API server was away for everybody. It is written
        then, which only works where nobody else did.
        """
        if self._lost:
            raise self.lose(self._lost)
        if self._clock() - self._renewed <= DURATION:
            return
        try:
            kube.patiently(self._renew, self._patience)
        except Broken:
            raise
        except CloudnorthError as error:
            raise Broken(
                f"the lock could not be renewed for {DURATION:.0f} s, so nothing more is changed: {error.message}",
                code="lock-lost",
                retryable=True,
            ) from error


@dataclass
class Observer:
    """Looks at somebody else's Lease: alive when it changes, dead when it does not change for as long as it lasts."""

    clock: Callable[[], float]
    alive: bool = False
    """Whether it was seen to change."""
    _version: str = ""
    _since: float = 0.0

    def sees(self, version: str) -> float:
        """Seconds for which this version stands unchanged before our eyes."""
        if version != self._version:
            self.alive = bool(self._version)
            self._version, self._since = version, self.clock()
        return self.clock() - self._since

    def blind(self) -> None:
        """Nothing could be seen: its holder could not renew it either."""
        self._version = ""


@contextmanager
def hold(
    api: Api,
    namespace: str,
    name: str,
    request: Request,
    verb: str,
    step: Step,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    patience: float = kube.PATIENCE,
) -> Iterator[Held]:
    """Hold the Lease for as long as the block runs. Raises Locked naming who holds it."""
    keeper: _Keeper | None = None
    wanted = lease_body.body(namespace, name, request, verb, DURATION)
    try:
        try:
            while keeper is None:
                there = _await_turn(api, wanted, request, step, clock, sleep, patience)
                # A signal between the taking and the `try` would leave the Lease behind.
                with signals.held():
                    taken = _take(api, wanted, there)
                    keeper = _Keeper(api, taken, clock, patience) if taken else None
            held = keeper.start()
            _fence(there, request, step, sleep)
            yield held
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
    if lease is None or not lease["spec"].get("holderIdentity"):
        return None
    return lease_body.status(lease, api.now())


class _Keeper:
    """Renews in the background until the end."""

    def __init__(self, api: Api, lease: Json, clock: Callable[[], float], patience: float) -> None:
        self._api = api
        self._lease = lease
        self._clock = clock
        self._held = Held(self._renew, clock, patience)
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
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
            _give_back(self._api, self._lease)
            self._given_back = True
            signals.forget_end()

    def _run(self) -> None:
        while not self._ended.wait(RENEW):
            try:
                self._renew()
            except Broken as lost:
                # Whoever has it now must find nobody at work: our Helm ends at once, and the run as soon as it asks.
                self._ended.set()
                signals.end_with(lost)
                shell.stop_all(patience=0.0)
            except CloudnorthError:
                # Out of reach for a moment: `Held.still` knows when a moment becomes too long.
                continue

    def _renew(self) -> None:
        """Raises Broken where it is not ours any more."""
        with self._guard:
            sent_at = self._clock()
            try:
                self._lease = self._api.replace(_path(self._lease), lease_body.renewed(self._lease, self._held.step))
            except (Conflict, NotFound):
                self._read_again()
                return
            self._held.renewed(sent_at)

    def _read_again(self) -> None:
        """Somebody wrote to it: a label perhaps, or his name."""
        now = self._api.find(_path(self._lease))
        mine = self._lease["spec"]["holderIdentity"]
        if now is None or now["spec"].get("holderIdentity") != mine:
            raise self._held.lose(f"{lease_body.who(now)} took it" if now else "it was taken away")
        self._lease = now


def _await_turn(
    api: Api,
    wanted: Json,
    request: Request,
    step: Step,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    patience: float,
) -> Json | None:
    """Wait until the Lease may be taken; returns it as it was seen then.

    Raises Locked when it is somebody's who lives, and no more waiting was asked for.
    """
    observer, began, told = Observer(clock), clock(), ""
    while True:
        signals.check()
        try:
            there = api.find(_path(wanted))
        except CloudnorthError as error:
            if clock() - began > max(request.wait_lock, min(patience, AWAY)) or error.code != "cluster-unreachable":
                raise
            observer.blind()
            sleep(LOOK)
            continue
        if there is None or request.take_lock or _over(there, observer):
            return there
        waited = clock() - began
        if observer.alive and waited >= request.wait_lock:
            raise _locked(there, api, waited if request.wait_lock else 0.0)
        sure = "" if observer.alive else "; whether that run is alive is being seen"
        if told != (told := f"{lease_body.told(there)} has the lock{sure}"):
            step.waiting(told)
        sleep(LOOK)


def _over(lease: Json, observer: Observer) -> bool:
    """Whether nobody holds it: free, its process gone, or not renewed for as long as it lasts."""
    if not lease["spec"].get("holderIdentity") or this_process.is_gone(lease_body.note(lease, "process")):
        return True
    lasts = max(DURATION, float(lease["spec"].get("leaseDurationSeconds") or 0))
    return observer.sees(str(lease["metadata"]["resourceVersion"])) > lasts


def _take(api: Api, wanted: Json, there: Json | None) -> Json | None:
    """Write our name over what was seen, and nothing else; None where somebody was faster."""
    try:
        if there is None:
            return api.create(path("Lease", wanted["metadata"]["namespace"]), wanted)
        version = there["metadata"]["resourceVersion"]
        return api.replace(_path(wanted), {**wanted, "metadata": {**wanted["metadata"], "resourceVersion": version}})
    except (Conflict, NotFound):
        return None


def _fence(before: Json | None, request: Request, step: Step, sleep: Callable[[float], None]) -> None:
    """A run that lives and has lost its lock gets the time to notice and stop."""
    if before is None or not request.take_lock or this_process.is_gone(lease_body.note(before, "process")):
        return
    if before["spec"].get("holderIdentity"):
        step.notice(f"the lock was taken from {lease_body.told(before)}, which stops now", "warning")
        step.waiting("that run to have stopped")
        sleep(FENCE)


def _give_back(api: Api, lease: Json) -> None:
    """Delete it if it is as we wrote it last; what somebody else took meanwhile is theirs."""
    unchanged = {"uid": lease["metadata"]["uid"], "resourceVersion": lease["metadata"]["resourceVersion"]}
    try:
        api.delete(_path(lease), {"preconditions": unchanged})
    except CloudnorthError:
        # Taken over, or out of reach: it ends by its own duration.
        return


def _path(lease: Json) -> str:
    return path("Lease", lease["metadata"]["namespace"], lease["metadata"]["name"])


def _locked(lease: Json, api: Api, waited: float) -> Locked:
    since = lease["spec"].get("acquireTime")
    at = f" since {datetime.fromisoformat(since).astimezone(UTC):%H:%M:%SZ}" if since else ""
    run, url = lease_body.note(lease, "run"), lease_body.note(lease, "url")
    where = f" (run {run}{f', {url}' if url else ''})" if run else ""
    still = f", after {waited:.0f} s of waiting still" if waited else ""
    name, namespace = lease["metadata"]["name"], lease["metadata"]["namespace"]
    return Locked(
        f"{lease_body.told(lease)} holds the lock{at}{where}{still}",
        where=f"lease/{name} in namespace {namespace}",
        next=(shlex.join(("kubectl", *api.way, "-n", namespace, "get", "lease", name, "-o", "yaml")),),
        retryable=True,
    )
