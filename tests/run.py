"""Run the suites of a tier (fast, test, full), each within its minutes of budgets.toml, and say what was left out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTEST = (str(BIN / "pytest"), "-q")
NO_TESTS = 5
"""pytest's exit status when nothing was selected."""

Commands = tuple[tuple[str, ...], ...]


def quality(tier: str) -> Commands:
    dockerfiles = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("app/*.Dockerfile"))
    return (
        (str(BIN / "ruff"), "format", "--check", "--quiet", "."),
        (str(BIN / "ruff"), "check", "--quiet", "."),
        (str(BIN / "mypy"), "--no-error-summary", "cloudnorth_cli", "scripts", "app/shop", "tests/run.py"),
        (str(BIN / "lint-imports"), "--no-cache"),
        (str(BIN / "hadolint"), *dockerfiles),
    )


def unit(tier: str) -> Commands:
    marks = {
        "fast": "not lab and not terraform and not slow and not repeat",
        "test": "not lab and not terraform and not repeat",
        "full": "not lab and not terraform",
    }[tier]
    return ((*PYTEST, "tests", "--ignore=tests/contract", "-m", marks),)


def contract(tier: str) -> Commands:
    return ((*PYTEST, "tests/contract", "-m", "not lab"),)


def terraform(tier: str) -> Commands:
    return ((*PYTEST, "tests", "-m", "terraform" if tier == "full" else "terraform and not repeat"),)


def lab_start(tier: str) -> Commands:
    return ((sys.executable, "-m", "tests.lab", "up"),)


def lab(tier: str) -> Commands:
    return ((*PYTEST, "tests", "-m", "lab" if tier == "full" else "lab and not repeat"),)


SUITES: dict[str, Callable[[str], Commands]] = {
    "quality": quality,
    "unit": unit,
    "contract": contract,
    "terraform": terraform,
    "lab-start": lab_start,
    "lab": lab,
}


def why_no_lab() -> str | None:
    """Why the lab cannot run here, or None."""
    if os.environ.get("LAB") == "off":
        return "LAB=off"
    check = subprocess.run([sys.executable, "-m", "tests.lab", "check"], cwd=ROOT, capture_output=True, text=True)
    return None if check.returncode == 0 else (check.stdout + check.stderr).strip() or f"status {check.returncode}"


def run(words: tuple[str, ...], seconds: float) -> bool:
    """Run one command to its end or its time-out; True when it succeeded."""
    process = subprocess.Popen(words, cwd=ROOT, start_new_session=True, stdin=subprocess.DEVNULL)
    try:
        return process.wait(seconds) in ((0, NO_TESTS) if "pytest" in words[0] else (0,))
    except subprocess.TimeoutExpired:
        print(f"  over its time: {' '.join(words)}", flush=True)
        return False
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def main(tier: str) -> int:
    budgets = tomllib.loads((ROOT / "tests" / "budgets.toml").read_text())[tier]
    left_out = why_no_lab() if "lab" in budgets else None
    rows: list[tuple[str, bool, float]] = []
    for suite, minutes in budgets.items():
        if suite.startswith("lab") and left_out:
            continue
        print(f"== {suite} (at most {minutes} min)", flush=True)
        started, end = time.monotonic(), time.monotonic() + minutes * 60
        passed = [run(words, max(1.0, end - time.monotonic())) for words in SUITES[suite](tier)]
        rows.append((suite, all(passed), time.monotonic() - started))
        if suite == "lab-start" and not all(passed):
            break
    if left_out:
        print(f"left out: the lab and the tests in it ({left_out})")
        if left_out != "LAB=off" and os.environ.get("CI") == "true":
            print("with CI=true that is a failure; LAB=off says that it is meant")
            rows.append(("lab", False, 0.0))
    for suite, well, seconds in rows:
        print(f"{suite:12} {'passed' if well else 'FAILED':8} {seconds:6.0f} s")
    failed = sum(not well for _, well, _ in rows)
    print(f"suites: {len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "test"))
