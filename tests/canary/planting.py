"""Plants a canary in every source of secrets, and the programs that would tell them if they could."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.terraform.stand_in import StandIn

ACCOUNT, REGION = "123456789012", "us-east-1"
TELLER = """
import base64, json, os, urllib.parse
for name in sorted(os.environ):
    if name.startswith("CANARY_"):
        value = os.environ[name]
        print(name, value, json.dumps(value), urllib.parse.quote(value), urllib.parse.quote_plus(value), flush=True)
        print(base64.b64encode(f"user:{value}".encode()).decode(), repr({"a": [value]}), flush=True)
"""
"""A program that tells its secrets in whatever way comes to its mind."""


@dataclass(frozen=True)
class Planted:
    """What was planted; by the names of the secrets."""

    words: dict[str, str]
    """The canaries."""
    values: dict[str, str]
    """The values that hold them: signs that escapes change, 60 kB, lines."""
    environment: dict[str, Any]
    """Keys of an environment of cloudnorth.yaml, the sources among them."""
    environ: dict[str, str]
    """For whoever runs the tool."""


def canary(source: str) -> str:
    return f"canary{source}{secrets.token_hex(8)}"


def plant(folder: Path, root: Path, moto: str) -> Planted:
    """root: of the project; folder: outside of it. moto: where AWS's stand-in answers."""
    words = {f"CANARY_{name}": canary(name.lower()) for name in ("ENV", "FILE", "COMMAND", "SM", "KEY", "SSM", "TF")}
    values = {name: f'p"{word}\\ö/+ &%' for name, word in words.items()}
    values["CANARY_SM"] = f"{words['CANARY_SM']}-" + "x1/+" * 15_000
    values["CANARY_SSM"] = f"-----BEGIN KEY-----\n{words['CANARY_SSM']}+/==\n-----END KEY-----\n"
    place = canary("place")
    client = {"endpoint_url": moto, "region_name": REGION, "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    manager, store = boto3.client("secretsmanager", **client), boto3.client("ssm", **client)
    manager.create_secret(Name=f"{place}/whole", SecretString=values["CANARY_SM"])
    login = json.dumps({"user": "u", "password": values["CANARY_KEY"]})
    manager.create_secret(Name=f"{place}/login", SecretString=login)
    store.put_parameter(Name=f"/{place}/key", Value=values["CANARY_SSM"], Type="SecureString")
    terraform = StandIn(folder / "bin", secret_canary=values["CANARY_TF"], name=f"{place}/login")
    (root / "tf").mkdir()
    (folder / "kept.txt").write_text(values["CANARY_FILE"] + "\n")
    (folder / "told.txt").write_text(values["CANARY_COMMAND"])
    environment = {
        "aws": {"account": ACCOUNT, "region": REGION},
        "terraform": {"dir": "tf", "command": str(terraform.program)},
        "secrets": {
            "CANARY_ENV": {"env": "PLANTED"},
            "CANARY_FILE": {"file": str(folder / "kept.txt")},
            "CANARY_COMMAND": {"command": f"cat '{folder}/told.txt'"},
            "CANARY_SM": {"secretsmanager": f"{place}/whole"},
            "CANARY_KEY": {"secretsmanager": "{terraform.name}", "key": "password"},
            "CANARY_SSM": {"ssm": f"/{place}/key"},
            "CANARY_TF": {"terraform": "secret_canary"},
        },
    }
    environ = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(folder / "no-config"),
        "AWS_ENDPOINT_URL": moto,
        "PLANTED": values["CANARY_ENV"],
    }
    return Planted(words, values, environment, environ)
