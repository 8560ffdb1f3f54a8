"""Outputs read from a real Terraform: on the machine that made them, on another one, and before there are any."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from cloudnorth_cli import config
from cloudnorth_cli.adapters.terraform_outputs import Outputs
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import CommandRun, Journal
from tests.terraform.project import Ground, make, needs_terraform

pytestmark = [pytest.mark.terraform, needs_terraform]
MODULE = """
terraform {
  backend "local" {}
}
resource "terraform_data" "one" { input = "db.internal:3306" }
output "endpoint" { value = terraform_data.one.output }
output "password" {
  value     = "hunter2-canary"
  sensitive = true
}
"""


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("CHECKPOINT_DISABLE", "1")
    terraform = {"dir": "tf", "vars": ["dev.tfvars"], "backend": "dev.tfbackend"}
    made = make(tmp_path / "a project", terraform=terraform)
    (made.root / "tf" / "dev.tfbackend").write_text(f'path = "{tmp_path}/state.json"\n')
    made.write(MODULE)
    return made


def outputs(ground: Ground, told: list[Any]) -> Outputs:
    loaded = config.load_project(ground.root / "cloudnorth.yaml", ground.root, {})
    return Outputs(config.environment(loaded, "dev", {}), Journal(told.append))


def lines(told: list[Any]) -> list[str]:
    """The second word of each line that was run."""
    return [event.line.split("terraform ")[1].split()[0] for event in told if isinstance(event, CommandRun)]


def test_here_and_on_a_machine_that_never_saw_it(ground: Ground) -> None:
    assert ground.run("provision").status == 0
    told: list[Any] = []
    known = outputs(ground, told)
    assert known.filled("tcp://{terraform.endpoint}", "") == "tcp://db.internal:3306"
    assert known.secret("password").reveal() == "hunter2-canary"
    assert lines(told) == ["output"]
    shutil.rmtree(ground.root / "tf" / ".terraform-dev")
    told.clear()
    assert outputs(ground, told).filled("{terraform.endpoint}", "") == "db.internal:3306"
    assert lines(told) == ["output", "init", "output"]


def test_before_anything_was_made(ground: Ground) -> None:
    with pytest.raises(Refused, match="nothing of it was made yet") as raised:
        outputs(ground, []).filled("{terraform.endpoint}", "")
    assert raised.value.next == ("cloudnorth provision --env dev",)


def test_a_state_of_another_lineage_or_none_at_all_is_terraform_s_to_tell(ground: Ground) -> None:
    assert ground.run("provision").status == 0
    (ground.root.parent / "state.json").write_text("{ no state")
    with pytest.raises(Refused) as raised:
        outputs(ground, []).filled("{terraform.endpoint}", "cloudnorth.yaml:9:3")
    assert raised.value.code == "terraform"
    assert raised.value.evidence
