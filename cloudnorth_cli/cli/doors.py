"""From the words of a command line to what a command is given: an environment, its platform, a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from cloudnorth_cli import config as configuration
from cloudnorth_cli import durations
from cloudnorth_cli.actor import actor
from cloudnorth_cli.adapters import git
from cloudnorth_cli.commands import config as commands_config
from cloudnorth_cli.commands import notifying
from cloudnorth_cli.commands.cleanup_rules import GRACE, Grace
from cloudnorth_cli.errors import UsageError
from cloudnorth_cli.events import Result
from cloudnorth_cli.model import LogQuery, Request
from cloudnorth_cli.platforms import Platform, open_platform
from cloudnorth_cli.session import Run
from cloudnorth_cli.settings import Cluster, Environment, EnvironmentFile, Helm
from cloudnorth_cli.suggestions import nearest

IMAGES_LIMIT = 1_000_000
"""Bytes of an images file; a larger one is something else."""


@dataclass(frozen=True)
class Opened:
    """What a changing verb is given."""

    environment: Environment
    platform: Platform
    request: Request


def changing(
    run: Run,
    name: str | None,
    services: list[str] | None = None,
    *,
    images: Mapping[str, str] = {},
    files: bool = True,
    timeout: str | None = None,
    written: Path | None = None,
    **wishes: Any,
) -> Opened:
    """Open an environment to change it; says where it goes and from which commit.

    written: a file of ours in the working tree, such as `build --out` makes it.
    """
    opened = _opened(run, name, services, images=images, files=files, timeout=timeout, written=written, **wishes)
    run.begin(opened.environment, opened.platform.target, opened.request.source)
    return opened


def telling(run: Run, opened: Opened) -> None:
    """Whom the environment names in `notify` is told how this run ends, however that is."""
    run.at_end = notifying.at_end(opened.environment, opened.request, run.journal)


def again_and_again(
    run: Run, name: str | None, services: list[str] | None = None
) -> Callable[[], tuple[Platform, Environment, Request]]:
    """Opens an environment as often as it is called, cloudnorth.yaml read anew; the first time says where it goes."""
    told = False

    def open_again() -> tuple[Platform, Environment, Request]:
        nonlocal told
        opened = (_opened if told else changing)(run, name, services)
        told = True
        return opened.platform, opened.environment, opened.request

    return open_again


def _opened(
    run: Run,
    name: str | None,
    services: list[str] | None,
    *,
    images: Mapping[str, str] = {},
    files: bool = True,
    timeout: str | None = None,
    written: Path | None = None,
    **wishes: Any,
) -> Opened:
    environment = limited(_environment(run, name, files=files), timeout)
    run.open(environment)
    for what in (services or (), images):
        _known(what, environment.services)
    platform = open_platform(environment, run.journal)
    source = git.source(environment.root, filter(None, (written, run.options.report)))
    request = Request(
        services=tuple(dict.fromkeys(services or ())),
        images=images,
        source=source,
        actor=actor(run.id, run.environ),
        **wishes,
    )
    return Opened(environment, platform, request)


def ground(run: Run, name: str | None) -> tuple[Environment, Request]:
    """Open an environment to work on what it stands on; its platform is not asked."""
    environment = _environment(run, name, files=True)
    run.open(environment)
    source = git.source(environment.root)
    request = Request(source=source, actor=actor(run.id, run.environ))
    if not run.reading:
        settings = environment.file.terraform
        run.begin(environment, f"{settings.dir}/" if settings else "no terraform", source)
    return environment, request


def reading(
    run: Run,
    name: str | None,
    place: Environment | None = None,
    services: list[str] | None = None,
    *,
    files: bool = False,
) -> tuple[Environment, Platform]:
    """Open an environment to look at it; `place` is one made from flags, which needs no cloudnorth.yaml."""
    environment = place or _environment(run, name, files=files)
    if not place:
        _known(services or (), environment.services)
    run.open(environment)
    return environment, open_platform(environment, run.journal)


def overview(run: Run, name: str | None) -> dict[str, Callable[[], Platform]] | None:
    """Every environment of the file, where none was named and none is the default; None where one is meant."""
    loaded = _loaded(run)
    try:
        configuration.environment(loaded, name, run.environ, files=False)
    except UsageError as error:
        if error.code != "environment-wanted":
            raise
        return {one: partial(_open, run, loaded, one) for one in loaded.environments}
    return None


def everywhere(run: Run, less: Iterable[str] = ()) -> dict[str, Callable[[], Platform]]:
    """Every environment of the file that runs images of a registry, by name: the local ones run files of this machine.

    less: names that are about to be left out. Raises UsageError for one that is none.
    """
    loaded = _loaded(run)
    for name in less:
        if name not in loaded.environments:
            near = nearest(name, loaded.environments)
            raise UsageError(f"there is no environment {name}", code="environment-unknown", evidence=(near,))
    kinds = {name: configuration.platform(loaded, name) for name in loaded.environments}
    return {name: partial(_open, run, loaded, name) for name, kind in kinds.items() if kind != "local"}


def grace(keep: int | None, older_than: str | None) -> tuple[Grace, str]:
    """What `cleanup` leaves although nothing names it, and the flags that said so. Raises UsageError."""
    try:
        seconds = GRACE.seconds if older_than is None else durations.seconds(older_than)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}") from error
    flags = "" if keep is None else f" --keep {keep}"
    flags += "" if older_than is None else f" --older-than {older_than}"
    return Grace(GRACE.newest if keep is None else keep, seconds), flags


def config(run: Run, name: str | None) -> Result:
    """What an environment resolves to; no platform is opened."""
    return commands_config.config(_loaded(run), name, run.environ)


def elsewhere(run: Run, context: str | None, namespace: str | None, release: str | None) -> Environment | None:
    """An environment made from flags: a Helm release in a cluster, without a checkout of its project."""
    if not (context or namespace or release):
        return None
    if not release:
        raise UsageError("--release NAME is needed with --context and --namespace", code="release-wanted")
    flags = {"--context": context, "--namespace": namespace, "--release": release}
    run.stand_for_environment({flag: value for flag, value in flags.items() if value})
    return Environment(
        project=release,
        name=release,
        root=run.cwd,
        config_path=run.cwd / "cloudnorth.yaml",
        services={},
        migrate=None,
        verify=(),
        file=EnvironmentFile(
            platform="kubernetes",
            cluster=Cluster(context=context),
            namespace=namespace or "default",
            helm=Helm(chart="", release=release),
        ),
    )


def images(path: Path | None, named: Iterable[str] | None) -> dict[str, str]:
    """Images built elsewhere: of an images file, and single ones over it. Raises UsageError."""
    given = _images_file(path) if path else {}
    for word in named or ():
        service, equals, reference = word.partition("=")
        if not (service and equals and reference):
            raise UsageError(f"--image {word}: wanted is SERVICE=REFERENCE, such as api=registry/shop-api@sha256:…")
        given[service] = reference
    return given


def patience(wait_lock: str | None) -> float:
    """Seconds of `--wait-lock`; 0: not at all. Raises UsageError for a duration that is none."""
    try:
        return durations.seconds(wait_lock) if wait_lock else 0.0
    except ValueError as error:
        raise UsageError(f"--wait-lock: {error}") from error


def reason(flag: str, text: str | None) -> str:
    """Why, as a flag says; "" where it is not there. Raises UsageError for one that says nothing."""
    if text is not None and not text.strip():
        raise UsageError(f"{flag}: wanted is a reason, which is recorded")
    return (text or "").strip()


def limited(environment: Environment, timeout: str | None) -> Environment:
    """The environment with `--timeout` over what it and its services say. Raises UsageError for what is no duration."""
    if timeout is None:
        return environment
    try:
        durations.seconds(timeout)
    except ValueError as error:
        raise UsageError(f"--timeout: {error}") from error
    replace = msgspec.structs.replace
    services = {
        name: replace(service, rollout=replace(service.rollout, timeout=timeout) if service.rollout else None)
        for name, service in environment.services.items()
    }
    file = replace(environment.file, rollout=replace(environment.file.rollout, timeout=timeout))
    return replace(environment, services=services, file=file)


def counts(words: Iterable[str]) -> dict[str, int]:
    """Numbers by service of words such as `api=4`. Raises UsageError."""
    found = {}
    for word in words:
        service, _, number = word.partition("=")
        if not service or not number.isascii() or not number.isdigit():
            raise UsageError(f"{word}: wanted is SERVICE=N, such as api=4", code="scale")
        if int(number) == 0:
            raise UsageError(f"{word}: at least one; `cloudnorth down` stops everything", code="scale")
        found[service] = int(number)
    return found


def query(
    services: list[str] | None,
    follow: bool,
    previous: bool,
    since: str | None,
    tail: int | None,
    *,
    since_deploy: bool = False,
    source: Literal["running", "cloudwatch"] = "running",
) -> LogQuery:
    """What `logs` was asked for. Raises UsageError for a duration that is none."""
    if since and since_deploy:
        raise UsageError("--since and --since-deploy: one of them")
    if source == "cloudwatch" and (follow or previous):
        flag = "--follow" if follow else "--previous"
        raise UsageError(f"{flag}: CloudWatch has the lines of every container that was, some seconds late")
    try:
        seconds = durations.seconds(since) if since else None
    except ValueError as error:
        raise UsageError(f"--since: {error}") from error
    lines = tail if tail is not None else None if since or since_deploy else 100
    return LogQuery(
        services=tuple(services or ()),
        follow=follow,
        previous=previous,
        since_seconds=seconds,
        since_deploy=since_deploy,
        source=source,
        tail=None if lines is not None and lines < 0 else lines,
    )


def with_notes(result: Result, environment: Environment) -> Result:
    """A deploy that went well ends with the environment's notes, and with what one can do now."""
    if result.exit_status != 0:
        return result
    env = f"--env {environment.name}"
    usual = (f"cloudnorth status {env}", f"cloudnorth logs {env} --follow", f"cloudnorth down {env}")
    quiet = environment.file.protected or environment.platform != "local"
    return msgspec.structs.replace(result, notes=environment.file.notes, next=result.next or (() if quiet else usual))


def _loaded(run: Run) -> configuration.Loaded:
    return configuration.load_project(run.options.config, run.cwd, run.environ)


def _environment(run: Run, name: str | None, *, files: bool) -> Environment:
    return configuration.environment(_loaded(run), name, run.environ, files=files)


def _open(run: Run, loaded: configuration.Loaded, name: str) -> Platform:
    return open_platform(configuration.environment(loaded, name, run.environ, files=False), run.journal)


def _known(names: Iterable[str], services: Iterable[str]) -> None:
    for name in names:
        if name not in services:
            near = nearest(name, services)
            raise UsageError(f"there is no service {name}", code="service-unknown", evidence=(near,))


def _images_file(path: Path) -> dict[str, str]:
    """A JSON object from service to reference, as `build --out` writes it."""
    try:
        if path.stat().st_size > IMAGES_LIMIT:
            raise UsageError(f"{path} is too large for an images file", code="images-file")
        given = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except OSError as error:
        raise UsageError(f"--images {path}: {error.strerror}", code="images-file") from error
    except msgspec.MsgspecError as error:
        wanted = 'wanted is {"SERVICE": "REFERENCE"}, as `cloudnorth build --out` writes it'
        raise UsageError(f"{path}: {error}", code="images-file", evidence=(wanted,)) from error
    return given
