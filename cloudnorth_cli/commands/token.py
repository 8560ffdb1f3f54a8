"""`cloudnorth token`: what kubectl and helm show an EKS cluster, as an exec plugin prints it."""

from __future__ import annotations

from cloudnorth_cli.adapters import eks
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.events import Result
from cloudnorth_cli.settings import Aws


def token(cluster: str, region: str | None = None, role: str | None = None) -> Result:
    """An ExecCredential as the result's text. Raises Refused without credentials."""
    made = eks.Eks(Door(Aws(region=region, role=role)), cluster).token()
    return Result(command="token", exit_status=0, outcome="done", text=eks.exec_credential(made) + "\n")
