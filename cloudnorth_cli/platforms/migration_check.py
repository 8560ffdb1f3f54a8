"""What `migrate.check` prints, read for one question: can a release go back behind this migration?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec


def irreversible(lines: Iterable[str]) -> str:
    """Names of what cannot be taken back, "" when all can, from the last line that is a JSON object.

    `{"pending": [{"revision": "0008", "name": "drop_brand", "expand_only": false, "reversible": false}]}`: a step is
    in the way when it says that it does not only add (`expand_only: false`), or that it is not `reversible` and not
    that it only adds, which old code bears. `{"irreversible": true}`, or with a text or a list of texts, says it of
    the whole.
    """
    said = next((told for line in reversed(list(lines)) if (told := _object(line))), {})
    whole = said.get("irreversible")
    if whole:
        return "it says so" if whole is True else ", ".join(map(str, whole)) if isinstance(whole, list) else str(whole)
    pending = said.get("pending")
    steps = [step for step in pending if isinstance(step, dict)] if isinstance(pending, list) else []
    return ", ".join(_name(step) for step in steps if _in_the_way(step))


def _in_the_way(step: Mapping[str, Any]) -> bool:
    only_adds = step.get("expand_only")
    return only_adds is False or (step.get("reversible") is False and only_adds is not True)


def _name(step: Mapping[str, Any]) -> str:
    words = (str(step[key]) for key in ("revision", "name") if step.get(key))
    return " ".join(words) or "a step without a name"


def _object(line: str) -> dict[str, Any] | None:
    try:
        told = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return None
    return told if isinstance(told, dict) else None
