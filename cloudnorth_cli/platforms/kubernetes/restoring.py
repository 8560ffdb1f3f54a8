"""What a rollback needs besides Helm: the old Secret, room for StatefulSets, and the proof that it is back."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence

from cloudnorth_cli.adapters import kube_secrets
from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.adapters.terraform_outputs import Outputs
from cloudnorth_cli.errors import Broken, Failed, Refused, RolloutFailed
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Record, Verdict
from cloudnorth_cli.platforms.kubernetes import checking, manifest, records, verifying
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout.observed import dig, is_true, key, name
from cloudnorth_cli.rollout.revision import is_leaving

SETTLING = 10.0
"""Seconds in which the StatefulSet controller has taken note of a change; it does so within one."""
HASH = "controller-revision-hash"


def manifest_of(site: Site, record: Record) -> tuple[Document, ...]:
    """What a revision was installed as, by Helm's own keeping. Raises Refused where Helm has it no more."""
    try:
        return manifest.parse(site.run(site.helm().manifest(record.release.revision)).output)
    except Failed as error:
        raise Refused(
            f"helm does not keep revision {record.release.revision} any more: {error.message}",
            code="revision-gone",
            evidence=error.evidence,
        ) from error


def secret(site: Site, to: Record) -> None:
    """See that the Secret that a release refers to is there; make it again where the sources still have that content.

    Raises Refused, before anything is changed: its pods would not start.
    """
    wanted = records.store(site).secret_of(to.release)
    if not wanted or site.api.find(path("Secret", site.namespace, wanted)):
        return
    gone = f"release {to.release.number} refers to Secret {wanted}, which is gone"
    try:
        checking.resolve_secrets(site, Outputs(site.environment, site.journal, asked=False))
    except Refused as error:
        raise Refused(f"{gone} and cannot be made again: {error.message}", code="secret-gone") from error
    if kube_secrets.name_of(site.release, site.secrets) != wanted:
        raise Refused(
            f"{gone} and not to be made again: its sources have other values now",
            code="secret-gone",
            where=f"namespace {site.namespace}",
        )
    kube_secrets.ensure(site.api, site.namespace, site.release, wanted, site.secrets)


def unblock(site: Site, workloads: Collection[str]) -> None:
    """Delete the pods of StatefulSets that are broken in the revision that was left.

    The controller waits for each pod to become ready before it touches the next, also on the way back: a pod that
    crashes is never replaced (Kubernetes, "StatefulSets: Forced rollback").
    """
    sets = [what for what in workloads if what.startswith("statefulset/")]
    if not sets:
        return
    until = time.monotonic() + SETTLING
    while True:
        things = [thing for thing in site.api.items(path("StatefulSet", site.namespace)) if key(thing) in sets]
        if all(_noticed(thing) for thing in things) or time.monotonic() > until:
            break
        time.sleep(0.1)
    pods = site.api.items(path("Pod", site.namespace))
    for pod in [pod for thing in things for pod in broken(thing, pods)]:
        unchanged = {"uid": pod["metadata"]["uid"]}
        site.api.delete(path("Pod", site.namespace, name(pod)), {"preconditions": unchanged})


def broken(thing: Json, pods: Iterable[Json]) -> list[Json]:
    """The pods of a StatefulSet that are of another revision than its newest and not ready."""
    newest = dig(thing, "status", "updateRevision")
    owner = thing["metadata"]["uid"]
    return [
        pod
        for pod in pods
        if any(one.get("uid") == owner for one in dig(pod, "metadata", "ownerReferences", default=[]))
        and dig(pod, "metadata", "labels", HASH) != newest
        and not is_true(pod, "Ready")
        and not is_leaving(pod)
    ]


def see_ready(to: Record, verdict: Verdict) -> None:
    """Raises Broken where what was put back is not ready."""
    if verdict.state == "ready":
        return
    first = verdict.failures[0] if verdict.failures else None
    raise Broken(
        f"release {to.release.number} was put back but is not ready: {first.message if first else verdict.waiting_for}",
        code=first.cause if first else "timeout",
        where=first.pod if first else None,
        evidence=(*first.lines, *first.events) if first else (),
    )


def see_verified(site: Site, to: Record, documents: Sequence[Document], step: Step) -> str:
    """Raises Broken where what was put back does not answer; returns what was seen, for people."""
    expected = verifying.Expectation(
        documents=tuple(documents), images=to.images, release=str(to.release.number), commit=to.source.commit
    )
    try:
        return verifying.verify(site, expected, step, lasting=False)
    except RolloutFailed as error:
        raise Broken(
            f"release {to.release.number} was put back, but {error.message}",
            code=error.code,
            where=error.where,
            evidence=error.evidence,
        ) from error


def _noticed(thing: Json) -> bool:
    return int(dig(thing, "status", "observedGeneration", default=0)) >= int(thing["metadata"].get("generation", 0))
