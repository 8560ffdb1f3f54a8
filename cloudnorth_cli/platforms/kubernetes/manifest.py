"""A rendered manifest as documents: which workloads and images it holds, and what it is when chance is taken out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from cloudnorth_cli.model import Image

Body = Mapping[str, Any]

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_POD_SPECS = (
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
    ("spec",),
)
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_CHANCE = "(differs each time it is rendered)"
_loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """One object of a manifest."""

    source: str
    """Template that it comes from, as Helm tells it: `shop/templates/api-deployment.yaml`; "" when it does not."""
    text: str
    body: Body

    @property
    def key(self) -> str:
        """`deployment/shop-api`."""
        return f"{str(self.body.get('kind', '')).lower()}/{self.metadata.get('name', '')}"

    @property
    def metadata(self) -> Body:
        return self.body.get("metadata") or {}

    @property
    def hook(self) -> str:
        """The Helm hooks that it is for; "" for an ordinary object."""
        return str((self.metadata.get("annotations") or {}).get("helm.sh/hook", ""))

    @property
    def pod_spec(self) -> Body | None:
        """The pod template's spec, of whatever kind holds one."""
        for path in _POD_SPECS:
            found: Any = self.body
            for step in path:
                found = found.get(step) if isinstance(found, Mapping) else None
            if isinstance(found, Mapping) and isinstance(found.get("containers"), list):
                return found
        return None

    @property
    def pod_template(self) -> Body:
        """What a change of makes the workload's pods new."""
        template = (self.body.get("spec") or {}).get("template")
        return template if isinstance(template, Mapping) else {}

    def images(self) -> Iterator[str]:
        """Every image that its pods name."""
        spec = self.pod_spec or {}
        for kind in _CONTAINERS:
            for container in spec.get(kind) or []:
                if isinstance(container, Mapping) and container.get("image"):
                    yield str(container["image"])

    def line_of(self, image: str) -> int:
        """Line of the document, from 1, that names an image."""
        lines = self.text.splitlines()
        return next((n for n, line in enumerate(lines, 1) if "image" in line and image in line), 1)


def parse(text: str) -> tuple[Document, ...]:
    """The documents of `helm template` or `helm get manifest`, in order. Raises yaml.YAMLError."""
    found = []
    for part in re.split(r"^---[ \t]*$", text, flags=re.MULTILINE):
        body = yaml.load(part, Loader=_loader)
        if not isinstance(body, Mapping):
            continue
        source = re.search(r"^# Source: (.+)$", part, flags=re.MULTILINE)
        kept = part.strip("\n")
        # A `List` is its items.
        for item in body.get("items") or [] if body.get("kind") == "List" else [body]:
            found.append(Document(source[1].strip() if source else "", kept, item))
    return tuple(found)


def workloads(documents: Sequence[Document], namespace: str = "") -> dict[str, Document]:
    """Deployments, StatefulSets and DaemonSets by key; hooks, and what goes to another namespace, left out."""
    return {
        d.key: d
        for d in documents
        if d.body.get("kind") in WORKLOADS and not d.hook and d.metadata.get("namespace") in (None, "", namespace)
    }


def repository(reference: str) -> str:
    """REPOSITORY of REPOSITORY[:TAG][@DIGEST], Docker Hub's short names written out."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = head + slash + last.partition(":")[0]
    first = name.partition("/")[0]
    if "/" not in name:
        return f"docker.io/library/{name}"
    return name if "." in first or ":" in first or first == "localhost" else f"docker.io/{name}"


def runs(document: Document, image: Image) -> bool:
    """Whether its pods run this very image."""
    return any(reference.endswith(f"@{image.digest}") for reference in document.images())


def of_repository(document: Document, repositories: Mapping[str, str]) -> str | None:
    """The service whose repository an image of this document comes from; `repositories` is by service."""
    for reference in document.images():
        for service, wanted in repositories.items():
            if repository(reference) == repository(wanted):
                return service
    return None


def settled(once: Sequence[Document], again: Sequence[Document]) -> list[Any]:
    """The objects with everything taken out that two renderings of the same input give differently."""
    if len(once) != len(again):
        return [document.body for document in once]
    return [_settle(one.body, other.body) for one, other in zip(once, again, strict=True)]


def same(settled_objects: Sequence[Any], installed: Sequence[Document]) -> bool:
    """Whether what is installed is this, chance aside. A look-up that found nothing at the first install and keeps
    its value since is chance in the one rendering and none in the other, so ids alone do not tell."""
    there = {_name(document.body): document.body for document in installed}
    wanted = {_name(thing): thing for thing in settled_objects}
    return there.keys() == wanted.keys() and all(_fits(wanted[name], there[name]) for name in wanted)


def identity(images: Sequence[Image], objects: Sequence[Any], secret: str) -> str:
    """A release's id: 16 hex digits over its digests and objects, whatever their order, tests left out."""
    told = {
        "images": sorted(f"{image.service}={image.digest}" for image in images),
        "objects": sorted(json.dumps(thing, sort_keys=True, default=str) for thing in objects),
        "secret": secret,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def lasting(documents: Sequence[Document]) -> tuple[Document, ...]:
    """Without the chart's tests, which no deploy runs."""
    return tuple(document for document in documents if not document.hook.startswith("test"))


def _name(body: Body) -> tuple[str, str]:
    return str(body.get("kind")), str((body.get("metadata") or {}).get("name"))


def _fits(wanted: Any, there: Any) -> bool:
    if wanted == _CHANCE:
        return True
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return wanted.keys() == there.keys() and all(_fits(wanted[key], there[key]) for key in wanted)
    if isinstance(wanted, list) and isinstance(there, list):
        return len(wanted) == len(there) and all(map(_fits, wanted, there))
    return bool(wanted == there)


def _settle(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {key: _settle(value, other.get(key)) for key, value in one.items()}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [_settle(a, b) for a, b in zip(one, other, strict=True)]
    return one if one == other else _CHANCE
