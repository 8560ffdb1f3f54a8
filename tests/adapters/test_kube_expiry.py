"""When credentials end, and whether a usual run fits before it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from cloudnorth_cli.adapters import kube_expiry
from cloudnorth_cli.model import Actor, Record, Release, Source
from cloudnorth_cli.platforms.kubernetes import credentials

END = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)


def token(end: datetime = END) -> str:
    parts = ({"alg": "RS256"}, {"exp": end.timestamp()})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".s"


def kubeconfig(folder: Path, user: dict[str, object]) -> str:
    file = folder / "kubeconfig"
    entries = {"users": [{"name": "me", "user": user}], "clusters": [{"name": "c", "cluster": {}}]}
    contexts = [{"name": "prod", "context": {"user": "me", "cluster": "c"}}]
    file.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "contexts": contexts, **entries}))
    return str(file)


def test_a_token_says_when_it_ends(tmp_path: Path) -> None:
    assert kube_expiry.ends(kubeconfig(tmp_path, {"token": token()}), "prod") == END


def test_what_is_made_anew_or_says_nothing_has_no_end(tmp_path: Path) -> None:
    users: list[dict[str, object]] = [
        {"exec": {"command": "aws"}, "token": token()},
        {"tokenFile": "/t"},
        {"token": "opaque"},
        {},
    ]
    for user in users:
        assert kube_expiry.ends(kubeconfig(tmp_path, user), "prod") is None


def record(seconds: float, *, verified: bool = True) -> Record:
    ended = END + timedelta(seconds=seconds)
    return Record(
        release=Release(id="id", number=1, revision=1),
        outcome="deployed" if verified else "failed",
        images=(),
        actor=Actor(who="me", run="run"),
        source=Source(commit=""),
        started_at=END,
        finished_at=ended,
        verified_at=ended if verified else None,
    )


def test_a_run_may_take_longer_than_the_longest_of_the_last_ones() -> None:
    known = [record(40), record(60), record(900, verified=False), record(20), record(30), record(30), record(600)]
    assert credentials.usual(known) == 90
    assert credentials.usual([]) == credentials.UNKNOWN
