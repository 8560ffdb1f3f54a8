"""Asking a release until it is believed: so many right answers in a row, and then for a while hardly a wrong one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cloudnorth_cli import durations, signals
from cloudnorth_cli.errors import RolloutFailed
from cloudnorth_cli.events import Step
from cloudnorth_cli.settings import Verify

SHOWN = 5
"""Wrong answers that a failure shows, the first ones."""


@dataclass(frozen=True)
class Tally:
    """What was answered so far."""

    asked: int = 0
    wrong: int = 0
    in_a_row: int = 0
    """Right ones, up to now."""

    def add(self, *, right: bool) -> Tally:
        return Tally(self.asked + 1, self.wrong + (not right), self.in_a_row + 1 if right else 0)

    def too_many(self, ratio: float, seconds: float, wanted: float) -> bool:
        """Whether the wrong ones are more than `ratio` bears of all that can be asked in `wanted` seconds.

        seconds: how long it took so far, from which the rate is known.
        """
        rest = max(0.0, wanted - seconds)
        coming = self.asked * rest / seconds if seconds > 0 and rest else 0.0
        return self.wrong > ratio * (self.asked + coming)


def believe(
    ask: Callable[[], str],
    check: Verify,
    step: Step,
    *,
    where: str,
    code: str,
    patience: float,
    interval: float,
    lasting: bool = True,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Ask over and over; returns what was seen, for people: `/version 10 of 10, 298 of 300 in 60 s`.

    ask: makes one request; returns why its answer will not do, "" when it will.
    patience: seconds in which the right answers in a row must have come.
    lasting: whether to go on for as long as the check says.
    Raises RolloutFailed.
    """
    seen = _in_a_row(ask, check, step, where, code, patience, interval, clock, sleep)
    wanted = durations.seconds(check.for_) if lasting else 0.0
    if not wanted:
        return seen
    tally, wrong, began, stopped_before = Tally(), [], clock(), signals.came()
    while (seconds := clock() - began) < wanted:
        signals.check(stopped_before)
        why = ask()
        tally = tally.add(right=not why)
        if why:
            wrong.append(f"after {seconds:.0f} s: {why}")
        # The request that was just made belongs to the time it took.
        if tally.wrong and tally.too_many(check.max_error_ratio, max(clock() - began, interval), wanted):
            raise RolloutFailed(
                f"{check.http} answered and then did not: {tally.wrong} of {tally.asked} answers in "
                f"{clock() - began:.0f} s were wrong, {check.max_error_ratio:.2%} may be",
                code=code,
                where=where,
                evidence=wrong[:SHOWN],
            )
        step.waiting(f"{check.http}: {seconds:.0f} of {wanted:.0f} s, {tally.wrong} of {tally.asked} answers wrong")
        sleep(interval)
    return f"{seen}, {tally.asked - tally.wrong} of {tally.asked} in {wanted:.0f} s"


def _in_a_row(
    ask: Callable[[], str],
    check: Verify,
    step: Step,
    where: str,
    code: str,
    patience: float,
    interval: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> str:
    tally, why, deadline, stopped_before = Tally(), "", clock() + patience, signals.came()
    while tally.in_a_row < check.times:
        signals.check(stopped_before)
        why = ask()
        tally = tally.add(right=not why)
        if why:
            step.waiting(f"{check.http}: {why}")
        if clock() > deadline and tally.in_a_row < check.times:
            raise RolloutFailed(
                f"{check.http} does not answer as the new release, {check.times} times in a row: "
                f"{why or f'{tally.in_a_row} times only'}",
                code=code,
                where=where,
            )
        if tally.in_a_row < check.times:
            sleep(interval)
    return f"{check.http} {tally.in_a_row} of {check.times}"
