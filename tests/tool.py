"""The tool as its users run it: a program with arguments, an exit status and two outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema

PROGRAM = (sys.executable, "-m", "cloudnorth_cli")
LEFT_OUT = ("CI", "JENKINS_URL", "BUILD_NUMBER", "BUILD_URL", "GITHUB_ACTIONS", "CLOUDNORTH_ENV", "KUBECONFIG")
"""Variables of whoever runs the tests that would change what the tool does."""
_PUBLISHED = Path(__file__).resolve().parent.parent / "docs" / "events" / "any.json"
SCHEMA = jsonschema.Draft202012Validator(json.loads(_PUBLISHED.read_text()))


@dataclass(frozen=True)
class Ran:
    """How one call of the tool ended."""

    status: int
    out: str
    err: str

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """With `-o json`: every line of standard output, each as the published schema says."""
        events = [json.loads(line) for line in self.out.splitlines()]
        for event in events:
            SCHEMA.validate(event)
        return events

    @property
    def result(self) -> dict[str, Any]:
        last = self.events[-1]
        assert last["event"] == "result", self.out
        return last

    def step(self, name: str) -> dict[str, Any]:
        """The event that ended a step."""
        ended = ("step-finished", "step-failed")
        return next(event for event in self.events if event["event"] in ended and event["step"] == name)

    @property
    def steps(self) -> list[str]:
        return [event["step"] for event in self.events if event["event"] == "step-started"]


def environ(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A shell with nothing of ours exported."""
    return {name: value for name, value in os.environ.items() if name not in LEFT_OUT} | dict(extra or {})


def cloudnorth(*words: str, cwd: Path, extra: Mapping[str, str] | None = None, timeout: float = 240) -> Ran:
    """Run the tool to its end."""
    done = subprocess.run(
        [*PROGRAM, *words],
        cwd=cwd,
        env=environ(extra) | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
