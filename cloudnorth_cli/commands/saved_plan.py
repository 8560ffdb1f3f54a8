"""A plan kept in a folder between two jobs of a pipeline, with a person's approval in between."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import msgspec

from cloudnorth_cli.errors import Failed, Refused, UsageError
from cloudnorth_cli.model import Value
from cloudnorth_cli.settings import Environment

PLAN = "plan.tfplan"
ABOUT = "plan.json"


class About(Value, frozen=True, kw_only=True):
    """What the plan was made of; it holds for nothing else."""

    v: int = 1
    project: str
    environment: str
    lineage: str
    serial: int
    """Of the state."""
    sha256: str
    """Of the plan's file."""
    destroy: bool = False


def write(folder: Path, plan: Path, environment: Environment, state: tuple[str, int], *, destroy: bool) -> None:
    """Keep a plan, readable by us alone: it holds values in clear. Raises Failed."""
    about = About(
        project=environment.project,
        environment=environment.name,
        lineage=state[0],
        serial=state[1],
        sha256=_sum(plan),
        destroy=destroy,
    )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = folder / PLAN
        kept.unlink(missing_ok=True)
        os.close(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        shutil.copyfile(plan, kept)
        with os.fdopen(os.open(folder / ABOUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(about)) + b"\n")
    except OSError as error:
        raise Failed(f"cannot keep the plan in {folder}: {error.strerror}", code="plan-folder") from error


def read(folder: Path, environment: Environment) -> tuple[Path, About]:
    """The plan's file and what it was made of. Raises UsageError where there is none, Refused where it is another's."""
    try:
        about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=About)
        changed = _sum(folder / PLAN) != about.sha256
    except (OSError, msgspec.MsgspecError) as error:
        message = f"--apply {folder}: there is no plan in it, as `provision --plan --out DIR` keeps one"
        raise UsageError(message, code="plan-folder") from error
    if (about.project, about.environment) != (environment.project, environment.name):
        raise Refused(f"the plan in {folder} is {about.project}'s for {about.environment}", code="plan-elsewhere")
    if changed:
        raise Refused(f"the plan in {folder} is not the one that was shown", code="plan-changed")
    return folder / PLAN, about


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
