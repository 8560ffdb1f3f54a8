"""`docker build` with BuildKit: the command line, and how to read what it prints (`--progress plain`)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from cloudnorth_cli import shell
from cloudnorth_cli.errors import CloudnorthError, Failed, Refused
from cloudnorth_cli.model import Secret
from cloudnorth_cli.settings import Build, Docker

OnLine = Callable[[str], None]
OnStart = Callable[[shell.Command], None]


def environ(docker: Docker) -> dict[str, str | Secret]:
    """What every `docker` program of ours is given."""
    fixed: dict[str, str | Secret] = {
        "DOCKER_BUILDKIT": "1",
        # Provenance holds times and would give every build a digest of its own.
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        # The engine's own builder: a builder of another driver would not leave the image in the engine.
        "BUILDX_BUILDER": "default",
    }
    return fixed | ({"DOCKER_HOST": docker.host} if docker.host else {})


def command(docker: Docker, root: Path, build: Build, secrets: Mapping[str, Secret], image_id: Path) -> shell.Command:
    """The build as a program to run. Secrets go through the environment: never in argv, and on no disk.

    root: folder of cloudnorth.yaml; image_id: file that the client writes the image's id to.
    """
    names = {name: f"CLOUDNORTH_BUILD_SECRET_{number}" for number, name in enumerate(sorted(secrets))}
    words = [docker.command, "build", "--progress", "plain", "--iidfile", str(image_id)]
    words += ["--file", str(root / build.dockerfile), "--platform", build.platform]
    words += ["--target", build.target] if build.target else []
    for name, value in sorted(build.args.items()):
        words += ["--build-arg", f"{name}={value}"]
    for name, variable in names.items():
        words += ["--secret", f"id={name},env={variable}"]
    given = environ(docker) | {variable: secrets[name] for name, variable in names.items()}
    return shell.Command((*words, str(root / build.context)), environ=given, cwd=root)


def build_image(
    service: str,
    docker: Docker,
    root: Path,
    build: Build,
    secrets: Mapping[str, Secret],
    *,
    on_line: OnLine,
    on_start: OnStart,
) -> str:
    """Build one image and return its id; it has no name yet. Raises Refused, Failed."""
    with tempfile.TemporaryDirectory(prefix="cloudnorth-") as folder:
        image_id = Path(folder, "id")
        _run(service, command(docker, root, build, secrets, image_id), secrets, on_line, on_start)
        return image_id.read_text("ascii").strip()


def run_command(service: str, docker: Docker, root: Path, text: str, *, on_line: OnLine, on_start: OnStart) -> None:
    """Run the project's own build command. Raises Failed."""
    _run(service, shell.Command(("sh", "-c", text), environ=environ(docker), cwd=root), {}, on_line, on_start)


def _run(
    service: str, command: shell.Command, secrets: Mapping[str, Secret], on_line: OnLine, on_start: OnStart
) -> None:
    def masked(text: str) -> str:
        for secret in secrets.values():
            text = text.replace(secret.reveal(), "***") if secret.reveal() else text
        return text

    completed = shell.run(command, on_line=lambda line: on_line(masked(line)), on_start=on_start, check=False)
    if completed.status != 0:
        raise failure(service, completed.status, masked(completed.output))


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
