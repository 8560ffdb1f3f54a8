"""A project on AWS for tests of the command line: moto, and an API server with the records of two environments."""

from __future__ import annotations

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

__all__ = ["keys", "moto", "world"]
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/{}/leases/cloudnorth-shop"


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

    @property
    def prod(self) -> dict[str, Any]:
        """Its part of the configuration."""
        return dict(self.config["environments"])["prod"]  # type: ignore[no-any-return]

    def run(self, verb: str, *words: str, output: str = "json") -> Ran:
        """One verb for `prod`."""
        (self.root / "cloudnorth.yaml").write_text(yaml.safe_dump(self.config))
        self.capfd.readouterr()
        status = program.run([verb, "-e", "prod", "-o", output, *words])
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
