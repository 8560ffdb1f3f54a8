"""The journal for machines: one JSON object a line; reading verbs print their result and nothing else."""

from __future__ import annotations

from cloudnorth_cli.events import AnyEvent, Logged, Notice, Printed, Result, encode
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
