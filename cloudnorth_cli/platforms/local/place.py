"""Where a local environment keeps its things."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cloudnorth_cli.adapters.caddy import INTERNAL
from cloudnorth_cli.adapters.unix_http import LONGEST_PATH
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.settings import Environment

MARK = "CLOUDNORTH_LOCAL"
"""Variable in every service's environment that tells whose process it is."""
TASK_MARK = "CLOUDNORTH_LOCAL_TASK"
"""The same for migrations: what may not outlive the run that started it."""

_SUPERVISOR_BINDS = "supervisor.4194304"
"""supervisord binds its socket as `supervisor.PID` first, and a process number has up to seven digits on Linux."""


@dataclass(frozen=True)
class Place:
    """The folders and files of one environment of one project."""

    home: Path
    """`${XDG_DATA_HOME:-~/.local/share}/cloudnorth/PROJECT-8HEX/ENVIRONMENT`."""
    runtime: Path
    """`${XDG_RUNTIME_DIR:-/tmp}/cloudnorth-UID/8HEX`: short, for sockets."""

    @property
    def data(self) -> Path:
        """`{data}`: what services keep across releases."""
        return self.home / "data"

    @property
    def bundles(self) -> Path:
        """Services' files by digest."""
        return self.home / "bundles"

    @property
    def environments(self) -> Path:
        """Virtual environments by lock."""
        return self.home / "environments"

    @property
    def prepared(self) -> Path:
        """Files that a `prepare.command` has worked on."""
        return self.home / "prepared"

    @property
    def plans(self) -> Path:
        """All that is needed to start a release again, by its id."""
        return self.home / "plans"

    @property
    def secrets(self) -> Path:
        """Secrets by content hash, files of mode 0600."""
        return self.home / "secrets"

    @property
    def lineups(self) -> Path:
        """Which processes serve together, by number."""
        return self.home / "lineups"

    @property
    def backups(self) -> Path:
        """Copies of the data, by number."""
        return self.home / "backups"

    @property
    def incoming(self) -> Path:
        """What is about to take the place of the data."""
        return self.home / "incoming"

    @property
    def restoring(self) -> Path:
        """There while the data is being exchanged; holds the number of the backup that it becomes."""
        return self.home / "restoring"

    @property
    def internal(self) -> Path:
        """Links to lineups, one for each side of a service; Caddy reads through them too."""
        return self.home / INTERNAL

    @property
    def launches(self) -> Path:
        """What the launcher reads, a file of mode 0600 a process."""
        return self.home / "launches"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def records(self) -> Path:
        return self.home / "records.db"

    @property
    def migrated(self) -> Path:
        """What the last migration that succeeded was made of; without it the next deploy migrates."""
        return self.home / "migrated"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def caddy_file(self) -> Path:
        """What Caddy starts with."""
        return self.home / "caddy.json"

    @property
    def caddy_socket(self) -> Path:
        return self.runtime / "caddy"

    @property
    def pages_socket(self) -> Path:
        """Of the server that pages pass while `deploy --watch` runs."""
        return self.runtime / "pages"

    @property
    def pages(self) -> Path:
        """Locked while that server runs."""
        return self.home / "pages"

    @property
    def kept_by_service(self) -> Path:
        """There while supervisord is a service's own process, which must not end with what it keeps."""
        return self.runtime / "service"

    @property
    def supervisor_socket(self) -> Path:
        return self.runtime / "supervisor"

    @property
    def marker(self) -> dict[str, str]:
        return {MARK: str(self.home)}

    @property
    def longest_socket(self) -> Path:
        """Of all the sockets in `runtime`."""
        return self.runtime / _SUPERVISOR_BINDS

    def make(self) -> None:
        """Make the folders, for us alone. Raises Refused where others could get in between, or sockets do not fit."""
        longest = self.longest_socket
        if len(os.fsencode(longest)) > LONGEST_PATH:
            raise Refused(
                f"{longest} is too long for a socket, which has 104 bytes with its end",
                code="runtime-folder",
                next=("export XDG_RUNTIME_DIR=/tmp",),
            )
        for folder in (self.home, self.logs, self.launches, self.lineups, self.plans):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.restoring.exists():  # then it is to come back, not to begin empty
            self.data.mkdir(mode=0o700, exist_ok=True)
        self.home.chmod(0o700)
        _own_folder(self.runtime.parent)
        _own_folder(self.runtime)
        (self.home / "runtime").write_text(str(self.runtime))


def place(environment: Environment, environ: Mapping[str, str] = os.environ) -> Place:
    """The place of an environment; nothing is made."""
    share = environ.get("XDG_DATA_HOME") or Path(environ.get("HOME") or Path.home()) / ".local" / "share"
    name = f"{environment.project}-{_eight(environment.root.resolve())}"
    home = Path(share).resolve() / "cloudnorth" / name / environment.name
    return Place(home, _runtime(home, environ))


@contextmanager
def told_disk() -> Iterator[None]:
    """A disk that is full or may not be written is a foreseen failure, told with the file. Raises Failed."""
    try:
        yield
    except OSError as error:
        what = f"cannot write {error.filename}" if error.filename else "cannot write"
        raise Failed(f"{what}: {error.strerror or error}", code="disk") from error


def _runtime(home: Path, environ: Mapping[str, str]) -> Path:
    # What runs was started by a shell that may have had another XDG_RUNTIME_DIR than ours.
    try:
        written = Path((home / "runtime").read_text())
        if (written / "supervisor").exists():
            return written
    except OSError:
        pass
    own = Path(f"cloudnorth-{os.getuid()}") / _eight(home)
    base = environ.get("XDG_RUNTIME_DIR") or ""
    fits = len(os.fsencode(base / own / _SUPERVISOR_BINDS)) <= LONGEST_PATH
    if base and fits and os.access(base, os.W_OK):
        return Path(base) / own
    return Path("/tmp") / own  # noqa: S108 - a folder of our own in it


def _eight(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def _own_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise Refused(f"{folder} belongs to somebody else", code="runtime-folder", next=(f"ls -ld {folder}",))
    folder.chmod(0o700)
