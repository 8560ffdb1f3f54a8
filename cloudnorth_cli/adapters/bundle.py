"""A service's files on this machine, copied by content: what an image is on Kubernetes."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cloudnorth_cli.adapters import context
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.settings import Build


@dataclass(frozen=True)
class Bundle:
    """Files of a build context, as Docker would be sent them."""

    digest: str
    """`sha256:` of paths, executable bits and bytes."""
    folder: Path
    made: bool
    """False when it was there already."""


def make(root: Path, build: Build, store: Path) -> Bundle:
    """Copy a build context into the store, unless it is there. Raises Refused (the context), Failed (disk full).

    root: folder of cloudnorth.yaml; store: folder of bundles by digest.
    """
    source = root / build.context
    paths = context.paths(root, build, by_docker=False)
    there = _bundle(store, digest_of(read(root, build)), made=False)
    if there.folder.is_dir():
        os.utime(there.folder)  # in use again: `prune` spares it
        return there
    try:
        store.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=store, prefix=".new-") as temporary:
            copy = Path(temporary) / "files"
            for path in paths:
                _copy(source / path, copy / path)
            copy.mkdir(exist_ok=True)
            # A file may have changed under our hands: the copy is what counts.
            found = fingerprints(copy, paths)
            bundle = _bundle(store, digest_of(found), made=True)
            listing_file(bundle.folder).write_bytes(msgspec.json.encode(found, order="sorted"))
            if not bundle.folder.is_dir():
                copy.rename(bundle.folder)
            return bundle
    except OSError as error:
        raise Failed(f"cannot copy {source} to {store}: {error.strerror or error}", code="bundle") from error


def read(root: Path, build: Build) -> Mapping[str, str]:
    """Paths and fingerprints of a build context as it is now. Raises Refused."""
    try:
        return fingerprints(root / build.context, context.paths(root, build, by_docker=False))
    except OSError as error:
        raise Refused(f"cannot read {error.filename}: {error.strerror}", code="context-unreadable") from error


def folder_of(store: Path, digest: str) -> Path:
    """Where the files of a digest are, or would be."""
    return store / digest.removeprefix("sha256:")


def listing_file(folder: Path) -> Path:
    """Where a bundle's paths and fingerprints are kept, for `build --explain`."""
    return folder.with_name(folder.name + ".json")


def listing(folder: Path) -> Mapping[str, str]:
    """Path to fingerprint of a bundle; empty when it is gone."""
    try:
        return msgspec.json.decode(listing_file(folder).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}


def fingerprints(folder: Path, paths: tuple[str, ...]) -> Mapping[str, str]:
    """Kind (`-` file, `x` executable, `l` link) and SHA-256 by path. Raises OSError."""
    return {os.fsencode(path).decode("utf-8", "backslashreplace"): _fingerprint(folder / path) for path in paths}


def digest_of(found: Mapping[str, str]) -> str:
    """`sha256:` over all of them."""
    return "sha256:" + hashlib.sha256(msgspec.json.encode(found, order="sorted")).hexdigest()


def _bundle(store: Path, digest: str, *, made: bool) -> Bundle:
    return Bundle(digest, folder_of(store, digest), made)


def _fingerprint(file: Path) -> str:
    if file.is_symlink():
        return "l" + hashlib.sha256(os.fsencode(os.readlink(file))).hexdigest()
    with file.open("rb") as stream:
        # The owner's executable bit is the one that git carries.
        kind = "x" if os.fstat(stream.fileno()).st_mode & 0o100 else "-"
        return kind + hashlib.file_digest(stream, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(os.readlink(source))
    else:
        shutil.copyfile(source, target)
        target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
