"""Starting anew, taking away, tidying up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from cloudnorth_cli.adapters import kube_secrets
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Step
from cloudnorth_cli.platforms.kubernetes import records
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.preparing import services_of
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout.observed import key, name

_RESTARTED = "kubectl.kubernetes.io/restartedAt"
"""kubectl's own annotation, so that `kubectl rollout restart` and ours are one thing."""


def restart(site: Site, services: Sequence[str]) -> dict[str, str | None]:
    """Ask the services' workloads to make their pods anew; returns those, by key to their services."""
    there = {key(thing): thing for thing in records.workloads(site)}
    named = services_of(site, {what: Document("", "", thing) for what, thing in there.items()})
    chosen = {what: service for what, service in named.items() if not services or service in services}
    if not chosen:
        raise Refused(
            f"nothing of {', '.join(services) or site.release} runs in namespace {site.namespace}", code="nothing-runs"
        )
    annotation = {_RESTARTED: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    for what in chosen:
        thing = there[what]
        body = {"spec": {"template": {"metadata": {"annotations": annotation}}}}
        site.api.patch(path(str(thing["kind"]), site.namespace, name(thing)), body)
    return chosen


def down(site: Site, step: Step) -> str:
    """Uninstall. The namespace, the records and Helm's history stay."""
    if records.installed(records.revisions(site) or ()):
        site.run(site.helm().uninstall(timeout=site.timeout))
        step.summary = f"release {site.release} uninstalled"
    else:
        step.summary = f"release {site.release} was not installed"
    return f"records and secrets stay in namespace {site.namespace} (context {site.context}), which is left as it is"


def prune(site: Site) -> None:
    """Drop old records, and the Secrets that neither a kept record nor a workload refers to."""
    named = set(records.store(site).prune())
    running = json.dumps([dict(thing) for thing in records.workloads(site)])
    secrets = kube_secrets.names(site.api, site.namespace, site.release)
    for unused in [one for one in secrets if one not in named and f'"{one}"' not in running]:
        site.api.delete(path("Secret", site.namespace, unused))
