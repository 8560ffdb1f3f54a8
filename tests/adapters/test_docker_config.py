"""The client's configuration for a build with credentials of cloudnorth.yaml."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import pytest

from cloudnorth_cli.adapters.docker_config import logged_in
from cloudnorth_cli.adapters.registry_login import Login
from cloudnorth_cli.model import Secret

JENKINS = Login("jenkins", Secret("hunter2"))


def test_without_credentials_of_our_own_the_users_configuration_serves() -> None:
    with logged_in("registry.example", None) as more:
        assert more == {}


def test_ours_stand_beside_the_users_for_the_time_of_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "contexts").mkdir()
    theirs = {"auths": {"other.example": {"auth": "eA=="}}, "credsStore": "desktop"}
    (tmp_path / "config.json").write_text(json.dumps(theirs))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with logged_in("registry.example", JENKINS) as more:
        folder = Path(str(more["DOCKER_CONFIG"]))
        config = json.loads((folder / "config.json").read_text())
        assert stat.S_IMODE((folder / "config.json").stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert (folder / "contexts").resolve() == tmp_path / "contexts"
    assert config["auths"]["other.example"] == {"auth": "eA=="}
    assert base64.b64decode(config["auths"]["registry.example"]["auth"]) == b"jenkins:hunter2"
    assert (config["credsStore"], config["credHelpers"]) == ("desktop", {"registry.example": ""})
    assert not folder.exists()


def test_a_configuration_that_cannot_be_read_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text("[")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with logged_in("registry.example", JENKINS) as more:
        config = json.loads(Path(str(more["DOCKER_CONFIG"]), "config.json").read_text())
    assert list(config["auths"]) == ["registry.example"]
