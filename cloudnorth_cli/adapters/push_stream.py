"""What the engine tells while it pushes, line by line: progress, the digest, or why it failed.

Lines as in https://docs.docker.com/reference/api/engine/ (ImagePush), seen from engines 20.10 to 28.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloudnorth_cli.errors import Failed

TELL = 0.2
"""Seconds between two reports of a push's progress."""


@dataclass(frozen=True)
class Pushed:
    """What the engine says of a push."""

    digest: str
    sent: tuple[str, ...]
    """Short ids of the layers that were sent; the others were there."""


OnProgress = Callable[[float, float | None, str], None]
"""Takes bytes done, bytes in all (None: not known yet) and a label."""


def read_push(name: str, lines: Iterator[Mapping[str, Any]], on_progress: OnProgress) -> Pushed:
    layers: dict[str, tuple[int, int]] = {}
    sent: set[str] = set()
    digest = None
    told = 0.0
    for line in lines:
        if problem := line.get("error"):
            raise push_failure(name, str(problem))
        layer, status = line.get("id"), str(line.get("status", ""))
        digest = (line.get("aux") or {}).get("Digest") or _digest_in(status) or digest
        if layer is None:
            continue
        detail = line.get("progressDetail") or {}
        if status == "Pushing":
            current = int(detail.get("current") or 0)
            layers[layer] = (current, max(current, int(detail.get("total") or 0)))
        elif status == "Pushed":
            sent.add(layer)
            size = layers.get(layer, (0, 0))[1]
            layers[layer] = (size, size)
        if status == "Pushed" or time.monotonic() - told >= TELL:
            told = time.monotonic()
            done, total = (sum(sizes) for sizes in zip(*layers.values(), strict=True)) if layers else (0, 0)
            waits = status.lower() if status.startswith("Retrying") else f"{len(sent)} of {len(layers)} layers"
            on_progress(done, total or None, waits)
    if digest is None:
        raise Failed(f"the push of {name} ended without a digest", code="push-failed")
    return Pushed(digest, tuple(sorted(sent)))


def _digest_in(status: str) -> str | None:
    found = re.search(r": digest: (sha256:[0-9a-f]{64}) size: ", status)
    return found[1] if found else None


def push_failure(name: str, problem: str) -> Failed:
    """The engine's words on a push that failed, as an error with its cause."""
    said = problem.lower()
    if any(
        word in said for word in ("denied", "unauthorized", "authentication required", "no basic auth", "forbidden")
    ):
        host = name.partition("/")[0]
        return Failed(
            f"the registry refuses the push of {name}",
            code="push-denied",
            evidence=(problem,),
            next=(f"docker login {host}",),
        )
    if "no space left on device" in said:
        return Failed(f"a disk is full: the push of {name} failed", code="disk-full", evidence=(problem,))
    return Failed(f"the push of {name} failed", code="push-failed", evidence=(problem,), retryable=True)
