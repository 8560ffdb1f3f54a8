"""What happens during a run, as values, and the journal that carries them to whoever listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from cloudnorth_cli import signals
from cloudnorth_cli.masking import Masker
from cloudnorth_cli.model import (
    Actor,
    Artifact,
    Attempt,
    Backup,
    Checked,
    Cleanup,
    Command,
    Hold,
    Image,
    LockStatus,
    LogLine,
    OneLine,
    Plan,
    Pod,
    PodFailure,
    Record,
    Release,
    Restored,
    Source,
    Status,
    Value,
    Workload,
)


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=None):
    """Base of all events; the journal fills `v`, `at` and `run`."""

    v: int = 1
    """Version of this format; fields are only ever added."""
    at: datetime | None = None
    """When it happened, UTC."""
    run: str = ""


class RunStarted(Event, frozen=True, kw_only=True, tag="run-started"):
    """A command begins."""

    command: str
    """As typed, masked: `cloudnorth deploy --env prod`."""
    project: str = ""
    environment: str = ""
    platform: str = ""
    target: str = ""
    """Where it goes: `eks shop-prod, us-east-1`."""
    commit: str = ""
    message: str = ""


class StepStarted(Event, frozen=True, kw_only=True, tag="step-started"):
    """A step begins."""

    step: str


class StepProgress(Event, frozen=True, kw_only=True, tag="step-progress"):
    """How far a part of a step has come; drawn as a bar."""

    step: str
    item: str
    """`api`."""
    done: float
    total: float | None
    unit: Literal["bytes", "stages", "pods", "seconds", "resources"]
    label: str = ""


class StepWaiting(Event, frozen=True, kw_only=True, tag="step-waiting"):
    """What a step waits for now; repeated whenever it changes."""

    step: str
    waiting_for: str


class StepLimited(Event, frozen=True, kw_only=True, tag="step-limited"):
    """How long a step may take at most, told as it begins to wait."""

    step: str
    seconds: float
    why: str
    """`as asked`, `from the probes and progressDeadlineSeconds of deployment/api`."""


class RolloutMoved(Event, frozen=True, kw_only=True, tag="rollout-moved"):
    """The rollout took a step: every workload and every new pod as it stands now."""

    step: str
    workloads: tuple[Workload, ...]
    pods: tuple[Pod, ...]


class Output(Event, frozen=True, kw_only=True, tag="output"):
    """A line that a tool or program printed, masked."""

    step: str
    source: str
    """`docker build api`, `helm`, `migrate`."""
    line: str


class Notice(Event, frozen=True, kw_only=True, tag="notice"):
    """Something that a person should know."""

    level: Literal["info", "warning"]
    message: str


class CommandRun(Event, frozen=True, kw_only=True, tag="command-run"):
    """A program was started; shown with -v, pasteable, masked."""

    line: str
    cwd: str = ""


class StepFinished(Event, frozen=True, kw_only=True, tag="step-finished"):
    """A step has done its work; `summary` says what."""

    step: str
    summary: str
    seconds: float


class StepFailed(Event, frozen=True, kw_only=True, tag="step-failed"):
    """A step did not do its work."""

    step: str
    message: str
    seconds: float


class Planned(Event, frozen=True, kw_only=True, tag="planned"):
    """What Terraform would do (`cloudnorth provision`), before anybody is asked."""

    plan: Plan


class Logged(Event, frozen=True, kw_only=True, tag="logged"):
    """A line of a service's log (`cloudnorth logs`)."""

    line: LogLine


class Printed(Event, frozen=True, kw_only=True, tag="printed"):
    """A line that a command printed (`cloudnorth run`, `cloudnorth exec`)."""

    stream: Literal["stdout", "stderr"]
    line: str


class Problem(Value, frozen=True, kw_only=True):
    """A failure as machines read it."""

    code: str
    message: OneLine
    where: str | None = None
    evidence: tuple[str, ...] = ()
    """Lines that prove it, or that say what would be right."""
    next: tuple[Command, ...] = ()
    retryable: bool = False
    failures: tuple[PodFailure, ...] = ()
    """Of a failed rollout, with the proof of each."""
    changed: tuple[str, ...] = ()
    """What the failed release changed, one a line."""


class BuildExplanation(Value, frozen=True, kw_only=True):
    """Why a service's content tag is what it is, against the last build (`build --explain`)."""

    service: str
    tag: str
    previous_tag: str | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class ConfigEntry(Value, frozen=True, kw_only=True):
    """One resolved setting and where it came from (`cloudnorth config`)."""

    key: str
    value: str
    """Masked where secret."""
    origin: str
    """`cloudnorth.yaml:14:7`, `default`, `flag`, `CLOUDNORTH_ENV`."""


class Permissions(Value, frozen=True, kw_only=True):
    """The rights that a kind of work needs (`doctor --permissions`)."""

    work: str
    """`build`, `cleanup`, `deploy`, `provision` or `read`."""
    iam: Mapping[str, Any]
    """A policy document; capitals stand for names of your own."""
    rbac: str | None = None
    """A Role as YAML; None where nothing is asked of the cluster."""


class Result(Event, frozen=True, kw_only=True, tag="result"):
    """The last event of every run: how it ended. `--report FILE` holds this object."""

    command: str
    """The verb: `deploy`."""
    exit_status: int
    outcome: Literal["done", "unchanged", "failed", "refused", "interrupted"]
    environment: str | None = None
    summary: str = ""
    """`prod serves release 42 (was 41).`"""
    seconds: float = 0.0
    release: Release | None = None
    """What serves now."""
    previous: Release | None = None
    """What served before."""
    images: tuple[Image, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    """What `build` and `push` made or found."""
    error: Problem | None = None
    next: tuple[Command, ...] = ()
    """Commands to type next."""
    run_folder: str | None = None
    address: str | None = None
    notes: tuple[str, ...] = ()
    """Lines for people after a successful deploy, from the environment's `notes`."""
    status: tuple[Status, ...] | None = None
    history: tuple[Record, ...] | None = None
    attempts: tuple[Attempt, ...] | None = None
    """Deploys that ended before they made a release (`history`); the newest first, as in `history`."""
    lock: LockStatus | None = None
    """Who holds the environment (`lock`)."""
    holds: tuple[Hold, ...] | None = None
    """What is kept out (`lock`, and a deploy that was taken back)."""
    config: tuple[ConfigEntry, ...] | None = None
    explanations: tuple[BuildExplanation, ...] | None = None
    backups: tuple[Backup, ...] | None = None
    """What `backup` made, or lists."""
    restored: Restored | None = None
    plan: Plan | None = None
    """What Terraform would do, or did (`provision`, `drift`)."""
    outputs: Mapping[str, Any] | None = None
    """Terraform's outputs; sensitive ones are `***`."""
    checks: tuple[Checked, ...] | None = None
    """What `doctor` looked at; exit status 3 where one of them is wrong."""
    permissions: tuple[Permissions, ...] | None = None
    cleanup: Cleanup | None = None
    """The images of the registry, what stays and why, and what was deleted."""
    text: str | None = None
    """For verbs whose result is a text (`kubeconfig`)."""


class Notification(Value, frozen=True, kw_only=True):
    """What is sent at the end of a deploy or rollback (`notify`)."""

    v: int = 1
    project: str
    environment: str
    actor: Actor
    source: Source
    result: Result
    shortened: bool = False
    """Parts of the result were left out: the message would have been longer than its carrier takes."""


class Saved(Event, frozen=True, kw_only=True, tag="saved"):
    """`deploy --watch`: files were saved, and are about to be a release."""

    files: tuple[str, ...]
    """Relative to the folder of cloudnorth.yaml; empty for the first deploy."""


class Watched(Event, frozen=True, kw_only=True, tag="watched"):
    """`deploy --watch`: how the deploy of what was saved ended. The run goes on until it is interrupted."""

    result: Result


AnyEvent = (
    RunStarted
    | StepStarted
    | StepProgress
    | StepWaiting
    | StepLimited
    | RolloutMoved
    | Output
    | Notice
    | CommandRun
    | StepFinished
    | StepFailed
    | Planned
    | Logged
    | Printed
    | Saved
    | Watched
    | Result
)


def encode(event: AnyEvent | Notification) -> bytes:
    """As JSON on one line. A field that is not known is left out; numbers have three decimals."""
    return msgspec.json.encode(_known(msgspec.to_builtins(event)))


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known(field) for key, field in value.items() if field is not None}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    if isinstance(value, str) and not value.isascii():
        # A name that was no UTF-8 when it was typed or listed: half a surrogate pair cannot be written.
        return value.encode("utf-8", "replace").decode()
    return round(value, 3) if isinstance(value, float) else value


Listener = Callable[[Any], None]
"""Takes one AnyEvent; must not raise."""


class Journal:
    """Carries events to listeners, stamped; safe to use from several threads."""

    def __init__(
        self,
        *listeners: Listener,
        run: str = "",
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.run = run
        self._listeners = listeners
        self._clock = clock
        self._now = now
        self._guard = threading.RLock()
        self._started = clock()
        self._plain: set[str] = set()
        self.mask = Masker()
        """Puts stars in the place of every secret that this run has read; what is emitted goes through it."""

    def hide(self, *values: str) -> None:
        """Never tell these: secrets, as soon as they are read."""
        self.mask.add(value for value in values if value not in self._plain)

    def spare(self, *words: str) -> None:
        """Tell these even where a secret says the same: names in cloudnorth.yaml, without which no line made sense."""
        self._plain.update(words)

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return self._clock() - self._started

    def emit(self, event: AnyEvent) -> None:
        with self._guard:
            stamped = msgspec.structs.replace(self.mask.everywhere(event), at=self._now(), run=self.run)
            for listener in self._listeners:
                listener(stamped)

    def last_word(self, event: AnyEvent, patience: float) -> None:
        """Emit the very last event, from whatever thread: nothing comes after it. Not where a listener hangs."""
        if self._guard.acquire(timeout=patience):
            self.emit(event)

    def notice(self, message: str, level: Literal["info", "warning"] = "info") -> None:
        self.emit(Notice(level=level, message=message))

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Frame one step: its start, then its finish or failure with the seconds it took."""
        started = self._clock()
        step = Step(name, self)
        self.emit(StepStarted(step=name))
        try:
            yield step
            signals.check()
        except BaseException as error:
            message = str(error).split("\n", 1)[0] or type(error).__name__
            self.emit(StepFailed(step=name, message=message, seconds=self._clock() - started))
            raise
        self.emit(StepFinished(step=name, summary=step.summary, seconds=self._clock() - started))


class Step:
    """What one step tells while it runs. `summary` stands beside its mark when it ends."""

    def __init__(self, name: str, journal: Journal) -> None:
        self.name = name
        self.journal = journal
        self.summary = ""

    def output(self, source: str, line: str) -> None:
        self.journal.emit(Output(step=self.name, source=source, line=line))

    def progress(
        self,
        item: str,
        done: float,
        total: float | None,
        unit: Literal["bytes", "stages", "pods", "seconds", "resources"],
        label: str = "",
    ) -> None:
        self.journal.emit(StepProgress(step=self.name, item=item, done=done, total=total, unit=unit, label=label))

    def waiting(self, waiting_for: str) -> None:
        self.journal.emit(StepWaiting(step=self.name, waiting_for=waiting_for))

    def limit(self, seconds: float, why: str) -> None:
        """Say how long this step may take at most, and where that comes from."""
        self.journal.emit(StepLimited(step=self.name, seconds=round(seconds, 1), why=why))

    def rollout(self, workloads: tuple[Workload, ...], pods: tuple[Pod, ...]) -> None:
        self.journal.emit(RolloutMoved(step=self.name, workloads=workloads, pods=pods))

    def notice(self, message: str, level: Literal["info", "warning"] = "info") -> None:
        self.journal.notice(message, level)
