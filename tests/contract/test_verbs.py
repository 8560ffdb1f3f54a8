"""Every other verb of daily work, the same on each platform; where one cannot, it refuses by name."""

from __future__ import annotations

from tests.contract.test_platform import staying
from tests.project import GREETING, Project
from tests.tool import Ran

CANNOT = {
    "local": {"kubeconfig": "no-cluster"},
    "kubernetes": {
        "backup": "not-on-kubernetes",
        "backup --list": "not-on-kubernetes",
        "restore --yes": "not-on-kubernetes",
        "down --delete-data --yes": "not-on-kubernetes",
    },
}
"""What a platform refuses, and with which code; each is done by the other."""
NUMBER_AFTER_A_DEPLOY = {"local": 3, "kubernetes": 2}
"""What is left of `scale web=3`: this machine keeps it, a chart that says `replicas: 2` puts that back."""


def ready(project: Project) -> int:
    shown = project.run("status").result["status"][0]
    assert shown["healthy"], shown
    return len(staying(shown))


def lines(ran: Ran, stream: str = "stdout") -> list[str]:
    assert ran.status == 0, ran.out + ran.err
    return [event["line"] for event in ran.events if event["event"] == "printed" and event["stream"] == stream]


def logged(ran: Ran) -> list[str]:
    assert ran.status == 0, ran.out + ran.err
    return [event["line"]["text"] for event in ran.events if event["event"] == "logged"]


def refusals(project: Project) -> dict[str, str]:
    """The code with which each of these is refused; what is done is not in it."""
    seen = {}
    for words in ("kubeconfig", "backup", "backup --list", "restore --yes", "down --delete-data --yes"):
        ran = project.run(*words.split())
        assert GREETING not in ran.out + ran.err
        if ran.status:
            assert ran.status == 3, ran.out + ran.err
            assert ran.result["error"]["message"]
            seen[words] = str(ran.result["error"]["code"])
    return seen


def test_a_day_with_a_project(project: Project) -> None:
    """Scaled, asked, changed and taken back; one story, because each needs a deployment that takes its time."""
    assert project.run("deploy").status == 0

    scaled = project.run("scale", "web=3")
    assert scaled.status == 0, scaled.out + scaled.err
    assert scaled.result["release"]["number"] == 1
    assert ready(project) == 3

    # What a command prints is masked, its streams stay apart, its exit status is ours.
    assert lines(project.run("run", "sh", "-c", "echo $GREETING")) == ["***"]
    assert lines(project.run("run", "sh", "-c", "cat message.txt 2>/dev/null || cat /app/message.txt")) == ["one"]
    failed = project.run("run", "sh", "-c", "echo so long; exit 3")
    assert (failed.status, failed.result["error"]["code"]) == (3, "command-failed")
    assert failed.events[0]["line"] == "so long"
    for verb in ("run", "exec"):
        missing = project.run(verb, "no-such-program")
        assert missing.status == 3
        assert missing.result["error"]["message"].startswith("cannot run no-such-program: ")
    inside = project.run("exec", "sh", "-c", "echo $PORT $GREETING; echo aside >&2")
    assert lines(inside)[0].endswith(" ***")
    assert lines(inside)[0].split()[0].isdigit()
    assert lines(inside, "stderr") == ["aside"]
    assert project.run("exec", "sh", "-c", "exit 4").status == 4
    assert ready(project) == 3  # nothing of that was left behind

    project.change("two")
    changed = project.run("deploy")
    assert changed.status == 0, changed.out + changed.err
    assert ready(project) == NUMBER_AFTER_A_DEPLOY[project.platform]

    since = logged(project.run("logs", "--since-deploy"))
    assert "serving two" in since
    assert "serving one" not in since
    assert "serving two" in logged(project.run("logs", "--since", "1h"))

    back = project.run("rollback", "--to", "1")
    assert back.status == 0, back.out + back.err
    assert project.answer()["message"] == "one"
    nothing = project.run("rollback", "--to", "99")
    assert (nothing.status, nothing.result["error"]["code"]) == (3, "nothing-to-go-back-to")

    assert refusals(project) == CANNOT[project.platform]


def test_a_number_is_refused_where_it_makes_no_sense(project: Project) -> None:
    assert project.run("scale", "web=0").status == 2
    assert project.run("scale", "other=2").status == 2
    refused = project.run("scale", "web=2")
    assert (refused.status, refused.result["error"]["code"]) == (3, "nothing-serves")
    for verb in ("run", "exec"):
        assert project.run(verb, "true").status == 3
