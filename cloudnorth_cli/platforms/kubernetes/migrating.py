"""The migration as a Job of our own, awaited, its log told, before the release is installed."""

from __future__ import annotations

import functools
import time

from cloudnorth_cli import signals
from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import CloudnorthError, Failed
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Candidate, PodFailure
from cloudnorth_cli.platforms import migration_check
from cloudnorth_cli.platforms.kubernetes import migration_job
from cloudnorth_cli.platforms.kubernetes.evidence import evidence, warnings
from cloudnorth_cli.platforms.kubernetes.pod_log import PodLog
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout import causes
from cloudnorth_cli.rollout.observed import dig, is_true, name
from cloudnorth_cli.settings import Migrate

INTERVAL = 0.3
"""Seconds between two looks at the Job."""
PATIENCE = 60.0
"""Seconds in which the pods of a Job that was stopped must have ended."""


def migrate(site: Site, asked: Migrate, rendered: Rendered, candidate: Candidate, step: Step) -> str:
    """Run it to its end; returns what of it cannot be taken back, as `migrate.check` said, else "".

    Raises Failed; the Job stays then, until the next deploy, to be looked at.
    """
    _clear(site, step)
    job = site.api.create(path("Job", site.namespace), migration_job.body(site, asked, rendered, candidate))
    try:
        migration_job.bring_configuration(site, rendered, job)
        last = _await(site, asked, job, step)
        irreversible = _irreversible(site, job) if asked.check else ""
    except CloudnorthError:
        raise
    except BaseException:
        # Interrupted: nothing goes on behind our back.
        _delete(site, job)
        raise
    _delete(site, job)
    step.summary = last or "done"
    return irreversible


def _irreversible(site: Site, job: Json) -> str:
    """What `migrate.check` printed, in the Job's own pod."""
    for pod in site.api.items(path("Pod", site.namespace), labelSelector=f"job-name={name(job)}"):
        place = f"{path('Pod', site.namespace, name(pod))}/log"
        return migration_check.irreversible(site.api.text(place, container=migration_job.CHECK).splitlines())
    return ""


def stop_running(site: Site, step: Step) -> None:
    """End a migration that a run has left at work, such as one whose lock was taken from it."""
    selector = f"{migration_job.LABEL}={site.release}"
    jobs = site.api.items(path("Job", site.namespace), labelSelector=selector)
    if any(not is_true(job, "Complete") and not is_true(job, "Failed") for job in jobs):
        step.notice("a migration was still at work; it is stopped and may be half done", "warning")
        _clear(site, step)


def _clear(site: Site, step: Step) -> None:
    """End what earlier runs left, and wait for it: two migrations at once are none."""
    selector = f"{migration_job.LABEL}={site.release}"
    for old in site.api.items(path("Job", site.namespace), labelSelector=selector):
        _delete(site, old)
    until = time.monotonic() + PATIENCE
    while left := [pod for pod in site.api.items(path("Pod", site.namespace), labelSelector=selector) if _runs(pod)]:
        if time.monotonic() > until:
            raise Failed(
                f"a migration of an earlier run does not end: {name(left[0])}; nothing else was changed",
                code="migration-failed",
                where=f"pod/{name(left[0])} in namespace {site.namespace}",
                retryable=True,
            )
        step.waiting(f"the end of an earlier migration, {name(left[0])}")
        time.sleep(INTERVAL)


def _runs(pod: Json) -> bool:
    return dig(pod, "status", "phase") not in {"Succeeded", "Failed"}


def _delete(site: Site, job: Json) -> None:
    site.api.delete(path("Job", site.namespace, name(job)), {"propagationPolicy": "Background"})


def _await(site: Site, asked: Migrate, job: Json, step: Step) -> str:
    """Until the Job has ended, its log told line by line; returns its last line."""
    reader: PodLog | None = None
    seen: dict[str, float] = {}
    while True:
        signals.check()
        pods = site.api.items(path("Pod", site.namespace), labelSelector=f"job-name={name(job)}")
        pod = pods[0] if pods else None
        if pod and reader is None and dig(pod, "status", "phase") != "Pending":
            reader = PodLog(site, name(pod), functools.partial(step.output, "migrate"))
            reader.start()
        now = site.api.get(path("Job", site.namespace, name(job)))
        if is_true(now, "Complete"):
            return reader.finish() if reader else ""
        if is_true(now, "Failed"):
            raise _failed(site, asked, now, pod, reader)
        if pod and (doomed := _doomed(pod, seen)):
            site.api.patch(path("Job", site.namespace, name(job)), {"spec": {"activeDeadlineSeconds": 1}})
            raise _not_run(site, asked, doomed)
        if pod is None and (refused := [told for told in warnings(site, name(job)) if "FailedCreate" in told]):
            raise Failed(
                f"the migration could not run: its pod is refused: {refused[-1].removeprefix('FailedCreate: ')}",
                code="pods-refused",
                where=f"job/{name(job)} in namespace {site.namespace}",
                evidence=refused,
            )
        step.waiting(f"job {name(job)}: {_state(pod)}")
        time.sleep(INTERVAL)


def _state(pod: Json | None) -> str:
    if pod is None:
        return "no pod yet"
    waiting = dig(pod, "status", "containerStatuses", 0, "state", "waiting", "reason")
    return str(waiting or dig(pod, "status", "phase", default="pending")).lower()


def _doomed(pod: Json, seen: dict[str, float]) -> PodFailure | None:
    """A reason for which the pod will never run."""
    sign = causes.of_pod(pod)
    if sign is None:
        return None
    since = seen.setdefault(sign.cause, time.monotonic())
    if time.monotonic() - since < sign.patience:
        return None
    return PodFailure(cause=sign.cause, message=sign.message, pod=name(pod))


def _not_run(site: Site, asked: Migrate, doomed: PodFailure) -> Failed:
    told = evidence(site, doomed)
    return Failed(
        f"the migration could not run: {asked.service} {told.message}",
        code="migration-failed" if told.cause != "program-missing" else "program-missing",
        where=told.pod,
        evidence=(*told.lines, *told.events),
    )


def _failed(site: Site, asked: Migrate, job: Json, pod: Json | None, reader: PodLog | None) -> Failed:
    if reader:
        reader.finish()
    ended = dig(pod, "status", "containerStatuses", 0, "state", "terminated", default={})
    sign = causes.of_pod(pod) if pod else None
    if sign and sign.cause == "program-missing" and pod:
        return _not_run(site, asked, PodFailure(cause=sign.cause, message=sign.message, pod=name(pod)))
    checked = next(
        (
            code
            for status in (dig(pod, "status", "initContainerStatuses", default=[]) if pod else [])
            if status.get("name") == migration_job.CHECK
            and (code := dig(status, "state", "terminated", "exitCode", default=0))
        ),
        None,
    )
    if checked and pod:
        log = site.api.text(f"{path('Pod', site.namespace, name(pod))}/log", container=migration_job.CHECK)
        return Failed(
            f"the migration's check `{asked.check}` ended with status {checked}; nothing else was changed",
            code="migration-failed",
            where=f"job/{name(job)} in namespace {site.namespace}",
            evidence=site.masked(tuple(log.splitlines()[-20:])),
        )
    reason = next((c.get("reason") for c in job["status"]["conditions"] if c.get("type") == "Failed"), "")
    if reason == "DeadlineExceeded":
        how = f"did not end within {asked.timeout}"
    else:
        how = f"ended with status {ended.get('exitCode', '?')}"
        how += " (killed for want of memory)" if ended.get("reason") == "OOMKilled" else ""
    return Failed(
        f"the migration `{asked.run}` {how}; nothing else was changed",
        code="migration-failed",
        where=f"job/{name(job)} in namespace {site.namespace}",
        evidence=reader.lines[-20:] if reader else (),
    )
