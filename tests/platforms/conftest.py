"""Projects on the local platform, in folders of their own, ended whatever happens."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests import reaper
from tests.platforms.local_project import LocalProject

SAMPLES = Path(__file__).parent.parent / "samples"
Make = Callable[..., LocalProject]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Copies a sample project (`plain`, `python`, `node`) into a folder with spaces."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data with spaces"))
    monkeypatch.delenv("CI", raising=False)
    reaper.watch(tmp_path.parent)
    made: list[LocalProject] = []

    def copy(sample: str = "plain", name: str = "a project", port: int | None = None) -> LocalProject:
        root = tmp_path / name
        shutil.copytree(SAMPLES / sample, root)
        config = yaml.safe_load((root / "cloudnorth.yaml").read_text())
        config["environments"]["local"] |= {
            "port": port or random.randrange(18000, 20000),
            "rollout": {"timeout": "20s"},
        }
        made.append(LocalProject(root, config))
        return made[-1]

    yield copy
    for each in made:
        each.down()


@pytest.fixture
def local(make: Make) -> LocalProject:
    """The plain sample, not deployed yet."""
    return make()
