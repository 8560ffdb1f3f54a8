"""What has to become of each service's image, before anything is done: its recipe, its tag, its repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloudnorth_cli.adapters import context
from cloudnorth_cli.adapters.docker import Engine
from cloudnorth_cli.adapters.reference import parse
from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.errors import CloudnorthError, Refused, UsageError
from cloudnorth_cli.events import BuildExplanation
from cloudnorth_cli.platforms import last_builds
from cloudnorth_cli.platforms.registries import Registries
from cloudnorth_cli.settings import Build, Environment


@dataclass(frozen=True)
class Plan:
    """One service's image."""

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


def building(environment: Environment, services: Sequence[str]) -> dict[str, Build]:
    """How each of the services (none named: all) that are built here is built. Raises UsageError."""
    known = environment.services
    for name in services:
        if name not in known:
            raise UsageError(f"there is no service {name}; there are {', '.join(known)}", code="unknown-service")
    return {name: known[name].build or Build() for name in services or known if known[name].image is None}


def plans(environment: Environment, services: Sequence[str], registries: Registries, engine: Engine) -> list[Plan]:
    """Read what each image is made of. The engine is asked only for base images that no registry has."""
    root, builds = environment.root, building(environment, services)
    bases = {name: context.base_images(root, build) for name, build in builds.items()}
    every = sorted({base for of_service in bases.values() for base in of_service})
    found = side_by_side(lambda base: base_digest(base, registries, engine), every)
    digests = dict(zip(every, found, strict=True))

    def plan(name: str) -> Plan:
        recipe = context.recipe(root, builds[name], {base: digests[base] for base in bases[name]})
        return Plan(name, builds[name], recipe, registries.repository(name))

    return [plan(name) for name in builds]


def base_digest(base: str, registries: Registries, engine: Engine) -> str:
    """From its registry, else from the engine, else its own name: then a change behind the name goes unseen."""
    try:
        reference = parse(base)
    except ValueError:
        return base
    if reference.digest:
        return reference.digest
    try:
        found = registries.of(reference).digest(reference.path, reference.version)
    except Refused:
        found = None
    try:
        return found or engine.digest(base) or base
    except CloudnorthError:
        return base


def explained(environment: Environment, plan: Plan) -> BuildExplanation:
    """What changed in an image since it was last built here."""
    last = last_builds.read(environment, plan.service)
    now = context.difference(last, plan.recipe) if last else context.Difference((), (), ())
    return BuildExplanation(
        service=plan.service,
        tag=plan.tag,
        previous_tag=last.tag if last else None,
        added=now.added,
        removed=now.removed,
        changed=now.changed,
    )
