"""Who else keeps an object as he wants it: a GitOps controller would take back whatever we change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloudnorth_cli.rollout.observed import dig, key

MARKS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux (kustomize-controller)",
    "helm.toolkit.fluxcd.io/name": "Flux (helm-controller)",
}
"""Labels and annotations by which they know what is theirs (Argo CD "Resource Tracking"; Flux "Kustomization" and
"HelmRelease" references)."""
MANAGERS = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux (kustomize-controller)",
    "helm-controller": "Flux (helm-controller)",
}
"""Names under which they write fields."""


def told(thing: Any) -> Iterator[str]:
    """One line a mark: `deployment/web .metadata.labels[…]: Flux (kustomize-controller) keeps it as …`."""
    seen: set[str] = set()
    for place in ("labels", "annotations"):
        for mark, owner in MARKS.items():
            value = dig(thing, "metadata", place, default={}).get(mark)
            if value and owner not in seen:
                seen.add(owner)
                yield f"{key(thing)} .metadata.{place}[{mark}]: {owner} keeps it as {value}"
    for field in dig(thing, "metadata", "managedFields", default=[]):
        manager = str(field.get("manager"))
        owner = MANAGERS.get(manager, "")
        if owner and owner not in seen and "f:spec" in (field.get("fieldsV1") or {}):
            seen.add(owner)
            yield f'{key(thing)} .spec: {owner} writes it as "{manager}"'
