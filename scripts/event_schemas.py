"""The published schemas of the events that `-o json` prints: one file each, made from `cloudnorth_cli/events.py`."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import msgspec

from cloudnorth_cli import events

FOLDER = "docs/events"
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def pages() -> dict[str, str]:
    """Page to content: a schema for each event, one for any event, and the page that explains them."""
    kinds = sorted(get_args(events.AnyEvent), key=name)
    made = {f"{FOLDER}/{name(kind)}.json": _text(schema(kind, name(kind))) for kind in kinds}
    made[f"{FOLDER}/any.json"] = _text(schema(events.AnyEvent, "any event"))
    made[f"{FOLDER}/notification.json"] = _text(schema(events.Notification, "what `notify` sends"))
    made[f"{FOLDER}/README.md"] = _readme(kinds)
    return made


def name(kind: type[Any]) -> str:
    """The value of its field `event`: `step-finished`."""
    return str(kind.__struct_config__.tag)


def schema(kind: Any, title: str) -> dict[str, Any]:
    """JSON Schema of what is printed, where a field that would be null is left out instead."""
    made = msgspec.json.schema(kind)
    for part in made.get("$defs", {}).values():
        fields = part.get("properties", {})
        required = {field for field in part.get("required", ()) if not _nullable(fields[field])}
        for field in filter(_nullable, fields.values()):
            _never_null(field)
        if "event" in fields:
            required |= {"v", "at", "run"}
            fields["at"] = {"type": "string", "format": "date-time"}
        part["required"] = sorted(required)
    return {"$schema": DRAFT, "title": title, **made}


def _nullable(field: dict[str, Any]) -> bool:
    return any(one.get("type") == "null" for one in field.get("anyOf", ()))


def _never_null(field: dict[str, Any]) -> None:
    kinds = [one for one in field.pop("anyOf") if one.get("type") != "null"]
    field.pop("default", None)
    field.update(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})


def _text(made: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(made, order="sorted"), indent=2).decode() + "\n"


def _readme(kinds: list[type[Any]]) -> str:
    rows = "\n".join(f"| [`{name(kind)}`]({name(kind)}.json) | {_says(kind)} |" for kind in kinds)
    return f"""# Events

Made from `cloudnorth_cli/events.py` by `make docs`; do not edit.

`cloudnorth VERB -o json` prints JSON, one object a line. Changing verbs print what happens as it happens and end in a
`result`; reading verbs (`status`, `history`, `config`, `kubeconfig`, `build --explain`) print the `result` alone, and
`logs` prints a `logged` for each line before it. The `result` comes on a usage error, a failure and an interrupt too,
and `--report FILE` writes the same object. The same lines stand in `.cloudnorth/runs/RUN/events.jsonl`.

Every object has `event`, `v` (the version of this format, 1), `at` (RFC 3339, UTC) and `run`. Fields are only ever
added; a field whose value is not known is left out. [`any.json`](any.json) is the schema of every line.

| event | |
|---|---|
{rows}
"""


def _says(kind: type[Any]) -> str:
    own = inspect.getdoc(kind) if "__doc__" in vars(kind) else ""
    return (own or "").split("\n\n")[0].replace("\n", " ")
