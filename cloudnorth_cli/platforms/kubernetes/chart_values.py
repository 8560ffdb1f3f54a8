"""The values that a deploy gives to a chart: `services.*.chart` filled in, lists of the chart kept.

Keys are written as for `helm --set`: `api.image`, `app\\.kubernetes\\.io/name`, `containers[0].image`. A values file
replaces a list as a whole, so an element is changed in a copy of the list that stands in the values below ours.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cloudnorth_cli.errors import Refused, UsageError

Values = Mapping[str, Any]
Key = tuple[str | int, ...]

_DOT = re.compile(r"(?<!\\)\.")
_PART = re.compile(r"((?:\\.|[^\[\]\\])+)((?:\[\d+\])*)")


def parse_key(text: str) -> Key:
    """`a\\.b.c[0].d` as ("a.b", "c", 0, "d"). Raises UsageError for what is no key."""
    key: list[str | int] = []
    for part in _DOT.split(text):
        found = _PART.fullmatch(part)
        if found is None:
            raise UsageError(
                f"{text!r} is no key of a chart's values, such as image.tag or containers[0].image", code="chart-key"
            )
        key.append(re.sub(r"\\(.)", r"\1", found[1]))
        key += [int(index) for index in re.findall(r"\d+", found[2])]
    return tuple(key)


def has_index(keys: Sequence[Key]) -> bool:
    """Whether a list's element is meant, so that the values below ours must be known."""
    return any(isinstance(step, int) for key in keys for step in key)


def merged(*layers: Values) -> dict[str, Any]:
    """Values files over each other as Helm does it: maps are merged, null removes, all else replaces."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
                result[key] = merged(result[key], value)
            elif value is None:
                result.pop(key, None)
            else:
                result[key] = copy.deepcopy(value)
    return result


def build(wanted: Mapping[Key, str], below: Values, places: Mapping[Key, str] = {}) -> dict[str, Any]:
    """Our values file: each key with its value; `below` are the values that it lies upon.

    places: where each key stands. Raises Refused where an element is named that the list below does not have.
    """
    result: dict[str, Any] = {}
    for key, value in wanted.items():
        try:
            _put(result, key, value, below, key)
        except Refused as error:
            error.where = places.get(key)
            raise
    return result


def _put(target: dict[str, Any], key: Key, value: str, below: Any, whole: Key) -> None:
    step, rest = str(key[0]), key[1:]
    under = below.get(step) if isinstance(below, Mapping) else None
    if not rest:
        target[step] = value
    elif isinstance(rest[0], int):
        found = target.setdefault(step, copy.deepcopy(under) if isinstance(under, list) else [])
        _put_element(found, rest, value, whole)
    else:
        _put(target.setdefault(step, {}), rest, value, under, whole)


def _put_element(target: list[Any], key: Key, value: str, whole: Key) -> None:
    index, rest = int(key[0]), key[1:]
    if index > len(target) or (index == len(target) and index > 0):
        raise Refused(
            f"{shown(whole)} is outside of its list, which holds {len(target)} in the chart's values", code="chart-key"
        )
    if index == len(target):
        target.append({} if rest else value)
    if not rest:
        target[index] = value
    elif isinstance(rest[0], int):
        _put_element(target[index], rest, value, whole)
    else:
        if not isinstance(target[index], dict):
            target[index] = {}
        _put(target[index], rest, value, target[index], whole)


def shown(key: Key) -> str:
    """A key as it is written."""
    words = [f"[{step}]" if isinstance(step, int) else "." + step.replace(".", "\\.") for step in key]
    return "".join(words).removeprefix(".")
