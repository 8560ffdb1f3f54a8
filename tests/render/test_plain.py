"""Plain output: a line a step, its duration at the right edge; what takes long says what it waits for."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cloudnorth_cli.events import (
    AnyEvent,
    CommandRun,
    Notice,
    Output,
    Problem,
    Result,
    RunStarted,
    StepFailed,
    StepFinished,
    StepProgress,
    StepStarted,
    StepWaiting,
)
from cloudnorth_cli.render import closing
from cloudnorth_cli.render.plain import Plain
from cloudnorth_cli.render.screen import Screen, Stream

NOW = datetime(2026, 11, 23, 7, 15, 31, tzinfo=UTC)
BUILD = "api 3a91f0c2 built · storefront 77be01aa unchanged"
DEPLOY: tuple[AnyEvent, ...] = (
    RunStarted(
        command="cloudnorth deploy",
        project="shop",
        environment="prod",
        target="eks shop-prod, us-east-1",
        commit="8f3c1d2",
        message="Search by brand",
    ),
    StepStarted(step="build"),
    StepFinished(step="build", summary=BUILD, seconds=14.8),
    StepStarted(step="watch"),
    StepFinished(step="watch", summary="api 4/4", seconds=121.7),
    Result(
        command="deploy",
        exit_status=0,
        outcome="done",
        summary="prod serves release 42 (was 41).",
        seconds=46.0,
        next=("cloudnorth rollback --env prod",),
    ),
)


@dataclass
class Shown:
    """A plain renderer whose streams and clock are in our hands."""

    screen: Screen = field(default_factory=Screen)
    verbose: bool = False
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.outs, self.talks = io.StringIO(), io.StringIO()
        self.plain = Plain(
            Stream(self.outs),
            Stream(self.talks),
            self.screen,
            self.screen,
            verbose=self.verbose,
            clock=lambda: self.seconds,
            now=lambda: NOW,
        )

    def show(self, *events: AnyEvent) -> Shown:
        for event in events:
            self.plain(event)
        return self

    @property
    def out(self) -> str:
        return self.outs.getvalue()

    @property
    def talk(self) -> str:
        return self.talks.getvalue()


def test_a_deploy_that_goes_well() -> None:
    shown = Shown().show(*DEPLOY)
    assert shown.talk == (
        'shop → prod  (eks shop-prod, us-east-1)                8f3c1d2 "Search by brand"\n'
        "\n"
        "✓ build      api 3a91f0c2 built · storefront 77be01aa unchanged           14.8 s\n"
        "✓ watch      api 4/4                                                  2 min 02 s\n"
        "\n"
    )
    assert shown.out == "prod serves release 42 (was 41).  46.0 s\nundo: cloudnorth rollback --env prod\n"


def test_forty_columns_lose_nothing_and_no_line_is_longer() -> None:
    shown = Shown(Screen(width=40, wraps=True)).show(*DEPLOY)
    assert max(map(len, shown.talk.splitlines())) <= 40
    said = " ".join(shown.talk.split())
    assert BUILD in said
    assert "14.8 s" in said
    assert "eks shop-prod, us-east-1" in said


def test_a_pipe_keeps_a_step_on_one_line_however_long() -> None:
    long = " · ".join(f"service-{number} 3a91f0c2 built" for number in range(9))
    shown = Shown().show(StepStarted(step="build"), StepFinished(step="build", summary=long, seconds=1))
    assert [line for line in shown.talk.splitlines() if long in line]


def test_a_screen_without_unicode_gets_ascii_marks() -> None:
    shown = Shown(Screen(unicode=False)).show(*DEPLOY, StepFailed(step="verify", message="no", seconds=1))
    assert (shown.talk + shown.out).isascii()
    assert "ok   build" in shown.talk
    assert "FAIL verify" in shown.talk
    assert "shop -> prod" in shown.talk


def test_colour_is_only_where_it_was_asked_for_and_changes_no_word() -> None:
    plain, coloured = Shown().show(*DEPLOY), Shown(Screen(colour=True)).show(*DEPLOY)
    assert "\x1b[" not in plain.talk + plain.out
    assert "\x1b[32m✓ \x1b[0m" in coloured.talk
    assert re.sub(r"\x1b\[\d+m", "", coloured.talk) == plain.talk


def test_what_takes_long_says_every_30_seconds_what_it_waits_for() -> None:
    shown = Shown().show(
        StepStarted(step="watch"), StepWaiting(step="watch", waiting_for="api 2/4; api-x pulling image")
    )
    told = "2026-11-23T07:15:31Z watch: api 2/4; api-x pulling image\n"
    for shown.seconds, times in ((29, 0), (30, 1), (59, 1), (60, 2)):
        shown.plain.remind()
        assert shown.talk == told * times
    shown.show(StepFinished(step="watch", summary="", seconds=61))
    shown.seconds = 200
    shown.plain.remind()
    assert shown.talk.count("07:15:31Z") == 2


def test_a_step_that_tells_how_far_it_is_says_that_of_the_parts_that_are_not_done() -> None:
    shown = Shown().show(
        StepStarted(step="build"),
        StepProgress(step="build", item="api", done=3, total=9, unit="stages", label="RUN pip install"),
        StepProgress(step="build", item="storefront", done=9, total=9, unit="stages"),
        StepProgress(step="build", item="worker", done=12_400_000, total=96_100_000, unit="bytes"),
    )
    shown.seconds = 30
    shown.plain.remind()
    told = "build: api 3 of 9  RUN pip install · worker 12.4 of 96.1 MB"
    assert " ".join(shown.talk.split()) == f"2026-11-23T07:15:31Z {' '.join(told.split())}"


def test_a_quick_deploy_has_no_waiting_lines() -> None:
    shown = Shown().show(*DEPLOY[:4])
    shown.seconds = 29.9
    shown.plain.remind()
    assert "Z watch" not in shown.talk


def test_output_of_tools_is_silent_until_it_is_asked_for_or_the_step_fails() -> None:
    noise = Output(step="build", source="docker build api", line="#5 RUN pip install")
    wordy = (StepStarted(step="build"), noise, CommandRun(line="docker build --tag x ."))
    assert Shown().show(*wordy).talk == ""
    verbose = Shown(verbose=True).show(*wordy).talk
    assert "docker build api | #5 RUN pip install" in verbose
    assert "$ docker build --tag x ." in verbose
    failed = (
        StepFailed(step="build", message="docker ended with status 1", seconds=2),
        Result(
            command="deploy",
            exit_status=4,
            outcome="failed",
            error=Problem(code="build-failed", message="docker ended with status 1"),
        ),
    )
    assert "    #5 RUN pip install\n" in Shown().show(*wordy, *failed).talk
    told = Problem(code="build-failed", message="no", evidence=("#5 RUN pip install",))
    with_evidence = (failed[0], Result(command="deploy", exit_status=4, outcome="failed", error=told))
    assert Shown().show(*wordy, *with_evidence).talk.count("#5 RUN") == 1


def test_a_migration_speaks_for_itself() -> None:
    line = Output(step="migrate", source="migrate", line="Running upgrade 0006 -> 0007")
    assert "Running upgrade 0006 -> 0007" in Shown().show(StepStarted(step="migrate"), line).talk


def test_a_warning_is_said_at_once() -> None:
    assert Shown().show(Notice(level="warning", message="the clock is wrong")).talk == "warning: the clock is wrong\n"


def test_a_duration_is_never_broken() -> None:
    result = Result(command="rollback", exit_status=0, outcome="done", summary="x" * 30 + " serves.", seconds=1.0)
    for width in range(38, 46):
        screen = Screen(width=width, wraps=True)
        assert any("1.0 s" in line for line in closing.answer(result, screen)), width


def test_a_failure_says_what_serves_the_proof_and_what_to_type() -> None:
    result = Result(
        command="deploy",
        exit_status=4,
        outcome="failed",
        summary="prod serves release 41.",
        run_folder=".cloudnorth/runs/20261123-071502-7c",
        error=Problem(
            code="crash-at-start",
            message="api crashes at start: exit 1 in 0.4 s",
            where="api-6d9c7-x2x8q, last lines:",
            evidence=("KeyError: 'PAYMENT_URL'",),
        ),
        next=("cloudnorth logs --env prod", "cloudnorth deploy --env prod"),
    )
    shown = Shown().show(result)
    assert shown.out == ""
    assert shown.talk == (
        "api crashes at start: exit 1 in 0.4 s                           [crash-at-start]\n"
        "\n"
        "  api-6d9c7-x2x8q, last lines:\n"
        "    KeyError: 'PAYMENT_URL'\n"
        "\n"
        "prod serves release 41.\n"
        "evidence: .cloudnorth/runs/20261123-071502-7c/\n"
        "exit status 4\n"
        "next: cloudnorth logs --env prod\n"
        "      cloudnorth deploy --env prod\n"
    )


def test_a_closed_pipe_is_no_failure() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    stream = Stream(Closed())
    stream.line("nobody hears this")
    assert stream.gone
    assert stream.error is None
