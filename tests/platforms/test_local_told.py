"""What somebody is told who asks this machine for what is not there, and what to type next."""

from __future__ import annotations

import pytest

from tests.platforms.local_project import LocalProject
from tests.tool import Ran, cloudnorth

pytestmark = pytest.mark.slow


def ran(local: LocalProject, *words: str) -> Ran:
    assert local.environment
    return cloudnorth(*words, "--env", "local", cwd=local.root)


@pytest.mark.parametrize("words", [("logs",), ("logs", "--previous")], ids=" ".join)
def test_logs_where_nothing_is_deployed_say_so(local: LocalProject, words: tuple[str, ...]) -> None:
    done = ran(local, *words)
    assert (done.status, done.out) == (0, "")
    assert done.err == "there are no lines: nothing is deployed\n"


def test_asked_for_what_is_not_there(local: LocalProject) -> None:
    assert local.deploy().exit_status == 0
    assert "nothing that serves has run before" in ran(local, "logs", "--previous").err
    missing = ran(local, "restore", "99", "-o", "json").result
    assert missing["error"]["code"] == "backup-missing"
    assert "backup --env local --list" in missing["next"][0]
    for nothing in (("run", "-o", "json", "nosuch"), ("run", "-o", "json", "sh", "-c", "nosuch")):
        told = cloudnorth(nothing[0], "-e", "local", *nothing[1:], cwd=local.root).result
        assert "exec --env local --service web" in (*told["next"], *told["error"]["next"])[0], told


def test_there_is_no_registry_to_clean_up(local: LocalProject) -> None:
    told = ran(local, "cleanup", "-o", "json").result
    assert (told["exit_status"], told["error"]["code"]) == (3, "registry-none")


def test_without_terraform_the_way_to_the_settings_is_told(local: LocalProject) -> None:
    for verb in ("drift", "outputs"):
        told = ran(local, verb, "-o", "json").result
        assert told["error"]["code"] == "no-terraform"
        assert "provision" not in told["error"]["message"]
        assert "config --env local" in told["next"][0]


def test_what_runs_keep_is_nothing_for_git(local: LocalProject) -> None:
    ran(local, "deploy", "--service", "web")
    assert (local.root / ".cloudnorth" / ".gitignore").read_text() == "*\n"


def test_a_process_that_is_never_ready_and_says_nothing(local: LocalProject) -> None:
    (local.root / "server.py").write_text("import time\ntime.sleep(600)\n")
    local.config["environments"]["local"]["rollout"] = {"timeout": "1s"}
    failed = local.deploy()
    assert failed.error is not None
    assert failed.error.code == "never-ready"
    assert failed.error.evidence == ("(wrote nothing)",)


def test_a_release_that_is_held_is_told_with_the_command_that_lets_it_go(local: LocalProject) -> None:
    assert local.deploy().exit_status == 0
    (local.root / "server.py").write_text("raise SystemExit('no')\n")
    failed = local.deploy()
    assert failed.exit_status == 4
    assert "`cloudnorth lock release --env local`" in failed.summary
    assert failed.next == ("cloudnorth explain crash-at-start", "cloudnorth deploy --env local")


def test_releases_to_go_back_to_are_completed(local: LocalProject) -> None:
    assert local.deploy().exit_status == 0
    words = {
        "_CLOUDNORTH_COMPLETE": "complete_bash",
        "COMP_WORDS": "cloudnorth rollback -e local --to ",
        "COMP_CWORD": "5",
    }
    assert cloudnorth(cwd=local.root, extra=words).out.split() == ["1"]
