"""Which images a Dockerfile builds on: FROM, COPY --from and RUN --mount of the stages that the target needs.

Reads what https://docs.docker.com/reference/dockerfile/ says of parser directives, continuation lines, here-documents
and the build arguments that FROM may use.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(.+?)\s*$")
_HEREDOC = re.compile(r"(?:^|\s)\d*<<(-?)(['\"]?)(\w+)\2")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^}]*))?\})")


@dataclass
class _Stage:
    name: str
    base: str
    uses: list[str] = field(default_factory=list)
    """Stages and images that it copies or mounts from."""


def base_images(text: str, args: Mapping[str, str], target: str | None, platform: str) -> tuple[str, ...]:
    """The images that building `target` (default: the last stage) reads, sorted.

    args: build arguments as given. A name whose variables cannot be told stays as it is written.
    """
    stages = _stages(text, args, platform)
    by_name = {stage.name.lower(): number for number, stage in enumerate(stages) if stage.name}
    images: set[str] = set()
    seen: set[int] = set()
    todo = [by_name.get((target or "").lower(), len(stages) - 1)] if stages else []
    while todo:
        number = todo.pop()
        if number in seen:
            continue
        seen.add(number)
        for index, source in enumerate([stages[number].base, *stages[number].uses]):
            earlier = by_name.get(source.lower())
            if index and source.isdecimal():
                earlier = int(source)
            if earlier is not None and earlier < number:
                todo.append(earlier)
            elif source != "scratch":
                images.add(source)
    return tuple(sorted(images))


def _stages(text: str, args: Mapping[str, str], platform: str) -> list[_Stage]:
    stages: list[_Stage] = []
    known = _platform_arguments(platform)
    for keyword, rest in _instructions(text):
        if keyword == "ARG" and not stages:
            for name, default in _arguments(rest):
                value = args.get(name, None if default is None else _filled(default, known))
                if value is not None:
                    known[name] = value
        elif keyword == "FROM":
            words = [_filled(word, known) for word in rest.split() if not word.startswith("--")]
            if words:
                name = words[2] if len(words) == 3 and words[1].upper() == "AS" else ""
                stages.append(_Stage(name, words[0].strip("\"'")))
        elif keyword in ("COPY", "ADD", "RUN") and stages:
            stages[-1].uses += _sources(rest)
    return stages


def _sources(rest: str) -> Iterator[str]:
    for word in rest.split():
        if not word.startswith("--"):
            return
        flag, _, value = word.partition("=")
        if flag == "--from":
            yield value
        elif flag == "--mount":
            yield from (part.removeprefix("from=") for part in value.split(",") if part.startswith("from="))


def _arguments(rest: str) -> Iterator[tuple[str, str | None]]:
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    for word in words:
        name, given, default = word.partition("=")
        yield name, default if given else None


def _filled(word: str, known: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name, operator, other = match[1] or match[2], match[3], match[4]
        there = name in known and (known[name] != "" or not (operator or "").startswith(":"))
        match (operator or "")[-1:]:
            case "-":
                return known[name] if there else other
            case "+":
                return other if there else ""
            case _:
                return known[name] if name in known else match[0]

    return _VARIABLE.sub(value, word)


def _platform_arguments(platform: str) -> dict[str, str]:
    # https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope
    system, architecture, variant = [*platform.split("/"), "", ""][:3]
    parts = {"PLATFORM": platform, "OS": system, "ARCH": architecture, "VARIANT": variant}
    return {side + name: value for side in ("TARGET", "BUILD") for name, value in parts.items()}


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = text.removeprefix("\ufeff").splitlines()
    continued = re.compile(re.escape(_escape(lines)) + r"[ \t]*$")
    number = 0
    while number < len(lines):
        logical = ""
        while number < len(lines):
            line = lines[number].strip() if not logical else lines[number].rstrip()
            number += 1
            if line.lstrip().startswith("#") or not line:
                if logical:
                    continue
                break
            logical, more = continued.subn(" ", logical + line)
            if not more:
                break
        keyword, _, rest = logical.strip().partition(" ")
        if keyword.upper() in ("RUN", "COPY", "ADD"):
            for heredoc in _HEREDOC.finditer(rest):
                number = _after(lines, number, heredoc[3], tabs=bool(heredoc[1]))
        if keyword:
            yield keyword.upper(), rest.strip()


def _escape(lines: list[str]) -> str:
    for line in lines:
        found = _DIRECTIVE.match(line.strip())
        if found is None:
            break
        if found[1].lower() == "escape":
            return found[2]
    return "\\"


def _after(lines: list[str], number: int, word: str, *, tabs: bool) -> int:
    """The line behind a here-document; where it does not end it was none."""
    for index in range(number, len(lines)):
        if (lines[index].lstrip("\t") if tabs else lines[index]) == word:
            return index + 1
    return number
