"""A deploy that ends before it makes a release is in the history all the same, on each platform."""

from __future__ import annotations

from tests.project import GREETING, Project

FAILS = "sh -c 'echo greeting is $GREETING; echo no such column: brand; exit 3'"


def test_a_migration_that_failed_is_told_by_the_history_with_its_decisive_lines(project: Project) -> None:
    assert project.run("deploy").status == 0
    project.config["migrate"] = {"service": "web", "run": FAILS}
    project.save()
    project.change("two")
    failed = project.run("deploy")
    assert (failed.status, failed.result["error"]["code"]) == (4, "migration-failed")

    told = project.run("history")
    assert GREETING not in told.out + told.err
    assert [record["release"]["number"] for record in told.result["history"]] == [1]
    (attempt,) = told.result["attempts"]
    assert (attempt["step"], attempt["outcome"], attempt["cause"]) == ("migrate", "failed", "migration-failed")
    assert attempt["lines"] == ["greeting is ***", "no such column: brand"]
    assert attempt["left"] == "nothing else was changed"
    assert attempt["actor"] == told.result["history"][0]["actor"] | {"run": failed.result["run"]}
    assert attempt["finished_at"] > attempt["started_at"] > told.result["history"][0]["started_at"]
    assert project.answer()["message"] == "one"

    # Nothing is left that a later release would stumble over, and what it tells goes nowhere.
    assert project.run("deploy", "--resume").result["error"]["code"] == "nothing-to-resume"
    assert project.run("rollback").result["error"]["code"] == "nothing-to-go-back-to"
    assert project.run("history", "--limit", "1").result["history"] == []
