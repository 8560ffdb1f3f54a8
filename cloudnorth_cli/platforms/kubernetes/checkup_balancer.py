"""What `doctor` compares on EKS: the node ports of the release's Services with those that the load balancer sends to.

Terraform owns the balancer and the chart the Services; a port that only one of them changed leaves the shop without
traffic, and both for well (docs/decisions/2026-11-24-load-balancer.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from cloudnorth_cli.adapters import aws_look
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.model import Finding
from cloudnorth_cli.platforms import Check, Seen
from cloudnorth_cli.platforms.kubernetes import records
from cloudnorth_cli.platforms.kubernetes.site import Site


def checks(site: Site) -> Iterator[Check]:
    """None where the cluster is not one of EKS."""
    if site.eks is not None:
        yield Check("balancer", lambda: _look(site), needs="cluster")


def _look(site: Site) -> Seen:
    ports = _node_ports(site)
    if not ports:
        return Seen("no service of the release is at a node port")
    assert site.eks is not None
    groups = aws_look.node_targets(Door(site.environment.file.aws), site.eks.describe().network)
    if not groups:
        return Seen("no target group sends to the cluster's nodes")
    told = ", ".join(f"{name} {port}" for name, port in sorted(groups.items()))
    advice = f"helm get values {site.release} -n {site.namespace}"
    if site.environment.file.terraform:
        advice = f"cloudnorth provision --env {site.environment.name} --plan"
    findings = tuple(
        Finding(
            code="target-port",
            message=f"service {name} is at node port {port}, and the target groups send to {told}",
            where=f"service/{name} in namespace {site.namespace}",
            next=(advice,),
        )
        for name, port in ports
        if port not in groups.values()
    )
    return Seen(told, findings)


def _node_ports(site: Site) -> list[tuple[str, int]]:
    return [
        (str(thing["metadata"]["name"]), int(port["nodePort"]))
        for thing in site.api.items(path("Service", site.namespace))
        if records.belongs(site, thing)
        for port in thing.get("spec", {}).get("ports", ())
        if port.get("nodePort")
    ]
