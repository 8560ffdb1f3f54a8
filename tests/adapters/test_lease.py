"""Whether a lock is still ours, by our own clock. The rest of the lock is tested in the lab (tests/platforms/)."""

from __future__ import annotations

import pytest

from cloudnorth_cli.adapters.lease import DURATION, Held
from cloudnorth_cli.errors import Broken, ExitStatus


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_lock_that_is_renewed_stays_ours() -> None:
    clock = Clock()
    held = Held(clock)
    for _ in range(10):
        clock.now += DURATION - 1
        held.renewed()
        held.still()


def test_a_lock_that_could_not_be_renewed_for_its_duration_stops_the_next_change() -> None:
    clock = Clock()
    held = Held(clock)
    clock.now += DURATION
    held.still()
    clock.now += 0.1
    with pytest.raises(Broken, match="could not be renewed") as error:
        held.still()
    assert (error.value.code, error.value.status) == ("lock-lost", ExitStatus.BROKEN)


def test_a_lock_that_was_lost_once_is_not_ours_again() -> None:
    clock = Clock()
    held = Held(clock)
    clock.now += DURATION + 1
    with pytest.raises(Broken):
        held.still()
    held.renewed()
    with pytest.raises(Broken):
        held.still()


def test_who_took_it_is_told() -> None:
    held = Held(Clock())
    held.lose("ben took it")
    with pytest.raises(Broken, match="ben took it"):
        held.still()
