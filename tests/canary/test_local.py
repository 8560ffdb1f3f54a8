"""Canaries in every source of secrets, wholly for real on this machine: AWS is moto's, Terraform a stand-in.

First the service proves that it read each of them; then none is seen in anything that was printed, kept or started.
"""

from __future__ import annotations

import base64
import json
import random
import secrets
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
import yaml

from tests import reaper
from tests.canary.watching import Watched
from tests.terraform.stand_in import StandIn

SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "plain"
pytestmark = pytest.mark.slow
ACCOUNT, REGION = "123456789012", "us-east-1"
PRIVATE = ("secrets", "launches", "logs")
"""Folders of a local environment: its secrets and what processes are started with, for their owner only; and what the
services themselves wrote, which is theirs."""
TELLER = """
import base64, json, os, urllib.parse
for name in sorted(os.environ):
    if name.startswith("CANARY"):
        value = os.environ[name]
        print(name, value, json.dumps(value), urllib.parse.quote(value), urllib.parse.quote_plus(value), flush=True)
        print(base64.b64encode(f"user:{value}".encode()).decode(), repr({"a": [value]}), flush=True)
"""
"""A program that tells its secrets in whatever way comes to its mind."""


def canary(source: str) -> str:
    return f"canary{source}{secrets.token_hex(8)}"


@dataclass
class Planted:
    """words: name of a secret to its canary; values: to the whole value that holds it."""

    watched: Watched
    words: dict[str, str]
    values: dict[str, str]
    data: Path
    config: dict[str, Any]

    def ask(self) -> dict[str, str]:
        """The environment of the service that serves."""
        address = self.watched.run("status", "-e", "local", "-o", "json").result["status"][0]["address"]
        with urllib.request.urlopen(address, timeout=15) as answer:
            return dict(json.load(answer)["env"])

    def save(self) -> None:
        (self.watched.root / "cloudnorth.yaml").write_text(yaml.safe_dump(self.config))

    def spoil(self) -> None:
        """The next release tells its secrets and ends."""
        (self.watched.root / "teller.py").write_text(TELLER)
        self.config["services"]["web"]["run"] = "sh -c 'python3 teller.py; exit 1'"
        self.save()

    def leaks(self) -> dict[str, set[str]]:
        root = self.watched.root
        return self.watched.leaks(self.words, root / ".cloudnorth", self.data, root / "reports", private=PRIVATE)


@pytest.fixture
def planted(tmp_path: Path, moto: str) -> Iterator[Planted]:
    reaper.watch(tmp_path.parent)
    root = tmp_path / "a project"
    shutil.copytree(SAMPLE, root)
    words = {f"CANARY_{name}": canary(name.lower()) for name in ("ENV", "FILE", "COMMAND", "SM", "KEY", "SSM", "TF")}
    values = {name: f'p"{word}\\ö/+ &%' for name, word in words.items()}
    values["CANARY_SM"] = f"{words['CANARY_SM']}-" + "x1/+" * 15_000
    values["CANARY_SSM"] = f"-----BEGIN KEY-----\n{words['CANARY_SSM']}+/==\n-----END KEY-----\n"
    place = canary("place")
    given = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
    client = {"endpoint_url": moto, "region_name": REGION, "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    manager = boto3.client("secretsmanager", **client)
    manager.create_secret(Name=f"{place}/whole", SecretString=values["CANARY_SM"])
    manager.create_secret(
        Name=f"{place}/login", SecretString=json.dumps({"user": "u", "password": values["CANARY_KEY"]})
    )
    store = boto3.client("ssm", **client)
    store.put_parameter(Name=f"/{place}/key", Value=values["CANARY_SSM"], Type="SecureString")
    terraform = StandIn(tmp_path / "bin", secret_canary=values["CANARY_TF"], secret_name=f"{place}/login")
    terraform.tell(secret_canary=values["CANARY_TF"], name=f"{place}/login")
    (root / "tf").mkdir()
    (tmp_path / "kept.txt").write_text(values["CANARY_FILE"] + "\n")
    (tmp_path / "told.txt").write_text(values["CANARY_COMMAND"])
    config = yaml.safe_load((root / "cloudnorth.yaml").read_text())
    config["environments"]["local"] |= {
        "port": random.randrange(18000, 20000),
        "aws": {"account": ACCOUNT, "region": REGION},
        "terraform": {"dir": "tf", "command": str(terraform.program)},
        "secrets": {
            "CANARY_ENV": {"env": "PLANTED"},
            "CANARY_FILE": {"file": str(tmp_path / "kept.txt")},
            "CANARY_COMMAND": {"command": f"cat '{tmp_path}/told.txt'"},
            "CANARY_SM": {"secretsmanager": f"{place}/whole"},
            "CANARY_KEY": {"secretsmanager": "{terraform.name}", "key": "password"},
            "CANARY_SSM": {"ssm": f"/{place}/key"},
            "CANARY_TF": {"terraform": "secret_canary"},
        },
    }
    given |= {"AWS_ENDPOINT_URL": moto, "PLANTED": values["CANARY_ENV"], "XDG_DATA_HOME": str(tmp_path / "data")}
    watched = Watched(root, tmp_path / "watched", given | {"AWS_CONFIG_FILE": str(tmp_path / "no-config")})
    watched.folder.mkdir()
    (root / "reports").mkdir()
    made = Planted(watched, words, values, tmp_path / "data", config)
    made.save()
    yield made
    watched.run("down", "-e", "local")


def test_none_is_seen_anywhere(planted: Planted) -> None:
    run = planted.watched.run
    deployed = run("deploy", "-e", "local", "-v", "--report", "reports/first.json")
    assert deployed.status == 0, deployed.err
    found = planted.ask()
    assert {name: found[name] for name in planted.values} == planted.values, "the service read each of them"

    told = run("run", "-e", "local", "--", "python3", "-c", TELLER)
    assert told.out.count("***") >= 5 * len(planted.words)
    inside = run("exec", "-e", "local", "-o", "json", "--", "python3", "-c", TELLER)
    assert inside.status == 0
    for line in ("config -o json", "doctor -v", "history -o json", "status -v", "logs", "restart -v"):
        run(*line.split(), "-e", "local")
    planted.spoil()
    broken = run("deploy", "-e", "local", "-v", "--report", "reports/broken.json")
    assert broken.status == 4
    assert "***" in broken.err + broken.out
    for line in ("history -o json", "status -o json", "logs --tail 100", "rollback -v"):
        run(*line.split(), "-e", "local")
    assert planted.leaks() == {}


def test_a_leak_is_noticed(planted: Planted) -> None:
    """With masking broken, each canary is found in what is printed and in what the run keeps."""
    run = planted.watched.run
    planted.spoil()
    assert run("deploy", "-e", "local", leak=True).status != 0
    found = planted.leaks()
    assert {"CANARY_SSM", "CANARY_TF"} <= found["printed"], "the last that the program told before it ended"
    assert any(".cloudnorth" in place for place in found)


def test_a_leak_into_arguments_is_noticed(planted: Planted) -> None:
    """A program that is started with a secret among its words."""
    planted.watched.run("deploy", "-e", "local")
    word = planted.words["CANARY_ENV"]
    planted.watched.run("run", "-e", "local", "--", "python3", "-c", "pass", base64.b64encode(word.encode()).decode())
    assert planted.leaks()["arguments"] == {"CANARY_ENV"}
    assert quote(word) == word
