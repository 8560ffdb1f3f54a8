"""AWS refuses in the middle of an apply: what was made before is named, and the next run goes on from there.

A real Terraform with its AWS provider; moto behind a door that refuses single calls as AWS does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terraform.aws_door import AwsDoor, aws_door
from tests.terraform.project import Ground, make, needs_terraform, provider_environ

pytestmark = [
    pytest.mark.terraform, needs_terraform, pytest.mark.slow, pytest.mark.usefixtures("aws_provider"),
]  # fmt: skip

HEAD = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.100.0" }
  }
}
provider "aws" { max_retries = 2 }
resource "aws_sns_topic" "before" { name = "before" }
"""
ONE = """
resource "aws_cloudwatch_log_group" "log" {
  name       = "/shop"
  depends_on = [aws_sns_topic.before]
}
resource "aws_sns_topic" "after" {
  name       = "after"
  depends_on = [aws_cloudwatch_log_group.log]
}
"""
THREE = """
resource "aws_cloudwatch_log_group" "taken" {
  name       = "/shop"
  depends_on = [aws_sns_topic.before]
}
resource "aws_cloudwatch_dashboard" "throttled" {
  dashboard_name = "shop"
  dashboard_body = jsonencode({ widgets = [] })
  depends_on     = [aws_sns_topic.before]
}
resource "aws_ssm_parameter" "late" {
  name       = "/shop"
  type       = "String"
  value      = "1"
  depends_on = [aws_sns_topic.before]
}
"""
WHY = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: logs:CreateLogGroup"


@pytest.fixture
def door() -> Iterator[AwsDoor]:
    with aws_door() as opened:
        yield opened


@pytest.fixture
def ground(tmp_path: Path, door: AwsDoor) -> Ground:
    aws = {"account": "123456789012", "region": "us-east-1"}
    return make(tmp_path / "p", provider_environ(door.url), aws=aws)


def test_access_denied_half_way_names_what_there_is_and_the_next_run_goes_on(ground: Ground, door: AwsDoor) -> None:
    ground.write(HEAD + ONE)
    door.refused["CreateLogGroup"] = ("AccessDeniedException", WHY)
    ran = ground.run("provision", output="plain")
    assert ran.status == 5, ran.err
    said = " ".join(ran.err.split())
    assert "terraform apply stopped: 1 of 3 done, 1 failed [apply-failed]" in said
    assert f"aws_cloudwatch_log_group.log: AWS does not let us CreateLogGroup of CloudWatch Logs: {WHY}" in said
    assert "created: aws_sns_topic.before not begun: aws_sns_topic.after" in said
    assert "doctor --permissions" in said.partition("next: ")[2]
    assert not {"Traceback", '"@message"', "RequestID"} & set(said.replace(":", " ").split())
    door.refused.clear()
    again = ground.run("provision")
    assert again.status == 0, again.out
    assert again.result["summary"] == "dev stands: 2 added · 0 changed · 0 replaced · 0 destroyed."


def test_throttling_a_taken_name_and_credentials_that_end_each_tell_their_resource(
    ground: Ground, door: AwsDoor
) -> None:
    ground.write(HEAD + THREE)
    door.client("logs").create_log_group(logGroupName="/shop")
    door.refused["PutDashboard"] = ("ThrottlingException", "Rate exceeded")
    door.refused["PutParameter"] = ("ExpiredTokenException", "The security token included in the request is expired")
    ran = ground.run("provision")
    assert (ran.status, ran.result["error"]["code"]) == (5, "apply-failed"), ran.out
    assert ran.result["error"]["message"] == "terraform apply stopped: 1 of 4 done, 3 failed"
    told = ran.result["error"]["evidence"]
    assert sorted(told[:3]) == [
        "aws_cloudwatch_dashboard.throttled: AWS asks us to slow down (ThrottlingException, PutDashboard of CloudWatch)"
        ": Rate exceeded",
        "aws_cloudwatch_log_group.taken: the name is taken (ResourceAlreadyExistsException, CreateLogGroup of "
        "CloudWatch Logs): The specified log group already exists",
        "aws_ssm_parameter.late: the AWS credentials have expired: The security token included in the request is "
        "expired",
    ]
    assert told[3:] == ["created: aws_sns_topic.before"]
    assert door.asked.count("PutDashboard") > 1, "Terraform's provider had asked again"
    following = ran.result["next"]
    assert following[0] == "aws sso login"
    assert following[1].endswith("import aws_cloudwatch_log_group.taken ID")
    assert following[2].endswith("provision --env dev")
