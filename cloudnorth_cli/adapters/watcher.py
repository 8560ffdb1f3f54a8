"""Waiting until files are saved, by the system's own notices (inotify, FSEvents)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import watchfiles

from cloudnorth_cli import signals
from cloudnorth_cli.adapters.context import OWN_FOLDERS

QUIET = 40
"""Milliseconds without another save that end a batch: an editor writes, renames and touches within a few of them."""
LONGEST = 800
"""Milliseconds after which a batch is given out although files go on being written (a checkout, a code generator)."""
LOOK = 500
"""Milliseconds between two looks for a signal."""


def saved(places: Iterable[Path]) -> Iterator[frozenset[Path]]:
    """Files that were written, made or removed in these folders or are these files, a batch at a time; endless.

    What is saved between two batches is in the next one. What versions control and our own runs write is left out.
    """
    before = signals.came()
    batches = watchfiles.watch(
        *sorted({place for place in places if place.exists()}),
        watch_filter=lambda _, path: not set(OWN_FOLDERS) & set(Path(path).parts),
        debounce=LONGEST,
        step=QUIET,
        rust_timeout=LOOK,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for batch in batches:
        signals.check(before)
        if batch:
            yield frozenset(Path(path) for _, path in batch)
    # A signal's exception was swallowed in there, and ended the batches.
    signals.check(before)
