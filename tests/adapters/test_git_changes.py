"""What changed since a commit: commits, and lines of files with their numbers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cloudnorth_cli.adapters import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    def run(*words: str) -> str:
        line = ["git", "-c", "user.name=a", "-c", "user.email=a@example.test", *words]
        return subprocess.run(line, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    run("init", "-q")
    (tmp_path / "values.yaml").write_text("a: 1\nPAYMENT_URL: x\nb: 2\n")
    run("add", ".")
    run("commit", "-qm", "first")
    (tmp_path / "before").write_text(run("rev-parse", "--short", "HEAD"))
    (tmp_path / "values.yaml").write_text("a: 1\nb: 2\n--- c: 3\n")
    run("commit", "-qam", "second, with the URL gone")
    return tmp_path


def test_lines_that_differ_have_file_and_number(repository: Path) -> None:
    before = (repository / "before").read_text()
    found = [(line.file, line.number, line.added, line.text) for line in git.changed_lines(repository, before, ["."])]
    assert found == [("values.yaml", 2, False, "PAYMENT_URL: x"), ("values.yaml", 3, True, "--- c: 3")]


def test_commits_are_told_newest_first(repository: Path) -> None:
    before, now = (repository / "before").read_text(), git.source(repository).commit
    assert [line.partition(" ")[2] for line in git.commits_between(repository, before, now)] == [
        "second, with the URL gone"
    ]


def test_a_commit_that_git_does_not_know_changes_nothing(repository: Path) -> None:
    assert git.changed_lines(repository, "1234567", ["."]) == ()
    assert git.commits_between(repository, "1234567", "7654321") == ()
    assert git.changed_lines(repository, "", ["."]) == ()
