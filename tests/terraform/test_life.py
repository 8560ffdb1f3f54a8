"""From nothing to nothing, by `cloudnorth` alone, against AWS's stand-in: made, the same, drifted, repaired, gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.terraform.project import Ground, make, needs_terraform, provider_environ

pytestmark = [pytest.mark.terraform, needs_terraform, pytest.mark.repeat, pytest.mark.usefixtures("aws_provider")]

ACCOUNT = "123456789012"
SMALL = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.100.0" }
  }
}
provider "aws" { max_retries = 2 }
variable "retention" { type = number }
resource "aws_cloudwatch_log_group" "log" {
  name              = "/shop"
  retention_in_days = var.retention
}
resource "aws_s3_bucket" "assets" { bucket = "shop-assets" }
output "bucket" { value = aws_s3_bucket.assets.id }
"""


@pytest.fixture
def ground(tmp_path: Path, moto: str) -> Ground:
    made = make(tmp_path / "p", provider_environ(moto), aws={"account": ACCOUNT, "region": "us-east-1"})
    made.write(SMALL, "retention = 30")
    return made


def client(service: str, moto: str):  # type: ignore[no-untyped-def]
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, endpoint_url=moto, region_name="us-east-1", **keys)


def test_a_life(ground: Ground, moto: str) -> None:
    made = ground.run("provision")
    assert made.status == 0, made.out
    assert made.result["outputs"] == {"bucket": "shop-assets"}
    assert ground.run("provision").result["outcome"] == "unchanged"
    logs = client("logs", moto)
    logs.put_retention_policy(logGroupName="/shop", retentionInDays=7)
    drifted = ground.run("drift", "--exit-code")
    assert drifted.status == 8
    assert [change["detail"] for change in drifted.result["plan"]["changes"]] == ["retention_in_days 7 → 30"]
    assert ground.run("provision").status == 0
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 30
    gone = ground.run("provision", "--destroy", "--confirm", "dev")
    assert gone.status == 0, gone.out
    assert client("s3", moto).list_buckets()["Buckets"] == []


def test_a_bucket_is_lost_only_by_its_name(ground: Ground, moto: str) -> None:
    assert ground.run("provision").status == 0
    ground.write(SMALL.replace("shop-assets", "shop-other"), "retention = 30")
    refused = ground.run("provision")
    assert (refused.status, refused.result["error"]["code"]) == (3, "would-destroy")
    assert "--allow-destroy aws_s3_bucket.assets" in refused.result["next"][0]
    names = [bucket["Name"] for bucket in client("s3", moto).list_buckets()["Buckets"]]
    assert names == ["shop-assets"]
    assert ground.run("provision", "--allow-destroy", "aws_s3_bucket.assets").status == 0


def test_another_account_s_credentials_are_refused_before_anything_is_planned(tmp_path: Path, moto: str) -> None:
    ground = make(tmp_path / "p", provider_environ(moto), aws={"account": "999999999999", "region": "us-east-1"})
    ran = ground.run("provision")
    assert (ran.status, ran.result["error"]["code"]) == (3, "aws-account")
    assert ran.steps == ["check"]
