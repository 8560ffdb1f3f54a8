"""Nobody deploys while the ground moves: when `provision` takes the lock, and when it brings down what serves.

A program in Terraform's place says what there is to do; the order of things is ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from cloudnorth_cli import config
from cloudnorth_cli.commands.provision import Provision, Wishes
from cloudnorth_cli.errors import Locked, Refused
from cloudnorth_cli.events import Journal, Step
from cloudnorth_cli.model import Actor, Hold, Request, Source
from cloudnorth_cli.platforms import Platform
from tests.terraform.project import make

TERRAFORM = """#!/bin/sh
cd "$(dirname "$0")"
case "$1" in
  version) echo '{"terraform_version": "1.11.4"}';;
  validate) echo '{"diagnostics": []}';;
  plan) exit 2;;
  show) cat planned.json;;
  apply) echo applied >> said.txt;;
  output) echo '{}';;
esac
"""


@dataclass
class Ground:
    """A platform that writes down what it is asked, into the file into which Terraform's stand-in writes too."""

    said: Path
    held: bool = False
    opened: list[str] = field(default_factory=list)

    def open(self) -> Platform:
        self.opened.append("opened")
        return cast(Platform, self)

    @contextmanager
    def lock(self, request: Request, verb: str, step: Step) -> Iterator[None]:
        if self.held:
            raise Locked("jenkins #318 deploys")
        self._say("locked")
        yield
        self._say("released")

    def holds(self) -> tuple[Hold, ...]:
        return ()

    def down(self, step: Step) -> str:
        self._say("down")
        return "records stay"

    def _say(self, word: str) -> None:
        with self.said.open("a") as file:
            file.write(word + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text(TERRAFORM)
    program.chmod(0o755)
    make(tmp_path / "p", terraform={"dir": "tf", "command": str(program)})
    return tmp_path


def provision(
    folder: Path, *changes: tuple[str, str], held: bool = False, protected: bool = False, **wishes: Any
) -> list[str]:
    """What happened, in its order, when Terraform would do these (type, action)."""
    planned = [
        {"address": f"{kind}.it", "type": kind, "change": {"actions": action.split("+")}} for kind, action in changes
    ]
    (folder / "bin" / "planned.json").write_text(json.dumps({"resource_changes": planned}))
    said = folder / "bin" / "said.txt"
    said.unlink(missing_ok=True)
    loaded = config.load_project(folder / "p" / "cloudnorth.yaml", folder, {})
    environment = config.environment(loaded, "dev", {})
    if protected:
        environment = msgspec.structs.replace(
            environment, file=msgspec.structs.replace(environment.file, protected=True)
        )
    request = Request(source=Source(commit=""), actor=Actor(who="anna", run="1"))
    ground = Ground(said, held)
    Provision(environment, Wishes(**wishes), request, Journal(), lambda question: True, ground.open).run()
    return said.read_text().split()


NAMED: dict[str, Any] = {"allowed": ("aws_db_instance.it", "aws_eks_cluster.it")}


def test_making_it_for_the_first_time_wants_no_cluster(folder: Path) -> None:
    assert provision(folder, ("aws_eks_cluster", "create"), ("aws_db_instance", "create")) == ["applied"]


def test_what_is_not_under_anybody_s_feet_wants_no_lock(folder: Path) -> None:
    assert provision(folder, ("aws_cloudwatch_metric_alarm", "update"), ("aws_sns_topic", "delete")) == ["applied"]


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("aws_eks_node_group", "update"),
        ("aws_db_instance", "delete+create"),
        ("aws_security_group", "update"),
        ("aws_subnet", "delete"),
    ],
)
def test_the_lock_is_held_while_the_ground_moves(folder: Path, kind: str, action: str) -> None:
    assert provision(folder, (kind, action), **NAMED) == ["locked", "applied", "released"]


def test_before_the_cluster_goes_what_serves_is_brought_down(folder: Path) -> None:
    happened = provision(folder, ("aws_eks_cluster", "delete"), destroy=True, confirm="dev")
    assert happened == ["locked", "down", "released", "applied"]


def test_nothing_moves_while_somebody_deploys(folder: Path) -> None:
    for wishes in ({"destroy": True, "confirm": "dev"}, NAMED):
        with pytest.raises(Locked, match="jenkins"):
            provision(folder, ("aws_eks_cluster", "delete"), held=True, **wishes)
        assert not (folder / "bin" / "said.txt").exists()


def test_a_cluster_that_cannot_be_reached_can_be_left_out(folder: Path) -> None:
    happened = provision(folder, ("aws_eks_cluster", "delete"), destroy=True, confirm="dev", without_cluster=True)
    assert happened == ["applied"]


def test_a_protected_environment_wants_the_database_named_even_to_be_destroyed(folder: Path) -> None:
    gone = ("aws_db_instance", "delete")
    with pytest.raises(Refused) as refused:
        provision(folder, gone, protected=True, destroy=True, confirm="dev", without_cluster=True)
    assert refused.value.evidence == ("aws_db_instance.it: the database would be lost",)
    assert not (folder / "bin" / "said.txt").exists()
    named = provision(folder, gone, protected=True, destroy=True, confirm="dev", without_cluster=True, **NAMED)
    assert named == ["applied"]


@pytest.mark.parametrize("kind", ["aws_db_instance", "aws_eks_cluster", "aws_s3_bucket"])
@pytest.mark.parametrize("action", ["delete", "delete+create"])
def test_what_holds_something_is_destroyed_or_replaced_only_by_its_name(folder: Path, kind: str, action: str) -> None:
    with pytest.raises(Refused) as caught:
        provision(folder, (kind, action), ("aws_sns_topic", "create"))
    assert (caught.value.code, not (folder / "bin" / "said.txt").exists()) == ("would-destroy", True)
    assert caught.value.next[0].endswith(f"provision --env dev --allow-destroy {kind}.it")
    with pytest.raises(Refused):
        provision(folder, (kind, action), allowed=(f"{kind}.other",))
    assert "applied" in provision(folder, (kind, action), allowed=(f"{kind}.it",))
