"""What `doctor` asks of AWS, where the environment has an `aws` block: identity, state, repositories."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec.structs import replace

from cloudnorth_cli import durations
from cloudnorth_cli.adapters import aws_look
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Finding
from cloudnorth_cli.platforms import Check, Seen
from cloudnorth_cli.platforms.kubernetes.credentials import UNKNOWN
from cloudnorth_cli.platforms.registries import Registries
from cloudnorth_cli.settings import Aws, Environment


def checks(environment: Environment) -> Iterator[Check]:
    """None where nothing is in AWS."""
    file = environment.file
    if file.aws == Aws():
        return
    # Each has a session of its own: one is not safe in several threads (boto3's "Session").
    yield Check("aws", lambda: _identity(Door(file.aws)))
    if file.terraform and file.terraform.backend:
        # Terraform reads it without `aws.role`, whose rights may end with deploying.
        yield Check("state", lambda: _state(environment, Door(replace(file.aws, role=None))), needs="aws")
    if file.registry and aws_look.is_ecr((environment.registry_host or "").partition("/")[0]):
        yield Check("ecr", lambda: _repositories(environment, Door(file.aws)), needs="aws")


def _identity(door: Door) -> Seen:
    who, ends = door.check(), aws_look.ends(door)
    if ends is None:
        return Seen(f"{who.arn}, {door.region}")
    left = (ends - datetime.now(UTC)).total_seconds()
    if left < UNKNOWN:
        raise Refused(
            f"the AWS credentials end in {durations.told(left)} ({ends:%H:%M:%SZ})",
            code="credentials-end",
            where=who.arn,
            next=("aws sso login",),
        )
    return Seen(f"{who.arn}, {door.region}, until {ends:%Y-%m-%dT%H:%M:%SZ}")


def _state(environment: Environment, door: Door) -> Seen:
    settings = environment.file.terraform
    assert settings is not None
    assert settings.backend is not None
    given = aws_look.backend(environment.root / settings.dir / settings.backend)
    bucket, key = given.get("bucket"), given.get("key", "terraform.tfstate")
    if bucket is None:
        return Seen("not in S3")
    if settings.workspace and settings.workspace != "default":
        key = f"{given.get('workspace_key_prefix', 'env:')}/{settings.workspace}/{key}"
    s3 = door.client("s3")  # one client: a second of the same session would be injected into twice
    findings = []
    if not aws_look.state_bucket(door, s3, bucket):
        line = f"aws s3api put-bucket-versioning --bucket {bucket} --versioning-configuration Status=Enabled"
        findings.append(
            Finding(
                code="state-unversioned",
                message=f"the bucket {bucket} keeps no older versions of the state: one that is damaged is lost",
                where=f"s3://{bucket}",
                next=(line,),
            )
        )
    if holder := aws_look.state_lock(door, s3, bucket, key):
        line = shlex.join((settings.command, f"-chdir={settings.dir}", "force-unlock"))
        findings.append(
            Finding(
                code="state-locked",
                message=f"the state is held by {holder}; it may be unlocked only where that run is gone",
                where=f"s3://{bucket}/{key}.tflock",
                next=(f"{line} {holder.rpartition('lock ')[2]}",),
            )
        )
    return Seen(f"s3://{bucket}/{key}", tuple(findings))


def _repositories(environment: Environment, door: Door) -> Seen:
    """What differs from a repository as we would make it is told and never changed."""
    registries = Registries(environment)
    host = (environment.registry_host or "").partition("/")[0]
    built = [name for name, service in environment.services.items() if service.build]
    names = [registries.repository(name).partition("/")[2] for name in built]
    found = aws_look.repositories(door, host, names)
    missing = [
        Finding(
            code="repository-missing",
            message=f"there is no repository {one.name}",
            where=host,
            next=(f"aws ecr create-repository --repository-name {one.name} --image-tag-mutability IMMUTABLE",),
        )
        for one in found
        if not one.there and not (environment.file.registry and environment.file.registry.ecr)  # then a push makes it
    ]
    differing = [
        Finding(code="ecr-settings", message=f"{one.name}: {what}", where=f"{host}/{one.name}", next=(line,))
        for one in found
        for what, line in one.differs
    ]
    return Seen(f"{sum(one.there for one in found)} of {len(found)} repositories", (*missing, *differing))
