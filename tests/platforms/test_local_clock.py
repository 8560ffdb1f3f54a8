"""A clock that is set back: order comes from numbers, and waiting from a clock that nobody sets."""

from __future__ import annotations

import datetime
import time

import pytest

from cloudnorth_cli.commands import logs, records, rollback
from cloudnorth_cli.model import LogQuery
from cloudnorth_cli.platforms.local import backups, lock, machine
from tests.platforms.local_project import LocalProject

pytestmark = pytest.mark.slow

HOUR = 3600.0


class Earlier(datetime.datetime):
    """An hour behind."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        return datetime.datetime.now(tz) - datetime.timedelta(seconds=HOUR)


def set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - HOUR)
    for module in (records, rollback, machine, lock, backups, logs):
        monkeypatch.setattr(module, "datetime", Earlier)


def test_releases_backups_and_logs_keep_their_order(local: LocalProject, monkeypatch: pytest.MonkeyPatch) -> None:
    local.deploy()
    local.write("two")
    local.deploy()
    platform = local.platform()
    with platform.journal.step("backup") as step:
        first = platform.backup(step)
    set_back(monkeypatch)
    local.write("three")
    assert local.deploy().exit_status == 0
    history = local.platform().history(9)
    assert [record.release.number for record in history] == [3, 2, 1]
    assert history[0].started_at < history[1].started_at
    assert local.platform().status().serving == history[0]

    back = local.rollback()
    assert back.release is not None
    assert (back.exit_status, back.release.number) == (0, 2)
    assert local.ask()["text"] == "two"

    with platform.journal.step("backup") as step:
        second = platform.backup(step)
    assert [each.number for each in platform.backups()] == [second.number, first.number]
    assert platform.find_backup(None) == second

    local.ask("/asked-for-just-now")
    result = logs.logs(local.platform(), LogQuery(since_deploy=True), platform.journal)
    assert result.exit_status == 0
    assert any("asked-for-just-now" in str(event) for event in local.events)


def test_an_old_release_that_is_not_kept_is_refused_with_those_that_are(local: LocalProject) -> None:
    local.config["environments"]["local"]["keep"] = 1
    for text in ("one", "two", "three"):
        local.write(text)
        assert local.deploy().exit_status == 0
    plans = local.platform().place.plans
    first = local.platform().history(9)[-1]
    (plans / f"{first.release.id}.json").unlink()
    refused = local.rollback("1")
    assert refused.exit_status == 3
    assert refused.error is not None
    assert refused.error.message == "release 1 is not kept on this machine any more; kept: 3, 2"
