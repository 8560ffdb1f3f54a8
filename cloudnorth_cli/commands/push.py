"""`cloudnorth push`: bring the built images to where the platform reads them."""

from __future__ import annotations

from pathlib import Path

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.commands.build import buildable, write_images
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def push(
    platform: Platform, environment: Environment, request: Request, journal: Journal, out: Path | None = None
) -> Result:
    """Build what is not built yet and push it. out: a file for `deploy --images`, by digest."""
    with journal.step("build") as step:
        artifacts = platform.build(buildable(environment, request.services), step)
    with journal.step("push") as step:
        images = platform.push(artifacts, step)
    if out:
        write_images(out, {image.service: image.reference for image in images})
    named = ", ".join(f"{image.service} {image.short}" for image in images)
    return Result(
        command="push",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=f"in the registry: {named}.",
        seconds=journal.seconds,
        images=images,
        artifacts=artifacts,
        next=(outcome.command(environment, f"deploy --images {out}" if out else "deploy"),),
    )
