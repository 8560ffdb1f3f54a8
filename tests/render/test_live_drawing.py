"""What happens is drawn because it happens, not when a clock says so."""

from __future__ import annotations

import io
import threading

import pytest

from cloudnorth_cli.events import Journal
from cloudnorth_cli.render import live
from cloudnorth_cli.render.screen import Screen, Stream


class Terminal(io.StringIO):
    """Says when a text was written to it."""

    def __init__(self, awaited: str) -> None:
        super().__init__()
        self.awaited, self.came = awaited, threading.Event()

    def write(self, text: str) -> int:
        if self.awaited in text:
            self.came.set()
        return super().write(text)


def test_below_what_is_drawn_a_line_is_free_for_what_the_terminal_echoes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a row that fills the width, `^C` would begin a line that nobody erases: a stale row stayed."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal("watch")
    view = live.LiveView(Stream(terminal), Stream(terminal), Screen(width=40), Screen(width=40))
    try:
        with Journal(view).step("watch") as step:
            step.waiting("web /healthz takes its time")
            assert terminal.came.wait(30), terminal.getvalue()
            drawn = "".join(part.text for part in view._console.render(view))
            row, free = drawn.splitlines()
            assert row.endswith(" s")
            assert len(row) == 40
            assert free == ""
    finally:
        view.close()


def test_an_event_is_drawn_without_waiting_for_the_next_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "IDLE", 3600.0)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal("7 of 40")
    view = live.LiveView(Stream(terminal), Stream(terminal), Screen(), Screen())
    try:
        with Journal(view).step("apply") as step:
            for done in range(8):
                step.progress("resources", done, 40, "resources")
            assert terminal.came.wait(30), terminal.getvalue()
    finally:
        view.close()
    assert live.PAUSE < 0.1, "and a burst of events holds none up for longer than a person sees"
