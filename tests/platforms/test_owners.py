"""Marks of controllers that would take back what we change."""

from __future__ import annotations

from typing import Any

from cloudnorth_cli.platforms.kubernetes import conflicts, owners


def thing(**metadata: Any) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"name": "web", **metadata}}


def test_flux_and_argo_are_named_by_the_mark_that_they_left() -> None:
    flux = thing(labels={"kustomize.toolkit.fluxcd.io/name": "shop"})
    (line,) = owners.told(flux)
    assert line.startswith("deployment/web .metadata.labels[kustomize.toolkit.fluxcd.io/name]: Flux")
    argo = thing(annotations={"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"})
    assert ["Argo CD" in line for line in owners.told(argo)] == [True]


def test_a_controller_that_writes_the_spec_is_named_by_its_manager() -> None:
    fields = [{"manager": "argocd-controller", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]
    (line,) = owners.told(thing(managedFields=fields))
    assert line == 'deployment/web .spec: Argo CD writes it as "argocd-controller"'


def test_nobody_else_is_nobody() -> None:
    fields = [{"manager": "helm", "operation": "Apply", "fieldsV1": {"f:spec": {}}}]
    assert list(owners.told(thing(managedFields=fields, labels={"app": "web"}))) == []


def test_helm_is_no_stranger_to_itself() -> None:
    assert conflicts.ours('.spec.replicas: conflict with "helm" using apps/v1')
    assert not conflicts.ours('.spec.replicas: conflict with "kubectl" using apps/v1')
