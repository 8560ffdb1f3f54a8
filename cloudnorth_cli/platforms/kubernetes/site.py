"""Where a release lives: one Helm release in one namespace of one cluster, and the two doors to it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path

from cloudnorth_cli import settings as keys
from cloudnorth_cli import shell
from cloudnorth_cli.adapters import eks, kube, kube_config
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.helm import Helm, decisive, parse_version
from cloudnorth_cli.adapters.kube_paths import Discovery
from cloudnorth_cli.adapters.terraform_outputs import Outputs
from cloudnorth_cli.durations import seconds
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.events import CommandRun, Journal
from cloudnorth_cli.model import Secret

MANAGED = {"app.kubernetes.io/managed-by": "cloudnorth"}
PREFIX = "cloudnorth.io"

HOOKS = 900.0
"""Seconds for the chart's hooks where nothing is configured."""


class Site:
    """Connected lazily: what needs no cluster touches none."""

    def __init__(self, environment: keys.Environment, journal: Journal) -> None:
        self.environment = environment
        self.journal = journal
        self.namespace = environment.file.namespace
        self.release = environment.helm_release
        self.secrets: dict[str, Secret] = {}
        """What `know` was told."""

    @cached_property
    def kubeconfig(self) -> str:
        """The file; for EKS a private one that we write, without any secret."""
        if self.eks is not None:
            return str(eks.keep(self.eks_kubeconfig(eks.this_program())))
        return kube_config.kubeconfig_path(self.environment.file.cluster, self.environment.root)

    @cached_property
    def eks(self) -> eks.Eks | None:
        """The cluster where it is one of EKS."""
        file = self.environment.file
        made_by = f"cloudnorth provision --env {self.environment.name}" if file.terraform else ""
        return eks.Eks(Door(file.aws), file.cluster.eks, made_by) if file.cluster.eks else None

    def eks_kubeconfig(self, program: tuple[str, ...]) -> str:
        """The text of its kubeconfig, tokens made by `program`. Raises Refused."""
        aws = self.environment.file.aws
        assert self.eks is not None
        return eks.kubeconfig(self.eks.describe(), aws.role, aws.profile, program)

    @cached_property
    def context(self) -> str:
        if self.eks is not None:
            return self.environment.file.cluster.eks or ""
        return kube_config.context_of(self.environment.file.cluster, self.kubeconfig)

    @cached_property
    def way(self) -> tuple[str, ...]:
        """Flags that lead a person's kubectl to the cluster: a kubeconfig that is not theirs is named."""
        theirs = self.eks is None and not self.environment.file.cluster.kubeconfig
        return (*(() if theirs else ("--kubeconfig", self.kubeconfig)), "--context", self.context)

    def kubectl(self, *words: str) -> str:
        """A line for a person to type, in the namespace."""
        return shlex.join(("kubectl", *self.way, "--namespace", self.namespace, *words))

    @cached_property
    def api(self) -> kube.Api:
        if self.eks is not None:
            connect = self.eks.connect
        else:
            connect = partial(kube_config.configuration, self.kubeconfig, self.context)
        return kube.Api(connect(), self.context, renew=connect, way=self.way)

    @cached_property
    def discovery(self) -> Discovery:
        return Discovery(self.api)

    @property
    def settings(self) -> keys.Helm:
        """The chart's settings. Raises Refused where the environment has none."""
        if self.environment.file.helm is None:
            raise Refused(
                f"environment {self.environment.name} names no chart",
                code="no-chart",
                where=f"{self.environment.config_path.name} environments.{self.environment.name}.helm",
            )
        return self.environment.file.helm

    @cached_property
    def helm_version(self) -> tuple[int, int]:
        """Major and minor. Raises Refused for one that is missing or too old."""
        ask = Helm("", "", "", "", cwd=self.environment.root, program=self.settings.command).ask_version()
        return parse_version(self.run(ask).output)

    def helm(self, *values: str) -> Helm:
        """Every line that we run about this release; `values` are files over the environment's own."""
        settings = self.settings
        return Helm(
            release=self.release,
            namespace=self.namespace,
            context=self.context,
            kubeconfig=self.kubeconfig,
            chart=settings.chart,
            version=settings.version,
            values=(*settings.values, *values),
            args=settings.args,
            cwd=self.environment.root,
            program=settings.command,
            major=self.helm_version[0],
        )

    def run(
        self,
        command: shell.Command,
        *,
        on_running: Callable[[Callable[[], None]], None] = lambda stop: None,
        check: bool = True,
    ) -> shell.Completed:
        """Run a line of Helm, telling the journal. Raises Failed with Helm's decisive lines."""
        try:
            done = shell.run(command, on_start=self._told, on_running=on_running, check=False)
        except Refused as error:
            where = f"{self.environment.config_path.name} environments.{self.environment.name}.helm.command"
            raise Refused(error.message, code="helm-missing", where=where) from error
        if check and done.status != 0:
            lines = self.masked(decisive(done.errors or done.output))
            message = lines[0].removeprefix("Error: ") if lines else f"ended with status {done.status}"
            raise Failed(f"helm {command.words[1]}: {message}", code="helm-failed", evidence=lines)
        return done

    def masked(self, lines: tuple[str, ...]) -> tuple[str, ...]:
        """Lines of programs with the values of secrets as stars."""
        return tuple(map(self.mask, lines))

    def mask(self, line: str) -> str:
        """A line with the values of secrets as stars."""
        return self.journal.mask(line)

    def know(self, secrets: Mapping[str, Secret]) -> None:
        """The values of secrets, read from their sources or from what serves: from now on they are masked."""
        self.secrets |= secrets
        self.journal.hide(*(value.reveal() for value in secrets.values()))

    @cached_property
    def outputs(self) -> Outputs:
        """Terraform's, asked when the first one is wanted."""
        return Outputs(self.environment, self.journal)

    @cached_property
    def folder(self) -> Path:
        """Of this run, for files that a `-v` line names. Holds no secret."""
        runs = os.environ.get("CLOUDNORTH_RUNS_DIR") or str(self.environment.root / ".cloudnorth" / "runs")
        folder = Path(runs) / (self.journal.run or "by-hand")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"cannot write to {folder}: {error.strerror}", code="runs-dir") from error
        return folder

    @property
    def timeout(self) -> float:
        """Seconds that the chart's hooks may take: the longest that the environment or a service asks for."""
        asked = [self.rollout_timeout(service) for service in (None, *self.environment.services)]
        return max((each for each in asked if each), default=HOOKS)

    def rollout_timeout(self, service: str | None) -> float | None:
        """Seconds that a service's rollout may take (None: of a workload that runs none), where that was said."""
        known = self.environment.services.get(service or "")
        own = known.rollout if known else None
        said = (own.timeout if own else None) or self.environment.file.rollout.timeout
        return seconds(said) if said else None

    def _told(self, command: shell.Command) -> None:
        self.journal.emit(CommandRun(line=str(command), cwd=str(command.cwd or "")))
