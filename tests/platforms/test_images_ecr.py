"""ECR as an environment's registry: its host, the repository that is made before a push, the login that ends in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from cloudnorth_cli.adapters.docker import Engine
from cloudnorth_cli.adapters.push_stream import Pushed
from cloudnorth_cli.adapters.registry import Registry as Client
from cloudnorth_cli.adapters.registry_login import Login
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.events import Journal, Notice
from cloudnorth_cli.model import Artifact
from cloudnorth_cli.platforms.images import Images
from cloudnorth_cli.settings import Aws, Build, Ecr, Environment, Registry, Service
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto
from tests.platforms.test_images import DEPLOY, environment, root

__all__ = ["keys", "moto", "root"]
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
DIGEST = "sha256:" + "a" * 64
ARTIFACT = Artifact(service="api", repository=f"{HOST}/shop/api", tag="1", digest=None, built=True)


def on_aws(root: Path, account: str = ACCOUNT) -> Environment:
    made = environment(root, Registry(ecr=Ecr()), api=Service(build=Build()))
    return msgspec.structs.replace(
        made, file=msgspec.structs.replace(made.file, aws=Aws(account=account, region=REGION))
    )


def test_a_login_that_ends_in_a_push_is_made_anew(moto: None, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logins: list[Login | None] = []
    answers = iter((None, DIGEST))

    def push(self: Engine, repository: str, tag: str, login: Login | None, on_progress: Any) -> Pushed:
        logins.append(login)
        if len(logins) == 1:
            raise Failed("denied: Your authorization token has expired", code="push-denied")
        return Pushed(DIGEST, ())

    monkeypatch.setattr(Engine, "push", push)
    monkeypatch.setattr(Client, "digest", lambda self, path, version: next(answers))
    monkeypatch.setattr(Client, "check_push", lambda self, path: None)
    monkeypatch.setattr(Client, "manifest", lambda self, path, version: None)
    told: list[Any] = []
    journal = Journal(told.append)
    with journal.step("push") as step:
        (image,) = Images(on_aws(root), journal).push((ARTIFACT,), step)
    assert image.reference == f"{HOST}/shop/api@{DIGEST}"
    assert [login.username for login in logins if login] == ["AWS", "AWS"]
    made = boto3.client("ecr", region_name=REGION).describe_repositories()["repositories"]
    assert [one["repositoryName"] for one in made] == ["shop/api"]
    notices = [event.message for event in told if isinstance(event, Notice)]
    assert notices == ["made repository shop/api in ECR, which was not there"], "once, and not for one that is there"


def test_another_accounts_credentials_are_refused_before_the_registry_is_asked(moto: None, root: Path) -> None:
    with pytest.raises(Refused) as caught:
        Images(on_aws(root, "999999999999"), Journal()).check(DEPLOY)
    assert caught.value.code == "aws-account"
