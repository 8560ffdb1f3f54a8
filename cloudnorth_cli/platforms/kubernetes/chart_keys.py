"""Keys of `services.*.chart` that no value of the chart goes by: where they stand, and what may have been meant.

Nobody is refused for one: a chart may use what its values.yaml does not name. They explain a chart that cannot do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cloudnorth_cli.errors import CloudnorthError, Refused
from cloudnorth_cli.platforms.kubernetes import chart_values
from cloudnorth_cli.platforms.kubernetes.chart_values import Key, Values
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.settings import Environment
from cloudnorth_cli.suggestions import closest

SHOWN = 12
"""Known names that are told where none is near."""


@dataclass(frozen=True)
class Unknown:
    """One such key."""

    service: str
    place: str
    """`cloudnorth.yaml:14:7`."""
    told: str
    step: str
    """The part of the key that is not there."""
    meant: str
    """The key that is near; "" without one."""
    known: tuple[str, ...]
    """What is there instead."""

    @property
    def lines(self) -> tuple[str, ...]:
        if self.meant:
            return (self.told, f"did you mean: {self.meant}")
        names = ", ".join(self.known[:SHOWN]) + (", …" if self.known[SHOWN:] else "")
        return (self.told, f"known there: {names}") if names else (self.told,)


def explained(site: Site, error: Refused, unknown: Sequence[Unknown]) -> Refused:
    """The refusal of a chart, pointing to the keys that explain it; where it pointed to before is evidence."""
    if unknown:
        at = (error.where,) if error.where and not error.where.startswith(site.environment.config_path.name) else ()
        first, *others = unknown
        more = [line for one in others for line in (f"{one.place}  {one.told}", *one.lines[1:])]
        error.evidence = (*first.lines, *more, *at, *error.evidence)
        error.where = first.place
    return error


def of_site(site: Site) -> tuple[Unknown, ...]:
    """Of every service; none where the chart's values cannot be read, since another error is being told."""
    try:
        return tuple(unknown(site.environment, below(site)))
    except CloudnorthError:
        return ()


def unknown(environment: Environment, known: Values) -> Iterator[Unknown]:
    """Keys that lead to nothing in the values below ours. Into an empty mapping or list anything may be put."""
    for name, service in environment.services.items():
        for text in service.chart:
            key = chart_values.parse_key(text)
            depth, siblings = _led(key, known)
            if siblings is None:
                continue
            above, step, rest = key[:depth], str(key[depth]), key[depth + 1 :]
            near = closest(step, siblings)
            meant = chart_values.shown((*above, near, *rest)) if near else ""
            if not near and not (above and siblings):  # else its first steps alone would make it near
                meant = closest(chart_values.shown(key), _leaves(known, ())) or ""
            yield Unknown(
                service=name,
                place=environment.place("services", name, "chart", text),
                told=f"{chart_values.shown(key)} is not among the chart's values",
                step=step,
                meant=meant,
                known=tuple(chart_values.shown((*above, one)) for one in sorted(siblings)),
            )


def below(site: Site) -> Values:
    """The values that ours lie upon: the chart's own, its subcharts' where it is a folder, the environment's files."""
    root, settings = site.environment.root, site.settings
    chart = root / settings.chart
    layers: list[Values] = []
    if chart.is_dir():
        layers += [{path.parent.name: _load(path)} for path in sorted(chart.glob("charts/*/values.yaml"))]
        layers.append(_load(chart / "values.yaml"))
    else:
        layers.append(yaml.safe_load(site.run(site.helm().show_values()).output) or {})
    layers += [_load(root / file) for file in settings.values]
    return chart_values.merged(*layers)


def _led(key: Key, known: Any) -> tuple[int, tuple[str, ...] | None]:
    """How many steps of a key lead somewhere, and what is there where the next does not; None where all do."""
    for depth, step in enumerate(key):
        if known in (None, {}, []) or (isinstance(step, int) and not isinstance(known, list)):
            return depth, None  # may hold anything, or is another mistake, which is told by its own name
        if isinstance(step, int):
            if step >= len(known):
                return depth, None
            known = known[step]
        elif not isinstance(known, Mapping) or step not in known:
            return depth, tuple(map(str, known)) if isinstance(known, Mapping) else ()
        else:
            known = known[step]
    return len(key), None


def _leaves(known: Any, key: Key) -> Iterator[str]:
    """Every key that leads to a value."""
    inner: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(known, Mapping):
        inner = iter((str(step), value) for step, value in known.items())
    elif isinstance(known, list):
        inner = iter(enumerate(known))
    pairs = list(inner)
    if not pairs:
        yield chart_values.shown(key)
    for step, value in pairs:
        yield from _leaves(value, (*key, step))


def _load(path: Path) -> Values:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Refused(f"these values cannot be read: {error}", code="chart-values", where=str(path)) from error
    return loaded or {}
