"""The search for canaries finds a planted one, however it was packed; without that its silence would mean nothing."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from tests.canary.finding import escaped, leaks

WORD = "canary4f0c9b2a7d"
VALUE = f'p"{WORD}/ö+ \n'
CANARIES = {"A": WORD, "B": "canary0000"}


def zipped(text: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner/file", text)
    return file.getvalue()


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda text: text,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zip": zipped,
    "base64": base64.b64encode,
    "base64 for URLs": base64.urlsafe_b64encode,
    "base64 in lines": base64.encodebytes,
    "base64 after one": lambda text: base64.b64encode(b"x" + text),
    "base64 after two": lambda text: base64.b64encode(b"xy" + text),
    "URL": lambda text: quote(text).encode(),
    "URL, everything": lambda text: "".join(f"%{byte:02x}" for byte in text).encode(),
    "form": lambda text: quote_plus(text).encode(),
    "JSON": lambda text: json.dumps(text.decode()).encode(),
    "JSON, everything": lambda text: escaped(text.decode()).encode(),
    "a Helm release": lambda text: base64.b64encode(
        base64.b64encode(gzip.compress(json.dumps({"v": "x"}).encode() + text))
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_planted_canary_is_found(way: str) -> None:
    packed = b'{"before": "x", "data": "' + WAYS[way](VALUE.encode()) + b'"}'
    if way in ("zlib",):
        packed = WAYS[way](VALUE.encode())  # has no mark of its own: found where a file is nothing else
    assert leaks(packed, CANARIES) == {"A"}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_none_is_not(way: str) -> None:
    assert leaks(WAYS[way](b"nothing of the kind"), CANARIES) == set()
