"""On a terminal the running step is redrawn, and what stays is the same text as plain."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.conftest import Cloudnorth

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.slow

HIDE_CURSOR = "\x1b[?25l"
SHOW_CURSOR = "\x1b[?25h"
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
SECONDS = re.compile(r" +[\d.]+ s\b")
AGO = re.compile(r"\d+ s ago")


def spawn(project: Path, *words: str, columns: int = 80, **environ: str) -> Any:
    """The tool on a terminal of its own."""
    return pexpect.spawn(
        sys.executable,
        ["-m", "tests.fake_cloudnorth", *words],
        cwd=str(project),
        env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"} | environ,
        dimensions=(40, columns),
        encoding="utf-8",
        timeout=30,
    )


def to_the_end(child: Any) -> str:
    child.expect(pexpect.EOF)
    child.close()
    return str(child.before).replace("\r\n", "\n")


def words(text: str) -> list[str]:
    """The lines that stay, without control sequences and without seconds, which differ from run to run."""
    return [SECONDS.sub("", line).rstrip() for line in CONTROL.sub("", text).split("\n")]


@pytest.mark.parametrize("columns", [40, 120])
@pytest.mark.parametrize("fake", ["", "crash"])
def test_what_stays_on_the_screen_is_what_plain_says(
    cloudnorth: Cloudnorth, project: Path, columns: int, fake: str
) -> None:
    assert cloudnorth("deploy", "-e", "test").status == 0
    environ = {"FAKE": fake, "COLUMNS": str(columns), "NO_COLOR": "1"}
    plain = cloudnorth("deploy", "-e", "test", **environ)
    text = to_the_end(
        spawn(project, "deploy", "-e", "test", columns=columns, FAKE=fake, FAKE_PACE="0.02", NO_COLOR="1")
    )
    assert HIDE_CURSOR in text
    assert text.rindex(SHOW_CURSOR) > text.rindex(HIDE_CURSOR)
    stays = iter(words(text))
    number = re.compile(r"\b\d+\b")
    for line in words(plain.err + plain.out):
        # Runs differ by the number of their release.
        wanted = number.sub("N", line)
        if wanted and "runs/" not in wanted:
            assert any(number.sub("N", shown).endswith(wanted) for shown in stays), f"{line!r} is not there:\n{text}"


def test_a_running_step_is_drawn_with_its_seconds_and_the_last_lines_of_its_tool(
    cloudnorth: Cloudnorth, project: Path
) -> None:
    child = spawn(project, "deploy", "-e", "test", FAKE_PACE="0.3")
    child.expect(r"• build +\d\.\d s")
    child.expect(r"storefront +━+╌* +\d of 5")
    child.expect(r"#2 \[2/5\] RUN step 2")
    child.expect(r"api-6d9c7-x2x80 +pulling image")
    to_the_end(child)
    assert child.exitstatus == 0


@pytest.mark.parametrize("environ", [{"CI": "true"}, {"JENKINS_URL": "https://jenkins"}, {"TERM": "dumb"}])
def test_pipelines_and_dumb_terminals_get_plain_lines(
    cloudnorth: Cloudnorth, project: Path, environ: dict[str, str]
) -> None:
    text = to_the_end(spawn(project, "deploy", "-e", "test", NO_COLOR="1", **environ))
    assert "\x1b" not in text
    assert "test serves release 1." in text


def test_no_color_means_no_colour(cloudnorth: Cloudnorth, project: Path) -> None:
    cloudnorth("deploy", "-e", "test")
    coloured = to_the_end(spawn(project, "status", "-e", "test"))
    assert "\x1b[32mtest  healthy" in coloured
    for plain in (
        to_the_end(spawn(project, "status", "-e", "test", NO_COLOR="1")),
        to_the_end(spawn(project, "status", "-e", "test", "--no-color")),
    ):
        assert AGO.sub("", CONTROL.sub("", coloured)) == AGO.sub("", plain)


def test_a_person_is_asked_and_may_say_no(cloudnorth: Cloudnorth, project: Path) -> None:
    child = spawn(project, "deploy", "-e", "prod", "--first")
    child.expect(r"deploy .* to prod\? \[y/N\] ")
    child.sendline("")
    assert "nothing yet" in to_the_end(child)
    assert child.exitstatus == 3
    child = spawn(project, "deploy", "-e", "prod", "--first")
    child.expect(r"deploy .* to prod\? \[y/N\] ")
    child.sendline("y")
    assert "prod serves release 1." in to_the_end(child)
    assert child.exitstatus == 0


def test_ctrl_c_while_asked_is_an_interruption(cloudnorth: Cloudnorth, project: Path) -> None:
    child = spawn(project, "deploy", "-e", "prod", "--first")
    child.expect(r"\[y/N\] ")
    child.sendintr()
    assert "nothing was changed" in to_the_end(child)
    assert child.exitstatus == 130


def test_a_terminal_that_goes_away_is_one_interruption(cloudnorth: Cloudnorth, project: Path) -> None:
    child = spawn(project, "deploy", "-e", "test", FAKE="slow-push")
    child.expect("push is asked to take long")
    os.close(child.child_fd)
    _, ended = os.waitpid(child.pid, 0)
    assert os.waitstatus_to_exitcode(ended) == 130
    kept = (project / ".cloudnorth" / "runs" / "latest" / "events.jsonl").read_text().splitlines()
    assert json.loads(kept[-1])["outcome"] == "interrupted"
