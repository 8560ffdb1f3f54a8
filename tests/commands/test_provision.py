"""`provision` with a real Terraform on its built-in resources: what is shown is what is applied, and nothing else."""

from __future__ import annotations

import contextlib
import signal
import stat
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.terraform.project import Ground, make, needs_terraform
from tests.tool import PROGRAM, environ

pytestmark = [pytest.mark.terraform, needs_terraform]

ONE = """
variable "size" { type = number }
variable "password" {
  type      = string
  sensitive = true
  default   = "hunter2-canary"
}
resource "terraform_data" "one" { input = { size = var.size, password = var.password } }
output "size" { value = var.size }
output "password" {
  value     = var.password
  sensitive = true
}
"""
SLOW = """
resource "terraform_data" "quick" {}
resource "terraform_data" "slow" {
  depends_on = [terraform_data.quick]
  provisioner "local-exec" { command = "touch begun; sleep 5; touch ended" }
}
resource "terraform_data" "after" { depends_on = [terraform_data.slow] }
"""
STEPWISE = """
resource "terraform_data" "first" {}
resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "until [ -e seen ]; do sleep 0.05; done" }
}
"""


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    made = make(tmp_path / "a project")
    made.write(ONE, "size = 1")
    return made


def test_an_environment_is_made_and_then_there_is_nothing_to_do(ground: Ground) -> None:
    made = ground.run("provision")
    assert made.status == 0, made.err
    assert made.result["summary"] == "dev stands: 1 added · 0 changed · 0 replaced · 0 destroyed."
    assert made.result["outputs"] == {"size": 1, "password": "***"}
    assert made.result["next"][0].endswith("deploy --env dev")
    again = ground.run("provision", "--plan", "--exit-code")
    assert (again.status, again.result["outcome"]) == (0, "unchanged")
    assert again.steps == ["check", "plan"]


@pytest.mark.parametrize("words", [("-o", "json"), ("-o", "plain", "-v")])
def test_a_line_is_told_while_terraform_is_at_the_next_resource(ground: Ground, words: tuple[str, ...]) -> None:
    ground.write(STEPWISE)
    with subprocess.Popen(
        [*PROGRAM, "provision", "--env", "dev", *words],
        cwd=ground.root,
        env=environ(ground.extra) | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:  # the second resource waits until the first one's line was read here
            told += line
            if "terraform_data.first created" in line:
                (ground.root / "tf" / "seen").touch()
    assert process.returncode == 0, told


@pytest.mark.slow
def test_nothing_secret_is_told_or_kept(ground: Ground) -> None:
    for words in (["provision", "-v"], ["outputs"], ["drift", "-v"]):
        for output in ("plain", "json"):
            ran = ground.run(*words, output=output)
            assert ran.status == 0, ran.err
            assert "hunter2" not in ran.out + ran.err
    ground.write(ONE.replace("hunter2-canary", "hunter2-second"), "size = 2")
    assert "hunter2" not in (ran := ground.run("provision")).out + ran.err
    kept = (ground.root / ".cloudnorth").rglob("*")
    assert not [path for path in kept if path.is_file() and b"hunter2" in path.read_bytes()]


@pytest.mark.slow
def test_drift_is_told_and_repaired(ground: Ground) -> None:
    assert ground.run("provision").status == 0
    ground.write(ONE, "size = 2")
    found = ground.run("drift", "--exit-code")
    assert found.status == 8
    assert [change["address"] for change in found.result["plan"]["changes"]] == ["terraform_data.one"]
    assert ground.run("drift").status == 0
    assert ground.run("provision").status == 0
    assert ground.run("drift", "--exit-code").status == 0


@pytest.mark.slow
def test_a_kept_plan_is_private_and_applied_as_it_is(ground: Ground) -> None:
    kept = ground.root / "kept"
    planned = ground.run("provision", "--plan", "--out", "kept", "--exit-code")
    assert planned.status == 8
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.iterdir()} == {0o600}
    ground.write(ONE, "size = 7")
    applied = ground.run("provision", "--apply", "kept")
    assert applied.status == 0, applied.err
    assert applied.result["outputs"]["size"] == 1, "what was planned, not what the files say by now"
    stale = ground.run("provision", "--apply", "kept")
    assert (stale.status, stale.result["error"]["code"]) == (3, "plan-stale")


@pytest.mark.slow
def test_a_kept_plan_that_was_exchanged_or_is_another_s_is_refused(ground: Ground) -> None:
    assert ground.run("provision", "--plan", "--out", "kept").status == 0
    file = ground.root / "kept" / "plan.tfplan"
    file.write_bytes(file.read_bytes() + b"x")
    assert ground.run("provision", "--apply", "kept").result["error"]["code"] == "plan-changed"
    about = ground.root / "kept" / "plan.json"
    about.write_text(about.read_text().replace('"dev"', '"prod"'))
    assert ground.run("provision", "--apply", "kept").result["error"]["code"] == "plan-elsewhere"
    assert ground.run("provision", "--apply", "nowhere").status == 2


@pytest.mark.slow
def test_a_protected_environment_asks(tmp_path: Path) -> None:
    ground = make(tmp_path / "p", protected=True)
    ground.write(ONE, "size = 1")
    refused = ground.run("provision")
    assert (refused.status, refused.result["error"]["code"]) == (3, "no-terminal")
    assert ground.run("drift", "--exit-code").status == 8, "nothing was made"
    assert ground.run("provision", "--yes").status == 0


@pytest.mark.slow
def test_destroying_wants_the_name(ground: Ground) -> None:
    assert ground.run("provision").status == 0
    assert ground.run("provision", "--destroy").result["error"]["code"] == "confirm-wanted"
    assert ground.run("provision", "--destroy", "--confirm", "prod").status == 2
    gone = ground.run("provision", "--destroy", "--confirm", "dev")
    assert gone.status == 0, gone.err
    assert gone.result["summary"] == "dev is gone: 0 added · 0 changed · 0 replaced · 1 destroyed."


@pytest.mark.slow
def test_a_kept_plan_that_destroys_says_so_and_wants_the_name(ground: Ground) -> None:
    assert ground.run("provision").status == 0
    assert ground.run("provision", "--plan", "--destroy", "--out", "kept").status == 0
    assert ground.run("provision", "--apply", "kept").result["error"]["code"] == "confirm-wanted"
    gone = ground.run("provision", "--apply", "kept", "--confirm", "dev")
    assert gone.result["summary"] == "dev is gone: 0 added · 0 changed · 0 replaced · 1 destroyed."
    assert gone.result["next"] == []


def test_a_malformed_variable_file_is_named_with_its_line(ground: Ground) -> None:
    ground.write(ONE, "size = 1\nsize size")
    ran = ground.run("provision")
    assert ran.status == 2
    assert ran.result["error"]["where"].startswith("tf/dev.tfvars:2:")


def test_a_mistake_in_the_module_is_named_with_its_line(ground: Ground) -> None:
    ground.write('resource "terraform_data" "one" {\n  inputs = 1\n}', "")
    ran = ground.run("provision")
    assert (ran.status, ran.result["error"]["where"]) == (2, "tf/main.tf:2:3")


def test_a_terraform_that_is_not_there_is_missed(tmp_path: Path) -> None:
    ground = make(tmp_path / "p", terraform={"dir": "tf", "command": "terraform-that-is-not-there"})
    ran = ground.run("provision")
    assert (ran.status, ran.result["error"]["code"]) == (3, "tool-missing")


@pytest.mark.slow
def test_a_failure_in_the_middle_says_what_was_done(ground: Ground) -> None:
    ground.write(
        'resource "terraform_data" "one" {}\n'
        'resource "terraform_data" "two" {\n  depends_on = [terraform_data.one]\n'
        '  provisioner "local-exec" { command = "exit 3" }\n}\n'
    )
    ran = ground.run("provision")
    assert (ran.status, ran.result["error"]["code"]) == (5, "apply-failed")
    assert ran.result["error"]["message"] == "terraform apply stopped: 1 of 2 done, 1 failed"
    assert ran.result["error"]["evidence"][-2:] == [
        "created: terraform_data.one",
        "half-made, the next run would replace: terraform_data.two",
    ]
    assert ran.result["next"] == [f"{ran.result['next'][0].partition(' provision')[0]} provision --env dev"]
    assert any("exit status 3" in line for line in ran.result["error"]["evidence"])


def started(ground: Ground) -> subprocess.Popen[str]:
    """A provision whose slow resource is in flight."""
    ground.write(SLOW)
    process = ground.start()
    end = time.monotonic() + 60
    while not (ground.root / "tf" / "begun").exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.05)
    return process


@pytest.mark.slow
def test_killed_outright_terraform_still_writes_its_state(ground: Ground) -> None:
    process = started(ground)
    process.kill()
    process.wait()
    end = time.monotonic() + 30
    state = ground.root / "tf" / "terraform.tfstate"
    while "terraform_data" not in (state.read_text() if state.exists() else "") or running(ground.root):
        assert time.monotonic() < end, "Terraform did not end by itself"
        time.sleep(0.1)
    after = ground.run("provision")
    assert after.status == 0, after.out
    assert after.result["summary"] == "dev stands: 1 added · 0 changed · 1 replaced · 0 destroyed."


@pytest.mark.slow
def test_when_terraform_is_killed_what_it_had_begun_is_named(ground: Ground) -> None:
    process = started(ground)
    for found in running(ground.root):
        found.kill()
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 5, said
    assert "[terraform-killed]" in said
    assert "may exist without being in the state:" in said
    assert "terraform_data.slow" in said.split("may exist")[1]


@pytest.mark.slow
def test_when_both_are_killed_the_next_run_names_what_may_exist_and_asks(ground: Ground) -> None:
    process = started(ground)
    process.send_signal(signal.SIGSTOP)  # nobody of ours sees how Terraform ends
    for found in running(ground.root):
        found.kill()
    process.kill()
    process.communicate()
    planned = ground.run("provision", "--plan")
    (notice,) = [event["message"] for event in planned.events if event["event"] == "notice"]
    assert notice.splitlines()[1:] == ["  terraform_data.slow"], "and the state knows of the other"
    assert "did not end; what may exist without being in the state:" in notice
    refused = ground.run("provision")
    assert (refused.status, refused.result["error"]["code"]) == (3, "no-terminal")
    assert refused.result["error"]["evidence"] == ["terraform_data.slow"]
    assert refused.result["next"][0].endswith("import terraform_data.slow ID")
    meant = ground.run("provision", "--yes")
    assert meant.status == 0, meant.out
    assert not [event for event in ground.run("provision").events if event["event"] == "notice"], "and that is over"


def running(root: Path) -> list[psutil.Process]:
    """Every terraform that works below a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == "terraform" and Path(process.cwd()).is_relative_to(root):
                found.append(process)
    return found


@pytest.mark.slow
def test_ctrl_c_lets_terraform_write_its_state_and_says_what_is_half_made(ground: Ground) -> None:
    process = started(ground)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)  # a second one is not passed on
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    assert "1 of 3 resources done, the state is written" in said
    assert "half-made, the next run would replace: terraform_data.slow" in said
    assert "untaint terraform_data.slow" in said
    after = ground.run("provision")
    assert after.status == 0, "no lock is left, and the state knows what there is"
    assert after.result["summary"] == "dev stands: 1 added · 0 changed · 1 replaced · 0 destroyed."
