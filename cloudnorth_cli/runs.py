"""Folders of runs: `.cloudnorth/runs/<run>/` beside cloudnorth.yaml, for transcripts and evidence.

They may be deleted at any time: nothing that a next run needs is only there.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

KEPT = 50
LATEST = "latest"


def new_id(now: datetime) -> str:
    """`20261124-071502-7c`: when it began, and two digits that tell two runs of one second apart."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(1)}"


def folder(root: Path, run: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Where a run keeps what it saw; `root` is the folder of cloudnorth.yaml. Not made here."""
    given = environ.get("CLOUDNORTH_RUNS_DIR")
    return (Path(given) if given else root / ".cloudnorth" / "runs") / run


def make(root: Path, run: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Make a run's folder, point `latest` at it and drop all but the last 50. Raises OSError."""
    made = folder(root, run, environ)
    made.mkdir(parents=True, exist_ok=True)
    ignoring = root / ".cloudnorth" / ".gitignore"
    if ignoring.parent.is_dir() and not ignoring.exists():
        ignoring.write_text("*\n")  # nothing of it is for a commit
    new = made.parent / f".{LATEST}-{run}"
    new.symlink_to(run)
    os.replace(new, made.parent / LATEST)
    _drop_old(made.parent)
    return made


def _drop_old(runs: Path) -> None:
    kept = sorted(entry for entry in runs.iterdir() if entry.is_dir() and not entry.is_symlink())
    for old in kept[:-KEPT]:
        with contextlib.suppress(OSError):
            shutil.rmtree(old)
