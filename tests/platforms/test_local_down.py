"""`down` where there is nothing."""

from __future__ import annotations

from cloudnorth_cli.commands import down
from cloudnorth_cli.events import Journal
from tests.platforms.local_project import LocalProject


def test_where_nothing_was_deployed_down_makes_no_folder(local: LocalProject) -> None:
    platform = local.platform()
    result = down.down(platform, platform.environment, local.request(), Journal())
    assert (result.exit_status, result.outcome) == (0, "unchanged")
    assert not platform.place.home.exists()
