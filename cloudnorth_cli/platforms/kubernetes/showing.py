"""`status`, from read-only rights: what serves, every pod, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from cloudnorth_cli import durations
from cloudnorth_cli.adapters import kube_holds, lease
from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import LockStatus, Pod, Record, ServiceStatus, Status
from cloudnorth_cli.platforms.being_down import brought_back, down, last_good
from cloudnorth_cli.platforms.kubernetes import alarming, records
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.preparing import services_of
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout import Observed, causes, pods
from cloudnorth_cli.rollout.observed import Object, dig, is_true, key, name
from cloudnorth_cli.rollout.readiness import is_done, wanted
from cloudnorth_cli.rollout.revision import all_pods, is_leaving


def lock_name(site: Site) -> str:
    return f"cloudnorth-{site.release}"


def lock_status(site: Site) -> LockStatus | None:
    """Who holds the environment; None also where we may not read Leases."""
    try:
        return lease.status(site.api, site.namespace, lock_name(site))
    except Refused as error:
        if error.code == "forbidden":
            return None
        raise


def status(site: Site, address: str | None) -> Status:
    """What serves and whether it is well."""
    alarms = alarming.begin(site.environment)
    workloads = records.workloads(site)
    served = records.serving(site)
    observed = Observed(
        at=0.0,
        workloads=workloads,
        replica_sets=tuple(site.api.items(path("ReplicaSet", site.namespace))) if workloads else (),
        pods=tuple(site.api.items(path("Pod", site.namespace))) if workloads else (),
    )
    services = services_of(site, {key(thing): Document("", "", thing) for thing in workloads})
    lock, kept = lock_status(site), records.store(site).all()
    last = None if workloads or served else last_good(kept)
    half_way = tuple(_half_way(kept, lock)) if workloads else ()
    problems = (*half_way, *_problems(workloads, services, observed))
    rows = tuple(_services(workloads, services, observed))
    healthy = bool(workloads) and not problems and all(is_done(thing) for thing in workloads)
    environment = site.environment.name
    return Status(
        environment=environment,
        healthy=healthy,
        summary=down(environment, last) if last else _summary(environment, healthy, served, rows, problems),
        serving=served,
        services=rows,
        pods=tuple(_pods(workloads, services, observed, kept)),
        lock=lock,
        address=address,
        holds=kube_holds.holds(site.api, site.namespace, site.release),
        problems=problems,
        next=() if healthy else brought_back(last, environment) or _next(site, workloads, half_way=bool(half_way)),
        alarms=alarms(),
    )


def _services(
    workloads: Sequence[Json], services: dict[str, str | None], observed: Observed
) -> Iterator[ServiceStatus]:
    for thing in workloads:
        mine = [pod for pod in all_pods(thing, observed) if not is_leaving(pod)]
        shown = [pods.show(pod, None) for pod in mine]
        yield ServiceStatus(
            name=services[key(thing)] or name(thing),
            wanted=wanted(thing),
            ready=sum(is_true(pod, "Ready") for pod in mine),
            restarts=sum(pod.restarts for pod in shown),
            image=str(dig(thing, "spec", "template", "spec", "containers", 0, "image", default="")),
        )


def _pods(
    workloads: Sequence[Json], services: dict[str, str | None], observed: Observed, known: Sequence[Record]
) -> Iterator[Pod]:
    for thing in workloads:
        for pod in all_pods(thing, observed):
            yield pods.show(pod, services[key(thing)], _release(pod, known))


def _release(pod: Object, known: Sequence[Record]) -> str | None:
    """The newest release that has the image which this pod runs; `known` newest first."""
    images = {str(container.get("image", "")).rpartition("@")[2] for container in dig(pod, "spec", "containers")}
    for record in known:
        if images & {image.digest for image in record.images}:
            return str(record.release)
    return None


def _problems(workloads: Sequence[Json], services: dict[str, str | None], observed: Observed) -> Iterator[str]:
    """Each thing that is not as it should be, in a sentence."""
    for thing in workloads:
        subject = services[key(thing)] or name(thing)
        told = False
        for pod in all_pods(thing, observed):
            sign = None if is_leaving(pod) else causes.of_pod(pod)
            if sign:
                told = True
                yield f"{subject} {sign.message} ({name(pod)}) [{sign.cause}]"
        refused = causes.of_workload(thing, observed)
        if refused and not told:
            told = True
            yield f"{subject} {refused.message} [{refused.cause}]"
        ready = sum(is_true(pod, "Ready") for pod in all_pods(thing, observed) if not is_leaving(pod))
        if ready < wanted(thing) and not told:
            yield f"{subject}: {ready} of {wanted(thing)} pods are ready"


def _half_way(kept: Sequence[Record], lock: LockStatus | None) -> Iterator[str]:
    """A release that was installed last and that nobody sees to its end; `kept` newest first."""
    newest = kept[0] if kept else None
    if newest is None or newest.outcome not in ("interrupted", "unverified") or newest.rolled_back_to is not None:
        return
    if lock and not lock.abandoned:
        return
    verb = "rollback to" if newest.step == "rollback" else "deploy"
    how = "interrupted" if newest.outcome == "interrupted" else "abandoned"
    last = newest.finished_at or newest.started_at
    ago = durations.told((datetime.now(UTC) - last).total_seconds())
    if how == "abandoned" and lock and lock.silent_seconds is not None:
        ago = durations.told(lock.silent_seconds)
    step = f" in {newest.step}" if newest.step else ""
    yield f"{verb} {newest.release.number} {how}{step} {ago} ago, not judged"


def _summary(
    environment: str, healthy: bool, served: Record | None, rows: Sequence[ServiceStatus], problems: Sequence[str]
) -> str:
    ready, of = sum(row.ready for row in rows), sum(row.wanted for row in rows)
    if not rows:
        return f"{environment}  nothing is deployed"
    what = f"release {served.release}" if served else "no verified release"
    if healthy:
        return f"{environment}  healthy: {what}, {ready}/{of} ready"
    return f"{environment}  unhealthy: {problems[0] if problems else f'{what} is rolling out, {ready}/{of} ready'}"


def _next(site: Site, workloads: Sequence[Json], *, half_way: bool) -> tuple[str, ...]:
    suffix = f"--env {site.environment.name}"
    if half_way:
        return (f"cloudnorth deploy {suffix} --resume", f"cloudnorth rollback {suffix}")
    return (
        (f"cloudnorth logs {suffix}", f"cloudnorth history {suffix}") if workloads else (f"cloudnorth deploy {suffix}",)
    )
