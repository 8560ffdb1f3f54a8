"""Logs as JSON, one object a line on standard output, each with the id of the request it belongs to."""

import logging
import sys
import time
from contextvars import ContextVar

import msgspec

from shop.common.settings import Settings

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; empty outside of one."""

access = logging.getLogger("shop.access")

_LEVELS = {name: name.lower() for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object: time, level, message, service, release, request_id, then its own fields."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._always = {"service": settings.service, "release": settings.release}
        self._encode = msgspec.json.Encoder().encode
        self._second = (0, "")

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": self._time(record.created),
            "level": _LEVELS.get(record.levelname, record.levelname),
            "message": record.getMessage(),
            **self._always,
        }
        if known := request_id.get():
            line["request_id"] = known
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return self._encode(line).decode()

    def _time(self, created: float) -> str:
        """RFC 3339 UTC with milliseconds; a second's lines share the work of writing its date."""
        second = int(created)
        known, text = self._second
        if known != second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{int((created - second) * 1000):03d}Z"


def request(fields: dict[str, object]) -> None:
    """The line of a request. It names no place in the code: looking for one costs more than all the rest."""
    if access.isEnabledFor(logging.INFO):
        record = logging.LogRecord(access.name, logging.INFO, "", 0, "request", None, None)
        record.fields = fields
        access.handle(record)


def configure(settings: Settings) -> None:
    """Sends every log of this process through `JsonLines`; uvicorn's own access log is left to our middleware."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(settings))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    # No line shows them, and each record would look them up.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
    # The storefront calls the API for every page; its own access line says enough.
    logging.getLogger("httpx").setLevel(logging.WARNING)
