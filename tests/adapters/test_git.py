"""What git says of the working tree, from real repositories."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cloudnorth_cli.adapters import git
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Source


class Repository:
    """A repository with one committed file a commit, each a minute after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        path.mkdir(exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str, **environ: str) -> str:
        identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example", "GIT_CONFIG_GLOBAL": os.devnull}
        committer = {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example"}
        done = subprocess.run(
            ["git", "-C", str(self.path), *words],
            env=os.environ | identity | committer | environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, message: str = "A change") -> Source:
        self.count += 1
        (self.path / f"file{self.count}").write_text(message)
        self.git("add", "--all")
        at = f"2026-11-24T07:{self.count:02}:00+01:00"
        self.git("commit", "--quiet", "--message", message, GIT_AUTHOR_DATE=at, GIT_COMMITTER_DATE=at)
        return git.source(self.path)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "a repository")


def test_a_clean_tree_is_its_commit(repository: Repository) -> None:
    source = repository.commit("Show the total\n\nBecause people asked.")
    assert source.commit == repository.git("rev-parse", "--short=7", "HEAD")
    assert (source.message, source.dirty) == ("Show the total", False)
    assert source.committed_at == datetime(2026, 11, 24, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("change", ["changed", "new", "deleted", "staged"])
def test_a_changed_tree_is_dirty(change: str, repository: Repository) -> None:
    clean = repository.commit()
    if change == "deleted":
        (repository.path / "file1").unlink()
    else:
        (repository.path / ("new" if change == "new" else "file1")).write_text("other")
    if change == "staged":
        repository.git("add", "--all")
    source = git.source(repository.path)
    assert (source.commit, source.dirty) == (f"{clean.commit}+dirty", True)


def test_a_change_beside_the_project_counts_too(repository: Repository) -> None:
    (repository.path / "project").mkdir()
    (repository.path / "project" / "x").touch()
    repository.commit()
    (repository.path / "shared").touch()
    assert git.source(repository.path / "project").dirty


@pytest.mark.parametrize("folder", [".", "project"])
def test_what_the_tool_writes_itself_and_what_is_ignored_does_not_count(folder: str, repository: Repository) -> None:
    (repository.path / ".gitignore").write_text("*.log\n")
    repository.commit()
    runs = repository.path / folder / ".cloudnorth" / "runs"
    runs.mkdir(parents=True)
    (runs / "events.jsonl").touch()
    (repository.path / "a.log").touch()
    assert not git.source(repository.path).dirty


def test_a_file_that_was_asked_for_by_name_does_not_count_either(repository: Repository, tmp_path: Path) -> None:
    repository.commit()
    out = repository.path / "out" / "images.json"
    out.parent.mkdir()
    out.touch()
    assert git.source(repository.path).dirty
    assert not git.source(repository.path, (out, tmp_path / "elsewhere.json")).dirty
    (out.parent / "other").touch()
    assert git.source(repository.path, (out,)).dirty


def test_outside_a_repository_and_before_a_first_commit_there_is_no_commit(
    tmp_path: Path, repository: Repository
) -> None:
    assert git.source(tmp_path) == Source(commit="")
    assert git.source(repository.path) == Source(commit="")


def test_a_hooks_variables_do_not_lead_to_its_repository(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = repository.commit()
    other = Repository(tmp_path / "other")
    other.commit("Another")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    assert git.source(repository.path) == source


def test_a_repository_without_git_is_refused_and_a_folder_is_not(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "env").symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", str(bare))
    with pytest.raises(Refused, match="git is not installed"):
        git.source(repository.path)
    assert git.source(tmp_path) == Source(commit="")


def test_a_repository_that_git_will_not_read_is_refused_with_gits_words(repository: Repository) -> None:
    (repository.path / ".git" / "config").write_text("[core\n")
    with pytest.raises(Refused) as raised:
        git.source(repository.path)
    assert any("config" in line for line in raised.value.evidence)


def test_the_history_decides_which_commit_is_older(repository: Repository) -> None:
    first, second = repository.commit(), repository.commit()
    assert git.is_older(repository.path, first, second)
    assert not git.is_older(repository.path, second, first)
    assert not git.is_older(repository.path, first, first)
    dirty = msgspec.structs.replace(first, commit=f"{first.commit}+dirty", dirty=True)
    assert not git.is_older(repository.path, dirty, first)
    assert git.is_older(repository.path, dirty, second)


def test_a_commit_of_another_branch_is_not_older(repository: Repository) -> None:
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "other")
    other = repository.commit()
    repository.git("checkout", "--quiet", "main")
    assert not git.is_older(repository.path, other, repository.commit())


def test_where_the_other_commit_was_never_seen_the_dates_decide(repository: Repository) -> None:
    ours = repository.commit()
    assert ours.committed_at is not None
    later, earlier = (
        Source(commit="0123456", committed_at=ours.committed_at + timedelta(hours=hours)) for hours in (1, -1)
    )
    assert git.is_older(repository.path, ours, later)
    assert not git.is_older(repository.path, ours, earlier)
    assert not git.is_older(repository.path, ours, Source(commit="0123456"))


@pytest.mark.parametrize("commit", ["", "--help", "main"])
def test_what_is_no_commit_is_not_compared(commit: str, repository: Repository) -> None:
    ours = repository.commit()
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert not git.is_older(repository.path, ours, Source(commit=commit, committed_at=later))
