"""Helm's lines as they are run, whole, and its answers read."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudnorth_cli.adapters.helm import Helm, decisive, parse_history, parse_version
from cloudnorth_cli.errors import Refused

HELM = Helm(
    release="shop",
    namespace="web",
    context="lab",
    kubeconfig="/k",
    chart="oci://registry.example/shop",
    version="1.2.3",
    values=("values-prod.yaml", "ours.json"),
    args=("--set", "a=b"),
    cwd=Path("/project"),
)
THREE = Helm("shop", "web", "lab", "/k", chart="chart", major=3)
PLACE = "--namespace web --kube-context lab"


def test_rendering_asks_the_cluster_and_changes_nothing() -> None:
    assert str(HELM.template(upgrade=True)) == (
        "KUBECONFIG=/k helm template shop oci://registry.example/shop --version 1.2.3 --values values-prod.yaml "
        f"--values ours.json --dry-run=server --is-upgrade --set a=b {PLACE}"
    )
    assert "--is-upgrade" not in HELM.template(upgrade=False).words


def test_an_upgrade_does_not_wait_and_keeps_fifty_revisions() -> None:
    command = HELM.upgrade(timeout=90, description="8f3c1d2 by anna")
    assert str(command) == (
        "KUBECONFIG=/k helm upgrade shop oci://registry.example/shop --install --history-max 50 --version 1.2.3 "
        "--values values-prod.yaml --values ours.json --timeout 90s "
        f"--description '8f3c1d2 by anna' --set a=b {PLACE}"
    )
    assert command.cwd == Path("/project")


def test_what_was_uninstalled_is_installed_over_its_history() -> None:
    assert str(THREE.install_again(timeout=90, description="again")) == (
        f"KUBECONFIG=/k helm install shop chart --replace --timeout 90s --description again {PLACE}"
    )


def test_only_helm_4_knows_conflicts() -> None:
    assert "--force-conflicts" in HELM.upgrade(timeout=1, description="", force_conflicts=True).words
    assert "--force-conflicts" not in HELM.upgrade(timeout=1, description="").words
    assert "--force-conflicts" not in THREE.upgrade(timeout=1, description="", force_conflicts=True).words


def test_a_rollback_takes_foreign_fields_back() -> None:
    assert str(HELM.rollback(41, timeout=60)) == (
        f"KUBECONFIG=/k helm rollback shop 41 --history-max 50 --timeout 60s --force-conflicts {PLACE}"
    )
    assert str(THREE.rollback(41, timeout=60, plain=True)) == (
        f"KUBECONFIG=/k helm rollback shop 41 --history-max 50 --timeout 60s --no-hooks {PLACE}"
    )


def test_the_other_lines() -> None:
    assert str(HELM.history()) == f"KUBECONFIG=/k helm history shop --output json --max 50 {PLACE}"
    assert str(HELM.manifest(3)) == f"KUBECONFIG=/k helm get manifest shop --revision 3 {PLACE}"
    assert str(HELM.manifest()) == f"KUBECONFIG=/k helm get manifest shop {PLACE}"
    assert str(HELM.uninstall(timeout=5)) == f"KUBECONFIG=/k helm uninstall shop --keep-history --timeout 5s {PLACE}"
    assert str(HELM.show_values()) == "helm show values oci://registry.example/shop --version 1.2.3"
    assert str(HELM.ask_version()) == "helm version --template '{{.Version}}'"


@pytest.mark.parametrize(("text", "version"), [("v4.3.1", (4, 3)), ("v3.18.0\n", (3, 18)), ("v3.22.0+g1", (3, 22))])
def test_versions_that_will_do(text: str, version: tuple[int, int]) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["v3.17.9", "v2.16.1", "command not understood", ""])
def test_versions_that_will_not(text: str) -> None:
    with pytest.raises(Refused):
        parse_version(text)


def test_history_is_read_with_gos_nanoseconds() -> None:
    text = """[{"revision":7,"updated":"2026-11-24T02:09:23.123456789+01:00","status":"pending-upgrade",
               "chart":"shop-0.1.0","app_version":"1","description":"Preparing upgrade"}]"""
    (revision,) = parse_history(text)
    assert (revision.number, revision.pending) == (7, True)
    assert revision.at is not None
    assert revision.at.isoformat() == "2026-11-24T01:09:23.123456+00:00"


def test_decisive_lines_begin_at_the_error() -> None:
    output = """level=WARN msg="something"
Error: values don't meet the specifications of the schema(s) in the following chart(s):
shop:
- at '/replicas': got string, want integer

Use --debug flag to render out invalid YAML
"""
    assert decisive(output) == (
        "Error: values don't meet the specifications of the schema(s) in the following chart(s):",
        "shop:",
        "- at '/replicas': got string, want integer",
    )
