"""States that bare Terraform made go on as they are: in workspaces, in other backends, by another program's name."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.terraform.project import Ground, make, needs_terraform
from tests.tool import environ

pytestmark = [pytest.mark.terraform, needs_terraform]
MODULE = """
terraform {
  backend "local" {}
}
variable "size" { type = number }
resource "terraform_data" "one" { input = var.size }
output "size" { value = terraform_data.one.output }
"""


def bare(ground: Ground, *words: str, workspace: str = "") -> None:
    """Terraform as people type it, with its own data folder."""
    extra = {"TF_WORKSPACE": workspace} if workspace else {}
    done = subprocess.run(
        ["terraform", *words], cwd=ground.root / "tf", env=environ(ground.extra | extra), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def there(tmp_path: Path, **terraform: str) -> Ground:
    """A project whose state is in a file elsewhere, as its backend file says."""
    settings = {"dir": "tf", "vars": ["dev.tfvars"], "backend": "dev.tfbackend", **terraform}
    ground = make(tmp_path / "a project", terraform=settings)
    (ground.root / "tf" / "dev.tfbackend").write_text(
        f'path = "{tmp_path}/states/dev.tfstate"\nworkspace_dir = "{tmp_path}/states"\n'
    )
    ground.write(MODULE, "size = 3")
    return ground


def test_a_plan_over_what_bare_terraform_made_is_empty(tmp_path: Path) -> None:
    ground = there(tmp_path)
    bare(ground, "init", "-backend-config=dev.tfbackend")
    bare(ground, "apply", "-auto-approve", "-var-file=dev.tfvars")
    before = (tmp_path / "states" / "dev.tfstate").read_bytes()
    planned = ground.run("provision", "--plan", "--exit-code")
    assert (planned.status, planned.result["plan"]["changes"]) == (0, [])
    assert ground.run("provision").result["outcome"] == "unchanged"
    assert ground.run("outputs").result["outputs"] == {"size": 3}
    assert (tmp_path / "states" / "dev.tfstate").read_bytes() == before


def test_a_workspace_has_its_own_state_and_the_default_one_stays(tmp_path: Path) -> None:
    ground = there(tmp_path, workspace="blue")
    bare(ground, "init", "-backend-config=dev.tfbackend")
    bare(ground, "apply", "-auto-approve", "-var-file=dev.tfvars")
    bare(ground, "workspace", "new", "blue")
    bare(ground, "apply", "-auto-approve", "-var-file=dev.tfvars", workspace="blue")
    default = (tmp_path / "states" / "dev.tfstate").read_bytes()
    assert ground.run("drift", "--exit-code").status == 0
    ground.write(MODULE, "size = 4")
    assert ground.run("provision").result["outputs"] == {"size": 4}
    assert (tmp_path / "states" / "dev.tfstate").read_bytes() == default


def test_a_state_in_another_place_is_neither_moved_nor_left_without_a_word(tmp_path: Path) -> None:
    ground = there(tmp_path)
    kept = (ground.root / "tf" / "main.tf").read_text()
    ground.write(kept.replace('backend "local" {}', ""), "size = 3")
    bare(ground, "init")
    bare(ground, "apply", "-auto-approve", "-var-file=dev.tfvars")
    ground.write(kept, "size = 3")
    ran = ground.run("provision")
    assert (ran.status, ran.result["error"]["code"]) == (3, "backend-changed"), ran.out
    assert [line.partition("-chdir=tf ")[2] for line in ran.result["next"]] == [
        "init -migrate-state -backend-config=dev.tfbackend",
        "init -reconfigure -backend-config=dev.tfbackend",
    ]


def test_another_program_of_the_same_kind_is_run_by_its_name(tmp_path: Path) -> None:
    """OpenTofu's command line is Terraform's; its name here is a link to that."""
    program = tmp_path / "bin" / "tofu"
    program.parent.mkdir()
    program.symlink_to(shutil.which("terraform") or "")
    ground = there(tmp_path, command="tofu")
    ground.extra["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    ran = ground.run("provision", "-v")
    assert ran.status == 0, ran.out
    lines = [event["line"] for event in ran.events if event["event"] == "command-run"]
    assert lines
    assert all(" tofu " in line for line in lines)


def test_a_newer_state_of_the_same_format_is_taken_as_terraform_takes_it(tmp_path: Path) -> None:
    ground = there(tmp_path)
    assert ground.run("provision").status == 0
    state = tmp_path / "states" / "dev.tfstate"
    told = state.read_text()
    version = told.partition('"terraform_version": "')[2].partition('"')[0]
    state.write_text(told.replace(f'"{version}"', '"1.99.0"'))
    assert ground.run("provision").result["outcome"] == "unchanged"
