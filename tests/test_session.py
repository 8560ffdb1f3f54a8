"""However a run ends, it is told: a result, an exit status, and a place where more can be read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import pytest

from cloudnorth_cli import signals
from cloudnorth_cli.errors import ExitStatus
from cloudnorth_cli.events import AnyEvent
from cloudnorth_cli.platforms import PLATFORMS
from scripts import event_schemas
from tests.conftest import Cloudnorth

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = (sys.executable, "-m", "tests.fake_cloudnorth")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def started(project: Path, *words: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """The tool as a program of its own, killed at the end whatever happens."""
    with subprocess.Popen(
        [*PROGRAM, *words],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("words", "fake", "status", "outcome"),
    [
        (("deploy", "-e", "test"), "", ExitStatus.DONE, "done"),
        (("deploy", "-e", "test"), "same", ExitStatus.DONE, "unchanged"),
        (("deploy", "-e", "test"), "bug", ExitStatus.UNFORESEEN, "failed"),
        (("deploy", "-e", "nowhere"), "", ExitStatus.USAGE, "refused"),
        (("deploy", "-e", "test"), "unreachable", ExitStatus.REFUSED, "refused"),
        (("deploy", "-e", "prod", "--first"), "", ExitStatus.REFUSED, "refused"),
        (("down", "-e", "prod"), "", ExitStatus.REFUSED, "refused"),
        (("deploy", "-e", "test", "--no-rollback"), "crash", ExitStatus.BROKEN, "failed"),
        (("deploy", "-e", "test"), "locked", ExitStatus.LOCKED, "failed"),
        (("status", "-e", "test"), "unhealthy", ExitStatus.UNHEALTHY, "done"),
    ],
)
def test_every_end_has_its_exit_status_and_a_result(
    cloudnorth: Cloudnorth, words: tuple[str, ...], fake: str, status: int, outcome: str
) -> None:
    ran = cloudnorth(*words, "-o", "json", FAKE=fake)
    assert ran.status == ran.result["exit_status"] == status
    assert ran.result["outcome"] == outcome
    assert [event["event"] for event in ran.events].count("result") == 1
    assert ran.err == ""


def test_after_a_first_install_that_failed_the_next_one_is_the_first_still(cloudnorth: Cloudnorth) -> None:
    failed = cloudnorth("deploy", "-e", "prod", "--first", "--yes", "--allow-dirty", FAKE="crash")
    assert failed.status == ExitStatus.BROKEN
    assert "deploy --env prod --first" in failed.err
    assert cloudnorth("deploy", "-e", "prod", "--first", "--yes", "--allow-dirty").status == 0


def test_a_failed_release_that_is_taken_back_is_exit_4_and_says_what_serves(cloudnorth: Cloudnorth) -> None:
    assert cloudnorth("deploy", "-e", "test").status == 0
    ran = cloudnorth("deploy", "-e", "test", FAKE="crash")
    assert ran.status == ExitStatus.FAILED
    told = ran.err.split("✓ rollback")[1]
    assert "[crash-at-start]" in told
    assert "KeyError: 'PAYMENT_URL'" in told
    assert "test serves release 1 (revision 3)." in told
    assert "\nnext: cloudnorth explain crash-at-start\n      cloudnorth deploy --env test\n" in told
    assert ran.out == ""


def test_every_line_keeps_to_its_published_schema(cloudnorth: Cloudnorth) -> None:
    schema = event_schemas.schema(AnyEvent, "any event")
    validator = jsonschema.Draft202012Validator(schema)
    seen = set()
    for words, fake in (
        (("deploy", "-e", "test"), "talkative"),
        (("deploy", "-e", "test"), "crash"),
        (("status", "-e", "test"), "unhealthy"),
        (("logs", "-e", "test"), ""),
        (("history", "-e", "test"), ""),
        (("config", "-e", "test"), ""),
        (("build", "-e", "test", "--explain"), ""),
        (("build", "-e", "test"), ""),
        (("kubeconfig", "-e", "test"), ""),
        (("deploy", "--nonsense"), ""),
    ):
        for event in cloudnorth(*words, "-o", "json", FAKE=fake).events:
            validator.validate(event)
            seen.add(event["event"])
            assert event["v"] == 1
            assert None not in event.values()
    assert {"run-started", "step-progress", "output", "rollout-moved", "step-failed", "logged", "result"} <= seen


@pytest.mark.parametrize("verb", ["status", "history", "config", "kubeconfig"])
def test_a_reading_verb_prints_exactly_one_object(cloudnorth: Cloudnorth, verb: str) -> None:
    cloudnorth("deploy", "-e", "test")
    assert [event["event"] for event in cloudnorth(verb, "-e", "test", "-o", "json").events] == ["result"]


def test_a_defect_of_ours_is_one_line_and_the_traceback_is_kept(cloudnorth: Cloudnorth, project: Path) -> None:
    ran = cloudnorth("deploy", "-e", "test", FAKE="bug")
    assert ran.status == ExitStatus.UNFORESEEN
    assert "Traceback" not in ran.err
    assert "a defect of cloudnorth: ZeroDivisionError: the fake's own defect" in ran.err
    (kept,) = (project / ".cloudnorth" / "runs" / "latest").glob("traceback.txt")
    assert "tests/fakes.py" in kept.read_text()
    assert str(kept.relative_to(project).name) in ran.err


def test_the_report_is_the_result(cloudnorth: Cloudnorth, project: Path) -> None:
    ran = cloudnorth("deploy", "-e", "test", "-o", "json", "--report", "out.json")
    assert json.loads((project / "out.json").read_text()) == ran.result
    assert [path.name for path in project.glob(".out*")] == []


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_changed(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("deploy", "-e", "test", "-o", "json", "--report", "missing/out.json")
    assert ran.status == ExitStatus.USAGE
    assert ran.steps == []


def test_a_run_keeps_its_events_and_the_last_fifty_runs_stay(cloudnorth: Cloudnorth, project: Path) -> None:
    runs = project / ".cloudnorth" / "runs"
    for number in range(60):
        (runs / f"20200101-0000{number:02}-00").mkdir(parents=True)
    ran = cloudnorth("deploy", "-e", "test", "-o", "json")
    kept = (runs / "latest" / "events.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in kept] == ran.events
    assert (runs / "latest").resolve().name == ran.result["run"]
    assert ran.result["run_folder"] == f".cloudnorth/runs/{ran.result['run']}"
    assert len([entry for entry in runs.iterdir() if not entry.is_symlink()]) == 50


def test_looking_leaves_no_trace(cloudnorth: Cloudnorth, project: Path) -> None:
    for verb in ("status", "history", "logs", "config"):
        cloudnorth(verb, "-e", "test")
    assert not (project / ".cloudnorth").exists()


def test_runs_may_be_kept_elsewhere(cloudnorth: Cloudnorth, project: Path) -> None:
    ran = cloudnorth("deploy", "-e", "test", "-o", "json", CLOUDNORTH_RUNS_DIR=str(project / "elsewhere"))
    assert (project / "elsewhere" / ran.result["run"] / "events.jsonl").exists()


def test_a_folder_that_cannot_be_written_is_a_notice_and_no_failure(cloudnorth: Cloudnorth, project: Path) -> None:
    (project / "blocked").write_text("a file")
    ran = cloudnorth("deploy", "-e", "test", CLOUDNORTH_RUNS_DIR=str(project / "blocked"))
    assert ran.status == 0
    assert "warning: no transcript is kept" in ran.err


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_each_of_three_signals_is_one_interruption(project: Path, number: signal.Signals) -> None:
    with started(project, "deploy", "-e", "test", "-o", "json", FAKE="slow-push") as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(json.loads(line))
            if lines[-1]["event"] == "step-waiting":
                break
        process.send_signal(number)
        process.send_signal(number)
        lines += [json.loads(line) for line in process.stdout]
        assert process.wait(10) == ExitStatus.INTERRUPTED
        assert process.stderr
        assert process.stderr.read() == ""
    result = lines[-1]
    assert (result["event"], result["outcome"], result["exit_status"]) == ("result", "interrupted", 130)
    assert "nothing was changed" in result["summary"]
    assert result["next"]


def test_an_ignored_hangup_stays_ignored(project: Path) -> None:
    words = ("nohup", *PROGRAM, "deploy", "-e", "test", "-o", "json")
    environ = os.environ | {"PYTHONPATH": str(ROOT), "FAKE_PACE": "0.05"}
    with subprocess.Popen(words, cwd=project, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        lines = [first, *process.stdout]
    assert json.loads(lines[-1])["exit_status"] == process.returncode == 0


def test_logs_end_quietly_when_nobody_reads_any_more(project: Path) -> None:
    with started(project, "logs", "-e", "test", "--follow", FAKE_PACE="0.01") as process:
        assert process.stdout
        assert process.stderr
        assert "GET /products" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_a_deploy_goes_on_when_its_reader_went_away(project: Path) -> None:
    with started(project, "deploy", "-e", "test", "-o", "json", FAKE_PACE="0.02") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
    kept = (project / ".cloudnorth" / "runs" / "latest" / "events.jsonl").read_text().splitlines()
    assert json.loads(kept[-1])["outcome"] == "done"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is Linux's")
def test_an_answer_that_could_not_be_written_is_no_success(project: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "history", "-e", "test"],
            cwd=project,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == ExitStatus.UNFORESEEN
    assert done.stderr == "cannot write the output: No space left on device\n"


def test_a_question_that_nobody_can_answer_names_the_flag(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("deploy", "-e", "prod", "--first")
    assert ran.status == ExitStatus.REFUSED
    assert "--yes" in ran.err
    assert cloudnorth("deploy", "-e", "prod", "--first", "--yes").status == 0


def test_taking_a_protected_environment_down_wants_its_name(cloudnorth: Cloudnorth) -> None:
    assert "--confirm prod" in cloudnorth("down", "-e", "prod").err
    assert cloudnorth("down", "-e", "prod", "--confirm", "prd").status == ExitStatus.USAGE
    assert cloudnorth("down", "-e", "prod", "--confirm", "prod").status == 0
    assert cloudnorth("down", "-e", "test").status == 0


def test_a_platform_whose_extra_is_not_installed_says_how_to_install_it(
    cloudnorth: Cloudnorth, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "halfway.py").write_text("import nowhere_to_be_found\n")
    monkeypatch.syspath_prepend(project)
    monkeypatch.setitem(PLATFORMS, "local", "halfway:Platform")
    ran = cloudnorth("status", "-e", "test")
    assert ran.status == ExitStatus.REFUSED
    assert "which needs the extra [local]: nowhere_to_be_found is not installed" in " ".join(ran.err.split())
    assert f"next: {sys.executable} -m pip install 'cloudnorth[local]'" in ran.err


def test_a_second_signal_ends_a_run_at_once_and_is_journalled(cloudnorth: Cloudnorth, project: Path) -> None:
    """The first one is being dealt with, and something of that hangs; the person will not wait."""
    cloudnorth("deploy", "-e", "test")
    with started(project, "deploy", "-e", "test", "-o", "json", FAKE="slow-migrate,slow-release,hanging") as process:
        assert process.stdout
        for line in process.stdout:
            event = json.loads(line)["event"]
            if event == "step-waiting":
                process.send_signal(signal.SIGTERM)
            if event == "step-failed":  # it came
                break
        time.sleep(signals.TOGETHER + 0.2)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert process.wait(10) == 130
        assert time.monotonic() - began < 3
        last = [json.loads(line) for line in process.stdout][-1]
    assert (last["event"], last["outcome"], last["exit_status"]) == ("result", "interrupted", 130)
    assert "at once" in last["summary"]
    kept = (project / last["run_folder"] / "events.jsonl").read_text().splitlines()
    assert json.loads(kept[-1])["event"] == "result"


def test_signals_that_come_together_are_one(cloudnorth: Cloudnorth, project: Path) -> None:
    cloudnorth("deploy", "-e", "test")
    with started(project, "deploy", "-e", "test", "-o", "json", FAKE="slow-release") as process:
        assert process.stdout
        for line in process.stdout:
            if json.loads(line)["event"] == "step-waiting":
                for number in SIGNALS:
                    process.send_signal(number)
                break
        assert process.wait(10) == 130
        last = [json.loads(line) for line in process.stdout][-1]
    assert "half rolled out" in last["summary"]
