"""Fast to type: the version needs nothing but itself, and help imports no SDK and no drawing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cloudnorth_cli import __version__

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
