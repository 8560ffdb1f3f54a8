"""The local platform with real processes on this machine: what a deploy promises."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import stat
from pathlib import Path

import pytest

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import LogQuery, Secret
from tests.platforms.conftest import Make
from tests.platforms.local_project import LocalProject

pytestmark = pytest.mark.slow


def test_a_change_is_a_new_release_and_the_old_one_comes_back(local: LocalProject) -> None:
    first = local.deploy()
    assert first.exit_status == 0, first.error
    assert local.ask()["text"] == "one"
    local.write("two")
    second = local.deploy()
    assert second.exit_status == 0, second.error
    assert second.release is not None
    assert second.release.number == 2
    assert local.ask()["text"] == "two"
    back = local.rollback()
    assert back.release is not None
    assert (back.exit_status, back.release.number, back.release.revision) == (0, 1, 3)
    assert local.ask()["text"] == "one"
    assert [str(record.release) for record in local.platform().history(9)] == ["1 (revision 3)", "2", "1"]


def test_no_change_is_nothing_to_do_within_a_second(local: LocalProject) -> None:
    local.deploy()
    before = {each.pid for each in local.processes()}
    again = local.deploy()
    assert again.outcome == "unchanged"
    assert again.seconds < 1.0
    assert {each.pid for each in local.processes()} == before


def test_a_python_project_gets_its_locked_packages_in_one_environment_for_all_releases(make: Make) -> None:
    python = make("python")
    deployed = python.deploy()
    assert deployed.exit_status == 0, deployed.error
    assert python.ask()["h11"] == "0.16.0"
    environments = python.platform().place.environments
    before = sorted(environments.iterdir())
    (python.root / "app.py").write_text((python.root / "app.py").read_text().replace('"path":', '"asked":'))
    assert python.deploy().exit_status == 0
    assert python.ask()["asked"] == "/"
    assert sorted(environments.iterdir()) == before


def test_a_requirement_with_a_wrong_hash_is_not_installed(make: Make) -> None:
    python = make("python")
    lock = python.root / "requirements.lock"
    lock.write_text(re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, lock.read_text()))
    failed = python.deploy()
    assert failed.exit_status == 4
    assert failed.error is not None
    assert failed.error.code == "prepare-failed"
    assert any("hash" in line.lower() for line in failed.error.evidence)


def test_a_release_that_crashes_leaves_the_old_one_serving_and_nothing_of_itself(local: LocalProject) -> None:
    local.deploy()
    before = {each.pid for each in local.processes()}
    (local.root / "server.py").write_text("import sys\nsys.exit('no PAYMENT_URL')\n")
    failed = local.deploy()
    assert failed.exit_status == 4
    assert failed.error is not None
    assert failed.error.code == "crash-at-start"
    assert "no PAYMENT_URL" in failed.error.evidence
    assert {each.pid for each in local.processes()} == before
    assert local.ask()["text"] == "one"


def test_a_release_that_answers_wrongly_is_taken_out_of_the_front_again(local: LocalProject) -> None:
    local.deploy()
    before = {each.pid for each in local.processes()}
    local.write("two")
    local.config["verify"] = [{"http": "/", "expect": {"text": "one"}, "times": 1}]
    failed = local.deploy()
    assert failed.exit_status == 4
    assert failed.error is not None
    assert failed.error.code == "not-answering"
    assert local.ask()["text"] == "one"
    assert {each.pid for each in local.processes()} == before


def test_a_failed_first_install_leaves_nothing_running(local: LocalProject) -> None:
    (local.root / "server.py").write_text("raise SystemExit(3)\n")
    failed = local.deploy()
    assert failed.exit_status == 5
    assert failed.error is not None
    assert "exit 3" in failed.error.message
    assert local.processes() == []


def test_a_restart_is_the_same_release_with_new_processes(local: LocalProject) -> None:
    local.deploy()
    before = local.ask()["pid"]
    verdict = local.restart()
    assert verdict.state == "ready"
    assert local.ask()["pid"] != before
    assert len(local.platform().history(9)) == 1


def test_a_service_that_dies_is_started_again(local: LocalProject) -> None:
    local.deploy()
    os.kill(local.ask()["pid"], signal.SIGKILL)
    assert local.ask()["text"] == "one"  # the front waits for it
    assert local.platform().status().pods[0].restarts == 1


def test_data_is_kept_across_releases_and_down(local: LocalProject) -> None:
    local.deploy()
    kept = Path(local.ask()["env"]["KEPT"])
    kept.write_text("an order")
    assert str(kept.parent) in local.down()
    assert local.processes() == []
    status = local.platform().status()
    assert (status.serving, status.summary.endswith("is down; last release 1")) == (None, True)
    assert [command.split()[1] for command in status.next] == ["rollback"]
    local.write("two")
    local.deploy()
    assert Path(local.ask()["env"]["KEPT"]).read_text() == "an order"


def test_secrets_are_in_files_that_only_we_can_read(local: LocalProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t-token")
    monkeypatch.setenv("PRIVATE", "not for services")
    local.config["environments"]["local"]["secrets"] = {"TOKEN": {"env": "TOKEN"}}
    local.deploy()
    assert local.ask()["env"]["TOKEN"] == "s3cr3t-token"  # noqa: S105
    assert "PRIVATE" not in local.ask()["env"]
    home = local.platform().place.home
    holding = [file for file in home.rglob("*") if file.is_file() and b"s3cr3t-token" in file.read_bytes()]
    assert holding
    assert {stat.S_IMODE(file.stat().st_mode) for file in holding} == {0o600}
    assert {file.parent.name for file in holding} == {"launches", "secrets"}
    assert "s3cr3t-token" not in " ".join(word for each in local.processes() for word in each.cmdline())
    assert Secret("s3cr3t-token") not in local.events


def test_a_new_secret_is_a_new_release(local: LocalProject, monkeypatch: pytest.MonkeyPatch) -> None:
    local.config["environments"]["local"]["secrets"] = {"TOKEN": {"env": "TOKEN"}}
    monkeypatch.setenv("TOKEN", "old")
    local.deploy()
    monkeypatch.setenv("TOKEN", "new")
    assert local.deploy().outcome == "done"
    assert local.ask()["env"]["TOKEN"] == "new"  # noqa: S105
    local.rollback()
    assert local.ask()["env"]["TOKEN"] == "old"  # noqa: S105


def test_a_taken_port_means_the_next_free_one_kept_from_then_on(local: LocalProject) -> None:
    wanted = local.config["environments"]["local"]["port"]
    with socket.create_server(("127.0.0.1", wanted)):
        address = local.deploy().address
    assert address is not None
    assert address != f"http://127.0.0.1:{wanted}"
    assert any(f"port {wanted} is taken" in notice for notice in local.notices)
    local.down()
    assert local.deploy().address == address


def test_two_projects_run_side_by_side(make: Make) -> None:
    one, other = make(name="one", port=18990), make(name="other", port=18990)
    other.write("other")
    assert one.deploy().exit_status == other.deploy().exit_status == 0
    assert (one.ask()["text"], other.ask()["text"]) == ("one", "other")
    one.down()
    assert other.ask()["text"] == "other"


def test_a_second_deploy_is_locked_out_by_name(local: LocalProject) -> None:
    local.deploy()
    holding = local.platform()
    with holding.journal.step("lock") as step, holding.lock(local.request(), "deploy", step):
        local.write("two")
        locked = local.deploy()
        held = local.platform().lock_status()
    assert locked.exit_status == 6
    assert locked.error is not None
    assert "tester@here" in locked.error.message
    assert held is not None
    assert held.holder == "tester@here"
    assert local.platform().lock_status() is None


def test_a_failed_migration_changes_nothing(local: LocalProject) -> None:
    local.deploy()
    before = {each.pid for each in local.processes()}
    local.write("two")
    local.config["migrate"] = {"service": "web", "run": "python -c 'raise SystemExit(\"no such column\")'"}
    failed = local.deploy()
    assert failed.exit_status == 4
    assert failed.error is not None
    assert (failed.error.code, failed.error.evidence) == ("migration-failed", ("no such column",))
    assert {each.pid for each in local.processes()} == before


def test_a_migration_whose_files_did_not_change_is_not_run_again(local: LocalProject) -> None:
    local.config["migrate"] = {"service": "web", "run": "sh -c 'echo ran >> \"$KEPT\"'", "files": ["server.py"]}
    local.deploy()
    kept = Path(local.ask()["env"]["KEPT"])
    local.write("two")
    assert local.deploy().exit_status == 0
    assert kept.read_text() == "ran\n"
    (local.root / "server.py").write_text((local.root / "server.py").read_text() + "# changed\n")
    assert local.deploy().exit_status == 0
    assert kept.read_text() == "ran\n" * 2
    kept.unlink()  # a person may take the data away
    local.write("three")
    local.deploy()
    assert kept.read_text() == "ran\n"


def test_migrate_files_that_are_not_there_are_refused(local: LocalProject) -> None:
    local.config["migrate"] = {"service": "web", "run": "true", "files": ["migrations/"]}
    refused = local.deploy()
    assert refused.exit_status == 3
    assert refused.error is not None
    assert "migrations is not among the files of web" in refused.error.message


def test_there_is_no_cluster_to_write_a_kubeconfig_for(local: LocalProject) -> None:
    with pytest.raises(Refused):
        local.platform().kubeconfig()


def test_logs_are_told_by_service_and_time(make: Make) -> None:
    node = make("node")
    assert node.deploy().exit_status == 0
    lines = list(node.platform().logs(LogQuery()))
    assert {line.service for line in lines} == {"api", "page"}
    assert any(line.text.startswith("api listens") for line in lines)


def test_a_node_project_with_two_services_runs(make: Make) -> None:
    node = make("node")
    deployed = node.deploy()
    assert deployed.exit_status == 0, deployed.error
    page = node.ask()
    assert page["made"] == {"by": "npm"}
    assert page["api"]["role"] == "api"
    assert node.ask("/api/x")["path"] == "/api/x"


def test_a_service_that_nothing_changed_for_keeps_its_process(make: Make) -> None:
    node = make("node")
    node.deploy()
    api, page = node.ask("/api/x")["pid"], node.platform().status().pods[1].name
    node.config["services"]["page"]["env"]["COLOUR"] = "blue"
    assert node.deploy().exit_status == 0
    assert node.ask("/api/x")["pid"] == api
    assert node.platform().status().pods[1].name != page
    node.config["services"]["api"]["env"] = {"COLOUR": "red"}
    node.deploy()
    assert node.ask()["api"]["pid"] != api  # the page is pointed to the new one


def test_explain_build_names_the_file(local: LocalProject) -> None:
    local.deploy()
    local.write("two")
    (local.root / "new.txt").write_text("new")
    explained = local.platform().explain_build(["web"])[0]
    assert (explained.changed, explained.added, explained.removed) == (("text.txt",), ("new.txt",), ())
    assert json.dumps(explained.tag) != json.dumps(explained.previous_tag)


def test_only_the_named_service_changes(make: Make) -> None:
    node = make("node")
    refused = node.deploy(services=("page",))
    assert refused.exit_status == 3
    node.deploy()
    api = node.ask("/api/x")["pid"]
    (node.root / "server.js").write_text((node.root / "server.js").read_text() + "// changed\n")
    assert node.deploy(services=("page",)).exit_status == 0
    assert node.ask("/api/x")["pid"] == api


def test_a_service_more_gets_a_route_and_one_less_loses_it(make: Make) -> None:
    node = make("node")
    node.deploy()
    services = node.config["services"]
    services["extra"] = services["api"] | {"route": "/extra", "health": "/extra/health"}
    assert node.deploy().exit_status == 0
    assert node.ask("/extra/x")["role"] == "api"
    services.pop("extra")
    assert node.deploy().exit_status == 0
    assert node.ask("/extra/x")["role"] == "page"
    assert len(node.platform().status().pods) == 2


def test_two_services_on_one_route_are_refused(make: Make) -> None:
    node = make("node")
    node.config["services"]["api"]["route"] = "/"
    failed = node.deploy()
    assert failed.exit_status == 3
    assert failed.error is not None
    assert "same route" in failed.error.message


def test_a_full_disk_is_told_and_what_served_serves(local: LocalProject) -> None:
    local.deploy()
    local.write("two")
    (local.root / "large.bin").write_bytes(b"x" * 10_000_000)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, limit[1]))
    try:
        failed = local.deploy()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert failed.exit_status == 4
    assert failed.error is not None
    assert "cannot copy" in failed.error.message
    assert local.ask()["text"] == "one"
    assert not list(local.platform().place.bundles.glob(".new-*"))


def test_another_port_is_taken_up_by_the_next_release(local: LocalProject) -> None:
    first = local.deploy().address
    local.config["environments"]["local"]["port"] += 1000
    local.write("two")
    second = local.deploy().address
    assert second != first
    assert local.ask()["text"] == "two"


def test_a_rollback_that_fails_leaves_what_serves(local: LocalProject) -> None:
    local.deploy()
    local.write("two")
    local.deploy()
    kept = local.platform().place.bundles
    for file in kept.glob("*/server.py"):
        file.write_text("raise SystemExit(9)\n")
    failed = local.rollback()
    assert failed.exit_status == 4
    assert local.ask()["text"] == "two"
    newest = local.platform().history(1)[0]
    assert (newest.outcome, newest.cause, newest.release.number) == ("failed", "crash-at-start", 1)


def test_after_a_reboot_a_failed_deploy_brings_back_what_served(local: LocalProject) -> None:
    local.deploy()
    for process in local.processes():
        process.kill()
    assert not local.platform().status().healthy
    server = (local.root / "server.py").read_text()
    (local.root / "server.py").write_text("raise SystemExit(9)\n")
    assert local.deploy().exit_status == 4
    assert local.ask()["text"] == "one"
    (local.root / "server.py").write_text(server)
    assert local.deploy().exit_status == 0
    assert local.platform().status().healthy


def test_a_secret_that_a_failing_service_prints_is_masked(local: LocalProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t-token")
    local.config["environments"]["local"]["secrets"] = {"TOKEN": {"env": "TOKEN"}}
    (local.root / "server.py").write_text("import os, sys\nsys.exit('bad token ' + os.environ['TOKEN'])\n")
    failed = local.deploy()
    assert failed.error is not None
    assert "bad token ***" in failed.error.evidence


def test_a_service_that_dies_late_again_and_again_is_a_failure_too(local: LocalProject) -> None:
    local.deploy()
    (local.root / "server.py").write_text("import time\ntime.sleep(1.5)\nraise SystemExit('too late')\n")
    failed = local.deploy()
    assert failed.error is not None
    assert failed.error.code == "crash-at-start"
    assert "too late" in failed.error.evidence
    assert local.ask()["text"] == "one"
