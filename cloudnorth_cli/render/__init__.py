"""Listeners that show the journal: plain, jsonl, live. The only place that prints."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol, TextIO

from cloudnorth_cli.config import in_ci
from cloudnorth_cli.options import Output
from cloudnorth_cli.render.screen import Stream, is_terminal, screen


class Renderer(Protocol):
    """A listener with an end."""

    def __call__(self, event: Any) -> None:
        """Show one event. Must not raise."""

    def close(self) -> None:
        """Leave the screen as it should stay."""


def choose(
    output: Output,
    out: Stream,
    talk: Stream,
    environ: Mapping[str, str],
    *,
    reading: bool = False,
    verbose: bool = False,
    no_color: bool = False,
) -> Renderer:
    """The renderer for this output; the only late imports of drawing code, so that Rich costs only those who see it."""
    if output == "json":
        from cloudnorth_cli.render.jsonl import JsonLines

        return JsonLines(out, talk, reading=reading)
    screens = screen(out.raw, environ, no_color), screen(talk.raw, environ, no_color)
    if not reading and _draws(output, out.raw, talk.raw, environ):
        from cloudnorth_cli.render.live import LiveView

        return LiveView(out, talk, *screens, verbose=verbose)
    from cloudnorth_cli.render.plain import Plain

    return Plain(out, talk, *screens, verbose=verbose)


def paused(renderer: Renderer) -> AbstractContextManager[None]:
    """While this lasts nothing is redrawn, so that a person can be asked."""
    pause = getattr(renderer, "paused", None)
    return pause() if pause else nullcontext()


def _draws(output: Output, out: TextIO | None, talk: TextIO | None, environ: Mapping[str, str]) -> bool:
    """`live` wants a terminal to draw on; `auto` also one for the answer, and nobody's CI."""
    if output != "auto":
        return output == "live" and is_terminal(talk)
    return is_terminal(out) and is_terminal(talk) and not in_ci(environ) and environ.get("TERM", "dumb") != "dumb"
