"""Canaries in every source of secrets, wholly for real on this machine: AWS is moto's, Terraform a stand-in.

First the service proves that it read each of them; then none is seen in anything that was printed, kept or started.
"""

from __future__ import annotations

import base64
import json
import random
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import reaper
from tests.canary.planting import TELLER, Planted, plant
from tests.canary.watching import Watched

pytestmark = pytest.mark.slow
SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "plain"
PRIVATE = ("secrets", "launches", "logs")
"""Folders of a local environment: its secrets and what processes are started with, for their owner only; and what the
services themselves wrote, which is theirs."""


@dataclass
class Project:
    """The plain sample with canaries for secrets."""

    planted: Planted
    watched: Watched
    data: Path
    config: dict[str, Any]

    def run(self, line: str, *words: str, leak: bool = False) -> Any:
        verb, *more = line.split()
        return self.watched.run(verb, "-e", "local", *more, *words, leak=leak)

    def environ(self) -> dict[str, str]:
        """Of the service that serves, as it says itself."""
        address = self.run("status -o json").result["status"][0]["address"]
        with urllib.request.urlopen(address, timeout=15) as answer:
            return dict(json.load(answer)["env"])

    def save(self) -> None:
        (self.watched.root / "cloudnorth.yaml").write_text(yaml.safe_dump(self.config))

    def spoil(self) -> None:
        """The next release tells its secrets and ends."""
        (self.watched.root / "teller.py").write_text(TELLER)
        self.config["services"]["web"]["run"] = "sh -c 'python3 teller.py; exit 1'"
        self.save()

    def leaks(self) -> dict[str, set[str]]:
        root = self.watched.root
        return self.watched.leaks(
            self.planted.words, root / ".cloudnorth", self.data, root / "reports", private=PRIVATE
        )


@pytest.fixture
def project(tmp_path: Path, moto: str) -> Iterator[Project]:
    reaper.watch(tmp_path.parent)
    root = tmp_path / "a project"
    shutil.copytree(SAMPLE, root)
    (root / "reports").mkdir()
    planted = plant(tmp_path, root, moto)
    config = yaml.safe_load((root / "cloudnorth.yaml").read_text())
    config["environments"]["local"] |= {"port": random.randrange(18000, 20000), **planted.environment}
    watched = Watched(root, tmp_path / "watched", planted.environ | {"XDG_DATA_HOME": str(tmp_path / "data")})
    made = Project(planted, watched, tmp_path / "data", config)
    made.save()
    yield made
    made.run("down")


def test_none_is_seen_anywhere(project: Project) -> None:
    deployed = project.run("deploy -v --report reports/first.json")
    assert deployed.status == 0, deployed.err
    found = project.environ()
    values = project.planted.values
    assert {name: found[name] for name in values} == values, "the service read each of them"

    told = project.run("run", "--", "python3", "-c", TELLER)
    assert told.out.count("***") >= 5 * len(values)
    assert project.run("exec -o json", "--", "python3", "-c", TELLER).status == 0
    for line in ("config -o json", "doctor -v", "history -o json", "status -v", "logs", "restart -v"):
        project.run(line)
    project.spoil()
    broken = project.run("deploy -v --report reports/broken.json")
    assert broken.status == 4
    assert "***" in broken.err + broken.out
    for line in ("history -o json", "status -o json", "logs --tail 100", "rollback -v"):
        project.run(line)
    assert project.leaks() == {}


@pytest.mark.repeat  # of the search itself
def test_a_leak_is_noticed(project: Project) -> None:
    """With masking broken, canaries are found in what is printed and in what the run keeps."""
    project.spoil()
    assert project.run("deploy", leak=True).status != 0
    found = project.leaks()
    assert {"CANARY_SSM", "CANARY_TF"} <= found["printed"], "the last that the program told before it ended"
    assert any(".cloudnorth" in place for place in found)


@pytest.mark.repeat  # of the search itself
def test_a_leak_into_arguments_is_noticed(project: Project) -> None:
    """A program that is started with a secret among its words."""
    assert project.run("deploy").status == 0
    word = project.planted.words["CANARY_ENV"]
    project.run("run", "--", "python3", "-c", "pass", base64.b64encode(word.encode()).decode())
    assert project.leaks()["arguments"] == {"CANARY_ENV"}
