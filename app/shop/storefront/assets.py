"""Style sheet and pictures, under names that change with their content."""

import hashlib
import re
from functools import cache
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOR_EVER = "public, max-age=31536000, immutable"

_STATIC = files("shop.storefront") / "static"
_PICTURES = files("shop.storefront") / "pictures"
_TYPES = {"css": "text/css", "svg": "image/svg+xml"}

# A drawing has its own style inside, so it needs its own, narrower permission.
_PICTURE_HEADERS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}


def static_url(name: str) -> str:
    """The address of a file in static/: its name with the hash of its content."""
    return f"/static/{_digest(_static(name))}/{name}"


def picture_url(name: str, hue: int) -> str:
    """The address of the drawing `name` in the colour `hue` (degrees)."""
    return f"/pictures/{_digest(_drawing(name, 0))}/{name}-{hue % 360}.svg"


async def static(request: Request) -> Response:
    """GET /static/HASH/NAME"""
    name = request.path_params["name"]
    if not (_STATIC / name).is_file():
        raise HTTPException(404)
    return _answer(request, _static(name), _TYPES[name.rpartition(".")[2]], {}, _digest(_static(name)))


async def picture(request: Request) -> Response:
    """GET /pictures/HASH/NAME-HUE.svg"""
    found = re.fullmatch(r"([a-z]+)-(\d{1,3})\.svg", request.path_params["name"])
    if not found or int(found[2]) >= 360:
        raise HTTPException(404)
    name, hue = found[1], int(found[2])
    return _answer(request, _drawing(name, hue), _TYPES["svg"], _PICTURE_HEADERS, _digest(_drawing(name, 0)))


ROUTES = [Route("/static/{digest}/{name}", static), Route("/pictures/{digest}/{name}", picture)]


def _answer(request: Request, body: bytes, media_type: str, headers: dict[str, str], digest: str) -> Response:
    # While two releases serve side by side, a page of one may ask the other for its style sheet: better our
    # version of it, for once, than a page without any.
    ours = request.path_params["digest"] == digest
    return Response(body, 200, {**headers, "cache-control": _FOR_EVER if ours else "no-cache"}, media_type)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


@cache
def _static(name: str) -> bytes:
    return (_STATIC / name).read_bytes()


@cache
def _drawing(name: str, hue: int) -> bytes:
    motif = _PICTURES / f"{name}.svg"
    frame = (_PICTURES / "frame.svg").read_text()
    # A product may name a drawing that only a later release has: an empty frame then, not an error.
    inside = motif.read_text() if motif.is_file() and name != "frame" else ""
    return frame.replace("HUE", str(hue)).replace("<!-- motif -->", inside).encode()
