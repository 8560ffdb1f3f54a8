"""What a release changes against what serves: images with their commits, lines of values, configuration, secrets.

For whoever looks at a failure: in most of them, one of these lines is the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cloudnorth_cli.adapters import git
from cloudnorth_cli.errors import CloudnorthError
from cloudnorth_cli.model import Candidate, Record
from cloudnorth_cli.platforms.kubernetes import manifest, records
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered
from cloudnorth_cli.platforms.kubernetes.site import Site

MOST = 40
"""Lines; whoever changed more looks at the commits."""


def told(site: Site, rendered: Rendered, candidate: Candidate, served: Record | None) -> tuple[str, ...]:
    """One change a line, secrets as stars; empty at a first install, and where it cannot be told."""
    if served is None:
        return ()
    try:
        lines = [
            *_images(site, candidate, served),
            *_values(site, candidate, served),
            *_objects(site, rendered, served),
            *(["migration: ran in this deploy"] if site.environment.migrate else []),
        ]
    except CloudnorthError:
        return ()
    return site.masked(tuple(dict.fromkeys(lines)))[:MOST]


def _images(site: Site, candidate: Candidate, served: Record) -> Iterator[str]:
    before = {image.service: image for image in served.images}
    commits = git.commits_between(site.environment.root, served.source.commit, candidate.source.commit)
    told = f", {len(commits)} commit{'s' if len(commits) != 1 else ''}" if commits else ""
    for image in candidate.images:
        was = before.get(image.service)
        if was is None:
            yield f"image {image.service} {image.short} (new)"
        elif was.digest != image.digest:
            yield f"image {image.service} {image.short} (was {was.short}{told})"
    yield from (f"commit {line}" for line in commits[:5])


def _values(site: Site, candidate: Candidate, served: Record) -> Iterator[str]:
    """Lines of the values files and the chart that differ from the commit that serves."""
    settings = site.settings
    chart = site.environment.root / settings.chart
    files = [*settings.values, *([settings.chart] if chart.is_dir() else [])]
    for line in git.changed_lines(site.environment.root, served.source.commit, files):
        yield f"{line.file}:{line.number} {'+' if line.added else '−'} {line.text.strip()}"


def _objects(site: Site, rendered: Rendered, served: Record) -> Iterator[str]:
    """Configuration that the cluster gets otherwise than before: environment of containers, keys of ConfigMaps."""
    printed = site.run(site.helm().manifest(served.release.revision)).output
    before = {document.key: document for document in manifest.parse(printed)}
    secret = records.store(site).secret_of(served.release)
    if secret != rendered.secret:
        yield "secrets: other values than before"
    for document in rendered.documents:
        if document.hook:
            continue
        was = before.pop(document.key, None)
        if was is None:
            yield f"{document.key}: new"
            continue
        yield from _differences(document.key, _settings(was), _settings(document))
    yield from (f"{gone}: removed" for gone in before)


def _settings(document: Document) -> Mapping[str, str]:
    """What a container or ConfigMap is told, by a name that people know it by; of a Secret nothing but its keys."""
    body, found = document.body, {}
    match body.get("kind"):
        case "ConfigMap":
            found = {str(key): str(value) for key, value in (body.get("data") or {}).items()}
        case "Secret":
            keys = [*(body.get("data") or {}), *(body.get("stringData") or {})]
            found = {str(key): "***" for key in keys}
        case _:
            spec = document.pod_spec or {}
            for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
                found |= _container(container)
    return found


def _container(container: Mapping[str, Any]) -> dict[str, str]:
    name = str(container.get("name"))
    found = {
        f"{name} {entry.get('name')}": str(entry.get("value", "(from elsewhere)"))
        for entry in container.get("env") or ()
    }
    for field in ("command", "args", "resources", "readinessProbe", "livenessProbe", "startupProbe"):
        if field in container:
            found[f"{name} {field}"] = json.dumps(container[field])
    return found


def _differences(key: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *now]):
        if name not in now:
            yield f"{key} − {name}"
        elif name not in before:
            yield f"{key} + {name}={_short(now[name])}"
        elif before[name] != now[name]:
            yield f"{key} {name}: {_short(now[name])} (was {_short(before[name])})"


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
