"""EKS: where a cluster is, our own IAM token for it, and a kubeconfig whose tokens `cloudnorth token` makes.

A token is a presigned URL of STS GetCallerIdentity with the cluster's name as the signed header x-k8s-aws-id, in
URL-safe base64 without padding behind `k8s-aws-v1.`. Signed for 60 s; EKS takes it for 15 minutes from X-Amz-Date, so
it is told to last for 14: pkg/token/token.go of https://github.com/kubernetes-sigs/aws-iam-authenticator
(`requestPresignParam`, `presignedURLExpiration`), and awscli/customizations/eks/get_token.py of https://github.com/aws/aws-cli.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Secret

if TYPE_CHECKING:  # a third of the time that `token` takes, which helm waits for at each of its calls
    from kubernetes.client import Configuration

PREFIX = "k8s-aws-v1."
HEADER = "x-k8s-aws-id"
SIGNED_SECONDS = 60
LIFE = timedelta(minutes=14)
ROOM = timedelta(minutes=2)
"""A token is made anew when less than that is left of it."""
CREDENTIAL = "client.authentication.k8s.io/v1beta1"


@dataclass(frozen=True)
class Token:
    """What a cluster is shown, and until when."""

    value: Secret
    ends: datetime


@dataclass(frozen=True)
class Cluster:
    """Where a cluster answers."""

    name: str
    region: str
    arn: str
    endpoint: str
    authority: str
    """Its certificate authority, PEM in base64."""
    network: str = ""
    """The VPC that its nodes are in."""


class Eks:
    """One cluster by its name; may be used from several threads."""

    def __init__(self, door: Door, name: str, made_by: str = "") -> None:
        """made_by: the command that makes it, for whoever finds that it is not there."""
        self._made_by = (made_by,) if made_by else ()
        self._door = door
        self._name = name
        self._token: Token | None = None
        self._guard = threading.Lock()
        self._cluster: Cluster | None = None
        self._describing = threading.Lock()

    def token(self) -> Token:
        """Our token, made anew before it ends. Signed here: only a role's credentials are asked for. Raises Refused."""
        with self._guard:
            if self._token is None or self._token.ends - datetime.now(UTC) < ROOM:
                self._token = self._sign()
            return self._token

    def describe(self) -> Cluster:
        """Asked for once: where a cluster answers does not change.

        Raises Refused for another account's credentials, and where there is no such cluster or it is not active.
        """
        with self._describing:
            if self._cluster is None:
                self._cluster = self._ask()
            return self._cluster

    def _ask(self) -> Cluster:
        door = self._door
        door.check()
        client = door.client("eks")
        with door.told(f"the cluster {self._name}"):
            try:
                said: dict[str, Any] = client.describe_cluster(name=self._name)["cluster"]
            except client.exceptions.ResourceNotFoundException as error:
                raise Refused(
                    f"there is no EKS cluster {self._name} in {door.region}",
                    code="eks-missing",
                    next=(*self._made_by, f"aws eks list-clusters --region {door.region}"),
                ) from error
        if not said.get("endpoint") or not said.get("certificateAuthority", {}).get("data"):
            raise Refused(
                f"the EKS cluster {self._name} is {said.get('status', 'of no known status')} and has no address yet",
                code="eks-not-ready",
                next=(f"aws eks wait cluster-active --name {self._name} --region {door.region}",),
                retryable=True,
            )
        network = str(said.get("resourcesVpcConfig", {}).get("vpcId") or "")
        authority = said["certificateAuthority"]["data"]
        return Cluster(self._name, door.region, said["arn"], said["endpoint"], authority, network)

    def connect(self) -> Configuration:
        """What the client connects with; its token is renewed on the way. Raises Refused."""
        from kubernetes.client import Configuration

        cluster = self.describe()
        made = Configuration()
        made.host = cluster.endpoint
        made.ssl_ca_cert = str(keep(base64.b64decode(cluster.authority), ".crt"))
        made.refresh_api_key_hook = self._refresh  # type: ignore[assignment]
        self._refresh(made)
        return made

    def _refresh(self, configuration: Configuration) -> None:
        configuration.api_key["authorization"] = f"Bearer {self.token().value.reveal()}"

    def _sign(self) -> Token:
        from botocore.signers import RequestSigner

        door = self._door
        client = door.client("sts")
        with door.told("a token"):
            signer = RequestSigner(
                client.meta.service_model.service_id, door.region, "sts", "v4", door.credentials(), client.meta.events
            )
            # EKS takes tokens of its region's own STS address only, so what AWS_ENDPOINT_URL says is no matter here.
            url = signer.generate_presigned_url(
                {
                    "method": "GET",
                    "url": f"https://{door.host('sts')}/?Action=GetCallerIdentity&Version=2011-06-15",
                    "body": {},
                    "headers": {HEADER: self._name},
                    "context": {},
                },
                region_name=door.region,
                expires_in=SIGNED_SECONDS,
                operation_name="",
            )
        text = PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
        return Token(Secret(text), datetime.now(UTC) + LIFE)


def exec_credential(token: Token) -> str:
    """What kubectl wants of an exec plugin (client.authentication.k8s.io/v1beta1), as JSON with the token in it."""
    ends = f"{token.ends:%Y-%m-%dT%H:%M:%SZ}"
    status = {"expirationTimestamp": ends, "token": token.value.reveal()}
    return json.dumps({"apiVersion": CREDENTIAL, "kind": "ExecCredential", "spec": {}, "status": status})


def kubeconfig(
    cluster: Cluster, role: str | None, profile: str | None, program: Sequence[str] = ("cloudnorth",)
) -> str:
    """A kubeconfig of this cluster alone, as YAML. It holds no secret: `program` is asked for tokens."""
    command, *before = program
    words = [
        *before,
        "token",
        "--cluster",
        cluster.name,
        "--region",
        cluster.region,
        *(["--role", role] if role else []),
    ]
    environ = {"CLOUDNORTH_OUTPUT": "plain", **({"AWS_PROFILE": profile} if profile else {})}
    plugin = {
        "apiVersion": CREDENTIAL,
        "command": command,
        "args": words,
        "env": [{"name": name, "value": value} for name, value in environ.items()],
        "interactiveMode": "Never",
        "provideClusterInfo": False,
        "installHint": "pip install cloudnorth",
    }
    made = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": cluster.name,
        "contexts": [{"name": cluster.name, "context": {"cluster": cluster.name, "user": cluster.name}}],
        "clusters": [
            {
                "name": cluster.name,
                "cluster": {"server": cluster.endpoint, "certificate-authority-data": cluster.authority},
            }
        ],
        "users": [{"name": cluster.name, "user": {"exec": plugin}}],
    }
    return str(yaml.safe_dump(made, sort_keys=False))


def keep(content: str | bytes, suffix: str = ".yaml", environ: Mapping[str, str] = os.environ) -> Path:
    """Write a file that only its owner may read, named by its content, and tell where it is. Raises Refused.

    In XDG_RUNTIME_DIR, else XDG_CACHE_HOME or ~/.cache: a line of `-v` can be pasted after the run. No secret is in it.
    """
    base = environ.get("XDG_RUNTIME_DIR") or environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "cloudnorth" / "eks"
    data = content.encode() if isinstance(content, str) else content
    path = folder / (hashlib.sha256(data).hexdigest()[:16] + suffix)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:  # 0600
            file.write(data)
        os.replace(file.name, path)
    except OSError as error:
        variable = "XDG_RUNTIME_DIR" if environ.get("XDG_RUNTIME_DIR") else "XDG_CACHE_HOME"
        told = f"cannot write {path}: {error.strerror}"
        raise Refused(told, code="kubeconfig-file", next=(f"export {variable}=/tmp",)) from error
    return path


def this_program() -> tuple[str, ...]:
    """How a program that we start reaches this cloudnorth: helm runs with our PATH, which need not have it."""
    beside = Path(sys.executable).parent / "cloudnorth"
    if beside.is_file():
        return (str(beside),)
    found = shutil.which("cloudnorth")
    return (found,) if found else (sys.executable, "-m", "cloudnorth_cli")
