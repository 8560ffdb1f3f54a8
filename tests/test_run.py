"""The runner of the suites: what is left out is said, what fails fails, and what it started ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from tests import run
from tests.lab.wait import until

ROOT = Path(__file__).parents[1]
COLD, WARM = 87, 57
"""Minutes after which every suite of `make test` has been ended: CI ends it all after 90. It takes half of that."""


@pytest.fixture
def suites(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Suites of one quick program each, a machine without a lab, and a shell with nothing exported."""
    for name in run.SUITES:
        monkeypatch.setitem(run.SUITES, name, lambda tier, name=name: (("echo", f"this is {name}"),))
    monkeypatch.setattr(run, "why_not", {"lab": "no Go to build with"}.get)
    monkeypatch.delenv("CI", raising=False)
    return monkeypatch


def test_what_is_left_out_is_said_and_the_rest_is_run(
    suites: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run.main("test") == 0
    said = capfd.readouterr().out
    assert "left out: lab (no Go to build with)" in said
    assert "this is unit" in said
    assert "this is lab" not in said
    assert said.splitlines()[-1] == "suites: 5 passed, 0 failed"


@pytest.mark.parametrize(("why", "status"), [("no Go to build with", 1), ("LAB=off", 0)])
def test_in_a_pipeline_a_missing_lab_is_a_failure_unless_it_is_meant(
    why: str, status: int, suites: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    suites.setenv("CI", "true")
    suites.setattr(run, "why_not", {"lab": why}.get)
    assert run.main("test") == status
    assert f"suites: 5 passed, {status} failed" in capfd.readouterr().out


def test_a_suite_that_fails_or_takes_too_long_fails_the_run_and_not_the_others(
    suites: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    suites.setitem(run.SUITES, "quality", lambda tier: (("sh", "-c", "echo this one is wrong; exit 1"),))
    suites.setitem(run.SUITES, "contract", lambda tier: (("sleep", "60"),))
    suites.setattr(tomllib, "loads", lambda text: {"fast": {"quality": 1, "unit": 1, "contract": 0}})
    started = time.monotonic()
    assert run.main("fast") == 1
    assert time.monotonic() - started < 30
    said = capfd.readouterr().out
    assert "this one is wrong" in said
    assert "over its time: sleep 60" in said
    assert "unit         passed" in said
    assert said.splitlines()[-1] == "suites: 1 passed, 2 failed"


def test_where_the_lab_does_not_start_its_tests_are_not_run(
    suites: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    suites.setattr(run, "why_not", lambda suite: None)
    suites.setitem(run.SUITES, "lab-start", lambda tier: (("false",),))
    assert run.main("test") == 1
    said = capfd.readouterr().out
    assert "lab-start    FAILED" in said
    assert "this is lab\n" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_what_it_started(number: signal.Signals, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "from tests import run\n"
        f"run.SUITES.update(quality=lambda tier: (('sh', '-c', 'echo $$ > {note}; sleep 300'),),\n"
        "    unit=lambda tier: (('true',), ('sleep', '300'), ('sleep', '300')))\n"
        "run.main('fast')\n"
    )
    running = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)
    until(lambda: note.exists() and note.read_text().endswith("\n"), "the suite to begin", 20)
    running.send_signal(number)
    assert running.wait(20) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_the_budgets_keep_to_what_make_test_may_take() -> None:
    budgets = tomllib.loads((ROOT / "tests/budgets.toml").read_text())["test"]
    assert budgets.keys() == run.SUITES.keys()
    assert sum(budgets.values()) <= COLD
    assert sum(budgets.values()) - budgets["lab-start"] <= WARM


@pytest.mark.repeat
@pytest.mark.parametrize("mark", ["lab", "terraform"])
def test_the_modules_of_a_mark_hold_all_tests_that_have_it(mark: str) -> None:
    def collected(*paths: str) -> list[str]:
        words = [*run.PYTEST, "--collect-only", "-n", "0", *paths, "-m", mark]
        said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return sorted(line for line in said.splitlines() if "::" in line)

    found = collected(*run.modules(mark))
    assert found
    assert found == collected("tests")
