"""Fast to type: the version needs nothing but itself, and help imports no SDK and no drawing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cloudnorth_cli import __version__
from tests.tool import PROGRAM, environ

SLOW = (
    "boto3",
    "botocore",
    "docker",
    "kubernetes",
    "requests",
    "rich",
    "yaml",
    "msgspec",
    "pydantic",
    "jinja2",
    "urllib3",
)
DUMP = """
import sys
from cloudnorth_cli.__main__ import run
run(sys.argv[1:])
print("MODULES", *sys.modules, file=sys.stderr)
"""


def imported(*words: str) -> tuple[str, set[str]]:
    """What a command line prints, and the modules that it loads beyond those of a bare interpreter."""
    done = subprocess.run([sys.executable, "-c", DUMP, *words], capture_output=True, text=True, check=True)
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return done.stdout, set(done.stderr.split("MODULES ")[1].split()) - set(bare.stdout.split())


def test_the_version_is_answered_before_anything_is_imported() -> None:
    out, modules = imported("--version")
    assert out == f"cloudnorth {__version__}\n"
    assert modules == {"cloudnorth_cli", "cloudnorth_cli.__main__", "__future__", "gc"}


@pytest.mark.parametrize("words", [("--help",), (), ("deploy", "--help"), ("--no-color", "--version")], ids=" ".join)
def test_help_imports_no_sdk_and_nothing_that_draws(words: tuple[str, ...]) -> None:
    _, modules = imported(*words)
    assert "typer" in modules, "the real parser answers"
    assert modules.isdisjoint(SLOW)
    assert "cloudnorth_cli.session" not in modules


def test_a_mistake_in_the_line_imports_no_sdk() -> None:
    _, modules = imported("deplyo")
    assert modules.isdisjoint({"boto3", "docker", "kubernetes", "rich", "requests"})


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment_of_the_start_ends_it_without_a_traceback(
    tmp_path: Path, number: signal.Signals
) -> None:
    """An import that is interrupted leaves half a module behind, and telling the end needs those modules."""
    (tmp_path / "cloudnorth.yaml").write_text(CONFIG)
    root = Path(__file__).resolve().parent.parent
    for delay in [step * 0.04 for step in range(20)]:
        tool = subprocess.Popen(
            [*PROGRAM, "status", "-e", "local"],
            cwd=tmp_path,
            env=environ({"PYTHONPATH": str(root), "XDG_DATA_HOME": str(tmp_path / "data")}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not catches(tool.pid) and tool.poll() is None:
            time.sleep(0.002)  # before that it is Python's own start, which no program can answer for
        time.sleep(delay)
        os.kill(tool.pid, number)
        said = tool.communicate(timeout=20)[1]
        assert "Traceback" not in said, (delay, said)
        assert tool.returncode in (130, 7), (delay, said)  # 7: it had ended
        if tool.returncode == 130:
            assert "stopped" in said, (delay, said)


CONFIG = """
version: 1
project: shop
services: {web: {build: {context: .}, run: "true {port}"}}
environments: {local: {platform: local, port: 8125}}
"""


def catches(pid: int) -> bool:
    """Whether a process has a handler for SIGTERM, which is ours: Python has one for SIGINT alone."""
    told = Path(f"/proc/{pid}/status").read_text()
    caught = next((line.split()[1] for line in told.splitlines() if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) & 1 << (signal.SIGTERM - 1))
