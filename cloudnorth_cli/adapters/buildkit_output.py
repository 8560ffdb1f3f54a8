"""What BuildKit prints with `--progress plain`: how far a build has come, and why it failed."""

from __future__ import annotations

import re

from cloudnorth_cli import shell
from cloudnorth_cli.errors import CloudnorthError, Failed, Refused

NOISE = re.compile(r"|#\d+ sha256:[0-9a-f]{64}")
"""Empty lines, and a vertex' name for machines (Docker 20.10)."""


def failure(service: str, status: int, output: str) -> CloudnorthError:
    """Why a build failed, told from what it printed."""
    said = output.lower()
    evidence = decisive(output)
    if "buildx component is missing" in said or "unknown flag: --progress" in said:
        return Refused(
            "the docker client cannot build with BuildKit: install its buildx plugin, or name another client "
            "(docker.command)",
            code="buildx-missing",
            evidence=evidence,
        )
    if "no space left on device" in said:
        return Failed(
            f"the disk became full while {service} was built",
            code="disk-full",
            evidence=evidence,
            next=("docker system df", "docker builder prune"),
        )
    if "cannot connect to the docker daemon" in said:
        return Failed(f"the Docker engine went away while {service} was built", code="docker-gone", evidence=evidence)
    step = next((found[1] for found in re.finditer(r"^ > (\[.+\] .+?):?$", output, re.MULTILINE)), None)
    return Failed(
        f"building {service} failed" + (f" at {step}" if step else f" with status {status}"),
        code="build-failed",
        evidence=evidence,
    )


def decisive(output: str) -> tuple[str, ...]:
    """What the failing instruction said and how it ended; the last lines where BuildKit names none."""
    failures = list(re.finditer(r"^#(\d+) ERROR: (.*)$", output, re.MULTILINE))
    if not failures:
        return shell.tail(output)
    ended = failures[-1]
    said = re.findall(rf"^#{ended[1]} \d+\.\d+ (.*)$", output, re.MULTILINE)
    return (*shell.tail("\n".join(said)), ended[2])


class Stages:
    """How far a build has come, counted in the Dockerfile's instructions."""

    _STARTED = re.compile(r"#(\d+) \[(?:(.*) )?(\d+)/(\d+)\] (.*)")
    _ENDED = re.compile(r"#(\d+) (?:DONE|CACHED)\b")

    def __init__(self) -> None:
        self._stage_of: dict[str, str] = {}
        self._totals: dict[str, int] = {}
        self._done: set[str] = set()
        self.label = ""
        """The instruction that started last."""

    def read(self, line: str) -> bool:
        """Take in a line; True when it brought the build further."""
        if started := self._STARTED.match(line):
            number, stage, _, total, self.label = started.groups(default="")
            self._stage_of[number] = stage
            self._totals[stage] = int(total)
            return True
        if (ended := self._ENDED.match(line)) and ended[1] in self._stage_of:
            self._done.add(ended[1])
            return True
        return False

    @property
    def done(self) -> int:
        return len(self._done)

    @property
    def total(self) -> int | None:
        """Of the stages seen so far; None before the first."""
        return sum(self._totals.values()) or None
