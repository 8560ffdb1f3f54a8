"""git's door: which commit the working tree is, and which of two is older."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cloudnorth_cli import shell
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Source

DIRTY = "+dirty"
# Set while a hook runs, they would send git to the hook's repository, not to the one around `root` (githooks(5)).
_GIT = ("env", "-u", "GIT_DIR", "-u", "GIT_WORK_TREE", "-u", "GIT_INDEX_FILE", "git")
_ENVIRON = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
_MISSING = 127
_HASH = re.compile(r"[0-9a-f]{7,64}$")
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


def source(root: Path, written: Iterable[Path] = ()) -> Source:
    """The commit of the working tree around `root`; `Source(commit="")` outside a repository and before a first commit.

    written: files that this tool writes for whoever called it (`--out`, `--report`); they make no tree dirty.
    Raises Refused when there is a repository that git cannot or will not read.
    """
    if not _inside(root):
        return Source(commit="")
    last = _git(root, "-c", "log.showSignature=false", "log", "-1", "--abbrev=7", "--format=%h%n%s%n%cI")
    if last.status != 0:
        return Source(commit="")
    commit, message, committed_at = last.output.rstrip("\n").split("\n")
    # Whatever is not ignored counts, untracked files too: they reach the build. What this tool writes itself does not.
    spared = (":(top,exclude,glob)**/.cloudnorth/**", *_spared(root, written))
    changes = _git(root, "status", "--porcelain", "--untracked-files=all", "--", ":(top)", *spared)
    if changes.status != 0:
        raise Refused("git cannot say whether the tree is clean", code="git", evidence=shell.tail(changes.errors))
    dirty = bool(changes.output.strip())
    return Source(
        commit=commit + DIRTY if dirty else commit,
        message=message,
        dirty=dirty,
        committed_at=datetime.fromisoformat(committed_at),
    )


def is_older(root: Path, ours: Source, than: Source) -> bool:
    """Whether our commit lies before another one, as the one that serves.

    The history decides. A clone that has never seen the other commit (behind, or shallow) cannot ask it; then the
    commits' dates decide, as far as they are known.
    """
    left, right = (one.commit.removesuffix(DIRTY) for one in (ours, than))
    if left == right or not _HASH.match(left) or not _HASH.match(right):
        return False
    ancestry = _git(root, "merge-base", "--is-ancestor", left, right)
    if ancestry.status in (0, 1):
        return ancestry.status == 0
    return bool(ours.committed_at and than.committed_at and ours.committed_at < than.committed_at)


@dataclass(frozen=True)
class ChangedLine:
    """One line that differs."""

    file: str
    """Relative to the folder that was asked about."""
    number: int
    added: bool
    text: str


def commits_between(root: Path, older: str, newer: str) -> tuple[str, ...]:
    """`8f3c1d2 Search by brand` for each commit since `older`, newest first; empty where git does not know them."""
    left, right = (one.removesuffix(DIRTY) for one in (older, newer))
    if left == right or not _HASH.match(left) or not _HASH.match(right):
        return ()
    told = _git(root, "-c", "log.showSignature=false", "log", "--abbrev=7", "--format=%h %s", f"{left}..{right}")
    return tuple(told.output.splitlines()) if told.status == 0 else ()


def changed_lines(root: Path, since: str, files: Sequence[str]) -> tuple[ChangedLine, ...]:
    """Lines of files (or folders, relative to `root`) that differ from a commit; empty where git does not know it.

    A line that was taken away has the number that it had.
    """
    commit = since.removesuffix(DIRTY)
    if not files or not _HASH.match(commit):
        return ()
    told = _git(root, "diff", "--no-color", "--no-ext-diff", "--relative", "--unified=0", commit, "--", *files)
    return tuple(_changed(told.output)) if told.status == 0 else ()


def _changed(diff: str) -> Iterator[ChangedLine]:
    file, before, after, body = "", 0, 0, False
    for line in diff.splitlines():
        if hunk := _HUNK.match(line):
            before, after, body = int(hunk[1]), int(hunk[2]), True
        elif line.startswith("diff "):
            body = False
        elif not body and line[:4] in ("--- ", "+++ "):
            file = line[6:] if line[4:6] in ("a/", "b/") else file
        elif body and line.startswith("-"):
            yield ChangedLine(file, before, False, line[1:])
            before += 1
        elif body and line.startswith("+"):
            yield ChangedLine(file, after, True, line[1:])
            after += 1


def _inside(root: Path) -> bool:
    asked = _git(root, "rev-parse", "--is-inside-work-tree")
    if asked.status == 0:
        return asked.output.strip() == "true"
    if asked.status == _MISSING:
        if any((folder / ".git").exists() for folder in (root, *root.parents)):
            raise Refused(f"{root} is a git repository and git is not installed", code="tool-missing")
        return False
    if "not a git repository" in asked.errors:
        return False
    # Such as a folder that belongs to somebody else, for which git's own words hold the command that helps.
    raise Refused(f"git cannot read the repository at {root}", code="git", evidence=shell.tail(asked.errors))


def _spared(root: Path, files: Iterable[Path]) -> Iterator[str]:
    """What leaves files out of a question to git; it takes no path that is outside of the repository."""
    if files := tuple(files):
        top = Path(_git(root, "rev-parse", "--show-toplevel").output.rstrip("\n"))
        for file in files:
            if (resolved := file.resolve()).is_relative_to(top):
                yield f":(top,exclude,literal){resolved.relative_to(top)}"


def _git(root: Path, *words: str) -> shell.Completed:
    return shell.run(shell.Command((*_GIT, *words), environ=_ENVIRON, cwd=root), check=False)
