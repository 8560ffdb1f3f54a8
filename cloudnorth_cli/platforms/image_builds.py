"""Making one image: by `docker build`, or by the project's own command."""

from __future__ import annotations

import time
from pathlib import Path

from cloudnorth_cli import secrets, shell, templates
from cloudnorth_cli.adapters import buildkit, context, docker_config
from cloudnorth_cli.adapters.buildkit_output import Stages
from cloudnorth_cli.adapters.docker import Engine
from cloudnorth_cli.errors import Failed
from cloudnorth_cli.events import CommandRun, Step
from cloudnorth_cli.model import Artifact
from cloudnorth_cli.platforms.image_plans import Plan
from cloudnorth_cli.platforms.registries import Registries
from cloudnorth_cli.settings import Environment


class Builds:
    """Makes the images of an environment in its engine.

    folder: for files of the build; made and removed by who waits for the builds, as their threads may be left behind.
    """

    def __init__(
        self, environment: Environment, registries: Registries, engine: Engine, step: Step, folder: Path
    ) -> None:
        self._folder = folder
        self._client = docker_config.logged_in(*registries.ours(), folder)
        self._root = environment.root
        self._sources = secrets.sources(environment, step.journal)
        self._docker = environment.file.docker
        self._registries = registries
        self._engine = engine
        self._step = step

    def make(self, plan: Plan) -> Artifact:
        """One image under its name, made now or there already. Raises Refused, Failed."""
        started = time.monotonic()
        if plan.build.command is not None:
            digest = self._run_command(plan, plan.build.command)
        elif self._engine.has(plan.name):
            return artifact(plan, None)
        else:
            digest = None
            image = self._build(plan)
            self._see_nothing_changed(plan)
            # Named only now: a name says what is in it, and a build that was stopped or overtaken has none.
            self._engine.tag(image, plan.repository, plan.tag)
        return artifact(plan, digest, built=True, seconds=time.monotonic() - started)

    def _build(self, plan: Plan) -> str:
        stages = Stages()

        def on_line(line: str) -> None:
            self._step.output(f"docker build {plan.service}", line)
            if stages.read(line):
                self._step.progress(plan.service, stages.done, stages.total, "stages", stages.label)

        given = self._sources.resolve(plan.build.secrets, "services", plan.service, "build", "secrets")
        made = buildkit.command(self._docker, self._root, plan.build, given, self._client)
        image_id = self._folder / f"{plan.service}.id"
        return buildkit.build_image(plan.service, made, given, image_id, on_line=on_line, on_start=self._said)

    def _run_command(self, plan: Plan, command: str) -> str | None:
        buildkit.run_command(
            plan.service,
            self._docker,
            self._root,
            templates.fill(command, {"image": plan.name}, f"services.{plan.service}.build.command"),
            on_line=lambda line: self._step.output(f"build {plan.service}", line),
            on_start=self._said,
        )
        digest = self._registries.digest(plan.repository, plan.tag)  # some commands push by themselves
        if digest is None and not self._engine.has(plan.name):
            raise Failed(
                f"the build command of {plan.service} ended well, but {plan.name} is neither in the engine nor in the "
                "registry: it has to name the image {image}",
                code="build-without-image",
            )
        return digest

    def _see_nothing_changed(self, plan: Plan) -> None:
        now = context.recipe(self._root, plan.build, plan.recipe.bases)
        if now != plan.recipe:
            difference = context.difference(plan.recipe, now)
            names = (*difference.added, *difference.removed, *difference.changed)
            raise Failed(
                f"files changed while {plan.service} was built, so the image is not what its tag would say",
                code="changed-while-building",
                evidence=names[:20],
                retryable=True,
            )

    def _said(self, command: shell.Command) -> None:
        self._step.journal.emit(CommandRun(line=str(command), cwd=str(command.cwd or "")))


def artifact(plan: Plan, digest: str | None, *, built: bool = False, seconds: float = 0.0) -> Artifact:
    """What became of a plan."""
    return Artifact(
        service=plan.service, repository=plan.repository, tag=plan.tag, digest=digest, built=built, seconds=seconds
    )
