"""The two cookies: who the shopper is (`shop`), and what renews that (`shop-refresh`).

Out of reach of scripts, never sent along from another site's form. Over HTTPS their names begin with `__Host-`, which
no subdomain and no plain connection can set; over plain HTTP, as on http://127.0.0.1, browsers would refuse that name
(docs/decisions/2026-11-26-shop-pages.md).
"""

import re

from starlette.datastructures import URL
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

TOKEN, REFRESH = "shop", "shop-refresh"


def read(scope: Scope, name: str) -> str:
    """The cookie's value; empty when there is none, or none that could be ours."""
    found = HTTPConnection(scope).cookies.get(_full(scope, name), "")
    # It becomes part of our request to the API: the letters of a token (RFC 7519, RFC 4648) and nothing else.
    return found if re.fullmatch(r"[A-Za-z0-9._~-]{1,3000}", found) else ""


def header(scope: Scope, name: str, value: str, seconds: int) -> tuple[bytes, bytes]:
    """The Set-Cookie header that keeps `value` for so long; with an empty one it is taken back."""
    carrier = Response()
    carrier.set_cookie(
        _full(scope, name),
        value,
        max_age=seconds if value else 0,
        secure=_https(scope),
        httponly=True,
        samesite="lax",
    )
    return carrier.raw_headers[-1]


def _https(scope: Scope) -> bool:
    return URL(scope=scope).scheme == "https"


def _full(scope: Scope, name: str) -> str:
    return f"__Host-{name}" if _https(scope) else name
