"""Waiting until files are saved, by the system's own notices (inotify, FSEvents)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import watchfiles

from cloudnorth_cli import signals
from cloudnorth_cli.adapters.context import OWN_FOLDERS

QUIET = 40
"""Milliseconds without another save that end a batch: an editor writes, renames and touches within a few of them."""
LONGEST = 800
"""Milliseconds after which a batch is given out although files go on being written (a checkout, a code generator)."""
LOOK = 250
"""Milliseconds between two looks for a signal."""


def saved(places: Iterable[Path]) -> Iterator[frozenset[Path]]:
    """Files that were written, made or removed in these folders or are these files, a batch at a time; endless.

    It begins to look now, and what is saved between two batches is in the next one. What version control and our own
    runs write is left out.
    """
    logging.getLogger("watchfiles").setLevel(logging.ERROR)  # it warns of a Ctrl-C
    batches = watchfiles.watch(
        *sorted({place for place in places if place.exists()}),
        watch_filter=lambda _, path: not set(OWN_FOLDERS) & set(Path(path).parts),
        debounce=LONGEST,
        step=QUIET,
        rust_timeout=LOOK,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    first = next(batches)  # from here on nothing is missed
    return _told(chain((first,), batches))


def _told(batches: Iterable[set[tuple[watchfiles.Change, str]]]) -> Iterator[frozenset[Path]]:
    before = signals.came()
    for batch in batches:
        signals.check(before)
        if batch:
            yield frozenset(Path(path) for _, path in batch)
    # A signal's exception was swallowed in there, and ended the batches.
    signals.check(before)
