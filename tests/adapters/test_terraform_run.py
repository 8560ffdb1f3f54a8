"""What Terraform's failures are called: who holds the state, which file is wrong, what was changed before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cloudnorth_cli.adapters.terraform import Terraform
from cloudnorth_cli.adapters.terraform_run import Runner
from cloudnorth_cli.adapters.terraform_stream import Stream
from cloudnorth_cli.errors import Broken, CloudnorthError, Failed, Locked, Refused, UsageError
from cloudnorth_cli.events import Journal

LOCK = """Error message: resource temporarily unavailable
Lock Info:
  ID:        da31abf8-81f5-88dc-c153-28d170078ac5
  Path:      terraform.tfstate
  Operation: OperationTypeApply
  Who:       anna@build-7
  Version:   1.11.4
  Created:   2026-11-22 07:49:39.61989739 +0000 UTC
"""


def error(summary: str, **more: Any) -> dict[str, Any]:
    return {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": summary, **more}}


def hook(kind: str, address: str) -> dict[str, Any]:
    return {"type": kind, "hook": {"resource": {"addr": address}, "action": "create"}}


def attempt(folder: Path, verb: str, *lines: dict[str, Any]) -> CloudnorthError:
    """What is raised when a program in Terraform's place prints these lines and fails."""
    said = folder / "said.ndjson"
    said.write_text("".join(json.dumps(line) + "\n" for line in lines))
    program = folder / "terraform"
    program.write_text(f'#!/bin/sh\n[ "$1" = {verb} ] && cat "{said}"\nexit 1\n')
    program.chmod(0o755)
    journal = Journal()
    runner = Runner(Terraform(folder, "prod", program=str(program), inherited={}), journal, "terraform")
    with pytest.raises(CloudnorthError) as caught, journal.step(verb) as step:
        runner.plan(step, folder / "p") if verb == "plan" else runner.apply(
            step, folder / "p", Stream(step, ("c.d", "a.b", "e.f"))
        )
    return caught.value


def test_a_locked_state_names_who_holds_it_and_how_it_is_freed(tmp_path: Path) -> None:
    told = attempt(tmp_path, "plan", error("Error acquiring the state lock", detail=LOCK))
    assert isinstance(told, Locked)
    assert told.message == "the state is locked by anna@build-7 since 2026-11-22 07:49:39 (apply)"
    assert told.evidence == ("it may be unlocked only where that run is gone",)
    assert "force-unlock da31abf8-81f5-88dc-c153-28d170078ac5" in told.next[0]
    assert told.retryable


def test_a_mistake_in_a_file_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    place = {"filename": "envs/prod.tfvars", "start": {"line": 3, "column": 1}}
    told = attempt(tmp_path, "plan", error("Argument or block definition required", range=place))
    assert isinstance(told, UsageError)
    assert told.where == "terraform/envs/prod.tfvars:3:1"


def test_a_plan_that_fails_changed_nothing(tmp_path: Path) -> None:
    told = attempt(tmp_path, "plan", error("No valid credential sources found", detail="expired"))
    assert isinstance(told, Refused)
    assert told.evidence == ("No valid credential sources found", "expired")


def test_a_missing_bucket_of_the_state_is_told_with_what_makes_it(tmp_path: Path) -> None:
    said = (
        'Failed to get existing workspaces: S3 bucket "shop-state" does not exist.\n\nThe referenced S3 bucket must\n'
    )
    told = attempt(tmp_path, "plan", error(said))
    assert (type(told), told.code, told.evidence) == (Refused, "state-bucket-missing", ())
    assert told.message == "there is no bucket shop-state for Terraform's state"
    assert told.next == ("aws s3 mb s3://shop-state",)
    (tmp_path / "bootstrap").mkdir()
    ours = attempt(tmp_path, "plan", error(said)).next[0]
    assert ours.endswith("/terraform -chdir=terraform/bootstrap apply -var bucket=shop-state")


def test_events_of_the_stream_are_no_evidence(tmp_path: Path) -> None:
    told = attempt(tmp_path, "plan", hook("apply_start", "a.b"), error("it does not work"))
    assert (told.message, told.evidence) == ("terraform plan: it does not work", ())


def test_a_stale_plan_is_refused_by_terraform_itself(tmp_path: Path) -> None:
    told = attempt(tmp_path, "apply", error("Saved plan is stale"))
    assert (type(told), told.code) == (Refused, "plan-stale")


def test_an_apply_that_changed_nothing_failed_and_one_that_did_needs_a_person(tmp_path: Path) -> None:
    tried = (hook("apply_start", "a.b"), hook("apply_errored", "a.b"), error("AccessDenied", address="a.b"))
    assert type(attempt(tmp_path, "apply", *tried)) is Failed
    done = (hook("apply_start", "c.d"), hook("apply_complete", "c.d"))
    told = attempt(tmp_path, "apply", *done, *tried)
    assert type(told) is Broken
    assert told.message == "terraform apply stopped: 1 of 3 done, 1 failed"
    assert told.evidence == ("a.b: AccessDenied", "created: c.d", "not begun: e.f")


SAID = "creating Log Group (/shop): operation error CloudWatch Logs: CreateLogGroup, "
NUMBERS = "https response error StatusCode: 400, RequestID: 4d5f-11, "


@pytest.mark.parametrize(
    ("said", "told", "mends", "retryable"),
    [
        (
            "api error AccessDeniedException: User: arn:aws:iam::1:user/ci is not authorized",
            "AWS does not let us CreateLogGroup of CloudWatch Logs: User: arn:aws:iam::1:user/ci is not authorized",
            "cloudnorth doctor --permissions",
            False,
        ),
        (
            "api error ThrottlingException: Rate exceeded",
            "AWS asks us to slow down (ThrottlingException, CreateLogGroup of CloudWatch Logs): Rate exceeded",
            "",
            True,
        ),
        (
            "ResourceAlreadyExistsException: The specified log group already exists",
            "the name is taken (ResourceAlreadyExistsException, CreateLogGroup of CloudWatch Logs): "
            "The specified log group already exists",
            "import a.b ID",
            False,
        ),
        (
            "api error ExpiredTokenException: The security token is expired",
            "the AWS credentials have expired: The security token is expired",
            "aws sso login",
            False,
        ),
    ],
)
def test_what_aws_refused_in_the_middle_is_told_by_resource_beside_what_was_made(
    tmp_path: Path, said: str, told: str, mends: str, retryable: bool
) -> None:
    made = attempt(
        tmp_path,
        "apply",
        hook("apply_start", "c.d"),
        hook("apply_complete", "c.d"),
        hook("apply_start", "a.b"),
        hook("apply_errored", "a.b"),
        error(SAID + NUMBERS + said, address="a.b"),
    )
    assert (type(made), made.code, made.retryable) == (Broken, "apply-failed", retryable)
    assert made.evidence == (f"a.b: {told}", "created: c.d", "not begun: e.f")
    assert [line for line in made.next if not line.endswith(mends)] == []


def test_one_error_that_does_not_pass_makes_the_whole_apply_one_that_does_not(tmp_path: Path) -> None:
    throttled = error(f"{SAID}{NUMBERS}api error Throttling: slowly", address="a.b")
    assert attempt(tmp_path, "apply", hook("apply_start", "a.b"), hook("apply_errored", "a.b"), throttled).retryable
    both = (hook("apply_start", "a.b"), hook("apply_errored", "a.b"), throttled, error("no such thing", address="e.f"))
    made = attempt(tmp_path, "apply", *both)
    assert not made.retryable
    assert made.evidence[1] == "e.f: no such thing"


@pytest.mark.parametrize(
    ("summary", "detail", "code"),
    [
        (
            "Failed to query available provider packages",
            "Could not retrieve the list of available versions for provider example/none: could not connect to "
            "registry: dial tcp: no such host",
            "provider-missing",
        ),
        (
            "Failed to load state",
            "state snapshot was created by Terraform v1.99.0, which is newer than current v1.11.4; upgrade",
            "state-newer",
        ),
        (
            'reading S3 Bucket: operation error S3: HeadBucket, request send failed, Head "https://s3": dial tcp '
            "10.0.0.1:443: i/o timeout",
            "",
            "aws-unreachable",
        ),
        (
            'Unable to list objects in S3 bucket "shop" with prefix "env:/": operation error S3: ListObjectsV2, https '
            'response error StatusCode: 301, RequestID: a, HostID: b, requested bucket from "us-east-1", actual '
            'location "eu-west-1"',
            "",
            "aws-region",
        ),
    ],
)
def test_what_stands_in_the_way_has_a_code_and_a_next_command(
    tmp_path: Path, summary: str, detail: str, code: str
) -> None:
    made = attempt(tmp_path, "plan", error(summary, detail=detail))
    assert (type(made), made.code) == (Refused, code)
    assert made.next
    assert "RequestID" not in " ".join((made.message, *made.evidence))
    if code == "aws-region":
        assert made.message == "terraform plan: the bucket of the state is in eu-west-1, not in us-east-1"
