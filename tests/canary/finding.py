"""Looks for canaries in whatever a run left: as they are, and inside gzip, zip, base64, URLs and JSON.

A canary is a word of letters and digits with signs round it. Signs are what escapes change, so the word is looked for,
and whatever holds others of its kind packed is unpacked and looked through again.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote_to_bytes

DEPTH = 6
"""Layers: a Helm release is JSON in gzip in base64 in base64 in JSON."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")
_GZIP = b"\x1f\x8b\x08"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})")


def leaks(data: bytes, canaries: Mapping[str, str], depth: int = DEPTH) -> set[str]:
    """Names of the canaries that a text or a file holds in any way."""
    found = {name for name, word in canaries.items() if word.encode() in data}
    if depth:
        for inner in _unpacked(data):
            found |= leaks(inner, canaries, depth - 1)
    return found


def leaking(files: Iterable[Path], canaries: Mapping[str, str]) -> dict[str, set[str]]:
    """Files that hold any, by path."""
    found = {str(file): leaks(file.read_bytes(), canaries) for file in files}
    return {path: names for path, names in found.items() if names}


def _unpacked(data: bytes) -> Iterator[bytes]:
    if b"%" in data and (plain := unquote_to_bytes(data)) != data:
        yield plain
    if _ESCAPED.search(data):
        yield _ESCAPED.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), data)
    for at in _places(data, _GZIP):
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(31).decompress(data[at:])
    if data[:2] in _ZLIB:
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj().decompress(data)
    if b"PK\x03\x04" in data:
        with contextlib.suppress(zipfile.BadZipFile):
            archive = zipfile.ZipFile(io.BytesIO(data))
            yield from map(archive.read, archive.namelist())
    yield from _decoded(data)


def _decoded(data: bytes) -> Iterator[bytes]:
    """Every run of base64's characters, from each of its four places: who looks does not know where a word begins.

    What was split into lines (PEM, `base64 -w 76`) is put together as well.
    """
    for text in {data, re.sub(rb"\r?\n", b"", data)}:
        for run in _BASE64.findall(text):
            for at in range(4):
                part = run.rstrip(b"=")[at:].translate(bytes.maketrans(b"-_", b"+/"))
                with contextlib.suppress(binascii.Error):
                    yield base64.b64decode(part + b"A" * (-len(part) % 4))


def _places(data: bytes, mark: bytes) -> Iterator[int]:
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


def escaped(value: str) -> str:
    """With every character as `\\uXXXX`, as no program would but JSON may."""
    return json.dumps("".join(f"\\u{ord(character):04x}" for character in value)).replace("\\\\", "\\")
