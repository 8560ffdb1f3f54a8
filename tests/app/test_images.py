"""What goes into the images, without an engine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.running import ROOT

APP = ROOT / "app"
SERVICES = (("api", "storefront"), ("storefront", "api"))


def _ignored(name: str) -> set[str]:
    lines = (APP / f"{name}.dockerignore").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


@pytest.fixture(params=SERVICES, ids=lambda pair: pair[0])
def alone(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A service, and a folder with what its image holds of the shop."""
    service, other = request.param
    assert f"shop/{other}" in _ignored(f"{service}.Dockerfile")
    shutil.copytree(APP / "shop", tmp_path / "shop", ignore=shutil.ignore_patterns(other, "__pycache__"))
    return service, tmp_path


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, timeout=60)


def test_each_service_starts_from_its_own_files_alone(alone: tuple[str, Path]) -> None:
    service, folder = alone
    code = (
        f"from shop.{service}.app import create; from shop.common.settings import Settings; "
        "from shop.common.lifecycle import Lifecycle; create(Settings(), Lifecycle())"
    )
    ended = _run(folder, "-c", code)
    assert ended.returncode == 0, ended.stderr


def test_an_image_with_one_service_knows_which_and_one_with_both_asks(alone: tuple[str, Path]) -> None:
    service, folder = alone
    ended = _run(folder, "-c", "from shop.cli import _installed; print(_installed())")
    assert ended.stdout.strip() == str([service]), ended.stderr
    ended = _run(APP, "-m", "shop", "serve")
    assert (ended.returncode, ended.stderr) == (2, "shop: say what to serve: api or storefront\n")


def test_the_lock_has_hashes_for_all_and_addresses_for_none() -> None:
    lock = (APP / "requirements.lock").read_text()
    pins = re.findall(r"^\w[\w.-]*==", lock, re.MULTILINE)
    assert len(pins) > 20
    assert len(re.findall(r"==[^\n]+\\\n    --hash=sha256:", lock)) == len(pins)
    assert "://" not in lock


def test_the_three_dockerfiles_are_one_text_and_differ_in_what_they_leave_out() -> None:
    assert len({(APP / name).read_text() for name in ("Dockerfile", "api.Dockerfile", "storefront.Dockerfile")}) == 1
    whole = _ignored("Dockerfile")
    for service, other in SERVICES:
        assert _ignored(f"{service}.Dockerfile") == whole | {f"shop/{other}"}
