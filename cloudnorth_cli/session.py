"""One run of a command: its journal and listeners, signals, every kind of end, and the final result."""

from __future__ import annotations

import _thread
import gc
import os
import shlex
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cloudnorth_cli import render, runs, shell
from cloudnorth_cli.errors import CloudnorthError, ExitStatus, Interrupted, Refused
from cloudnorth_cli.events import Journal, Problem, Result, RunStarted
from cloudnorth_cli.model import Source
from cloudnorth_cli.options import Options
from cloudnorth_cli.render.report import Report
from cloudnorth_cli.render.screen import Stream, is_terminal
from cloudnorth_cli.render.transcript import Transcript
from cloudnorth_cli.signals import TOGETHER, Watch
from cloudnorth_cli.typed import Typed

if TYPE_CHECKING:
    from cloudnorth_cli.settings import Environment

LAST_WORD = 1.0
"""Seconds for the last word of a run that is stopped at once: whoever reads it may hang."""
REFUSING = (ExitStatus.USAGE, ExitStatus.REFUSED, ExitStatus.LOCKED)
"""Statuses of a run that did not begin to change anything."""


class Run:
    """What a verb's work is given: the journal, the options, and the person at the terminal."""

    def __init__(
        self,
        verb: str,
        options: Options,
        typed: Typed,
        *,
        reading: bool = False,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.verb, self.options, self.typed, self.reading, self.environ = verb, options, typed, reading, environ
        self.out, self.talk = Stream(sys.stdout), Stream(sys.stderr)
        self.cwd = Path.cwd()
        self.id = runs.new_id(datetime.now(UTC))
        self.folder: Path | None = None
        self.environment: str | None = None
        self.transcript = Transcript()
        self.renderer = render.choose(
            options.output,
            self.out,
            self.talk,
            environ,
            reading=reading,
            verbose=options.verbose,
            no_color=options.no_color,
        )
        self.at_end: Callable[[Result], None] = lambda result: None
        """Called with the finished result before it is told, whatever the end is; must not raise."""
        self.report = Report(options.report) if options.report else None
        reports = (self.report,) if self.report else ()
        self.journal = Journal(self.renderer, self.transcript, *reports, run=self.id)

    def open(self, environment: Environment) -> None:
        """The environment is known: a changing run gets its folder beside cloudnorth.yaml."""
        self.environment = environment.name
        self.journal.spare(environment.project, environment.name, *environment.services)
        if not self.reading:
            self._place(environment.root)

    def begin(self, environment: Environment, target: str, source: Source) -> None:
        """Tell what is about to be done, and where."""
        self.journal.emit(
            RunStarted(
                command=str(self.typed),
                project=environment.project,
                environment=environment.name,
                platform=environment.platform,
                target=target,
                commit=source.commit,
                message=source.message,
            )
        )

    def stand_for_environment(self, flags: Mapping[str, str]) -> None:
        """There is no cloudnorth.yaml: commands to type next name the environment by these flags."""
        place = " ".join(f"{flag} {shlex.quote(value)}" for flag, value in flags.items())
        self.typed = replace(self.typed, place=place)

    def wanted(self) -> bool:
        """Whether anybody still reads what is printed."""
        return not self.out.gone

    def ask(self, question: str, flag: str = "--yes") -> bool:
        """Put a question to the person at the terminal. Raises Refused naming `flag` where nobody can answer."""
        if not (is_terminal(sys.stdin) and is_terminal(self.talk.raw)):
            raise Refused(
                f"{question} Nobody is at a terminal to answer: say it with {flag}",
                code="no-terminal",
                next=(f"{self.typed} {flag}",),
            )
        with render.paused(self.renderer):
            self.talk.write(f"{question} [y/N] ")
            answer = sys.stdin.readline()
            if not answer.endswith("\n"):
                self.talk.line()
        return answer.strip().lower() in ("y", "yes")

    def _place(self, root: Path) -> None:
        try:
            self.folder = runs.make(root, self.id, self.environ)
            self.transcript.place(self.folder)
        except OSError as error:
            self.folder = None
            self.journal.notice(f"no transcript is kept: {error}", level="warning")


def run(
    verb: str,
    options: Options,
    typed: Typed,
    watch: Watch,
    work: Callable[[Run], Result],
    *,
    reading: bool = False,
) -> int:
    """Do a verb's work and tell its end, whatever that is. Returns the exit status."""
    gc.enable()
    watch.on_signal = _stop_programs
    this = Run(verb, options, typed, reading=reading)
    watch.on_again = Again(this)
    try:
        try:
            watch.begin()
            if this.report:
                this.report.check()
            result = work(this)
        finally:
            watch.disarm()
    except CloudnorthError as error:
        result = _failed(verb, error)
    except Interrupted as error:
        result = _interrupted(verb, error)
    except Exception as error:
        result = _unforeseen(this, error)
    return _tell(this, result)


def _stop_programs() -> None:
    """End the programs that other threads wait for.

    Called from a signal handler, which may have interrupted the main thread while it holds a lock: a thread of its own
    waits for that, and is started without one.
    """
    _thread.start_new_thread(shell.stop_all, ())


class Again:
    """What a further signal does: it is refused once, with the reason, where a program loses something when it is
    killed (Terraform knows of what it makes when it is made); else, and when it is repeated, it ends the run."""

    def __init__(self, this: Run) -> None:
        self._this = this
        self._refused_at: float | None = None

    def __call__(self) -> None:
        """Called from a signal handler, which may have interrupted the main thread anywhere, while it holds a lock too:
        a thread of its own does it."""
        _thread.start_new_thread(self._again, ())

    def _again(self) -> None:
        if self._refused_at is None and (program := shell.patient()):
            self._refused_at = time.monotonic()
            self._this.journal.notice(_WHY_NOT.format(program), "warning")
        elif self._refused_at is None or time.monotonic() - self._refused_at > TOGETHER:
            _stop_at_once(self._this)


_WHY_NOT = (
    "not ended: {} is finishing what is in flight. Killed now, it leaves things that no state knows of, and its lock. "
    "Once more ends it all the same."
)


def _stop_at_once(this: Run) -> None:
    """End now, telling that nobody looked how things are left."""
    left, look = "A lock of this run ends by itself in 20 s.", "status"
    if program := shell.patient():
        left, look = f"{program} was killed: the next run tells what it may have left.", this.verb
    shell.stop_all(patience=0.0)
    result = Result(
        command=this.verb,
        exit_status=int(ExitStatus.INTERRUPTED),
        outcome="interrupted",
        summary=f"at once; how things are left was not looked at. {left}",
        next=(f"cloudnorth {look} --env {this.environment}",) if this.environment else (),
    )
    this.journal.last_word(_finished(this, result), LAST_WORD)
    os._exit(int(ExitStatus.INTERRUPTED))


def _tell(this: Run, result: Result) -> int:
    result = _finished(this, result)
    this.at_end(result)
    this.journal.emit(result)
    this.renderer.close()
    this.transcript.close()
    if this.report and this.report.error:
        this.talk.line(f"warning: the report could not be written: {this.report.error.strerror}")
    if this.out.error:
        this.talk.line(f"cannot write the output: {this.out.error.strerror}")
        return result.exit_status or int(ExitStatus.UNFORESEEN)
    return result.exit_status


def _finished(this: Run, result: Result) -> Result:
    """With what only the session knows: how long it took, where the run is kept, how the program is called here."""

    def respelt(commands: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(this.typed.respell(command) for command in commands)

    error, status = result.error, result.status
    return msgspec.structs.replace(
        result,
        v=1,
        at=datetime.now(UTC),
        run=this.id,
        environment=result.environment or this.environment,
        seconds=result.seconds or this.journal.seconds,
        run_folder=_shown(this.folder),
        next=respelt(result.next),
        error=error and msgspec.structs.replace(error, next=respelt(error.next)),
        status=status and tuple(msgspec.structs.replace(one, next=respelt(one.next)) for one in status),
    )


def _failed(verb: str, error: CloudnorthError) -> Result:
    return Result(
        command=verb,
        exit_status=int(error.status),
        outcome="refused" if error.status in REFUSING else "failed",
        summary="nothing was changed." if error.status == ExitStatus.REFUSED else "",
        error=Problem(
            code=error.code,
            message=error.message,
            where=error.where,
            evidence=error.evidence,
            next=error.next,
            retryable=error.retryable,
        ),
        next=error.next,
    )


def _interrupted(verb: str, error: Interrupted) -> Result:
    return Result(
        command=verb,
        exit_status=int(ExitStatus.INTERRUPTED),
        outcome="interrupted",
        summary=error.signal_name,
    )


def _unforeseen(this: Run, error: Exception) -> Result:
    """A defect of ours: one line on the screen, the traceback in the run's folder."""
    lines = f"{error}".splitlines() or [""]
    kept = _keep(this.journal.mask("".join(traceback.format_exception(error))), this.folder)
    return Result(
        command=this.verb,
        exit_status=int(ExitStatus.UNFORESEEN),
        outcome="failed",
        error=Problem(
            code="unforeseen",
            message=f"a defect of cloudnorth: {type(error).__name__}: {lines[0]}",
            evidence=(f"the traceback is in {kept}",),
        ),
    )


def _keep(text: str, folder: Path | None) -> str:
    """Write a traceback where it can be read; in the temporary folder where the run has none."""
    try:
        place = (folder or Path(tempfile.mkdtemp(prefix="cloudnorth-"))) / "traceback.txt"
        place.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        return f"no file ({error.strerror})"
    return _shown(place) or ""


def _shown(path: Path | None) -> str | None:
    """As a person here would type it."""
    if path is None:
        return None
    near = os.path.relpath(path)
    return near if not near.startswith("..") else str(path)
