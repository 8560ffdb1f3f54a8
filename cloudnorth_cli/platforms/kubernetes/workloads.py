"""Which objects of a chart a rollout is judged by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cloudnorth_cli.model import Change
from cloudnorth_cli.platforms.kubernetes import manifest
from cloudnorth_cli.platforms.kubernetes.manifest import Document


def of_release(documents: Sequence[Document], changes: Iterable[Change], namespace: str) -> dict[str, str | None]:
    """Workloads and Jobs by key, to the services that they run."""
    services = {change.workload: change.service for change in changes}
    named = [*manifest.workloads(documents, namespace), *_jobs(documents, namespace)]
    return {what: services.get(what) for what in named}


def certain(changes: Iterable[Change]) -> set[str] | None:
    """Those that roll whatever their generation says, because their template differs from what is installed."""
    return {change.workload for change in changes if change.change in {"created", "changed"}}


def hooks(documents: Iterable[Document], namespace: str) -> set[str]:
    """The chart's own Jobs and Pods that Helm waits for, by key; its tests left out."""
    return {
        document.key
        for document in documents
        if document.hook and not document.hook.startswith("test") and _here(document, namespace) and document.pod_spec
    }


def _jobs(documents: Iterable[Document], namespace: str) -> list[str]:
    return [d.key for d in documents if d.body.get("kind") == "Job" and not d.hook and _here(d, namespace)]


def _here(document: Document, namespace: str) -> bool:
    return document.metadata.get("namespace") in (None, "", namespace)
