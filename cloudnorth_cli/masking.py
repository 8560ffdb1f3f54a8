"""Taking secrets out of what is told: as they are, and as JSON, URLs and base64 write them."""

from __future__ import annotations

import base64
import json
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

import msgspec

STARS = "***"
SHORTEST = 3
"""Characters of a value that is masked: one or two are in every line and protect nothing."""
SHORTEST_PART = 8
"""Characters of a line of a value, or of its base64, that is masked by itself: not the brackets of a JSON text."""
NAMES = {"at", "cause", "code", "commit", "digest", "environment", "platform", "pod", "project", "release", "run"}
NAMES |= {"service", "step", "tag", "workload"}
"""Fields that hold names which machines look for: a secret of the value `shop` would make them another project's."""

_T = TypeVar("_T")


class Masker:
    """Puts stars in the place of values; more values may be added from any thread."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._parts: tuple[str, ...] = ()
        self.add(values)

    def add(self, values: Iterable[str]) -> None:
        new = {part for value in values for part in _parts(value)}
        if not new <= {*self._parts}:
            # The longest first: one value may be a part of another.
            self._parts = tuple(sorted({*self._parts, *new}, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        for part in self._parts:
            if part in text:
                text = text.replace(part, STARS)
        return text

    def everywhere(self, thing: _T) -> _T:
        """A value with every text in it masked, names apart; the same one where there is nothing to mask."""
        return typing.cast(_T, self._walked(thing)) if self._parts else thing

    def _walked(self, thing: Any) -> Any:
        if isinstance(thing, str):
            return self(thing)
        if isinstance(thing, msgspec.Struct):
            found = {name: (old, self._walked(old)) for name in _telling(type(thing)) if (old := getattr(thing, name))}
            changed = {name: new for name, (old, new) in found.items() if new is not old and new != old}
            return msgspec.structs.replace(thing, **changed) if changed else thing
        if isinstance(thing, tuple | list):
            return type(thing)(map(self._walked, thing))
        if isinstance(thing, Mapping):
            return {key: self._walked(value) for key, value in thing.items()}
        return thing


def masker(values: Iterable[str]) -> Callable[[str], str]:
    """A function that masks these values in a line."""
    return Masker(values)


@cache
def _telling(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Fields that may hold what a program or a person wrote: neither names nor one of a few fixed words."""
    fields = msgspec.structs.fields(kind)
    return tuple(
        each.name for each in fields if each.name not in NAMES and typing.get_origin(each.type) is not typing.Literal
    )


def _parts(value: str) -> Iterator[str]:
    if len(value) < SHORTEST:
        return
    yield value
    yield from (json.dumps(value, ensure_ascii=plain)[1:-1] for plain in (False, True))
    # As Python and JavaScript show texts within single quotes, and a shell's `set -x` words.
    yield from (repr(value)[1:-1], ascii(value)[1:-1], value.replace("'", "'\\''"), value.replace("'", "'\"'\"'"))
    for quoted in (quote(value), quote(value, safe=""), quote_plus(value)):
        yield from (quoted, _lower(quoted))
    yield from _base64(value.encode())
    lines = value.splitlines()
    if len(lines) > 1:
        # Whoever prints a value of several lines prints them one by one.
        yield from (line for line in map(str.strip, lines) if len(line) >= SHORTEST_PART)


def _base64(value: bytes) -> Iterator[str]:
    """What of it stands in the base64 of any text that holds the value: three bytes make four characters, so there are
    three ways, and the characters at its ends that neighbours share are left out (RFC 4648, section 4)."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + value).decode()
        shared = (before + len(value)) % 3
        core = text[(0, 2, 3)[before] : len(text) - ((4 - shared) if shared else 0)]
        if len(core) >= SHORTEST_PART:
            yield from (core, core.translate(str.maketrans("+/", "-_")))


def _lower(quoted: str) -> str:
    """With the digits of `%2F` in small letters, as some write them."""
    head, *rest = quoted.split("%")
    return "".join([head, *(f"%{part[:2].lower()}{part[2:]}" for part in rest)])
