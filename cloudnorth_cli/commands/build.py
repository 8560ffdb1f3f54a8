"""`cloudnorth build`: make what the registry lacks; or say what changed since the last build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Artifact, Image, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def build(
    platform: Platform, environment: Environment, request: Request, journal: Journal, out: Path | None = None
) -> Result:
    """Build the services asked for, or all.

    out: a file for `deploy --images`: by digest what the registry has, by content tag what is still to be pushed.
    """
    with journal.step("build") as step:
        artifacts = platform.build(buildable(environment, request.services), step)
    if out:
        write_images(out, {artifact.service: _reference(artifact) for artifact in artifacts})
    unpushed = any(artifact.digest is None for artifact in artifacts)
    return Result(
        command="build",
        exit_status=0,
        outcome="done" if any(artifact.built for artifact in artifacts) else "unchanged",
        environment=environment.name,
        summary=_summary(artifacts, out),
        seconds=journal.seconds,
        images=tuple(_image(artifact) for artifact in artifacts if artifact.digest),
        artifacts=artifacts,
        next=(outcome.command(environment, "push"),) if unpushed else (outcome.command(environment, "deploy"),),
    )


def explain(environment: Environment, platform: Platform, services: Sequence[str] = ()) -> Result:
    """What changed in each service's build since the last one; builds nothing."""
    explanations = platform.explain_build(buildable(environment, services))
    return Result(command="build", exit_status=0, outcome="done", explanations=explanations)


def buildable(environment: Environment, services: Sequence[str] = ()) -> tuple[str, ...]:
    """The services asked for, or all, that are built here. Raises Refused where there is none."""
    found = tuple(name for name in services or environment.services if environment.services[name].build)
    if not found:
        named = ", ".join(services) or "the project"
        raise Refused(f"{named}: there is nothing to build, the images are made elsewhere", code="nothing-to-build")
    return found


def write_images(out: Path, references: Mapping[str, str]) -> None:
    """The file that `deploy --images` reads: a JSON object from service to reference. Raises Failed."""
    try:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(dict(references))) + b"\n")
    except OSError as error:
        raise Failed(f"cannot write {out}: {error.strerror}", code="images-file") from error


def _reference(artifact: Artifact) -> str:
    behind = f"@{artifact.digest}" if artifact.digest else f":{artifact.tag}"
    return artifact.repository + behind


def _image(artifact: Artifact) -> Image:
    return Image(
        service=artifact.service, repository=artifact.repository, digest=artifact.digest or "", tag=artifact.tag
    )


def _summary(artifacts: Sequence[Artifact], out: Path | None) -> str:
    built = ", ".join(f"{artifact.service} {artifact.tag}" for artifact in artifacts if artifact.built)
    told = f"built {built}" if built else "nothing to build: every image is there already"
    return f"{told}; {out} names them." if out else f"{told}."
