"""Chromium and axe-core: where they are, and how they come here where they are not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

APT = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
PACKAGES = ("chromium", "fonts-dejavu-core")


def chromium() -> str | None:
    """The browser's path; SHOP_TEST_CHROMIUM names another one."""
    return os.environ.get("SHOP_TEST_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)


def why_not() -> str | None:
    """What is missing and cannot be installed from here; None when the tests can run."""
    if not chromium() and not (os.geteuid() == 0 and shutil.which("apt-get")):
        return "there is no Chromium, and installing it takes root and apt-get; SHOP_TEST_CHROMIUM may name one"
    if not AXE.exists() and not shutil.which("npm"):
        return "axe-core is not installed, and that takes npm (Debian: apt-get install npm)"
    return None


def install() -> None:
    """Installs what is missing: Chromium from Debian's packages, axe-core as its lock says (version and hash)."""
    if not chromium():
        apt = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300")
        # The list may be from when the machine was made; an old one names packages that are gone.
        subprocess.run((*apt, "update"), env=APT, check=True)
        subprocess.run((*apt, "install", "--yes", "--no-install-recommends", *PACKAGES), env=APT, check=True)
    if not AXE.exists():
        subprocess.run(("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"), cwd=HERE, check=True)
