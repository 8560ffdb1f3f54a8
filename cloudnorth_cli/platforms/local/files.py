"""Making a service's files ready to run, beside what serves and shared with every release that has the same."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from pathlib import Path

from cloudnorth_cli.adapters import bundle, uv
from cloudnorth_cli.durations import seconds
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.events import CommandRun, Step
from cloudnorth_cli.model import Image
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.platforms.local.plan import ServicePlan
from cloudnorth_cli.settings import Environment
from cloudnorth_cli.shell import Command, run

TIMEOUT = "15m"
"""Of a rollout for which nothing else is configured."""


def make_ready(environment: Environment, place: Place, image: Image, step: Step) -> ServicePlan:
    """One service of a release: its files and its virtual environment. Raises Refused, Failed."""
    service = environment.services[image.service]
    files = bundle.folder_of(place.bundles, image.digest)
    if not files.is_dir():
        raise Refused(f"{image.service}: {image.digest} is not on this machine", code="image-missing")
    needs = service.prepare
    virtual = None
    if needs.requirements:
        step.waiting(f"{image.service}: virtual environment")
        virtual, made = uv.environment(
            environment.root / needs.requirements,
            place.environments,
            on_line=lambda line: step.output("uv", line),
            on_start=lambda command: step.journal.emit(CommandRun(line=str(command))),
        )
        if made:
            step.notice(f"{image.service}: made a virtual environment for {needs.requirements}")
    if needs.command:
        files = _prepared(needs.command, files, virtual, place, image.service, step)
    rollout = service.rollout or environment.file.rollout
    return ServicePlan(
        name=image.service,
        image=image,
        folder=files,
        environment=virtual,
        run=service.run or "",
        env=dict(service.env),
        health=service.health,
        route=service.route or "/",
        timeout=seconds(rollout.timeout or TIMEOUT),
    )


def python_path(folder: Path) -> str:
    """Where a Python project's own modules are: its folder, and `src` in it where there is one."""
    source = folder / "src"
    return f"{source}:{folder}" if source.is_dir() else str(folder)


def _prepared(command: str, files: Path, virtual: Path | None, place: Place, service: str, step: Step) -> Path:
    """A copy of the files on which `prepare.command` has worked; the same files and command give the same copy."""
    key = hashlib.sha256(f"{files.name}\0{command}\0{virtual}".encode()).hexdigest()[:16]
    folder, done = place.prepared / key, place.prepared / f"{key}.complete"
    if done.exists():
        done.touch()
        return folder
    place.prepared.mkdir(parents=True, exist_ok=True)
    with (place.prepared / f"{key}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if done.exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(files, folder, symlinks=True)
        step.waiting(f"{service}: {command}")
        words = ("sh", "-c", f'PATH="{virtual}/bin:$PATH"; {command}' if virtual else command)
        try:
            run(Command(words, cwd=folder), on_line=lambda line: step.output(f"prepare {service}", line))
        except Failed as error:
            message = f"services.{service}.prepare.command failed: {command}"
            raise Failed(message, code="prepare-failed", evidence=error.evidence) from error
        done.touch()
    return folder
