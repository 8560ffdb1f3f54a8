"""The scan gate: images are deployed once ECR has found nothing in them that could be mended. Asked for in the file."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec

from cloudnorth_cli import durations
from cloudnorth_cli.adapters import aws_look
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.ecr_scan import Look, Scans, Weakness
from cloudnorth_cli.adapters.reference import parse
from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Accepted, Image
from cloudnorth_cli.settings import Environment, Scan

INTERVAL = 2.0
"""Seconds between two looks at a scan."""
COUNTING = {"critical": ("CRITICAL",), "high": ("CRITICAL", "HIGH")}


@dataclass(frozen=True)
class Judged:
    """One service's image: what stands against it, and what does not count."""

    service: str
    against: tuple[str, ...] = ()
    """`CVE-2026-1234 openssl 3.0.1: fixed in 3.0.2 (api)`, or why there are no findings."""
    unscanned: bool = False
    ignored: int = 0


def gate(
    environment: Environment,
    images: Sequence[Image],
    served: Collection[str],
    allow: str,
    step: Step,
    *,
    sleep: Callable[[float], None] = time.sleep,
    today: Callable[[], date] = lambda: datetime.now(UTC).date(),
) -> Accepted | None:
    """Wait for the findings of every image of the environment's own registry that did not serve already.

    served: digests that served and were verified. allow: why findings are accepted; "" where they are not. Returns what
    was accepted. Raises Refused naming each finding, or an image that is not scanned in time or cannot be.
    """
    scan = environment.scan
    place = aws_look.registry((environment.registry_host or "").partition("/")[0])
    if scan is None or place is None:
        return None
    account, region = place
    ours = [one for one in images if parse(one.repository).host == environment.registry_host]
    wanted = [one for one in ours if one.digest not in served]
    ignored = _in_force(scan, today(), step)
    if not wanted:
        step.summary = "what served already is not judged again" if ours else "no image is of this registry"
        return None
    limit = durations.seconds(scan.wait)
    step.limit(limit, "registry.ecr.scan.wait")
    scans = Scans(Door(msgspec.structs.replace(environment.file.aws, region=region)), account)
    ends = time.monotonic() + limit
    judged = side_by_side(lambda one: _judge(scans, one, scan, ignored, ends, step, sleep), wanted)
    return _told(environment, scan, judged, allow, step)


def _in_force(scan: Scan, today: date, step: Step) -> set[str]:
    """Findings that are ignored today; what has ended is said."""
    kept = set()
    for one in scan.ignore:
        if date.fromisoformat(one.until) >= today:
            kept.add(one.id)
        else:
            step.notice(f"{one.id} is no longer ignored: that ended on {one.until} ({one.reason})", level="warning")
    return kept


def _judge(
    scans: Scans,
    image: Image,
    scan: Scan,
    ignored: set[str],
    ends: float,
    step: Step,
    sleep: Callable[[float], None],
) -> Judged:
    repository = parse(image.repository).path
    parts = scans.parts(repository, image.digest)
    looks = [_awaited(scans, image.service, repository, part, ends, step, sleep) for part in parts]
    cannot = [look.why for look in looks if look.state != "done"]
    if cannot or not looks:
        why = cannot[0] if cannot else "the index names no image"
        return Judged(image.service, (f"{image.service} {image.short} has no findings: {why}",), unscanned=True)
    counting = [
        one
        for one in dict.fromkeys(one for look in looks for one in look.found)
        if one.fixable and one.severity in COUNTING[scan.severity]
    ]
    against = tuple(f"{_said(one, scan)} ({image.service})" for one in counting if one.id not in ignored)
    return Judged(image.service, against, ignored=len(counting) - len(against))


def _awaited(
    scans: Scans, service: str, repository: str, digest: str, ends: float, step: Step, sleep: Callable[[float], None]
) -> Look:
    began = time.monotonic()
    while (look := scans.look(repository, digest)).state == "waiting":
        if time.monotonic() >= ends:
            return Look("cannot", f"the scan was not over within {durations.told(ends - began)}")
        step.waiting(f"{service}: ECR scans {digest[7:15]}")
        sleep(max(0.0, min(INTERVAL, ends - time.monotonic())))
    return look


def _said(one: Weakness, scan: Scan) -> str:
    return str(one) if scan.severity == "critical" else f"{one.severity} {one}"


def _told(environment: Environment, scan: Scan, judged: Sequence[Judged], allow: str, step: Step) -> Accepted | None:
    against = tuple(line for one in judged for line in one.against)
    ignored = sum(one.ignored for one in judged)
    names = ", ".join(one.service for one in judged)
    aside = f", {ignored} ignored" if ignored else ""
    if not against:
        step.summary = f"{names}: no {scan.severity} finding that could be mended{aside}"
        return None
    if allow:
        for line in against:
            step.notice(f"accepted: {line}", level="warning")
        step.summary = f"{names}: {len(against)} accepted ({allow}){aside}"
        return Accepted(reason=allow, findings=against)
    unscanned = [one.service for one in judged if one.unscanned]
    count = sum(len(one.against) for one in judged if not one.unscanned)
    what = f"{count} finding{'s' if count > 1 else ''} that can be mended ({scan.severity} or worse)" if count else ""
    lacking = f"no findings of {', '.join(unscanned)}" if unscanned else ""
    raise Refused(
        f"{environment.name} wants scanned images: {' and '.join(filter(None, (what, lacking)))}{aside}",
        code="scan-findings" if count else "scan-missing",
        where=f"{environment.config_path.name} environments.{environment.name}.registry.ecr.scan",
        evidence=against,
        # Pasted without a reason it is refused: nobody accepts findings by accident.
        next=(f'cloudnorth deploy --env {environment.name} --allow-findings "$WHY"',),
        retryable=not count,
    )
