"""Recordings of real rollouts give the verdict that was given, whatever becomes of single tellings on the way."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudnorth_cli.model import Verdict
from cloudnorth_cli.rollout import recording
from cloudnorth_cli.rollout.recording import Line, Replay

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.ndjson.gz"))
by_name = pytest.mark.parametrize("recorded", RECORDINGS, ids=lambda path: path.name.partition(".")[0])


def lines(path: Path) -> list[Line]:
    return recording.read(gzip.decompress(path.read_bytes()))


def told(verdict: Verdict) -> dict[str, Any]:
    return {"state": verdict.state, "causes": sorted({failure.cause for failure in verdict.failures})}


def wanted(recorded: list[Line]) -> dict[str, Any]:
    final = recorded[-1]["verdict"]
    return {"state": final["state"], "causes": sorted(set(final["causes"]))}


def test_there_are_recordings() -> None:
    assert len(RECORDINGS) >= 30


@by_name
def test_a_recording_gives_its_verdict_again(recorded: Path) -> None:
    whole = lines(recorded)
    player = Replay()
    for line in whole:
        player.take(line)
        verdict = player.judge(line["at"])
    assert verdict
    assert told(verdict) == wanted(whole)


@by_name
def test_nothing_is_decided_before_its_time(recorded: Path) -> None:
    """Along the way no verdict is given that is not the last one's."""
    whole = lines(recorded)
    *_, (_, first) = recording.replay(whole)
    assert first.state == wanted(whole)["state"]
    assert {failure.cause for failure in first.failures} <= set(wanted(whole)["causes"])


@pytest.mark.slow
@by_name
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), lost=st.floats(0, 0.6), again=st.floats(0, 0.5))
def test_order_repeats_and_losses_change_nothing(recorded: Path, seed: int, lost: float, again: float) -> None:
    """Tellings between two lists come in any order, twice, or not at all; the lists are the safety net."""
    whole = lines(recorded)
    end = whole[-1]["at"]
    last = {uid(line["put"]): line for line in whole if "put" in line}
    player = Replay()
    for line in shaken(whole, random.Random(seed), lost, again):
        player.take(line)
        player.judge(line["at"])
    for line in last.values():
        player.take(line)  # what a list before the verdict would tell
    for line in whole:
        if "gone" in line:
            player.take(line)
    # A sign that was seen later for the loss must stand as long from then on.
    player.judge(end)
    verdict = player.judge(end + 601.0)
    assert verdict
    assert told(verdict)["state"] == wanted(whole)["state"]
    assert set(told(verdict)["causes"]) >= set(wanted(whole)["causes"])


def shaken(whole: list[Line], chance: random.Random, lost: float, again: float) -> list[Line]:
    """Runs of puts shuffled, some left out, some repeated; what is tracked, and lists, stay in their places."""
    made: list[Line] = []
    held: list[Line] = []

    def flush() -> None:
        times = sorted(line["at"] for line in held)
        chance.shuffle(held)
        made.extend(line | {"at": at} for line, at in zip(held, times, strict=True))
        held.clear()

    for line in whole:
        if "put" not in line:
            flush()
            made.append(line)
            continue
        if chance.random() >= lost:
            held.append(line)
        if chance.random() < again:
            held.append(line)
    flush()
    return made


def uid(thing: dict[str, Any]) -> str:
    return str(thing["metadata"]["uid"])
