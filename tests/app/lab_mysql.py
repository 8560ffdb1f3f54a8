"""Where the lab's MySQL-compatible server is, seen from this machine."""

from __future__ import annotations

import subprocess

from tests.lab.fixture import lab


def server() -> str:
    """Its address without a database; the cluster's name for it is exchanged for the service's IP, routed here."""
    facts = lab()
    url = facts.database_url.read_text().strip()
    words = ("get", "service", "mysql", "--namespace", "lab-database", "--output", "jsonpath={.spec.clusterIP}")
    kubectl = (str(facts.bin / "kubectl"), "--kubeconfig", str(facts.kubeconfig), *words)
    address = subprocess.run(kubectl, check=True, capture_output=True, text=True).stdout
    return url.replace("mysql.lab-database.svc.cluster.local", address).rpartition("/")[0]
