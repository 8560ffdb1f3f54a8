"""A program in Terraform's place that tells outputs and writes down what it was asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCRIPT = """#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/asked.txt"
case "$1" in
  init) touch "$here/initialised"; [ -e "$here/broken" ] && { echo "Error: no such bucket" >&2; exit 1; }; exit 0;;
  output)
    [ -e "$here/initialised" ] || { echo "Error: Backend initialization required" >&2; exit 1; }
    cat "$here/outputs.json";;
esac
"""


class StandIn:
    """folder: where it is put; ready: whether its providers are there already."""

    def __init__(self, folder: Path, *, ready: bool = True, **outputs: Any) -> None:
        self.folder = folder
        self.program = folder / "terraform"
        folder.mkdir(parents=True, exist_ok=True)
        self.program.write_text(SCRIPT)
        self.program.chmod(0o755)
        if ready:
            (folder / "initialised").touch()
        self.tell(**outputs)

    def tell(self, **outputs: Any) -> None:
        """Names to values; those whose name begins with `secret_` are sensitive."""
        told = {name: {"sensitive": name.startswith("secret_"), "value": value} for name, value in outputs.items()}
        (self.folder / "outputs.json").write_text(json.dumps(told))

    @property
    def asked(self) -> list[str]:
        """The first word of each call."""
        file = self.folder / "asked.txt"
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []
