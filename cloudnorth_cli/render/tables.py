"""The answers of the reading verbs as people read them: status, history, config, build --explain."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from cloudnorth_cli.events import BuildExplanation, ConfigEntry, Result
from cloudnorth_cli.model import Attempt, Backup, LockStatus, Pod, Record, ServiceStatus, Status
from cloudnorth_cli.render import lines
from cloudnorth_cli.render.alarms import alarms, counted
from cloudnorth_cli.render.screen import Screen


def status(what: Status, screen: Screen, now: datetime | None = None) -> list[str]:
    """One environment. Healthy is four lines, and the first one is enough."""
    now = now or datetime.now(UTC)
    address = what.address if what.address and what.address not in what.summary else ""
    said = lines.headline(screen, what.summary, address)
    said[0] = screen.paint(said[0], "green" if what.healthy else "red")
    for problem in what.problems:
        said += lines.wrapped(screen, problem, "  ")
    if not what.healthy:
        said.append("")
    said += _serving(what, screen, now)
    name = max([len(service.name) for service in what.services] + [10])
    for service in what.services:
        said += _service(service, name, screen)
    if what.alarms:
        said += alarms(what.alarms, screen, now)
    unwell = [pod for pod in what.pods if not pod.ready]
    if unwell:
        said.append("")
        for pod in unwell:
            said += _pod(pod, screen, now)
    if what.next:
        said.append("")
        said += [screen.letters(f"{'next: ' if n == 0 else '      '}{command}") for n, command in enumerate(what.next)]
    return said


def statuses(all_of_them: tuple[Status, ...], screen: Screen) -> list[str]:
    """A line for each environment."""
    said = []
    for what in all_of_them:
        mark = screen.paint(screen.letters("✓" if what.healthy else "✗"), "green" if what.healthy else "red")
        first, *more = lines.headline(screen, what.summary + counted(what.alarms), what.address or "")
        said += [f"{mark} {first}", *(f"  {part}" for part in more)]
    return said


def history(records: tuple[Record, ...], screen: Screen, attempts: tuple[Attempt, ...] = ()) -> list[str]:
    """A row for each revision, the newest first, and among them, by time, what never became one.

    Below each other where the screen is narrow.
    """
    if not records and not attempts:
        return ["nothing was deployed yet"]
    told: list[Record | Attempt] = [*records]
    for attempt in attempts:
        later = [one.started_at < attempt.started_at for one in told]
        told.insert(later.index(True) if True in later else len(told), attempt)
    rows = [_row(one, records) for one in told]
    if screen.narrow:
        return [line for row in rows for line in _history_block(row, screen)]
    head, *body = lines.columns([("RELEASE", "WHEN", "OUTCOME", "COMMIT", "BY", "WHAT"), *rows])
    return [screen.paint(head, "dim"), *(screen.letters(line) for line in body)]


def config(entries: tuple[ConfigEntry, ...], screen: Screen) -> list[str]:
    """What an environment resolves to and where each value came from."""
    if screen.narrow:
        return [
            line
            for entry in entries
            for line in (
                *lines.wrapped(screen, f"{entry.key}: {entry.value}"),
                *lines.wrapped(screen, entry.origin, "  "),
            )
        ]
    return [screen.letters(line) for line in lines.columns([(e.key, e.value, e.origin) for e in entries])]


def backups(all_of_them: tuple[Backup, ...], screen: Screen) -> list[str]:
    """A row for each backup, the newest first, and the folder where they are."""
    if not all_of_them:
        return ["there are no backups"]
    rows: list[tuple[str, ...]] = [("BACKUP", "WHEN", "WHY", "RELEASE", "SIZE")]
    for one in all_of_them:
        size = f"{one.bytes / 1_000_000:.1f} MB"
        rows.append((str(one.number), lines.stamp(one.at), one.kind, str(one.release or "-"), size))
    where = f"in {os.path.dirname(all_of_them[0].folder)}/"
    if screen.narrow:
        blocks = [
            line
            for number, when, why, release, size in rows[1:]
            for line in (
                *lines.wrapped(screen, f"{number}  {when}  {why}"),
                *lines.wrapped(screen, f"release {release}, {size}", "  "),
            )
        ]
        return [*blocks, *lines.wrapped(screen, where)]
    head, *body = lines.columns(rows)
    return [screen.paint(head, "dim"), *(screen.letters(line) for line in body), where]


def explanations(all_of_them: tuple[BuildExplanation, ...], screen: Screen) -> list[str]:
    """What changed in each service's build since the last one."""
    said = []
    for one in all_of_them:
        if one.previous_tag is None:
            told = "never built here"
        elif one.previous_tag == one.tag:
            told = "unchanged"
        else:
            told = f"was {one.previous_tag}"
        said += lines.wrapped(screen, f"{one.service}  {one.tag}  {told}")
        for mark, paths in (("+", one.added), ("-", one.removed), ("~", one.changed)):
            for path in paths:
                said += lines.wrapped(screen, f"{mark} {path}", "  ")
    return said


def lock(result: Result, screen: Screen) -> list[str]:
    """Who is at work in an environment, and what is kept out of it."""
    said = lines.wrapped(screen, result.summary)
    if result.lock:
        said += lines.wrapped(screen, holder(result.lock), "  ")
    for hold in result.holds or ():
        what = f"release {hold.release}" if hold.release else "frozen"
        said += lines.wrapped(screen, f"{what}  by {hold.actor.who}, {lines.stamp(hold.since)}", "  ")
        said += lines.wrapped(screen, hold.reason, "    ")
    return said


def holder(what: LockStatus) -> str:
    """`anna@laptop: deploy 8f3c1d2, in watch, run 20261126-071502-7c`."""
    doing = " ".join(part for part in (what.verb, what.commit) if part)
    told = (doing, f"in {what.step}" if what.step else "", f"run {what.run}" if what.run else "", what.run_url or "")
    gone = f" (abandoned, silent for {what.silent_seconds or 0:.0f} s)" if what.abandoned else ""
    return f"{what.holder}: {', '.join(part for part in told if part)}{gone}".rstrip(": ")


def _serving(what: Status, screen: Screen, now: datetime) -> list[str]:
    lock = f"lock: {holder(what.lock)}" if what.lock else "lock: free"
    for hold in what.holds:
        if hold.release is None:
            lock = f"frozen by {hold.actor.who}: {hold.reason}"
    if what.serving is None:
        never = what.summary.endswith("nothing is deployed")
        return lines.headline(screen, "nothing was deployed yet" if never else "nothing serves", lock)
    record = what.serving
    checked = "verified" if record.verified_at else record.outcome
    told = (
        f"release {record.release}",
        record.source.commit,
        f"by {record.actor.who}, {lines.ago(record.started_at, now)}, {checked}",
    )
    return lines.headline(screen, "  ".join(part for part in told if part), lock)


def _service(service: ServiceStatus, name: int, screen: Screen) -> list[str]:
    ready = f"{service.ready}/{service.wanted} ready"
    restarts = f"restarts {service.restarts}{' ▲' if service.restarts else ''}"
    line = f"{service.name:<{name}}   {ready:<10}  {restarts}"
    url = service.url or ""
    if url and len(line) + 3 + len(url) <= screen.layout:
        line = f"{line:<{max(len(line), 40)}}   {url}"
    return lines.wrapped(screen, line)


def _pod(pod: Pod, screen: Screen, now: datetime) -> list[str]:
    told = [pod.state]
    if pod.restarts:
        told.append(f"{pod.restarts} restarts")
    if since := pod.ending_since or pod.started_at:
        told.append(f"since {lines.ago(since, now)}")
    if pod.detail:
        told.append(pod.detail)
    return lines.wrapped(screen, f"{pod.name}  {', '.join(told)}")


def _outcome(record: Record, records: tuple[Record, ...]) -> str:
    """Of a rollback also whose: the run that takes its own release back does so by itself."""
    if record.step != "rollback":
        return record.outcome
    own = any(one.actor.run == record.actor.run and one.rolled_back_to == record.release.number for one in records)
    return f"{record.outcome} (rollback, {'automatic' if own else 'by hand'})"


def _row(one: Record | Attempt, records: tuple[Record, ...]) -> tuple[str, ...]:
    if isinstance(one, Record):
        named, ended, what = str(one.release), _outcome(one, records), _what(one)
    else:
        named, ended, what = "-", _tried(one), ", ".join(part for part in (one.cause, one.left) if part)
    return (named, lines.stamp(one.started_at), ended, one.source.commit or "-", one.actor.who, what)


def _tried(attempt: Attempt) -> str:
    """`migration failed`, `release refused`."""
    step = {"migrate": "migration"}.get(attempt.step, attempt.step)
    return f"{step} {'stopped' if attempt.outcome == 'interrupted' else attempt.outcome}"


def _history_block(row: tuple[str, ...], screen: Screen) -> list[str]:
    release, when, ended, commit, who, what = row
    said = lines.wrapped(screen, f"{release}  {ended}  {when}")
    said += lines.wrapped(screen, f"{commit}  {who}", "  ")
    return said + lines.wrapped(screen, what, "  ")


def _what(record: Record) -> str:
    if record.cause:
        back = f", back to {record.rolled_back_to}" if record.rolled_back_to else ""
        by = f" {record.lines[0]}" if record.cause == "taken-back" and record.lines else ""
        return f"{record.cause}{by}{back}"
    return " · ".join(f"{image.service} {image.short}" for image in record.images)
