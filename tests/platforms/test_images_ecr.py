"""ECR as an environment's registry: its host, the repository that is made before a push, the login that ends in one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloudnorth_cli.adapters.registry import Registry as Client
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.events import Journal, Notice, StepWaiting
from cloudnorth_cli.model import Artifact, Image
from cloudnorth_cli.platforms.images import Images
from cloudnorth_cli.settings import Aws, Build, Docker, Ecr, Environment, Registry, Service
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto
from tests.platforms.test_images import DEPLOY, environment, root
from tests.servers import Answering, served
from tests.terraform.aws_door import AwsDoor, aws_door

__all__ = ["keys", "moto", "root"]
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
DIGEST = "sha256:" + "a" * 64
ENDED = "denied: Your authorization token has expired. Reauthenticate and try again."
ARTIFACT = Artifact(service="api", repository=f"{HOST}/shop/api", tag="1", digest=None, built=True)


def on_aws(root: Path, account: str = ACCOUNT) -> Environment:
    made = environment(root, Registry(ecr=Ecr()), api=Service(build=Build()))
    return msgspec.structs.replace(
        made, file=msgspec.structs.replace(made.file, aws=Aws(account=account, region=REGION))
    )


class Engine(ThreadingHTTPServer):
    """A Docker engine whose registry takes a login no more in the middle of its first `ending` pushes."""

    def __init__(self, ending: int) -> None:
        super().__init__(("127.0.0.1", 0), Pushing)
        self.ending = ending
        self.logins: list[dict[str, str]] = []


class Pushing(Answering):
    server: Engine

    def do_GET(self) -> None:
        self.answer(200, {"ApiVersion": "1.41", "Version": "27.0.0"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.logins.append(json.loads(base64.urlsafe_b64decode(self.headers["X-Registry-Auth"])))
        sent: list[dict[str, Any]] = [
            {"status": "Preparing", "progressDetail": {}, "id": "5f70bf18a086"},
            {"status": "Pushing", "progressDetail": {"current": 512, "total": 1024}, "id": "5f70bf18a086"},
        ]
        if len(self.server.logins) <= self.server.ending:
            sent += [{"errorDetail": {"message": ENDED}, "error": ENDED}]
        else:
            sent += [
                {"status": "Pushed", "progressDetail": {}, "id": "5f70bf18a086"},
                {"progressDetail": {}, "aux": {"Tag": "1", "Digest": DIGEST, "Size": 528}},
            ]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in [*(json.dumps(one) + "\r\n" for one in sent), ""]:
            self.wfile.write(f"{len(line):x}\r\n{line}\r\n".encode())


@pytest.fixture
def door(keys: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsDoor]:
    """moto beside this process: within it, it would answer in the engine's place too, whose paths name ECR."""
    with aws_door() as opened:
        monkeypatch.setenv("AWS_ENDPOINT_URL", opened.url)
        yield opened


def pushed(root: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Image], list[str]]:
    """The images of a push, and what was told by the way."""
    answers = iter((None, DIGEST))
    monkeypatch.setattr(Client, "digest", lambda self, path, version: next(answers))
    monkeypatch.setattr(Client, "check_push", lambda self, path: None)
    monkeypatch.setattr(Client, "manifest", lambda self, path, version: None)
    told: list[Any] = []
    journal = Journal(told.append)
    here = on_aws(root)
    there = Docker(host=f"tcp://127.0.0.1:{engine.server_port}")
    here = msgspec.structs.replace(here, file=msgspec.structs.replace(here.file, docker=there))
    with journal.step("push") as step:
        images = list(Images(here, journal).push((ARTIFACT,), step))
    kinds = {Notice: "message", StepWaiting: "waiting_for"}
    return images, [getattr(event, kinds[type(event)]) for event in told if type(event) in kinds]


def test_a_login_that_ends_in_a_push_is_made_anew(door: AwsDoor, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(Engine(ending=1)) as engine:
        (image,), told = pushed(root, engine, monkeypatch)
    assert image.reference == f"{HOST}/shop/api@{DIGEST}"
    assert [login["username"] for login in engine.logins] == ["AWS", "AWS"]
    assert "api: the registry no longer took the login; pushing with a new one" in told
    assert door.asked.count("GetAuthorizationToken") == 2
    made = door.client("ecr").describe_repositories()["repositories"]
    assert [one["repositoryName"] for one in made] == ["shop/api"]
    notices = [line for line in told if "repository" in line]
    assert notices == ["made repository shop/api in ECR, which was not there"], "once, and not for one that is there"


def test_a_registry_that_takes_no_new_login_either_is_a_matter_of_rights(
    door: AwsDoor, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Engine(ending=9)) as engine, pytest.raises(Failed) as caught:
        pushed(root, engine, monkeypatch)
    assert len(engine.logins) == 2, "and no third time"
    assert (caught.value.code, caught.value.evidence) == ("push-denied", (ENDED,))
    assert caught.value.next == ("cloudnorth doctor --permissions",), "a login by hand is none of ours"


def test_another_accounts_credentials_are_refused_before_the_registry_is_asked(moto: None, root: Path) -> None:
    with pytest.raises(Refused) as caught:
        Images(on_aws(root, "999999999999"), Journal()).check(DEPLOY)
    assert caught.value.code == "aws-account"
