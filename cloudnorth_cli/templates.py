"""Filling `{image}`, `{url.api}` and their like into texts of the configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from cloudnorth_cli.errors import UsageError
from cloudnorth_cli.suggestions import nearest

# `${NAME}` is the shell's and stays; `{{name}}` is the text `{name}`; JSON's braces hold no bare word and stay.
_NAME = r"([A-Za-z]\w*(?:\.[\w-]+)?)"
_PLACEHOLDER = re.compile(r"\{\{" + _NAME + r"\}\}|(?<!\$)\{" + _NAME + r"\}", re.ASCII)


def names(text: str) -> tuple[str, ...]:
    """The placeholders of a text, in order: `image`, `url.api`."""
    return tuple(match[2] for match in _PLACEHOLDER.finditer(text) if match[2])


def fill(text: str, values: Mapping[str, str], where: str) -> str:
    """The text with every placeholder replaced.

    values: what placeholders stand for, by name without braces; where: `cloudnorth.yaml:14:7` or the key's path.
    Raises UsageError for a placeholder that has no value, naming the nearest one.
    """
    for name in names(text):
        if name not in values:
            raise UsageError("\n".join(unknown(name, values)), code="placeholder", where=where)
    return _PLACEHOLDER.sub(lambda match: values[match[2]] if match[2] else "{" + match[1] + "}", text)


def fill_some(text: str, prefix: str, value: Callable[[str], str]) -> str:
    """The text with those placeholders replaced whose names begin with a prefix; it can be filled with the rest after.

    value: gives what a name, without the prefix, stands for. What it gives is never filled again.
    """

    def put(match: re.Match[str]) -> str:
        if not (match[2] or "").startswith(prefix):
            return match[0]
        return re.sub(r"\{" + _NAME + r"\}", r"{{\1}}", value(match[2].removeprefix(prefix)), flags=re.ASCII)

    return _PLACEHOLDER.sub(put, text)


def unknown(name: str, known: Collection[str]) -> tuple[str, str]:
    """What to say of a placeholder that is not known: message and hint."""
    return f"{{{name}}} stands for nothing here", f"{nearest(name, known)} (for the text itself write {{{{{name}}}}})"
