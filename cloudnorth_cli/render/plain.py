"""The journal as lines for pipes, Jenkins and plain terminals: a line a step as it ends, flushed at once."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cloudnorth_cli.events import (
    AnyEvent,
    CommandRun,
    Logged,
    Notice,
    Output,
    Planned,
    Printed,
    Result,
    RunStarted,
    Saved,
    StepFailed,
    StepFinished,
    StepLimited,
    StepProgress,
    StepStarted,
    StepWaiting,
    Watched,
)
from cloudnorth_cli.render import closing, lines, plans
from cloudnorth_cli.render.screen import Screen, Stream

PATIENCE = 30.0
"""Seconds of silence after which a line says what is waited for."""
MESSAGE = 12
"""Columns under which a commit's message is left out."""
KEPT = 20
"""Last lines of a tool's output that a failed step shows."""
LINES = ("logs", "run", "exec")
"""Verbs whose lines are the answer."""
SPEAKING = ("migrate",)
"""Steps whose output is shown as it comes: it is the project's own program that speaks, not a tool."""


@dataclass
class Running:
    """A step that has started and not ended."""

    name: str
    told_at: float
    """When a line last spoke of it, by the clock."""
    waiting_for: str = ""
    parts: dict[str, StepProgress] = field(default_factory=dict)
    """How far each part has come, where the step tells that instead."""
    output: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))

    @property
    def at_work(self) -> str:
        """What it waits for, or the parts that are not done yet."""
        parts = (f"{name} {lines.amount(part)}" for name, part in self.parts.items() if part.done != part.total)
        return self.waiting_for or " · ".join(parts) or "at work"


class Plain:
    """Shows steps on `talk` and the answer on `out`.

    clock: seconds, for the waiting lines; now: the time that stands in them.
    """

    def __init__(
        self,
        out: Stream,
        talk: Stream,
        out_screen: Screen,
        talk_screen: Screen,
        *,
        verbose: bool = False,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.out, self.talk = out, talk
        self.out_screen, self.talk_screen = out_screen, talk_screen
        self.verbose = verbose
        self.running: dict[str, Running] = {}
        self._clock = clock
        self._now = now
        self._ended = threading.Event()
        self._guard = threading.RLock()
        self._spoke = defaultdict[str, bool](bool)
        self._talked = False
        self._watching = False
        self._last_output: tuple[str, ...] = ()
        """Of the step that failed last."""
        self._timer: threading.Thread | None = None
        self._shows: dict[type, Callable[[Any], None]] = {
            RunStarted: self._run_started,
            StepStarted: self._step_started,
            StepWaiting: self._step_waiting,
            StepProgress: self._step_progress,
            StepLimited: self._step_limited,
            Output: self._output,
            CommandRun: self._command_run,
            Notice: self._notice,
            StepFinished: self._step_finished,
            StepFailed: self._step_failed,
            Planned: self._planned,
            Logged: self._logged,
            Printed: self._printed,
            Saved: self._saved,
            Watched: self._watched,
            Result: self._result,
        }

    def __call__(self, event: AnyEvent) -> None:
        with self._guard:
            self.show(event)

    def close(self) -> None:
        """End the waiting lines."""
        self._ended.set()

    def show(self, event: AnyEvent) -> None:
        """Show one event; kinds that stand for no line are passed over."""
        if show := self._shows.get(type(event)):
            show(event)

    def say(self, *text: str) -> None:
        """Lines of talk."""
        self._talked = True
        for line in text:
            self.put(line)

    def put(self, line: str) -> None:
        """One line of talk onto the screen."""
        self.talk.line(line)

    def remind(self) -> None:
        """Where a step was silent for `PATIENCE` seconds, say what it waits for."""
        with self._guard:
            for step in list(self.running.values())[-1:]:
                if self._clock() - step.told_at >= PATIENCE:
                    step.told_at = self._clock()
                    told = f"{lines.stamp(self._now())} {step.name}: {step.at_work}"
                    self.say(*lines.wrapped(self.talk_screen, told))

    def _run_started(self, event: RunStarted) -> None:
        title = f"{event.project} → {event.environment}".strip(" →")
        target = f"{title}  ({event.target})" if event.target else title
        commit = _commit(event, room=self.talk_screen.layout - len(target) - 2)
        self.say(*lines.headline(self.talk_screen, target, commit), "")

    def _step_started(self, event: StepStarted) -> None:
        self.running[event.step] = Running(event.step, self._clock())
        if self._timer is None:
            self._timer = threading.Thread(target=self._keep_reminding, daemon=True)
            self._timer.start()

    def _keep_reminding(self) -> None:
        while not self._ended.wait(1.0):
            self.remind()

    def _step(self, name: str) -> Running:
        return self.running.get(name) or Running(name, self._clock())

    def _step_waiting(self, event: StepWaiting) -> None:
        self._step(event.step).waiting_for = event.waiting_for

    def _step_progress(self, event: StepProgress) -> None:
        self._step(event.step).parts[event.item] = event

    def _step_limited(self, event: StepLimited) -> None:
        told = f"{event.step}: at most {lines.duration(event.seconds)} ({event.why})"
        self.say(*lines.wrapped(self.talk_screen, told, "  "))

    def _command_run(self, event: CommandRun) -> None:
        if self.verbose:
            self.say(self.talk_screen.paint(f"$ {event.line}", "dim"))

    def _notice(self, event: Notice) -> None:
        prefix = "warning: " if event.level == "warning" else ""
        self.say(*lines.wrapped(self.talk_screen, prefix + event.message))

    def _output(self, event: Output) -> None:
        self._step(event.step).output.append(event.line)
        if self.verbose or event.step in SPEAKING:
            self._spoke[event.step] = True
            self.say(*lines.wrapped(self.talk_screen, f"{event.source} | {event.line}", "  "))

    def _step_finished(self, event: StepFinished) -> None:
        self.running.pop(event.step, None)
        if self._watching and not self.verbose:
            return  # a line a release is enough
        self.say(*lines.step(self.talk_screen, "✓", event.step, event.summary, event.seconds))

    def _step_failed(self, event: StepFailed) -> None:
        step = self.running.pop(event.step, Running(event.step, 0.0))
        message = step.waiting_for or event.message
        self.say(*lines.step(self.talk_screen, "✗", event.step, message, event.seconds))
        if not self._spoke[event.step]:
            self._last_output = tuple(step.output)

    def _planned(self, event: Planned) -> None:
        self.say("", *plans.plan(event.plan, self.talk_screen), "")
        self._talked = False  # what comes next stands apart already

    def _logged(self, event: Logged) -> None:
        line = event.line
        name = self.out_screen.paint_service(f"{line.service} {line.source} |", line.service)
        self.out.line(f"{name} {line.text}")

    def _saved(self, event: Saved) -> None:
        self._watching = bool(event.files)
        if event.files:
            more = f" and {len(event.files) - 1} more" if len(event.files) > 1 else ""
            self.say(*lines.wrapped(self.talk_screen, f"{lines.stamp(self._now())} saved {event.files[0]}{more}"))

    def _watched(self, event: Watched) -> None:
        result = event.result
        if result.exit_status in closing.WELL:
            self.say(*lines.step(self.talk_screen, "✓", "released", result.summary, result.seconds))
            if not self._watching:
                self.say(
                    "",
                    *lines.wrapped(self.talk_screen, f"{result.address}  every saved file is a release; Ctrl-C ends"),
                )
        else:
            self.say("", *closing.problem(result, self.talk_screen, self._last_output), "")
            self.say(*lines.wrapped(self.talk_screen, f"{result.summary} The next save tries again."), "")
        self._watching = True

    def _printed(self, event: Printed) -> None:
        (self.out if event.stream == "stdout" else self.talk).line(event.line)

    def _result(self, event: Result) -> None:
        self.close()
        if event.command in LINES and event.error is None:
            return  # its lines were the answer, and Ctrl-C is how following them ends
        if self._talked:
            self.say("")
        if closing.did_its_work(event):
            for line in closing.answer(event, self.out_screen):
                self.out.line(line)
        else:
            self.say(*closing.failure(event, self.talk_screen, self._last_output))


def _commit(event: RunStarted, room: int) -> str:
    """`8f3c1d2 "Search by brand"`, the message as far as there is room."""
    rest = room - len(event.commit) - 3
    if not event.message or rest < MESSAGE:
        return event.commit
    message = event.message if len(event.message) <= rest else f"{event.message[: rest - 1]}…"
    return f'{event.commit} "{message}"'
