"""Faults on the way to Terraform's state in S3: each told by its name, with the next command, before anything is made.

Terraform has its S3 backend built in, so no provider is wanted; moto answers, and refuses as AWS does.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_provision import SLOW, running
from tests.terraform.aws_door import AwsDoor, aws_door
from tests.terraform.project import Ground, make, needs_terraform, provider_environ
from tests.tool import Ran, environ

pytestmark = [pytest.mark.terraform, needs_terraform]

BACKEND = 'bucket = "shop-state"\nkey = "shop/dev.tfstate"\nregion = "us-east-1"\nuse_lockfile = true\n'
MODULE = """
terraform {
  backend "s3" {}
}
resource "terraform_data" "one" {}
resource "terraform_data" "two" { depends_on = [terraform_data.one] }
"""
STATE = "/shop-state/shop/dev.tfstate"
LOCK = f"{STATE}.tflock"
HELD = {
    "ID": "da31abf8-81f5-88dc-c153-28d170078ac5",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "anna@build-7",
    "Version": "1.11.4",
    "Created": "2026-11-26T07:49:39.61989739Z",
    "Path": "shop-state/shop/dev.tfstate",
}


@pytest.fixture(scope="module")
def opened() -> Iterator[AwsDoor]:
    with aws_door() as door:
        yield door


@pytest.fixture
def door(opened: AwsDoor) -> AwsDoor:
    """Where only the empty bucket of the states is."""
    opened.forget()
    opened.client("s3").create_bucket(Bucket="shop-state")
    return opened


@pytest.fixture
def ground(tmp_path: Path, door: AwsDoor) -> Ground:
    terraform = {"dir": "tf", "vars": ["dev.tfvars"], "backend": "dev.s3.tfbackend"}
    made = make(tmp_path / "p", provider_environ(door.url), terraform=terraform, aws={"region": "us-east-1"})
    (made.root / "tf" / "dev.s3.tfbackend").write_text(BACKEND)
    made.write(MODULE)
    return made


def put(door: AwsDoor, key: str, body: Any) -> None:
    door.client("s3").put_object(Bucket="shop-state", Key=key.removeprefix("/shop-state/"), Body=json.dumps(body))


def refused(ran: Ran, code: str, status: int = 3) -> dict[str, Any]:
    """The problem of a run that changed nothing; as people need it."""
    assert (ran.status, ran.result["error"]["code"]) == (status, code), ran.out
    assert ran.result["next"], "the command to type next"
    assert "Traceback" not in ran.out + ran.err
    assert "RequestID" not in json.dumps(ran.result)
    return ran.result["error"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("call", "answer", "code", "says", "following"),
    [
        ("GetCallerIdentity", "ExpiredToken", "aws-credentials-expired", "have expired", "aws sso login"),
        ("GET /shop-state", "ExpiredToken", "aws-credentials-expired", "have expired", "aws sso login"),
        ("GetCallerIdentity", "InvalidClientTokenId", "aws-credentials", "refuses the", "aws sts get-caller-identity"),
        (f"PUT {LOCK}", "AccessDenied", "aws-denied", "let us PutObject of S3: said the door", "--permissions"),
        ("GET /shop-state", "PermanentRedirect", "aws-region", "in another region", "get-bucket-location"),
    ],
)
def test_what_aws_refuses_is_told_and_mended(
    ground: Ground, door: AwsDoor, call: str, answer: str, code: str, says: str, following: str
) -> None:
    door.refused[call] = (answer, "said the door")
    error = refused(ground.run("provision"), code)
    assert says in error["message"]
    assert following in error["next"][0]
    assert not error["retryable"]


@pytest.mark.slow  # Terraform itself asks five times
def test_throttling_that_does_not_end_is_no_fault_of_ours(ground: Ground, door: AwsDoor) -> None:
    door.refused["GetCallerIdentity"] = ("Throttling", "Rate exceeded")
    error = refused(ground.run("provision"), "aws-throttled")
    assert error["retryable"]
    assert error["message"].endswith("slow down (Throttling, GetCallerIdentity of STS): Rate exceeded")
    assert error["next"][0].endswith("provision --env dev")
    assert door.asked.count("GetCallerIdentity") > 2


def test_credentials_that_are_nowhere(ground: Ground, tmp_path: Path) -> None:
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    files = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    ground.extra |= nothing | files
    error = refused(ground.run("provision"), "aws-credentials-missing")
    assert error["message"] == "terraform init: there are no AWS credentials"
    assert error["next"] == ["aws configure"]


def test_a_region_that_is_none_is_a_mistake_of_the_configuration(ground: Ground) -> None:
    (ground.root / "tf" / "dev.s3.tfbackend").write_text(BACKEND.replace("us-east-1", "us-eats-1"))
    error = refused(ground.run("provision"), "aws-region", status=2)
    assert "'us-eats-1' is no region of AWS" in error["message"]


def test_a_bucket_that_is_not_there(ground: Ground, door: AwsDoor) -> None:
    door.forget()
    assert refused(ground.run("provision"), "state-bucket-missing")["next"] == ["aws s3 mb s3://shop-state"]


def test_a_state_that_is_newer_than_this_terraform(ground: Ground, door: AwsDoor) -> None:
    state = {"version": 5, "terraform_version": "2.1.0", "serial": 1, "lineage": "x", "outputs": {}, "resources": []}
    put(door, STATE, state)
    error = refused(ground.run("provision"), "state-newer")
    assert "was written by Terraform 2.1.0, and this one, 1." in error["message"]
    assert ". cannot" not in error["message"]
    assert error["next"][0].endswith("terraform -chdir=tf version")


def test_a_state_that_is_none(ground: Ground, door: AwsDoor) -> None:
    door.client("s3").put_object(Bucket="shop-state", Key="shop/dev.tfstate", Body=b"{ no state")
    assert "put back the version before it" in refused(ground.run("provision"), "state-unreadable")["message"]


def test_whoever_has_the_state_is_named_and_can_be_thrown_out(ground: Ground, door: AwsDoor) -> None:
    put(door, LOCK, HELD)
    error = refused(ground.run("provision", "--wait-lock", "1s"), "state-locked", status=6)
    assert error["message"] == "the state is locked by anna@build-7 since 2026-11-26 07:49:39 (apply)"
    assert error["retryable"]
    assert error["next"][0].endswith("provision --env dev --wait-lock 15m")
    typed(ground, error["next"][1].replace("force-unlock", "force-unlock -force"))
    assert ground.run("provision").status == 0


def test_of_two_provisions_the_second_names_the_first_and_waits_for_it(ground: Ground, door: AwsDoor) -> None:
    door.held[f"PUT {STATE}"] = going_on = threading.Event()
    first = ground.start()
    assert door.came.wait(60), "the first one has the state and is about to write it"
    second = ground.start()
    told = next((line for line in second.stdout or () if "the state is locked by" in line), "")
    going_on.set()
    assert told.rstrip().endswith("(apply); waiting for")
    assert (first.communicate()[0], first.returncode)[1] == 0
    rest = second.communicate()[0]
    assert second.returncode == 0, rest
    assert "nothing to do: it stands as it is written." in rest


@pytest.mark.slow
def test_when_both_are_killed_the_next_run_elsewhere_finds_the_lock_and_what_was_begun(
    ground: Ground, door: AwsDoor
) -> None:
    ground.write(f'terraform {{\n  backend "s3" {{}}\n}}\n{SLOW}')
    first = ground.start()
    end = time.monotonic() + 60
    while b"terraform_data.slow" not in (beside(door) or b""):
        assert first.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    first.send_signal(signal.SIGSTOP)
    for found in running(ground.root):
        found.kill()
    first.kill()
    first.communicate()
    shutil.rmtree(ground.root / "tf" / ".terraform-dev")  # another machine, which has nothing of that run
    error = refused(ground.run("provision", "--wait-lock", "0s"), "state-locked", status=6)
    assert "the state is locked by " in error["message"]
    assert "did not end; what may exist without being in the state:" in error["evidence"][1]
    assert error["evidence"][2:] == ["  terraform_data.quick", "  terraform_data.slow"], "S3 has had no state yet"
    typed(ground, error["next"][1].replace("force-unlock", "force-unlock -force"))
    assert refused(ground.run("provision"), "no-terminal")["evidence"] == [
        "terraform_data.quick",
        "terraform_data.slow",
    ]
    assert ground.run("provision", "--yes").status == 0
    assert beside(door) is None


def beside(door: AwsDoor) -> bytes | None:
    """What is noted beside the state."""
    s3 = door.client("s3")
    try:
        return s3.get_object(Bucket="shop-state", Key="shop/dev.tfstate.dev.begun")["Body"].read()  # type: ignore[no-any-return]
    except s3.exceptions.NoSuchKey:
        return None


def typed(ground: Ground, line: str) -> None:
    """What somebody types into their shell."""
    done = subprocess.run(line, shell=True, cwd=ground.root, env=environ(ground.extra), capture_output=True, text=True)  # noqa: S602
    assert done.returncode == 0, done.stderr


def test_a_state_that_cannot_be_written_is_kept_and_the_next_run_wants_it_first(ground: Ground, door: AwsDoor) -> None:
    door.refused[f"PUT {STATE}"] = ("ExpiredToken", "The provided token has expired.")
    ran = ground.run("provision")
    assert (ran.status, ran.result["error"]["code"]) == (5, "state-unsaved"), ran.out
    assert ran.result["error"]["evidence"] == [
        "it is kept in tf/errored.tfstate; a run without it would make the same things again",
        "created: terraform_data.one, terraform_data.two",
    ]
    assert ran.result["next"][0] == "aws sso login"
    door.refused.clear()
    error = refused(ground.run("provision"), "state-unsaved")
    assert error["next"] == [ran.result["next"][1]]
    typed(ground, error["next"][0])
    again = ground.run("provision")
    assert (again.status, again.result["outcome"]) == (0, "unchanged"), "nothing was made twice"
