"""Runs the tool while every program's arguments are watched, and keeps all that it printed."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.canary.finding import leaking, leaks
from tests.tool import PROGRAM, Ran, environ

ROOT = Path(__file__).resolve().parents[2]
HOOK = Path(__file__).resolve().parent / "hook"
PAUSE = 0.02


@dataclass
class Watched:
    """One project's runs. folder: for what is written down, outside of all that is searched."""

    root: Path
    folder: Path
    extra: Mapping[str, str]
    printed: list[str] = field(default_factory=list)
    lines: set[bytes] = field(default_factory=set)
    """Command lines seen in /proc, of whatever ran meanwhile."""

    def run(self, *words: str, leak: bool = False) -> Ran:
        """One call of the tool to its end."""
        self.folder.mkdir(exist_ok=True)
        given = {**self.extra, "PYTHONPATH": f"{HOOK}:{ROOT}", "CANARY_ARGV": str(self.argv)}
        if leak:
            given["CANARY_LEAK"] = "1"
        with self._sampled():
            done = subprocess.run(
                [*PROGRAM, *words],
                cwd=self.root,
                env=environ(given),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
            )
        self.printed += [done.stdout, done.stderr]
        return Ran(done.returncode, done.stdout, done.stderr)

    @property
    def argv(self) -> Path:
        """Every program that a Python of these runs started, a line of JSON each."""
        return self.folder / "argv.ndjson"

    def leaks(self, canaries: Mapping[str, str], *folders: Path, private: tuple[str, ...] = ()) -> dict[str, set[str]]:
        """Where canaries are seen: what was printed, arguments of programs, and files below these folders.

        private: names of folders that are for secrets.
        """
        found = {"printed": leaks("\n".join(self.printed).encode(), canaries)}
        found["arguments"] = leaks(b"\n".join(self.lines) + self.argv.read_bytes(), canaries)
        files = [
            file
            for folder in folders
            for file in folder.rglob("*")
            if file.is_file() and not set(private) & set(file.relative_to(folder).parts)
        ]
        assert files
        return {place: names for place, names in found.items() if names} | leaking(files, canaries)

    @contextmanager
    def _sampled(self) -> Iterator[None]:
        over = threading.Event()

        def sample() -> None:
            while not over.wait(PAUSE):
                for name in filter(str.isdigit, os.listdir("/proc")):
                    try:
                        self.lines.add(Path("/proc", name, "cmdline").read_bytes())
                    except OSError:
                        continue

        thread = threading.Thread(target=sample)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
