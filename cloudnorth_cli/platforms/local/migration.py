"""Running the migration with the new release's files, before anything of it serves."""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from cloudnorth_cli import shell, templates
from cloudnorth_cli.adapters import bundle, launcher
from cloudnorth_cli.durations import seconds
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Value
from cloudnorth_cli.platforms import migration_check
from cloudnorth_cli.platforms.local import internal, launch, lineup
from cloudnorth_cli.platforms.local.lineup import Process
from cloudnorth_cli.platforms.local.place import TASK_MARK, Place
from cloudnorth_cli.platforms.local.plan import Plan
from cloudnorth_cli.settings import Migrate


def made_of(wanted: Migrate, plan: Plan, place: Place) -> str | None:
    """What tells whether the migration is another one than before; None where `migrate.files` does not say.

    Besides the files: how it is run. Raises Refused where a file is not there.
    """
    service = plan.service(wanted.service)
    if not wanted.files or service is None:
        return None
    listing = bundle.listing(bundle.folder_of(place.bundles, service.image.digest))
    found: dict[str, str] = {}
    for name in (each.strip("/") for each in wanted.files):
        under = {path: print_ for path, print_ in listing.items() if path == name or path.startswith(f"{name}/")}
        if not under:
            message = f"{name} is not among the files of {wanted.service}"
            raise Refused(message, code="migrate-files", where="migrate.files")
        found |= under
    run_with = (wanted.run, str(service.environment), sorted(service.env.items()), plan.secrets)
    return hashlib.sha256(msgspec.json.encode((sorted(found.items()), run_with))).hexdigest()


class _Ran(Value, frozen=True, kw_only=True):
    """The last migration that succeeded."""

    made_of: str
    files: Mapping[str, int]
    """The data that it was run on: names and inodes. A database that was taken away or exchanged is another one."""


def ran_before(place: Place, made_of: str | None) -> bool:
    """Whether this very migration was the last one to succeed, on the data that is there."""
    try:
        last = msgspec.json.decode(place.migrated.read_bytes(), type=_Ran)
    except (OSError, msgspec.DecodeError):
        return False
    return last.made_of == made_of and last.files.items() <= _files(place).items()


def succeeded(place: Place, made_of: str) -> None:
    """Remember what was run, and on which data."""
    place.migrated.write_bytes(msgspec.json.encode(_Ran(made_of=made_of, files=_files(place))))


def _files(place: Place) -> dict[str, int]:
    """SQLite's own files beside a database come and go."""
    passing = ("-wal", "-shm", "-journal")
    return {each.name: each.stat().st_ino for each in place.data.iterdir() if not each.name.endswith(passing)}


def irreversible(wanted: Migrate, plan: Plan, place: Place, commit: str, step: Step) -> str:
    """What `migrate.check` says cannot be taken back; "" without one. Raises Failed."""
    if not wanted.check:
        return ""
    step.waiting(wanted.check)
    return migration_check.irreversible(_run(wanted, wanted.check, plan, place, commit, lambda line: None))


def run(wanted: Migrate, plan: Plan, place: Place, commit: str, step: Step) -> None:
    """Run it to its end, its lines told as they come. Raises Failed: nothing of the new release has served yet."""
    place.migrated.unlink(missing_ok=True)
    said = _run(wanted, wanted.run, plan, place, commit, lambda line: step.output("migrate", line))
    step.summary = said[-1] if said else wanted.run


def _run(wanted: Migrate, line: str, plan: Plan, place: Place, commit: str, hear: Callable[[str], None]) -> list[str]:
    """What a command line of the service prints, masked. Raises Failed."""
    service = plan.service(wanted.service)
    assert service is not None, "the configuration names services that exist"
    serving = lineup.serving(place)
    # `{url.SERVICE}` is what serves now; there is no new process yet. Port 0 is nobody's.
    urls = {each.name: "http://127.0.0.1:0" for each in plan.services}
    urls |= internal.urls(place, serving.sides) if serving else {}
    process = Process(
        name="migrate", service=service.name, port=0, key="", release=0, commit=commit, started_at=datetime.now(UTC)
    )
    filled = launch.values(plan, process, urls, place)
    words = tuple(shlex.split(templates.fill(line, filled, "migrate")))
    variables = launch.environ(plan, process, filled, place) | {TASK_MARK: str(place.home)}
    file = launch.launch_file(place, "migrate")
    launch.write(file, words, variables, service.folder, counted=False)
    said: list[str] = []
    mask = launch.masker(place, plan)

    def tell(line: str) -> None:
        said.append(mask(line))
        hear(said[-1])

    try:
        command = shell.Command((sys.executable, "-I", "-S", launcher.__file__, str(file)))
        shell.run(command, on_line=tell, timeout=seconds(wanted.timeout))
    except Failed as error:
        late = error.code == "tool-timeout"
        raise Failed(
            f"the migration did not end within {wanted.timeout}" if late else f"the migration failed: {line}",
            code="migration-failed",
            where="migrate.run",
            evidence=said[-20:],
        ) from error
    finally:
        file.unlink(missing_ok=True)
    return said
