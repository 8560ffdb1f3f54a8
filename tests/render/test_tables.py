"""What reading verbs answer: the eye finds the one line that matters, and a narrow screen loses nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from cloudnorth_cli.model import (
    Actor,
    Attempt,
    Image,
    LockStatus,
    Pod,
    Record,
    Release,
    ServiceStatus,
    Source,
    Status,
)
from cloudnorth_cli.render import tables
from cloudnorth_cli.render.screen import Screen

NOW = datetime(2026, 11, 23, 7, 15, 31, tzinfo=UTC)
NARROW = Screen(width=40, wraps=True)
RECORD = Record(
    release=Release(id="0a1b", number=42, revision=42),
    outcome="deployed",
    images=(Image(service="api", repository="r/api", digest="sha256:" + "3a91f0c2" * 8),),
    actor=Actor(who="jenkins #318", run="20261123-070131-7c"),
    source=Source(commit="8f3c1d2"),
    started_at=NOW - timedelta(minutes=14),
    verified_at=NOW - timedelta(minutes=13),
)
FAILED = Record(
    release=Release(id="9f8e", number=43, revision=43),
    outcome="rolled-back",
    images=RECORD.images,
    actor=RECORD.actor,
    source=RECORD.source,
    started_at=NOW,
    cause="crash-at-start",
    rolled_back_to=42,
)
HEALTHY = Status(
    environment="prod",
    healthy=True,
    summary="prod  healthy: release 42, 7/7 ready",
    serving=RECORD,
    services=(
        ServiceStatus(name="api", wanted=4, ready=4, restarts=0),
        ServiceStatus(name="storefront", wanted=3, ready=3, restarts=0),
    ),
    pods=(Pod(name="api-1", service="api", ready=True, state="running"),),
    lock=None,
    address="https://shop.example",
)
KILLED = Status(
    environment="prod",
    healthy=False,
    summary="prod  unhealthy since release 42: api is killed for want of memory",
    serving=RECORD,
    services=(ServiceStatus(name="api", wanted=4, ready=3, restarts=9),),
    pods=(Pod(name="api-6d9c7-x2x8q", service="api", ready=False, state="OOMKilled", restarts=4, detail="exit 137"),),
    lock=LockStatus(holder="jenkins #319", since=NOW),
    address="https://shop.example",
    problems=("api: 1 of 4 is not ready",),
    next=("cloudnorth logs --env prod --service api --previous",),
)


def test_healthy_is_four_lines_and_the_first_is_enough() -> None:
    shown = tables.status(HEALTHY, Screen(), NOW)
    assert shown == [
        "prod  healthy: release 42, 7/7 ready                        https://shop.example",
        "release 42  8f3c1d2  by jenkins #318, 14 min ago, verified            lock: free",
        "api          4/4 ready   restarts 0",
        "storefront   3/3 ready   restarts 0",
    ]


def test_unhealthy_names_the_pod_its_reason_and_the_command_to_type() -> None:
    shown = "\n".join(tables.status(KILLED, Screen(), NOW))
    for told in ("api is killed for want of memory", "restarts 9 ▲", "lock: jenkins #319", "1 of 4 is not ready"):
        assert told in shown
    assert "api-6d9c7-x2x8q  OOMKilled, 4 restarts, exit 137" in shown
    assert shown.endswith("next: cloudnorth logs --env prod --service api --previous")


@pytest.mark.parametrize("status", [HEALTHY, KILLED], ids=["healthy", "killed"])
def test_a_narrow_screen_shows_the_same_words(status: Status) -> None:
    wide, narrow = (" ".join(tables.status(status, screen, NOW)).split() for screen in (Screen(), NARROW))
    assert wide == narrow
    commands = [f"next: {command}" for command in status.next]
    assert all(len(line) <= 40 or line in commands for line in tables.status(status, NARROW, NOW))


def test_a_line_for_each_environment() -> None:
    assert tables.statuses((HEALTHY, KILLED), Screen())[0].startswith("✓ prod  healthy")
    assert tables.statuses((HEALTHY, KILLED), Screen(unicode=False))[1].startswith("FAIL prod  unhealthy")


def test_history_is_a_row_for_each_revision() -> None:
    assert tables.history((FAILED, RECORD), Screen()) == [
        "RELEASE  WHEN                  OUTCOME      COMMIT   BY            WHAT",
        "43       2026-11-23T07:15:31Z  rolled-back  8f3c1d2  jenkins #318  crash-at-start, back to 42",
        "42       2026-11-23T07:01:31Z  deployed     8f3c1d2  jenkins #318  api 3a91f0c2",
    ]


TRIED = Attempt(
    step="migrate",
    outcome="failed",
    images=(),
    actor=Actor(who="anna@laptop", run="r"),
    source=Source(commit="8f3c1d2"),
    started_at=NOW - timedelta(minutes=10),
    finished_at=NOW,
    cause="migration-failed",
    left="nothing else was changed",
)


def test_history_has_a_row_without_a_number_for_what_made_no_release() -> None:
    when = TRIED.started_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    wide = Screen(width=200, wraps=False)
    shown = tables.history((FAILED, RECORD), wide, (TRIED,))
    row = f"-        {when}  migration failed  8f3c1d2  anna@laptop   migration-failed, nothing else was changed"
    assert shown.index(row) == 1 + sum(one.started_at > TRIED.started_at for one in (FAILED, RECORD))
    assert tables.history((), wide, (TRIED,))[1:] == [row.replace("anna@laptop   ", "anna@laptop  ")]
    stopped = structs.replace(TRIED, outcome="interrupted", cause=None, left="the migration may be half done")
    assert "  migration stopped  " in tables.history((RECORD,), wide, (stopped,))[1]
    refused = structs.replace(TRIED, step="release", outcome="refused", cause="helm-busy")
    assert "  release refused  " in tables.history((), wide, (refused,))[1]


def test_history_on_a_narrow_screen_is_a_block_for_each() -> None:
    shown = tables.history((FAILED,), NARROW)
    assert max(map(len, shown)) <= 40
    told = " ".join(" ".join(shown).split())
    for word in ("43", "2026-11-23T07:15:31Z", "rolled-back", "8f3c1d2", "jenkins #318", "crash-at-start, back to 42"):
        assert word in told


def test_a_pod_that_ends_says_since_when_it_does_not_how_old_it_is() -> None:
    pod = Pod(
        name="api-1",
        service="api",
        ready=False,
        state="ending",
        started_at=NOW - timedelta(hours=2),
        ending_since=NOW - timedelta(seconds=8),
    )
    assert tables._pod(pod, NARROW, NOW) == ["api-1  ending, since 8 s ago"]


def test_history_says_of_a_rollback_that_it_was_one_and_whose() -> None:
    again = Release(id="0a1b", number=42, revision=44)
    back = structs.replace(RECORD, release=again, step="rollback")
    other = structs.replace(back, actor=Actor(who="anna", run="another"))
    wide = Screen(width=200, wraps=False)
    assert "deployed (rollback, automatic)" in tables.history((back, FAILED, RECORD), wide)[1]
    assert "deployed (rollback, by hand)" in tables.history((other, FAILED, RECORD), wide)[1]
    taken = structs.replace(FAILED, cause="taken-back", lines=("by anna: it is slow",))
    assert tables._what(taken) == "taken-back by anna: it is slow, back to 42"
