"""Which files of a build context Docker leaves out: `.dockerignore` as BuildKit reads and applies it.

A translation of github.com/moby/patternmatcher v0.6.0 (`ignorefile.ReadAll`, `MatchesUsingParentResults`). The Docker
SDK's own matcher is not used: it ignores case, tests one parent folder only and adds rules of the legacy builder.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cloudnorth_cli.errors import Refused

Matched = tuple[bool, ...]
"""For each rule whether it matched a folder or one of its parents; handed down to what lies in the folder."""


def ignore_file(context: Path, dockerfile: Path) -> Path | None:
    """The file whose rules hold: NAME.dockerignore beside the Dockerfile NAME, else .dockerignore in the context."""
    own = dockerfile.with_name(dockerfile.name + ".dockerignore")
    for candidate in (own, context / ".dockerignore"):
        if candidate.is_file():
            return candidate
    return None


@dataclass(frozen=True)
class Rule:
    """One line: `negated` takes files back in."""

    pattern: str
    negated: bool
    matches: Callable[[str], bool]


@dataclass(frozen=True)
class Rules:
    """All lines of an ignore file, in order; the last one that matches decides."""

    rules: tuple[Rule, ...] = ()

    def ignores(self, path: str, parent: Matched | None) -> tuple[bool, Matched]:
        """Whether a path is left out, and what to hand down when it is a folder.

        path: relative to the context, with slashes. parent: what this returned for its folder, None at the top.
        """
        ignored = False
        matched = []
        for index, rule in enumerate(self.rules):
            match = bool(parent and parent[index])
            if not match and rule.negated == ignored:
                match = rule.matches(path)
            matched.append(match)
            if match:
                ignored = not rule.negated
        return ignored, tuple(matched)

    def may_take_back(self, folder: str) -> bool:
        """Whether an ignored folder has to be entered, as a negated rule may match something in it."""
        negated = [rule.pattern for rule in self.rules if rule.negated]
        if any(re.search(r"[*\[\]?^\\]", _without_trailing_glob(pattern)) for pattern in negated):
            return True
        return any((_without_trailing_glob(pattern) + "/").startswith(folder + "/") for pattern in negated)


def read_rules(file: Path | None) -> Rules:
    """The rules of an ignore file; none without a file. Raises Refused for a line that Docker would refuse."""
    if file is None:
        return Rules()
    try:
        text = file.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    except OSError as error:
        raise Refused(f"cannot read {file}: {error.strerror}", code="context-unreadable") from error
    rules = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith("#") or not line.strip():
            continue
        try:
            rules.append(rule(line))
        except (re.error, ValueError) as error:
            raise Refused(
                f"{line.strip()} is not a pattern that Docker understands: {error}",
                code="dockerignore",
                where=f"{file}:{number}",
            ) from error
    return Rules(tuple(rules))


def rule(line: str) -> Rule:
    """One line of an ignore file as a rule. Raises ValueError or re.error where Docker would refuse it."""
    pattern = line.strip()
    negated = pattern.startswith("!")
    if negated:
        pattern = pattern[1:].strip()
        if not pattern:
            raise ValueError("it takes nothing back in")
    pattern = re.sub("^/+", "/", posixpath.normpath(pattern))
    if len(pattern) > 1:
        pattern = pattern.removeprefix("/")
    return Rule(pattern, negated, _matcher(pattern))


def _matcher(pattern: str) -> Callable[[str], bool]:
    # Without wildcards other than one `**` at an end the library compares strings, which differs from its regular
    # expressions for patterns such as `**name`.
    if pattern.startswith("**") and not re.search(r"[*?\[\]\\]", pattern[2:]):
        suffix = pattern[2:]
        return lambda path: path.endswith(suffix) or (suffix.startswith("/") and path == suffix[1:])
    if pattern.endswith("**") and not re.search(r"[*?\[\]\\]", pattern[:-2]):
        prefix = pattern[:-2]
        return lambda path: path.startswith(prefix)
    if not re.search(r"[*?\[\]\\]", pattern):
        return lambda path: path == pattern
    expression = re.compile(_expression(pattern), re.DOTALL)
    return lambda path: expression.fullmatch(path) is not None


_TOKEN = re.compile(r"\*\*/?|\*|\?|\\.|.", re.DOTALL)


def _expression(pattern: str) -> str:
    parts = []
    for token in _TOKEN.finditer(pattern):
        word = token.group()
        if word.startswith("**"):
            parts.append(".*" if token.end() == len(pattern) else "(.*/)?")
        elif word == "*":
            parts.append("[^/]*")
        elif word == "?":
            parts.append("[^/]")
        elif len(word) == 1 and word in "\\.+()|{}$":
            parts.append("\\" + word)
        else:
            parts.append(word)
    return "".join(parts)


def _without_trailing_glob(pattern: str) -> str:
    # fsutil's patternWithoutTrailingGlob: `a/**` and `a/*` can only match below `a`.
    return pattern.removesuffix("/**").removesuffix("/*")
