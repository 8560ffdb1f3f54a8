"""Images of a registry: built where it lacks them, pushed, and known by the digest that the registry gives them.

The engine is contacted only when something has to be built or pushed; a host without Docker deploys what is there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from cloudnorth_cli import shell
from cloudnorth_cli.adapters import context
from cloudnorth_cli.adapters.docker import Engine
from cloudnorth_cli.adapters.push_stream import OnProgress, Pushed
from cloudnorth_cli.adapters.reference import parse
from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.errors import ExitStatus, Failed, Refused, UsageError
from cloudnorth_cli.events import BuildExplanation, Journal, Step
from cloudnorth_cli.model import Artifact, Image, Request
from cloudnorth_cli.platforms import image_plans, image_sizes, last_builds
from cloudnorth_cli.platforms.image_builds import Builds, artifact
from cloudnorth_cli.platforms.image_plans import Plan
from cloudnorth_cli.platforms.registries import Registries
from cloudnorth_cli.settings import Environment


class Images:
    """The images of an environment's services."""

    def __init__(self, environment: Environment, journal: Journal) -> None:
        self._environment = environment
        self._journal = journal
        self._registries = Registries(environment, journal)
        self._engine = Engine(environment.file.docker.host)

    def check(self, request: Request) -> None:
        """See that the registry answers and the build contexts that this deploy needs can be sent. Raises Refused.

        Contacts no engine. A service whose image is given needs no context.
        """
        wanted = [name for name in request.services or request.images or self._environment.services]
        to_build = [name for name in wanted if name not in request.images]
        builds = image_plans.building(self._environment, to_build) if to_build else {}
        if builds:
            self._registries.check_account()
            self._registries.of(parse(self._registries.repository(next(iter(builds))))).check()
        for build in builds.values():
            context.paths(self._environment.root, build)
            context.base_images(self._environment.root, build)

    def build(self, services: Sequence[str], step: Step) -> tuple[Artifact, ...]:
        """Build side by side what the registry lacks, under its content tag. Raises Refused, Failed."""
        plans = self._plans(services)
        found = side_by_side(lambda plan: self._registries.digest(plan.repository, plan.tag), plans)
        made = {plan.name: artifact(plan, digest) for plan, digest in zip(plans, found, strict=True) if digest}
        lacking = {plan.name: plan for plan in plans if plan.name not in made}
        made |= self._build(lacking, step)
        artifacts = tuple(msgspec.structs.replace(made[plan.name], service=plan.service) for plan in plans)
        for plan in plans:
            last_builds.write(self._environment, plan.service, plan.recipe)
        step.summary = " · ".join(f"{a.service} {a.tag[:8]} {'built' if a.built else 'unchanged'}" for a in artifacts)
        return artifacts

    def explain_build(self, services: Sequence[str]) -> tuple[BuildExplanation, ...]:
        """What changed in each service's image since it was last built here. Builds nothing."""
        return tuple(image_plans.explained(self._environment, plan) for plan in self._plans(services))

    def push(self, artifacts: Sequence[Artifact], step: Step) -> tuple[Image, ...]:
        """Push what the registry lacks and read every digest back from it. Raises Refused without an engine, Failed.

        One after the other: the engine sends an image's layers side by side anyway, and takes those that two images
        share from the first repository instead of sending them twice.
        """
        pushes = [self._push(artifact, step) for artifact in artifacts]
        step.summary = image_sizes.summary([sent for _, sent in pushes])
        return tuple(image for image, _ in pushes)

    def resolve(self, images: Mapping[str, str]) -> tuple[Image, ...]:
        """Images that are made elsewhere, by service, with the digests that their registries have. Raises Refused."""
        return tuple(side_by_side(lambda given: self._resolve(*given), images.items()))

    def _plans(self, services: Sequence[str]) -> list[Plan]:
        return image_plans.plans(self._environment, services, self._registries, self._engine)

    def _build(self, lacking: Mapping[str, Plan], step: Step) -> dict[str, Artifact]:
        if not lacking:
            return {}
        if any(plan.build.command is None for plan in lacking.values()):
            self._engine.ping()
        for plan in lacking.values():
            self._registries.see_push_allowed(plan.repository)
        with tempfile.TemporaryDirectory(prefix="cloudnorth-", ignore_cleanup_errors=True) as folder:
            builds = Builds(self._environment, self._registries, self._engine, step, Path(folder))
            try:
                return dict(zip(lacking, side_by_side(builds.make, lacking.values()), strict=True))
            except BaseException:
                shell.stop_all()  # the other builds are of no use any more
                raise

    def _push(self, artifact: Artifact, step: Step) -> tuple[Image, image_sizes.Sent]:
        repository = parse(artifact.repository)
        try:
            registry = self._registries.of(repository)
            digest = registry.digest(repository.path, artifact.tag)
            if digest is not None:
                return _image(artifact, digest), image_sizes.Sent(artifact.service, 0, 0)
            self._registries.see_push_allowed(artifact.repository)
            pushed = self._sent(artifact, repository.host, step)
            _see_same_digest(artifact, pushed, registry.digest(repository.path, artifact.tag))
            return _image(artifact, pushed.digest), image_sizes.sent(
                artifact.service, registry, repository.path, pushed
            )
        except Refused as error:
            if error.code != "docker-unreachable":
                error.status = ExitStatus.FAILED
            raise

    def _sent(self, artifact: Artifact, host: str, step: Step) -> Pushed:
        """Pushed, once more where the login ended meanwhile: layers that are there are not sent again."""
        tell = _teller(artifact.service, step)
        try:
            return self._engine.push(artifact.repository, artifact.tag, self._registries.login(host), tell)
        except Failed as error:
            if error.code != "push-denied" or (login := self._registries.renewed(host)) is None:
                raise
        step.waiting(f"{artifact.service}: the registry no longer took the login; pushing with a new one")
        try:
            return self._engine.push(artifact.repository, artifact.tag, login, tell)
        except Failed as error:
            if error.code == "push-denied":
                error.next = ("cloudnorth doctor --permissions",)  # the login is ours, and new: it may not push
            raise

    def _resolve(self, service: str, given: str) -> Image:
        try:
            reference = parse(given)
        except ValueError as error:
            raise UsageError(f"{service}: {error}", code="image-name") from error
        digest = self._registries.digest(reference.repository, reference.version)
        if digest is None:
            raise Refused(f"{service}: the registry has no image {given}", code="image-missing")
        return Image(service=service, repository=reference.repository, digest=digest, tag=reference.tag or "")


def _image(artifact: Artifact, digest: str) -> Image:
    return Image(service=artifact.service, repository=artifact.repository, digest=digest, tag=artifact.tag)


def _teller(service: str, step: Step) -> OnProgress:
    told = ""

    def tell(done: float, total: float | None, label: str) -> None:
        nonlocal told
        step.progress(service, done, total, "bytes", label)
        if label.startswith("retrying") and label != told:
            step.waiting(f"{service}: the registry does not take a layer, {label}")
        told = label

    return tell


def _see_same_digest(artifact: Artifact, pushed: Pushed, read: str | None) -> None:
    if read == pushed.digest:
        return
    name = f"{artifact.repository}:{artifact.tag}"
    raise Failed(
        f"{name} changed between our push and our read: we pushed {pushed.digest}, "
        f"the registry has {read or 'nothing'}. Somebody else pushes this tag, or the registry lost it",
        code="digest-changed",
        retryable=True,
    )
