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


def test_without_credentials_of_our_own_the_users_configuration_serves(tmp_path: Path) -> None:
    assert logged_in("registry.example", None, tmp_path) == {}
    assert list(tmp_path.iterdir()) == []


def test_ours_stand_beside_what_the_user_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, folder = tmp_path / "theirs", tmp_path / "ours"
    (theirs / "contexts").mkdir(parents=True)
    folder.mkdir()
    written = {"auths": {"other.example": {"auth": "eA=="}}, "credsStore": "desktop"}
    (theirs / "config.json").write_text(json.dumps(written))
    monkeypatch.setenv("DOCKER_CONFIG", str(theirs))
    made = Path(str(logged_in("registry.example", JENKINS, folder)["DOCKER_CONFIG"]))
    config = json.loads((made / "config.json").read_text())
    assert stat.S_IMODE((made / "config.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert (made / "contexts").resolve() == theirs / "contexts"
    assert config["auths"]["other.example"] == {"auth": "eA=="}
    assert base64.b64decode(config["auths"]["registry.example"]["auth"]) == b"jenkins:hunter2"
    assert (config["credsStore"], config["credHelpers"]) == ("desktop", {"registry.example": ""})


def test_a_configuration_that_cannot_be_read_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text("[")
    (tmp_path / "ours").mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    made = logged_in("registry.example", JENKINS, tmp_path / "ours")
    config = json.loads(Path(str(made["DOCKER_CONFIG"]), "config.json").read_text())
    assert list(config["auths"]) == ["registry.example"]
