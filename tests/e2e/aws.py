"""Projects whose every program runs inside the lab's shell, where AWS's own names lead to the double."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.e2e.shop import ROOT, clone
from tests.lab import shell
from tests.lab.aws import names
from tests.lab.fixture import Lab, lab
from tests.project import GREETING, SAMPLE, SERVICE
from tests.tool import PROGRAM, Ran, environ

AT_THE_MOST = 900
BUCKET = f"shop-terraform-{names.ACCOUNT}"


@dataclass
class Inside:
    """A project's folder and the environment that is used in it."""

    root: Path
    here: Lab
    environment: str
    extra: dict[str, str] = field(default_factory=dict)

    def run(self, verb: str, *words: str) -> Ran:
        """One verb with JSON output."""
        done = self.inside(*PROGRAM, verb, "--env", self.environment, "-o", "json", *words)
        return Ran(done.returncode, done.stdout, done.stderr)

    def inside(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Any program."""
        variables = shell.environ(self.here, environ(self.extra))
        variables |= {"PYTHONPATH": str(ROOT), "CHECKPOINT_DISABLE": "1"}
        if not Path(variables.get("TF_CLI_CONFIG_FILE", os.devnull)).exists():
            variables["TF_CLI_CONFIG_FILE"] = os.devnull
        return subprocess.run(
            shell.command(self.here, words), cwd=self.root, env=variables, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=AT_THE_MOST,
        )  # fmt: skip

    def forget(self) -> None:
        """Have the double forget everything but the shell's user, and the namespace what was deployed."""
        requests.post(f"{self.here.aws_endpoint}/_lab/forget", timeout=30).raise_for_status()
        kinds = "deployments,services,jobs,secrets,configmaps,leases,poddisruptionbudgets,networkpolicies,ingresses"
        self.kubectl("delete", kinds, "--all", "--wait=true", "--timeout=60s")

    def client(self, service: str) -> Any:
        """boto3 as the shell's user, by moto's own address: this process has no names."""
        import boto3

        keys = dict(
            line.split(" = ") for line in (self.here.aws / "credentials").read_text().splitlines() if " = " in line
        )
        return boto3.client(service, endpoint_url=self.here.aws_endpoint, region_name=names.REGION, **keys)

    def kubectl(self, *words: str) -> str:
        line = [
            str(self.here.bin / "kubectl"),
            "--kubeconfig",
            str(self.here.kubeconfig),
            "-n",
            names.NAMESPACE,
            *words,
        ]
        return subprocess.run(line, capture_output=True, text=True, check=True).stdout


def open_shop(folder: Path) -> Inside:
    """A clone of the repository whose lab-aws is told where the lab is, as it may be another one than the default."""
    here = lab()
    shop = Inside(clone(folder), here, "lab-aws")
    path = shop.root / "cloudnorth.yaml"
    config = yaml.safe_load(path.read_text().replace("10.89.0.2:5000", here.registry))
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return shop


def open_sample(folder: Path) -> Inside:
    """The small sample project, in an environment made as lab-aws is."""
    here = lab()
    shutil.copytree(SAMPLE, folder / "sample")
    service = SERVICE | {"build": SERVICE["build"] | {"args": {"BASE_IMAGE": here.base_image}}}
    environment = {
        "platform": "kubernetes",
        "aws": {"account": names.ACCOUNT, "region": names.REGION, "role": names.DEPLOYER},
        "cluster": {"eks": names.CLUSTER},
        "namespace": names.NAMESPACE,
        "registry": {"ecr": {}},
        "helm": {"chart": "chart"},
        "secrets": {"GREETING": {"env": "GREETING"}},
        "rollout": {"timeout": "2m"},
    }
    config = {"version": 1, "project": "sample", "services": {"web": service}, "environments": {"test": environment}}
    (folder / "sample" / "cloudnorth.yaml").write_text(yaml.safe_dump(config))
    return Inside(folder / "sample", here, "test", {"GREETING": GREETING})


def well(ran: Ran) -> None:
    """It ended with 0."""
    assert ran.status == 0, ran.out[-4000:] + ran.err
