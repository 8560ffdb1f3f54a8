"""What each service was last built from, kept in .cloudnorth/ for `build --explain`; may be deleted at any time."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from cloudnorth_cli.adapters.context import Recipe
from cloudnorth_cli.settings import Environment


def read(environment: Environment, service: str) -> Recipe | None:
    """The last build's recipe, None where there is none that we can read."""
    try:
        return msgspec.json.decode(_file(environment, service).read_bytes(), type=Recipe)
    except (OSError, msgspec.MsgspecError):
        return None


def write(environment: Environment, service: str, recipe: Recipe) -> None:
    """Keep a recipe. A folder that cannot be written costs the explanation only."""
    file = _file(environment, service)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        ignored = environment.root / ".cloudnorth" / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n")  # or a tree would be dirty for having been built
        fresh = file.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(msgspec.json.encode(recipe))
        fresh.replace(file)


def _file(environment: Environment, service: str) -> Path:
    return environment.root / ".cloudnorth" / "builds" / environment.name / f"{service}.json"
