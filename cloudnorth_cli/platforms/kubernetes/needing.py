"""Which images a namespace cannot do without: those that kept records name, and those that run or would be started."""

from __future__ import annotations

from collections.abc import Iterator

from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.adapters.reference import parse
from cloudnorth_cli.model import Needed
from cloudnorth_cli.platforms.kubernetes import records
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.site import Site


def needed(site: Site) -> tuple[Needed, ...]:
    """Records first, newest release first. Raises Refused where something of it cannot be read."""
    return (*_named(site), *_used(site))


def _named(site: Site) -> Iterator[Needed]:
    for record in records.store(site).every():
        for image in record.images:
            why = f"release {record.release.number} of {site.environment.name}"
            yield Needed(repository=image.repository, digest=image.digest, tag=image.tag, why=why)


def _used(site: Site) -> Iterator[Needed]:
    """Of every workload and pod in the namespace, whoever made it."""
    things: list[Json] = [
        thing for kind in (*records.WORKLOADS, "Pod") for thing in site.api.items(path(kind, site.namespace))
    ]
    for reference in sorted({image for thing in things for image in Document("", "", thing).images()}):
        try:
            image = parse(reference)
        except ValueError:
            continue  # the cluster cannot pull it either
        yield Needed(
            repository=image.repository,
            digest=image.digest or "",
            tag="" if image.digest else image.version,
            why=f"runs in {site.environment.name}",
        )
