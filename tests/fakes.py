"""A platform of our own for testing renderers and sessions: it keeps its records in a file and does as it is told.

`FAKE` in the environment says how: `crash` (the new pods die), `slow` (a step takes long), `bug` (a defect of ours),
`locked`, `unhealthy`, `unreachable`, `talkative`; several with commas.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec

from cloudnorth_cli.errors import Failed, Locked, Refused, RolloutFailed
from cloudnorth_cli.events import BuildExplanation, Journal, Step
from cloudnorth_cli.model import (
    Accepted,
    Artifact,
    Attempt,
    Backup,
    Candidate,
    Change,
    Finding,
    Hold,
    Image,
    LockStatus,
    LogLine,
    LogQuery,
    Needed,
    Pod,
    PodFailure,
    Record,
    Release,
    Request,
    Restored,
    ServiceStatus,
    Status,
    Verdict,
    Workload,
)
from cloudnorth_cli.platforms import Check, Seen, Service, Tell
from cloudnorth_cli.settings import Environment

DIGEST = "sha256:" + "3a91f0c2" * 8


class FakePlatform:
    """Serves nothing anywhere, but says everything that a platform says."""

    def __init__(self, environment: Environment, journal: Journal) -> None:
        self.environment = environment
        self.target = "fake shop-prod, us-east-1"
        self.keeps_failed = True
        self.wishes = os.environ.get("FAKE", "").split(",")
        self.pace = float(os.environ.get("FAKE_PACE", "0"))
        self._file = environment.root / ".cloudnorth" / f"fake-{environment.name}.json"

    def check(self, request: Request, step: Step) -> Record | None:
        self._pass(step)
        if "unreachable" in self.wishes:
            raise Refused("cannot reach the cluster at https://10.0.0.1:6443: refused", code="cluster-unreachable")
        step.summary = "credentials (until 09:10), cluster, registry, chart"
        return self.serving()

    def build(self, services: Sequence[str], step: Step) -> tuple[Artifact, ...]:
        for number in range(1, 6):
            for name in services:
                step.progress(name, number, 5, "stages", f"RUN step {number}")
                step.output(f"docker build {name}", f"#{number} [{number}/5] RUN step {number}")
            self._pass(step)
        if "bug" in self.wishes:
            raise ZeroDivisionError("the fake's own defect")
        step.summary = " · ".join(f"{name} 3a91f0c2 built" for name in services)
        return tuple(self._artifact(name, built=True) for name in services)

    def explain_build(self, services: Sequence[str]) -> tuple[BuildExplanation, ...]:
        return tuple(
            BuildExplanation(service=name, tag="3a91f0c2", previous_tag="77be01aa", changed=("app/shop/settings.py",))
            for name in services
        )

    def push(self, artifacts: Sequence[Artifact], step: Step) -> tuple[Image, ...]:
        for done in range(0, 101, 20):
            for artifact in artifacts:
                step.progress(artifact.service, done * 124_000, 12_400_000, "bytes")
            self._pass(step)
        step.summary = "api 12.4 MB of 96.1 MB (rest was there)"
        return tuple(self._image(artifact.service) for artifact in artifacts)

    def resolve(self, images: dict[str, str]) -> tuple[Image, ...]:
        return tuple(self._image(name) for name in images)

    def scan(self, images: Sequence[Image], request: Request, step: Step) -> Accepted | None:
        found = ("CVE-2026-1234 openssl 3.0.1: fixed in 3.0.2 (api)",) if "findings" in self.wishes else ()
        if found and not request.allow_findings:
            raise Refused("1 finding that can be mended", code="scan-findings", evidence=found)
        return Accepted(reason=request.allow_findings, findings=found) if found else None

    def prepare(self, images: Sequence[Image], request: Request, step: Step) -> Candidate:
        self._pass(step)
        step.summary = "manifest with 2 digests"
        changes = tuple(Change(workload=f"deployment/{i.service}", service=i.service, change="changed") for i in images)
        return Candidate(
            id=os.environ.get("FAKE_ID") or f"{len(self.history(1000)) + 1:06x}",
            images=tuple(images),
            changes=changes,
            source=request.source,
            unchanged="same" in self.wishes,
        )

    @contextmanager
    def lock(self, request: Request, verb: str, step: Step) -> Iterator[None]:
        if "locked" in self.wishes:
            raise Locked("prod is held by jenkins #318 since 07:15", next=("cloudnorth status --env prod",))
        try:
            yield
        finally:
            if "hanging" in self.wishes:
                time.sleep(30)

    def holds(self) -> tuple[Hold, ...]:
        file = self._file.with_suffix(".holds")
        return msgspec.json.decode(file.read_bytes(), type=tuple[Hold, ...]) if file.exists() else ()

    def hold(self, hold: Hold) -> None:
        self._keep_holds([*(one for one in self.holds() if one.key != hold.key), hold])

    def lift(self, hold: Hold) -> None:
        self._keep_holds([one for one in self.holds() if one.key != hold.key])

    def _keep_holds(self, holds: list[Hold]) -> None:
        file = self._file.with_suffix(".holds")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode(holds))

    def migrate(self, candidate: Candidate, step: Step) -> str:
        step.output("migrate", "Running upgrade 0006 -> 0007, add_brand")
        if "no-migration" in self.wishes:
            said = ("Running upgrade 0006 -> 0007, add_brand", "no such column: brand")
            raise Failed("the migration failed: shop migrate", code="migration-failed", evidence=said)
        self._pass(step)
        step.summary = "0007 add_brand"
        return "0008 drop_brand" if "irreversible" in self.wishes else ""

    def next_revision(self, step: Step, *, mend: bool = True) -> int:
        return len(self.history(1000)) + 1

    def rejoin(self, record: Record) -> Candidate | None:
        return Candidate(id=record.release.id, images=record.images, changes=(), source=record.source, unchanged=False)

    def release(self, candidate: Candidate, release: Release, request: Request, step: Step) -> None:
        self._pass(step)
        if "refused" in self.wishes:
            raise Failed("helm could not install it: admission webhook denied the request", code="helm-failed")
        if "hook" in self.wishes:
            raise RolloutFailed("the chart's hook migrate failed: exit 3", code="hook-failed")
        step.summary = f"{release} (api changes, storefront stays)"

    def watch(self, candidate: Candidate, release: Release, step: Step) -> Verdict:
        pods: tuple[Pod, ...] = ()
        workloads: tuple[Workload, ...] = ()
        for ready in range(5):
            workloads = (Workload(name="deployment/api", service="api", wanted=4, updated=4, ready=ready, done=False),)
            pods = tuple(self._pod(n, n < ready) for n in range(4))
            step.rollout(workloads, pods)
            step.waiting(f"api {ready}/4; api-6d9c7-x2x8{ready} pulling image")
            self._pass(step)
            if "crash" in self.wishes:
                failure = PodFailure(
                    cause="crash-at-start",
                    message="api crashes at start: exit 1 in 0.4 s, twice on 2 of 2 new pods",
                    pod="api-6d9c7-x2x8q",
                    lines=('File "/app/shop/settings.py", line 31, in load', "KeyError: 'PAYMENT_URL'"),
                )
                return Verdict(state="failed", workloads=workloads, pods=pods, failures=(failure,))
        step.summary = "api 4/4"
        return Verdict(state="ready", workloads=workloads, pods=pods, waiting_for="api 4/4")

    def verify(self, candidate: Candidate, release: Release, step: Step) -> None:
        self._pass(step)
        step.summary = f"https://shop.example/version is {release}, 10 of 10"

    def record(self, record: Record) -> None:
        kept = [one for one in self.history(1000) if one.release.revision != record.release.revision]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        records = sorted([record, *kept], key=lambda one: one.release.revision, reverse=True)
        self._file.write_bytes(msgspec.json.encode(records))

    def attempted(self, attempt: Attempt) -> None:
        file = self._file.with_suffix(".attempts")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode((attempt, *self.attempts())))

    def attempts(self) -> tuple[Attempt, ...]:
        file = self._file.with_suffix(".attempts")
        return msgspec.json.decode(file.read_bytes(), type=tuple[Attempt, ...]) if file.exists() else ()

    def serving(self) -> Record | None:
        return next((record for record in self.history(1000) if record.verified_at), None)

    def forget(self, release: Release) -> None:
        self._file.write_bytes(
            msgspec.json.encode([one for one in self.history(1000) if one.release.revision != release.revision])
        )

    def rollback(self, to: Record, release: Release, step: Step) -> None:
        self._pass(step)
        if "secret-gone" in self.wishes:
            raise Refused("its Secret shop-1f0c2b7a90 is gone", code="secret-gone")

    def checks(self) -> tuple[Check, ...]:
        broken = Finding(code="fake-broken", message="it is broken", where="here", next=("cloudnorth status --env E",))
        wrong = Seen("as asked", (broken,) if "unhealthy" in self.wishes else ())
        return (Check("first", lambda: wrong), Check("second", lambda: Seen("well"), needs="first"))

    def status(self) -> Status:
        if "unreachable" in self.wishes:
            raise Failed("cannot reach the cluster at https://10.0.0.1:6443: refused", code="cluster-unreachable")
        serving = self.serving()
        healthy = "unhealthy" not in self.wishes and serving is not None
        name = self.environment.name
        services = tuple(
            ServiceStatus(name=one, wanted=2, ready=2 if healthy else 1, restarts=0 if healthy else 9)
            for one in self.environment.services
        )
        word = "healthy" if healthy else "unhealthy"
        release = f"release {serving.release}" if serving else "nothing deployed"
        return Status(
            environment=name,
            healthy=healthy,
            summary=f"{name}  {word}: {release}, 4/4 ready" if healthy else f"{name}  {word}: api is killed",
            serving=serving,
            services=services,
            pods=() if healthy else (self._pod(1, False),),
            lock=None if healthy else LockStatus(holder="jenkins #318", since=None),
            address="https://shop.example",
            next=() if healthy else (f"cloudnorth logs --env {name} --service api --previous",),
        )

    def logs(self, query: LogQuery) -> Iterator[LogLine]:
        number = 0
        while query.follow or number < min(query.tail or 10, 10):
            service = ("api", "storefront")[number % 2]
            if not query.services or service in query.services:
                yield LogLine(service=service, source=f"{service}-6d9c7-x2x8q", text=f"GET /products 200 #{number}")
            number += 1
            time.sleep(self.pace)

    def history(self, limit: int) -> tuple[Record, ...]:
        if not self._file.exists():
            return ()
        return msgspec.json.decode(self._file.read_bytes(), type=tuple[Record, ...])[:limit]

    def restart(self, services: Sequence[str], step: Step) -> Verdict:
        self._pass(step)
        return Verdict(state="ready", workloads=(), pods=(), waiting_for="4/4 ready")

    def scale(self, counts: Mapping[str, int], step: Step) -> Verdict:
        self._pass(step)
        return Verdict(state="ready", workloads=(), pods=(), waiting_for="all ready")

    def down(self, step: Step) -> str:
        self._pass(step)
        return "The data stays in .cloudnorth/fake"

    def run(self, service: str, words: Sequence[str], tell: Tell) -> int:
        tell(f"{service} runs {' '.join(words)}", "stdout")
        tell("a warning", "stderr")
        return int(words[-1]) if words[-1].isdigit() else 0

    def exec(self, service: str, words: Sequence[str], tell: Tell | None, *, tty: bool = True) -> int:
        if tell:
            tell(f"{service} has {' '.join(words)}", "stdout")
        return int(words[-1]) if words[-1].isdigit() else 0

    def data(self) -> str:
        return "the data in .cloudnorth/fake"

    def delete_data(self, step: Step) -> str:
        self._pass(step)
        return ".cloudnorth/fake"

    def backup(self, step: Step) -> Backup:
        self._pass(step)
        return self.find_backup(None)

    def backups(self) -> tuple[Backup, ...]:
        return (self.find_backup(None),)

    def find_backup(self, which: str | None) -> Backup:
        at = datetime(2026, 11, 26, 4, 30, tzinfo=UTC)
        return Backup(
            number=3, kind="by hand", at=at, release=1, databases=1, files=2, bytes=2_000_000, folder="backups/3"
        )

    def restore(self, chosen: Backup, step: Step) -> Restored:
        self._pass(step)
        return Restored(backup=chosen, kept=msgspec.structs.replace(chosen, number=4, kind="before a restore"))

    def lock_status(self) -> LockStatus | None:
        return None

    def address(self) -> str | None:
        return "https://shop.example"

    def service(self) -> Service:
        raise Refused("the fake needs no service", code="service-local-only")

    @contextmanager
    def pages(self) -> Iterator[Callable[[Release], None]]:
        yield lambda release: None

    def needed(self) -> tuple[Needed, ...]:
        return tuple(
            Needed(repository=image.repository, digest=image.digest, why=f"release {record.release}")
            for record in self.history(1000)
            for image in record.images
        )

    def kubeconfig(self) -> str:
        return "apiVersion: v1\nkind: Config\n"

    def _pass(self, step: Step) -> None:
        if "talkative" in self.wishes:
            step.output("helm", "client.go: building resources")
        if f"slow-{step.name}" in self.wishes:
            step.waiting(f"{step.name} is asked to take long")
            time.sleep(60)
        time.sleep(self.pace)

    def _artifact(self, name: str, built: bool) -> Artifact:
        return Artifact(
            service=name, repository=f"registry/shop-{name}", tag="3a91f0c2", digest=None, built=built, seconds=1.5
        )

    def _image(self, name: str) -> Image:
        return Image(service=name, repository=f"registry/shop-{name}", digest=DIGEST, tag="3a91f0c2")

    def _pod(self, number: int, ready: bool) -> Pod:
        return Pod(
            name=f"api-6d9c7-x2x8{number}",
            service="api",
            ready=ready,
            state="running" if ready else "pulling image",
            started_at=datetime.now(UTC),
        )
