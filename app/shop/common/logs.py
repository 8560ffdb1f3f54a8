"""Logs as JSON, one object a line on standard output, each with the id of the request it belongs to."""

import logging
import sys
import time
from contextvars import ContextVar
from typing import TextIO

import msgspec

from shop.common.settings import Settings

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; empty outside of one."""

access = logging.getLogger("shop.access")
"""Its level decides whether requests have their lines."""

_LEVELS = {name: name.lower() for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object: time, level, message, service, release, request_id, then its own fields."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._always = {"service": settings.service, "release": settings.release}
        self._encode = msgspec.json.Encoder().encode
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        level = _LEVELS.get(record.levelname, record.levelname)
        line = self._begun(record.created, level, record.getMessage())
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return self._encode(line).decode()

    def request(self, fields: dict[str, object]) -> str:
        """The line of a request that was answered just now."""
        line = self._begun(time.time(), "info", "request")
        line.update(fields)
        return self._encode(line).decode()

    def _begun(self, created: float, level: str, message: str) -> dict[str, object]:
        line: dict[str, object] = {"time": self._time(created), "level": level, "message": message, **self._always}
        if known := request_id.get():
            line["request_id"] = known
        return line

    def _time(self, created: float) -> str:
        """RFC 3339 UTC with milliseconds; a second's lines share the work of writing its date."""
        second = int(created)
        known, text = self._second
        if known != second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{int((created - second) * 1000):03d}Z"


class Lines(logging.StreamHandler[TextIO]):
    """Where all lines go. A request's goes there directly: a record for each costs more than all of the middleware."""

    def __init__(self, settings: Settings, stream: TextIO) -> None:
        super().__init__(stream)
        self._json = JsonLines(settings)
        self.setFormatter(self._json)

    def request(self, fields: dict[str, object]) -> None:
        """Writes the line of a request. A reader that went away is no reason to answer it with an error."""
        self.acquire()
        try:
            self.stream.write(self._json.request(fields) + "\n")
            self.flush()
        except (OSError, ValueError):
            pass
        finally:
            self.release()


_lines: Lines | None = None


def request(fields: dict[str, object]) -> None:
    """The line of a request, once this process was told where its lines go."""
    if _lines is not None and access.isEnabledFor(logging.INFO):
        _lines.request(fields)


def configure(settings: Settings) -> None:
    """Sends every log of this process through `JsonLines`; uvicorn's own access log is left to our middleware."""
    global _lines
    _lines = Lines(settings, sys.stdout)
    logging.basicConfig(level=settings.log_level, handlers=[_lines], force=True)
    # No line shows them, and each record would look them up.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
    # The storefront calls the API for every page; its own access line says enough.
    logging.getLogger("httpx").setLevel(logging.WARNING)
