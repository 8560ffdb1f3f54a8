"""Files by content: the same files are the same bundle, wherever and whenever they were written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cloudnorth_cli.adapters import bundle
from cloudnorth_cli.errors import Failed
from cloudnorth_cli.settings import Build

BUILD = Build(context=".")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "folder").mkdir(parents=True)
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "folder" / "text.txt").write_text("one\n")
    (root / "link").symlink_to("folder/text.txt")
    (root / "left-out.txt").write_text("never\n")
    (root / ".dockerignore").write_text("left-out.txt\n")
    return root


def test_files_modes_and_links_arrive_and_what_is_ignored_does_not(project: Path, tmp_path: Path) -> None:
    made = bundle.make(project, BUILD, tmp_path / "store")
    assert made.made
    assert (made.folder / "folder" / "text.txt").read_text() == "one\n"
    assert os.access(made.folder / "run.sh", os.X_OK)
    assert (made.folder / "link").readlink() == Path("folder/text.txt")
    assert not (made.folder / "left-out.txt").exists()


def test_a_repository_and_our_own_runs_are_never_part_of_it(project: Path, tmp_path: Path) -> None:
    before = bundle.make(project, BUILD, tmp_path / "store").digest
    for inside in (".git", ".cloudnorth/runs", "folder/.git"):
        (project / inside).mkdir(parents=True)
        (project / inside / "HEAD").touch()
    assert bundle.make(project, BUILD, tmp_path / "store").digest == before


def test_the_same_content_is_copied_once(project: Path, tmp_path: Path) -> None:
    first = bundle.make(project, BUILD, tmp_path / "store")
    os.utime(project / "run.sh", (1, 1))
    (project / "folder" / "text.txt").chmod(0o600)
    again = bundle.make(project, BUILD, tmp_path / "store")
    assert (again.digest, again.made) == (first.digest, False)


@pytest.mark.parametrize("change", ["content", "mode", "name", "link"])
def test_any_change_is_another_bundle(project: Path, tmp_path: Path, change: str) -> None:
    before = bundle.make(project, BUILD, tmp_path / "store").digest
    match change:
        case "content":
            (project / "folder" / "text.txt").write_text("two\n")
        case "mode":
            (project / "run.sh").chmod(0o644)
        case "name":
            (project / "run.sh").rename(project / "start.sh")
        case "link":
            (project / "link").unlink()
            (project / "link").symlink_to("run.sh")
    assert bundle.make(project, BUILD, tmp_path / "store").digest != before


def test_a_store_that_cannot_be_written_is_told(project: Path, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file, not a folder")
    with pytest.raises(Failed, match="cannot copy"):
        bundle.make(project, BUILD, tmp_path / "store")
