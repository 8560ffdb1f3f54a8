"""What a run keeps of a rollout in its folder: the recording, and the evidence as text and JSON."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import msgspec

from cloudnorth_cli.model import Verdict
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout.telling import told

RECORDING = "rollout.ndjson"
EVIDENCE = "evidence"
LARGEST = 64_000_000
"""Bytes of a recording, after which nothing is added: it is a help, not the work."""


class Recorder:
    """Writes lines of a recording, secrets as stars. A disk that is full is no reason to fail."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._file: TextIO | None = None
        self._size = 0
        with contextlib.suppress(OSError):
            self._file = (site.folder / RECORDING).open("a", encoding="utf-8")

    def write(self, line: Mapping[str, Any]) -> None:
        if self._file is None or self._size > LARGEST:
            return
        text = self._site.mask(msgspec.json.encode(line).decode())
        self._size += len(text)
        with contextlib.suppress(OSError):
            self._file.write(text + "\n")
            self._file.flush()

    def close(self) -> None:
        if self._file:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None


def keep(site: Site, verdict: Verdict) -> None:
    """The evidence of a failed verdict, for when its pods are gone."""
    with contextlib.suppress(OSError):
        _write(site.folder / f"{EVIDENCE}.json", json.dumps(msgspec.to_builtins(verdict), indent=2) + "\n")
        _write(site.folder / f"{EVIDENCE}.txt", "\n".join(told(verdict)) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
