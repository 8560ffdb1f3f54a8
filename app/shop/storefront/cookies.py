"""The one cookie: the shopper's token. Out of reach of scripts, never sent along from another site's form."""

import re

from starlette.requests import Request
from starlette.responses import Response


def token(request: Request) -> str:
    """The shopper's token; empty for somebody new."""
    found = request.cookies.get(_name(request), "")
    # It becomes a header of our request to the API: the letters of a JWT (RFC 7519) and nothing else.
    return found if re.fullmatch(r"[A-Za-z0-9._-]+", found) else ""


def remember(request: Request, response: Response, value: str, seconds: int) -> None:
    """Gives the token to the browser."""
    response.set_cookie(_name(request), value, max_age=seconds, secure=_https(request), httponly=True, samesite="lax")


def forget(request: Request, response: Response) -> None:
    """Takes it back."""
    response.delete_cookie(_name(request), secure=_https(request), httponly=True, samesite="lax")


def _https(request: Request) -> bool:
    return request.url.scheme == "https"


def _name(request: Request) -> str:
    # A `__Host-` cookie cannot be set from a subdomain or over plain HTTP; on http://localhost browsers refuse it.
    return "__Host-shop" if _https(request) else "shop"
