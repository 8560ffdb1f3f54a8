"""A cloudnorth.yaml that is right, and what loading one says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloudnorth_cli import config
from cloudnorth_cli.errors import ExitStatus, UsageError
from cloudnorth_cli.settings import Environment

RIGHT = """\
version: 1
project: hello
services:
  api:
    build: {context: .}
    port: 8080
environments:
  prod:
    platform: kubernetes
    registry: {host: registry.example}
    helm: {chart: chart}
  local:
    platform: local
"""


@dataclass(frozen=True)
class Folder:
    """A project's folder that is the working directory of whoever loads it."""

    path: Path

    def write(self, text: str) -> config.Loaded:
        (self.path / "cloudnorth.yaml").write_text(text)
        return self.load()

    def load(self, environ: Mapping[str, str] = {}) -> config.Loaded:
        return config.load_project(None, self.path, environ)

    def environment(self, text: str, name: str) -> Environment:
        return config.environment(self.write(text), name, {}, files=False)

    def mistake(self, text: str) -> str:
        """What is said of a wrong file, its place before it, as the screen shows it."""
        with pytest.raises(UsageError) as raised:
            self.write(text)
        return told(raised.value)


def told(error: UsageError) -> str:
    assert error.status == ExitStatus.USAGE
    return "\n".join((f"{error.where}  {error.message}", *error.evidence))
