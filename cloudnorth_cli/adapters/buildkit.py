"""`docker build` with BuildKit: the command line, run to its end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from cloudnorth_cli import masking, shell
from cloudnorth_cli.adapters.buildkit_output import NOISE, failure
from cloudnorth_cli.model import Secret
from cloudnorth_cli.settings import Build, Docker

OnLine = Callable[[str], None]
OnStart = Callable[[shell.Command], None]


def environ(docker: Docker) -> dict[str, str | Secret]:
    """What every `docker` program of ours is given."""
    fixed: dict[str, str | Secret] = {
        "DOCKER_BUILDKIT": "1",
        # Provenance holds times and would give every build a digest of its own.
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        # The engine's own builder: a builder of another driver would not leave the image in the engine.
        "BUILDX_BUILDER": "default",
    }
    return fixed | ({"DOCKER_HOST": docker.host} if docker.host else {})


def command(
    docker: Docker, root: Path, build: Build, secrets: Mapping[str, Secret], more: Mapping[str, str | Secret]
) -> shell.Command:
    """The build as a program to run. Secrets go through the environment: never in argv, and on no disk.

    root: folder of cloudnorth.yaml; more: added to the client's environment (`docker_config.logged_in`).
    """
    names = {name: f"CLOUDNORTH_BUILD_SECRET_{number}" for number, name in enumerate(sorted(secrets))}
    words = [docker.command, "build", "--progress", "plain"]
    words += ["--file", str(root / build.dockerfile), "--platform", build.platform]
    words += ["--target", build.target] if build.target else []
    for name, value in sorted(build.args.items()):
        words += ["--build-arg", f"{name}={value}"]
    for name, variable in names.items():
        words += ["--secret", f"id={name},env={variable}"]
    given = environ(docker) | {variable: secrets[name] for name, variable in names.items()} | dict(more)
    return shell.Command((*words, str(root / build.context)), environ=given, cwd=root)


def build_image(
    service: str,
    command: shell.Command,
    secrets: Mapping[str, Secret],
    image_id: Path,
    *,
    on_line: OnLine,
    on_start: OnStart,
) -> str:
    """Run a build and return the image's id, by way of the file `image_id`. The image has no name yet.

    Raises Refused, Failed.
    """
    *words, context = command.words
    told = dataclasses.replace(command, words=(*words, "--iidfile", str(image_id), context))
    _run(service, told, secrets, on_line, on_start)
    return image_id.read_text("ascii").strip()


def run_command(service: str, docker: Docker, root: Path, text: str, *, on_line: OnLine, on_start: OnStart) -> None:
    """Run the project's own build command. Raises Failed."""
    _run(service, shell.Command(("sh", "-c", text), environ=environ(docker), cwd=root), {}, on_line, on_start)


def _run(
    service: str, command: shell.Command, secrets: Mapping[str, Secret], on_line: OnLine, on_start: OnStart
) -> None:
    masked = masking.masker(secret.reveal() for secret in secrets.values())

    def told(line: str) -> None:
        if not NOISE.fullmatch(line):
            on_line(masked(line))

    completed = shell.run(command, on_line=told, on_start=on_start, check=False)
    if completed.status != 0:
        raise failure(service, completed.status, masked(completed.output))
