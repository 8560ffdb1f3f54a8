"""Images of a registry: built where it lacks them, pushed, and known by the digest that the registry gives them.

The engine is contacted only when something has to be built or pushed; a host without Docker deploys what is there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloudnorth_cli import secrets, shell, templates
from cloudnorth_cli.adapters import buildkit, context
from cloudnorth_cli.adapters.docker import Engine, OnProgress, Pushed, login
from cloudnorth_cli.adapters.reference import Reference, parse
from cloudnorth_cli.adapters.registry import Login, Registry
from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.errors import CloudnorthError, ExitStatus, Failed, Refused, UsageError
from cloudnorth_cli.events import BuildExplanation, CommandRun, Journal, Step
from cloudnorth_cli.model import Artifact, Image
from cloudnorth_cli.platforms import image_sizes, last_builds
from cloudnorth_cli.settings import Build, Environment, Service


@dataclass(frozen=True)
class Plan:
    """One service's image before anything is done."""

    service: str
    build: Build
    recipe: context.Recipe
    repository: str

    @property
    def tag(self) -> str:
        return self.recipe.tag

    @property
    def name(self) -> str:
        return f"{self.repository}:{self.tag}"


class Images:
    """The images of an environment's services."""

    def __init__(self, environment: Environment, journal: Journal) -> None:
        self._environment = environment
        self._journal = journal
        self._docker = environment.file.docker
        self._engine = Engine(self._docker.host)
        self._registries: dict[str, Registry] = {}

    def check(self, services: Sequence[str] = ()) -> None:
        """See that the registry answers and every build context can be sent. Contacts no engine. Raises Refused."""
        building = self._building(services)
        if building:
            self._registry(parse(self._repository(next(iter(building))))).check()
        for build in building.values():
            context.paths(self._environment.root, build)
            context.base_images(self._environment.root, build)

    def build(self, services: Sequence[str], step: Step) -> tuple[Artifact, ...]:
        """Build side by side what the registry lacks, under its content tag. Raises Refused, Failed."""
        plans = self._plans(services)
        there = dict(zip((plan.name for plan in plans), side_by_side(self._digest_of, plans), strict=True))
        lacking = list({plan.name: plan for plan in plans if there[plan.name] is None}.values())
        if any(plan.build.command is None for plan in lacking):
            self._engine.ping()
        for plan in lacking:
            self._see_push_allowed(plan.repository)
        try:
            built = {made.tag: made for made in side_by_side(lambda plan: self._make(plan, step), lacking)}
        except BaseException:
            shell.stop_all()  # the other builds are of no use any more
            raise
        artifacts = tuple(
            _artifact(plan, there[plan.name]) if there[plan.name] else _of(built[plan.tag], plan) for plan in plans
        )
        for plan in plans:
            last_builds.write(self._environment, plan.service, plan.recipe)
        step.summary = " · ".join(f"{a.service} {a.tag[:8]} {'built' if a.built else 'unchanged'}" for a in artifacts)
        return artifacts

    def explain_build(self, services: Sequence[str]) -> tuple[BuildExplanation, ...]:
        """What changed in each service's image since it was last built here. Contacts no engine where it can."""
        return tuple(self._explained(plan) for plan in self._plans(services))

    def push(self, artifacts: Sequence[Artifact], step: Step) -> tuple[Image, ...]:
        """Push what the registry lacks and read every digest back from it. Raises Refused without an engine, Failed.

        One after the other: the engine sends an image's layers side by side anyway, and takes those that two images
        share from the first repository instead of sending them twice.
        """
        pushes = [self._pushed(artifact, step) for artifact in artifacts]
        step.summary = " · ".join(f"{image.service} {sizes}" for image, sizes in pushes)
        return tuple(image for image, _ in pushes)

    def resolve(self, images: Mapping[str, str]) -> tuple[Image, ...]:
        """Images that are made elsewhere, by service, with the digests that their registries have. Raises Refused."""
        return tuple(side_by_side(lambda given: self._resolved(*given), images.items()))

    # How an image is planned -------------------------------------------------------------------------------------

    def _building(self, services: Sequence[str]) -> dict[str, Build]:
        known = self._environment.services
        for name in services:
            if name not in known:
                raise UsageError(f"there is no service {name}; there are {', '.join(known)}", code="unknown-service")
        return {name: known[name].build or Build() for name in services or known if known[name].image is None}

    def _plans(self, services: Sequence[str]) -> list[Plan]:
        root, building = self._environment.root, self._building(services)
        bases = {name: context.base_images(root, build) for name, build in building.items()}
        every = sorted({base for of_service in bases.values() for base in of_service})
        digests = dict(zip(every, side_by_side(self._base_digest, every), strict=True))

        def plan(name: str) -> Plan:
            recipe = context.recipe(root, building[name], {base: digests[base] for base in bases[name]})
            return Plan(name, building[name], recipe, self._repository(name))

        return [plan(name) for name in building]

    def _base_digest(self, base: str) -> str:
        """From its registry, else from the engine, else its own name: then a change behind the name goes unseen."""
        try:
            reference = parse(base)
        except ValueError:
            return base
        if reference.digest:
            return reference.digest
        try:
            found = self._registry(reference).digest(reference.path, reference.version)
        except Refused:
            found = None
        try:
            return found or self._engine.digest(base) or base
        except CloudnorthError:
            return base

    def _explained(self, plan: Plan) -> BuildExplanation:
        last = last_builds.read(self._environment, plan.service)
        if last is None:
            return BuildExplanation(service=plan.service, tag=plan.tag, previous_tag=None)
        now = context.difference(last, plan.recipe)
        return BuildExplanation(
            service=plan.service,
            tag=plan.tag,
            previous_tag=last.tag,
            added=now.added,
            removed=now.removed,
            changed=now.changed,
        )

    # How it is built ---------------------------------------------------------------------------------------------

    def _make(self, plan: Plan, step: Step) -> Artifact:
        started = time.monotonic()
        if plan.build.command is not None:
            return self._made_by_command(plan, plan.build.command, step, started)
        if self._engine.has(plan.name):
            return _artifact(plan, None)
        stages = buildkit.Stages()

        def on_line(line: str) -> None:
            step.output(f"docker build {plan.service}", line)
            if stages.read(line):
                step.progress(plan.service, stages.done, stages.total, "stages", stages.label)

        image = buildkit.build_image(
            plan.service,
            self._docker,
            self._environment.root,
            plan.build,
            secrets.resolve(plan.build.secrets, self._environment.root, os.environ),
            on_line=on_line,
            on_start=self._said,
        )
        self._see_nothing_changed(plan)
        # Named only now: a name says what is in it, and a build that was stopped or overtaken has none.
        self._engine.tag(image, plan.repository, plan.tag)
        return _artifact(plan, None, built=True, seconds=time.monotonic() - started)

    def _made_by_command(self, plan: Plan, command: str, step: Step, started: float) -> Artifact:
        buildkit.run_command(
            plan.service,
            self._docker,
            self._environment.root,
            templates.fill(command, {"image": plan.name}, f"services.{plan.service}.build.command"),
            on_line=lambda line: step.output(f"build {plan.service}", line),
            on_start=self._said,
        )
        digest = self._digest_of(plan)  # some commands push by themselves
        if digest is None and not self._engine.has(plan.name):
            raise Failed(
                f"the build command of {plan.service} ended well, but {plan.name} is neither in the engine nor in the "
                "registry: it has to name the image {image}",
                code="build-without-image",
            )
        return _artifact(plan, digest, built=True, seconds=time.monotonic() - started)

    def _see_nothing_changed(self, plan: Plan) -> None:
        now = context.recipe(self._environment.root, plan.build, plan.recipe.bases)
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
        self._journal.emit(CommandRun(line=str(command), cwd=str(command.cwd or "")))

    # How it is pushed --------------------------------------------------------------------------------------------

    def _pushed(self, artifact: Artifact, step: Step) -> tuple[Image, str]:
        repository = parse(artifact.repository)
        try:
            registry = self._registry(repository)
            digest = registry.digest(repository.path, artifact.tag)
            if digest is not None:
                return _image(artifact, digest), "is there"
            self._see_push_allowed(artifact.repository)
            pushed = self._engine.push(
                artifact.repository, artifact.tag, self._login(repository.host), _teller(artifact.service, step)
            )
            digest = registry.digest(repository.path, artifact.tag)
            _see_same_digest(artifact, pushed, digest)
            return _image(artifact, pushed.digest), image_sizes.summary(registry, repository.path, pushed)
        except Refused as error:
            if error.code == "docker-unreachable":
                raise
            error.status = ExitStatus.FAILED
            raise

    def _see_push_allowed(self, repository: str) -> None:
        """Known within milliseconds, before a long build. Raises Refused with the status of a failed push."""
        reference = parse(repository)
        try:
            self._registry(reference).check_push(reference.path)
        except Refused as error:
            error.status = ExitStatus.FAILED
            raise

    def _resolved(self, service: str, given: str) -> Image:
        try:
            reference = parse(given)
        except ValueError as error:
            raise UsageError(f"{service}: {error}", code="image-name") from error
        digest = self._registry(reference).digest(reference.path, reference.version)
        if digest is None:
            raise Refused(f"{service}: the registry has no image {given}", code="image-missing")
        return Image(service=service, repository=reference.repository, digest=digest, tag=reference.tag or "")

    # Where it lives ----------------------------------------------------------------------------------------------

    def _digest_of(self, plan: Plan) -> str | None:
        repository = parse(plan.repository)
        return self._registry(repository).digest(repository.path, plan.tag)

    def _repository(self, name: str) -> str:
        registry = self._environment.file.registry
        if registry is None:
            raise UsageError(
                f"{self._environment.config_path}: environments.{self._environment.name}.registry is missing; "
                f"{name} has to be pushed somewhere",
                code="registry-missing",
            )
        service: Service = self._environment.services[name]
        return f"{registry.host.rstrip('/')}/{service.repository or f'{self._environment.project}/{name}'}"

    def _registry(self, reference: Reference) -> Registry:
        host = reference.host
        if host not in self._registries:
            ours = self._environment.file.registry
            if ours is not None and host == ours.host.partition("/")[0]:
                insecure = ours.insecure
            else:
                insecure = host.partition(":")[0] in ("localhost", "127.0.0.1")  # as the engine has it
            self._registries[host] = Registry(host, insecure=insecure, login=self._login(host))
        return self._registries[host]

    def _login(self, host: str) -> Login | None:
        ours = self._environment.file.registry
        if ours is None or host != ours.host.partition("/")[0] or not (ours.username and ours.password):
            return login(host)
        found = secrets.resolve({"registry password": ours.password}, self._environment.root, os.environ)
        return Login(ours.username, found["registry password"])


def _artifact(plan: Plan, digest: str | None, *, built: bool = False, seconds: float = 0.0) -> Artifact:
    return Artifact(
        service=plan.service, repository=plan.repository, tag=plan.tag, digest=digest, built=built, seconds=seconds
    )


def _of(made: Artifact, plan: Plan) -> Artifact:
    """What was made once, for each service that has the same image."""
    return _artifact(plan, made.digest, built=made.built, seconds=made.seconds)


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
