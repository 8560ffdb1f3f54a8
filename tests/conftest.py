"""What tests of the command line begin with: a project in a folder of its own, a shell with nothing exported."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudnorth_cli import __main__ as program
from cloudnorth_cli import platforms
from tests.tool import Ran

PROJECT = """\
version: 1
project: shop
services:
  api: {image: "registry/shop-api:1", run: shop serve api}
  storefront: {build: {context: .}, run: shop serve storefront}
environments:
  prod: {platform: local, protected: true}
  test: {platform: local, notes: ["log in as demo"]}
"""
Cloudnorth = Callable[..., Ran]


def pytest_configure() -> None:
    """What a pipeline's `nohup`, or a shell for what runs beside it, ignores is ignored by all that is started, and the
    tool leaves it so; the tests send it."""
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a protected and an unprotected environment on the fake platform; the working directory."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "cloudnorth.yaml").write_text(PROJECT)
    (root / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.chdir(root)
    for name in list(os.environ):
        if name.startswith(
            ("CLOUDNORTH_", "CI", "JENKINS", "BUILD_", "GITHUB_", "GITLAB_", "NO_COLOR", "COLUMNS", "LC_")
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    return root


@pytest.fixture
def cloudnorth(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cloudnorth:
    """Run the real command line in this process, with the fake platform behind it."""
    for kind in platforms.PLATFORMS:
        monkeypatch.setitem(platforms.PLATFORMS, kind, "tests.fakes:FakePlatform")

    def run(*words: str, **environ: str) -> Ran:
        with monkeypatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            status = program.run(list(words))
        captured = capfd.readouterr()
        return Ran(status, captured.out, captured.err)

    return run
