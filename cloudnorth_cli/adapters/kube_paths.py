"""Where objects stand in the API: fixed paths for what we use ourselves, discovery for what charts bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudnorth_cli.adapters.kube import Api, NotFound

_KNOWN = {
    "Namespace": "/api/v1/namespaces",
    "Pod": "/api/v1/{}/pods",
    "Service": "/api/v1/{}/services",
    "Secret": "/api/v1/{}/secrets",
    "ConfigMap": "/api/v1/{}/configmaps",
    "ServiceAccount": "/api/v1/{}/serviceaccounts",
    "PersistentVolumeClaim": "/api/v1/{}/persistentvolumeclaims",
    "Event": "/api/v1/{}/events",
    "Deployment": "/apis/apps/v1/{}/deployments",
    "ReplicaSet": "/apis/apps/v1/{}/replicasets",
    "StatefulSet": "/apis/apps/v1/{}/statefulsets",
    "DaemonSet": "/apis/apps/v1/{}/daemonsets",
    "ControllerRevision": "/apis/apps/v1/{}/controllerrevisions",
    "Job": "/apis/batch/v1/{}/jobs",
    "Lease": "/apis/coordination.k8s.io/v1/{}/leases",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/{}/horizontalpodautoscalers",
    "Ingress": "/apis/networking.k8s.io/v1/{}/ingresses",
    "SelfSubjectAccessReview": "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
}


def path(kind: str, namespace: str = "", name: str = "") -> str:
    """Path of a kind, or of one object of it."""
    place = f"namespaces/{namespace}"
    return "/".join(part for part in (_KNOWN[kind].format(place), name) if part)


class Discovery:
    """What the API server serves, asked once for each group and version."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._groups: dict[str, dict[str, dict[str, Any]]] = {}

    def resource(self, thing: Mapping[str, Any]) -> dict[str, Any] | None:
        """The API's description (`name` is the plural, `namespaced`) of an object's kind; None where it has none."""
        version = str(thing.get("apiVersion", "v1"))
        if version not in self._groups:
            self._groups[version] = self._kinds(version)
        return self._groups[version].get(str(thing.get("kind")))

    def path(self, thing: Mapping[str, Any], namespace: str) -> str | None:
        """Path of one object of a chart; None where the API server does not know its kind."""
        resource = self.resource(thing)
        if resource is None:
            return None
        metadata = thing.get("metadata") or {}
        place = f"/namespaces/{metadata.get('namespace') or namespace}" if resource["namespaced"] else ""
        return f"{_root(str(thing.get('apiVersion', 'v1')))}{place}/{resource['name']}/{metadata.get('name')}"

    def _kinds(self, version: str) -> dict[str, dict[str, Any]]:
        try:
            found = self._api.get(_root(version))
        except NotFound:
            return {}
        return {resource["kind"]: resource for resource in found["resources"] if "/" not in resource["name"]}


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
