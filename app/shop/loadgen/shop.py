"""The shop as a load generator finds it: which services answer at an address, what they sell, how they search."""

import re
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

SLUGS = 500
"""Products that are known by name; more would change no figure."""

BUYER = {
    "name": "Load Generator",
    "email": "load@shop.example",
    "address": "1 Benchmark Road\n1234 Northtown",
}


class NoShop(Exception):
    """Nothing at the address that could be shopped in."""


@dataclass(frozen=True)
class Target:
    """What was found. `search` and `search_page` are addresses that end where the words go."""

    has_api: bool
    has_pages: bool
    slugs: list[str]
    search: str
    search_page: str
    words: list[str] = field(default_factory=lambda: ["mug", "tent", "lamp", "wool", "harbour", "bag"])
    buyer: dict[str, Any] = field(default_factory=lambda: dict(BUYER))

    @staticmethod
    def read(answer: bytes) -> dict[str, Any]:
        """The JSON object of an answer; empty when it is none."""
        try:
            told = msgspec.json.decode(answer)
        except msgspec.DecodeError:
            return {}
        return told if isinstance(told, dict) else {}


async def find(http: aiohttp.ClientSession) -> Target:
    """Asks the session's address what is there.

    Raises:
        NoShop: with what was asked and answered.
    """
    pages = (await _json(http, "/version")).get("service") == "storefront"
    api = (await _json(http, "/api/version")).get("service") == "api"
    if not api and not pages:
        raise NoShop("neither /version nor /api/version says that this is the shop (for any other server: --path)")
    if not api:
        home = (await _get(http, "/"))[1].decode(errors="replace")
        return Target(False, True, sorted(set(re.findall(r'href="/product/([a-z0-9-]+)"', home))), "", "")
    slugs = await _slugs(http)
    if not slugs:
        raise NoShop("the shop sells nothing: shop seed")
    search = "/api/search?q=" if (await _get(http, "/api/search?q=mug"))[0] == 200 else "/api/products?q="
    found = pages and (await _get(http, "/search?q=mug"))[0] == 200
    return Target(True, pages, slugs, search, "/search?q=" if found else "")


async def _slugs(http: aiohttp.ClientSession) -> list[str]:
    slugs: list[str] = []
    after: object = None
    while len(slugs) < SLUGS:
        page = await _json(http, "/api/products?limit=100" + ("" if after is None else f"&after={after}"))
        slugs += [product["slug"] for product in page.get("products", [])]
        after = page.get("next")
        if not after:
            break
    return slugs


async def _json(http: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    status, body = await _get(http, path)
    return Target.read(body) if status == 200 else {}


async def _get(http: aiohttp.ClientSession, path: str) -> tuple[int, bytes]:
    try:
        async with http.get(path) as answer:
            return answer.status, await answer.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NoShop(f"{path}: {error or type(error).__name__}") from error
