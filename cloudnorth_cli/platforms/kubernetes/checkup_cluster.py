"""What `doctor` asks of a cluster that answers: namespace, rights, Helm's release, quota, clock."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Finding
from cloudnorth_cli.platforms import Check, Seen
from cloudnorth_cli.platforms.kubernetes import checking, owners, records
from cloudnorth_cli.platforms.kubernetes.checking import Right
from cloudnorth_cli.platforms.kubernetes.site import Site

ROLE = Path(__file__).with_name("deployer-role.yaml")
"""The smallest Role that deploys; tests in the lab deploy with exactly this one."""
THREADS = 8
CLOCK = 60.0
"""Seconds by which our clock may differ from the API server's; AWS refuses a signature that is 300 off."""
_CHARTS = frozenset({"networking.k8s.io", "policy", "autoscaling"})
"""Groups that a deploy needs only where the chart has objects of them."""
_BESIDE = frozenset({"create pods", "get pods/exec", "create pods/exec", "get services/proxy", "get pods/log"})
"""For `run`, `exec`, an environment without a `url`, and evidence: a deploy does without."""


def checks(site: Site) -> Iterator[Check]:
    """All need the check `cluster`."""
    asked = (
        ("namespace", _namespace),
        ("rights", _rights),
        ("release", _release),
        ("quota", _quota),
        ("clock", _clock),
    )
    return (Check(name, partial(look, site), needs="cluster") for name, look in asked)


def rights() -> tuple[Right, ...]:
    """Every right of the published Role, as it is asked for."""
    role: dict[str, Any] = yaml.safe_load(ROLE.read_text(encoding="utf-8"))
    return tuple(
        dict.fromkeys(
            (verb, group, *_split(resource), True)
            for rule in role["rules"]
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        )
    )


def _split(resource: str) -> tuple[str, str]:
    name, _, subresource = resource.partition("/")
    return name, subresource


def _namespace(site: Site) -> Seen:
    if checking.namespace_exists(site):
        return Seen(site.namespace)
    if checking.may(site, ("create", "", "namespaces", "", False)):
        return Seen(f"{site.namespace} is not there; a deploy makes it")
    raise Refused(
        f"namespace {site.namespace} is not there, and we may not make it",
        code="namespace-missing",
        where=f"context {site.context}",
        next=(shlex.join(("kubectl", *site.way, "create", "namespace", site.namespace)),),
    )


def _rights(site: Site) -> Seen:
    if checking.may(site, ("*", "*", "*", "", True)):
        return Seen("every right in the namespace")
    wanted = rights()
    slices = [wanted[start::THREADS] for start in range(THREADS)]
    refused = [right for part in side_by_side(partial(_refused, site), slices) for right in part]
    needed = [one for one in refused if one[1] not in _CHARTS and checking.told(one) not in _BESIDE]
    more = f"; not {len(refused) - len(needed)} that only some charts or verbs need" if refused[len(needed) :] else ""
    findings = tuple(
        Finding(
            code="forbidden",
            message=f"no permission in namespace {site.namespace}: {checking.told(one)}",
            where=f"context {site.context}, namespace {site.namespace}",
            next=("cloudnorth doctor --permissions",),
        )
        for one in needed
    )
    return Seen(f"{len(wanted) - len(refused)} of {len(wanted)} of the deployer's Role{more}", findings)


def _refused(site: Site, asked: Sequence[Right]) -> list[Right]:
    return [right for right in asked if not checking.may(site, right)]


def _release(site: Site) -> Seen:
    """Not half way, and nobody else keeps it as he wants it."""
    there = records.revisions(site)
    if there is None:
        return Seen("Helm's revisions cannot be read")
    findings = []
    if there and there[0].pending:
        findings.append(
            Finding(
                code="release-pending",
                message=f"revision {there[0].number} of {site.release} is {there[0].status}: a Helm was killed in it, "
                "or is at work",
                where=f"namespace {site.namespace}",
                next=(f"cloudnorth deploy --env {site.environment.name} --resume",),
            )
        )
    things = records.workloads(site)
    foreign = dict.fromkeys(line for thing in things for line in owners.told(thing))
    findings += [
        Finding(
            code="release-foreign",
            message=line,
            where=f"namespace {site.namespace}",
            next=(site.kubectl("get", line.partition(" ")[0], "-o", "yaml", "--show-managed-fields"),),
        )
        for line in foreign
    ]
    findings += _taken_names(site)
    shown = f"{site.release}, revision {there[0].number} {there[0].status}" if there else f"{site.release} is new"
    return Seen(shown, tuple(findings))


def _taken_names(site: Site) -> Iterator[Finding]:
    """Workloads named as a service's are to be, which another Helm release, or nobody, owns."""
    wanted = {name for service in site.environment.services.values() for name in service.workloads}
    for kind in records.WORKLOADS:
        for thing in site.api.items(path(kind, site.namespace)):
            name = f"{kind.lower()}/{thing['metadata']['name']}"
            owner = (thing["metadata"].get("annotations") or {}).get("meta.helm.sh/release-name")
            if name in wanted and owner != site.release:
                yield Finding(
                    code="release-foreign",
                    message=f"{name} belongs to {f'the Helm release {owner}' if owner else 'no Helm release'}, "
                    f"not to {site.release}",
                    where=f"namespace {site.namespace}",
                    next=(site.kubectl("describe", name),),
                )


def _quota(site: Site) -> Seen:
    """A rollout starts new pods beside the old ones: a quota that is used up refuses them."""
    try:
        quotas = site.api.get(f"/api/v1/namespaces/{site.namespace}/resourcequotas").get("items") or []
    except Refused as error:
        if error.code == "forbidden":
            return Seen("quotas cannot be read")
        raise
    findings = []
    for quota in quotas:
        name, status = quota["metadata"]["name"], quota.get("status") or {}
        used = status.get("used") or {}
        for what, hard in (status.get("hard") or {}).items():
            if quantity(str(used.get(what, "0"))) >= quantity(str(hard)):
                findings.append(
                    Finding(
                        code="quota-exceeded",
                        message=f"quota {name}: all {hard} of {what} are used; a new pod would be refused",
                        where=f"namespace {site.namespace}",
                        next=(site.kubectl("describe", "resourcequota", name),),
                    )
                )
    return Seen(f"{len(quotas)} quotas" if quotas else "none", tuple(findings))


def quantity(text: str) -> float:
    """A number of the Kubernetes API, such as `1500m` or `2Gi` (its "Quantity" reference)."""
    found = re.fullmatch(r"([0-9.]+(?:[eE][0-9]+)?)(m|k|[MGTPE]|[KMGTPE]i)?", text)
    if not found:
        return float("inf")
    unit = found[2] or ""
    if unit == "m":
        return float(found[1]) / 1000
    base = 1024 if unit.endswith("i") else 1000
    power = " kMGTPE".index(unit[0].replace("K", "k")) if unit else 0
    return float(found[1]) * float(base**power)


def _clock(site: Site) -> Seen:
    apart = (datetime.now(UTC) - site.api.now()).total_seconds()
    if abs(apart) > CLOCK:
        side = "ahead of" if apart > 0 else "behind"
        raise Refused(
            f"the clock of this machine is {abs(apart):.0f} s {side} the API server's; signed requests are refused",
            code="clock",
            where=site.api.server,
            next=("timedatectl status",),
        )
    return Seen(f"{abs(apart):.0f} s apart from the API server's")
