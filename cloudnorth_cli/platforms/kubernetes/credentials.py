"""Whether the credentials last as long as a run: ones that die in the middle leave a release that nobody judges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cloudnorth_cli import durations
from cloudnorth_cli.adapters import kube_expiry
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Record
from cloudnorth_cli.platforms.kubernetes.site import Site

LAST = 5
"""Verified runs that tell how long one usually takes."""
UNKNOWN = 120.0
"""Seconds that a run takes where none is known."""
ROOM = 1.5
"""A run may take so many times as long as the longest of those."""


def last_long_enough(site: Site, known: Iterable[Record]) -> None:
    """Raises Refused where they end sooner than a usual run takes, by the API server's clock."""
    ends = kube_expiry.ends(site.kubeconfig, site.context)
    if ends is None:
        return
    left, wanted = (ends - site.api.now()).total_seconds(), usual(known)
    if left < wanted:
        raise Refused(
            f"the credentials of context {site.context} end in {durations.told(left)} ({ends:%H:%M:%SZ}), and a run "
            f"may take {durations.told(wanted)}",
            code="credentials-end",
            where=site.kubeconfig,
        )


def usual(known: Iterable[Record]) -> float:
    """Seconds that a run may take, by the last verified ones; `known` newest first."""
    took = [_seconds(one.started_at, one.finished_at) for one in known if one.verified_at and one.finished_at][:LAST]
    return max(took) * ROOM if took else UNKNOWN


def _seconds(began: datetime, ended: datetime) -> float:
    return max(0.0, (ended - began).total_seconds())
