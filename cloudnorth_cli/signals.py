"""SIGINT, SIGTERM and SIGHUP are one Ctrl-C: told once, to the main thread, as `Interrupted`."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from cloudnorth_cli.errors import Interrupted

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Watch:
    """Whether a signal came, and whether one may still interrupt."""

    def __init__(self) -> None:
        self.armed = True
        self.on_signal: Callable[[], None] = lambda: None
        """Called before the main thread is interrupted, to end what other threads wait for."""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        # Further ones arrive while the first is told: a person hits Ctrl-C twice, Jenkins sends TERM to the group.
        if not self.armed:
            return
        self.armed = False
        self.on_signal()
        raise Interrupted(signal.Signals(number).name)

    def disarm(self) -> None:
        """The work is over: from here on a signal finds nothing to stop."""
        self.armed = False


@contextlib.contextmanager
def interruptible() -> Iterator[Watch]:
    """Turn the three signals into one `Interrupted` within this block. A SIGHUP ignored by `nohup` stays ignored."""
    watch = Watch()
    before = {}
    for number in STOPPING:
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue
        before[number] = signal.signal(number, watch)
    try:
        yield watch
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
