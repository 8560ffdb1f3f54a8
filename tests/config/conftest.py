from pathlib import Path

import pytest
import yaml

from cloudnorth_cli.config import yaml_tree
from tests.config.files import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture(params=["CBaseLoader", "BaseLoader"])
def each_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """libyaml, and what stands in for it where a wheel came without."""
    monkeypatch.setattr(yaml_tree, "_Loader", getattr(yaml, request.param))
