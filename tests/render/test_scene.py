"""What moves below the finished steps fits the terminal, whatever its size."""

from __future__ import annotations

import pytest

from cloudnorth_cli.events import AnyEvent, Output, RolloutMoved, StepFinished, StepProgress, StepStarted, StepWaiting
from cloudnorth_cli.model import Pod
from cloudnorth_cli.render.scene import Scene
from cloudnorth_cli.render.screen import Screen


def pods(count: int, ready: int) -> tuple[Pod, ...]:
    return tuple(
        Pod(name=f"api-6d9c7-x{n:02}", service="api", ready=n < ready, state="running" if n < ready else "starting")
        for n in range(count)
    )


def drawn(*events: AnyEvent, width: int = 80, screen: Screen | None = None, seconds: float = 12.3) -> list[str]:
    now = [0.0]
    scene = Scene(screen or Screen(), lambda: now[0])
    for event in events:
        scene.apply(event)
    now[0] = seconds
    return scene.draw(width)


def test_a_running_step_shows_how_long_and_what_it_waits_for() -> None:
    (line,) = drawn(StepStarted(step="watch"), StepWaiting(step="watch", waiting_for="api 2/4"))
    assert line == "• watch      api 2/4" + " " * 54 + "12.3 s"


def test_an_ended_step_is_gone() -> None:
    assert drawn(StepStarted(step="push"), StepFinished(step="push", summary="", seconds=1)) == []


def test_bars_for_build_and_push() -> None:
    shown = drawn(
        StepStarted(step="push"),
        StepProgress(step="push", item="api", done=6_200_000, total=12_400_000, unit="bytes"),
        StepProgress(step="push", item="storefront", done=3, total=None, unit="stages", label="RUN pip"),
    )
    assert "    api         ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌  6.2 of 12.4 MB" in shown
    assert "    storefront  ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌  3  RUN pip" in shown


def test_a_row_a_pod_and_the_unready_come_first() -> None:
    shown = drawn(StepStarted(step="watch"), RolloutMoved(step="watch", workloads=(), pods=pods(20, 19)))
    assert shown[1] == "  · api-6d9c7-x19  starting"
    assert shown[-1] == "    and 8 more"


def test_only_the_last_lines_of_a_tool_are_shown() -> None:
    lines = [Output(step="build", source="docker", line=f"#{number}") for number in range(9)]
    assert drawn(StepStarted(step="build"), *lines)[1:] == ["    #6", "    #7", "    #8"]


@pytest.mark.parametrize("width", [20, 40, 80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_is_wider_than_the_terminal(width: int, unicode: bool) -> None:
    shown = drawn(
        StepStarted(step="watch"),
        StepWaiting(step="watch", waiting_for="api 2/4; api-6d9c7-x2x8q pulling image · 38 s" * 3),
        StepProgress(step="watch", item="storefront", done=1, total=2, unit="stages", label="RUN " + "x" * 99),
        RolloutMoved(step="watch", workloads=(), pods=pods(3, 1)),
        Output(step="watch", source="helm", line="y" * 200),
        width=width,
        screen=Screen(unicode=unicode),
    )
    assert max(map(len, shown)) <= width
    assert unicode or "".join(shown).isascii()
