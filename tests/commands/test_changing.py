"""Verbs that change something: they hold the lock, and a stop half way is told."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from tests.conftest import Cloudnorth
from tests.test_session import started


def test_restart_keeps_the_release(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("restart", "-e", "test", "-o", "json")
    assert ran.status == 0
    assert ran.result["release"]["number"] == 1


def test_restart_of_nothing_says_how_to_begin(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("restart", "-e", "test")
    assert ran.status == 3
    assert "next: cloudnorth deploy --env test" in ran.err


def test_verbs_that_change_respect_the_lock_and_those_that_can_wait_say_how(cloudnorth: Cloudnorth) -> None:
    for _ in range(2):
        cloudnorth("deploy", "-e", "test")
    for verb in ("restart", "rollback", "deploy", "down"):
        ran = cloudnorth(verb, "-e", "test", FAKE="locked")
        assert ran.status == 6
        assert "jenkins #318" in ran.err
        assert (f"cloudnorth {verb} --env test --wait-lock 15m" in ran.err) == (verb in ("rollback", "deploy"))
        assert ("cloudnorth rollback --env test --take-lock" in ran.err) == (verb == "rollback")


def test_a_restart_that_was_stopped_says_so(cloudnorth: Cloudnorth, project: Path) -> None:
    cloudnorth("deploy", "-e", "test")
    with started(project, "restart", "-e", "test", "-o", "json", FAKE="slow-restart") as process:
        assert process.stdout
        for line in process.stdout:
            if json.loads(line)["event"] == "step-waiting":
                process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 130
    result = json.loads(line)
    assert result["summary"] == "the restart was stopped half way. test serves release 1."
    assert result["next"] == ["cloudnorth restart --env test"]


def test_down_says_where_the_data_stays(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("down", "-e", "test")
    assert "test is down. The data stays in .cloudnorth/fake" in ran.out


def test_down_of_what_was_never_deployed_makes_nothing(cloudnorth: Cloudnorth, project: Path) -> None:
    ran = cloudnorth("down", "-e", "test", "-o", "json", FAKE="locked")
    assert (ran.status, ran.result["outcome"], ran.steps) == (0, "unchanged", [])
    assert ran.result["summary"] == "nothing of test is installed; nothing to do."


def test_after_down_a_protected_environment_is_deployed_as_the_guard_wants_it(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "prod", "--yes", "--first", "--allow-dirty")
    ran = cloudnorth("down", "-e", "prod", "--confirm", "prod", "-o", "json")
    assert ran.result["next"] == ["cloudnorth deploy --env prod --first"]


def test_a_deploy_ends_with_the_notes_and_what_one_can_do_now(cloudnorth: Cloudnorth) -> None:
    first = cloudnorth("deploy", "-e", "test")
    assert "https://shop.example\nlog in as demo\nnext: cloudnorth status --env test\n" in first.out
    assert "undo: cloudnorth rollback --env test\n" in cloudnorth("deploy", "-e", "test").out


def test_rollback_puts_the_release_before_back(cloudnorth: Cloudnorth) -> None:
    for _ in range(2):
        cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("rollback", "-e", "test")
    assert ran.status == 0
    assert "test serves release 1 (revision 3) (was 2)." in ran.out


def test_deleting_data_asks_and_without_a_terminal_names_the_flag(cloudnorth: Cloudnorth) -> None:
    refused = cloudnorth("down", "-e", "test", "--delete-data")
    assert refused.status == 3
    assert "delete the data in .cloudnorth/fake?" in refused.err
    assert "next: cloudnorth down -e test --delete-data --yes" in refused.err
    done = cloudnorth("down", "-e", "test", "--delete-data", "--yes")
    assert (done.status, ".cloudnorth/fake is deleted" in done.out) == (0, True)


def test_deleting_data_of_a_protected_environment_wants_its_name(cloudnorth: Cloudnorth) -> None:
    refused = cloudnorth("down", "-e", "prod", "--delete-data", "--yes")
    assert refused.status == 3
    assert "next: cloudnorth down --env prod --delete-data --confirm prod" in refused.err
    assert cloudnorth("down", "-e", "prod", "--delete-data", "--confirm", "prod").status == 0
    assert cloudnorth("down", "-e", "prod", "--delete-data", "--confirm", "test").status == 2


def test_a_restore_asks_and_names_what_was_there(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    refused = cloudnorth("restore", "3", "-e", "test")
    assert refused.status == 3
    assert "put backup 3 (by hand, 2026-11-26 04:30Z) in the place of the data of test?" in refused.err
    assert "next: cloudnorth restore 3 -e test --yes" in refused.err
    done = cloudnorth("restore", "3", "-e", "test", "--yes", "-o", "json")
    assert done.status == 0
    assert done.result["restored"]["kept"]["number"] == 4
    assert cloudnorth("restore", "3", "-e", "prod", "--yes").status == 3


def test_backups_are_made_and_listed(cloudnorth: Cloudnorth) -> None:
    made = cloudnorth("backup", "-e", "test")
    assert "1 database, 2 other files, 2.0 MB" in made.err
    assert "backup 3 of test is in backups/3" in made.out
    listed = cloudnorth("backup", "-e", "test", "--list")
    assert listed.out.splitlines()[1].split()[:2] == ["3", "2026-11-26T04:30:00Z"]
    assert cloudnorth("backup", "-e", "test", "--list", "-o", "json").result["backups"][0]["databases"] == 1


def test_scale_wants_services_and_numbers(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    done = cloudnorth("scale", "api=4", "storefront=2", "-e", "test")
    assert "test serves release 1 with 4 of api, 2 of storefront." in done.out
    for wrong in ("api", "api=0", "api=-1", "api=x", "nothing=3"):
        assert cloudnorth("scale", wrong, "-e", "test").status == 2
