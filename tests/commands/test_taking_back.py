"""What a deploy that fails leaves, and what keeps a bad release out: by the fake platform, every corner."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Cloudnorth


def test_a_release_that_is_taken_back_is_held_and_named_when_it_comes_again(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    failed = cloudnorth("deploy", "-e", "test", "-o", "json", FAKE="crash", FAKE_ID="bad")
    assert failed.status == 4
    assert [hold["release"]["id"] for hold in failed.result["holds"]] == ["bad"]
    again = cloudnorth("deploy", "-e", "test", "-o", "json", FAKE_ID="bad")
    assert (again.status, again.result["error"]["code"]) == (6, "held")
    assert "crash-at-start: api crashes" in again.result["error"]["message"]
    assert again.result["next"] == ["cloudnorth lock release --env test", "cloudnorth deploy --env test --no-hold"]
    assert "lock" not in again.steps


def test_deployed_over_its_hold_and_verified_it_is_held_no_more(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    cloudnorth("deploy", "-e", "test", FAKE="crash", FAKE_ID="bad")
    assert cloudnorth("deploy", "-e", "test", "--no-hold", FAKE_ID="bad").status == 0
    assert cloudnorth("lock", "-e", "test", "-o", "json").result["holds"] == []


def test_without_a_hold_nothing_is_held(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    assert cloudnorth("deploy", "-e", "test", "--no-hold", FAKE="crash", FAKE_ID="bad").status == 4
    assert cloudnorth("lock", "-e", "test", "-o", "json").result["holds"] == []


def test_a_hook_that_fails_within_helm_is_taken_back_like_any_failure(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("deploy", "-e", "test", "-o", "json", FAKE="hook")
    assert (ran.status, ran.result["error"]["code"]) == (4, "hook-failed")
    assert ran.result["release"]["number"] == 1
    assert ran.steps[-1] == "rollback"
    newest, failed, _ = cloudnorth("history", "-e", "test", "-o", "json").result["history"]
    assert (failed["outcome"], failed["cause"], failed["rolled_back_to"]) == ("rolled-back", "hook-failed", 1)
    assert newest["verified_at"]


def test_what_helm_refuses_changed_nothing_and_needs_no_way_back(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("deploy", "-e", "test", "-o", "json", FAKE="refused")
    assert (ran.status, ran.result["error"]["code"]) == (4, "helm-failed")
    assert "rollback" not in ran.steps
    assert cloudnorth("history", "-e", "test", "-o", "json").result["history"][0]["outcome"] == "failed"
    back = cloudnorth("rollback", "-e", "test", "-o", "json")
    assert back.status == 3, "what was never installed is nothing that was left half way"


@pytest.mark.parametrize(
    ("fake", "words", "why"),
    [
        ("crash,irreversible", (), "its migration cannot be taken back (0008 drop_brand)"),
        ("crash", ("--no-rollback",), "rollback is off"),
        ("crash,secret-gone", (), "release 1 is not back: its Secret shop-1f0c2b7a90 is gone [secret-gone]"),
    ],
)
def test_where_there_is_no_way_back_it_says_so_and_a_person_is_needed(
    cloudnorth: Cloudnorth, project: Path, fake: str, words: tuple[str, ...], why: str
) -> None:
    migrated(project)
    cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("deploy", "-e", "test", "-o", "json", *words, FAKE=fake)
    assert ran.status == 5
    assert why in ran.result["error"]["message"]
    assert ran.result["error"]["code"] == "crash-at-start"


def test_rollback_off_is_a_setting_too(cloudnorth: Cloudnorth, project: Path) -> None:
    cloudnorth("deploy", "-e", "test")
    file = project / "cloudnorth.yaml"
    file.write_text(file.read_text().replace("test: {", 'test: {rollout: {rollback: "off"}, '))
    ran = cloudnorth("deploy", "-e", "test", "-o", "json", FAKE="crash")
    assert (ran.status, "rollback is off" in ran.result["error"]["message"]) == (5, True)


def test_a_rollback_behind_an_irreversible_migration_wants_the_release_named(
    cloudnorth: Cloudnorth, project: Path
) -> None:
    migrated(project)
    cloudnorth("deploy", "-e", "test")
    cloudnorth("deploy", "-e", "test", FAKE="irreversible")
    refused = cloudnorth("rollback", "-e", "test", "-o", "json")
    assert (refused.status, refused.result["error"]["code"]) == (3, "irreversible-migration")
    assert cloudnorth("rollback", "-e", "test", "--to", "1").status == 0


def test_a_freeze_is_passed_by_who_says_so(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    cloudnorth("deploy", "-e", "test")
    assert cloudnorth("lock", "acquire", "-e", "test", "-m", "stocktaking").status == 0
    refused = cloudnorth("deploy", "-e", "test")
    assert refused.status == 6
    assert "stocktaking" in refused.err
    assert cloudnorth("deploy", "-e", "test", "--no-hold").status == 0
    frozen = cloudnorth("rollback", "-e", "test")
    assert frozen.status == 6
    assert "test serves release 3." in frozen.err
    assert cloudnorth("rollback", "-e", "test", "--take-lock").status == 0
    shown = cloudnorth("lock", "-e", "test").out
    assert "frozen  by " in shown
    assert "next: cloudnorth lock release --env test" in shown
    assert cloudnorth("lock", "release", "-e", "test").status == 0


def migrated(project: Path) -> None:
    file = project / "cloudnorth.yaml"
    file.write_text(file.read_text() + "migrate: {service: api, run: shop migrate}\n")
