"""The lock by an API that stands in memory and clocks that a test turns; real Leases are in tests/platforms and e2e."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from cloudnorth_cli import signals
from cloudnorth_cli.adapters import lease, lease_body
from cloudnorth_cli.adapters.kube import Api, Conflict, Json, NotFound, Unreachable
from cloudnorth_cli.adapters.lease import DURATION, Held, Observer
from cloudnorth_cli.errors import Broken, ExitStatus, Locked
from cloudnorth_cli.events import Journal, Step
from cloudnorth_cli.model import Actor, Request, Source


class Clock:
    """Seconds that pass when something sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.during: list[Callable[[], None]] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for happens in self.during:
            happens()


class Leases:
    """Leases with resourceVersions, as an API server keeps them."""

    context, way = "test", ("--context", "test")

    def __init__(self) -> None:
        self.there: Json | None = None
        self.away = False
        self.versions = itertools.count(1)
        self.written_at = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)

    def find(self, path: str) -> Json | None:
        self._reached()
        return self.there

    def create(self, path: str, body: Json) -> Json:
        self._reached()
        if self.there:
            raise Conflict("already exists")
        return self._keep(body)

    def replace(self, path: str, body: Json) -> Json:
        self._reached()
        if self.there is None:
            raise NotFound("gone")
        if body["metadata"]["resourceVersion"] != self.there["metadata"]["resourceVersion"]:
            raise Conflict("changed")
        return self._keep(body)

    def delete(self, path: str, body: Json) -> None:
        if self.there and body["preconditions"]["resourceVersion"] == self.there["metadata"]["resourceVersion"]:
            self.there = None

    def renew(self) -> None:
        """As its holder does."""
        assert self.there
        self._keep(self.there)

    def _keep(self, body: Json) -> Json:
        metadata = {**body["metadata"], "resourceVersion": str(next(self.versions)), "uid": "u"}
        metadata["managedFields"] = [{"time": self.written_at.isoformat()}]
        self.there = {**body, "metadata": metadata}
        return self.there

    def _reached(self) -> None:
        if self.away:
            raise Unreachable("no answer")


def request(who: str = "anna@laptop", **more: Any) -> Request:
    return Request(source=Source(commit="8f3c1d2"), actor=Actor(who=who, run=f"run-of-{who}"), **more)


def held_by(who: str, leases: Leases) -> None:
    """A holder on another machine."""
    body = lease_body.body("shop", "cloudnorth-shop", request(who), "deploy", DURATION)
    body["metadata"]["annotations"]["cloudnorth.io/process"] = "elsewhere/boot/1/1"
    body["metadata"]["annotations"]["cloudnorth.io/step"] = "watch"
    leases.create("", body)


def hold(leases: Leases, clock: Clock, asked: Request, step: Step | None = None) -> Any:
    step = step or Step("lock", Journal())
    api = cast(Api, leases)
    return lease.hold(
        api, "shop", "cloudnorth-shop", asked, "deploy", step, clock=clock, sleep=clock.sleep, patience=0.0
    )


@pytest.fixture
def leases() -> Leases:
    return Leases()


@pytest.fixture
def clock() -> Iterator[Clock]:
    yield Clock()
    signals.forget_end()


def test_it_is_given_back(leases: Leases, clock: Clock) -> None:
    with hold(leases, clock, request()) as held:
        held.still()
        assert leases.there
    assert leases.there is None


def test_a_holder_who_lives_is_named_as_soon_as_he_is_seen_to_renew(leases: Leases, clock: Clock) -> None:
    held_by("ben@ci", leases)
    clock.during.append(leases.renew)
    with pytest.raises(Locked) as refused, hold(leases, clock, request()):
        pass
    assert clock.now - 1000 <= lease.RENEW
    assert "ben@ci (deploy 8f3c1d2, in watch) holds the lock" in refused.value.message
    assert "run-of-ben@ci" in refused.value.message


def test_one_that_is_not_renewed_before_our_eyes_is_taken(leases: Leases, clock: Clock) -> None:
    held_by("dead@ci", leases)
    with hold(leases, clock, request()) as held:
        held.still()
        assert DURATION <= clock.now - 1000 <= 20
        assert leases.there
        assert leases.there["spec"]["holderIdentity"].startswith("anna")


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_ten_minutes_off_changes_nothing(leases: Leases, clock: Clock, minutes: int) -> None:
    """Times in the Lease are for people: neither a holder of the future nor one of the past is judged by them."""
    held_by("ben@ci", leases)
    assert leases.there
    spec = leases.there["spec"]
    off = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec["renewTime"] = spec["acquireTime"] = off
    clock.during.append(leases.renew)
    with pytest.raises(Locked), hold(leases, clock, request()):
        pass
    clock.during.clear()
    with hold(leases, clock, request()):
        assert clock.now - 1000 >= DURATION


def test_who_waits_gets_it_when_it_is_free_and_says_for_whom_he_waits(leases: Leases, clock: Clock) -> None:
    held_by("ben@ci", leases)
    told: list[str] = []
    step = Step("lock", Journal(lambda event: told.append(getattr(event, "waiting_for", ""))))

    def goes_on() -> None:
        if clock.now > 1060:
            leases.there = None
        elif leases.there:
            leases.renew()

    clock.during.append(goes_on)
    with hold(leases, clock, request(wait_lock=900), step):
        assert 1060 <= clock.now <= 1062
    assert any("ben@ci (deploy 8f3c1d2, in watch) has the lock" in text for text in told)


def test_who_waited_in_vain_is_told_how_long(leases: Leases, clock: Clock) -> None:
    held_by("ben@ci", leases)
    clock.during.append(leases.renew)
    with pytest.raises(Locked, match="after 30 s of waiting still"), hold(leases, clock, request(wait_lock=30)):
        pass


def test_while_nothing_can_be_seen_nobody_is_taken_for_dead(leases: Leases, clock: Clock) -> None:
    """An API server that is away for a minute keeps the holder from renewing as well."""
    held_by("ben@ci", leases)

    def away() -> None:
        leases.away = 1003 < clock.now < 1063
        if clock.now > 1070:
            leases.renew()

    clock.during.append(away)
    with pytest.raises(Locked), hold(leases, clock, request(wait_lock=90)):
        pass


def test_whoever_is_faster_has_it(leases: Leases, clock: Clock) -> None:
    """Between our look at a dead man's Lease and our writing, somebody else writes: his name stays."""
    held_by("dead@ci", leases)
    seen, find = leases.there, leases.find
    assert seen

    def late(path: str) -> Json | None:
        found = find(path)
        if clock.now - 1000 > DURATION and leases.there is seen:
            leases.there = None
            held_by("carl@ci", leases)
            clock.during.append(leases.renew)
        return found

    leases.find = late  # type: ignore[method-assign]
    with pytest.raises(Locked, match="carl@ci"), hold(leases, clock, request()):
        pass


def test_the_lock_is_taken_from_whoever_has_it_when_that_is_asked(leases: Leases, clock: Clock) -> None:
    held_by("ben@ci", leases)
    clock.during.append(lambda: None)
    notices: list[str] = []
    step = Step("lock", Journal(lambda event: notices.append(getattr(event, "message", ""))))
    with hold(leases, clock, request(take_lock=True), step):
        assert clock.now - 1000 >= lease.FENCE
    assert any("taken from ben@ci" in text for text in notices)


def test_a_lock_that_is_renewed_stays_ours() -> None:
    clock = Clock()
    held = Held(lambda: None, clock)
    for _ in range(10):
        clock.now += DURATION - 1
        held.renewed(clock())
        held.still()


def test_one_that_could_not_be_renewed_in_time_is_ours_when_it_can_be_written_now(leases: Leases, clock: Clock) -> None:
    with hold(leases, clock, request()) as held:
        clock.now += 60
        held.still()
        leases.away = True
        clock.now += 60
        with pytest.raises(Broken, match="could not be renewed for 15 s") as error:
            held.still()
        assert (error.value.code, error.value.status) == ("lock-lost", ExitStatus.BROKEN)
        leases.away = False
        held.still()


def test_one_that_somebody_took_is_lost_for_good(leases: Leases, clock: Clock) -> None:
    with hold(leases, clock, request()) as held:
        leases.there = None
        held_by("ben@ci", leases)
        clock.now += 60
        for _ in range(2):
            with pytest.raises(Broken, match="ben@ci took it"):
                held.still()
    assert leases.there, "what somebody else took is his"


def test_a_renewal_counts_from_when_it_was_sent() -> None:
    """The answer may have been slow, and whoever observes counts from when it was written."""
    clock = Clock()
    asked: list[float] = []
    held = Held(lambda: asked.append(clock.now), clock)
    clock.now += 12
    held.renewed(1002)
    clock.now += 6
    held.still()
    assert asked


def test_the_main_thread_is_told_by_its_next_check(clock: Clock) -> None:
    signals.end_with(Broken("the lock was lost", code="lock-lost"))
    with pytest.raises(Broken, match="lost"):
        signals.check()
    signals.check()


def test_an_observer_that_was_blind_begins_anew() -> None:
    clock = Clock()
    observer = Observer(clock)
    assert observer.sees("1") == 0
    clock.now += 10
    assert observer.sees("1") == 10
    observer.blind()
    assert (observer.sees("1"), observer.alive) == (0, False)
    observer.sees("2")
    assert observer.alive


def test_it_is_called_abandoned_by_the_clock_of_the_api_server_alone(leases: Leases) -> None:
    held_by("ben@ci", leases)
    assert leases.there
    told = lease_body.status(leases.there, leases.written_at + timedelta(seconds=8))
    assert (told.holder, told.commit, told.step, told.abandoned) == ("ben@ci", "8f3c1d2", "watch", False)
    later = lease_body.status(leases.there, leases.written_at + timedelta(seconds=60))
    assert (later.abandoned, later.silent_seconds) == (True, 60)
