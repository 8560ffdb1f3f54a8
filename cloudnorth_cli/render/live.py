"""The journal redrawn on a terminal: what has ended stays as `plain` prints it, what runs moves below it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import IO, Any, cast

from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.text import Text

from cloudnorth_cli.events import AnyEvent, Result, StepStarted
from cloudnorth_cli.render.plain import Plain
from cloudnorth_cli.render.scene import Scene
from cloudnorth_cli.render.screen import Screen, Stream

IDLE = 1 / 8
"""Seconds between two drawings while nothing happens: the times count on."""
PAUSE = 1 / 30
"""Seconds between two drawings at least; what happens stands on the screen that much later at most."""


class LiveView(Plain):
    """Like plain, with the running step drawn below instead of lines that say what is waited for."""

    def __init__(self, out: Stream, talk: Stream, out_screen: Screen, talk_screen: Screen, **options: Any) -> None:
        super().__init__(out, talk, out_screen, talk_screen, **options)
        self.scene = Scene(talk_screen, clock=self._clock)
        self._console = Console(
            file=cast(IO[str], talk),
            force_terminal=True,
            color_system="standard" if talk_screen.colour else None,
            highlight=False,
            legacy_windows=False,
        )
        self._live: Live | None = None
        self._changed = threading.Event()
        self._stopped = threading.Event()

    def show(self, event: AnyEvent) -> None:
        self.scene.apply(event)
        self._changed.set()
        if isinstance(event, StepStarted) and self._live is None:
            self._start()
        if isinstance(event, Result):
            self._stop()
        super().show(event)

    def put(self, line: str) -> None:
        """A line that stays, above what is redrawn."""
        if self._live is None:
            super().put(line)
        else:
            self._console.print(Text.from_ansi(line), soft_wrap=True)

    def remind(self) -> None:
        """Nothing: what is waited for stands on the screen already."""

    def close(self) -> None:
        super().close()
        self._stop()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """While a person is asked, nothing is redrawn."""
        was = self._live is not None
        self._stop()
        try:
            yield
        finally:
            if was:
                self._start()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        for line in self.scene.draw(options.max_width):
            yield Text.from_ansi(line, no_wrap=True, overflow="crop")
        # The cursor stands on a line of its own: a terminal echoes ^C there, and behind a full line that would begin
        # another one, of which nobody knows who erases these.
        yield Text("")

    def _start(self) -> None:
        self._live = Live(
            self,
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()
        self._stopped = threading.Event()
        threading.Thread(target=self._keep_drawing, args=[self._live, self._stopped], daemon=True).start()

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live:
            self._stopped.set()
            live.stop()

    def _keep_drawing(self, live: Live, stopped: threading.Event) -> None:
        # Rich's own thread draws by the clock alone: at 8 times a second what happens comes up to 125 ms late.
        while not stopped.wait(PAUSE):
            self._changed.wait(IDLE)
            self._changed.clear()
            if not stopped.is_set():
                live.refresh()
