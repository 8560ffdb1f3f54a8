"""The cluster's certificates, its first objects, and the waits for them."""

from __future__ import annotations

import json
import secrets
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.lab.aws import names
from tests.lab.build.go import program
from tests.lab.build.steps import run
from tests.lab.deployer import ROLE
from tests.lab.errors import LabError
from tests.lab.files import database_user, fill, log_dir
from tests.lab.settings import VERSIONS, Settings

DATABASE_HOST = "mysql.lab-database.svc.cluster.local"
SYSTEM = (("kube-system", "deployment/coredns"), ("kube-system", "deployment/metrics-server"),
          ("lab-database", "statefulset/mysql"))  # fmt: skip


def make_certificates(settings: Settings) -> None:
    """Every certificate and kubeconfig of the first node, by kubeadm; the person's has the context `lab`."""
    pki = settings.state / "pki"
    pki.mkdir()
    _kubeadm(settings, 1, "certs", "all")
    _kubeadm(settings, 1, "kubeconfig", "all", "--kubeconfig-dir", str(pki))
    (pki / "kubelet.conf").rename(pki / "kubelet-1.conf")
    admin = yaml.safe_load((pki / "admin.conf").read_text())
    admin["contexts"][0]["name"] = admin["current-context"] = "lab"
    _write_private(settings.run / "kubeconfig", yaml.safe_dump(admin))


def make_kubelet_certificate(settings: Settings, number: int) -> None:
    """The certificate and kubeconfig of another node's kubelet."""
    pki = settings.state / "pki"
    _kubeadm(settings, number, "kubeconfig", "kubelet", "--kubeconfig-dir", str(pki))
    (pki / "kubelet.conf").rename(pki / f"kubelet-{number}.conf")


def _kubeadm(settings: Settings, number: int, *phase: str) -> None:
    config = settings.state / f"pki/kubeadm-{number}.yaml"
    config.write_text(fill("config/kubeadm.yaml", settings, number))
    run([program("kubeadm"), "init", "phase", *phase, "--config", config], log_dir(settings) / "kubeadm.log")


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def kubectl(settings: Settings, *words: str, stdin: str | None = None) -> str:
    """Run kubectl as the super-administrator, who needs no binding; LabError with its words when it fails."""
    done = _kubectl(settings, *words, stdin=stdin)
    if done.returncode:
        raise LabError(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def succeeds(settings: Settings, *words: str) -> bool:
    """Whether kubectl with these words ends well now."""
    return _kubectl(settings, "--request-timeout=2s", *words).returncode == 0


def _kubectl(settings: Settings, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    config = settings.state / "pki/super-admin.conf"
    # Its cache would lie in the person's home.
    argv = [str(program("kubectl")), f"--kubeconfig={config}", f"--cache-dir={settings.state}/kubectl-cache", *words]
    return subprocess.run(argv, input=stdin, capture_output=True, text=True)


def is_ready(settings: Settings) -> bool:
    """Whether the API server serves, with the roles in place that its own helpers need."""
    return succeeds(settings, "get", "--raw", "/readyz") and succeeds(
        settings, "get", "clusterrole", "system:kube-controller-manager", "system:node-proxier"
    )


def make_database_url(settings: Settings) -> None:
    """Write the database's URL, with a new password in it, beside the kubeconfig."""
    url = f"mysql://shop:{secrets.token_hex(16)}@{DATABASE_HOST}:3306/shop\n"
    _write_private(settings.run / "database-url", url)


def apply_objects(settings: Settings) -> None:
    """Namespaces, DNS, metrics, the database with the password of its URL, and the double's deployer."""
    password = urlsplit((settings.run / "database-url").read_text()).password or ""
    uid, gid = database_user()
    manifests = [
        fill(f"manifests/{name}.yaml", settings, password=password, mysql_uid=str(uid), mysql_gid=str(gid))
        for name in ("rbac", "namespaces", "coredns", "metrics-server", "mysql", "aws")
    ]
    kubectl(settings, "apply", "--server-side", "-f", "-", stdin="\n---\n".join(manifests))
    kubectl(settings, "apply", "--server-side", "-n", names.NAMESPACE, "-f", str(ROLE))


def unready(settings: Settings, nodes: int) -> list[str]:
    """What of the cluster is not ready yet: nodes, then the lab's own workloads."""
    ready = set()
    for node in _items(settings, "nodes"):
        if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", [])):
            ready.add(node["metadata"]["name"])
    missing = [settings.node_name(n) for n in range(1, nodes + 1) if settings.node_name(n) not in ready]
    for namespace, workload in SYSTEM:
        found = json.loads(kubectl(settings, "get", "-n", namespace, workload, "-o", "json"))
        if not found["status"].get("readyReplicas"):
            missing.append(workload)
    return missing


def why_unready(settings: Settings) -> str:
    """The pods and latest warnings, for whoever reads why the lab did not come up."""
    shown = _kubectl(settings, "get", "pods", "-A", "-o", "wide").stdout
    events = _kubectl(settings, "get", "events", "-A", "--field-selector=type=Warning").stdout
    return shown + "\n".join(events.splitlines()[-10:])


def _items(settings: Settings, kind: str) -> list[dict[str, Any]]:
    return list(json.loads(kubectl(settings, "get", kind, "-o", "json"))["items"])


def versions() -> dict[str, str]:
    """What runs, for lab.json."""
    return {name: VERSIONS.go(name) for name in VERSIONS.table["go"]}
