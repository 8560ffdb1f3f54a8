"""A program gets exactly the environment of its file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cloudnorth_cli.adapters import launcher


def launch(folder: Path, words: list[str], starts: Path | None = None) -> subprocess.CompletedProcess[str]:
    file = folder / "launch.json"
    told = {"words": words, "environ": {"PATH": "/usr/bin:/bin", "TOKEN": "s3cr3t"}, "cwd": str(folder)}
    file.write_text(json.dumps(told | {"starts": str(starts) if starts else None}))
    return subprocess.run(
        [sys.executable, "-I", "-S", launcher.__file__, str(file)], capture_output=True, text=True, timeout=30
    )


def test_the_environment_is_the_files_and_nothing_else(tmp_path: Path) -> None:
    assert sorted(launch(tmp_path, ["env"]).stdout.splitlines()) == ["PATH=/usr/bin:/bin", "TOKEN=s3cr3t"]


def test_it_starts_in_the_folder_that_the_file_says(tmp_path: Path) -> None:
    assert launch(tmp_path, ["pwd"]).stdout.strip() == str(tmp_path)


def test_starts_are_counted(tmp_path: Path) -> None:
    for _ in range(3):
        launch(tmp_path, ["true"], tmp_path / "starts")
    assert (tmp_path / "starts").stat().st_size == 3


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = launch(tmp_path, ["missing-program"])
    assert ended.returncode == 127
    assert "cannot run missing-program" in ended.stderr
