"""Pods as people are shown them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import datetime, timedelta

from cloudnorth_cli.model import Pod
from cloudnorth_cli.rollout.observed import Object, condition, dig, is_true, name


def show(pod: Object, service: str | None, release: str | None = None) -> Pod:
    """One row: state in a word or two, restarts, the platform's own words as detail."""
    state, detail = _state(pod)
    return Pod(
        name=name(pod),
        service=service,
        ready=is_true(pod, "Ready") and dig(pod, "metadata", "deletionTimestamp") is None,
        state=state,
        restarts=sum(int(status.get("restartCount", 0)) for status in container_statuses(pod)),
        release=release,
        started_at=_time(dig(pod, "status", "startTime")),
        ending_since=_ending_since(pod),
        detail=detail,
    )


def container_statuses(pod: Object) -> Iterator[Object]:
    """Of init containers first, as they run first."""
    yield from dig(pod, "status", "initContainerStatuses", default=[])
    yield from dig(pod, "status", "containerStatuses", default=[])


def is_beginning(pod: Object) -> bool:
    """Whether it has yet to show what becomes of it: a container was not started, or ended once and is tried again."""
    statuses = tuple(container_statuses(pod))
    if not statuses:
        return condition(pod, "PodScheduled") is None or is_true(pod, "PodScheduled")
    return any(_is_beginning(status) for status in statuses)


def _is_beginning(status: Object) -> bool:
    restarts = int(status.get("restartCount", 0))
    waits = dig(status, "state", "waiting", "reason") in {"ContainerCreating", "PodInitializing"}
    ended = dig(status, "state", "terminated", "exitCode") not in {None, 0}
    return waits or (restarts == 0 and ended) or (restarts == 1 and not status.get("ready"))


def signal_of(exit_code: int | None) -> str:
    """`SIGKILL` for 137; "" where no signal ended it (128 + its number, as shells and runtimes tell it)."""
    if exit_code is None or exit_code <= 128:
        return ""
    try:
        return signal.Signals(exit_code - 128).name
    except ValueError:
        return ""


def _state(pod: Object) -> tuple[str, str]:
    if dig(pod, "metadata", "deletionTimestamp") is not None:
        return "ending", ""
    if reason := dig(pod, "status", "reason"):
        return str(reason), str(dig(pod, "status", "message", default=""))
    if is_true(pod, "Ready"):
        return "running", ""
    for status in container_statuses(pod):
        if waiting := dig(status, "state", "waiting"):
            reason = str(waiting.get("reason", "waiting"))
            if reason in {"ContainerCreating", "PodInitializing"}:
                continue
            return reason, _last_words(status) or str(waiting.get("message", ""))
        if (ended := dig(status, "state", "terminated")) and ended.get("exitCode", 0) != 0:
            return str(ended.get("reason", "Error")), f"exit {ended.get('exitCode')}"
    return _on_its_way(pod)


def _on_its_way(pod: Object) -> tuple[str, str]:
    scheduled = condition(pod, "PodScheduled")
    if dig(scheduled, "status") == "False":
        return str(dig(scheduled, "reason", default="pending")), str(dig(scheduled, "message", default=""))
    if dig(pod, "status", "phase") == "Running":
        return "starting", "not ready yet"
    if dig(pod, "status", "phase") in {"Succeeded", "Failed"}:
        return str(dig(pod, "status", "phase")).lower(), ""
    return "starting", "container being created" if scheduled else ""


def _last_words(status: Object) -> str:
    ended = dig(status, "lastState", "terminated")
    return "" if ended is None else f"{ended.get('reason', 'Error')}, exit {ended.get('exitCode')}"


def _ending_since(pod: Object) -> datetime | None:
    """When it was asked to end: `deletionTimestamp` is when its grace period is over (Kubernetes, API conventions)."""
    ends = _time(dig(pod, "metadata", "deletionTimestamp"))
    grace = dig(pod, "metadata", "deletionGracePeriodSeconds", default=0)
    return ends - timedelta(seconds=int(grace)) if ends else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
