"""A project whose environment `dev` stands on a root module of its own, with its state in a file beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tool import PROGRAM, Ran, cloudnorth, environ

ROOT = Path(__file__).resolve().parents[2]
needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


def provider_environ(endpoint: str = "") -> dict[str, str]:
    """With Terraform's own settings where there are any (a mirror), and nobody's AWS credentials.

    A settings file that is named and not there would only make Terraform talk.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    settings = environ.get("TF_CLI_CONFIG_FILE")
    if settings and not Path(settings).is_file():
        environ["TF_CLI_CONFIG_FILE"] = os.devnull
    given = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
    return {**environ, **given, **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {}), "CHECKPOINT_DISABLE": "1"}


@dataclass
class Ground:
    """root: the folder of cloudnorth.yaml; the root module is in `tf` below it."""

    root: Path
    extra: dict[str, str] = field(default_factory=dict)

    def run(self, verb: str, *words: str, output: str = "json") -> Ran:
        return cloudnorth(verb, "--env", "dev", "-o", output, *words, cwd=self.root, extra=self.extra)

    def start(self) -> subprocess.Popen[str]:
        """A provision that goes on beside the test; all that it says comes from its standard output."""
        return subprocess.Popen(
            [*PROGRAM, "provision", "--env", "dev", "-o", "plain"],
            cwd=self.root,
            env=environ(self.extra) | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

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
    ground = Ground(root, {"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1", **(extra or {})})
    ground.write("")
    return ground
