"""CloudWatch's alarms as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Alarm

MOST = 1000
"""Alarms that are read; a prefix that fits more is not that of one environment."""


class AlarmReader:
    """Alarms of one account and region. Making it asks AWS nothing."""

    def __init__(self, door: Door) -> None:
        """Raises Refused where there are no credentials or no region."""
        self._door = door
        self._client = door.client("cloudwatch", retries={"total_max_attempts": 1})

    def named(self, prefix: str) -> tuple[Alarm, ...]:
        """Alarms by the beginning of their names, composite ones too; those that are not OK first. Raises Refused."""
        found: list[Alarm] = []
        with self._door.told("the alarms"):
            pages = self._client.get_paginator("describe_alarms").paginate(
                AlarmNamePrefix=prefix,
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                PaginationConfig={"MaxItems": MOST, "PageSize": 100},
            )
            for page in pages:
                for one in (*page.get("CompositeAlarms", ()), *page.get("MetricAlarms", ())):
                    self._see_account(one["AlarmArn"])
                    found.append(_alarm(one))
        return tuple(sorted(found, key=lambda one: (ORDER.index(one.state), one.name)))

    def _see_account(self, arn: str) -> None:
        """An alarm's ARN tells whose it is, so that nobody has to be asked who we are."""
        account, wanted = arn.split(":")[4], self._door.settings.account
        if wanted and account != wanted:
            raise Refused(f"these are credentials of account {account}, aws.account is {wanted}", code="aws-account")


ORDER = ("alarm", "no-data", "ok")
_STATES = {"OK": "ok", "ALARM": "alarm", "INSUFFICIENT_DATA": "no-data"}


def _alarm(said: Mapping[str, Any]) -> Alarm:
    since: datetime | None = said.get("StateTransitionedTimestamp") or said.get("StateUpdatedTimestamp")
    return Alarm(
        name=said["AlarmName"],
        state=_STATES.get(said["StateValue"], "no-data"),  # type: ignore[arg-type]
        says=said.get("AlarmDescription") or "",
        reason=said.get("StateReason") or "",
        since=since.astimezone(UTC) if since else None,
    )
