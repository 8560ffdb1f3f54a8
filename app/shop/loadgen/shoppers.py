"""What shoppers do next: one request at a time, each shopper's own cart only when nothing of theirs is under way."""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shop.loadgen.shop import Target

PIECES = (1, 1, 1, 2)
"""How many of a product go into a cart at once."""


@dataclass
class Shopper:
    """A guest with a cart. `keys`: the checkouts that were tried; `orders`: the numbers that were acknowledged."""

    token: str
    address: str
    filled: bool = False
    keys: int = 0
    orders: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Request:
    """One request: its kind for the count, and what goes over the wire. `shopper` is whose cart it touches."""

    kind: str
    service: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    shopper: Shopper | None = None


class Crowd:
    """All shoppers of a run. `next` gives the request that is due now, `met` takes in what came of it."""

    def __init__(self, target: Target, mix: dict[str, int], seed: int) -> None:
        self._target = target
        # Reproducible, and nothing that anybody would want to guess.
        self._random = random.Random(seed)
        self._kinds, self._shares = zip(*mix.items(), strict=True)
        self._empty: list[Shopper] = []
        self._filled: list[Shopper] = []
        self.everybody: list[Shopper] = []

    def next(self) -> Request:
        """The next request. Where a step needs what is not there yet, the one that leads to it is taken."""
        kind = self._random.choices(self._kinds, self._shares)[0]
        if not self._target.has_api or (self._target.has_pages and kind in ("browse", "search") and self._coin()):
            return self._page(kind)
        if kind == "browse":
            return self._browse()
        if kind == "search":
            return Request("search", "api", "GET", self._target.search + self._random.choice(self._target.words))
        if kind == "checkout" and self._filled:
            return self._check_out(self._filled.pop(0))
        return self._use_cart()

    def met(self, request: Request, status: int, answer: bytes) -> None:
        """Takes in an answer (status 0: there was none) and lets the shopper go on."""
        if request.kind == "guest":
            if status == 201 and (token := self._target.read(answer).get("token")):
                # Of RFC 2544's range for benchmarks: a shop that trusts us as a proxy counts each shopper's own tries.
                number = len(self.everybody)
                guest = Shopper(token, f"198.{18 + number // 65536 % 2}.{number // 256 % 256}.{number % 256}")
                self.everybody.append(guest)
                self._empty.append(guest)
            return
        if (shopper := request.shopper) is None:
            return
        if request.kind == "checkout":
            # One order each: afterwards others come, and at the end each is asked what they have.
            if status in (201, 202):
                shopper.orders.append(self._target.read(answer).get("number", ""))
            return
        shopper.filled = shopper.filled or (request.kind == "add" and status == 200)
        (self._filled if shopper.filled else self._empty).append(shopper)

    def _coin(self) -> bool:
        return self._random.random() < 0.5

    def _page(self, kind: str) -> Request:
        if kind == "search" and self._target.search_page:
            path = self._target.search_page + self._random.choice(self._target.words)
            return Request("search page", "storefront", "GET", path)
        if self._coin() or not self._target.slugs:
            return Request("home page", "storefront", "GET", "/")
        return Request("product page", "storefront", "GET", f"/product/{self._random.choice(self._target.slugs)}")

    def _browse(self) -> Request:
        if self._random.random() < 0.35:
            return Request("list", "api", "GET", "/api/products")
        return Request("product", "api", "GET", f"/api/products/{self._random.choice(self._target.slugs)}")

    def _use_cart(self) -> Request:
        if self._filled and self._coin():
            known = self._filled.pop(0)
            return Request("cart", "api", "GET", "/api/cart", _bearer(known), shopper=known)
        if not self._empty:
            return Request("guest", "api", "POST", "/api/guests")
        guest = self._empty.pop(0)
        body = {"product": self._random.choice(self._target.slugs), "quantity": self._random.choice(PIECES)}
        return Request("add", "api", "POST", "/api/cart/items", _bearer(guest), body, guest)

    def _check_out(self, shopper: Shopper) -> Request:
        shopper.keys += 1
        headers = {**_bearer(shopper), "Idempotency-Key": secrets.token_hex(16)}
        return Request("checkout", "api", "POST", "/api/orders", headers, self._target.buyer, shopper)


def _bearer(shopper: Shopper) -> dict[str, str]:
    return {"Authorization": f"Bearer {shopper.token}", "X-Forwarded-For": shopper.address}


def paths(paths: tuple[str, ...]) -> Iterator[Request]:
    """GETs of these paths in turn, for ever."""
    while True:
        for path in paths:
            yield Request(path, "", "GET", path)
