"""Installing a candidate with Helm, and putting an earlier revision back. Nothing here waits for pods."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import takewhile

from msgspec.structs import replace

from cloudnorth_cli.adapters import kube_secrets
from cloudnorth_cli.adapters.helm import KEPT_REVISIONS, Revision, decisive
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Broken, CloudnorthError, Failed, Locked, RolloutFailed
from cloudnorth_cli.events import Problem, Step
from cloudnorth_cli.model import Candidate, Record, Release, Request
from cloudnorth_cli.platforms.kubernetes import preparing, records
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered, write_values
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.platforms.kubernetes.watching import Rollout

LATER = 15.0
"""Seconds after which Helm itself gives up on a hook that we have given up already, with its reason."""
HELM_PATIENCE = 300.0
"""Seconds after which a Helm of somebody else that is still `pending` is taken for dead: Helm's own default timeout."""


def ensure_secret(site: Site, name: str) -> None:
    if name:
        kube_secrets.ensure(site.api, site.namespace, site.release, name, site.secrets)


def next_revision(site: Site, step: Step, *, mend: bool) -> int:
    """The number that Helm gives next. `mend`: a revision in which a Helm was killed is ended first.

    Raises Locked while somebody else's Helm may still be at work.
    """
    revisions = recover(site, step) if mend else not_busy(site)
    return preparing.next_revision(revisions)


def install(
    site: Site,
    candidate: Candidate,
    release: Release,
    rendered: Rendered,
    request: Request,
    rollout: Rollout,
    step: Step,
) -> None:
    """`helm upgrade --install`, the rollout watched beside it.

    Raises Failed where Helm made no revision, RolloutFailed where it failed within the new one, which is to be taken
    back then.
    """
    ensure_secret(site, rendered.secret)
    values = rendered.values
    if preparing.says_release(site):
        values = write_values(
            site, rendered.images, release=str(release.number), commit=candidate.source.commit, secret=rendered.secret
        )
    revisions = records.revisions(site) or ()
    helm = site.helm(values)
    line = helm.install_again if revisions and not records.installed(revisions) else helm.upgrade
    command = line(
        timeout=site.timeout + LATER,
        description=_description(candidate, request),
        force_conflicts=request.force_conflicts,
        keep=kept(site, revisions),
    )
    try:
        done = site.run(command, on_running=rollout.beside, check=False)
    except BaseException:
        rollout.end()
        raise
    rollout.helm_ended()
    if done.status == 0:
        return
    problem = _problem(site.masked(decisive(done.errors or done.output)), rollout)
    rollout.end()
    raise _told(RolloutFailed if _begun(site, release, problem) else Failed, problem)


def _begun(site: Site, release: Release, problem: Problem) -> bool:
    """Whether Helm made the revision that it failed in. Raises Broken where that cannot be read."""
    try:
        return any(one.number == release.revision for one in records.revisions(site) or ())
    except CloudnorthError as error:
        raise Broken(
            f"{problem.message}; whether anything of it is there cannot be read: {error.message}",
            code=error.code,
            evidence=problem.evidence,
        ) from error


def kept(site: Site, revisions: Sequence[Revision]) -> int:
    """How many revisions Helm is to keep: so many that the newest verified one is never pruned."""
    verified = next((one.release.revision for one in records.store(site).all() if one.verified_at), None)
    newest = revisions[0].number if revisions else 0
    return max(KEPT_REVISIONS, newest - verified + 3) if verified else KEPT_REVISIONS


def not_busy(site: Site) -> tuple[Revision, ...]:
    """Helm's revisions, newest first. Raises Locked while somebody else's Helm may still be at work."""
    revisions = records.revisions(site) or ()
    if not revisions or not revisions[0].pending or _is_ours(site, revisions[0]):
        return revisions
    stuck = revisions[0]
    # By the API server's clock, which wrote that time too: ours may be ten minutes off.
    age = (site.api.now() - stuck.at).total_seconds() if stuck.at else HELM_PATIENCE
    if age < HELM_PATIENCE:
        raise Locked(
            f"a helm that is not ours has been at revision {stuck.number} ({stuck.status}) for {age:.0f} s",
            code="helm-busy",
            where=f"release {site.release} in namespace {site.namespace}",
            next=(_helm_history(site),),
            retryable=True,
        )
    return revisions


def recover(site: Site, step: Step) -> tuple[Revision, ...]:
    """End a revision in which a Helm was killed, so that the next can begin; returns Helm's revisions, newest first.

    Raises Locked while somebody else's Helm may still be at work.
    """
    revisions = not_busy(site)
    if not revisions or not revisions[0].pending:
        return revisions
    stuck = revisions[0]
    good = _last_good(revisions, records.store(site).all())
    if good is None:
        # A first install that never ended: Helm finds no way on from it. Its objects stay and are taken over.
        site.api.delete(path("Secret", site.namespace, f"sh.helm.release.v1.{site.release}.v{stuck.number}"))
        step.notice(f"revision {stuck.number} was left {stuck.status} by a helm that is gone; it is begun anew")
    else:
        site.run(site.helm().rollback(good.number, timeout=site.timeout, plain=True, keep=kept(site, revisions)))
        _restored(site, good.number)
        left = f"revision {stuck.number} was left {stuck.status} by a helm that is gone"
        step.notice(f"{left}; revision {good.number} is put back")
    return records.revisions(site) or ()


def _is_ours(site: Site, revision: Revision) -> bool:
    return any(record.release.revision == revision.number for record in records.store(site).all())


def put_back(site: Site, revision: int) -> None:
    """`helm rollback`. Raises Broken."""
    try:
        keep = kept(site, records.revisions(site) or ())
        site.run(site.helm().rollback(revision, timeout=site.timeout, keep=keep))
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


def _told(kind: type[Failed], problem: Problem) -> Failed:
    error = kind(problem.message, code=problem.code, where=problem.where, evidence=problem.evidence)
    error.failures, error.changed = problem.failures, problem.changed
    return error


def _restored(site: Site, revision: int) -> int:
    """Keep the record of a revision that came back as the newest; returns its release's number."""
    store = records.store(site)
    before = next((record for record in store.all() if record.release.revision == revision), None)
    if before is None:
        return revision
    now = datetime.now(UTC)
    again = replace(before.release, revision=preparing.next_revision(records.revisions(site) or ()) - 1)
    store.keep(replace(before, release=again, started_at=now, finished_at=now), store.secret_of(before.release))
    return before.release.number


def _last_good(revisions: Sequence[Revision], known: Sequence[Record]) -> Revision | None:
    """The newest revision that was seen to work, else that Helm installed; since it was last uninstalled."""
    living = list(takewhile(lambda one: one.status != "uninstalled", revisions))
    verified = {record.release.revision for record in known if record.outcome == "deployed"}
    whole = [one for one in living if one.status in {"deployed", "superseded"}]
    return next((one for one in whole if one.number in verified), whole[0] if whole else None)


def _description(candidate: Candidate, request: Request) -> str:
    """A courtesy to `helm history`; nothing reads it."""
    source = candidate.source
    return f"{source.commit or 'no commit'} by {request.actor.who}, run {request.actor.run}"[:200]


def _helm_history(site: Site) -> str:
    flags = [word.replace("--context", "--kube-context") for word in site.way]
    return shlex.join(("helm", *flags, "-n", site.namespace, "history", site.release))
