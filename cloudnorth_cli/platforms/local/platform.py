"""The verbs of the local platform."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

import msgspec

from cloudnorth_cli import secrets, signals
from cloudnorth_cli.adapters import processes
from cloudnorth_cli.adapters.caddy import SLOTS
from cloudnorth_cli.adapters.store import Store
from cloudnorth_cli.adapters.terraform_outputs import Outputs
from cloudnorth_cli.errors import Broken, CloudnorthError, Failed, Refused, RolloutFailed
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
    Secret,
    Status,
    Verdict,
)
from cloudnorth_cli.platforms import Check, Tell
from cloudnorth_cli.platforms.local import (
    backups,
    checks,
    checkup,
    commanding,
    files,
    front,
    images,
    launch,
    lock,
    logs,
    migration,
    pages,
    plan,
    preflight,
    prune,
    restoring,
    status,
)
from cloudnorth_cli.platforms.local.lineup import Lineup
from cloudnorth_cli.platforms.local.machine import NO_WISHES, Machine, Wishes
from cloudnorth_cli.platforms.local.place import TASK_MARK, place, told_disk
from cloudnorth_cli.platforms.local.plan import Plan
from cloudnorth_cli.platforms.local.service import Service
from cloudnorth_cli.platforms.local.watching import watch
from cloudnorth_cli.settings import Environment

HISTORY = 50
"""Records looked through for releases that are kept."""


class LocalPlatform:
    """One environment on this machine; a deploy's steps share the candidate's plan and the lineups in between."""

    def __init__(self, environment: Environment, journal: Journal) -> None:
        self.environment = environment
        self.journal = journal
        self.place = place(environment)
        self.store = Store(self.place.records)
        self.machine = Machine(self.place, self.store, environment.file)
        self.target = "this machine"
        self.keeps_failed = False
        self._plans: dict[str, Plan] = {}
        self._before: Lineup | None = None
        self._new: Lineup | None = None
        self._take_back = True

    def check(self, request: Request, step: Step) -> Record | None:
        with told_disk():
            self.place.make()
        preflight.check(self.environment, request, self.machine)
        _ = self._secrets
        for name, service in self.environment.services.items():
            self._settled(name, service.run or "", service.env)
        step.summary = "files, tools, secrets"
        return self.serving()

    def build(self, services: Sequence[str], step: Step) -> tuple[Artifact, ...]:
        made = tuple(images.build(self.environment, self.place, name, step) for name in services)
        step.summary = " · ".join(
            f"{each.service} {each.tag[:8]} {'copied' if each.built else 'unchanged'}" for each in made
        )
        return made

    def explain_build(self, services: Sequence[str]) -> tuple[BuildExplanation, ...]:
        serving = self._serving_plan()
        return tuple(images.explain(self.environment, self.place, name, serving) for name in services)

    def push(self, artifacts: Sequence[Artifact], step: Step) -> tuple[Image, ...]:
        step.summary = "nothing to push: the files stay on this machine"
        return tuple(images.image(self.place, each.service, each.digest or "") for each in artifacts)

    def resolve(self, images_given: dict[str, str]) -> tuple[Image, ...]:
        return tuple(images.resolve(self.place, name, given) for name, given in images_given.items())

    def scan(self, images: Sequence[Image], request: Request, step: Step) -> Accepted | None:
        return None  # its images are files that no registry has

    def prepare(self, images: Sequence[Image], request: Request, step: Step) -> Candidate:
        before = self._serving_plan()
        with told_disk():
            ready = [files.make_ready(self.environment, self.place, each, step) for each in images]
            given = {
                each.name: msgspec.structs.replace(each, **self._settled(each.name, each.run, each.env))
                for each in ready
            }
        kept = {each.name: each for each in before.services} if before else {}
        missing = [name for name in self.environment.services if name not in given and name not in kept]
        if missing:
            raise Refused(
                f"{', '.join(missing)} never ran here: the first deploy needs every service", code="first-deploy"
            )
        chosen = tuple(given.get(name) or kept[name] for name in self.environment.services)
        with told_disk():
            made = Plan(services=chosen, secrets=launch.keep_secrets(self.place, self._secrets))
            plan.write(made, self.place.plans)
        self._plans[made.id] = made
        changes = made.changes(before)
        step.summary = " · ".join(f"{each.workload} {each.change}" for each in changes)
        unchanged = self._serves_well(made.id, request) and self.machine.fronts_as_wanted()
        if unchanged and lock.left(self.place.lock):
            with self.lock(request, "deploy", step):
                pass  # there is nothing to deploy, so nobody else would end what a killed run left
        return Candidate(
            id=made.id,
            images=made.images,
            changes=changes,
            source=request.source,
            unchanged=unchanged,
        )

    @contextmanager
    def lock(self, request: Request, verb: str, step: Step) -> Iterator[None]:
        self.place.make()
        with lock.hold(self.place.lock, request, verb, self.environment.name, step) as killed:
            if told := backups.finish(self.place):
                self.journal.notice(told, "warning")
            if killed:
                processes.end_marked(TASK_MARK, str(self.place.home))
            for name in self.machine.tidy():
                self.journal.notice(f"stopped {name}, which an interrupted run had left")
            yield

    def holds(self) -> tuple[Hold, ...]:
        return self.store.holds()

    def hold(self, hold: Hold) -> None:
        self.store.hold(hold)

    def lift(self, hold: Hold) -> None:
        self.store.lift(hold)

    def migrate(self, candidate: Candidate, step: Step) -> str:
        wanted = self.environment.migrate
        if wanted is None:
            return ""
        release = self._plan(candidate.id)
        made_of = migration.made_of(wanted, release, self.place)
        if migration.ran_before(self.place, made_of):
            step.summary = "nothing of migrate.files has changed"
            return ""
        irreversible = migration.irreversible(wanted, release, self.place, candidate.source.commit, step)
        backup = self._before_migration(step)
        try:
            migration.run(wanted, release, self.place, candidate.source.commit, step)
        except Failed as error:
            if backup:
                error.message += f"; backup {backup.number} is the data of before"
                error.next = (f"cloudnorth restore {backup.number} --env {self.environment.name}",)
            raise
        if made_of:
            migration.succeeded(self.place, made_of)
        if backup:
            step.summary += f" · backup {backup.number} of the data of before"
        return irreversible

    def _before_migration(self, step: Step) -> Backup | None:
        """A backup of the data that the migration is about to change, if there is any."""
        if not any(self.place.data.iterdir()):
            return None
        with told_disk():
            made = backups.take(self.place, self.store, "before a migration", self._serving_number(), step)
            backups.prune(self.place, self.environment.file.backups)
        return made

    def _serving_number(self) -> int | None:
        there = self.machine.serving()
        return there.release.number if there else None

    def next_revision(self, step: Step, *, mend: bool = True) -> int:
        return self.store.next("revision")

    def rejoin(self, record: Record) -> Candidate | None:
        return None  # what was left half way was taken away when the lock was taken

    def release(self, candidate: Candidate, release: Release, request: Request, step: Step) -> None:
        self._take_back = request.rollback
        self._start(self._plan(candidate.id), release, candidate.source.commit, step)
        told = [f"{each.workload} {'stays' if each.change == 'unchanged' else 'changes'}" for each in candidate.changes]
        step.summary = f"{release} ({', '.join(told)})"

    def watch(self, candidate: Candidate, release: Release, step: Step) -> Verdict:
        return self._watch(self._plan(candidate.id), step)

    def verify(self, candidate: Candidate, release: Release, step: Step) -> None:
        self._verify(self._plan(candidate.id), step)

    def record(self, record: Record) -> None:
        self.store.keep(self.journal.mask.everywhere(record))
        if record.verified_at and record.watch:
            self.store.forget_watched(before=record.release.revision)
        if record.verified_at:
            prune.prune(self.place, self.store, self.environment.file.keep, self.machine.serving())

    def attempted(self, attempt: Attempt) -> None:
        self.store.keep_attempt(self.journal.mask.everywhere(attempt))

    def attempts(self) -> tuple[Attempt, ...]:
        return self.store.attempts()

    def serving(self) -> Record | None:
        there = self.machine.serving()
        if there is None:
            return None
        record = self.store.revision(there.release.revision)
        return record if record and record.verified_at else self.store.newest_verified()

    def forget(self, release: Release) -> None:
        self.store.forget(release.revision)

    def rollback(self, to: Record, release: Release, step: Step) -> None:
        wanted = plan.read(self.place.plans, to.release.id)
        if wanted is None:
            raise Refused(
                f"release {to.release} is not kept on this machine any more; kept: {self._kept()}", code="not-kept"
            )
        try:
            self._roll(wanted, release, to.source.commit, step)
        except CloudnorthError as error:
            raise self._not_back(to, error) from error
        step.summary = f"release {release}"

    def _kept(self) -> str:
        """Numbers of the releases that one can go back to, newest first."""
        verified = [record.release for record in self.store.newest(HISTORY) if record.verified_at]
        there = [each.number for each in verified if plan.read(self.place.plans, each.id)]
        return ", ".join(map(str, dict.fromkeys(there))) or "none"

    def restart(self, services: Sequence[str], step: Step) -> Verdict:
        there, wanted = self.machine.serving(), self._serving_plan()
        if there is None or wanted is None:
            raise self._nothing_runs()
        return self._roll(wanted, there.release, "", step, Wishes(anew=services or tuple(self.environment.services)))

    def scale(self, counts: Mapping[str, int], step: Step) -> Verdict:
        there, wanted = self.machine.serving(), self._serving_plan()
        if there is None or wanted is None:
            raise self._nothing_runs()
        for name, count in counts.items():
            if count > SLOTS:
                raise Refused(
                    f"{name}={count}: at most {SLOTS} processes of one service run on one machine", code="too-many"
                )
        verdict = self._roll(wanted, there.release, "", step, Wishes(counts=counts))
        self.store.keep_counts(counts)
        step.notice(f"kept by every later deploy, rollback and restart of {self.environment.name}")
        return verdict

    def checks(self) -> tuple[Check, ...]:
        return checkup.checks(self.environment, self.place, self.machine, self.journal)

    def status(self) -> Status:
        return status.status(self.environment, self.machine, self._serving_plan(), self.lock_status())

    def logs(self, query: LogQuery) -> Iterator[LogLine]:
        known = -1
        for line in logs.lines(self.place, query):
            # While lines are followed a release may come whose secrets are others.
            if (kept := launch.secrets_kept(self.place)) != known:
                known = kept
                self.journal.hide(*launch.kept_secrets(self.place))
            yield line

    def history(self, limit: int) -> tuple[Record, ...]:
        return self.store.newest(limit)

    def down(self, step: Step) -> str:
        self.machine.stop()
        return f"The data stays in {self.place.data}, records and releases beside it"

    def run(self, service: str, words: Sequence[str], tell: Tell) -> int:
        there, wanted = self.machine.serving(), self._serving_plan()
        if there is None or wanted is None:
            raise self._nothing_runs()
        return commanding.run_beside(self.place, wanted, there, service, words, tell)

    def exec(self, service: str, words: Sequence[str], tell: Tell | None, *, tty: bool = True) -> int:
        there, wanted = self.machine.serving(), self._serving_plan()
        if there is None or wanted is None:
            raise self._nothing_runs()
        return commanding.run_within(self.place, wanted, there, self.machine.supervisor, service, words, tell)

    def data(self) -> str:
        if not self.place.home.exists():
            raise Refused(f"{self.environment.name} has no data on this machine", code="no-data")
        kept = len(backups.all_of(self.place))
        copies = f" and its {kept} backup{'s' if kept > 1 else ''}" if kept else ""
        return f"the data in {self.place.data}, its history{copies}"

    def delete_data(self, step: Step) -> str:
        gone = self.place.home.with_name(f".{self.place.home.name}.deleted")
        step.waiting(f"{self.place.home} to be deleted")
        with told_disk():
            shutil.rmtree(gone, ignore_errors=True)
            self.place.home.rename(gone)  # never half of it
            shutil.rmtree(gone)
        with suppress(OSError):  # another environment of the project is there
            self.place.home.parent.rmdir()
        return str(self.place.home)

    def backup(self, step: Step) -> Backup:
        if not self.place.data.is_dir():
            raise Refused(f"{self.environment.name} has no data on this machine", code="no-data")
        with told_disk():
            made = backups.take(self.place, self.store, "by hand", self._serving_number(), step)
            backups.prune(self.place, self.environment.file.backups)
        return made

    def backups(self) -> tuple[Backup, ...]:
        return backups.all_of(self.place)

    def find_backup(self, which: str | None) -> Backup:
        return backups.find(self.place, which)

    def restore(self, chosen: Backup, step: Step) -> Restored:
        return restoring.restore(self.environment, self.machine, chosen, step)

    def lock_status(self) -> LockStatus | None:
        return lock.status(self.place.lock)

    def address(self) -> str | None:
        return front.address(self.place, self.environment.file) if self.machine.serving() else None

    def service(self) -> Service:
        return Service(self.environment, self.machine)

    @contextmanager
    def pages(self) -> Iterator[Callable[[Release], None]]:
        domain = self.environment.file.domain
        if domain:
            message = f"{self.environment.name} serves {domain}: --watch is for environments on 127.0.0.1 alone"
            raise Refused(message, code="watch-domain")
        there = self.machine.serving()
        now = there.release.id if there else ""
        with pages.served(self.place, self._front_port, self.machine.refresh, now) as server:
            yield lambda release: server.tell(release.id)

    def _front_port(self) -> int:
        chosen = front.chosen(self.place)
        return chosen.port if chosen else self.environment.file.port

    def needed(self) -> tuple[Needed, ...]:
        return ()  # it runs files: its records name bundles on this machine, which `keep` prunes

    def kubeconfig(self) -> str:
        raise Refused(f"{self.environment.name} runs on this machine, without a cluster", code="no-cluster")

    def _nothing_runs(self) -> Refused:
        deploy = f"cloudnorth deploy --env {self.environment.name}"
        return Refused("nothing runs here yet", code="nothing-deployed", next=(deploy,))

    @cached_property
    def _secrets(self) -> dict[str, Secret]:
        return secrets.sources(self.environment, self.journal, self._outputs).resolve(
            self.environment.file.secrets, "secrets"
        )

    @cached_property
    def _outputs(self) -> Outputs:
        return Outputs(self.environment, self.journal)

    def _settled(self, service: str, run: str, env: Mapping[str, str]) -> dict[str, Any]:
        """A service's texts with Terraform's outputs in them: who starts the release again asks Terraform no more."""

        def filled(text: str, *path: str) -> str:
            return self._outputs.filled(text, self.environment.place("services", service, *path))

        return {"run": filled(run, "run"), "env": {name: filled(text, "env", name) for name, text in env.items()}}

    def _not_back(self, to: Record, error: CloudnorthError) -> CloudnorthError:
        """A rollback that failed: bad when what it should have taken away is in front, or nothing that works."""
        there = self.machine.serving()
        record = self.store.revision(there.release.revision) if there else None
        kind = Failed if there and there.release.id != to.release.id and record and record.verified_at else Broken
        return kind(
            f"release {to.release} did not come back: {error.message}",
            code=error.code,
            where=error.where,
            evidence=error.evidence,
            next=(f"cloudnorth status --env {self.environment.name}",),
        )

    def _plan(self, release_id: str) -> Plan:
        found = self._plans.get(release_id) or plan.read(self.place.plans, release_id)
        if found is None:
            raise Refused(f"release {release_id} is not kept on this machine", code="not-kept")
        return found

    def _serving_plan(self) -> Plan | None:
        there = self.machine.serving()
        return plan.read(self.place.plans, there.release.id) if there else None

    def _serves_well(self, release_id: str, request: Request) -> bool:
        there = self.machine.serving()
        if there is None or there.release.id != release_id or self.place.restoring.exists():
            return False
        record = self.store.revision(there.release.revision)
        # What --watch made becomes a release that one can go back to by being deployed without it.
        fits = record is not None and record.verified_at is not None and (request.watch or not record.watch)
        if not fits:
            return False
        return status.status(self.environment, self.machine, self._serving_plan(), None, with_left=False).healthy

    def _roll(self, wanted: Plan, release: Release, commit: str, step: Step, wishes: Wishes = NO_WISHES) -> Verdict:
        """Start, watch, put in front, verify, retire: what `deploy` does in steps of its own. Raises RolloutFailed."""
        self._take_back = True
        self._start(wanted, release, commit, step, wishes)
        verdict = self._watch(wanted, step)
        if verdict.state != "ready":
            first = verdict.failures[0]
            raise RolloutFailed(first.message, code=first.cause, where=first.pod, evidence=first.lines)
        told = step.summary
        self._verify(wanted, step, lasting=False)
        step.summary = told
        return verdict

    def _start(self, wanted: Plan, release: Release, commit: str, step: Step, wishes: Wishes = NO_WISHES) -> None:
        self._before = self.machine.serving()
        with told_disk():
            self._new = self.machine.start(wanted, release, commit, step, wishes)

    def _watch(self, wanted: Plan, step: Step) -> Verdict:
        assert self._new is not None
        try:
            verdict = watch(self.machine, wanted, self._new, step)
            if verdict.state == "ready":
                self.machine.put_in_front(self._new, wanted, step)
        except BaseException:
            self._go_back()
            raise
        if verdict.state != "ready":
            self._go_back()
        return verdict

    def _verify(self, wanted: Plan, step: Step, *, lasting: bool = True) -> None:
        assert self._new is not None
        port = front.chosen(self.place)
        assert port is not None
        try:
            checks.verify(self.place, port.port, wanted, self._new, self.environment.verify, step, lasting=lasting)
            self.machine.drain(self._before, step)
        except RolloutFailed as failure:
            lost = self.machine.lost()
            if lost or (self._take_back and self._before):
                self._go_back()
            raise lost or failure from None
        except BaseException:
            self._go_back()
            raise
        with signals.held():  # from here on there is nothing to go back to
            self.machine.tidy()

    def _go_back(self) -> None:
        """What served before serves, and nothing of the new release runs."""
        assert self._new is not None
        before = plan.read(self.place.plans, self._before.release.id) if self._before else None
        self.machine.put_back(self._before, before)
        self.machine.abandon()
