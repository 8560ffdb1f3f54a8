"""`deploy --watch`: a saved file is a release, pages are told, and nobody ever goes back to such a release."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.local_project import LocalProject
from tests.tool import PROGRAM, SCHEMA, environ

pytestmark = pytest.mark.slow


class Watching:
    """The tool at work: what it tells, event by event."""

    def __init__(self, local: LocalProject) -> None:
        assert local.environment
        root = Path(__file__).resolve().parent.parent.parent
        self.tool = subprocess.Popen(
            [*PROGRAM, "deploy", "--env", "local", "--watch", "-o", "json"],
            cwd=local.root,
            env=environ({"PYTHONPATH": str(root)}),
            stdout=subprocess.PIPE,
            text=True,
        )

    def until(self, kind: str) -> dict[str, Any]:
        """The next event of a kind; each on the way is as its schema says."""
        assert self.tool.stdout is not None
        for line in self.tool.stdout:
            event = json.loads(line)
            SCHEMA.validate(event)
            if event["event"] == kind:
                return dict(event)
        raise AssertionError(f"it ended without {kind}")

    def released(self) -> dict[str, Any]:
        """The result of the next deploy."""
        return dict(self.until("watched")["result"])

    def stop(self, number: signal.Signals = signal.SIGINT) -> dict[str, Any]:
        os.kill(self.tool.pid, number)
        return self.until("result")


@contextmanager
def watching(local: LocalProject) -> Iterator[Watching]:
    made = Watching(local)
    try:
        yield made
    finally:
        made.tool.kill()
        made.tool.wait()


def page(local: LocalProject) -> bytes:
    address = local.platform().address()
    asked = urllib.request.Request(f"{address}/page", headers={"Accept": "text/html,*/*"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return bytes(answer.read())


def html(local: LocalProject) -> None:
    """Make the plain sample answer pages."""
    server = local.root / "server.py"
    server.write_text(server.read_text().replace('"application/json"', '"text/html"'))


def test_a_saved_file_is_a_release_that_nobody_goes_back_to(local: LocalProject) -> None:
    html(local)
    local.config["environments"]["local"]["keep"] = 1
    local.deploy()
    kept = local.deploy().release
    with watching(local) as watch:
        assert watch.released()["outcome"] == "unchanged"
        assert b"reload.js" in page(local)
        for text in ("two", "three"):
            local.write(text)
            assert watch.until("saved")["files"] == ["text.txt"]
            released = watch.released()
            assert released["exit_status"] == 0, released
            assert local.ask()["text"] == text
            assert released["release"]["id"].encode() in page(local)
        ended = watch.stop()
        assert ended["exit_status"] == 130
        assert "which no rollback goes back to" in ended["summary"]
        assert watch.tool.wait(10) == 130
    assert b"reload.js" not in page(local)
    assert [record.watch for record in local.platform().history(9)] == [True, False]
    back = local.rollback()
    assert back.exit_status == 0, back.error
    assert kept is not None
    assert back.release is not None
    assert back.release.id == kept.id
    assert local.ask()["text"] == "one"


def test_it_sees_what_the_deploy_copies_where_nothing_says_what_to_leave_out(local: LocalProject) -> None:
    """The README's own example: no .dockerignore, no git. Docker would refuse `.cloudnorth`; the copy leaves it out."""
    (local.root / ".dockerignore").unlink()
    local.config["services"]["web"]["build"] = {"context": ".", "dockerfile": "Dockerfile"}
    with watching(local) as watch:
        assert watch.released()["exit_status"] == 0
        local.write("two")
        assert watch.until("saved")["files"] == ["text.txt"]
        assert watch.released()["exit_status"] == 0
        assert local.ask()["text"] == "two"


def test_deployed_without_watch_it_becomes_one_to_go_back_to(local: LocalProject) -> None:
    local.deploy()
    with watching(local) as watch:
        watch.released()
        local.write("two")
        number = watch.released()["release"]["number"]
        watch.stop()
    pid = local.ask()["pid"]
    kept = local.deploy()
    assert (kept.exit_status, kept.outcome) == (0, "done")
    assert local.ask()["pid"] == pid  # nothing had to start
    assert local.platform().history(1)[0].release.number > number
    local.write("three")
    local.deploy()
    assert local.rollback().exit_status == 0
    assert local.ask()["text"] == "two"


def test_what_fails_is_told_and_the_next_save_tries_again(local: LocalProject) -> None:
    good = (local.root / "server.py").read_text()
    with watching(local) as watch:
        assert watch.released()["exit_status"] == 0
        (local.root / "server.py").write_text("raise SystemExit('no')\n")
        failed = watch.released()
        assert failed["exit_status"] == 4
        assert "no" in failed["error"]["evidence"]
        (local.root / "cloudnorth.yaml").write_text("version: [")
        assert watch.released()["exit_status"] == 2
        assert local.environment  # written again
        (local.root / "server.py").write_text(good)
        local.write("two")
        while watch.released()["exit_status"] != 0:
            pass
    assert local.ask()["text"] == "two"


@pytest.mark.repeat
def test_killed_outright_the_front_goes_on_without_it(local: LocalProject) -> None:
    html(local)
    with watching(local) as watch:
        watch.released()
    assert b"reload.js" not in page(local)  # the server is gone, the page is not
    local.write("two")
    assert local.deploy().exit_status == 0
    assert "pages" not in local.platform().place.caddy_file.read_text()


def test_a_protected_environment_is_not_watched(local: LocalProject) -> None:
    local.config["environments"]["local"]["protected"] = True
    with watching(local) as watch:
        assert watch.until("result")["error"]["code"] == "watch-protected"
        assert watch.tool.wait(10) == 3
