from __future__ import annotations

import getpass
import socket

import pytest

from cloudnorth_cli.actor import actor

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_RUN_NUMBER": "7",
    "GITHUB_RUN_ID": "1234",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "us/shop",
}
PIPELINES = {
    "jenkins": (
        {"JENKINS_URL": "https://ci.example/", "BUILD_NUMBER": "318", "BUILD_URL": "https://ci.example/job/shop/318/"},
        ("jenkins #318", "https://ci.example/job/shop/318/"),
    ),
    "jenkins without a page": ({"JENKINS_URL": "https://ci.example/", "BUILD_NUMBER": "318"}, ("jenkins #318", None)),
    "github": (GITHUB, ("github #7", "https://github.example/us/shop/actions/runs/1234")),
    "gitlab": (
        {"GITLAB_CI": "true", "CI_PIPELINE_ID": "99", "CI_JOB_URL": "https://gitlab.example/us/shop/-/jobs/5"},
        ("gitlab #99", "https://gitlab.example/us/shop/-/jobs/5"),
    ),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_is_named_with_its_page(name: str) -> None:
    environ, expected = PIPELINES[name]
    made = actor("20261124-071502-7c", environ)
    assert (made.who, made.run_url) == expected
    assert made.run == "20261124-071502-7c"


@pytest.mark.parametrize("environ", [{}, {"BUILD_NUMBER": "3"}, {"GITHUB_ACTIONS": "false", "GITHUB_RUN_NUMBER": "1"}])
def test_a_person_is_named_with_the_machine(environ: dict[str, str]) -> None:
    made = actor("run", environ)
    assert made.who == f"{getpass.getuser()}@{socket.gethostname().split('.')[0]}"
    assert made.run_url is None


def test_a_user_without_an_entry_is_named_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 54321)
    assert actor("run", {}).who.startswith("uid-54321@")
