"""What the live view shows below the finished steps: a fold over events, drawn as lines. No terminal, no thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from cloudnorth_cli.events import (
    AnyEvent,
    Output,
    RolloutMoved,
    StepFailed,
    StepFinished,
    StepProgress,
    StepStarted,
    StepWaiting,
)
from cloudnorth_cli.model import Pod
from cloudnorth_cli.render import lines
from cloudnorth_cli.render.screen import Screen

OUTPUT = 3
"""Last lines of a tool that are shown while it runs."""
PODS = 12
"""Rows for pods; those that are not ready come first."""
BAR = 20


@dataclass
class Shown:
    """One running step."""

    name: str
    since: float
    waiting_for: str = ""
    bars: dict[str, StepProgress] = field(default_factory=dict)
    pods: tuple[Pod, ...] = ()
    output: deque[str] = field(default_factory=lambda: deque(maxlen=OUTPUT))


class Scene:
    """The running steps. clock: seconds.

    It is drawn by a thread of its own while events come in, so whatever grows is copied before it is walked through.
    """

    def __init__(self, screen: Screen, clock: Callable[[], float]) -> None:
        self._screen = screen
        self._clock = clock
        self._steps: dict[str, Shown] = {}

    def apply(self, event: AnyEvent) -> None:
        """Take one event in."""
        if isinstance(event, StepStarted):
            self._steps[event.step] = Shown(event.step, self._clock())
        elif isinstance(event, StepFinished | StepFailed):
            self._steps.pop(event.step, None)
        elif isinstance(event, StepWaiting | StepProgress | RolloutMoved | Output) and event.step in self._steps:
            _move(self._steps[event.step], event)

    def draw(self, width: int) -> list[str]:
        """Lines of at most `width` columns."""
        return [line for step in list(self._steps.values()) for line in self._step(step, width)]

    def _step(self, step: Shown, width: int) -> list[str]:
        mark = "•".ljust(2 if self._screen.unicode else 4)
        elapsed = lines.duration(self._clock() - step.since).rjust(9)
        room = min(width, self._screen.layout) - len(mark) - lines.NAME - len(elapsed)
        told = step.waiting_for if room > 10 else ""
        head = mark + step.name.ljust(lines.NAME) + _cut(told, max(room, 0)).ljust(max(room, 0)) + elapsed
        drawn = [head if room >= 0 else f"{mark}{step.name}{elapsed}"]
        if step.waiting_for and not told:
            drawn.append(f"  {step.waiting_for}")
        drawn += [*_bars(step, width), *_pods(step.pods)]
        fitting = [self._fit(line, width) for line in drawn]
        return fitting + [self._screen.paint(self._fit(f"    {line}", width), "dim") for line in tuple(step.output)]

    def _fit(self, line: str, width: int) -> str:
        """The line in this screen's letters, which may be longer than ours, cut at the edge."""
        return self._screen.letters(_cut(self._screen.letters(line), width - (0 if self._screen.unicode else 2)))


def _move(step: Shown, event: StepWaiting | StepProgress | RolloutMoved | Output) -> None:
    match event:
        case StepWaiting():
            step.waiting_for = event.waiting_for
        case StepProgress():
            step.bars[event.item] = event
        case RolloutMoved():
            step.pods = event.pods
        case Output():
            step.output.append(event.line)


def _bars(step: Shown, width: int) -> list[str]:
    bars = dict(step.bars)
    names = max(map(len, bars), default=0)
    size = BAR if width >= 60 else 10
    return [f"    {name:<{names}}  {_bar(bar, size)}  {lines.amount(bar)}" for name, bar in bars.items()]


def _bar(bar: StepProgress, size: int) -> str:
    part = min(1.0, bar.done / bar.total) if bar.total else 0.0
    full = round(part * size)
    return "━" * full + "╌" * (size - full)


def _pods(pods: tuple[Pod, ...]) -> list[str]:
    """A row a pod, the unready first; the rest counted."""
    ordered = sorted(pods, key=lambda pod: pod.ready)
    name = max((len(pod.name) for pod in ordered[:PODS]), default=0)
    rows = []
    for pod in ordered[:PODS]:
        mark = "✓" if pod.ready else "·"
        restarts = f"  {pod.restarts} restarts" if pod.restarts else ""
        rows.append(f"  {mark} {pod.name:<{name}}  {pod.state}{restarts}  {pod.detail}".rstrip())
    if len(ordered) > PODS:
        rows.append(f"    and {len(ordered) - PODS} more")
    return rows


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"
