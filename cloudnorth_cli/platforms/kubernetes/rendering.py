"""From digests to a checked manifest: values filled in, the chart rendered, every digest found in it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from cloudnorth_cli import templates
from cloudnorth_cli.errors import CloudnorthError, Failed, Refused, UsageError
from cloudnorth_cli.model import Image
from cloudnorth_cli.platforms.kubernetes import chart_keys, chart_values, manifest
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.site import Site


@dataclass(frozen=True)
class Rendered:
    """A manifest that may be installed."""

    images: tuple[Image, ...]
    documents: tuple[Document, ...]
    values: str
    """Our values file, relative to the project where it can be."""
    secret: str
    """Name of the Secret that it refers to; "" without one."""


def placeholders(image: Image, *, release: str, commit: str, secret: str) -> dict[str, str]:
    """What `{image}` and its like stand for in a service's templates."""
    registry, _, name = image.repository.partition("/")
    return {
        "image": image.reference,
        "repository": image.repository,
        "registry": registry,
        "name": name,
        # Behind a tag stands a digest, so any tag will do where the image was named without one.
        "tag": image.tag or image.short,
        "digest": image.digest,
        "release": release,
        "commit": commit,
        "secret": secret,
    }


def render(
    site: Site, images: Sequence[Image], *, release: str, commit: str, secret: str, upgrade: bool, file: str = "values"
) -> Rendered:
    """Render the chart for these images and see that every digest is in it. Raises Refused."""
    values = write_values(site, images, release=release, commit=commit, secret=secret, file=file)
    rendered = Rendered(tuple(images), documents(site, values, upgrade=upgrade), values, secret)
    require_digests(site, rendered)
    return rendered


def documents(site: Site, values: str, *, upgrade: bool) -> tuple[Document, ...]:
    """What the chart renders to, tests left out. Raises Refused with Helm's own lines."""
    try:
        done = site.run(site.helm(values).template(upgrade=upgrade))
        return manifest.lasting(manifest.parse(done.output))
    except Failed as error:
        cause = "chart-values" if any("schema" in line for line in error.evidence) else "chart-render"
        refused = Refused(_first(error), code=cause, where=_where(site, error), evidence=error.evidence)
        # A schema names what it does not take; a template that lacks a value may lack it for many reasons.
        named = [
            one
            for one in chart_keys.of_site(site)
            if (cause == "chart-values" and any(one.step in line for line in error.evidence))
            or (cause == "chart-render" and one.meant)
        ]
        raise chart_keys.explained(site, refused, named) from error
    except yaml.YAMLError as error:
        raise Refused(f"the chart renders to what is no YAML: {error}", code="chart-render") from error


def write_values(
    site: Site, images: Sequence[Image], *, release: str, commit: str, secret: str, file: str = "values"
) -> str:
    """Write our values file into the run's folder; returns its path as Helm is to be given it."""
    wanted: dict[chart_values.Key, str] = {}
    places: dict[chart_values.Key, str] = {}
    for image in images:
        filling = placeholders(image, release=release, commit=commit, secret=secret)
        for text, template in site.environment.services[image.service].chart.items():
            where = site.environment.place("services", image.service, "chart", text)
            known = site.outputs.filled(template, where)
            try:
                key = chart_values.parse_key(text)
            except UsageError as error:
                error.where = where
                raise
            wanted[key], places[key] = templates.fill(known, filling, where), where
    below = chart_keys.below(site) if chart_values.has_index(list(wanted)) else {}
    path = site.folder / f"{file}.json"
    path.write_text(json.dumps(chart_values.build(wanted, below, places), indent=2) + "\n")
    root = site.environment.root
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def require_digests(site: Site, rendered: Rendered) -> None:
    """Each image's digest stands in a pod template, and nothing of its repository without it. Raises Refused."""
    for image in rendered.images:
        for document in rendered.documents:
            for reference in document.images():
                ours = manifest.repository(reference) == manifest.repository(image.repository)
                if ours and not _one_of(reference, rendered.images):
                    raise _unfed(
                        site,
                        image,
                        f"service {image.service}: {document.key} names {reference}, not its digest",
                        _template_line(site, document, reference),
                    )
        if not any(manifest.runs(document, image) for document in rendered.documents):
            raise _unfed(
                site,
                image,
                f"service {image.service}: nothing in the rendered chart runs its image {image.reference}",
                site.environment.place("services", image.service, "chart"),
            )


def _one_of(reference: str, images: Sequence[Image]) -> bool:
    """By its digest; two services may share one repository."""
    return any(
        reference.endswith(f"@{image.digest}")
        and manifest.repository(reference) == manifest.repository(image.repository)
        for image in images
    )


def _unfed(site: Site, image: Image, message: str, where: str) -> Refused:
    """The chart is not given an image by its digest: a key that it does not know, or none that it wants."""
    example = 'image.repository: "{repository}", image.tag: "{tag}@{digest}"'
    error = Refused(
        message,
        code="digest-missing",
        where=where,
        evidence=(f"services.{image.service}.chart names the chart's values for it, such as {example}",),
        next=(str(site.helm().show_values()),),
    )
    return chart_keys.explained(site, error, [one for one in chart_keys.of_site(site) if one.service == image.service])


def _template_line(site: Site, document: Document, reference: str) -> str:
    """`chart/templates/deployment.yaml:32`; where the template cannot be read, the line of what it renders to."""
    name = document.source.partition("/")[2]
    template = site.environment.root / site.settings.chart / name
    shown = f"{site.settings.chart}/{name}" if name else document.key
    if not name or not template.is_file():
        return f"{shown}, line {document.line_of(reference)} of what it renders to"
    lines = [n for n, line in enumerate(template.read_text().splitlines(), 1) if re.match(r"\s*-?\s*image:", line)]
    rendered = [n for n, line in enumerate(document.text.splitlines(), 1) if re.match(r"\s*-?\s*image:", line)]
    if not lines:
        return shown
    position = rendered.index(document.line_of(reference)) if document.line_of(reference) in rendered else 0
    return f"{shown}:{lines[position if len(lines) == len(rendered) else 0]}"


def _where(site: Site, error: CloudnorthError) -> str | None:
    """`chart/templates/x.yaml:12:3` out of Helm's `template: shop/templates/x.yaml:12:3:` or `(shop/templates/…)`."""
    for line in error.evidence:
        if found := re.search(r"\(?[\w.-]+/(templates/[^\s:()]+(?::\d+)?(?::\d+)?)", line):
            return f"{site.settings.chart}/{found[1]}"
    return None


def _first(error: CloudnorthError) -> str:
    return f"the chart does not render: {error.message.removeprefix('helm template: ')}"
