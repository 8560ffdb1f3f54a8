"""One change at a time: whoever comes second is told who is at it, and what to type."""

from __future__ import annotations

import signal

from tests.e2e.fault import refused
from tests.e2e.running import Running
from tests.project import Project


def test_a_second_deploy_is_told_who_holds_the_environment(anywhere: Project) -> None:
    anywhere.config["migrate"] = {"service": "web", "run": "python3 -c 'import time; time.sleep(60)'"}
    anywhere.save()
    anywhere.change("the first of two")
    first = Running(anywhere, "deploy")
    try:
        run = first.wait_for(lambda event: event["event"] == "run-started")["run"]
        first.step("migrate")
        error = refused(anywhere, status=6, says=(run,))
        assert error["retryable"] is True
        refused(anywhere, verb="restart", status=6, says=(run,), serves="")
        held = anywhere.run("status").result["status"][0]["lock"]
        assert held["run"] == run
    finally:
        first.send(signal.SIGTERM)
        ended = first.finish()
    assert ended.status == 130, ended.out + ended.err
    assert anywhere.run("status").result["status"][0].get("lock") is None
