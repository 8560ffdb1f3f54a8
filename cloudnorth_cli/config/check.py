"""Whether a tree has the shape that settings.py asks for, and the plain values that it stands for.

The types of settings.py are walked beside the tree, because a conversion error names neither line nor key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from msgspec import inspect as kinds

from cloudnorth_cli.config.findings import Finding, Place, path_text
from cloudnorth_cli.config.tree import Listing, Node, Scalar, Table, nothing
from cloudnorth_cli.settings import SecretSource
from cloudnorth_cli.suggestions import nearest

_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_OLD_TRUTH = re.compile(r"(?i)(yes|no|on|off)$")
"""Truth values in YAML 1.1, texts in YAML 1.2."""
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})$")
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?$")
_NUMBER = re.compile(
    r"(?i)[-+]?(0[xob][0-9a-f_]+|[0-9][0-9_]*(:[0-5]?[0-9])+|\.inf|(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)(e[-+]?[0-9]+)?)$"
)
"""What YAML 1.1 or 1.2 reads as a number, octal, hexadecimal and base-60 ones among them."""

_Findings = list[Finding]
_Path = tuple[str, ...]


@cache
def shape(of: type) -> kinds.Type:
    """The description of a settings type."""
    return kinds.type_info(of)


def check(node: Node, of: type, path: _Path) -> Checked:
    """Walk a tree that should be a settings type; `path` is where it stands, for messages."""
    walk = _Walk([], [])
    value = walk.value(node, shape(of), path)
    return Checked(value, walk.findings, walk.missing)


@dataclass(frozen=True)
class Checked:
    """What a walk found."""

    value: Any
    """Plain values, fit for `msgspec.convert` when nothing was found wrong."""
    findings: _Findings
    """Unknown keys and wrong types."""
    missing: _Findings
    """Required keys that are not there; apart, because another tree may yet be merged in."""


@dataclass(frozen=True)
class _Walk:
    findings: _Findings
    missing: _Findings

    def value(self, node: Node, kind: kinds.Type, path: _Path) -> Any:
        kind, described = _undressed(kind)
        if isinstance(kind, kinds.UnionType):
            return self._optional(node, kind, path)
        reader = _READERS.get(type(kind))
        assert reader, f"settings.py uses a type that nobody reads: {kind}"
        return reader(self, node, kind, path, described)

    def wrong(self, node: Node, path: _Path, wanted: str, hint: str = "", found: str = "") -> None:
        message = f"{path_text(path)} wants {wanted}, found {found or _found(node)}"
        self.findings.append(Finding(node.at, message, hint))

    def _optional(self, node: Node, kind: kinds.UnionType, path: _Path) -> Any:
        if nothing(node):
            return None
        (inner,) = [one for one in kind.types if not isinstance(one, kinds.NoneType)]
        return self.value(node, inner, path)

    def struct(self, node: Node, kind: kinds.StructType, path: _Path, described: str) -> Any:
        if not isinstance(node, Table):
            hint = f"known here: {', '.join(field.encode_name for field in kind.fields)}"
            # What stands in a source's place may be the secret itself.
            found = "something else" if kind.cls is SecretSource else _found(node)
            return self.wrong(node, path, "keys and values", hint, found)
        fields = {field.encode_name: field for field in kind.fields}
        result: dict[str, Any] = {}
        for key, child in node.entries.items():
            if key in fields:
                result[key] = self.value(child, fields[key].type, (*path, key))
            else:
                message = f"{path_text((*path, key))} is not a known key"
                self.findings.append(Finding(node.keys[key], message, nearest(key, fields)))
        self.missing.extend(
            Finding(node.at, f"{path_text((*path, name))} is missing")
            for name, field in fields.items()
            if field.required and name not in node.entries
        )
        return result

    def mapping(self, node: Node, kind: kinds.DictType, path: _Path, described: str) -> Any:
        if not isinstance(node, Table):
            return self.wrong(node, path, "keys and values")
        for key in node.entries:
            self.key(key, node.keys[key], kind.key_type, path)
        return {key: self.value(child, kind.value_type, (*path, key)) for key, child in node.entries.items()}

    def key(self, key: str, at: Place, kind: kinds.Type, path: _Path) -> None:
        inner, described = _undressed(kind)
        if isinstance(inner, kinds.StrType) and inner.pattern and not re.fullmatch(inner.pattern, key):
            self.findings.append(Finding(at, f"{path_text((*path, key))}: the key should be {described}"))

    def listing(self, node: Node, kind: kinds.VarTupleType, path: _Path, described: str) -> Any:
        if not isinstance(node, Listing):
            hint = f"write: [{node.text}]" if isinstance(node, Scalar) else ""
            return self.wrong(node, path, "a list", hint)
        return [self.value(child, kind.item_type, (*path, f"[{i}]")) for i, child in enumerate(node.items)]

    def text(self, node: Node, kind: kinds.StrType, path: _Path, described: str) -> Any:
        wanted = described or "a text"
        if not isinstance(node, Scalar):
            return self.wrong(node, path, wanted)
        if node.plain and (_NUMBER.match(node.text) or node.text in _TRUTH or _OLD_TRUTH.match(node.text)):
            return self.wrong(node, path, wanted, "" if described else f'put it in quotes: "{node.text}"')
        if nothing(node):
            return self.wrong(node, path, wanted, 'leave the key out, or write "" for an empty text')
        if kind.pattern and not re.fullmatch(kind.pattern, node.text):
            return self.wrong(node, path, wanted)
        return node.text

    def whole(self, node: Node, kind: kinds.IntType, path: _Path, described: str) -> Any:
        wanted = described or "a whole number"
        if not isinstance(node, Scalar) or not node.plain or not _WHOLE.match(node.text):
            digits = isinstance(node, Scalar) and not node.plain and _WHOLE.match(node.text)
            return self.wrong(node, path, wanted, "leave out the quotes" if digits else "")
        number = int(node.text)
        if (kind.ge is not None and number < kind.ge) or (kind.le is not None and number > kind.le):
            return self.wrong(node, path, wanted)
        return number

    def number(self, node: Node, kind: kinds.FloatType, path: _Path, described: str) -> Any:
        wanted = described or "a number"
        if not isinstance(node, Scalar) or not node.plain or not _DECIMAL.match(node.text):
            digits = isinstance(node, Scalar) and not node.plain and _DECIMAL.match(node.text)
            return self.wrong(node, path, wanted, "leave out the quotes" if digits else "")
        number = float(node.text)
        if (kind.ge is not None and number < kind.ge) or (kind.le is not None and number > kind.le):
            return self.wrong(node, path, wanted)
        return number

    def truth(self, node: Node, kind: kinds.BoolType, path: _Path, described: str) -> Any:
        if isinstance(node, Scalar) and node.plain and node.text in _TRUTH:
            return _TRUTH[node.text]
        hint = ""
        if isinstance(node, Scalar) and (_OLD_TRUTH.match(node.text) or node.text in _TRUTH):
            hint = f"write: {'true' if node.text.lower() in ('yes', 'on', 'true') else 'false'}"
        return self.wrong(node, path, "true or false", hint)

    def choice(self, node: Node, kind: kinds.LiteralType, path: _Path, described: str) -> Any:
        values = {str(value): value for value in kind.values}
        if not isinstance(node, Scalar):
            return self.wrong(node, path, " or ".join(values))
        if node.text in values:
            return values[node.text]
        near = nearest(node.text, values)
        return self.wrong(node, path, " or ".join(values), near if near.startswith("did you mean") else "")


_READERS: dict[type, Callable[[_Walk, Node, Any, _Path, str], Any]] = {
    kinds.StructType: _Walk.struct,
    kinds.DictType: _Walk.mapping,
    kinds.VarTupleType: _Walk.listing,
    kinds.StrType: _Walk.text,
    kinds.IntType: _Walk.whole,
    kinds.FloatType: _Walk.number,
    kinds.BoolType: _Walk.truth,
    kinds.LiteralType: _Walk.choice,
}


def _undressed(kind: kinds.Type) -> tuple[kinds.Type, str]:
    """A type without its description, and the description: `a duration such as 90s`."""
    if isinstance(kind, kinds.Metadata):
        return kind.type, str((kind.extra_json_schema or {}).get("description", ""))
    return kind, ""


def _found(node: Node) -> str:
    """What stands there, in a person's words."""
    if isinstance(node, Table):
        return "keys and values"
    if isinstance(node, Listing):
        return "a list"
    if not node.plain:
        return f'the text "{_short(node.text)}"'
    if nothing(node):
        return "nothing"
    if node.text in _TRUTH or _OLD_TRUTH.match(node.text):
        return f"{node.text}, which YAML may read as true or false"
    if _NUMBER.match(node.text):
        return f"the number {_short(node.text)}"
    return f'the text "{_short(node.text)}"'


def _short(text: str) -> str:
    line = text.split("\n", 1)[0]
    return line if line == text and len(line) <= 60 else line[:57] + "..."
