"""A project whose environment `dev` stands on a root module of its own, with its state in a file beside it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tool import Ran, cloudnorth

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


@dataclass
class Ground:
    """root: the folder of cloudnorth.yaml; the root module is in `tf` below it."""

    root: Path
    extra: dict[str, str] = field(default_factory=dict)

    def run(self, verb: str, *words: str, output: str = "json") -> Ran:
        return cloudnorth(verb, "--env", "dev", "-o", output, *words, cwd=self.root, extra=self.extra)

    def write(self, text: str, variables: str = "") -> None:
        """The root module and its dev.tfvars."""
        (self.root / "tf" / "main.tf").write_text(text)
        (self.root / "tf" / "dev.tfvars").write_text(variables)


def make(root: Path, extra: dict[str, str] | None = None, **environment: Any) -> Ground:
    """An empty root module."""
    (root / "tf").mkdir(parents=True)
    (root / "chart").mkdir()
    dev = {
        "platform": "kubernetes",
        "cluster": {"context": "none"},
        "helm": {"chart": "chart"},
        "terraform": {"dir": "tf", "vars": ["dev.tfvars"]},
        **environment,
    }
    config = {"version": 1, "project": "ground", "services": {"web": {"image": "nginx"}}, "environments": {"dev": dev}}
    (root / "cloudnorth.yaml").write_text(yaml.safe_dump(config))
    ground = Ground(root, {"TF_CLI_CONFIG_FILE": "/dev/null", "CHECKPOINT_DISABLE": "1", **(extra or {})})
    ground.write("")
    return ground
