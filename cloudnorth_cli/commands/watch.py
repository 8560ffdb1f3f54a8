"""`cloudnorth deploy --watch`: every saved file is a release, until Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cloudnorth_cli.adapters import context, watcher
from cloudnorth_cli.commands import outcome
from cloudnorth_cli.commands.deploy import deploy
from cloudnorth_cli.errors import CloudnorthError, ExitStatus, Interrupted, Refused
from cloudnorth_cli.events import Journal, Result, Saved, Watched
from cloudnorth_cli.model import Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment

Opened = tuple[Platform, Environment, Request]


def watch(open_again: Callable[[], Opened], journal: Journal) -> Result:
    """Deploy, and again whenever a file is saved that a release is made of; pages that are open are loaded anew.

    open_again: reads cloudnorth.yaml anew, which may have been what was saved. A deploy that fails is told, and what
    served before serves; the next save tries again. Returns when interrupted, with what serves then. Raises Refused.
    """
    platform, environment, request = open_again()
    if environment.file.protected:
        raise Refused(
            f"{environment.name} is protected: what it serves is deployed on purpose, not whenever a file is saved",
            code="watch-protected",
            next=(outcome.command(environment, "deploy"),),
        )
    try:
        with platform.pages() as reload:
            for files in _saves(environment, journal):
                journal.emit(Saved(files=files))
                result = _deploy(open_again, journal, platform, environment)
                if result.exit_status == ExitStatus.INTERRUPTED:
                    return result
                if result.release:
                    reload(result.release)
                journal.emit(Watched(result=msgspec.structs.replace(result, at=datetime.now(UTC), run=journal.run)))
    except Interrupted:
        pass
    return _ended(open_again()[0], environment, journal)


def _deploy(open_again: Callable[[], Opened], journal: Journal, before: Platform, environment: Environment) -> Result:
    began = journal.seconds
    try:
        platform, environment, request = open_again()
    except CloudnorthError as error:  # cloudnorth.yaml, half written
        return outcome.failure("deploy", environment, journal, error, before.serving())
    result = deploy(platform, environment, msgspec.structs.replace(request, watch=True, hold=False), journal)
    return msgspec.structs.replace(result, seconds=journal.seconds - began)


def _saves(environment: Environment, journal: Journal) -> Iterator[tuple[str, ...]]:
    """Names of files that were saved and that a release is made of; the first batch is empty."""
    folders = [_at(environment, each.build.context) for each in environment.services.values() if each.build]
    before = _files(environment)
    batches = watcher.saved([*folders, *_single(environment)])
    yield ()
    for batch in batches:
        after = _files(environment)
        named = sorted(_name(path, environment.root) for path in batch if path in before | after)
        before = after
        if named:
            yield tuple(named)


def _files(environment: Environment) -> frozenset[Path]:
    """Every file that a release is made of: what a build would be sent, requirements, cloudnorth.yaml."""
    found = set(_single(environment))
    for service in environment.services.values():
        if service.build:
            folder = _at(environment, service.build.context)
            try:
                found |= {folder / path for path in context.paths(environment.root, service.build, by_docker=False)}
            except Refused:
                continue  # the deploy says so
    return frozenset(found)


def _single(environment: Environment) -> tuple[Path, ...]:
    named = [service.prepare.requirements for service in environment.services.values()]
    return (environment.config_path, *(_at(environment, name) for name in named if name))


def _at(environment: Environment, name: str) -> Path:
    """A path of the configuration as the watcher tells it."""
    return Path(os.path.normpath(environment.root.absolute() / name))


def _name(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _ended(platform: Platform, environment: Environment, journal: Journal) -> Result:
    served = platform.serving()
    state = f"nothing is watched any more. {outcome.serves(environment, served)}"
    if served and served.watch:
        keep = outcome.command(environment, "deploy")
        state += f", which no rollback goes back to until it is deployed without --watch: {keep}"
        return outcome.interruption(
            "deploy", environment, journal, f"{state}.", (keep, outcome.command(environment, "rollback")), served
        )
    return outcome.interruption(
        "deploy", environment, journal, f"{state}.", (outcome.command(environment, "status"),), served
    )
