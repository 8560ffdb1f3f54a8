"""What a screen can show (width, colour, letters), and writing to it without ever failing the work."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

NARROW = 60
"""Columns under which a line's parts stand below each other."""
FULL = 80
"""Columns that a screen is laid out for, however wide the terminal is."""

_ASCII = str.maketrans(
    {
        "✓": "ok",
        "✗": "FAIL",
        "·": "-",
        "→": "->",
        "−": "-",
        "–": "-",
        "…": "...",
        "▲": "^",
        "•": ">",
        "━": "#",
        "╌": ".",
    }
)
_COLOURS = {"green": "32", "yellow": "33", "red": "31", "dim": "2", "bold": "1"}
_SERVICES = ("36", "35", "34", "33", "32", "96", "95", "94")


class Stream:
    """A text stream, flushed line by line, that falls silent when nobody reads it any more.

    A deploy is not to be aborted in the middle because `| head` has seen enough.
    """

    def __init__(self, raw: TextIO | None) -> None:
        self.raw = raw
        self.gone = raw is None
        """Nobody reads this any more."""
        self.error: OSError | None = None
        """Why it could not be written, other than a closed pipe; such as a full disk."""
        if raw is not None and hasattr(raw, "reconfigure"):
            raw.reconfigure(errors="replace")

    def line(self, text: str = "") -> None:
        self.write(f"{text}\n")

    def write(self, text: str) -> None:
        if self.gone or self.raw is None:
            return
        try:
            self.raw.write(text)
            self.raw.flush()
        except (OSError, ValueError) as error:
            self._give_up(error)

    def flush(self) -> None:
        """Nothing is kept back; here for those who take this for a file."""

    def isatty(self) -> bool:
        return is_terminal(self.raw)

    def fileno(self) -> int:
        assert self.raw is not None
        return self.raw.fileno()

    @property
    def encoding(self) -> str:
        return getattr(self.raw, "encoding", None) or "utf-8"

    def _give_up(self, error: Exception) -> None:
        self.gone = True
        if isinstance(error, OSError) and error.errno != errno.EPIPE:
            self.error = error
        # What is still buffered would fail once more when the interpreter ends, with a message of its own.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            assert self.raw is not None
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.raw.fileno())
            os.close(null)


@dataclass(frozen=True)
class Screen:
    """How a text is laid out for one stream."""

    width: int = FULL
    wraps: bool = False
    """Break lines ourselves at `width`; in a pipe or a file a line stays a line."""
    colour: bool = False
    unicode: bool = True

    @property
    def narrow(self) -> bool:
        return self.wraps and self.width < NARROW

    @property
    def layout(self) -> int:
        """Columns to lay out for."""
        return min(self.width, FULL)

    def letters(self, text: str) -> str:
        """The text with letters that this screen has."""
        return text if self.unicode else text.translate(_ASCII)

    def paint(self, text: str, colour: str) -> str:
        """Colour carries no meaning that the words don't."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.colour and text else text

    def paint_service(self, text: str, service: str) -> str:
        """The same colour for the same service, in every run."""
        if not self.colour:
            return text
        return f"\x1b[{_SERVICES[sum(service.encode()) % len(_SERVICES)]}m{text}\x1b[0m"


def screen(stream: TextIO | None, environ: Mapping[str, str], no_color: bool = False) -> Screen:
    """What `stream` can show."""
    terminal = is_terminal(stream)
    given = environ.get("COLUMNS", "").isdigit()
    return Screen(
        width=max(20, shutil.get_terminal_size((FULL, 24)).columns) if terminal or given else FULL,
        wraps=terminal or given,
        colour=terminal and not no_color and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb",
        unicode=_is_utf8(stream, environ),
    )


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def _is_utf8(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    language = environ.get("LANG", "")
    kind = environ.get("LC_CTYPE", "")
    # Python sets LC_CTYPE=C.UTF-8 itself where the locale is C (PEP 538); the terminal did not say so.
    if kind == "C.UTF-8" and language in ("", "C", "POSIX"):
        kind = ""
    locale = environ.get("LC_ALL") or kind or language
    encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
    return "utf8" in locale.lower().replace("-", "") and encoding == "utf8"
