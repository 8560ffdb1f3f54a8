"""Work side by side, such that an interrupt is never held up by it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")


def side_by_side(work: Callable[[Item], Done], items: Iterable[Item]) -> list[Done]:
    """Do `work` for each item in a thread of its own; the results in the items' order.

    The first failure, or an interrupt of the waiting thread, is raised at once. What still runs then is left to end
    by itself: the threads are daemons, so they do not keep the program alive as those of concurrent.futures would.
    """
    given = list(items)
    ended: SimpleQueue[tuple[int, Done | None, BaseException | None]] = SimpleQueue()

    def run(index: int, item: Item) -> None:
        try:
            ended.put((index, work(item), None))
        except BaseException as error:
            ended.put((index, None, error))

    for index, item in enumerate(given):
        threading.Thread(target=run, args=(index, item), daemon=True).start()
    results: dict[int, Done] = {}
    for _ in given:
        index, result, error = ended.get()
        if error is not None:
            raise error
        results[index] = result  # type: ignore[assignment]
    return [results[index] for index in range(len(given))]
