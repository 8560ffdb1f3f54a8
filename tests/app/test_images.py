"""What goes into the two images, without an engine."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.running import ROOT

APP = ROOT / "app"


@pytest.mark.parametrize(("service", "other"), [("api", "storefront"), ("storefront", "api")])
def test_each_service_starts_from_its_own_files_alone(service: str, other: str, tmp_path: Path) -> None:
    ignored = (APP / f"{service}.Dockerfile.dockerignore").read_text().split()
    assert f"shop/{other}" in ignored
    shutil.copytree(APP / "shop", tmp_path / "shop", ignore=shutil.ignore_patterns(other, "__pycache__"))
    code = (
        f"from shop.{service}.app import create; from shop.common.settings import Settings; "
        "from shop.common.lifecycle import Lifecycle; create(Settings(), Lifecycle())"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_the_lock_has_hashes_for_all_and_addresses_for_none() -> None:
    lock = (APP / "requirements.lock").read_text()
    pins = re.findall(r"^\w[\w.-]*==", lock, re.MULTILINE)
    assert len(pins) > 20
    assert len(re.findall(r"==[^\n]+\\\n    --hash=sha256:", lock)) == len(pins)
    assert "://" not in lock


def test_both_images_are_made_the_same_way() -> None:
    api, storefront = ((APP / f"{name}.Dockerfile").read_text() for name in ("api", "storefront"))
    rename = api.replace('"api"', '"storefront"').replace("EXPOSE 8080", "EXPOSE 3000")
    assert rename.splitlines()[1:] == storefront.splitlines()[1:]
