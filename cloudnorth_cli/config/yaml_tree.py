"""A YAML file becomes a tree whose every value knows its line and column.

It is built from libyaml's events and keeps scalars as they were written, so what a bare `yes` or `0755` means is
decided by who knows which type is wanted (check.py), not by YAML 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from cloudnorth_cli.config.findings import Finding, Place, fail
from cloudnorth_cli.config.tree import Listing, Node, Scalar, Table, nothing
from cloudnorth_cli.errors import UsageError

MAX_BYTES = 1_000_000
MAX_VALUES = 20_000
"""Values after aliases are expanded; nine lines of aliases can otherwise stand for a billion."""
MAX_DEPTH = 40

_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_PLAIN_TAGS = (None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


def read(path: Path, shown: str) -> Table:
    """The mapping that a YAML file holds; `shown` is its name in messages. Raises UsageError."""
    text = _text(path, shown)
    start = Place(shown, 1, 1)
    findings: list[Finding] = []
    if character := _unprintable(text, shown):
        fail([character])
    try:
        root = _Builder(yaml.parse(text, Loader=_Loader), shown, findings).document()
    except yaml.MarkedYAMLError as error:
        fail([_syntax(error, text, shown)])
    if root is None or nothing(root):
        fail([Finding(start, "the file is empty", "it wants at least: version, project, services, environments")])
    if not isinstance(root, Table):
        fail([Finding(root.at, "the file wants keys and values at its top, such as `version: 1`")])
    if findings:
        fail(findings)
    return root


def _text(path: Path, shown: str) -> str:
    try:
        if path.is_dir():
            raise UsageError("is a directory; a file is wanted", code="configuration", where=shown)
        if not path.is_file():
            missing = "is not a plain file" if path.exists() else "there is no such file"
            raise UsageError(missing, code="configuration", where=shown)
        size = path.stat().st_size
        if size > MAX_BYTES:
            message = f"is {size / 1e6:.1f} MB; a configuration has at most {MAX_BYTES / 1e6:.0f} MB"
            raise UsageError(message, code="configuration", where=shown)
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", code="configuration", where=shown) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = Place(shown, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        fail([Finding(place, f"is not UTF-8: byte 0x{data[error.start]:02x}", "save the file as UTF-8")])


def _syntax(error: yaml.MarkedYAMLError, text: str, shown: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    written = lines[line] if line < len(lines) else ""
    place = Place(shown, line + 1, column + 1)
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return Finding(place, "the line is indented with a tab", "YAML wants spaces")
    problem = error.problem or "cannot be read"
    context = f" {error.context}" if error.context else ""
    return Finding(place, f"is not YAML: {problem}{context}")


def _unprintable(text: str, shown: str) -> Finding | None:
    """The first character that YAML does not allow; looked for here, because the loaders count places differently."""
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if found is None:
        return None
    before = text[: found.start()]
    place = Place(shown, before.count("\n") + 1, found.start() - before.rfind("\n"))
    return Finding(place, "a character stands here that YAML does not allow")


@dataclass
class _Builder:
    """Events to nodes; duplicates are collected, what makes reading on pointless is raised."""

    events: Iterator[yaml.Event]
    shown: str
    findings: list[Finding]
    anchors: dict[str, Node] = field(default_factory=dict)

    def document(self) -> Node | None:
        next(self.events)  # the stream's start
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        root = self.node(next(self.events), depth=0)
        next(self.events)  # the document's end
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            fail([Finding(self.place(after), "a second document begins here; one file holds one")])
        return root

    def node(self, event: yaml.Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            fail([Finding(self.place(event), f"is nested more than {MAX_DEPTH} levels deep")])
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        assert isinstance(event, yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent)
        if event.tag not in _PLAIN_TAGS:
            fail([Finding(self.place(event), f"the tag {event.tag} is not known here", "leave it out")])
        made: Node
        if isinstance(event, yaml.ScalarEvent):
            made = Scalar(self.place(event), event.value, plain=event.style in (None, "") and event.tag is None)
        elif isinstance(event, yaml.MappingStartEvent):
            made = self.table(event, depth)
        else:
            made = self.listing(event, depth)
        if made.size > MAX_VALUES:
            fail([Finding(made.at, f"stands for more than {MAX_VALUES:,} values, with aliases expanded")])
        if event.anchor:
            self.anchors[event.anchor] = made
        return made

    def alias(self, event: yaml.AliasEvent) -> Node:
        if event.anchor not in self.anchors:
            fail([Finding(self.place(event), f"*{event.anchor} names nothing that was finished before it")])
        return self.anchors[event.anchor]

    def listing(self, event: yaml.Event, depth: int) -> Listing:
        items: list[Node] = []
        while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(inner, depth + 1))
        return Listing(self.place(event), tuple(items), 1 + sum(item.size for item in items))

    def table(self, event: yaml.Event, depth: int) -> Table:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        merged: list[Table] = []
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            key = self.node(inner, depth + 1)
            at = self.place(inner)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self.findings.append(Finding(at, "a key must be a text"))
            elif key.text == "<<" and key.plain:
                merged += self.sources(value)
            elif key.text in entries:
                hint = f"it stands first at {keys[key.text]}; keep one of them"
                self.findings.append(Finding(at, f"{key.text} is said twice", hint))
            else:
                entries[key.text], keys[key.text] = value, at
        for source in merged:  # `<<: *other`: what is said here wins, then the first source
            entries = source.entries | entries
            keys = source.keys | keys
        return Table(self.place(event), entries, keys, 1 + sum(1 + node.size for node in entries.values()))

    def sources(self, value: Node) -> list[Table]:
        nodes = value.items if isinstance(value, Listing) else (value,)
        tables = [node for node in nodes if isinstance(node, Table)]
        if len(tables) < len(nodes):
            self.findings.append(Finding(value.at, "<< wants a mapping, or a list of mappings"))
        return tables

    def place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.shown, mark.line + 1, mark.column + 1) if mark else Place(self.shown, 1, 1)
