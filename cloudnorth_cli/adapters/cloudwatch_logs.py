"""Lines that CloudWatch keeps, in the order of their times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.errors import Refused

READ, ATTEMPTS = 20.0, 6
"""Seconds for one page, for which CloudWatch looks through a megabyte; and how often one is asked for: where CloudWatch
wants us to slow down, the SDK waits longer each time (botocore, "Standard retry mode")."""


@dataclass(frozen=True)
class Kept:
    """One event of a log group."""

    message: str
    at: datetime
    """To the millisecond."""


def events(door: Door, group: str, pattern: str, since: datetime, until: datetime) -> Iterator[list[Kept]]:
    """What fits a filter pattern in a time, page by page, each in the order of time. Raises Refused.

    Pages may be empty: CloudWatch gives one whenever it has looked through enough
    (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html).
    """
    client = door.client("logs", read_timeout=READ, retries={"total_max_attempts": ATTEMPTS, "mode": "standard"})
    pages = client.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        filterPattern=pattern,
        startTime=_milliseconds(since),
        endTime=_milliseconds(until),
    )
    with door.told(f"the log group {group}"):
        try:
            for page in pages:
                found = [Kept(one["message"], _time(one["timestamp"])) for one in page["events"]]
                yield sorted(found, key=lambda one: one.at)
        except client.exceptions.ResourceNotFoundException:
            raise Refused(
                f"there is no log group {group}; the cluster's add-on amazon-cloudwatch-observability writes it",
                code="log-group-missing",
                next=(f"aws logs describe-log-groups --log-group-name-prefix {group.rpartition('/')[0] or group}",),
            ) from None


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
