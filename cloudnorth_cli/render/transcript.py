"""The journal kept in the run's folder as `events.jsonl`, whatever the screen shows."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from cloudnorth_cli.events import AnyEvent, encode

FILE = "events.jsonl"


class Transcript:
    """Keeps events back until the run has a folder, then writes them as they come.

    A folder that cannot be written, or a disk that fills up, ends the transcript, never the run.
    """

    def __init__(self) -> None:
        self._waiting: list[bytes] | None = []
        self._file: BinaryIO | None = None

    def __call__(self, event: AnyEvent) -> None:
        line = encode(event) + b"\n"
        if self._waiting is not None:
            self._waiting.append(line)
        else:
            self._write(line)

    def place(self, folder: Path) -> None:
        """Write to this folder from now on. Raises OSError."""
        self._file = (folder / FILE).open("ab", buffering=0)
        waiting, self._waiting = self._waiting or [], None
        self._write(b"".join(waiting))

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _write(self, data: bytes) -> None:
        if self._file is None:
            return
        try:
            self._file.write(data)
        except OSError:
            self.close()
