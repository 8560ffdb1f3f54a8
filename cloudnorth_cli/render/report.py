"""The result as a JSON file (`--report FILE`), beside any output."""

from __future__ import annotations

import os
from pathlib import Path

from cloudnorth_cli.errors import UsageError
from cloudnorth_cli.events import AnyEvent, Result, encode


class Report:
    """Writes the result beside `path` and moves it there, so that nobody reads half of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.error: OSError | None = None
        """Why it could not be written."""
        self.told = False
        """That it cannot be written is what the run ends with."""

    def __call__(self, event: AnyEvent) -> None:
        if self.told or not isinstance(event, Result):
            return
        new = self.path.with_name(f".{self.path.name}.{event.run}")
        try:
            new.write_bytes(encode(event) + b"\n")
            os.replace(new, self.path)
        except OSError as error:
            self.error = error

    def check(self) -> None:
        """See before anything is changed that it can be written. Raises UsageError."""
        if self.path.is_dir() or not os.access(self.path.absolute().parent, os.W_OK):
            self.told = True
            raise UsageError(f"--report {self.path} cannot be written", code="report-unwritable")
