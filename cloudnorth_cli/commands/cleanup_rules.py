"""Which images may go: those that we made, that nothing needs, and that are neither new nor among the last.

Pure; why so: docs/decisions/2026-11-26-cleanup.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloudnorth_cli import durations
from cloudnorth_cli.adapters.ecr_images import EcrImage
from cloudnorth_cli.model import Needed, StoredImage

OURS = re.compile(r"[0-9a-f]{16}")
"""A content tag (adapters/context.py, `Recipe.tag`)."""
OF_AN_IMAGE = re.compile(r"sha256-([0-9a-f]{64})(?:\.\w+)?")
"""A tag by which a signature or attestation names its image (github.com/sigstore/cosign, specs/SIGNATURE_SPEC.md)."""


@dataclass(frozen=True)
class Grace:
    """What stays although nothing names it."""

    newest: int
    """So many tagged images of each repository."""
    seconds: float
    """What was pushed within so long."""


GRACE = Grace(newest=10, seconds=72 * 3600)


def judge(
    images: Sequence[EcrImage],
    members: Mapping[str, frozenset[str]],
    needed: Iterable[Needed],
    host: str,
    grace: Grace,
    now: datetime,
) -> tuple[StoredImage, ...]:
    """Each image with the reason why it stays; `images` newest first in each repository.

    members: by the digest of an index, what it is made of.
    """
    wanted = list(needed)
    last = _last(images, grace.newest)
    kept = {}
    for one in images:
        if why := _why(one, _needing(one, wanted, host), last, grace, now):
            kept[one.repository, one.digest] = why
    _with_members(images, members, kept)
    _with_signatures(images, kept)
    return tuple(_stored(one, kept.get((one.repository, one.digest), "")) for one in images)


def in_order(doomed: Iterable[StoredImage], members: Mapping[str, frozenset[str]]) -> Iterable[list[StoredImage]]:
    """What may be deleted at once, one after the other: ECR keeps what an index names, so that goes first."""
    left = list(doomed)
    while left:
        inner = {digest for one in left for digest in members.get(one.digest, ())}
        now = [one for one in left if one.digest not in inner]
        yield now
        left = [one for one in left if one.digest in inner]


def _why(one: EcrImage, needing: Sequence[str], last: set[tuple[str, str]], grace: Grace, now: datetime) -> str:
    if needing:
        more = len(set(needing)) - 1
        return f"{needing[0]}, {more} more" if more else needing[0]
    if one.other:
        return f"no image: {one.other}"
    if all(map(OF_AN_IMAGE.fullmatch, one.tags)) and one.tags:
        return ""  # follows its image
    if foreign := [tag for tag in one.tags if not OURS.fullmatch(tag)]:
        return f"tag {foreign[0]} is not ours"
    if (one.repository, one.digest) in last:
        return f"among the newest {grace.newest}"
    age = (now - one.pushed_at).total_seconds()
    return f"pushed {durations.told(age)} ago" if age < grace.seconds else ""


def _needing(one: EcrImage, wanted: Iterable[Needed], host: str) -> list[str]:
    """By digest wherever it was taken from: an image is copied between repositories under the same one."""
    return [
        each.why
        for each in wanted
        if (each.digest == one.digest if each.digest else False)
        or (each.tag and each.tag in one.tags and each.repository == f"{host}/{one.repository}")
    ]


def _last(images: Iterable[EcrImage], newest: int) -> set[tuple[str, str]]:
    count: dict[str, int] = {}
    found = set()
    for one in images:
        if one.tags and all(map(OURS.fullmatch, one.tags)):
            count[one.repository] = count.get(one.repository, 0) + 1
            if count[one.repository] <= newest:
                found.add((one.repository, one.digest))
    return found


def _with_members(
    images: Sequence[EcrImage], members: Mapping[str, frozenset[str]], kept: dict[tuple[str, str], str]
) -> None:
    """What an index that stays is made of stays; an index may name indexes."""
    names = {(one.repository, one.digest): one.tags[0] if one.tags else one.digest[7:15] for one in images}
    waiting = list(kept)
    while waiting:
        repository, digest = waiting.pop()
        for part in members.get(digest, ()):
            if (repository, part) in names and (repository, part) not in kept:
                kept[repository, part] = f"part of {names[repository, digest]}"
                waiting.append((repository, part))


def _with_signatures(images: Sequence[EcrImage], kept: dict[tuple[str, str], str]) -> None:
    there = {(one.repository, one.digest) for one in images}
    for one in images:
        for tag in one.tags:
            found = OF_AN_IMAGE.fullmatch(tag)
            subject = (one.repository, f"sha256:{found[1]}") if found else None
            if subject and (subject in kept or subject not in there):
                kept.setdefault((one.repository, one.digest), f"belongs to {subject[1][7:15]}")


def _stored(one: EcrImage, why: str) -> StoredImage:
    return StoredImage(
        repository=one.repository,
        tags=one.tags,
        digest=one.digest,
        bytes=one.size,
        pushed_at=one.pushed_at,
        kept=why,
        fate="kept" if why else "deletable",
    )
