"""uv is told what pip is told on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudnorth_cli.adapters import uv
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Secret


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """pip with one file of settings and no variables."""
    for name in (
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_NO_INDEX",
        "PIP_CERT",
        "PIP_TRUSTED_HOST",
    ):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "pip.conf"
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    return file


def test_pips_settings_become_uvs(pip: Path) -> None:
    pip.write_text(
        "[global]\nindex-url = https://me:pw@index.example/simple\nfind-links = /wheels\n  /more\ntimeout = 90\n"
    )
    found = uv.pip_settings({})
    assert found["UV_DEFAULT_INDEX"] == Secret("https://me:pw@index.example/simple")
    assert found["UV_FIND_LINKS"] == Secret("/wheels,/more")
    assert found["UV_HTTP_TIMEOUT"] == Secret("90")
    assert "pw" not in str(found)


def test_a_variable_is_above_the_file_and_uvs_own_above_both(pip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip.write_text("[global]\nindex-url = https://file.example/\n")
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example/")
    assert uv.pip_settings({})["UV_DEFAULT_INDEX"] == Secret("https://variable.example/")
    assert "UV_DEFAULT_INDEX" not in uv.pip_settings({"UV_DEFAULT_INDEX": "https://uv.example/"})


def test_a_lock_names_its_environment_and_a_missing_one_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("one")
    first = uv.key(lock)
    lock.write_text("two")
    assert uv.key(lock) != first
    with pytest.raises(Refused, match="other.lock"):
        uv.key(tmp_path / "other.lock")
