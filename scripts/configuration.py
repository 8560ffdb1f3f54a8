"""The configuration's reference and JSON Schema, made from the types and docstrings of cloudnorth_cli/settings.py."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as kinds

from cloudnorth_cli import settings

MARK = "<!-- Below: made by `make docs` from cloudnorth_cli/settings.py. -->"
TITLES = {"Project": "The file", "EnvironmentFile": "`environments.NAME` and `defaults`"}
"""Headings that are not simply the key that leads there."""


def reference(page: str) -> str:
    """docs/configuration.md: what was written by hand above the mark, and below it a table for each kind of object."""
    written, _, _ = page.partition(MARK)
    explained = docstrings()
    parts = [_section(kind, keys, explained) for kind, keys in _objects()]
    return "\n".join([written.rstrip(), "", MARK, *parts]) + "\n"


def schema() -> str:
    """The JSON Schema of the whole file, for editors."""
    explained = docstrings()
    made = msgspec.json.schema(settings.Project)
    for name, definition in made["$defs"].items():
        for key, field in definition.get("properties", {}).items():
            field["description"] = _plain(explained[name][key]) or field.get("description", "")
    origins = [name for name in made["$defs"]["SecretSource"]["properties"] if name != "key"]
    made["$defs"]["SecretSource"] |= {
        "oneOf": [{"required": [name]} for name in origins],
        "dependentRequired": {"key": ["secretsmanager"]},
    }
    # What `defaults` gives need not be said again, and the other way round.
    made["$defs"]["EnvironmentFile"].pop("required", None)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "cloudnorth.yaml"}
    return json.dumps({**head, **made}, indent=2, ensure_ascii=False) + "\n"


def docstrings() -> dict[str, dict[str, str]]:
    """The text below each field of each type."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(settings)).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = dict(_fields(node))
    return found


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            said = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and after.value.value
            # A key that is a word of Python's has a dash below behind it there: `for_`.
            yield field.target.id.rstrip("_"), inspect.cleandoc(str(said)) if said else ""


def _objects() -> Iterator[tuple[kinds.StructType, tuple[str, ...]]]:
    """Every type of object in the file, in the order it is met, with the keys that lead to it."""
    order: dict[type, kinds.StructType] = {}
    keys: dict[type, list[str]] = {}
    waiting: list[tuple[kinds.Type, str]] = [(kinds.type_info(settings.Project), "")]
    while waiting:
        kind, path = waiting.pop(0)
        match kind:
            case kinds.StructType():
                if path not in keys.setdefault(kind.cls, []):
                    keys[kind.cls].append(path)
                if kind.cls not in order:
                    order[kind.cls] = kind
                    fields = [field for field in kind.fields if field.encode_name != "defaults"]
                    waiting[:0] = [(field.type, f"{path}.{field.encode_name}".lstrip(".")) for field in fields]
            case kinds.DictType():
                waiting.insert(0, (kind.value_type, f"{path}.NAME"))
            case kinds.VarTupleType():
                waiting.insert(0, (kind.item_type, f"{path}[]"))
            case kinds.UnionType():
                waiting[:0] = [(one, path) for one in kind.types]
            case kinds.Metadata():
                waiting.insert(0, (kind.type, path))
    for cls, found in order.items():
        yield found, tuple(keys[cls])


def _section(kind: kinds.StructType, keys: tuple[str, ...], explained: dict[str, dict[str, str]]) -> str:
    name = kind.cls.__name__
    title = TITLES.get(name) or ", ".join(
        f"`{key}`" for key in keys if not key.startswith("environments.NAME.services.")
    )
    rows = [_row(field, explained[name].get(field.encode_name, "")) for field in kind.fields]
    head = ["| key | what it is | default | |", "|---|---|---|---|"]
    return "\n".join(["", f"## {title}", "", inspect.cleandoc(kind.cls.__doc__ or ""), "", *head, *rows])


def _row(field: kinds.Field, said: str) -> str:
    cells = (f"`{field.encode_name}`", _words(field.type), _default(field), _plain(said))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _words(kind: kinds.Type) -> str:
    """A type in a person's words."""
    match kind:
        case kinds.Metadata():
            said = str((kind.extra_json_schema or {}).get("description", ""))
            return said or _words(kind.type)
        case kinds.UnionType():
            return " or ".join(_words(one) for one in kind.types if not isinstance(one, kinds.NoneType))
        case kinds.DictType():
            return f"keys of your own, each with {_words(kind.value_type)}"
        case kinds.VarTupleType():
            return f"a list, each {_words(kind.item_type)}"
        case kinds.LiteralType():
            return " or ".join(f"`{value}`" for value in kind.values)
        case kinds.StructType():
            return "keys and values" if kind.cls.__name__ != "SecretSource" else "a source of a secret"
    words = {kinds.StrType: "a text", kinds.IntType: "a whole number", kinds.BoolType: "true or false"}
    return (words | {kinds.FloatType: "a number"})[type(kind)]


def _default(field: kinds.Field) -> str:
    if field.required:
        return "required"
    default: Any = field.default
    if default is None or default == () or not isinstance(default, str | int | float):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _plain(text: str) -> str:
    return " ".join(text.split())
