"""What every platform promises, whatever it runs on."""

from __future__ import annotations

from typing import Any

from tests.project import GREETING, Project
from tests.tool import Ran


def test_the_life_of_a_project(project: Project) -> None:
    """First install, nothing to do, a change, a restart, and the end; one story, because each needs the one before."""
    first = project.run("deploy", "-v")
    assert first.status == 0, first.out + first.err
    assert first.result["outcome"] == "done"
    assert first.result["release"]["number"] == 1
    assert project.answer()["message"] == "one"
    logs_show_what_the_service_wrote(project)
    the_secret_reached_the_service_and_nothing_else(project, first)

    again = project.run("deploy")
    assert (again.status, again.result["outcome"]) == (0, "unchanged"), again.out
    assert not {"lock", "migrate", "release", "watch"} & set(again.steps)

    project.change("two")
    second = project.run("deploy")
    assert second.status == 0, second.out + second.err
    assert second.result["release"]["number"] == 2
    assert second.result["previous"]["number"] == 1
    assert project.answer()["message"] == "two"

    status = project.run("status")
    assert status.status == 0, status.out
    shown = status.result["status"][0]
    assert shown["healthy"] is True
    assert shown["serving"]["release"]["number"] == 2
    assert all(pod["ready"] for pod in staying(shown))

    history = project.run("history").result["history"]
    assert [record["release"]["number"] for record in history] == [2, 1]
    assert all(record["verified_at"] for record in history)
    assert all(record["images"][0]["digest"].startswith("sha256:") for record in history)

    before = {pod["name"] for pod in staying(shown)}
    restarted = project.run("restart")
    assert restarted.status == 0, restarted.out + restarted.err
    after = {pod["name"] for pod in staying(project.run("status").result["status"][0])}
    assert after
    assert before.isdisjoint(after)
    assert project.answer()["message"] == "two"

    back = project.run("rollback")
    assert back.status == 0, back.out + back.err
    assert back.result["release"]["number"] == 1
    assert project.answer()["message"] == "one"

    down = project.run("down")
    assert down.status == 0, down.out + down.err
    nothing = project.run("status")
    assert nothing.result["status"][0].get("serving") is None


def test_a_release_that_crashes_is_named_and_taken_back(project: Project) -> None:
    assert project.run("deploy").status == 0
    project.change("crash")
    failed = project.run("deploy")
    assert failed.status == 4, failed.out + failed.err
    assert failed.result["error"]["code"] == "crash-at-start"
    assert any("PAYMENT_URL" in line for line in failed.result["error"]["evidence"])
    assert failed.result["release"]["number"] == 1
    assert project.answer()["message"] == "one"
    newest = next(r for r in project.run("history").result["history"] if r["release"]["number"] == 2)
    assert newest["outcome"] == "rolled-back"
    assert newest["cause"] == "crash-at-start"
    assert newest["rolled_back_to"] == 1

    project.change("two")
    assert project.run("deploy").status == 0
    assert project.answer()["message"] == "two"


def test_a_first_install_that_crashes_needs_a_person(project: Project) -> None:
    project.change("crash")
    failed = project.run("deploy")
    assert failed.status == 5, failed.out + failed.err
    assert failed.result["error"]["code"] == "crash-at-start"
    project.change("one")
    assert project.run("deploy").status == 0


def test_nothing_deployed_yet_is_said(project: Project) -> None:
    status = project.run("status")
    assert status.status == 7
    assert status.result["status"][0].get("serving") is None
    nothing = project.run("rollback")
    assert nothing.status == 3
    assert nothing.result["error"]["next"]


def logs_show_what_the_service_wrote(project: Project) -> None:
    logs = project.run("logs")
    assert logs.status == 0, logs.out + logs.err
    lines = [event["line"] for event in logs.events if event["event"] == "logged"]
    assert {line["service"] for line in lines} == {"web"}
    assert any("serving one" in line["text"] for line in lines)
    assert any("asked for /hello" in line["text"] for line in lines)


def the_secret_reached_the_service_and_nothing_else(project: Project, deployed: Ran) -> None:
    assert project.answer()["has_secret"] is True
    everything = [deployed.out, deployed.err, project.run("config").out, project.run("history").out]
    everything += [path.read_text() for path in project.root.glob(".cloudnorth/runs/*/*") if path.is_file()]
    assert not [text for text in everything if GREETING in text]


def staying(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """The pods of a status but for those that are on their way out, which a platform may show for a while."""
    return [pod for pod in shown["pods"] if pod["state"] != "ending"]
