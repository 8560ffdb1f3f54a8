"""Helm's command lines as values, and what it prints as ours. Helm 3 from 3.18, and Helm 4.

Waiting is ours (`--wait` is never given); values go in files, never as `--set`, whose commas and braces are syntax.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Secret
from cloudnorth_cli.shell import Command

OLDEST = (3, 18)
KEPT_REVISIONS = 50


@dataclass(frozen=True)
class Revision:
    """One revision of a Helm release."""

    number: int
    status: str
    """`deployed`, `superseded`, `failed`, `pending-upgrade`, `uninstalled` …"""
    at: datetime | None

    @property
    def pending(self) -> bool:
        """A Helm was killed in it, or is still at work."""
        return self.status.startswith("pending-")


@dataclass(frozen=True)
class Helm:
    """One Helm release of one cluster: every line that we run about it."""

    release: str
    namespace: str
    context: str
    kubeconfig: str
    chart: str = ""
    version: str | None = None
    """Of the chart."""
    values: tuple[str, ...] = ()
    """Files, later ones over earlier ones."""
    args: tuple[str, ...] = ()
    cwd: Path = field(default_factory=Path.cwd)
    program: str = "helm"
    major: int = 4
    """Of Helm itself."""

    def ask_version(self) -> Command:
        return Command((self.program, "version", "--template", "{{.Version}}"), cwd=self.cwd)

    def template(self, *, upgrade: bool) -> Command:
        """Render with the cluster's own versions and look-ups; changes nothing."""
        flags = ["--dry-run=server", *(["--is-upgrade"] if upgrade else [])]
        return self._command("template", self.release, self.chart, *self._chart_flags(), *flags, *self.args)

    def show_values(self) -> Command:
        """The chart's own values.yaml."""
        version = ("--version", self.version) if self.version else ()
        return Command((self.program, "show", "values", self.chart, *version), cwd=self.cwd)

    def upgrade(
        self, *, timeout: float, description: str, force_conflicts: bool = False, keep: int = KEPT_REVISIONS
    ) -> Command:
        """Install or upgrade. `timeout`, in seconds, is for the chart's own hooks; `keep`: revisions that are kept."""
        how = ("--install", "--history-max", str(keep))
        return self._set("upgrade", how, timeout, description, force_conflicts)

    def install_again(
        self, *, timeout: float, description: str, force_conflicts: bool = False, keep: int = KEPT_REVISIONS
    ) -> Command:
        """Install where the release was uninstalled and its history kept.

        `upgrade --install` looks at the last of the revisions in alphabetical order, so from the tenth on it finds "no
        deployed releases" (Helm 3.22 and 4.3, `isReleaseUninstalled` in pkg/cmd/upgrade.go).
        """
        return self._set("install", ("--replace",), timeout, description, force_conflicts)

    def rollback(self, revision: int, *, timeout: float, plain: bool = False, keep: int = KEPT_REVISIONS) -> Command:
        """Put a revision back as a new one. Foreign fields are taken back too, or the old release could not come.

        plain: without hooks, to end a revision in which a Helm was killed.
        """
        conflicts = ["--force-conflicts"] if self.major >= 4 else []
        flags = ["--history-max", str(keep), "--timeout", f"{timeout:.0f}s", *conflicts]
        return self._command("rollback", self.release, str(revision), *flags, *(["--no-hooks"] if plain else []))

    def history(self) -> Command:
        return self._command("history", self.release, "--output", "json", "--max", str(KEPT_REVISIONS))

    def manifest(self, revision: int | None = None) -> Command:
        wanted = ("--revision", str(revision)) if revision else ()
        return self._command("get", "manifest", self.release, *wanted)

    def hooks(self) -> Command:
        return self._command("get", "hooks", self.release)

    def uninstall(self, *, timeout: float) -> Command:
        """Remove the objects; the history stays, so that numbers go on where they were."""
        return self._command("uninstall", self.release, "--keep-history", "--timeout", f"{timeout:.0f}s")

    def _set(self, verb: str, how: Iterable[str], timeout: float, description: str, force: bool) -> Command:
        told = ("--timeout", f"{timeout:.0f}s", "--description", description)
        conflicts = ["--force-conflicts"] if force and self.major >= 4 else []
        return self._command(verb, self.release, self.chart, *how, *self._chart_flags(), *told, *conflicts, *self.args)

    def _chart_flags(self) -> Iterable[str]:
        if self.version:
            yield from ("--version", self.version)
        for file in self.values:
            yield from ("--values", file)

    def _command(self, *words: str) -> Command:
        place = ("--namespace", self.namespace, "--kube-context", self.context)
        environ: Mapping[str, str | Secret] = {"KUBECONFIG": self.kubeconfig}
        return Command((self.program, *words, *place), environ=environ, cwd=self.cwd)


def parse_version(text: str) -> tuple[int, int]:
    """Major and minor of `helm version`. Raises Refused for one that is too old or not Helm."""
    found = re.search(r"v?(\d+)\.(\d+)\.\d+", text)
    if not found:
        raise Refused(f"this is not Helm's version: {text.strip()[:80]!r}", code="helm-version")
    version = (int(found[1]), int(found[2]))
    if version < OLDEST:
        raise Refused(
            f"Helm {version[0]}.{version[1]} is too old; 3.{OLDEST[1]} or later, or 4, is needed", code="helm-version"
        )
    return version


def parse_history(text: str) -> tuple[Revision, ...]:
    """Revisions, oldest first."""
    return tuple(
        Revision(
            number=int(entry["revision"]),
            status=str(entry["status"]),
            at=_time(str(entry.get("updated", ""))),
        )
        for entry in json.loads(text or "[]")
    )


def decisive(output: str) -> tuple[str, ...]:
    """The lines of Helm's output that say what is wrong, without its log and its advice."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    start = next((number for number, line in enumerate(lines) if line.startswith("Error:")), 0)
    return tuple(line for line in lines[start:] if not line.startswith("Use --debug flag"))[:20]


def _time(text: str) -> datetime | None:
    # Go prints nanoseconds; datetime takes up to microseconds.
    shortened = re.sub(r"(\.\d{6})\d+", r"\1", text)
    try:
        return datetime.fromisoformat(shortened).astimezone(UTC)
    except ValueError:
        return None
