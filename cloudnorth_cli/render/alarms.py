"""An environment's alarms in `status`: a count of what is OK, a line for each that is not."""

from __future__ import annotations

from datetime import datetime

from cloudnorth_cli.model import Alarm, Alarms
from cloudnorth_cli.render import lines
from cloudnorth_cli.render.screen import Screen

_WORDS = {"alarm": "in alarm", "no-data": "without data", "ok": "OK"}


def alarms(what: Alarms, screen: Screen, now: datetime) -> list[str]:
    """`alarms: 13 OK`, and below it what is not."""
    if what.unread:
        return lines.wrapped(screen, f"alarms: not known: {what.unread}")
    if not what.ok and not what.not_ok:
        return lines.wrapped(screen, f"alarms: none is named {what.prefix}…")
    told = lines.wrapped(screen, f"alarms: {what.ok} OK")
    for one in what.not_ok:
        shown = lines.wrapped(screen, _told(one, now), "  ")
        told += [screen.paint(line, "red") for line in shown] if one.state == "alarm" else shown
    return told


def counted(what: Alarms | None) -> str:
    """For a line that has no room: ` · 2 alarms`; "" where nothing is in alarm."""
    count = sum(one.state == "alarm" for one in what.not_ok) if what else 0
    return f" · {count} alarm{'s' if count > 1 else ''}" if count else ""


def _told(one: Alarm, now: datetime) -> str:
    since = f" since {lines.ago(one.since, now)}" if one.since else ""
    why = one.says or one.reason
    return f"{one.name}  {_WORDS[one.state]}{since}{f': {why}' if why else ''}"
