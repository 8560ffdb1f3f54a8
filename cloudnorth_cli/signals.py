"""SIGINT, SIGTERM and SIGHUP are one Ctrl-C: told once, to the main thread, as `Interrupted`."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from cloudnorth_cli.errors import CloudnorthError, Interrupted

TOGETHER = 0.5
"""Seconds within which signals are one: a terminal that closes sends SIGHUP itself and by way of its shell."""
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Watch:
    """Whether a signal came, and whether one may still interrupt."""

    def __init__(self) -> None:
        self.armed = True
        self.on_signal: Callable[[], None] = lambda: None
        """Called before the main thread is interrupted, to end what other threads wait for."""
        self.on_again: Callable[[], None] = lambda: None
        """Called for another signal while the first is still being dealt with: the person will not wait."""
        self.came: str | None = None
        """Name of the signal that stopped us."""
        self.came_at = 0.0
        self.holding = False
        self.put_off = False
        """The program is still being loaded: a signal is kept until `begin`. An import that is interrupted leaves
        modules behind that have half their names."""
        self.over = False
        """The work is over, however it ended; what is left to do is to say so."""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if not self.armed:
            if self.came and not self.over and time.monotonic() - self.came_at > TOGETHER:
                self.on_again()
            return
        self.armed = False
        self.came = signal.Signals(number).name
        self.came_at = time.monotonic()
        self.on_signal()
        if not (self.holding or self.put_off):
            raise Interrupted(self.came)

    def begin(self) -> None:
        """All is loaded: a signal interrupts from here on, and so does one that came before. Raises Interrupted."""
        self.put_off = False
        if self.came and not self.over:
            raise Interrupted(self.came)

    def disarm(self) -> None:
        """The work is over: from here on a signal finds nothing to stop."""
        self.armed = False
        self.over = True


_watch = Watch()
_end: CloudnorthError | None = None
"""Why the run must end, found by another thread."""


def end_with(error: CloudnorthError) -> None:
    """End the run from a thread: the main thread's next `check` raises this, once."""
    global _end
    _end = error


def forget_end() -> None:
    """What was to end is over."""
    global _end
    _end = None


def came() -> str | None:
    """The signal that came, if one did, seen or swallowed."""
    return _watch.came


@contextlib.contextmanager
def held() -> Iterator[None]:
    """A signal within this block interrupts at its end.

    For calls that swallow what is raised in them: the hooks that run around a fork (os.register_at_fork), of which
    `logging` has one, print an exception and go on, and the Ctrl-C would be lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = came()
    _watch.holding = True
    try:
        yield
    finally:
        _watch.holding = False
    check(before)


@contextlib.contextmanager
def left_to_others() -> Iterator[None]:
    """Within this block SIGINT does nothing to us: a program at our terminal gets the Ctrl-C itself."""
    # A handler of Python's, not SIG_IGN, which that program would inherit.
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def check(before: str | None = None) -> None:
    """Interrupt the main thread if a signal came since `came()` was `before`, and what it raised was swallowed.

    A file or socket that the garbage collector closes swallows it too (CPython's iobase_finalize clears errors), so
    whatever waits asks now and then.
    """
    global _end
    if _end is not None and threading.current_thread() is threading.main_thread():
        error, _end = _end, None
        raise error
    if _watch.came and not before and threading.current_thread() is threading.main_thread():
        raise Interrupted(_watch.came)


def _unless_interrupted(aloud: Callable[[sys.UnraisableHookArgs], object]) -> Callable[[sys.UnraisableHookArgs], None]:
    """A finalizer or a hook swallowed our exception: `check` finds it, and Python's traceback of it is for nobody."""

    def tell(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, Interrupted):
            aloud(unraisable)

    return tell


@contextlib.contextmanager
def interruptible() -> Iterator[Watch]:
    """Turn the three signals into one `Interrupted` within this block. A SIGHUP ignored by `nohup` stays ignored."""
    global _watch
    outer, watch = _watch, Watch()
    _watch = watch
    before = {}
    for number in STOPPING:
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue
        before[number] = signal.signal(number, watch)
    aloud, sys.unraisablehook = sys.unraisablehook, _unless_interrupted(sys.unraisablehook)
    try:
        yield watch
    finally:
        sys.unraisablehook = aloud
        for number, handler in before.items():
            signal.signal(number, handler)
        _watch = outer
