"""What the API can be asked, as data: each operation says its route, who may ask, what comes in and what goes out.

Routes, the check of who asks, and the OpenAPI document are all made from it, so none can differ from another.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shop.api.accounts import User
from shop.api.sessions import Sessions
from shop.api.tokens import Shopper, Tokens
from shop.common.answers import Refused

T = TypeVar("T")


class Who(Enum):
    """Who may ask."""

    ANYONE = "anyone"
    SHOPPER = "a guest or a user"
    USER = "a user"
    STAFF = "staff"


@dataclass(frozen=True)
class Query:
    """A parameter of the query: text of a pattern, or a whole number from `lowest` to `highest`."""

    name: str
    default: str | int | None
    about: str
    pattern: str = ""
    lowest: int = 0
    highest: int = 2**31 - 1

    def read(self, given: str | None) -> str | int | None:
        """The value. Raises Refused 422 for one that cannot be."""
        if given is None:
            return self.default
        if self.pattern:
            if re.fullmatch(self.pattern, given):
                return given
            raise Refused(422, "invalid", f"{self.name} should be {self.about}")
        if re.fullmatch(r"[0-9]{1,10}", given) and self.lowest <= int(given) <= self.highest:
            return int(given)
        raise Refused(422, "invalid", f"{self.name} should be a whole number from {self.lowest} to {self.highest}")


@dataclass(frozen=True)
class Call:
    """A request on its way to its handler: who asks, and the parameters, checked."""

    request: Request
    shopper: Shopper | None
    user: User | None
    query: dict[str, Any]

    @property
    def owner(self) -> str:
        """Whose cart and orders this is about."""
        assert self.shopper is not None
        return self.shopper.owner

    @property
    def person(self) -> User:
        """The user who asks."""
        assert self.user is not None
        return self.user

    def path(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    async def body(self, kind: type[T]) -> T:
        """The body as a `kind`. Raises Refused: 400 when it is no JSON, 422 when it is another JSON."""
        return decoded(await self.request.body(), kind)


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked.

    `answers` is status -> type of the body (None: no body), `refusals` status -> codes beyond those of its kind.
    """

    method: str
    path: str
    handler: Handler
    who: Who
    answers: dict[int, Any]
    takes: type | None = None
    query: tuple[Query, ...] = ()
    refusals: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    headers: tuple[str, ...] = ()


def routes(operations: list[Operation], tokens: Tokens, sessions: Sessions) -> list[Route]:
    """The operations as routes, one a path, so that a 405 names all methods of it.

    Who may not ask is refused before a handler hears of it.
    """
    paths: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = operation
    return [_route(path, methods, tokens, sessions) for path, methods in paths.items()]


def _route(path: str, methods: dict[str, Operation], tokens: Tokens, sessions: Sessions) -> Route:
    async def endpoint(request: Request) -> Response:
        # HEAD is asked of what GET answers; the server leaves the body out.
        operation = methods[request.method if request.method in methods else "GET"]
        shopper, user = None, None
        if operation.who is not Who.ANYONE:
            shopper = await tokens.read(request.headers.get("authorization", ""))
            if operation.who is not Who.SHOPPER or shopper.user is not None:
                user = await sessions.user(shopper)
            if operation.who is Who.STAFF and (user is None or user.role != "staff"):
                raise Refused(403, "staff_only", "this is for staff")
        given = request.query_params if operation.query else {}
        query = {one.name: one.read(given.get(one.name)) for one in operation.query}
        return await operation.handler(Call(request, shopper, user, query))

    return Route(path, endpoint, methods=list(methods))


def decoded(body: bytes, kind: type[T]) -> T:
    """A body as a `kind`. Raises Refused: 400 when it is no JSON, 422 when it is another JSON."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Refused(422, "invalid", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, "not_json", "the body is not JSON") from error


def or_404(found: T | None) -> T:
    """What was found; 404 for nothing."""
    if found is None:
        raise Refused(404, "not_found", "there is nothing here")
    return found
