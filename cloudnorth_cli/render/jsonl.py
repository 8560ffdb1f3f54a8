"""The journal for machines: one JSON object a line; reading verbs print their result and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec

from cloudnorth_cli.events import AnyEvent, Logged, Notice, Printed, Result
from cloudnorth_cli.render.screen import Stream


class JsonLines:
    """Writes events to stdout, each line flushed.

    reading: only the result (and lines of logs and commands) are printed; what else there is to say goes to `talk`.
    """

    def __init__(self, stream: Stream, talk: Stream, *, reading: bool = False) -> None:
        self._stream = stream
        self._talk = talk
        self._reading = reading

    def __call__(self, event: AnyEvent) -> None:
        if not self._reading or isinstance(event, Result | Logged | Printed):
            self._stream.line(encode(event).decode())
        elif isinstance(event, Notice):
            self._talk.line(f"{event.level}: {event.message}")

    def close(self) -> None:
        """Nothing is kept back."""


def encode(event: AnyEvent) -> bytes:
    """One event as JSON on one line. A field that is not known is left out; numbers have three decimals."""
    return msgspec.json.encode(_known(msgspec.to_builtins(event)))


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known(field) for key, field in value.items() if field is not None}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    if isinstance(value, str) and not value.isascii():
        # A name that was no UTF-8 when it was typed or listed: half a surrogate pair cannot be written.
        return value.encode("utf-8", "replace").decode()
    return round(value, 3) if isinstance(value, float) else value
