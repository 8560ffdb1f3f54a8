"""Copies of `{data}` that are made while it is in use, and putting one in its place."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cloudnorth_cli.adapters import sqlite
from cloudnorth_cli.adapters.store import Store
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Backup
from cloudnorth_cli.platforms.local.place import Place

_ABOUT = "backup.json"
_DATA = "data"
_NEW = ".new-"
"""Before the number of one that is not whole yet."""


def take(place: Place, store: Store, kind: str, release: int | None, step: Step) -> Backup:
    """Copy the data as it is now. It has its name only when it is whole. Raises Failed (`with told_disk()` outside)."""
    with _alone(place, step):
        number = store.next("backup")
        step.waiting("the copy of the data")
        new = place.backups / f"{_NEW}{number}"
        new.mkdir(mode=0o700)
        databases, files, size = copy(place.data, new / _DATA)
        made = Backup(
            number=number,
            kind=kind,
            at=datetime.now(UTC),
            release=release,
            databases=databases,
            files=files,
            bytes=size,
            folder=str(place.backups / str(number)),
        )
        _about(new, made)
        new.rename(made.folder)
        return made


def copy(source: Path, target: Path) -> tuple[int, int, int]:
    """Copy a folder of data: databases by SQLite itself, checked, everything else as files.

    Returns how many databases, how many other files, and bytes. What is no file (a socket) is left out.
    """
    databases = files = size = 0
    target.mkdir(mode=0o700)
    for folder, names, found in os.walk(source):
        here = target / Path(folder).relative_to(source)
        for name in names:
            if Path(folder, name).is_symlink():
                found.append(name)
            else:
                (here / name).mkdir(mode=0o700)
                _owned_as(Path(folder, name), here / name)
        beside = {f"{name}{end}" for name in found for end in sqlite.BESIDE}
        for name in found:
            file, copied = Path(folder, name), here / name
            if not file.is_file() and not file.is_symlink():
                continue
            try:
                if not file.is_symlink() and sqlite.is_database(file):
                    sqlite.copy(file, copied)
                    databases += 1
                elif name in beside:
                    continue
                else:
                    shutil.copy2(file, copied, follow_symlinks=False)
                    files += 1
            except FileNotFoundError:
                continue  # deleted since the folder was listed
            size += copied.lstat().st_size
            _owned_as(file, copied)
            _to_disk(copied)
    return databases, files, size


def all_of(place: Place) -> tuple[Backup, ...]:
    """Newest first; numbers tell the order, as a clock may have been set back."""
    found = [_read(folder) for folder in (place.backups.iterdir() if place.backups.is_dir() else ())]
    return tuple(sorted((each for each in found if each), key=lambda each: each.number, reverse=True))


def find(place: Place, which: str | None) -> Backup:
    """The one of that number, or in that folder; the newest one where none is named. Raises Refused."""
    known = all_of(place)
    if which is None:
        chosen = next(iter(known), None)
    elif which.isdigit():
        chosen = next((each for each in known if each.number == int(which)), None)
    else:
        chosen = _read(Path(which))
    if chosen is None:
        numbers = ", ".join(str(each.number) for each in known) or "none"
        what = f"backup {which}" if which and which.isdigit() else f"a backup in {which}" if which else "a backup"
        raise Refused(f"there is no {what.removeprefix('a ')}; backups here: {numbers}", code="backup-missing")
    return chosen


def bring_in(place: Place, chosen: Backup) -> None:
    """Copy a backup's data beside the data, checked."""
    shutil.rmtree(place.incoming, ignore_errors=True)
    copy(Path(chosen.folder) / _DATA, place.incoming)


def swap(place: Place, store: Store, kind: str, release: int | None) -> Backup:
    """Put what was brought in in the place of the data; what was there becomes a backup, without being copied.

    Nobody may use the data meanwhile. Killed in between, `finish` does the rest.
    """
    number = store.next("backup")
    folder = place.backups / str(number)
    folder.mkdir(mode=0o700, parents=True)
    files = [file for file in place.data.rglob("*") if file.is_file()]
    kept = Backup(
        number=number,
        kind=kind,
        at=datetime.now(UTC),
        release=release,
        databases=sum(map(sqlite.is_database, files)),
        files=len(files),
        bytes=sum(file.stat().st_size for file in files),
        folder=str(folder),
    )
    _about(folder, kept)
    place.restoring.write_text(str(number))
    place.data.rename(folder / _DATA)
    place.incoming.rename(place.data)
    place.restoring.unlink()
    return kept


def swap_back(place: Place, kept: Backup) -> None:
    """Undo `swap`."""
    shutil.rmtree(place.incoming, ignore_errors=True)
    place.restoring.write_text(str(kept.number))
    place.data.rename(place.incoming)
    Path(kept.folder, _DATA).rename(place.data)
    place.restoring.unlink()
    shutil.rmtree(kept.folder, ignore_errors=True)
    shutil.rmtree(place.incoming, ignore_errors=True)


def finish(place: Place) -> str | None:
    """See that there is data again after a restore that was killed; what was done, for people.

    Call it before anything makes the folder anew.
    """
    if not place.restoring.exists():
        return None
    told = "a restore that was killed had not begun to change the data"
    before = place.backups / place.restoring.read_text().strip() / _DATA
    if not place.data.exists():
        (place.incoming if place.incoming.exists() else before).rename(place.data)
        told = "a restore that was killed is finished"
    place.restoring.unlink()
    shutil.rmtree(place.incoming, ignore_errors=True)
    return told


def prune(place: Place, keep: int) -> None:
    """Keep the newest ones of each kind."""
    known = all_of(place)
    for kind in {each.kind for each in known}:
        for each in [one for one in known if one.kind == kind][max(1, keep) :]:
            shutil.rmtree(each.folder, ignore_errors=True)


@contextmanager
def _alone(place: Place, step: Step) -> Iterator[None]:
    """One backup at a time; what one that was killed has left is removed."""
    place.backups.mkdir(mode=0o700, exist_ok=True)
    with (place.backups / ".lock").open("w") as guard:
        step.waiting("another backup to end")
        fcntl.flock(guard, fcntl.LOCK_EX)
        for left in place.backups.glob(f"{_NEW}*"):
            shutil.rmtree(left, ignore_errors=True)
        try:
            yield
        except BaseException:
            for left in place.backups.glob(f"{_NEW}*"):
                shutil.rmtree(left, ignore_errors=True)
            raise


def _about(folder: Path, backup: Backup) -> None:
    (folder / _ABOUT).write_bytes(msgspec.json.encode(backup))


def _read(folder: Path) -> Backup | None:
    """What is told of the backup in a folder, wherever that was moved to."""
    try:
        found = msgspec.json.decode((folder / _ABOUT).read_bytes(), type=Backup)
    except (OSError, msgspec.DecodeError):
        return None
    return msgspec.structs.replace(found, folder=str(folder)) if (folder / _DATA).is_dir() else None


def _owned_as(original: Path, copied: Path) -> None:
    """Whoever runs the services (not us, where they run as another user) may use the copy as they may the original."""
    if copied.is_symlink():
        return
    shutil.copymode(original, copied)
    if os.geteuid() == 0:
        owner = original.stat()
        os.chown(copied, owner.st_uid, owner.st_gid)


def _to_disk(file: Path) -> None:
    if file.is_symlink():
        return
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
