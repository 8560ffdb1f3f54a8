"""Work side by side."""

from __future__ import annotations

import threading

import pytest

from cloudnorth_cli.adapters.threads import side_by_side


def test_results_come_in_the_order_of_the_items() -> None:
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            assert second_is_done.wait(10)
        else:
            second_is_done.set()
        return item * 10

    assert side_by_side(work, [1, 2]) == [10, 20]


def test_the_first_failure_is_raised_while_others_still_work() -> None:
    end = threading.Event()

    def work(item: int) -> None:
        if item == 2:
            raise ValueError("two")
        end.wait(10)

    with pytest.raises(ValueError, match="two"):
        side_by_side(work, [1, 2])
    end.set()


def test_nothing_to_do_is_nothing_done() -> None:
    assert side_by_side(str, []) == []
