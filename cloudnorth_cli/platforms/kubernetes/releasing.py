"""Installing a candidate with Helm, and putting an earlier revision back. Nothing here waits for pods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import takewhile

from msgspec.structs import replace

from cloudnorth_cli.adapters import kube_secrets
from cloudnorth_cli.adapters.helm import Revision, decisive
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Broken, Failed, Locked
from cloudnorth_cli.events import Problem, Step
from cloudnorth_cli.model import Candidate, Record, Release, Request
from cloudnorth_cli.platforms.kubernetes import records
from cloudnorth_cli.platforms.kubernetes.preparing import next_revision, says_release
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered, write_values
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.platforms.kubernetes.watching import Rollout

HELM_PATIENCE = 300.0
"""Seconds after which a Helm of somebody else that is still `pending` is taken for dead: Helm's own default timeout."""


def ensure_secret(site: Site, name: str) -> None:
    if name:
        kube_secrets.ensure(site.api, site.namespace, site.release, name, site.secrets)


def install(
    site: Site, candidate: Candidate, rendered: Rendered, request: Request, rollout: Rollout, step: Step
) -> Release:
    """`helm upgrade --install`, the rollout watched beside it.

    Raises Failed where what served before serves, Broken where it cannot be put back.
    """
    ensure_secret(site, rendered.secret)
    before = recover(site, step)
    number = next_revision(before)
    values = rendered.values
    if says_release(site):
        values = write_values(
            site, rendered.images, release=str(number), commit=candidate.source.commit, secret=rendered.secret
        )
    release = Release(id=candidate.id, number=number, revision=number)
    # What a next run finds when this one is killed within Helm.
    records.store(site).keep(_begun(release, candidate, request), rendered.secret)
    helm = site.helm(values)
    line = helm.install_again if before and not records.installed(before) else helm.upgrade
    command = line(
        timeout=site.timeout,
        description=_description(candidate, request),
        force_conflicts=request.force_conflicts,
    )
    try:
        done = site.run(command, on_running=rollout.beside, check=False)
    except BaseException:
        rollout.end()
        raise
    rollout.helm_ended()
    if done.status == 0:
        return release
    lines = site.masked(decisive(done.errors or done.output))
    problem = _problem(lines, rollout)
    rollout.end()
    raise _undone(site, release, candidate, request, rendered, problem, step)


def recover(site: Site, step: Step) -> tuple[Revision, ...]:
    """End a revision in which a Helm was killed, so that the next can begin; returns Helm's revisions, newest first.

    Raises Locked while somebody else's Helm may still be at work.
    """
    revisions = records.revisions(site) or ()
    if not revisions or not revisions[0].pending:
        return revisions
    stuck = revisions[0]
    age = (datetime.now(UTC) - stuck.at).total_seconds() if stuck.at else HELM_PATIENCE
    known = records.store(site).all()
    ours = any(record.release.revision == stuck.number for record in known)
    if not ours and age < HELM_PATIENCE:
        raise Locked(
            f"a helm that is not ours has been at revision {stuck.number} ({stuck.status}) for {age:.0f} s",
            code="helm-busy",
            where=f"release {site.release} in namespace {site.namespace}",
            next=(f"helm --kube-context {site.context} -n {site.namespace} history {site.release}",),
            retryable=True,
        )
    good = _last_good(revisions, known)
    if good is None:
        # A first install that never ended: Helm finds no way on from it. Its objects stay and are taken over.
        site.api.delete(path("Secret", site.namespace, f"sh.helm.release.v1.{site.release}.v{stuck.number}"))
        step.notice(f"revision {stuck.number} was left {stuck.status} by a helm that is gone; it is begun anew")
    else:
        site.run(site.helm().rollback(good.number, timeout=site.timeout, plain=True))
        _restored(site, good.number)
        left = f"revision {stuck.number} was left {stuck.status} by a helm that is gone"
        step.notice(f"{left}; revision {good.number} is put back")
    return records.revisions(site) or ()


def put_back(site: Site, revision: int) -> int:
    """`helm rollback`; returns the new revision. Raises Broken."""
    try:
        site.run(site.helm().rollback(revision, timeout=site.timeout))
        return next_revision(records.revisions(site) or ()) - 1
    except Failed as error:
        raise Broken(
            f"revision {revision} could not be put back: {error.message}",
            code="rollback-failed",
            evidence=error.evidence,
        ) from error


def _problem(lines: tuple[str, ...], rollout: Rollout) -> Problem:
    """What went wrong within Helm: the hook or workload that failed, else Helm's own words."""
    if first := rollout.hook_failure():
        failures = rollout.failed.failures if rollout.failed else (first,)
        return Problem(
            code=first.cause,
            message=first.message,
            where=first.pod,
            evidence=(*first.lines, *first.events),
            failures=failures,
            changed=rollout.changed,
        )
    reason = lines[0].removeprefix("Error: ") if lines else "no reason given"
    return Problem(code="helm-failed", message=f"helm could not install it: {reason}", evidence=lines)


def _undone(
    site: Site,
    release: Release,
    candidate: Candidate,
    request: Request,
    rendered: Rendered,
    problem: Problem,
    step: Step,
) -> Failed | Broken:
    """What to say of a Helm that failed; where it had begun, the revision before is put back first."""
    revisions = records.revisions(site) or ()
    if not any(one.number == release.number for one in revisions):
        records.store(site).forget(release.revision)
        return _told(Failed, problem)
    good = _last_good(revisions, records.store(site).all())
    failed = _begun(release, candidate, request, problem)
    records.store(site).keep(failed, rendered.secret)
    if good is None:
        return _told(Broken, problem, "; there is no earlier revision to go back to")
    step.notice(f"helm failed within revision {release.number}; putting revision {good.number} back", "warning")
    put_back(site, good.number)
    number = _restored(site, good.number)
    records.store(site).keep(replace(failed, outcome="rolled-back", rolled_back_to=number), rendered.secret)
    return _told(Failed, problem, f"; release {number} was put back")


def _told(kind: type[Failed | Broken], problem: Problem, more: str = "") -> Failed | Broken:
    error = kind(problem.message + more, code=problem.code, where=problem.where, evidence=problem.evidence)
    error.failures, error.changed = problem.failures, problem.changed
    return error


def _restored(site: Site, revision: int) -> int:
    """Keep the record of a revision that came back as the newest; returns its release's number."""
    store = records.store(site)
    before = next((record for record in store.all() if record.release.revision == revision), None)
    if before is None:
        return revision
    now = datetime.now(UTC)
    again = replace(before.release, revision=next_revision(records.revisions(site) or ()) - 1)
    store.keep(replace(before, release=again, started_at=now, finished_at=now), store.secret_of(revision))
    return before.release.number


def _last_good(revisions: Sequence[Revision], known: Sequence[Record]) -> Revision | None:
    """The newest revision that was seen to work, else that Helm installed; since it was last uninstalled."""
    living = list(takewhile(lambda one: one.status != "uninstalled", revisions))
    verified = {record.release.revision for record in known if record.outcome == "deployed"}
    whole = [one for one in living if one.status in {"deployed", "superseded"}]
    return next((one for one in whole if one.number in verified), whole[0] if whole else None)


def _begun(release: Release, candidate: Candidate, request: Request, problem: Problem | None = None) -> Record:
    return Record(
        release=release,
        outcome="failed" if problem else "interrupted",
        images=candidate.images,
        actor=request.actor,
        source=candidate.source,
        started_at=datetime.now(UTC),
        cause=problem.code if problem else None,
        lines=problem.evidence if problem else (),
    )


def _description(candidate: Candidate, request: Request) -> str:
    """A courtesy to `helm history`; nothing reads it."""
    source = candidate.source
    return f"{source.commit or 'no commit'} by {request.actor.who}, run {request.actor.run}"[:200]
