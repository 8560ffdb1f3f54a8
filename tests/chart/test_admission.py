"""What the lab's API server, whose namespace `shop` enforces Pod Security "restricted", makes of the chart."""

from typing import Any

import pytest

from tests.chart.helm import apply_dry_run, render

pytestmark = pytest.mark.lab


def _pod(deployment: dict[str, Any]) -> dict[str, Any]:
    """The first pod of a deployment. Only pods are refused for their security; a deployment is merely warned of."""
    template = deployment["spec"]["template"]
    # The account is made by the same release, and pods are refused where it is missing.
    spec = {**template["spec"], "serviceAccountName": "default"}
    metadata = {"name": "probe", "labels": template["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize("files", [("values-lab.yaml",), ("values-prod.yaml",)])
def test_the_server_knows_every_field_and_warns_of_nothing(files: tuple[str, ...]) -> None:
    # Without a class: the server would ask for an IngressClass that this cluster does not have.
    # And under a name of its own: the shop itself may be running there.
    done = apply_dry_run(*render({"ingress": {"className": ""}}, files, release="probe").values())
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr


@pytest.mark.parametrize("service", ["api", "storefront"])
def test_a_pod_may_run_where_only_restricted_pods_may(service: str) -> None:
    deployment = render({"databaseSecret": "shop-0815"})[f"Deployment/shop-{service}"]
    allowed = apply_dry_run(_pod(deployment))
    assert allowed.returncode == 0, allowed.stderr
    # The gate is there, or the line above would say nothing.
    deployment["spec"]["template"]["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    refused = apply_dry_run(_pod(deployment))
    assert "restricted" in refused.stderr
    assert refused.returncode != 0
