"""A failed verdict as lines of text: what is kept in the run's folder, and the lines that stand on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cloudnorth_cli.model import PodFailure, Verdict

MOST_LINES = 12
"""Of one log on the screen; the whole of it stands in the run's folder."""
MOST_EVENTS = 3


def told(verdict: Verdict) -> list[str]:
    """All of it."""
    lines: list[str] = []
    for failure in verdict.failures:
        lines += [f"{failure.message} [{failure.cause}]", ""]
        lines += [f"  {line}" for line in facts(failure)]
        for title, text in (
            ("last lines before it died" if failure.restarts else "last lines", failure.lines),
            ("of the container that runs now", failure.log),
            ("events", failure.events),
            ("could not be read", failure.unseen),
        ):
            if text:
                lines += ["", f"  {title}:", *(f"    {line}" for line in text)]
        lines.append("")
    if verdict.changed:
        lines += ["changed in this release:", *(f"  {line}" for line in verdict.changed), ""]
    lines += ["pods as they were:"]
    lines += [
        f"  {pod.name}  {'ready' if pod.ready else pod.state}  restarts {pod.restarts}"
        + (f"  {pod.detail}" if pod.detail else "")
        + (f"  ({pod.release})" if pod.release else "")
        for pod in verdict.pods
    ]
    return lines


def facts(failure: PodFailure) -> Iterator[str]:
    """What is known of a failed pod, one thing a line."""
    where = failure.pod + (f", container {failure.container}" if failure.container else "")
    yield f"{where}, node {failure.node}" if failure.node else where
    ended = [failure.reason] if failure.reason else []
    if failure.exit_code is not None:
        ended.append(f"exit {failure.exit_code}" + (f" ({failure.signal})" if failure.signal else ""))
    if failure.restarts:
        ended.append("restarted once" if failure.restarts == 1 else f"restarted {failure.restarts} times")
    if ended:
        yield ", ".join(ended)
    if failure.image:
        yield f"image {failure.image}" + (f" ({failure.digest[:19]})" if failure.digest not in failure.image else "")
    if failure.probe:
        yield failure.probe


def decisive(failure: PodFailure) -> tuple[str, ...]:
    """The few lines that prove it: the log's end where there is one, else the cluster's own words."""
    if failure.lines:
        return failure.lines[-MOST_LINES:]
    return _fresh(failure.events, failure.message)[-MOST_EVENTS:]


def _fresh(events: Iterable[str], message: str) -> tuple[str, ...]:
    """Events that say more than the message does."""
    return tuple(event for event in events if event.partition(": ")[2] not in message)
