"""The way in: `make up` on a machine that lacks something, was interrupted before, or whose clone was moved."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

from scripts import install

ROOT = Path(__file__).parents[2]


class Version(NamedTuple):
    """The part of `sys.version_info` that is looked at."""

    major: int
    minor: int


@pytest.mark.parametrize("name", ["install", "up"])
def test_the_files_that_check_python_are_read_by_an_old_one(name: str) -> None:
    ast.parse((ROOT / "scripts" / f"{name}.py").read_text(), feature_version=(3, 7))


def test_an_old_python_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", Version(3, 10))
    with pytest.raises(SystemExit) as ended:
        install.check_python()
    assert str(ended.value) == f"Python 3.10 is too old: {install.REMEDY}"


@pytest.mark.parametrize("missing", ["ensurepip", "venv"])
def test_a_python_without_venv_is_told_in_one_line(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit) as ended:
        install.check_python()
    assert str(ended.value) == f"this Python cannot make virtual environments: {install.REMEDY}"


def test_an_environment_that_was_moved_or_is_half_made_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / ".venv"
    assert not install.made_here(folder)
    venv.create(folder, with_pip=False)
    assert not install.made_here(folder)
    pip = folder / "bin" / "pip"
    pip.write_text(f"#!{folder}/bin/python3\n")
    assert install.made_here(folder)
    moved = folder.rename(tmp_path / "moved")
    assert not install.made_here(moved)


def test_without_any_python_make_up_says_what_to_install() -> None:
    done = make("up", "PYTHON3=python3.99", cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr.startswith("there is no python3.99: install Python 3.11 or newer with venv (Debian: apt install")


def test_make_down_where_nothing_was_started_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    done = make("down", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "make up" in done.stdout


def make(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *words], cwd=cwd, env=environ, capture_output=True, text=True, timeout=60)


def test_an_environment_that_is_a_link_is_made_here_and_what_it_leads_to_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.mkdir()
    (theirs / "kept").write_text("")
    ours.symlink_to(theirs)
    monkeypatch.setattr(install, "VENV", ours)
    monkeypatch.setattr(install.subprocess, "run", lambda words, check: None)
    (tmp_path / "requirements.lock").write_text("")
    monkeypatch.setattr(Path, "touch", lambda self: None)
    install.install(dev=False)
    assert not ours.is_symlink()
    assert (theirs / "kept").exists()
