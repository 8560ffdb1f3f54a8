"""The types that `cloudnorth.yaml` resolves to: what a command, a platform or an adapter is given. No reading here.

Every field's docstring is its entry in the configuration reference (docs/configuration.md is made from this file).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from cloudnorth_cli import durations

Name = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$",
        description="a name of lower-case letters, digits and dashes, at most 40",
    ),
]
"""Fits where names end up: labels, image repositories, folders (RFC 1123, with room for a suffix)."""
Namespace = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
        description="a name of lower-case letters, digits and dashes, at most 63",
    ),
]
"""An RFC 1123 label, which is what Kubernetes takes for a namespace's name."""
Port = Annotated[int, msgspec.Meta(ge=1, le=65535, description="a port from 1 to 65535")]
Ratio = Annotated[float, msgspec.Meta(ge=0, le=1, description="a number from 0 to 1")]
Duration = Annotated[str, msgspec.Meta(pattern=durations.PATTERN, description="a duration such as 90s, 15m or 1h30m")]
"""`durations.seconds` tells how long that is."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: immutable, unknown keys refused."""


class Build(Settings, frozen=True, kw_only=True):
    """How an image is made with Docker."""

    context: str = "."
    """Folder sent to the builder, relative to cloudnorth.yaml."""
    dockerfile: str = "Dockerfile"
    """Relative to cloudnorth.yaml."""
    target: str | None = None
    """Stage to build."""
    platform: str = "linux/amd64"
    """What the image runs on."""
    args: Mapping[str, str] = {}
    """Build arguments; no secrets (they stand in the image's history)."""
    secrets: Mapping[str, SecretSource] = {}
    """Build secrets by id, mounted with `RUN --mount=type=secret,id=…`."""
    command: str | None = None
    """A command that makes the image instead: `make image IMAGE={image}`."""


class SecretSource(Settings, frozen=True, kw_only=True):
    """Where a secret's value is read from; exactly one of these, and `key` with `secretsmanager` only."""

    env: str | None = None
    """An environment variable of whoever runs cloudnorth."""
    file: str | None = None
    """A file, relative to cloudnorth.yaml; one newline at its end is dropped."""
    command: str | None = None
    """A command whose output it is; the same."""
    secretsmanager: str | None = None
    """Name or ARN of a secret in AWS Secrets Manager, where the environment's `aws` says; as it stands there. May hold
    `{terraform.NAME}`."""
    key: str | None = None
    """A key of that secret where it is a JSON text, such as `password`."""
    ssm: str | None = None
    """Name or ARN of a parameter in the SSM parameter store, such as `/shop/prod/token`; decrypted, as it stands.
    May hold `{terraform.NAME}`."""
    terraform: str | None = None
    """Name of one of Terraform's outputs, sensitive or not; of a list or a map its JSON."""


class Prepare(Settings, frozen=True, kw_only=True):
    """How a service's files are made ready to run on the local platform."""

    requirements: str | None = None
    """A requirements lock with hashes, installed by uv into the release's own environment."""
    command: str | None = None
    """A command run in the release's folder instead, such as `npm ci`."""


class Service(Settings, frozen=True, kw_only=True):
    """One service of the project."""

    build: Build | None = None
    """How its image is made."""
    image: str | None = None
    """A reference of an image that is made elsewhere; instead of `build`."""
    repository: str | None = None
    """Name in the registry; default PROJECT/SERVICE."""
    port: Port | None = None
    """Port that the container listens on."""
    health: str = "/"
    """Path that answers 2xx when the service is ready."""
    route: str | None = None
    """Path prefix at the local platform's front, such as `/api`; default `/`."""
    env: Mapping[str, str] = {}
    """Environment on the local platform; `{port}`, `{url.SERVICE}`, `{data}` (a folder kept across releases),
    `{release}`, `{digest}`, `{commit}`, `{terraform.NAME}`."""
    run: str | None = None
    """Command on the local platform; `{port}` as above."""
    prepare: Prepare = Prepare()
    """Local platform only."""
    chart: Mapping[str, str] = {}
    """Helm value to template: `{image}` `{repository}` `{registry}` `{name}` `{tag}` `{digest}` `{release}` `{commit}`
    `{secret}` `{terraform.NAME}`; keys may hold `\\.` and `[0]`."""
    workloads: tuple[str, ...] = ()
    """`deployment/NAME`; default: whatever in the manifest runs this image."""
    rollout: Rollout | None = None
    """Where this service differs from its environment's `rollout`."""


class Migrate(Settings, frozen=True, kw_only=True):
    """How the schema is brought up to date before a release."""

    service: str
    """Whose image runs it."""
    run: str
    """The command, such as `shop migrate`."""
    check: str | None = None
    """Prints JSON about what is pending; changes nothing. Where a step says `"expand_only": false`, or
    `"reversible": false`, a failed release is not taken back behind it: that is said, with exit status 5."""
    files: tuple[str, ...] = ()
    """Local platform: files and folders of the service's build context that the migration is made of, such as
    `shop/api/migrations`. While none of them changed since it last succeeded, it is not run again. Default: it always
    is."""
    timeout: Duration = "10m"
    """At most this long."""


class Verify(Settings, frozen=True, kw_only=True):
    """One check that the new release answers."""

    http: str
    """Path (through the environment's address) or URL."""
    service: str | None = None
    """Whose port is asked when the environment has no `url`; default: the one whose `route` fits the path."""
    expect: Mapping[str, str] = {}
    """JSON fields of the answer and their values; templates as in `chart`."""
    times: int = 10
    """Right answers wanted in a row, each on a new connection."""
    for_: Duration = msgspec.field(default="0s", name="for")
    """Go on asking for so long after that; what answers at first and fails then is taken back too."""
    max_error_ratio: Ratio = 0.0
    """Of the answers in that time, how many may be wrong: 0.01 is one in a hundred."""


class Rollout(Settings, frozen=True, kw_only=True):
    """How long a rollout may take and what happens when it fails."""

    timeout: Duration | None = None
    """`90s`, `15m`; at most this long until every workload is ready. Default: what the workload's probes and
    `progressDeadlineSeconds` make; 15m on the local platform, and for the chart's hooks."""
    rollback: Literal["auto", "off"] = "auto"
    """Whether a failed release is taken back by itself."""


class Cluster(Settings, frozen=True, kw_only=True):
    """Which cluster."""

    context: str | None = None
    """Context of the kubeconfig; default its current one, refused when CI is set."""
    kubeconfig: str | None = None
    """File; default KUBECONFIG or ~/.kube/config."""
    eks: str | None = None
    """Name of an EKS cluster in `aws`, reached with a token of our own; instead of the other two."""


class Ignored(Settings, frozen=True, kw_only=True):
    """A finding that does not count for a while."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", description="such as CVE-2026-1234")]
    """As the scanner names it: `CVE-2026-1234`."""
    until: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="a day such as 2027-01-31")]
    """The last day (UTC) on which it does not count; from then on it does, and each deploy says so."""
    reason: Annotated[str, msgspec.Meta(min_length=1, description="a text")]
    """Why."""


class Scan(Settings, frozen=True, kw_only=True):
    """A gate for `deploy`: images wait for ECR's findings, and those that could be mended refuse them (exit 3)."""

    severity: Literal["critical", "high"] = "critical"
    """What refuses: critical findings, or high ones too."""
    wait: Duration = "5m"
    """At most so long for a scan."""
    ignore: tuple[Ignored, ...] = ()
    """Findings that do not count, each until a day and with a reason."""


class Ecr(Settings, frozen=True, kw_only=True):
    """The private registry of `aws.account` in `aws.region`: `ecr: {}`."""

    scan: Scan | None = None
    """Wait for the findings of its scanners before a deploy; default: don't. `scan: {}` is enough."""


class Registry(Settings, frozen=True, kw_only=True):
    """Where images are pushed to and read from; `host` or `ecr`."""

    host: str = ""
    """Such as `registry.example:5000`, or with a path, `ghcr.io/us`."""
    ecr: Ecr | None = None
    """AWS's own; a repository that is missing is made when something is pushed, one that is there is never changed."""
    insecure: bool = False
    """Speak plain HTTP."""
    username: str | None = None
    """Default: what `docker login` keeps for the host."""
    password: SecretSource | None = None
    """Read only when the registry is asked."""


class Docker(Settings, frozen=True, kw_only=True):
    """The engine that builds."""

    host: str | None = None
    """`unix:///path` or `tcp://…`; default DOCKER_HOST or the local engine."""
    command: str = "docker"
    """The client that builds."""


class Helm(Settings, frozen=True, kw_only=True):
    """The chart and how it is installed."""

    chart: str
    """A folder, `repo/name` or `oci://…`."""
    version: str | None = None
    """Of a chart that is not a folder."""
    release: str | None = None
    """Name of the Helm release; default the project's name."""
    values: tuple[str, ...] = ()
    """Files, relative to cloudnorth.yaml."""
    args: tuple[str, ...] = ()
    """Added to `helm upgrade` and `helm template`."""
    command: str = "helm"
    """Helm 3 (from 3.18) or Helm 4."""


class Terraform(Settings, frozen=True, kw_only=True):
    """What the environment stands on, as Terraform (or OpenTofu) makes it."""

    dir: str = "terraform"
    """Folder of the root module, relative to cloudnorth.yaml."""
    vars: tuple[str, ...] = ()
    """Variable files, relative to `dir`; later ones over earlier ones."""
    backend: str | None = None
    """File with the backend's settings, relative to `dir`; default: what stands in the configuration."""
    workspace: str | None = None
    """Terraform's workspace; default: its own default one."""
    command: str = "terraform"
    """Terraform from 1.11, or `tofu` from 1.10."""


class Aws(Settings, frozen=True, kw_only=True):
    """Where in AWS."""

    account: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{12}$", description="an account's twelve digits")] | None = (
        None
    )
    """Twelve digits, in quotes; `provision` and `drift` refuse the credentials of another account."""
    region: str | None = None
    """Such as `us-east-1`; default: what the machine's AWS configuration says."""
    profile: str | None = None
    """Of the machine's AWS configuration."""
    logs: str | None = None
    """CloudWatch's log group of the cluster's containers, for `logs --source cloudwatch`; default: that of EKS's
    add-on, /aws/containerinsights/CLUSTER/application."""
    alarms: str | None = None
    """What the names of the environment's CloudWatch alarms begin with, for `status`; default PROJECT-ENVIRONMENT-, as
    `terraform/` names them. An empty text: none are asked for."""
    role: (
        Annotated[str, msgspec.Meta(pattern=r"^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", description="a role's ARN")] | None
    ) = None
    """ARN of a role that is assumed with those credentials for everything but Terraform, whose own provider and backend
    name theirs."""


class Notify(Settings, frozen=True, kw_only=True):
    """Who is told how a deploy or rollback ended."""

    sns: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:)?[A-Za-z0-9_-]{1,256}(\.fifo)?$",
            description="a topic's ARN or name",
        ),
    ]
    """A topic of SNS: its ARN, or its name in `aws.account` and `aws.region`, such as `shop-prod-alerts`."""


class Tls(Settings, frozen=True, kw_only=True):
    """How a local environment with a `domain` is served to the world."""

    issuer: Literal["acme", "internal"] = "acme"
    """Who signs the certificate: a public authority that every browser knows (Let's Encrypt, else ZeroSSL), or Caddy's
    own, for tests and networks of your own."""
    email: str | None = None
    """Told to the public authority, which writes there when something is wrong."""
    http_port: Port = 80
    """Sends browsers to https; a public authority asks there too."""
    https_port: Port = 443
    """HTTP/1.1, HTTP/2 and (UDP) HTTP/3. Another one where something forwards 443 to it: http is sent to 443."""


class EnvironmentFile(Settings, frozen=True, kw_only=True):
    """One environment: what the file says of it, merged over `defaults`."""

    platform: Literal["kubernetes", "local"]
    """Where it runs."""
    url: str | None = None
    """Where people reach it; without it checks go through the API server's service proxy."""
    port: Port = 8000
    """Local platform: port of the front; the next free one when taken."""
    domain: str | None = None
    """Local platform: the host name that it is reached at, such as `shop.example`. Caddy listens on all addresses,
    manages the certificate and sends http to https."""
    tls: Tls = Tls()
    """Local platform: certificate and ports of `domain`."""
    cluster: Cluster = Cluster()
    """Kubernetes: which cluster."""
    namespace: Namespace = "default"
    """Kubernetes: made when it is not there."""
    registry: Registry | None = None
    """Kubernetes: wanted when anything is built."""
    docker: Docker = Docker()
    """Kubernetes: the engine that builds."""
    helm: Helm | None = None
    """Kubernetes: the chart; wanted."""
    aws: Aws = Aws()
    """The account that it runs in, or that keeps its secrets."""
    notify: Notify | None = None
    """Who is told when a deploy or rollback is over; default: nobody."""
    terraform: Terraform | None = None
    """What `provision`, `drift` and `outputs` work on, and where `{terraform.NAME}` is read."""
    secrets: Mapping[str, SecretSource] = {}
    """Environment variables of the services that must not be seen: name to source."""
    services: Mapping[str, Service] = {}
    """What differs in this environment, merged into the services of the same name."""
    rollout: Rollout = Rollout()
    """How a release becomes the one that serves."""
    protected: bool = False
    """Asks before it changes anything; refuses dirty trees and commits older than what serves."""
    keep: int = 5
    """Local platform: releases kept to go back to."""
    backups: int = 7
    """Local platform: backups of the data kept, of each kind: by hand, before a migration, before a restore."""
    notes: tuple[str, ...] = ()
    """Lines shown after a successful deploy, such as a demonstration login."""


class Environment(Settings, frozen=True, kw_only=True):
    """One environment, resolved: all that a platform is given."""

    project: str
    name: str
    root: Path
    """Folder of cloudnorth.yaml; relative paths start here."""
    config_path: Path
    services: Mapping[str, Service]
    migrate: Migrate | None
    verify: tuple[Verify, ...]
    file: EnvironmentFile
    """The environment's own keys; `environment.file.namespace`."""
    places: Mapping[tuple[str, ...], str] = {}
    """Where each key stands, by its path: `("secrets", "TOKEN")` to `cloudnorth.yaml:14:7`."""

    def place(self, *path: str) -> str:
        """`cloudnorth.yaml:14:7`; of an environment that was not read from a file the name of the key."""
        return self.places.get(path) or f"{self.config_path.name} {'.'.join(path)}"

    @property
    def platform(self) -> str:
        return self.file.platform

    @property
    def registry_host(self) -> str | None:
        """Host of its own registry, with a path where one is configured; None where there is no registry."""
        registry, aws = self.file.registry, self.file.aws
        if registry is None or registry.ecr is None:
            return registry.host.rstrip("/") if registry else None
        suffix = "amazonaws.com.cn" if (aws.region or "").startswith("cn-") else "amazonaws.com"
        return f"{aws.account}.dkr.ecr.{aws.region}.{suffix}"

    @property
    def scan(self) -> Scan | None:
        """The scan gate, where there is one."""
        ecr = self.file.registry.ecr if self.file.registry else None
        return ecr.scan if ecr else None

    @property
    def helm_release(self) -> str:
        """Name of the Helm release."""
        return (self.file.helm.release if self.file.helm else None) or self.project


class Project(Settings, frozen=True, kw_only=True):
    """The whole file."""

    version: Literal[1]
    """Of this format."""
    project: Name
    """Names what is made: the Helm release, image repositories, folders."""
    requires: str | None = None
    """Version of cloudnorth that the file asks for, such as `>=0.1`."""
    default_environment: str | None = None
    """Used without --env; never assumed when CI is set."""
    services: Mapping[Name, Service]
    """What is built and run."""
    migrate: Migrate | None = None
    """How the schema is brought up to date; default: nothing to do."""
    verify: tuple[Verify, ...] = ()
    """How it is seen that the new release itself answers; default: its pods run its images."""
    defaults: EnvironmentFile | None = None
    """Keys that every environment starts from: mappings are merged key by key, everything else is replaced by what the
    environment says. No key is required here."""
    environments: Mapping[Name, EnvironmentFile]
    """Where it runs."""
