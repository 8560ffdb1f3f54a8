"""`cleanup` from the command line: moto's registry, and an API server with the records of two environments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
import yaml

from cloudnorth_cli import __main__ as program
from cloudnorth_cli.model import Actor, Image, Record, Release, Source
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto
from tests.adapters.test_ecr_images import put
from tests.commands.test_doctor import ApiServer, api_server
from tests.tool import Ran

__all__ = ["keys", "moto"]
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/{}/leases/cloudnorth-shop"
GO_NOW = ("--keep", "0", "--older-than", "0s")


@dataclass
class World:
    """Two environments, prod and staging, in namespaces of one cluster; images by a letter."""

    root: Path
    api: ApiServer
    capfd: pytest.CaptureFixture[str]
    config: dict[str, Any]
    client: Any
    images: dict[str, str]

    def put(self, letter: str) -> str:
        self.images[letter] = put(self.client, letter * 16)
        return self.images[letter]

    def records(self, namespace: str, *letters: str) -> None:
        """A verified release for each letter, the last the newest."""
        things = [self._record(namespace, revision, self.images[one]) for revision, one in enumerate(letters, 1)]
        self.api.answers[f"/api/v1/namespaces/{namespace}/configmaps"] = 200, {"metadata": {}, "items": things}

    def _record(self, namespace: str, revision: int, digest: str) -> dict[str, Any]:
        now = datetime.now(UTC)
        record = Record(
            release=Release(id=f"id{revision}", number=revision, revision=revision),
            outcome="deployed",
            images=(Image(service="api", repository=f"{HOST}/shop/api", digest=digest),),
            actor=Actor(who="anna", run="r"),
            source=Source(commit="abc"),
            started_at=now,
            verified_at=now,
        )
        name = {"name": f"cloudnorth.shop.v{revision}", "namespace": namespace}
        return {"metadata": name, "data": {"record.json": msgspec.json.encode(record).decode()}}

    def left(self) -> set[str]:
        """Letters of the images that are in the registry."""
        there = {one["imageDigest"] for one in self.client.describe_images(repositoryName="shop/api")["imageDetails"]}
        return {letter for letter, digest in self.images.items() if digest in there}

    def run(self, *words: str, output: str = "json") -> Ran:
        (self.root / "cloudnorth.yaml").write_text(yaml.safe_dump(self.config))
        self.capfd.readouterr()
        status = program.run(["cleanup", "-e", "prod", "-o", output, *words])
        return Ran(status, *self.capfd.readouterr())


@pytest.fixture
def world(
    moto: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    client = boto3.client("ecr", region_name=REGION)
    client.create_repository(repositoryName="shop/api")
    with api_server() as api:
        kubeconfig = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{api.port}"}}],
            "users": [{"name": "u", "user": {"token": "a-token"}}],
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
        }
        (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
        (tmp_path / "Dockerfile").write_text("FROM scratch\n")

        def environment(namespace: str) -> dict[str, Any]:
            return {
                "platform": "kubernetes",
                "namespace": namespace,
                "cluster": {"context": "test", "kubeconfig": "kubeconfig"},
                "aws": {"account": ACCOUNT, "region": REGION},
                "registry": {"ecr": {}},
                "helm": {"chart": "chart"},
            }

        config = {
            "version": 1,
            "project": "shop",
            "services": {"api": {"build": {"context": "."}, "run": "x"}},
            "environments": {
                "prod": environment("prod"),
                "staging": environment("staging"),
                "here": {"platform": "local"},
            },
        }
        made = World(tmp_path, api, capfd, config, client, {})
        for letter in "abcd":
            made.put(letter)
        for namespace in ("prod", "staging"):
            api.answers[LEASE.format(namespace)] = 404, {"message": "not found"}
        made.records("prod", "a", "b")
        made.records("staging", "c")
        yield made


def test_what_records_of_every_environment_name_stays_and_the_rest_is_shown(world: World) -> None:
    ran = world.run(*GO_NOW)
    assert ran.status == 0
    found = {one["tags"][0][0]: (one["fate"], one.get("kept", "")) for one in ran.result["cleanup"]["images"]}
    assert found == {
        "a": ("kept", "release 1 of prod"),
        "b": ("kept", "release 2 of prod"),
        "c": ("kept", "release 1 of staging"),
        "d": ("deletable", ""),
    }
    assert ran.result["cleanup"]["environments"] == ["prod", "staging"]
    assert not ran.result["cleanup"]["applied"]
    assert ran.result["next"] == ["cloudnorth cleanup --env prod --apply --keep 0 --older-than 0s"]
    assert world.left() == set("abcd"), "nothing is deleted without being asked"
    assert len(ran.events) == 1


def test_apply_deletes_exactly_that(world: World) -> None:
    ran = world.run(*GO_NOW, "--apply")
    assert ran.status == 0
    assert world.left() == set("abc")
    assert [one["fate"] for one in ran.result["cleanup"]["images"] if one["digest"] == world.images["d"]] == ["deleted"]
    assert "1 of 4 images were deleted" in ran.result["summary"]
    assert world.run(*GO_NOW, "--apply").result["outcome"] == "unchanged"


def test_a_table_for_people(world: World) -> None:
    ran = world.run(*GO_NOW, output="plain")
    head, *rows = ran.out.splitlines()
    assert head.split() == ["IMAGE", "TAG", "DIGEST", "SIZE", "PUSHED", "KEPT", "BECAUSE"]
    (row,) = (row for row in rows if "d" * 16 in row)
    assert row.startswith("shop/api ")
    assert world.images["d"][7:19] in row
    assert row.endswith("(can go)")
    assert any("release 1 of staging" in row for row in rows)


def test_the_grace_keeps_what_was_just_pushed(world: World) -> None:
    kept = [one["kept"] for one in world.run("--keep", "0").result["cleanup"]["images"]]
    assert len([why for why in kept if why.startswith("pushed ")]) == 1
    kept = [one["kept"] for one in world.run("--older-than", "0s").result["cleanup"]["images"]]
    assert "among the newest 10" in kept


def forbidden(world: World) -> None:
    world.api.answers["/api/v1/namespaces/staging/configmaps"] = 403, {"message": "no", "reason": "Forbidden"}


def not_to_be_read(world: World) -> None:
    things = [{"metadata": {"name": "cloudnorth.shop.v7"}, "data": {"record.json": '{"release": "of a newer tool"}'}}]
    world.api.answers["/api/v1/namespaces/staging/configmaps"] = 200, {"metadata": {}, "items": things}


def cluster_gone(world: World) -> None:
    world.config["environments"]["staging"]["cluster"]["kubeconfig"] = "nowhere"


@pytest.mark.parametrize("plant", [forbidden, not_to_be_read, cluster_gone])
def test_an_environment_that_cannot_be_read_is_named_and_nothing_is_deleted(world: World, plant: Any) -> None:
    plant(world)
    ran = world.run(*GO_NOW, "--apply")
    assert ran.status == 3
    assert ran.result["error"]["code"] == "records-unread"
    assert ran.result["error"]["message"].startswith("staging: ")
    assert world.left() == set("abcd")


def test_one_that_is_gone_can_be_left_out_by_name(world: World) -> None:
    cluster_gone(world)
    ran = world.run(*GO_NOW, "--without", "staging", "--apply")
    assert ran.result["cleanup"]["without"] == ["staging"]
    assert world.left() == set("ab")
    assert world.run("--without", "stagin").status == 2
    assert world.run("--without", "prod").status == 2


def test_what_runs_stays_though_no_record_names_it(world: World) -> None:
    pod = {"metadata": {"name": "by-hand"}, "spec": {"containers": [{"image": f"{HOST}/shop/api:{'d' * 16}"}]}}
    world.api.answers["/api/v1/namespaces/staging/pods"] = 200, {"metadata": {}, "items": [pod]}
    kept = {one["tags"][0][0]: one["kept"] for one in world.run(*GO_NOW).result["cleanup"]["images"]}
    assert kept["d"] == "runs in staging"


def test_while_somebody_deploys_nothing_is_deleted(world: World) -> None:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    spec = {"holderIdentity": "jenkins #318", "renewTime": now, "acquireTime": now, "leaseDurationSeconds": 3600}
    lease = {"metadata": {"name": "cloudnorth-shop", "annotations": {}}, "spec": spec}
    world.api.answers[LEASE.format("staging")] = 200, lease
    ran = world.run(*GO_NOW, "--apply")
    assert ran.status == 6
    assert "staging" in ran.result["error"]["message"]
    assert world.left() == set("abcd")
    assert world.run(*GO_NOW).status == 0, "looking is no change"


def test_a_protected_environment_wants_its_name(world: World) -> None:
    world.config["environments"]["prod"]["protected"] = True
    ran = world.run(*GO_NOW, "--apply")
    assert ran.status == 3
    assert ran.result["error"]["next"][0].endswith("--confirm prod")
    assert world.run(*GO_NOW, "--apply", "--confirm", "staging").status == 2
    assert world.run(*GO_NOW, "--apply", "--confirm", "prod").status == 0
    assert world.left() == set("abc")


def test_what_the_registry_keeps_is_told_with_its_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudnorth_cli.platforms.stored_images import StoredImages

    reason = "in use by a Lambda function (ImageInUse)"
    monkeypatch.setattr(StoredImages, "delete", lambda self, repository, digests: dict.fromkeys(digests, reason))
    ran = world.run(*GO_NOW, "--apply")
    assert ran.status == 4
    assert ran.result["error"]["code"] == "not-deleted"
    assert reason in ran.result["error"]["evidence"][0]
    assert {one["fate"] for one in ran.result["cleanup"]["images"]} == {"kept", "not-deleted"}


def test_a_plain_registry_is_refused_by_name(world: World) -> None:
    world.config["environments"]["prod"]["registry"] = {"host": "registry.example:5000"}
    ran = world.run()
    assert ran.status == 3
    assert ran.result["error"]["code"] == "cleanup-ecr-only"
    assert "registry.example:5000" in ran.result["error"]["message"]


def test_another_accounts_credentials_are_refused(world: World) -> None:
    world.config["environments"]["prod"]["aws"]["account"] = "999999999999"
    assert world.run().result["error"]["code"] == "aws-account"


def test_the_report_is_the_result(world: World) -> None:
    ran = world.run(*GO_NOW, "--report", "report.json")
    assert json.loads((world.root / "report.json").read_text()) == ran.result
