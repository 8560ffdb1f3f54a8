"""The values that the parts hand to each other: frozen, with no behaviour beyond a question or two."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec

OneLine = Annotated[str, msgspec.Meta(pattern=r"^[^\r\n]*(?![\s\S])")]
"""A text that is one line."""
Command = Annotated[str, msgspec.Meta(pattern=r"^(?!.*(\s#|…))[^\s#][^\r\n]*(?![\s\S])")]
"""A line to type next, as it is: no comment behind it, nothing left out."""


class Secret:
    """A value that must never be shown; `reveal()` is the one way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the values below: immutable, compared by content, written as JSON by msgspec."""


class Source(Value, frozen=True, kw_only=True):
    """The commit that a release is made from, as git tells it."""

    commit: str
    """Short hash, `+dirty` behind it when the tree differs from the commit; "" outside a repository."""
    message: str = ""
    """First line of the commit message."""
    dirty: bool = False
    committed_at: datetime | None = None


class Actor(Value, frozen=True, kw_only=True):
    """Who runs this, and where it can be read about."""

    who: str
    """`user@host`, or `jenkins #318` in a pipeline."""
    run: str
    """Identifier of this run of the tool, such as `20261124-071502-7c`."""
    run_url: str | None = None


class Image(Value, frozen=True, kw_only=True):
    """A service's image (on `local`: its bundle of files), by digest."""

    service: str
    repository: str
    """Registry host and path without tag, such as `10.89.0.2:5000/shop-api`; on local the bundles' folder."""
    digest: str
    """`sha256:` and 64 hex digits."""
    tag: str = ""
    """Content tag, "" where the image was named by digest only."""

    @property
    def reference(self) -> str:
        """REPOSITORY@DIGEST, what a pod names."""
        return f"{self.repository}@{self.digest}"

    @property
    def short(self) -> str:
        """The first eight hex digits of the digest, for people."""
        return self.digest.removeprefix("sha256:")[:8]


class Artifact(Value, frozen=True, kw_only=True):
    """What `build` made or found for one service."""

    service: str
    repository: str
    tag: str
    digest: str | None
    """Known when the registry has it already (or on local); None until it is pushed."""
    built: bool
    """False when nothing had to be built."""
    seconds: float = 0.0


class Release(Value, frozen=True, kw_only=True):
    """One release of an environment, as it is named to people."""

    id: str
    """Hash of the images' digests and the rendered manifest; the same id means nothing to do."""
    number: int
    """The revision that first installed it."""
    revision: int
    """The revision that serves it; differs from `number` after a rollback."""

    def __str__(self) -> str:
        return str(self.number) if self.number == self.revision else f"{self.number} (revision {self.revision})"


class Accepted(Value, frozen=True, kw_only=True):
    """What a scanner found and somebody deployed all the same (`deploy --allow-findings`)."""

    reason: str
    findings: tuple[str, ...]
    """`CVE-2026-1234 openssl 3.0.1: fixed in 3.0.2 (api)`."""


Outcome = Literal["deployed", "failed", "rolled-back", "interrupted", "unverified"]


class Record(Value, frozen=True, kw_only=True):
    """What is kept of one revision: who, what, and how it went. No secret is in it."""

    release: Release
    outcome: Outcome
    images: tuple[Image, ...]
    actor: Actor
    source: Source
    started_at: datetime
    finished_at: datetime | None = None
    verified_at: datetime | None = None
    rolled_back_to: int | None = None
    """Number of the release that was put back in its place."""
    cause: str | None = None
    """Stable code of the failure, such as `crash-at-start`."""
    lines: tuple[str, ...] = ()
    """Decisive lines of the failure, masked, at most 32 kB together."""
    watch: bool = False
    """Made by `deploy --watch`: it serves, and is never gone back to."""
    step: str = ""
    """The step that its run had come to when this was written, such as `watch`."""
    irreversible: str = ""
    """What of its migration cannot be taken back, as `migrate.check` said; "" when all of it can."""
    accepted: Accepted | None = None
    """Findings in its images that were accepted."""


AttemptOutcome = Literal["failed", "refused", "interrupted"]


ATTEMPTS_KEPT = 20
"""The newest of an environment."""


class Attempt(Value, frozen=True, kw_only=True):
    """A deploy that ended, under the lock, before it made a release: what served before serves. No secret is in it."""

    step: str
    """Where it ended: `migrate`; `prepare`, where something else came to serve meanwhile; `release`, not begun."""
    outcome: AttemptOutcome
    images: tuple[Image, ...]
    actor: Actor
    source: Source
    started_at: datetime
    finished_at: datetime
    cause: str | None = None
    """Stable code, such as `migration-failed`; none where a signal stopped it."""
    message: OneLine = ""
    lines: tuple[str, ...] = ()
    """Decisive lines of the failure, masked."""
    left: str = ""
    """How it left things, for people: `nothing else was changed`."""

    @property
    def key(self) -> str:
        """Names it among the attempts of its environment; sorts by time."""
        return f"{self.finished_at:%Y%m%d-%H%M%S-%f}.{self.actor.run}"


class Hold(Value, frozen=True, kw_only=True):
    """What is kept out of an environment until somebody lifts it: one release, or (a freeze) every change."""

    release: Release | None
    """None: the whole environment is frozen."""
    reason: str
    """Why, for people: `crash-at-start: api crashes at start: exit 1`."""
    actor: Actor
    since: datetime

    @property
    def key(self) -> str:
        """What is kept out: a release's id, or `freeze`."""
        return self.release.id if self.release else "freeze"


class Change(Value, frozen=True, kw_only=True):
    """One workload of a candidate against what serves."""

    workload: str
    """`deployment/shop-api`, or the service's name on local."""
    service: str | None
    change: Literal["created", "changed", "unchanged", "removed"]


class Candidate(Value, frozen=True, kw_only=True):
    """A release that is ready to go: prepared, checked, not yet installed."""

    id: str
    images: tuple[Image, ...]
    changes: tuple[Change, ...]
    source: Source
    unchanged: bool
    """True when this very release serves already and is healthy: nothing to do."""


class Pod(Value, frozen=True, kw_only=True):
    """One pod, or one process on local, as `status` and `watch` show it."""

    name: str
    service: str | None
    ready: bool
    state: str
    """`running`, `starting`, `pulling image`, or the reason that the platform gives, such as `CrashLoopBackOff`."""
    restarts: int = 0
    release: str | None = None
    started_at: datetime | None = None
    ending_since: datetime | None = None
    """When it was asked to end."""
    detail: str = ""


class ServiceStatus(Value, frozen=True, kw_only=True):
    """One service of an environment."""

    name: str
    wanted: int
    ready: int
    restarts: int
    image: str = ""
    """Reference that it runs."""
    url: str | None = None


class Backup(Value, frozen=True, kw_only=True):
    """A copy of an environment's data (local platform)."""

    number: int
    kind: str
    """`by hand`, `before a migration`, `before a restore`."""
    at: datetime
    release: int | None
    """Number of the release that served then."""
    databases: int
    files: int
    """Besides databases."""
    bytes: int
    folder: str


class Restored(Value, frozen=True, kw_only=True):
    """What `restore` did."""

    backup: Backup
    kept: Backup
    """What was in its place, as a backup of its own."""


class LockStatus(Value, frozen=True, kw_only=True):
    """Who holds the environment."""

    holder: str
    since: datetime | None
    run: str | None = None
    run_url: str | None = None
    commit: str = ""
    verb: str = ""
    """What the holder does: `deploy`."""
    step: str = ""
    """Where in it: `watch`."""
    abandoned: bool = False
    """The holder has given no sign of life for longer than a lock lasts without one."""
    silent_seconds: float | None = None
    """Since the holder's last sign of life, by the platform's own clock."""


class Alarm(Value, frozen=True, kw_only=True):
    """One alarm of CloudWatch."""

    name: str
    state: Literal["ok", "alarm", "no-data"]
    says: str = ""
    """Its description: `the database is busy`."""
    reason: str = ""
    """Why it has come to this state, in AWS's words."""
    since: datetime | None = None


class Alarms(Value, frozen=True, kw_only=True):
    """The alarms of an environment."""

    prefix: str
    """With which their names begin."""
    ok: int = 0
    """So many are OK."""
    not_ok: tuple[Alarm, ...] = ()
    """Those in alarm first, then those without data."""
    unread: str = ""
    """Why they could not be read; "" where they were."""


class Status(Value, frozen=True, kw_only=True):
    """What serves, and whether it is well."""

    environment: str
    healthy: bool
    summary: str
    """The one sentence that is enough: `prod  healthy: release 42, 7/7 ready`."""
    serving: Record | None
    services: tuple[ServiceStatus, ...]
    pods: tuple[Pod, ...]
    lock: LockStatus | None
    address: str | None
    """Where a person reaches it."""
    holds: tuple[Hold, ...] = ()
    """Releases that are kept out, and whether the environment is frozen."""
    problems: tuple[str, ...] = ()
    next: tuple[Command, ...] = ()
    alarms: Alarms | None = None
    """None where the environment is not in AWS. They change neither `healthy` nor the exit status."""


class LogLine(Value, frozen=True, kw_only=True):
    """One line of a service's log."""

    service: str
    source: str
    """Pod, or file on local."""
    text: str
    at: datetime | None = None


class LogQuery(Value, frozen=True, kw_only=True):
    """Which log lines are wanted."""

    services: tuple[str, ...] = ()
    """Empty: all."""
    follow: bool = False
    previous: bool = False
    """Of the container that died before the one that runs."""
    since_seconds: float | None = None
    since_deploy: bool = False
    """Since the release that serves was begun; `commands/logs.py` makes seconds of it."""
    source: Literal["running", "cloudwatch"] = "running"
    """Where they are read: from what runs, or from what CloudWatch keeps of what ran."""
    tail: int | None = 100
    """Lines of each pod to begin with; None: all."""


class Request(Value, frozen=True, kw_only=True):
    """What a deploy was asked for."""

    services: tuple[str, ...] = ()
    """Build and change only these; empty: all."""
    images: Mapping[str, str] = {}
    """Service to reference for what was built elsewhere."""
    source: Source
    actor: Actor
    first: bool = False
    """The first install into a protected environment is meant."""
    force_conflicts: bool = False
    rollback: bool = True
    """Take a failed release back."""
    watch: bool = False
    """Of `deploy --watch`: kept apart from the releases that one can go back to."""
    allow_findings: str = ""
    """Why what a scanner finds in the images is accepted; "" where it is not."""
    hold: bool = True
    """Respect what is held, and hold a release that is taken back."""
    wait_lock: float = 0.0
    """Seconds to wait for the lock while somebody else has it."""
    take_lock: bool = False
    """Take the lock whoever has it, and go past a freeze: for a rollback that cannot wait."""


class ResourceChange(Value, frozen=True, kw_only=True):
    """One thing that a plan of Terraform would change."""

    address: str
    """`module.rds.aws_db_instance.this`."""
    type: str
    """`aws_db_instance`."""
    action: Literal["create", "update", "replace", "destroy", "forget"]
    detail: str = ""
    """`desired_size 2 → 3`, `engine_version forces replacement`; nothing that is marked sensitive."""
    loses: str = ""
    """What would be lost with it, for people: `the database`; empty where that can be made again."""
    allowed: bool = True
    """False: it loses something and nobody said --allow-destroy."""


class Plan(Value, frozen=True, kw_only=True):
    """What Terraform would do."""

    folder: str
    """The root module, as the configuration names it."""
    environment: str
    changes: tuple[ResourceChange, ...]
    outputs: tuple[str, ...] = ()
    """Names of outputs that would change."""

    @property
    def empty(self) -> bool:
        """True when there is nothing to do."""
        return not self.changes and not self.outputs

    def count(self, action: str) -> int:
        return sum(change.action == action for change in self.changes)


class Workload(Value, frozen=True, kw_only=True):
    """How far one workload's new revision has come."""

    name: str
    service: str | None
    wanted: int
    updated: int
    ready: int
    """Of the new revision only."""
    done: bool


class PodFailure(Value, frozen=True, kw_only=True):
    """Why a pod of the new revision will not do, with the proof."""

    cause: str
    """Stable code, such as `crash-at-start`, `image-not-found`, `oom`, `never-ready`."""
    message: str
    """One sentence: `api crashes at start: exit 1`."""
    pod: str
    lines: tuple[str, ...] = ()
    """The last lines it wrote; of the container that died where it was started again since."""
    events: tuple[str, ...] = ()
    """Warning events without repeats."""
    service: str | None = None
    container: str = ""
    reason: str = ""
    """The platform's own word: `OOMKilled`, `ErrImagePull`, `FailedCreate`."""
    exit_code: int | None = None
    signal: str = ""
    """`SIGKILL` where a signal ended it."""
    restarts: int = 0
    stood_for: float = 0.0
    """Seconds between the observation that first showed it and the verdict."""
    log: tuple[str, ...] = ()
    """What the container that runs now has written, where `lines` are of the one before."""
    probe: str = ""
    """The probe that failed, as it is configured."""
    image: str = ""
    digest: str = ""
    node: str = ""
    unseen: tuple[str, ...] = ()
    """What could not be read, such as `its log: pods/log is forbidden`."""


class Waiting(Value, frozen=True, kw_only=True):
    """A reason to give up that has not stood long enough to be believed."""

    cause: str
    message: str
    pod: str
    seconds: float
    """For which it has stood."""
    patience: float
    """Seconds after which it is believed."""


class Verdict(Value, frozen=True, kw_only=True):
    """One look at a rollout."""

    state: Literal["progressing", "waiting", "ready", "failed"]
    """`waiting`: progressing, with a reason in `waits` that may come to be a failure."""
    workloads: tuple[Workload, ...]
    pods: tuple[Pod, ...]
    failures: tuple[PodFailure, ...] = ()
    waiting_for: str = ""
    """`api 2/4; api-6d9c7-x2x8q pulling image`."""
    waits: tuple[Waiting, ...] = ()
    changed: tuple[str, ...] = ()
    """What this release changed, one a line: `image api 3a91f0c2 (was 9be7712d, 3 commits)`."""


class Finding(Value, frozen=True, kw_only=True):
    """One thing that stands in the way of a deploy."""

    code: str
    """Stable, such as `helm-version`."""
    message: OneLine
    where: str | None = None
    next: tuple[Command, ...] = ()
    """The command that mends it, or that shows more."""
    evidence: tuple[str, ...] = ()
    """Lines that prove it, or that say what would be right."""


class Checked(Value, frozen=True, kw_only=True):
    """What one check of `doctor` saw."""

    name: str
    state: Literal["well", "wrong", "skipped"]
    """`skipped`: what it needs is wrong itself, so nothing was looked at."""
    summary: str
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0


class Needed(Value, frozen=True, kw_only=True):
    """An image that an environment cannot do without: a kept record names it, or it runs."""

    repository: str
    """Host and path, without tag."""
    digest: str
    """"" where only a tag is known."""
    tag: str = ""
    why: str
    """`release 41 of prod`."""


class StoredImage(Value, frozen=True, kw_only=True):
    """One image of a registry, as `cleanup` sees it."""

    repository: str
    """Path, without the registry's host."""
    tags: tuple[str, ...]
    digest: str
    bytes: int
    """Compressed; 0 for an index of images."""
    pushed_at: datetime
    kept: str = ""
    """Why it stays; "" where nothing wants it."""
    fate: Literal["kept", "deletable", "deleted", "not-deleted"] = "kept"
    """`deletable`: with --apply it would be deleted; `not-deleted`: the registry kept it, and `kept` says why."""


class Cleanup(Value, frozen=True, kw_only=True):
    """What `cleanup` found in a registry, and did."""

    registry: str
    images: tuple[StoredImage, ...]
    environments: tuple[str, ...]
    """Whose records were read."""
    applied: bool = False
    without: tuple[str, ...] = ()
    """Environments whose records counted for nothing, as --without said."""

    def of(self, fate: str) -> tuple[StoredImage, ...]:
        return tuple(one for one in self.images if one.fate == fate)
