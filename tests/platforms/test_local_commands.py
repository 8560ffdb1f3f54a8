"""Commands with what serves, on this machine."""

from __future__ import annotations

import sys

import pytest

from cloudnorth_cli.errors import Refused
from tests.platforms.conftest import Make
from tests.platforms.local_project import LocalProject
from tests.tool import PROGRAM, environ

pytestmark = pytest.mark.slow

SAYS = "import os, sys; print(os.environ['GREETING'], os.environ.get('TOKEN')); print('hm', file=sys.stderr)"


def run(local: LocalProject, *words: str, service: str = "web") -> tuple[int, list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []
    return local.platform().run(service, words, lambda line, stream: told.append((stream, line))), told


def within(local: LocalProject, *words: str, service: str = "web") -> tuple[int, list[str]]:
    told: list[str] = []
    return local.platform().exec(service, words, lambda line, stream: told.append(line)), told


def test_a_command_has_the_files_environment_and_secrets_that_serve(
    local: LocalProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t-token")
    monkeypatch.setenv("PRIVATE", "not for services")
    local.config["environments"]["local"]["secrets"] = {"TOKEN": {"env": "TOKEN"}}
    local.deploy()
    (local.root / "text.txt").write_text("changed since, not deployed\n")
    status, told = run(local, "python3", "-c", SAYS)
    assert status == 0
    assert sorted(told)[0] == ("stderr", "hm")
    assert sorted(told)[1][1].startswith("hello from sha256:")
    assert sorted(told)[1][1].endswith("***")
    assert run(local, "cat", "text.txt") == (0, [("stdout", "one")])
    assert run(local, "sh", "-c", "echo ${PRIVATE-none} $PORT") == (0, [("stdout", "none 0")])


def test_its_exit_status_is_passed_on_also_of_one_that_is_killed(local: LocalProject) -> None:
    local.deploy()
    assert run(local, "sh", "-c", "exit 3")[0] == 3
    assert run(local, "sh", "-c", "kill -9 $$")[0] == 137
    with pytest.raises(Refused, match="cannot run nothing-of-the-kind"):
        run(local, "nothing-of-the-kind")


def test_within_an_instance_it_has_that_ones_port(local: LocalProject) -> None:
    local.deploy()
    assert within(local, "sh", "-c", "echo $PORT; cat text.txt") == (0, [local.ask()["env"]["PORT"], "one"])


def test_services_reach_each_other_from_a_command(make: Make) -> None:
    node = make("node")
    node.deploy()
    asks = "fetch(process.env.API + '/api/x').then(r => r.json()).then(j => console.log(j.role))"
    assert run(node, "node", "-e", asks, service="page") == (0, [("stdout", "api")])


def test_nothing_runs_before_the_first_deploy(local: LocalProject) -> None:
    for verb in (run, within):
        with pytest.raises(Refused, match="nothing runs here yet"):
            verb(local, "true")


def test_at_a_terminal_it_is_a_terminal_and_ctrl_c_is_its_own(local: LocalProject) -> None:
    import pexpect

    local.deploy()
    child = pexpect.spawn(
        sys.executable,
        [*PROGRAM[1:], "exec", "-e", "local"],
        cwd=str(local.root),
        env=environ() | {"PYTHONPATH": ":".join(sys.path), "PS1": "> "},
        timeout=60,
        encoding="utf-8",
    )
    child.sendline("test -t 0 && test -t 1 && echo it is a term''inal")
    child.expect("it is a terminal")
    child.sendline("sleep 60")
    child.sendintr()
    child.sendline("echo still th''ere")
    child.expect("still there")
    child.sendline("exit 5")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 5
