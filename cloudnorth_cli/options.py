"""What every verb accepts, before or behind its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Output = Literal["auto", "live", "plain", "json"]
OUTPUTS: tuple[Output, ...] = ("auto", "live", "plain", "json")


@dataclass
class Options:
    """output: how the run is shown. report: a file for the result as JSON. verbose: show each program that is run."""

    output: Output = "auto"
    config: Path | None = None
    report: Path | None = None
    verbose: bool = False
    no_color: bool = False
