"""Releases that `rollback --to` may go back to, while somebody types: soon, or not at all, and never with a word."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml

from cloudnorth_cli.adapters.kube import READ_TIMEOUT
from cloudnorth_cli.model import Actor, Record, Release, Source
from tests.canary.cluster import Cluster
from tests.servers import served
from tests.tool import Ran, cloudnorth

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
CONFIG = """
version: 1
project: shop
services: {web: {image: shop/web, chart: {image: "{image}"}}}
environments:
  prod: {platform: kubernetes, namespace: shop, helm: {chart: chart}, cluster: {kubeconfig: kubeconfig}}
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with served(Cluster()) as made:
        try:
            yield made
        finally:
            made.ended.set()


def keep(cluster: Cluster, revision: int, number: int, *, verified: bool = True) -> None:
    record = Record(
        release=Release(id=f"id{number}", number=number, revision=revision),
        outcome="deployed" if verified else "failed",
        images=(),
        actor=Actor(who="anna", run="run"),
        source=Source(commit="abc"),
        started_at=NOW,
        verified_at=NOW if verified else None,
    )
    name = f"cloudnorth.shop.v{revision}"
    cluster.objects[f"/api/v1/namespaces/shop/configmaps/{name}"] = {
        "metadata": {"name": name, "labels": {"cloudnorth.io/release": "shop"}},
        "data": {"record.json": json.dumps(msgspec.to_builtins(record))},
    }


def completed(root: Path, port: int, typed: str = "") -> Ran:
    """What Bash is told with the API server at this port."""
    kubeconfig = {
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "u", "user": {"token": "a-token"}}],
    }
    (root / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    (root / "cloudnorth.yaml").write_text(CONFIG)
    words = {
        "_CLOUDNORTH_COMPLETE": "complete_bash",
        "COMP_WORDS": f"cloudnorth rollback -e prod --to {typed}",
        "COMP_CWORD": "5",
    }
    return cloudnorth(cwd=root, extra=words)


def test_a_cluster_says_which_releases_it_keeps(tmp_path: Path, cluster: Cluster) -> None:
    for revision, number in ((9, 9), (10, 10), (12, 10)):
        keep(cluster, revision, number)
    keep(cluster, 11, 11, verified=False)
    until = time.monotonic() + 60
    while not (ran := completed(tmp_path, cluster.server_port)).out.strip() and time.monotonic() < until:
        pass  # a busy machine takes longer than somebody who types waits
    assert (ran.out.split(), ran.err) == (["10", "9"], "")


def test_a_cluster_that_does_not_answer_keeps_nobody_waiting(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        silent.setblocking(False)
        until, asked = time.monotonic() + 60, False
        while not asked and time.monotonic() < until:  # a busy machine may not even come to ask
            began = time.monotonic()
            ran = completed(tmp_path, silent.getsockname()[1])
            took = time.monotonic() - began
            with suppress(BlockingIOError):
                silent.accept()[0].close()
                asked = True
    assert asked
    assert (ran.status, ran.out.strip(), ran.err) == (0, "", "")
    assert took < READ_TIMEOUT / 2


def test_a_cluster_that_is_not_there_is_no_word_worth(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as gone:
        port = gone.getsockname()[1]
    ran = completed(tmp_path, port)
    assert (ran.status, ran.out.strip(), ran.err) == (0, "", "")
