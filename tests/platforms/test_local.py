"""The local platform, with real processes on this machine."""

from __future__ import annotations

import json
import random
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.local_project import LocalProject, project

SAMPLE = Path(__file__).parent.parent / "contract" / "sample"
WEB = {"build": {"context": "."}, "health": "/healthz", "run": "python3 server.py", "env": {"PORT": "{port}"}}


def answer(local: LocalProject, path: str = "/hello") -> dict[str, Any]:
    with urllib.request.urlopen(local.address + path, timeout=10) as response:
        return dict(json.load(response))


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProject]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data with a space"))
    root = tmp_path / "a project"
    shutil.copytree(SAMPLE, root)
    made = project(root, {"web": WEB}, random.randrange(18000, 20000))
    yield made
    made.down()


def test_a_change_is_a_new_release_and_the_old_one_comes_back(local: LocalProject) -> None:
    assert local.deploy().exit_status == 0
    assert answer(local)["message"] == "one"
    (local.root / "message.txt").write_text("two\n")
    second = local.deploy()
    assert second.release is not None
    assert (second.exit_status, second.release.number) == (0, 2)
    assert answer(local)["message"] == "two"
    assert local.deploy().outcome == "unchanged"
    back = local.rollback()
    assert back.release is not None
    assert (back.exit_status, back.release.number, back.release.revision) == (0, 1, 3)
    assert answer(local)["message"] == "one"
