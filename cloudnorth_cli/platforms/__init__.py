"""Where releases run. `Platform` is all that a command may ask; `open_platform` is the program's one late import.

What one platform cannot do is a method that says so (it raises Refused), never a missing one.
"""

from __future__ import annotations

import importlib
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, cast

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import BuildExplanation, Journal, Step
from cloudnorth_cli.model import (
    Accepted,
    Artifact,
    Attempt,
    Backup,
    Candidate,
    Finding,
    Hold,
    Image,
    LockStatus,
    LogLine,
    LogQuery,
    Needed,
    Record,
    Release,
    Request,
    Restored,
    Status,
    Verdict,
)
from cloudnorth_cli.settings import Environment

Tell = Callable[[str, Literal["stdout", "stderr"]], None]
"""Takes a line of a command and the stream that it came from."""

PLATFORMS = {
    "kubernetes": "cloudnorth_cli.platforms.kubernetes:KubernetesPlatform",
    "local": "cloudnorth_cli.platforms.local:LocalPlatform",
}


@dataclass(frozen=True)
class Seen:
    """What a check saw: in words, and what of it has to be mended."""

    told: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Check:
    """One question of `doctor`; checks are asked side by side, each in a thread of its own."""

    name: str
    look: Callable[[], Seen]
    """Changes nothing. What it raises as a CloudnorthError is a finding."""
    needs: str = ""
    """The check that has to be well before this one can see anything."""


class Service(Protocol):
    """An environment kept by the service manager of the machine that it runs on."""

    name: str
    """`cloudnorth-shop-1f2e3d4c-local.service`."""

    def unit(self, user: str) -> str:
        """What is written for the service manager. Raises Refused, UsageError."""

    def install(self, user: str) -> bool:
        """Start it now and at every boot as this user; False where that has to wait for the next boot.

        Raises Refused, UsageError, Failed.
        """

    def uninstall(self) -> bool:
        """Stop it and take it away, data stays; False where there was none. Raises Refused, Failed."""

    def state(self) -> str:
        """`active`, `inactive`, `failed`, `not installed`, or `installed` where the service manager does not run."""

    def run(self, request: Request) -> None:
        """Become it: called by the service manager, and does not return. Raises Refused, Locked."""


class Platform(Protocol):
    """The verbs of a place where releases run. Steps only tell; return values carry the results."""

    target: str
    """Where it goes, for the headline: `eks shop-prod, us-east-1`."""

    keeps_failed: bool
    """Whether a release that failed or was stopped half way stays beside what serves until somebody goes back;
    False where the platform itself takes it away."""

    def check(self, request: Request, step: Step) -> Record | None:
        """See that a deploy can succeed, changing nothing; return the record of what serves, or None.

        Credentials, cluster, permission, registry, chart (rendered with placeholder digests), ports, tools.
        Raises Refused.
        """

    def build(self, services: Sequence[str], step: Step) -> tuple[Artifact, ...]:
        """Make what the registry lacks, side by side; contact the engine only then. Raises Refused, Failed."""

    def explain_build(self, services: Sequence[str]) -> tuple[BuildExplanation, ...]:
        """What each service's content tag is made of, against the last build."""

    def push(self, artifacts: Sequence[Artifact], step: Step) -> tuple[Image, ...]:
        """Bring artifacts to where the platform reads them; the digests are read back from there. Raises Failed."""

    def resolve(self, images: dict[str, str]) -> tuple[Image, ...]:
        """Images built elsewhere, by service: see that they exist and learn their digests. Raises Refused."""

    def scan(self, images: Sequence[Image], request: Request, step: Step) -> Accepted | None:
        """Wait until it is known whether images may be deployed, where the environment asks for that (`scan`).

        Returns what `request.allow_findings` accepted. Never judges what has served already. Raises Refused.
        """

    def prepare(self, images: Sequence[Image], request: Request, step: Step) -> Candidate:
        """Make the release ready beside what serves (render the manifest; make files ready), and check it.

        `images` may leave out services: they stay as they serve. Raises Refused.
        """

    def lock(self, request: Request, verb: str, step: Step) -> AbstractContextManager[None]:
        """Hold the environment; released on leaving. Waits for `request.wait_lock` seconds while somebody else has it,
        which is told to the step; takes it from whoever has it where `request.take_lock`.

        Raises Locked naming the holder.
        """

    def holds(self) -> tuple[Hold, ...]:
        """What is kept out, oldest first."""

    def hold(self, hold: Hold) -> None:
        """Keep a release out, or everything; in place of an earlier hold of the same."""

    def lift(self, hold: Hold) -> None:
        """Keep it out no longer."""

    def migrate(self, candidate: Candidate, step: Step) -> str:
        """Bring the schema up to date. Returns what of it cannot be taken back, as `migrate.check` said, else "".

        Raises Failed.
        """

    def next_revision(self, step: Step, *, mend: bool = True) -> int:
        """The number of the revision that is made next. `mend`: one that a killed run left half way is ended first.

        Raises Locked while somebody who knows no lock of ours is at work.
        """

    def release(self, candidate: Candidate, release: Release, request: Request, step: Step) -> None:
        """Install the candidate; do not wait for it.

        Raises Failed (nothing changed), Broken, or RolloutFailed where it is there and has to be taken back.
        """

    def rejoin(self, record: Record) -> Candidate | None:
        """The candidate of a release that a stopped or killed run installed, to be watched and verified on.

        None where it was not installed whole: then it is installed again.
        """

    def watch(self, candidate: Candidate, release: Release, step: Step) -> Verdict:
        """Wait until the release is ready or failed, telling the step; evidence is taken before returning."""

    def verify(self, candidate: Candidate, release: Release, step: Step) -> None:
        """See that the new release itself answers. Raises RolloutFailed."""

    def record(self, record: Record) -> None:
        """Keep what happened with this revision (outcome changes overwrite)."""

    def forget(self, release: Release) -> None:
        """Drop the record of a revision that never came to be."""

    def attempted(self, attempt: Attempt) -> None:
        """Keep what happened with a deploy that made no revision, beside the newest of its kind; needs no lock."""

    def attempts(self) -> tuple[Attempt, ...]:
        """Newest first; needs read rights only."""

    def serving(self) -> Record | None:
        """The newest verified record of what is installed (what a failed deploy goes back to), or None; read-only."""

    def rollback(self, to: Record, release: Release, step: Step) -> None:
        """Put an earlier release back as `release` and wait for it, verified.

        Raises Refused (nothing changed), Failed (what served before serves) or Broken.
        """

    def status(self) -> Status:
        """What serves and whether it is well; needs read rights only."""

    def logs(self, query: LogQuery) -> Iterator[LogLine]:
        """Lines by time; endless with `follow`."""

    def history(self, limit: int) -> tuple[Record, ...]:
        """Newest first."""

    def restart(self, services: Sequence[str], step: Step) -> Verdict:
        """Start the services anew without interruption and wait."""

    def scale(self, counts: Mapping[str, int], step: Step) -> Verdict:
        """Give services these numbers of processes or pods and wait; says who sets the number from then on.

        Raises Refused where something else (an autoscaler) sets it.
        """

    def run(self, service: str, words: Sequence[str], tell: Tell) -> int:
        """Run a command to its end with the files, environment and secrets that serve, beside what serves.

        Its lines are told, masked; returns its exit status. It has no input. Raises Refused, Failed.
        """

    def exec(self, service: str, words: Sequence[str], tell: Tell | None, *, tty: bool = True) -> int:
        """Run a command in an instance that serves, on our own input and output; returns its exit status.

        tell: where its lines go instead; it has no input then. tty: give it a terminal where we have one.
        """

    def down(self, step: Step) -> str:
        """Take the release away; records and data stay. Returns where they stay, for people."""

    def data(self) -> str:
        """What `delete_data` would delete, for the question before it. Raises Refused where it cannot."""

    def delete_data(self, step: Step) -> str:
        """Delete the data, records, releases and backups of an environment that is down; returns what was deleted."""

    def backup(self, step: Step) -> Backup:
        """Copy the data while it is in use. Raises Failed, and Refused where the platform keeps no data."""

    def backups(self) -> tuple[Backup, ...]:
        """Newest first. Raises Refused as `backup`."""

    def find_backup(self, which: str | None) -> Backup:
        """A backup by its number or its folder; default: the newest. Raises Refused."""

    def restore(self, chosen: Backup, step: Step) -> Restored:
        """Put a backup in the place of the data; what was there is kept as one.

        Raises Failed where it did not work and the data of before is back.
        """

    def lock_status(self) -> LockStatus | None:
        """Who holds the environment."""

    def address(self) -> str | None:
        """Where a person reaches it, if that is known: `http://127.0.0.1:8000`."""

    def service(self) -> Service:
        """What the machine's service manager keeps of it. Raises Refused where a platform needs none."""

    def pages(self) -> AbstractContextManager[Callable[[Release], None]]:
        """While inside, pages that browsers show are loaded anew when told that another release serves.

        Raises Refused where releases are not for every saved file.
        """

    def checks(self) -> tuple[Check, ...]:
        """What `doctor` looks at here; each is asked only when it is called."""

    def needed(self) -> tuple[Needed, ...]:
        """Every image of a registry that a kept record names or that runs, newest release first; read rights only.

        Raises Refused where any of it cannot be read: what is not seen would be deleted.
        """

    def kubeconfig(self) -> str:
        """A kubeconfig for this environment's cluster alone. Raises Refused where there is none."""


def open_platform(environment: Environment, journal: Journal) -> Platform:
    """The platform of an environment; its module, and with it its SDKs, is imported here and nowhere else.

    Raises Refused where the extra that a platform needs is not installed.
    """
    module, _, name = PLATFORMS[environment.platform].partition(":")
    try:
        factory = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(__name__.partition(".")[0]):
            raise
        raise Refused(
            f"{environment.name} is on the platform {environment.platform}, which needs the extra "
            f"[{environment.platform}]: {error.name} is not installed",
            code="extra-missing",
            next=(f"{shlex.quote(sys.executable)} -m pip install 'cloudnorth[{environment.platform}]'",),
        ) from error
    return cast(Platform, factory(environment, journal))
