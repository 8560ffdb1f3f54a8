"""A plan as `terraform show -json` tells it, read into ours.

No value that Terraform marks as sensitive gets out, also not where it stands a second time without the mark (an
attribute that the provider computed from it). Of lists and blocks only the name is told.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from cloudnorth_cli.model import Plan, ResourceChange

LOSES = {
    "aws_db_instance": "the database",
    "aws_rds_cluster": "the database",
    "aws_rds_cluster_instance": "an instance of the database",
    "aws_dynamodb_table": "the table",
    "aws_s3_bucket": "the bucket",
    "aws_efs_file_system": "the file system",
    "aws_eks_cluster": "the cluster",
    "aws_kms_key": "the key, and with it all that it encrypts",
    "aws_ecr_repository": "the images",
}
"""Types that hold something that no second apply brings back."""
SHOWN = 3
"""Attributes told of an update."""
WIDTH = 24
"""Letters told of a value."""
SHORTEST = 4
"""Letters of a sensitive text that is looked for elsewhere; shorter ones stand in half of all words."""
_UNKNOWN = "(known after apply)"
_SENSITIVE = "(sensitive)"

_Action = Literal["create", "update", "replace", "destroy", "forget"]
_ACTIONS: dict[tuple[str, ...], _Action] = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "destroy",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
}


def parse(
    text: str, folder: str, environment: str, allowed: Collection[str] = (), *, all_allowed: bool = False
) -> Plan:
    """What a plan would change; data that is only read is left out.

    allowed: addresses that may be lost. all_allowed: everything may (an environment that is destroyed on purpose).
    """
    shown = json.loads(text)
    secret = _Secrets(shown)
    changes = tuple(_changes(shown, secret, frozenset(allowed), all_allowed))
    moved = tuple(
        name for name, one in (shown.get("output_changes") or {}).items() if one["actions"] not in (["no-op"], ["read"])
    )
    return Plan(folder=folder, environment=environment, changes=changes, outputs=moved)


def _changes(
    shown: Mapping[str, Any], secret: _Secrets, allowed: frozenset[str], all_allowed: bool
) -> Iterator[ResourceChange]:
    for one in shown.get("resource_changes") or ():
        action = _ACTIONS.get(tuple(one["change"]["actions"]))
        if action is None or one.get("mode") == "data":
            continue
        loses = LOSES.get(one["type"], "") if action in ("replace", "destroy", "forget") else ""
        yield ResourceChange(
            address=one["address"],
            type=one["type"],
            action=action,
            detail=secret.hidden(_detail(action, one)),
            loses=loses,
            allowed=not loses or all_allowed or one["address"] in allowed,
        )


def _detail(action: _Action, one: Mapping[str, Any]) -> str:
    change = one["change"]
    if action == "replace":
        if one.get("action_reason") == "replace_because_tainted":
            return "left half-made by an earlier run"
        names = sorted({str(path[0]) for path in change.get("replace_paths") or () if path})
        return f"{', '.join(names)} forces replacement" if names else ""
    return _difference(change) if action == "update" else ""


def _difference(change: Mapping[str, Any]) -> str:
    """`desired_size 2 → 3`, the first few of what differs."""
    before, after = change.get("before") or {}, change.get("after") or {}
    unknown = change.get("after_unknown") or {}
    hidden = [change.get(side) for side in ("before_sensitive", "after_sensitive")]
    told = []
    for name in sorted({*before, *after, *unknown}):
        old, new = before.get(name), after.get(name)
        if old == new and not _any(unknown.get(name)):
            continue
        if any(_any(side.get(name) if isinstance(side, Mapping) else side) for side in hidden):
            told.append(f"{name} {_SENSITIVE}")
        elif _any(unknown.get(name)):
            told.append(f"{name} → {_UNKNOWN}")
        else:
            told += _deeper(name, old, new)
    rest = len(told) - SHOWN
    return ", ".join(told[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _deeper(name: str, old: Any, new: Any) -> list[str]:
    """Into a block that there is one of, such as `scaling_config`."""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == 1:
        old, new = old[0], new[0]
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
        return [f"{key} {_short(old.get(key))} → {_short(new.get(key))}" for key in keys]
    if isinstance(old, list | Mapping) or isinstance(new, list | Mapping):
        return [name]
    return [f"{name} {_short(old)} → {_short(new)}"]


class _Secrets:
    """Every text of a plan that is marked as sensitive somewhere."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        declared = shown.get("configuration", {}).get("root_module", {}).get("variables", {})
        given = shown.get("variables") or {}
        found = {
            text
            for name, one in declared.items()
            if one.get("sensitive")
            for text in _texts((given.get(name) or {}).get("value"), True)
        }
        for one in shown.get("resource_changes") or ():
            for side in ("before", "after"):
                found.update(_texts(one["change"].get(side), one["change"].get(f"{side}_sensitive")))
        self._texts = sorted((text for text in found if len(text) >= SHORTEST), key=len, reverse=True)

    def hidden(self, told: str) -> str:
        for text in self._texts:
            told = told.replace(text, "***").replace(_short(text), "***")
        return told


def _texts(value: Any, mark: Any) -> Iterator[str]:
    """The texts below a value that are marked."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _texts(below, mark.get(key) if isinstance(mark, Mapping) else mark)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            inner = (mark[index] if index < len(mark) else None) if isinstance(mark, list) else mark
            yield from _texts(below, inner)
    elif isinstance(value, str) and mark is True:
        yield value


def _any(mark: Any) -> bool:
    """Whether anything below is marked."""
    if isinstance(mark, Mapping):
        return any(map(_any, mark.values()))
    return any(map(_any, mark)) if isinstance(mark, list) else bool(mark)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
