"""What somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

NEAR = 0.6
"""How alike two words have to be, by difflib's ratio."""
SHORT, NEAR_SHORT = 4, 0.7
"""Up to so many letters a word that begins with another letter has to be nearer: `foo` is not meant for `oom`."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean: registry`, or what is known when nothing is near; "" when nothing is known."""
    names = sorted(known)
    if close := closest(word, names):
        return f"did you mean: {close}"
    return f"known here: {', '.join(names)}" if names else ""


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known name that a mistyped one is near to."""
    typed = word.lower()
    for name in difflib.get_close_matches(typed, sorted(known), n=3, cutoff=NEAR):
        alike = difflib.SequenceMatcher(None, name, typed).ratio()
        if len(typed) > SHORT or name[:1] == typed[:1] or alike >= NEAR_SHORT:
            return name
    return None
