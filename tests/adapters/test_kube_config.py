"""A kubeconfig of one context alone works elsewhere, and nothing else of the file goes with it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudnorth_cli.adapters import kube_config
from cloudnorth_cli.errors import Refused


def entry(kind: str, name: str, **body: Any) -> dict[str, Any]:
    return {"name": name, kind: body}


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    """Two contexts; the certificate of one stands in a file beside it."""
    (tmp_path / "ca.crt").write_text("certificate")
    path = tmp_path / "config"
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "other",
                "contexts": [
                    entry("context", "lab", cluster="lab", user="admin"),
                    entry("context", "other", cluster="other", user="other"),
                ],
                "clusters": [
                    entry("cluster", "lab", **{"server": "https://10.0.0.1", "certificate-authority": "ca.crt"}),
                    entry("cluster", "other", server="https://10.0.0.2"),
                ],
                "users": [entry("user", "admin", token="t0ken"), entry("user", "other", token="another")],
            }
        )
    )
    return str(path)


def test_one_context_carries_its_certificates_and_nothing_of_others(kubeconfig: str) -> None:
    made = yaml.safe_load(kube_config.one_context(kubeconfig, "lab"))
    (cluster,) = made["clusters"]
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]) == b"certificate"
    assert "certificate-authority" not in cluster["cluster"]
    assert made["current-context"] == "lab"
    assert made["users"] == [entry("user", "admin", token="t0ken")]
    assert "other" not in str(made)


def test_a_context_that_is_not_there_is_refused_naming_those_that_are(kubeconfig: str) -> None:
    with pytest.raises(Refused, match="lab, other"):
        kube_config.context_of(kube_config.Cluster(context="prod"), kubeconfig, {})
