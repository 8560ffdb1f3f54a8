"""`doctor` in AWS: whose credentials, Terraform's state and its lock, repositories. moto answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.commands.doctor import examine
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Checked
from cloudnorth_cli.platforms.kubernetes import checkup_aws
from cloudnorth_cli.platforms.registries import Registries
from cloudnorth_cli.settings import Aws, Build, Ecr, Environment, EnvironmentFile, Registry, Service, Terraform
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto

__all__ = ["keys", "moto"]
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
OURS = Registry(host=HOST)
BUCKET, KEY = "shop-state", "shop/prod.tfstate"


def environment(root: Path, registry: Registry = OURS, **aws: Any) -> Environment:
    (root / "terraform").mkdir(exist_ok=True)
    (root / "terraform" / "prod.s3.tfbackend").write_text(f'bucket = "{BUCKET}"\nkey    = "{KEY}"\n')
    return Environment(
        project="shop",
        name="prod",
        root=root,
        config_path=root / "cloudnorth.yaml",
        services={"api": Service(build=Build())},
        migrate=None,
        verify=(),
        file=EnvironmentFile(
            platform="kubernetes",
            registry=registry,
            terraform=Terraform(backend="prod.s3.tfbackend"),
            aws=Aws(**{"account": ACCOUNT, "region": REGION} | aws),
        ),
    )


def seen(root: Path, **aws: Any) -> dict[str, Checked]:
    return {one.name: one for one in examine(tuple(checkup_aws.checks(environment(root, **aws))), 4.0)}


def codes(checks: dict[str, Checked]) -> set[str]:
    assert all(each.next for one in checks.values() for each in one.findings), "each names what mends it"
    return {each.code for one in checks.values() for each in one.findings}


@pytest.fixture
def made(moto: None) -> None:
    """A bucket and a repository as they should be."""
    s3, ecr = boto3.client("s3", region_name=REGION), boto3.client("ecr", region_name=REGION)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    ecr.create_repository(
        repositoryName="shop/api", imageTagMutability="IMMUTABLE", imageScanningConfiguration={"scanOnPush": True}
    )
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1},
        "action": {"type": "expire"},
    }
    ecr.put_lifecycle_policy(repositoryName="shop/api", lifecyclePolicyText=json.dumps({"rules": [rule]}))


def test_all_well(made: None, tmp_path: Path) -> None:
    checks = seen(tmp_path)
    assert {name: one.state for name, one in checks.items()} == {"aws": "well", "state": "well", "ecr": "well"}, checks
    assert ACCOUNT in checks["aws"].summary


def test_another_account_is_found_and_nothing_more_is_asked(made: None, tmp_path: Path) -> None:
    checks = seen(tmp_path, account="999999999999")
    assert codes(checks) == {"aws-account"}
    assert checks["ecr"].state == checks["state"].state == "skipped"


def test_missing_credentials_are_found(keys: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert codes(seen(tmp_path)) == {"aws-credentials-missing"}


def test_a_missing_bucket_and_repository_are_found(moto: None, tmp_path: Path) -> None:
    assert codes(seen(tmp_path)) == {"state-bucket-missing", "repository-missing"}


def test_a_held_state_is_found_with_its_holder(made: None, tmp_path: Path) -> None:
    lock = {"ID": "1234", "Who": "anna@laptop", "Created": "2026-11-26T10:00:00Z", "Operation": "OperationTypeApply"}
    boto3.client("s3", region_name=REGION).put_object(Bucket=BUCKET, Key=f"{KEY}.tflock", Body=json.dumps(lock))
    (finding,) = seen(tmp_path)["state"].findings
    assert (finding.code, "anna@laptop" in finding.message) == ("state-locked", True)
    assert "force-unlock 1234" in finding.next[0]


def test_a_bucket_without_versions_is_found(made: None, tmp_path: Path) -> None:
    s3 = boto3.client("s3", region_name=REGION)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    assert codes(seen(tmp_path)) == {"state-unversioned"}


def test_settings_of_a_repository_that_differ_are_told_and_not_changed(made: None, tmp_path: Path) -> None:
    ecr = boto3.client("ecr", region_name=REGION)
    ecr.put_image_tag_mutability(repositoryName="shop/api", imageTagMutability="MUTABLE")
    ecr.delete_lifecycle_policy(repositoryName="shop/api")
    assert [each.code for each in seen(tmp_path)["ecr"].findings] == ["ecr-settings"] * 2
    (after,) = ecr.describe_repositories(repositoryNames=["shop/api"])["repositories"]
    assert after["imageTagMutability"] == "MUTABLE"


def test_the_state_is_looked_at_as_terraform_does_without_the_role(
    made: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    def bucket(door: Door, *_: object) -> bool:
        asked.append(door.settings.role)
        return True

    monkeypatch.setattr(checkup_aws.aws_look, "state_bucket", bucket)
    checks = seen(tmp_path, role=f"arn:aws:iam::{ACCOUNT}:role/deployer")
    assert ":assumed-role/deployer/" in checks["aws"].summary
    assert asked == [None]


def test_without_an_aws_block_nothing_is_asked(tmp_path: Path) -> None:
    assert tuple(checkup_aws.checks(environment(tmp_path, account=None, region=None))) == ()


def test_a_repository_that_a_push_would_make_is_not_made_here(moto: None, tmp_path: Path) -> None:
    there = environment(tmp_path, Registry(ecr=Ecr()))
    checks = {one.name: one for one in examine(tuple(checkup_aws.checks(there)), 4.0)}
    assert checks["ecr"].summary == "0 of 1 repositories"
    assert checks["ecr"].findings == ()
    asked = Registries(there)
    repository = asked.repository("api")

    class Missing:
        def check_push(self, path: str) -> None:
            raise Refused("there is none", code="repository-missing")

    asked._known[HOST] = Missing()  # type: ignore[assignment]
    assert asked.look_push_allowed(repository) is False
    assert boto3.client("ecr", region_name=REGION).describe_repositories()["repositories"] == []


def test_what_is_asked_of_aws_is_asked_in_checks_alone(
    keys: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    there = environment(tmp_path, Registry(ecr=Ecr()))
    assert [one.name for one in checkup_aws.checks(there)] == ["aws", "state", "ecr"]
