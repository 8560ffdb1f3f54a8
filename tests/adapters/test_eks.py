"""Our own tokens, as EKS wants them, and the private kubeconfig that asks for them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import yaml

from cloudnorth_cli.adapters import aws, eks
from cloudnorth_cli.commands.token import token as token_command
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.settings import Aws
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto

__all__ = ["keys", "moto"]
HERE = Aws(account=ACCOUNT, region=REGION)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"


def cluster(name: str = "shop") -> eks.Eks:
    return eks.Eks(aws.Door(HERE), name)


def url_of(token: str) -> str:
    assert token.startswith("k8s-aws-v1.")
    body = token.removeprefix("k8s-aws-v1.")
    assert "=" not in body
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()


def test_a_token_is_a_signed_question_who_we_are(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    token = cluster().token()
    url = urlsplit(url_of(token.value.reveal()))
    query = parse_qs(url.query)
    assert (url.scheme, url.netloc) == ("https", "sts.us-east-1.amazonaws.com")
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-Expires"] == ["60"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert timedelta(minutes=13) < token.ends - datetime.now(UTC) <= timedelta(minutes=14)


def test_a_token_is_kept_and_made_anew_before_it_ends(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = cluster()
    first = ours.token()
    assert ours.token() is first
    monkeypatch.setattr(eks, "ROOM", eks.LIFE)
    assert ours.token() is not first


def test_what_an_exec_plugin_prints(moto: None) -> None:
    said = json.loads(token_command("shop", REGION, ROLE).text or "")
    assert (said["apiVersion"], said["kind"]) == ("client.authentication.k8s.io/v1beta1", "ExecCredential")
    assert "X-Amz-Security-Token" in url_of(said["status"]["token"]), "it is the role's"
    datetime.strptime(said["status"]["expirationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")


def test_no_token_without_credentials(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(Refused) as caught:
        token_command("shop", REGION)
    assert caught.value.code == "aws-credentials-missing"


def test_a_cluster_and_its_kubeconfig(moto: None, tmp_path: Path) -> None:
    vpc = {"subnetIds": ["subnet-1", "subnet-2"]}
    boto3.client("eks", region_name=REGION).create_cluster(name="shop", roleArn=ROLE, resourcesVpcConfig=vpc)
    found = cluster().describe()
    path = eks.keep(eks.kubeconfig(found, ROLE, None, ("cloudnorth",)), environ={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert path.stat().st_mode & 0o777 == 0o600
    read = yaml.safe_load(path.read_text())
    assert read["clusters"][0]["cluster"]["server"] == found.endpoint
    plugin = read["users"][0]["user"]["exec"]
    wanted = ["token", "--cluster", "shop", "--region", REGION, "--role", ROLE]
    assert (plugin["command"], plugin["args"]) == ("cloudnorth", wanted)


def test_a_cluster_is_described_once(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    boto3.client("eks", region_name=REGION).create_cluster(name="shop", roleArn=ROLE, resourcesVpcConfig={})
    ours, asked = cluster(), []
    monkeypatch.setattr(ours, "_ask", lambda ask=ours._ask: asked.append(1) or ask())
    assert ours.describe() is ours.describe()
    assert asked == [1]


def test_making_a_token_loads_no_client_of_kubernetes() -> None:
    line = "import sys, cloudnorth_cli.commands.token; print('kubernetes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_cluster_that_is_not_there(moto: None) -> None:
    with pytest.raises(Refused) as caught:
        cluster("other").describe()
    assert caught.value.code == "eks-missing"
    assert caught.value.next == (f"aws eks list-clusters --region {REGION}",)


def test_a_wrong_account_is_told_before_a_missing_cluster(moto: None) -> None:
    with pytest.raises(Refused) as caught:
        eks.Eks(aws.Door(Aws(account="999999999999", region=REGION)), "shop").describe()
    assert caught.value.code == "aws-account"


def test_the_client_s_token_is_made_anew_while_a_run_lasts(
    moto: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    vpc = {"subnetIds": ["subnet-1", "subnet-2"]}
    boto3.client("eks", region_name=REGION).create_cluster(name="shop", roleArn=ROLE, resourcesVpcConfig=vpc)
    ours = cluster()
    connected = ours.connect()
    first = ours.token()

    def shown() -> str:
        settings: dict[str, Any] = dict(connected.auth_settings())
        return str(settings["BearerToken"]["value"])

    assert shown() == f"Bearer {first.value.reveal()}"
    monkeypatch.setattr(ours, "_token", eks.Token(first.value, datetime.now(UTC)))
    shown()
    assert ours.token().ends > first.ends
