"""A signal is one interruption, wherever it finds us."""

from __future__ import annotations

import os
import signal
import threading
import weakref
from collections.abc import Iterator

import pytest

from cloudnorth_cli import shell, signals
from cloudnorth_cli.errors import Failed, Interrupted
from cloudnorth_cli.shell import Command
from cloudnorth_cli.signals import interruptible

hooked: list[signal.Signals] = []


def signal_ourselves() -> None:
    if hooked:
        os.kill(os.getpid(), hooked.pop())


os.register_at_fork(after_in_parent=signal_ourselves)


@pytest.fixture(autouse=True)
def no_hook() -> Iterator[None]:
    yield
    hooked.clear()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_a_hook_of_fork_is_not_lost(number: signal.Signals) -> None:
    """Python prints what is raised in such a hook and goes on: `logging` has one, so it happened."""
    hooked.append(number)
    with interruptible() as watch, pytest.raises(Interrupted, match=number.name):
        shell.run(Command(("sleep", "60")))
    assert watch.came == number.name


def test_a_signal_in_a_finalizer_is_neither_lost_nor_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with interruptible():
        thing = Thing()
        weakref.finalize(thing, os.kill, os.getpid(), signal.SIGTERM)
        del thing
        with pytest.raises(Interrupted):
            signals.check()
    assert capfd.readouterr().err == ""


class Thing:
    """Something that is collected as soon as nobody names it."""


def test_a_program_that_a_signal_ended_has_not_failed() -> None:
    with interruptible() as watch:
        watch.on_signal = shell.stop_all
        with pytest.raises(Interrupted):
            shell.run(Command(("sh", "-c", "kill -TERM $PPID; sleep 60")))


def test_a_patient_program_is_heard_to_its_end() -> None:
    """Terraform, interrupted, finishes what is in flight: it is neither killed after three seconds nor cut off."""
    lines: list[str] = []
    said = "trap 'sleep 4; echo state written; exit 1' INT; sleep 0.3; kill -TERM $PPID; while :; do sleep 0.05; done"
    with interruptible() as watch:
        watch.on_signal = lambda: threading.Thread(target=shell.stop_all).start()
        with pytest.raises(Interrupted):
            shell.run(Command(("bash", "-c", said), patience=60), on_line=lines.append)
    assert lines == ["state written"]


def test_programs_run_as_ever_after_an_interruption_was_told() -> None:
    with interruptible():
        with pytest.raises(Interrupted):
            _interrupt_ourselves()
        assert shell.run(Command(("echo", "cleaned up"))).output == "cleaned up\n"
        with pytest.raises(Failed):
            shell.run(Command(("false",)))


def _interrupt_ourselves() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(5)
