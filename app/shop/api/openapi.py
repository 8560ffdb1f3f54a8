"""The OpenAPI document, made from the operations: what it says is what the routes do."""

import re
from typing import Any

import msgspec

from shop.api.operations import Operation, Query, Who

_REF = "#/components/schemas/{name}"


class ErrorBody(msgspec.Struct, frozen=True):
    """Why not: `code` is for programs, `message` for people. Some codes come with facts of their own."""

    code: str
    message: str
    request_id: str


class Refusal(msgspec.Struct, frozen=True):
    """A request that was not done."""

    error: ErrorBody


_HEADERS = {
    "Idempotency-Key": {"pattern": "^[A-Za-z0-9_-]{8,64}$", "about": "the same key gives the same order"},
    "X-Payment-Signature": {"pattern": "^[0-9a-f]{64}$", "about": "HMAC-SHA256 of the body"},
}


def document(operations: list[Operation], version: str) -> dict[str, Any]:
    """OpenAPI 3.1 for these operations."""
    kinds: list[Any] = [Refusal]
    for operation in operations:
        kinds += [kind for kind in (operation.takes, *operation.answers.values()) if kind is not None]
    _, schemas = msgspec.json.schema_components(list(dict.fromkeys(kinds)), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "The shop's API", "version": version},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    about = (operation.handler.__doc__ or "").strip()
    made: dict[str, Any] = {
        "operationId": operation.handler.__qualname__.replace("Endpoints.", "_"),
        "summary": " ".join(about.split()),
        "parameters": [*_path(operation.path), *map(_query, operation.query), *map(_header, operation.headers)],
        "responses": {
            **{str(status): _answer(kind) for status, kind in operation.answers.items()},
            **{str(status): _refusal(codes) for status, codes in sorted(_refusals(operation).items())},
        },
    }
    if operation.who is not Who.ANYONE:
        made["security"] = [{"bearer": []}]
    if operation.takes is not None:
        made["requestBody"] = {"required": True, "content": _json(operation.takes)}
    return made


def _refusals(operation: Operation) -> dict[int, tuple[str, ...]]:
    told: dict[int, tuple[str, ...]] = {}
    if operation.takes is not None:
        told |= {400: ("not_json",), 413: ("failed",), 422: ("invalid",)}
    if operation.query:
        told |= {422: ("invalid",)}
    if operation.who is not Who.ANYONE:
        told |= {401: ("not_logged_in",)}
    if operation.who is Who.STAFF:
        told |= {403: ("staff_only",)}
    told |= {503: ("unavailable",)}
    for status, codes in operation.refusals.items():
        told[status] = (*told.get(status, ()), *codes)
    return told


def _path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query(query: Query) -> dict[str, Any]:
    if query.pattern:
        pattern = "^[\\s\\S]{0,100}$" if query.name == "q" else f"^({query.pattern})$"
        schema: dict[str, Any] = {"type": "string", "pattern": pattern}
    else:
        schema = {"type": "integer", "minimum": query.lowest, "maximum": query.highest}
    if query.default is not None:
        schema["default"] = query.default
    return {"name": query.name, "in": "query", "description": query.about, "schema": schema}


def _header(name: str) -> dict[str, Any]:
    told = _HEADERS[name]
    schema = {"type": "string", "pattern": told["pattern"]}
    return {"name": name, "in": "header", "required": True, "description": told["about"], "schema": schema}


def _answer(kind: Any) -> dict[str, Any]:
    return {"description": "done"} if kind is None else {"description": "done", "content": _json(kind)}


def _refusal(codes: tuple[str, ...]) -> dict[str, Any]:
    return {"description": ", ".join(codes), "content": _json(Refusal)}


def _json(kind: Any) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(name=kind.__name__)}}}
