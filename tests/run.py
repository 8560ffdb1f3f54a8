"""Run the suites of a tier (fast, test, full), each within its minutes of budgets.toml, and say what was left out."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TESTS = ROOT / "tests"
PYTEST = (str(BIN / "pytest"), "-q")
TYPED = ("cloudnorth_cli", "scripts", "app/shop", "benchmarks", "tests/run.py")
NO_TESTS = 5
"""pytest's exit status when nothing was selected."""

Commands = tuple[tuple[str, ...], ...]


def quality(tier: str) -> Commands:
    dockerfiles = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("app/*Dockerfile"))
    return (
        (str(BIN / "ruff"), "format", "--check", "--quiet", "."),
        (str(BIN / "ruff"), "check", "--quiet", "."),
        (str(BIN / "mypy"), "--no-error-summary", *TYPED),
        (str(BIN / "lint-imports"), "--no-cache"),
        (str(BIN / "hadolint"), *dockerfiles),
    )


def unit(tier: str) -> Commands:
    marks = {
        "fast": "not lab and not terraform and not browser and not slow and not repeat",
        "test": "not lab and not terraform and not browser and not repeat",
        "full": "not lab and not terraform and not browser",
    }[tier]
    left_out = ("contract", *PATIENT) if tier == "fast" else ("contract",)
    ignored = [f"--ignore=tests/{folder}" for folder in left_out]
    if tier == "fast":
        ignored += [f"--ignore={path}" for path in _on_aws()]
    return ((*PYTEST, "-n", UNIT_WORKERS, "tests", *ignored, "-m", marks),)


def _on_aws() -> list[Path]:
    """Test modules that speak to moto: loading it and boto3 in every worker takes longer than most of their tests."""
    speaks = re.compile(r"boto3|moto|aws_double|on_aws")
    return [path for path in sorted(ROOT.glob("tests/*/test_*.py")) if speaks.search(path.read_text())]


def modules(mark: str) -> list[str]:
    """Modules of tests with a mark, of their own or of a conftest.py above: a worker loads all that it is given."""
    speaks = re.compile(rf"\bmark\.{mark}\b")
    folders = {path.parent for path in TESTS.rglob("conftest.py") if speaks.search(path.read_text())}
    found = sorted(
        path for path in TESTS.rglob("test_*.py") if folders & set(path.parents) or speaks.search(path.read_text())
    )
    return [str(path.relative_to(ROOT)) for path in found]


def contract(tier: str) -> Commands:
    return ((*PYTEST, "-n", WORKERS, "tests/contract", "-m", "not lab"),)


def terraform(tier: str) -> Commands:
    marks = "terraform" if tier == "full" else "terraform and not repeat"
    return ((*PYTEST, "-n", WORKERS, *modules("terraform"), "-m", marks),)


def pages(tier: str) -> Commands:
    marks = "browser" if tier == "full" else "browser and not repeat"
    return ((sys.executable, "-m", "tests.app.browser"), (*PYTEST, "tests/app/browser", "-m", marks))


def lab_start(tier: str) -> Commands:
    return ((sys.executable, "-m", "tests.lab", "up"),)


def lab(tier: str) -> Commands:
    marks = "lab" if tier == "full" else "lab and not repeat"
    # Helm, kubectl and the Docker client end within a second: what they spend on garbage is spent for nothing.
    return (("env", "GOGC=400", *PYTEST, "-n", WORKERS, *modules("lab"), "-m", marks),)


SUITES: dict[str, Callable[[str], Commands]] = {
    "quality": quality,
    "unit": unit,
    "contract": contract,
    "terraform": terraform,
    "pages": pages,
    "lab-start": lab_start,
    "lab": lab,
}
WORKERS, UNIT_WORKERS = "4", "5"
"""Tests that start programs wait for them about half of the time: four keep two cores busy in the lab, where more lose
bounds of time; the others bear one more."""
PATIENT = ("e2e", "platforms", "app", "canary")
"""Folders whose tests start programs and wait for them: not for every few minutes of a day's work."""
SAID_EVERY = 30.0
"""Seconds between two lines that tell what runs."""


NEEDY = {"lab": ("tests.lab", "LAB"), "pages": ("tests.app.browser", "PAGES")}
"""Suites, by the beginning of their name, that not every machine can run: who tells why, and what leaves them out."""


def why_not(suite: str) -> str | None:
    """Why this suite cannot run here, or None."""
    module, variable = NEEDY[suite]
    if os.environ.get(variable) == "off":
        return f"{variable}=off"
    check = subprocess.run([sys.executable, "-m", module, "check"], cwd=ROOT, capture_output=True, text=True)
    return None if check.returncode == 0 else (check.stdout + check.stderr).strip() or f"status {check.returncode}"


def run_suite(name: str, tier: str, minutes: float) -> bool:
    """Run a suite to its end or to the end of its time, and show what it printed; True when it passed."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        passed = all([_run(words, name, started, minutes, output) for words in SUITES[name](tier)])
        print(f"== {name}: {time.monotonic() - started:.0f} s (at most {minutes} min)", flush=True)
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout.buffer)
        sys.stdout.flush()
    return passed


def _run(words: tuple[str, ...], suite: str, started: float, minutes: float, output: IO[bytes]) -> bool:
    program = subprocess.Popen(
        words, cwd=ROOT, start_new_session=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    )
    end = started + minutes * 60
    try:
        while True:
            try:
                status = program.wait(min(SAID_EVERY, max(1.0, end - time.monotonic())))
                return status == 0 or (status == NO_TESTS and PYTEST[0] in words)
            except subprocess.TimeoutExpired:
                if time.monotonic() >= end:
                    output.write(f"  over its time: {' '.join(words)}\n".encode())
                    return False
                print(f"... {suite} {time.monotonic() - started:.0f} s", flush=True)
    finally:
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def main(tier: str) -> int:
    started = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    budgets: dict[str, float] = tomllib.loads((ROOT / "tests" / "budgets.toml").read_text())[tier]
    left_out = {suite: reason for suite in NEEDY if suite in budgets and (reason := why_not(suite))}
    rows: list[tuple[str, bool, float]] = []
    for suite, minutes in budgets.items():
        if suite.partition("-")[0] in left_out:
            continue
        began = time.monotonic()
        passed = run_suite(suite, tier, minutes)
        rows.append((suite, passed, time.monotonic() - began))
        if suite == "lab-start" and not passed:
            break
    for suite, reason in left_out.items():
        print(f"left out: {suite} ({reason})")
        if not reason.endswith("=off") and os.environ.get("CI") == "true":
            print(f"with CI=true that is a failure; {NEEDY[suite][1]}=off says that it is meant")
            rows.append((suite, False, 0.0))
    for suite, well, seconds in rows:
        print(f"{suite:12} {'passed' if well else 'FAILED':8} {seconds:6.0f} s")
    print(f"{'all of it':12} {'':8} {time.monotonic() - started:6.0f} s")
    failed = sum(not well for _, well, _ in rows)
    print(f"suites: {len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "test"))
