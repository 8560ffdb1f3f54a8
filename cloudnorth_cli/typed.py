"""The command line as it was typed, so that the commands to type next can be pasted."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

OWN = "cloudnorth"
MODULE = "cloudnorth_cli"


@dataclass(frozen=True)
class Typed:
    """program: how this tool is called here, as a shell reads it: `.venv/bin/cloudnorth`, `'my shop/.venv/bin/…'`.

    arguments: what stood behind it.
    """

    program: str
    arguments: tuple[str, ...]
    place: str | None = None
    """Flags that stand for the environment where there is no cloudnorth.yaml: `--context prod --namespace shop`."""

    def __str__(self) -> str:
        return " ".join((self.program, *map(shlex.quote, self.arguments)))

    def respell(self, command: str) -> str:
        """One of our commands with this program and the `--config` that was typed: `cloudnorth status` -> `…`.

        Commands of others are returned as they are.
        """
        if command != OWN and not command.startswith(f"{OWN} "):
            return command
        rest = command[len(OWN) :]
        if self.place:
            rest = re.sub(r" --env \S+", f" {self.place}", rest)
        config = self.given.config
        if config and " --config" not in rest and rest:
            verb, _, more = rest.strip().partition(" ")
            rest = f" {verb} --config {shlex.quote(config)}{' ' + more if more else ''}"
        return self.program + rest

    @property
    def given(self) -> argparse.Namespace:
        """The options that matter even where the rest of the line is wrong: output, report, config; None if absent."""
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
        parser.add_argument("-o", "--output")
        parser.add_argument("--report")
        parser.add_argument("--config")
        found = argparse.Namespace(output=None, report=None, config=None)
        with contextlib.suppress(argparse.ArgumentError):
            parser.parse_known_args(list(itertools.takewhile("--".__ne__, self.arguments)), found)
        return found


def typed(arguments: Sequence[str]) -> Typed:
    """How we were called: by the bare name where the shell's PATH leads to this very program."""
    script = Path(sys.argv[0])
    if script.name == "__main__.py":
        return Typed(f"{_called(sys.executable)} -m {MODULE}", tuple(arguments))
    return Typed(_called(sys.argv[0]) if script.name == OWN else OWN, tuple(arguments))


def _called(program: str) -> str:
    """The shortest way to type it here: its name, a path below the working directory, or the whole path."""
    found = shutil.which(Path(program).name)
    # Compared as paths: a virtual environment's python is a link to the system's, and another program all the same.
    if found and os.path.abspath(found) == os.path.abspath(program):
        return Path(program).name
    near = os.path.relpath(program)
    return shlex.quote(near if not near.startswith("..") else program)
