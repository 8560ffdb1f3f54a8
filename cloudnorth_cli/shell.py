"""The one place that starts programs: in their own group, ended with us, masked, pasteable."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cloudnorth_cli import signals, system
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.model import Secret
from cloudnorth_cli.sitter import Sitter

INTERRUPT_PATIENCE = 3.0
"""Seconds between SIGINT and SIGKILL for a child when we are stopped; Jenkins kills five seconds after its TERM."""

# No lock around these: a signal's handler reads them in the very thread that would hold it. Each step below is one
# operation of a dict, which no other thread and no handler comes in between.
_running: dict[subprocess.Popen[str], float] = {}
"""Each program with its patience."""
_uninterrupted: dict[subprocess.Popen[str], bool] = {}
"""Programs that were not asked to end yet; whoever takes one out of it asks."""
_sitters: dict[subprocess.Popen[str], Sitter] = {}


@dataclass(frozen=True)
class Command:
    """A program and its arguments. Secrets go in `environ` or `stdin`, never among the words."""

    words: tuple[str, ...]
    environ: Mapping[str, str | Secret] = field(default_factory=dict)
    """Added to ours."""
    alone: bool = False
    """`environ` is all that it gets, nothing of ours."""
    cwd: Path | None = None
    stdin: str | Secret | None = None
    patience: float = INTERRUPT_PATIENCE
    """Seconds that it gets to end by itself when we are interrupted; its output is read until then. Only programs that
    lose something when they are killed get more than the usual; such a one also outlives us when we are killed
    outright, interrupted but not killed, to put down what it knows."""

    @property
    def patient(self) -> bool:
        return self.patience > INTERRUPT_PATIENCE

    def __str__(self) -> str:
        """As one would paste it into a shell; secrets are stars."""
        parts = [
            f"{name}={shlex.quote(str(value)) if isinstance(value, str) else '***'}"
            for name, value in self.environ.items()
        ]
        return " ".join([*parts, *(shlex.quote(word) for word in self.words)])


@dataclass(frozen=True)
class Completed:
    """How a program ended."""

    status: int
    """Exit status; negative: the signal that ended it."""
    output: str
    """Standard output."""
    errors: str
    """The last lines of standard error (of both when they were merged)."""


def run(
    command: Command,
    *,
    on_line: Callable[[str], None] | None = None,
    on_error: Callable[[str], None] | None = None,
    on_start: Callable[[Command], None] | None = None,
    on_running: Callable[[Callable[[], None]], None] = lambda stop: None,
    timeout: float | None = None,
    check: bool = True,
) -> Completed:
    """Run a program to its end.

    on_line: called with each line of standard output and error as it comes; they are merged then, and `output` holds
    the last 2,000 lines of both. Without it both are captured apart.
    on_error: with `on_line`, called with the lines of standard error, which are not merged then.
    on_running: given a function that stops the program, for whoever sees from elsewhere that it is in vain.
    timeout: seconds until it is interrupted and killed.
    Raises Refused when the program is not there, Failed when `check` and its status is not 0 or time is out.
    """
    if on_start:
        on_start(command)
    stopped_before, started = signals.came(), time.monotonic()
    process: subprocess.Popen[str] | None = None
    timer: threading.Timer | None = None
    try:
        with signals.held():
            process = _start(command, merged=on_line is not None and on_error is None)
        on_running(functools.partial(stop, process))
        if timeout:
            timer = threading.Timer(timeout, stop, [process])
            timer.start()
        # Whom we wait for patiently we also listen to until its end: a full pipe would keep it from ending.
        with signals.held() if command.patient else contextlib.nullcontext():
            output, errors = _stream(process, command, on_line, on_error) if on_line else _capture(process, command)
        signals.check(stopped_before)  # its end is not its failure when it was we who ended it
    except BaseException:
        if process:
            stop(process)
        raise
    finally:
        if timer:
            timer.cancel()
        if process:
            _running.pop(process, None)
            _uninterrupted.pop(process, None)
            _dismiss_sitter(process)
    completed = Completed(process.returncode, output, errors)
    if timeout and time.monotonic() - started >= timeout and completed.status != 0:
        raise Failed(
            f"{command.words[0]} did not end within {timeout:.0f} s", code="tool-timeout", evidence=tail(errors)
        )
    if check and completed.status != 0:
        raise Failed(
            f"{Path(command.words[0]).name} ended with status {completed.status}: {command}",
            code="tool-failed",
            evidence=tail(errors or output),
        )
    return completed


def attached(command: Command) -> int:
    """Run a program on our own input, output and terminal until it ends; returns its status as a shell would.

    Ctrl-C is for the program, which shares our group; any other signal ends it and us. Raises Refused when the program
    is not there.
    """
    with signals.left_to_others():
        try:
            process = subprocess.Popen(
                command.words,
                cwd=command.cwd,
                env=_environ(command),
                preexec_fn=_end_with_parent,
            )
        except (FileNotFoundError, PermissionError) as error:
            raise Refused(f"cannot run {command.words[0]}: {error.strerror}", code="tool-missing") from error
        try:
            return as_shell(process.wait())
        except BaseException:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(INTERRUPT_PATIENCE)
            process.kill()
            raise


def as_shell(status: int) -> int:
    """A status as a shell tells it: 130 for a program that SIGINT ended."""
    return 128 - status if status < 0 else status


def stop(process: subprocess.Popen[str], patience: float | None = None) -> None:
    """Interrupt a program's group, wait `patience` seconds (default: its command's), then kill it.

    Called twice, from the thread that a signal started and from the one that runs the program, it interrupts once: a
    second Ctrl-C makes many programs drop their own clean-up.
    """
    first = _uninterrupted.pop(process, False)
    patience = _running.get(process, INTERRUPT_PATIENCE) if patience is None else patience
    _dismiss_sitter(process)
    for number, wait in ((signal.SIGINT, patience), (signal.SIGKILL, 5.0)):
        if process.poll() is not None:
            return
        if number == signal.SIGKILL or first:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait)


def stop_all(patience: float | None = None) -> None:
    """Stop every program that runs (called when we are interrupted; work in threads ends with theirs).

    patience: seconds until they are killed; default: each program's own.
    """
    threads = [threading.Thread(target=stop, args=[process, patience]) for process in list(_running)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def patient() -> str:
    """The name of a program that runs and loses something when it is killed; "" where none does."""
    found = [process for process, patience in list(_running.items()) if patience > INTERRUPT_PATIENCE]
    return Path(str(found[0].args[0])).name if found else ""  # type: ignore[index]


def _dismiss_sitter(process: subprocess.Popen[str]) -> None:
    if sitter := _sitters.pop(process, None):
        sitter.leave()


def tail(text: str, lines: int = 20) -> tuple[str, ...]:
    """The last lines of a text that say anything."""
    return tuple([line.rstrip() for line in text.splitlines() if line.strip()][-lines:])


def _start(command: Command, *, merged: bool) -> subprocess.Popen[str]:
    ours, theirs = _lasting_pipe() if merged and command.patient else (None, subprocess.PIPE)
    try:
        process = subprocess.Popen(
            command.words,
            cwd=command.cwd,
            env=_environ(command),
            stdin=subprocess.PIPE if command.stdin is not None else subprocess.DEVNULL,
            stdout=theirs,
            pass_fds=() if ours is None else (ours,),
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            preexec_fn=None if command.patient else _end_with_parent,
        )
    except (FileNotFoundError, PermissionError) as error:
        if ours is not None:
            os.close(ours)
        raise Refused(f"cannot run {command.words[0]}: {error.strerror}", code="tool-missing") from error
    finally:
        if ours is not None:
            os.close(theirs)
    if ours is not None:
        process.stdout = os.fdopen(ours, encoding="utf-8", errors="replace")
    if command.patient:
        _sitters[process] = Sitter(process.pid)
    _uninterrupted[process] = True
    _running[process] = command.patience
    return process


def _environ(command: Command) -> dict[str, str]:
    given = {name: value.reveal() if isinstance(value, Secret) else value for name, value in command.environ.items()}
    return given if command.alone else dict(os.environ) | given


def _lasting_pipe() -> tuple[int, int]:
    """A pipe whose reading end its writer gets too: it can be written to after we were killed."""
    ours, theirs = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 1 << 20)
    return ours, theirs


def _end_with_parent() -> None:
    # The child dies when the thread that started it ends, so a taken-over lock has no ghost writer.
    system.end_with_parent(signal.SIGKILL)


def _given(command: Command) -> str | None:
    return command.stdin.reveal() if isinstance(command.stdin, Secret) else command.stdin


def _capture(process: subprocess.Popen[str], command: Command) -> tuple[str, str]:
    return process.communicate(_given(command))


def _stream(
    process: subprocess.Popen[str],
    command: Command,
    on_line: Callable[[str], None],
    on_error: Callable[[str], None] | None,
) -> tuple[str, str]:
    assert process.stdout is not None
    aside = threading.Thread(target=_tell, args=(process.stderr, on_error), daemon=True) if on_error else None
    if aside:
        aside.start()
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(_given(command) or "")
            process.stdin.close()
    kept: deque[str] = deque(maxlen=2000)
    for line in process.stdout:
        kept.append(line.rstrip("\n"))
        on_line(kept[-1])
    process.wait()
    if aside:
        aside.join()
    text = "\n".join(kept)
    return text, text


def _tell(stream: Iterable[str], on_line: Callable[[str], None]) -> None:
    for line in stream:
        on_line(line.rstrip("\n"))
