"""Logs of pods that may be gone, as the cluster's add-on keeps them in CloudWatch.

Its agent writes one record of JSON for each line, with the pod's name and namespace and without its labels
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-setup-logs-FluentBit.html), so the
service of a pod that is gone is known by its name.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from cloudnorth_cli.adapters import cloudwatch_logs, kube_secrets
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.cloudwatch_logs import Kept
from cloudnorth_cli.errors import CloudnorthError, Refused
from cloudnorth_cli.model import LogLine, LogQuery
from cloudnorth_cli.platforms.kubernetes import records
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.preparing import services_of
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout.observed import key

AN_HOUR = 3600.0
"""Seconds that are looked through where none were named: every page that is read costs time, and in a quarter money."""
_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
"""What Kubernetes makes the ends of names of (k8s.io/apimachinery, util/rand)."""
_END = re.compile(rf"(?:-{_SAFE}{{1,10}})?-{_SAFE}{{5}}|-\d+", re.ASCII)
"""Of a pod behind its Deployment's, DaemonSet's or StatefulSet's name."""


def lines(site: Site, query: LogQuery) -> Iterator[LogLine]:
    """Lines by time, of every life of a container; `follow` and `previous` mean nothing here. Raises Refused."""
    group, door = group_of(site), Door(site.environment.file.aws)
    door.check()
    _know_secrets(site)
    known = _workloads(site)
    until = datetime.now(UTC)
    since = until - timedelta(seconds=query.since_seconds if query.since_seconds is not None else AN_HOUR)
    pattern = f'{{ $.kubernetes.namespace_name = "{site.namespace}" }}'
    pages = cloudwatch_logs.events(door, group, pattern, since, until)
    found = (_sorted(line for one in page if (line := _line(one, site.namespace, known, query))) for page in pages)
    if query.tail is None:
        return (line for page in found for line in page)
    return iter(_last((line for page in found for line in page), query.tail))


def group_of(site: Site) -> str:
    """The log group of the cluster's containers. Raises Refused where it is not known."""
    aws, cluster = site.environment.file.aws, site.environment.file.cluster.eks
    if aws.logs:
        return aws.logs
    if cluster:
        return f"/aws/containerinsights/{cluster}/application"
    raise Refused(
        f"it is not known where CloudWatch keeps the logs of {site.environment.name}: the cluster is none of EKS",
        code="log-group-unknown",
        where=f"{site.environment.config_path.name} environments.{site.environment.name}.aws.logs",
    )


def service_of(pod: str, known: Mapping[str, str]) -> str | None:
    """The service of a pod by its name; `known`: names of workloads to services. The longest name that fits counts."""
    fitting = [name for name in known if pod.startswith(name) and _END.fullmatch(pod[len(name) :])]
    return known[max(fitting, key=len)] if fitting else None


def _workloads(site: Site) -> dict[str, str]:
    """Names of workloads to services: those in the cluster, else as configured and as charts name them.

    The cluster may be away, or the release taken down: what it wrote is there all the same.
    """
    found = {name: name for name in site.environment.services}
    found |= {f"{site.release}-{name}": name for name in site.environment.services}
    for name, service in site.environment.services.items():
        found |= {workload.rpartition("/")[2]: name for workload in service.workloads}
    with suppress(CloudnorthError):
        there = records.workloads(site)
        services = services_of(site, {key(thing): Document("", "", thing) for thing in there})
        for thing in there:
            name = thing["metadata"]["name"]
            found[name] = services[key(thing)] or name
    return found


def _know_secrets(site: Site) -> None:
    """Those of every release that is kept, so that its lines can be masked; without the right to, they are not."""
    with suppress(CloudnorthError):
        for name in kube_secrets.names(site.api, site.namespace, site.release):
            site.know(kube_secrets.read(site.api, site.namespace, name))


def _line(one: Kept, namespace: str, known: Mapping[str, str], query: LogQuery) -> LogLine | None:
    """None for what is no record of a container of ours, or of a service that is not wanted."""
    try:
        record = json.loads(one.message)
        where = record["kubernetes"]
        pod, text = str(where["pod_name"]), record["log"]
        ours = where["namespace_name"] == namespace
    except (ValueError, KeyError, TypeError):
        return None
    service = service_of(pod, known) if ours else None
    if service is None or (query.services and service not in query.services):
        return None
    return LogLine(service=service, source=pod, text=_text(text), at=_at(record) or one.at)


def _text(log: Any) -> str:
    # Agents that merge a line of JSON into the record leave an object here.
    return log.rstrip("\n") if isinstance(log, str) else json.dumps(log, ensure_ascii=False)


def _at(record: Mapping[str, Any]) -> datetime | None:
    """The container runtime's own time, finer than CloudWatch's."""
    try:
        return datetime.fromisoformat(record["time"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return None


def _sorted(found: Iterable[LogLine]) -> list[LogLine]:
    return sorted(found, key=_time)


def _last(found: Iterable[LogLine], count: int) -> list[LogLine]:
    """The last lines of each pod."""
    kept: defaultdict[str, deque[LogLine]] = defaultdict(lambda: deque(maxlen=count))
    for line in found:
        kept[line.source].append(line)
    return _sorted(line for of_pod in kept.values() for line in of_pod)


def _time(line: LogLine) -> datetime:
    return line.at or datetime.min.replace(tzinfo=UTC)
