"""The verbs, each handed to the module that knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TypeVar

from cloudnorth_cli.adapters import kube_attempts, kube_config, kube_holds, kube_secrets, lease
from cloudnorth_cli.adapters.kube import patiently
from cloudnorth_cli.errors import CloudnorthError, Refused
from cloudnorth_cli.events import BuildExplanation, Journal, Step
from cloudnorth_cli.model import (
    Accepted,
    Artifact,
    Attempt,
    Backup,
    Candidate,
    Hold,
    Image,
    LockStatus,
    LogLine,
    LogQuery,
    Needed,
    Record,
    Release,
    Request,
    Restored,
    Status,
    Verdict,
)
from cloudnorth_cli.platforms import Check, Service, Tell, scanning
from cloudnorth_cli.platforms.images import Images
from cloudnorth_cli.platforms.kubernetes import (
    changes,
    checking,
    checkup,
    commanding,
    conflicts,
    credentials,
    ending,
    kept_logs,
    logs,
    manifest,
    migrating,
    needing,
    preparing,
    records,
    rejoining,
    releasing,
    restoring,
    scaling,
    showing,
    verifying,
    watching,
    workloads,
)
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.settings import Environment

T = TypeVar("T")


class KubernetesPlatform:
    """One Helm release in one namespace of one cluster."""

    def __init__(self, environment: Environment, journal: Journal) -> None:
        self.keeps_failed = True
        self._site = Site(environment, journal)
        self._environment = environment
        self._journal = journal
        self._served: Record | None = None
        self._rendered: dict[str, Rendered] = {}
        self._rollout: watching.Rollout | None = None
        self._held: lease.Held | None = None

    @property
    def target(self) -> str:
        try:
            context = self._site.context
        except CloudnorthError:
            # A headline is no place to fail: `check` says it.
            context = self._environment.file.cluster.context or "no context"
        return f"{context}, namespace {self._site.namespace}"

    @cached_property
    def _images(self) -> Images:
        return Images(self._environment, self._journal)

    @cached_property
    def _secret(self) -> str:
        checking.resolve_secrets(self._site)
        return kube_secrets.name_of(self._site.release, self._site.secrets) if self._site.secrets else ""

    def check(self, request: Request, step: Step) -> Record | None:
        site = self._site
        site.api.get("/version")
        self._served = records.serving(site)
        rendered = checking.check(site, step, self._secret, self._served)
        credentials.last_long_enough(site, records.store(site).all())
        if not request.force_conflicts:
            conflicts.look(site, rendered)
        self._images.check(request)
        step.summary = f"{site.context}, helm {'.'.join(map(str, site.helm_version))}, chart {site.settings.chart}"
        return self._served

    def build(self, services: Sequence[str], step: Step) -> tuple[Artifact, ...]:
        return self._images.build(services, step)

    def explain_build(self, services: Sequence[str]) -> tuple[BuildExplanation, ...]:
        return self._images.explain_build(services)

    def push(self, artifacts: Sequence[Artifact], step: Step) -> tuple[Image, ...]:
        return self._images.push(artifacts, step)

    def resolve(self, images: dict[str, str]) -> tuple[Image, ...]:
        return self._images.resolve(images)

    def scan(self, images: Sequence[Image], request: Request, step: Step) -> Accepted | None:
        kept = records.store(self._site).all()
        served = {image.digest for record in kept if record.verified_at for image in record.images}
        return scanning.gate(self._environment, images, served, request.allow_findings, step)

    def prepare(self, images: Sequence[Image], request: Request, step: Step) -> Candidate:
        wanted = preparing.complete(self._site, images, self._served)
        candidate, rendered = preparing.prepare(self._site, wanted, request, self._secret, self._served, step)
        self._rendered[candidate.id] = rendered
        return candidate

    @contextmanager
    def lock(self, request: Request, verb: str, step: Step) -> Iterator[None]:
        site = self._site
        if not patiently(lambda: checking.namespace_exists(site), lease.AWAY):
            checking.make_namespace(site)
        with lease.hold(site.api, site.namespace, showing.lock_name(site), request, verb, step) as held:
            self._held = held
            try:
                yield
            finally:
                self._held = None

    def holds(self) -> tuple[Hold, ...]:
        return self._patiently(lambda: kube_holds.holds(self._site.api, self._site.namespace, self._site.release))

    def hold(self, hold: Hold) -> None:
        patiently(lambda: kube_holds.keep(self._site.api, self._site.namespace, self._site.release, hold))

    def lift(self, hold: Hold) -> None:
        patiently(lambda: kube_holds.lift(self._site.api, self._site.namespace, self._site.release, hold))

    def migrate(self, candidate: Candidate, step: Step) -> str:
        if self._environment.migrate is None:
            return ""
        self._still_ours(step)
        rendered = self._rendered[candidate.id]
        releasing.ensure_secret(self._site, rendered.secret)
        return migrating.migrate(self._site, self._environment.migrate, rendered, candidate, step)

    def next_revision(self, step: Step, *, mend: bool = True) -> int:
        self._still_ours(step)
        patiently(lambda: self._site.api.get("/version"))
        return releasing.next_revision(self._site, step, mend=mend)

    def release(self, candidate: Candidate, release: Release, request: Request, step: Step) -> None:
        self._still_ours(step)
        rendered = self._rendered[candidate.id]
        rollout = self._rollout = watching.Rollout(
            self._site,
            workloads.of_release(rendered.documents, candidate.changes, self._site.namespace),
            step,
            hooks=workloads.hooks(rendered.documents, self._site.namespace),
        )
        rollout.begin()
        rollout.changed = changes.told(self._site, rendered, candidate, self._served)
        releasing.install(self._site, candidate, release, rendered, request, rollout, step)
        step.summary = f"{release} ({preparing.summary(candidate.changes)})"

    def rejoin(self, record: Record) -> Candidate | None:
        found = rejoining.rejoin(self._site, record)
        if found is None:
            return None
        candidate, self._rendered[record.release.id] = found
        return candidate

    def watch(self, candidate: Candidate, release: Release, step: Step) -> Verdict:
        self._still_ours(step)
        rollout, self._rollout = self._rollout or self._rejoined(candidate, step), None
        certain = workloads.certain(candidate.changes)
        if self._served and candidate.id == self._served.release.id:
            # Installed once more because it was not well: that is what is to be seen.
            certain = None
        try:
            rollout.applied(certain)
            return _summed_up(rollout.judged(step), step)
        finally:
            rollout.end()

    def _rejoined(self, candidate: Candidate, step: Step) -> watching.Rollout:
        """Of a release that another run installed."""
        documents = self._rendered[candidate.id].documents
        rolling = workloads.of_release(documents, candidate.changes, self._site.namespace)
        rollout = watching.Rollout(self._site, rolling, step)
        rollout.begin()
        return rollout

    def verify(self, candidate: Candidate, release: Release, step: Step) -> None:
        self._still_ours(step)
        rendered = self._rendered[candidate.id]
        step.summary = verifying.verify(
            self._site,
            verifying.Expectation(
                documents=rendered.documents,
                images=rendered.images,
                release=str(release.number),
                commit=candidate.source.commit,
                secret=rendered.secret,
            ),
            step,
        )

    def record(self, record: Record) -> None:
        self._still_ours()
        store = records.store(self._site)
        rendered = self._rendered.get(record.release.id)
        told = self._journal.mask.everywhere(record)
        patiently(lambda: store.keep(told, rendered.secret if rendered else store.secret_of(record.release)))
        if record.outcome == "deployed":
            ending.prune(self._site)

    def forget(self, release: Release) -> None:
        records.store(self._site).forget(release.revision)

    def attempted(self, attempt: Attempt) -> None:
        site = self._site
        kube_attempts.keep(site.api, site.namespace, site.release, self._journal.mask.everywhere(attempt))

    def attempts(self) -> tuple[Attempt, ...]:
        return kube_attempts.attempts(self._site.api, self._site.namespace, self._site.release)

    def serving(self) -> Record | None:
        self._served = self._patiently(lambda: records.serving(self._site))
        return self._served

    def rollback(self, to: Record, release: Release, step: Step) -> None:
        self._still_ours(step)
        site = self._site
        restoring.secret(site, to)
        migrating.stop_running(site, step)
        documents = restoring.manifest_of(site, to)
        named = preparing.services_of(site, manifest.workloads(documents, site.namespace), to.images)
        rollout = watching.Rollout(site, named, step, settle=watching.SETTLE_AGAIN)
        try:
            rollout.begin()
            releasing.put_back(site, to.release.revision)
            restoring.unblock(site, named)
            rollout.applied(())
            restoring.see_ready(to, rollout.judged(step))
        finally:
            rollout.end()
        told = restoring.see_verified(site, to, documents, step)
        step.summary = f"release {release}, {told}"

    def checks(self) -> tuple[Check, ...]:
        return checkup.checks(self._site)

    def status(self) -> Status:
        return showing.status(self._site, self.address())

    def logs(self, query: LogQuery) -> Iterator[LogLine]:
        if query.source == "cloudwatch":
            return kept_logs.lines(self._site, query)
        return logs.lines(self._site, query)

    def history(self, limit: int) -> tuple[Record, ...]:
        return records.history(self._site, limit)

    def restart(self, services: Sequence[str], step: Step) -> Verdict:
        return self._watched(ending.restart(self._site, services), step)

    def scale(self, counts: Mapping[str, int], step: Step) -> Verdict:
        return self._watched(scaling.scale(self._site, counts, step), step)

    def down(self, step: Step) -> str:
        return ending.down(self._site, step)

    def run(self, service: str, words: Sequence[str], tell: Tell) -> int:
        return commanding.run_beside(self._site, service, words, tell)

    def exec(self, service: str, words: Sequence[str], tell: Tell | None, *, tty: bool = True) -> int:
        return commanding.run_within(self._site, service, words, tell, tty=tty)

    def data(self) -> str:
        raise self._no_data("deleted")

    def delete_data(self, step: Step) -> str:
        raise self._no_data("deleted")

    def backup(self, step: Step) -> Backup:
        raise self._no_data("backed up")

    def backups(self) -> tuple[Backup, ...]:
        raise self._no_data("backed up")

    def find_backup(self, which: str | None) -> Backup:
        raise self._no_data("restored")

    def restore(self, chosen: Backup, step: Step) -> Restored:
        raise self._no_data("restored")

    def _no_data(self, done: str) -> Refused:
        """The release's data is in a database or volume that others keep; ours are only objects."""
        name = self._environment.name
        return Refused(
            f"the data of {name} is not {done} from here: it is in a database or volume outside the release, which"
            " has snapshots of its own (RDS: aws rds create-db-snapshot)",
            code="not-on-kubernetes",
            next=(f"cloudnorth {'outputs' if self._environment.file.terraform else 'config'} --env {name}",),
        )

    def lock_status(self) -> LockStatus | None:
        return showing.lock_status(self._site)

    def address(self) -> str | None:
        return self._environment.file.url

    def service(self) -> Service:
        raise Refused(
            f"{self._environment.name} runs in a cluster, which keeps its processes itself", code="service-local-only"
        )

    def pages(self) -> AbstractContextManager[Callable[[Release], None]]:
        raise Refused(
            f"{self._environment.name} runs in a cluster; --watch is for environments on this machine",
            code="watch-local-only",
        )

    def needed(self) -> tuple[Needed, ...]:
        return needing.needed(self._site)

    def kubeconfig(self) -> str:
        if self._site.eks is not None:
            return self._site.eks_kubeconfig(("cloudnorth",))
        return kube_config.one_context(self._site.kubeconfig, self._site.context)

    def _watched(self, rolling: dict[str, str | None], step: Step) -> Verdict:
        return _summed_up(watching.watch(self._site, rolling, step), step)

    def _patiently(self, read: Callable[[], T]) -> T:
        """While the lock is ours, an API server that restarts is waited for; before, nothing is lost by refusing."""
        return patiently(read) if self._held is not None else read()

    def _still_ours(self, step: Step | None = None) -> None:
        """Before each change: is the lock still held? Says in it where we are."""
        if self._held is not None:
            self._held.step = step.name if step else self._held.step
            self._held.still()


def _summed_up(verdict: Verdict, step: Step) -> Verdict:
    if verdict.state == "ready":
        step.summary = verdict.waiting_for
    return verdict
