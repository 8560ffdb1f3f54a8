"""A namespace in the lab and the kubeconfig of somebody who has the published Role in it and no other right."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from tests.lab.facts import Lab

ROLE = Path(__file__).resolve().parents[2] / "cloudnorth_cli" / "platforms" / "kubernetes" / "deployer-role.yaml"
LASTS = "4h"


def kubeconfig(here: Lab, namespace: str, file: Path, *, lasts: str = LASTS) -> Path:
    """Make the namespace where it is not there, and write the kubeconfig; returns its path."""

    def kubectl(*words: str, given: str | None = None) -> str:
        line = [f"{here.bin}/kubectl", "--kubeconfig", str(here.kubeconfig), "-n", namespace, *words]
        return subprocess.run(line, capture_output=True, text=True, check=True, input=given).stdout

    things = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "deployer", "namespace": namespace}},
        yaml.safe_load(ROLE.read_text()),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "deployer", "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "cloudnorth-deployer"},
            "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": namespace}],
        },
    ]
    kubectl("apply", "-f", "-", given=yaml.safe_dump_all(things))
    token = kubectl("create", "token", "deployer", "--duration", lasts).strip()
    config = yaml.safe_load(here.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    file.write_text(yaml.safe_dump(config))
    return file
