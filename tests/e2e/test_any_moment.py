"""A signal at any moment, not only where a step begins: drawn at random, seed told, many times (`make test-full`)."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.e2e.running import JENKINS_PATIENCE, Running
from tests.e2e.witness import says
from tests.project import Project

MOMENTS = 14
"""Each a deploy that is stopped somewhere between its first event and its end."""


@pytest.mark.repeat
@pytest.mark.timeout(1200)
def test_wherever_a_signal_meets_a_deploy_the_lock_is_free_and_the_next_one_works(anywhere: Project) -> None:
    seed = random.randrange(10**6)
    drawn = random.Random(seed)
    whole = seconds_of_a_deploy(anywhere)
    for number in range(MOMENTS):
        where = f"moment {number} of seed {seed}"
        anywhere.change(where)
        running = Running(anywhere, "deploy")
        running.wait_for(lambda event: event["event"] == "run-started")
        time.sleep(drawn.uniform(0, whole))
        running.send(drawn.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)))
        sent = time.monotonic()
        ended = running.finish()
        assert ended.status in (0, 130), f"{where}: {ended.out}{ended.err}"
        assert time.monotonic() - sent < JENKINS_PATIENCE, where
        assert ended.result["exit_status"] == ended.status, where
        assert "Traceback (most recent call last)" not in ended.err, f"{where}: {ended.err}"
        assert running.left_behind() == [], where
        assert anywhere.run("status").result["status"][0].get("lock") is None, where
    anywhere.change("one")
    last = anywhere.run("deploy")
    assert last.status == 0, f"seed {seed}: {last.out}{last.err}"
    assert says(anywhere, "one")


def seconds_of_a_deploy(project: Project) -> float:
    """From its first event to its end, measured on one that is not stopped."""
    project.change("measured")
    running = Running(project, "deploy")
    running.wait_for(lambda event: event["event"] == "run-started")
    started = time.monotonic()
    assert running.finish(120).status == 0
    return time.monotonic() - started
