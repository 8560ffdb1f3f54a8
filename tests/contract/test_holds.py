"""What is taken back stays out, and a frozen environment stands still, on every platform."""

from __future__ import annotations

from typing import Any

from tests.project import Project


def failed(project: Project, status: int, verb: str = "deploy", *words: str) -> dict[str, Any]:
    ran = project.run(verb, *words)
    assert ran.status == status, ran.out + ran.err
    return dict(ran.result["error"])


def test_a_release_that_was_taken_back_stays_out_until_somebody_lets_it_in(project: Project) -> None:
    assert project.run("deploy").status == 0
    project.change("crash")
    taken_back = project.run("deploy")
    assert taken_back.status == 4, taken_back.out + taken_back.err
    (hold,) = taken_back.result["holds"]
    assert hold["reason"].startswith("crash-at-start: ")

    error = failed(project, 6)
    assert error["code"] == "held"
    assert hold["actor"]["who"] in error["message"]
    assert "crash-at-start" in error["message"]
    assert any("lock release --env test" in command for command in error["next"])
    shown = project.run("lock").result
    assert [one["release"]["number"] for one in shown["holds"]] == [2]
    assert failed(project, 4, "deploy", "--no-hold")["code"] == "crash-at-start"
    assert project.answer()["message"] == "one"

    released = project.run("lock", "release")
    assert released.status == 0, released.out + released.err
    assert project.run("lock").result["holds"] == []
    assert failed(project, 4)["code"] == "crash-at-start"


def test_a_rollback_by_hand_holds_what_it_takes_back_with_its_reason(project: Project) -> None:
    assert project.run("deploy").status == 0
    project.change("two")
    assert project.run("deploy").status == 0
    back = project.run("rollback", "-m", "prices are wrong")
    assert back.status == 0, back.out + back.err
    assert project.answer()["message"] == "one"
    error = failed(project, 6)
    assert (error["code"], "prices are wrong" in error["message"]) == ("held", True)
    assert failed(project, 6, "rollback", "--to", "2")["code"] == "held"
    forward = project.run("rollback", "--to", "2", "--no-hold")
    assert forward.status == 0, forward.out + forward.err
    assert project.answer()["message"] == "two"


def test_a_frozen_environment_stands_still_until_it_is_released(project: Project) -> None:
    assert project.run("deploy").status == 0
    assert project.run("lock", "acquire", "-m", "stocktaking").status == 0
    project.change("two")
    for verb in ("deploy", "restart", "rollback", "down"):
        error = failed(project, 6, verb)
        assert (error["code"], "stocktaking" in error["message"]) == ("frozen", True), verb
    assert project.answer()["message"] == "one"
    (freeze,) = project.run("lock").result["holds"]
    assert freeze.get("release") is None
    assert project.run("lock", "release").status == 0
    assert project.run("deploy").status == 0
    assert project.answer()["message"] == "two"
