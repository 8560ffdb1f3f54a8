"""What an image is made of, and the content tag that names it: the same content gives the same tag anywhere.

Only what a clone of the repository carries counts: path, executable bit and bytes of the files that Docker would be
sent, never owners, times, umasks or empty folders (docs/decisions/2026-11-24-content-tag.md).
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cloudnorth_cli.adapters import dockerfile as dockerfiles
from cloudnorth_cli.adapters.dockerignore import Matched, Rules, ignore_file, read_rules
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Value
from cloudnorth_cli.settings import Build

OWN_FOLDERS = {".git", ".cloudnorth"}
"""Never part of an image: they change with every commit and every run."""


class Recipe(Value, frozen=True, kw_only=True):
    """Everything that decides what an image holds; two equal recipes make interchangeable images."""

    recipe: int = 1
    """Version of this list; raising it gives every image a new tag."""
    files: Mapping[str, str]
    """Path in the context to kind (`-` file, `x` executable, `l` link) and SHA-256 of its bytes or of its target."""
    dockerfile: str
    """SHA-256, "" where a command builds and there is none."""
    target: str | None
    platform: str
    args: Mapping[str, str]
    secrets: tuple[str, ...]
    """Names only."""
    command: str | None
    bases: Mapping[str, str]
    """Base image to digest, or to its own name where nobody knows the digest."""

    @property
    def tag(self) -> str:
        """Sixteen hex digits; a name for a registry."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]


@dataclass(frozen=True)
class Difference:
    """How one recipe differs from another."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


def recipe(root: Path, build: Build, bases: Mapping[str, str]) -> Recipe:
    """Read everything that goes into an image. Raises Refused.

    root: folder of cloudnorth.yaml. bases: digests of `base_images`.
    """
    context = root / build.context
    dockerfile = root / build.dockerfile
    return Recipe(
        files={_text(path): _fingerprint(context / path) for path in paths(root, build)},
        dockerfile=_sha256(dockerfile) if dockerfile.is_file() else "",
        target=build.target,
        platform=build.platform,
        args=dict(build.args),
        secrets=tuple(sorted(build.secrets)),
        command=build.command,
        bases=dict(bases),
    )


def base_images(root: Path, build: Build) -> tuple[str, ...]:
    """Images that the build reads besides its context. Raises Refused where the Dockerfile cannot be read."""
    dockerfile = root / build.dockerfile
    if build.command is not None and not dockerfile.is_file():
        return ()
    try:
        text = dockerfile.read_text("utf-8", "replace")
    except OSError as error:
        raise Refused(f"cannot read the Dockerfile {dockerfile}: {error.strerror}", code="dockerfile") from error
    return dockerfiles.base_images(text, build.args, build.target, build.platform)


def paths(root: Path, build: Build, *, by_docker: bool = True) -> tuple[str, ...]:
    """Files and links that Docker would be sent, sorted, relative to the context; nothing is read yet.

    Raises Refused when the context is no folder, or carries .git or .cloudnorth. Where Docker is not what reads them
    (a command that builds, files that we copy ourselves) those folders are just left out.
    """
    context = root / build.context
    if not context.is_dir():
        raise Refused(f"the build context {context} is not a folder", code="context-missing")
    ignoring = ignore_file(context, root / build.dockerfile)
    try:
        leave_out = build.command is not None or not by_docker
        found = tuple(sorted(_walk(context, read_rules(ignoring), leave_out=leave_out)))
    except OSError as error:
        raise Refused(f"cannot read {error.filename}: {error.strerror}", code="context-unreadable") from error
    if carried := [path for path in found if not OWN_FOLDERS.isdisjoint(path.split("/"))]:
        raise _carries(carried, ignoring or context / ".dockerignore")
    return found


def difference(old: Recipe, new: Recipe) -> Difference:
    """What was added, removed and changed between two builds, by name."""
    before, after = _ingredients(old), _ingredients(new)
    return Difference(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in after if name in before and before[name] != after[name]),
    )


def _walk(context: Path, rules: Rules, *, leave_out: bool) -> Iterator[str]:
    todo: list[tuple[str, Matched | None]] = [("", None)]
    while todo:
        folder, parent = todo.pop()
        with os.scandir(context / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if leave_out and entry.name in OWN_FOLDERS:
                    continue
                ignored, matched = rules.ignores(path, parent)
                if entry.is_dir(follow_symlinks=False):
                    if not ignored or rules.may_take_back(path):
                        todo.append((path, matched))
                elif not ignored and (entry.is_symlink() or entry.is_file(follow_symlinks=False)):
                    yield path  # sockets, pipes and devices are no content


def _fingerprint(file: Path) -> str:
    try:
        if file.is_symlink():
            return "l" + hashlib.sha256(os.fsencode(os.readlink(file))).hexdigest()
        executable = file.stat().st_mode & 0o100  # the owner's bit is the one that git carries
        return ("x" if executable else "-") + _sha256(file)
    except OSError as error:
        raise Refused(f"cannot read {file}: {error.strerror}", code="context-unreadable") from error


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _text(path: str) -> str:
    """A path that JSON can hold; bytes that are no UTF-8 become escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _ingredients(made_of: Recipe) -> dict[str, str]:
    named = {
        "Dockerfile": made_of.dockerfile,
        "target": made_of.target or "",
        "platform": made_of.platform,
        "build command": made_of.command or "",
    }
    named |= {f"build argument {name}": value for name, value in made_of.args.items()}
    named |= {f"build secret {name}": "" for name in made_of.secrets}
    named |= {f"base image {name}": digest for name, digest in made_of.bases.items()}
    return named | dict(made_of.files)


def _carries(paths: Sequence[str], ignoring: Path) -> Refused:
    lines: dict[str, str] = {}
    for path in paths:
        parts = path.split("/")
        depth = next(number for number, part in enumerate(parts) if part in OWN_FOLDERS)
        lines.setdefault(("**/" if depth else "") + parts[depth], "/".join(parts[: depth + 1]))
    # A file that does not end in a line break would swallow the first of the lines.
    appended = f"printf '\\n%s' {' '.join(shlex.quote(line) for line in lines)} >> {shlex.quote(str(ignoring))}"
    return Refused(
        f"the build context would carry {' and '.join(lines.values())}, which change with every commit or run: "
        f"add {' and '.join(lines)} to {ignoring.name}, a line each",
        code="context-carries-own",
        where=str(ignoring),
        next=(appended,),
    )
