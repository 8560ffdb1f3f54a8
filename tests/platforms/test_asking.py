"""Asking a release until it is believed: rows, ratios and the moment at which it is in vain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cloudnorth_cli.errors import RolloutFailed
from cloudnorth_cli.events import Journal, Step
from cloudnorth_cli.platforms.asking import Tally, believe
from cloudnorth_cli.settings import Verify


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def asked(answers: Iterator[str], clock: Clock, *, lasting: bool = True, **check: object) -> str:
    return believe(
        lambda: next(answers),
        Verify(http="/hello", **check),  # type: ignore[arg-type]
        Step("verify", Journal()),
        where="http://shop/hello",
        code="verify-failed",
        patience=60.0,
        interval=0.2,
        lasting=lasting,
        clock=clock,
        sleep=clock.sleep,
    )


def stream(*first: str) -> Iterator[str]:
    yield from first
    while True:
        yield ""


def test_a_wrong_answer_begins_the_row_anew() -> None:
    clock = Clock()
    assert asked(stream("", "", "503"), clock, times=3) == "/hello 3 of 3"
    assert clock.now == pytest.approx(1.0)


def test_who_never_answers_rightly_fails_when_patience_is_over() -> None:
    clock = Clock()
    with pytest.raises(RolloutFailed, match=r"3 times in a row: 503"):
        asked(iter(["503"] * 1000), clock, times=3)
    assert 60 <= clock.now < 61


def test_it_goes_on_for_as_long_as_it_is_told() -> None:
    clock = Clock()
    assert asked(stream(), clock, times=2, for_="60s") == "/hello 2 of 2, 300 of 300 in 60 s"


def test_the_first_wrong_answer_is_one_too_many_where_none_may_be() -> None:
    clock = Clock()
    with pytest.raises(RolloutFailed, match=r"answered and then did not: 1 of 11") as failed:
        asked(stream(*[""] * 12, "HTTP 500: sour"), clock, times=2, for_="60s")
    assert clock.now < 5
    assert failed.value.evidence == ("after 2 s: HTTP 500: sour",)


def test_a_ratio_bears_as_many_as_it_says_of_all_that_can_be_asked() -> None:
    clock = Clock()
    three = [*[""] * 12, "500", "", "500", "", "500"]
    assert "297 of 300" in asked(stream(*three), clock, times=2, for_="60s", max_error_ratio=0.01)
    with pytest.raises(RolloutFailed, match="4 of "):
        asked(stream(*three, "500"), Clock(), times=2, for_="60s", max_error_ratio=0.01)


def test_slow_answers_are_fewer_and_so_is_what_is_borne() -> None:
    """One wrong answer of twelve is more than one in a hundred, however long each took."""
    assert Tally(asked=12, wrong=1).too_many(0.01, seconds=60, wanted=60)
    assert not Tally(asked=12, wrong=1).too_many(0.1, seconds=60, wanted=60)


def test_on_the_way_back_it_is_asked_and_not_dwelt_on() -> None:
    clock = Clock()
    assert asked(stream(), clock, lasting=False, times=2, for_="60s") == "/hello 2 of 2"
    assert clock.now < 1
