"""What each verb needs, as a table: who only looks and who goes back reads no secret and asks no Terraform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.project import Project, make
from tests.terraform.stand_in import StandIn
from tests.tool import cloudnorth

pytestmark = pytest.mark.slow

READS = {
    "deploy": ["secret", "output"],
    "status": [],
    "logs --tail 5": [],
    "history": [],
    "config": [],
    "lock": [],
    "kubeconfig": [],
    "restart": [],
    "scale web=1": [],
    "run true": [],
    "rollback": [],
    "down": [],
}
"""Verb to what it asks of the sources of secrets and of Terraform, in this order."""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = make(tmp_path, "local")
    StandIn(tmp_path / "bin", stage="blue", secret_key="s3cret")
    (made.root / "tf").mkdir()
    made.environment["terraform"] = {"dir": "tf", "command": str(tmp_path / "bin" / "terraform")}
    made.environment["secrets"] = {
        "GREETING": {"command": f"echo secret >> '{tmp_path}/bin/asked.txt'; echo hello"},
        "KEY": {"terraform": "secret_key"},
    }
    made.config["services"]["web"]["env"]["STAGE"] = "{terraform.stage}"
    made.save()
    yield made
    made.remove()


def asked(project: Project) -> list[str]:
    """What was asked since the last time."""
    file = project.root.parent / "bin" / "asked.txt"
    found = [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []
    file.unlink(missing_ok=True)
    return found


def test_on_this_machine(project: Project) -> None:
    first = project.run("deploy")
    assert first.status == 0, first.out
    asked(project)
    project.change("two")
    for line, wanted in READS.items():
        verb, *words = line.split()
        ran = project.run(verb, *words)
        assert sorted(asked(project)) == sorted(wanted), verb
        assert ran.status == 0 or verb == "kubeconfig", ran.out


def test_what_a_release_was_told_it_keeps(project: Project) -> None:
    """A release that is put back has the outputs that it was deployed with, not today's."""
    project.config["services"]["web"]["run"] = "sh -c 'echo $STAGE > {data}/stage; exec python3 server.py'"
    project.save()
    assert project.run("deploy").status == 0
    (kept,) = (project.root.parent / "data").rglob("stage")
    assert kept.read_text() == "blue\n"
    StandIn(project.root.parent / "bin", stage="green {port}", secret_key="s3cret")
    assert project.run("deploy").status == 0
    assert kept.read_text() == "green {port}\n"
    assert project.run("rollback").status == 0
    assert kept.read_text() == "blue\n"


def test_in_a_cluster_that_does_not_answer(tmp_path: Path) -> None:
    """Who asks first for what it does not need would be seen asking before the cluster is."""
    terraform = StandIn(tmp_path / "bin", stage="blue")
    for folder in ("tf", "chart"):
        (tmp_path / folder).mkdir()
    cluster = {"server": "https://127.0.0.1:1"}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "none", "cluster": cluster}],
        "contexts": [{"name": "none", "context": {"cluster": "none", "user": ""}}],
    }
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))
    (tmp_path / "cloudnorth.yaml").write_text(
        yaml.safe_dump(
            {
                "version": 1,
                "project": "shop",
                "services": {"web": {"image": "nginx", "chart": {"stage": "{terraform.stage}"}}},
                "environments": {
                    "prod": {
                        "platform": "kubernetes",
                        "cluster": {"context": "none", "kubeconfig": "kubeconfig"},
                        "helm": {"chart": "chart"},
                        "terraform": {"dir": "tf", "command": str(terraform.program)},
                        "secrets": {"A": {"command": f"echo secret >> '{tmp_path}/bin/asked.txt'; echo hello"}},
                    }
                },
            }
        )
    )
    for line in ("status", "logs", "history", "rollback --yes", "lock", "config", "restart --yes", "down --yes"):
        cloudnorth(*line.split(), "--env", "prod", cwd=tmp_path)
        assert terraform.asked == [], line
