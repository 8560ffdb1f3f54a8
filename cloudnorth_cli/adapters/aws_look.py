"""What `doctor` looks at in AWS: until when the credentials last, Terraform's state, repositories. Reads only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.errors import Refused

_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
_GONE = {"404", "NoSuchBucket", "NoSuchKey", "NotFound"}


@dataclass(frozen=True)
class Repository:
    """Settings of an ECR repository that a fresh one would have otherwise; each with the command that mends it."""

    name: str
    there: bool
    differs: tuple[tuple[str, str], ...] = ()


def ends(door: Door) -> datetime | None:
    """When the credentials end; None for keys that do not. Raises Refused."""
    credentials = door.credentials()
    with door.told("the credentials"):
        credentials.get_frozen_credentials()
    found = getattr(credentials, "_expiry_time", None)
    return found if isinstance(found, datetime) else None


def backend(file: Path) -> Mapping[str, str]:
    """The settings of a backend file, `name = "text"` a line. Raises Refused."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{file} cannot be read: {error}", code="backend-file", where=str(file)) from error
    return dict(re.findall(r'^\s*(\w+)\s*=\s*"([^"]*)"', text, re.MULTILINE))


def state_bucket(door: Door, s3: Any, bucket: str) -> bool:
    """Whether a bucket keeps old versions of what is in it. Raises Refused where it is not there or not ours."""
    from botocore.exceptions import ClientError

    bootstrap = "terraform -chdir=terraform/bootstrap"
    with door.told(f"the bucket {bucket}"):
        try:
            s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            raise Refused(
                f"there is no bucket {bucket} for Terraform's state",
                code="state-bucket-missing",
                next=(f"{bootstrap} init && {bootstrap} apply -var bucket={bucket}",),
            ) from error
        return bool(s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled")


def state_lock(door: Door, s3: Any, bucket: str, key: str) -> str:
    """Who holds the state, as Terraform wrote it beside it; "" where nobody does. Raises Refused."""
    from botocore.exceptions import ClientError

    with door.told(f"the lock of s3://{bucket}/{key}"):
        try:
            said = s3.get_object(Bucket=bucket, Key=f"{key}.tflock")["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return ""
            raise
    try:
        told = json.loads(said)
        return f"{told['Who']} since {told['Created']}, {told['Operation']}, lock {told['ID']}"
    except (ValueError, KeyError, TypeError):
        return "somebody"


def node_targets(door: Door, network: str) -> dict[str, int]:
    """Target groups that send to the nodes of a VPC themselves, by name, with the port. Raises Refused."""
    client = door.client("elbv2")
    with door.told("the target groups"):
        pages = client.get_paginator("describe_target_groups").paginate()
        found = [group for page in pages for group in page["TargetGroups"]]
    return {
        str(one["TargetGroupName"]): int(one["Port"])
        for one in found
        if one.get("VpcId") == network and one.get("TargetType") == "instance"
    }


def is_ecr(host: str) -> bool:
    return bool(_ECR.fullmatch(host))


def registry(host: str) -> tuple[str, str] | None:
    """Account and region of a registry of ECR by its host; None for any other."""
    matched = _ECR.fullmatch(host)
    return (matched["account"], matched["region"]) if matched else None


def repositories(door: Door, host: str, names: Sequence[str]) -> tuple[Repository, ...]:
    """Each repository of a registry of ECR as it is. Raises Refused."""
    matched = _ECR.fullmatch(host)
    assert matched is not None
    account = matched["account"]
    ecr = door.client("ecr")
    return tuple(_repository(door, ecr, account, name) for name in names)


def _repository(door: Door, ecr: Any, account: str, name: str) -> Repository:
    from botocore.exceptions import ClientError

    with door.told(f"the repository {name}"):
        try:
            (found,) = ecr.describe_repositories(registryId=account, repositoryNames=[name])["repositories"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "RepositoryNotFoundException":
                raise
            return Repository(name, there=False)
        try:
            ecr.get_lifecycle_policy(registryId=account, repositoryName=name)
            expires = True
        except ClientError as error:
            if error.response["Error"]["Code"] != "LifecyclePolicyNotFoundException":
                raise
            expires = False
    this = f"--repository-name {name}"
    differs = []
    if not str(found.get("imageTagMutability", "")).startswith("IMMUTABLE"):
        line = f"aws ecr put-image-tag-mutability {this} --image-tag-mutability IMMUTABLE"
        differs.append(("its tags can be moved to other images", line))
    if not (found.get("imageScanningConfiguration") or {}).get("scanOnPush"):
        line = f"aws ecr put-image-scanning-configuration {this} --image-scanning-configuration scanOnPush=true"
        differs.append(("images are not scanned when they are pushed", line))
    if not expires:
        line = f"aws ecr put-lifecycle-policy {this} --lifecycle-policy-text file://policy.json"
        differs.append(("no policy expires untagged images", line))
    return Repository(name, there=True, differs=tuple(differs))
