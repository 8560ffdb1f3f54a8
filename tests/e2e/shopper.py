"""Somebody who buys in the shop with a browser that runs no scripts: pages, links and forms, nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

ADDRESS = {"name": "Ada Lovelace", "email": "ada@shop.example", "address": "12 St James's Square\nLondon"}


class Shopper:
    """One browser with its cookies, at one address of the storefront."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.page = ""
        self.url = address
        self._session = requests.Session()
        self._session.trust_env = False

    def visit(self, path: str) -> str:
        """Open a page; its HTML."""
        return self._came_to(self._session.get(urljoin(self.address + "/", path.lstrip("/")), timeout=10))

    def submit(self, action: str, **fields: str) -> str:
        """Fill in the page's form of this action and send it; the HTML of the page that it leads to."""
        form = forms(self.page)[action]
        unknown = set(fields) - set(form)
        assert not unknown, f"the form {action} has no field {unknown}"
        return self._came_to(self._session.post(urljoin(self.url, action), data=form | fields, timeout=10))

    def buy(self, **more: str) -> str:
        """Put the first product that is there into the cart and order it; the path of the order.

        more: fields of the checkout beyond the address.
        """
        self.fill_cart()
        self.visit("/checkout")
        self.submit("/checkout/payment", **ADDRESS | more)
        placed = self.submit("/checkout")
        assert "Thank you, Ada Lovelace." in placed, placed
        return self.url.removeprefix(self.address).partition("?")[0]

    def fill_cart(self) -> None:
        """Put the first product that is there into the cart."""
        shelves = self.visit("/")
        product = re.search(r'href="(/product/[^"]+)"', shelves)
        assert product, shelves
        self.visit(product[1])
        self.submit("/cart/add")

    @property
    def token(self) -> str:
        """The shopper's token, as the API takes it."""
        return str(self._session.cookies["shop"])

    def ask(self, api: str, path: str) -> Any:
        """What the API says to this shopper."""
        answer = self._session.get(api + path, headers={"Authorization": f"Bearer {self.token}"}, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def _came_to(self, response: requests.Response) -> str:
        response.raise_for_status()
        self.url, self.page = response.url, response.text
        return self.page


def forms(page: str) -> dict[str, dict[str, str]]:
    """The forms of a page: action to fields with their values."""
    reader = _Forms()
    reader.feed(page)
    return reader.found


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._form: dict[str, str] = {}
        self._area = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._form = self.found.setdefault(given.get("action", ""), {})
        elif tag == "input" and "name" in given and (given.get("type") != "radio" or "checked" in given):
            self._form[given["name"]] = given.get("value", "")
        elif tag == "textarea":
            self._area = given["name"]
            self._form[self._area] = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._form[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
