"""`cloudnorth doctor`: every check of the platform at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue

import msgspec

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.errors import CloudnorthError, ExitStatus
from cloudnorth_cli.events import Result
from cloudnorth_cli.model import Checked, Finding
from cloudnorth_cli.platforms import Check, Platform, Seen
from cloudnorth_cli.settings import Environment

LIMIT = 4.0
"""Seconds that one check may take. A check waits for at most one other, so all of them end within twice that."""


def doctor(platform: Platform, environment: Environment, limit: float = LIMIT) -> Result:
    """What each check saw, in the platform's order; exit status 3 where something is to be mended."""
    again = outcome.command(environment, "doctor")
    seen = tuple(_with_next(one, again) for one in examine(platform.checks(), limit))
    found = [finding for one in seen for finding in one.findings]
    name, count = environment.name, len(found)
    told = f"{count} {'thing' if count == 1 else 'things'} to mend; nothing was changed." if found else "all well."
    return Result(
        command="doctor",
        exit_status=int(ExitStatus.REFUSED if found else ExitStatus.DONE),
        outcome="refused" if found else "done",
        environment=name,
        summary=f"{name}: {told}",
        checks=seen,
        next=(again,) if found else (),
    )


def _with_next(checked: Checked, again: str) -> Checked:
    """Where nothing better is known (no answer, a check that broke): to ask again."""
    replace = msgspec.structs.replace
    findings = tuple(one if one.next else replace(one, next=(again,)) for one in checked.findings)
    return replace(checked, findings=findings)


def examine(checks: Sequence[Check], limit: float) -> tuple[Checked, ...]:
    """Ask every check in a thread of its own; one that takes longer than `limit` seconds is a finding itself.

    A thread that hangs is left behind: it is a daemon, and changes nothing.
    """
    ended: SimpleQueue[Checked] = SimpleQueue()
    done: dict[str, Checked] = {}
    waiting = {check.name: check for check in checks}
    running: dict[str, float] = {}
    while waiting or running:
        for check in list(waiting.values()):
            before = done.get(check.needs)
            if check.needs and before is None:
                continue
            del waiting[check.name]
            if before and before.state != "well":
                done[check.name] = Checked(name=check.name, state="skipped", summary=f"not looked at: {check.needs}")
            else:
                running[check.name] = time.monotonic()
                threading.Thread(target=lambda one=check: ended.put(_ask(one)), daemon=True).start()
        if not running:
            continue
        try:
            one = ended.get(timeout=max(0.0, min(running.values()) + limit - time.monotonic()))
        except Empty:
            one = _silent(min(running, key=running.__getitem__), limit)
        if running.pop(one.name, None) is not None:
            done[one.name] = one
    return tuple(done[check.name] for check in checks)


def _ask(check: Check) -> Checked:
    began = time.monotonic()
    try:
        seen = check.look()
    except CloudnorthError as error:
        finding = Finding(
            code=error.code, message=error.message, where=error.where, next=error.next, evidence=error.evidence
        )
        seen = Seen(error.message, (finding,))
    except Exception as error:
        # One check that breaks must not hide what the others saw.
        message = f"this check broke: {type(error).__name__}: {error}".splitlines()[0]
        seen = Seen(message, (Finding(code="check-broke", message=message),))
    return Checked(
        name=check.name,
        state="wrong" if seen.findings else "well",
        summary=seen.told,
        findings=seen.findings,
        seconds=round(time.monotonic() - began, 3),
    )


def _silent(name: str, limit: float) -> Checked:
    message = f"no answer within {limit:.0f} s"
    finding = Finding(code="no-answer", message=f"{name}: {message}")
    return Checked(name=name, state="wrong", summary=message, findings=(finding,), seconds=limit)
