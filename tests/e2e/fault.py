"""A deploy that must not succeed: run as a person sees it, and judged by what every failure owes to them."""

from __future__ import annotations

import json
from typing import Any

from tests.project import GREETING, Project
from tests.tool import Ran, cloudnorth


def screen(project: Project, verb: str, *words: str) -> tuple[Ran, dict[str, Any]]:
    """One verb with plain output, and its result from `--report`."""
    report = project.root.parent / "report.json"
    report.unlink(missing_ok=True)
    ran = cloudnorth(
        verb, "--env", "test", "-o", "plain", "--report", str(report), *words, cwd=project.root, extra=project.extra
    )
    assert report.exists(), ran.out + ran.err
    result: dict[str, Any] = json.loads(report.read_text())
    return ran, result


def refused(
    project: Project,
    *words: str,
    verb: str = "deploy",
    status: int = 3,
    says: tuple[str, ...] = (),
    serves: str = "test serves release",
) -> Any:
    """Run a verb that must end with `status`, saying these words; returns the error as machines read it.

    The screen holds the message, what serves and the command to type next, and neither traceback nor secret.
    """
    ran, result = screen(project, verb, *words)
    shown = ran.out + ran.err
    assert ran.status == status, shown
    assert result["exit_status"] == status
    error = result["error"]
    assert error["code"]
    told = " ".join([error["message"], error.get("where") or "", *error.get("evidence", ()), *error.get("next", ())])
    for word in says:
        assert word in told, told
    flat = " ".join(shown.split())
    assert " ".join(error["message"].split())[:60] in flat, shown
    assert " ".join(result["summary"].split()) in flat, shown
    assert serves in result["summary"], result
    assert error["next"] or status == 2, error
    assert all(command in shown for command in error["next"]), shown
    assert "Traceback (most recent call last)" not in shown
    assert GREETING not in shown
    return error
