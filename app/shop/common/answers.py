"""JSON answers: how a value, and how a refusal, is written."""

from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shop.common.logs import request_id

NO_STORE = {"cache-control": "no-store"}
"""For answers that belong to one person or one moment."""


class Refused(HTTPException):
    """A request that cannot be done: `code` is stable and for programs, the message is for people."""

    def __init__(self, status: int, code: str, message: str, **facts: object) -> None:
        super().__init__(status, message)
        self.code = code
        self.facts = facts


def json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`value` as a JSON response; msgspec writes structs, dataclasses and plain values alike."""
    return Response(msgspec.json.encode(value), status, headers or NO_STORE, media_type="application/json")


async def refusal(_: Request, error: Exception) -> Response:
    """The JSON of a refused request: `{"error": {"code", "message", "request_id", …}}`."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = error.code if isinstance(error, Refused) else {404: "not_found", 405: "wrong_method"}.get(status, "failed")
    message = error.detail if isinstance(error, HTTPException) else "something went wrong on our side"
    facts = error.facts if isinstance(error, Refused) else {}
    headers = {**NO_STORE, **(getattr(error, "headers", None) or {})}
    body = {"error": {"code": code, "message": message, "request_id": request_id.get(), **facts}}
    return json(body, status, headers)
