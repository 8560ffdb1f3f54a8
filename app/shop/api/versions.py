"""What each version of the shop understands. One source tree is all three (docs/shop.md)."""

from dataclasses import dataclass

from shop.api.checkout import Buyer

_FEATURES = {1: ("phone",), 2: ("gift_note",), 3: ("gift_note", "again")}
_COLUMNS = {1: ("phone",), 2: ("gift_note",), 3: ("gift_note",)}


@dataclass(frozen=True)
class Version:
    """Version 1, 2 or 3."""

    number: int

    @property
    def features(self) -> list[str]:
        """What the storefront may offer."""
        return list(_FEATURES[self.number])

    @property
    def extras(self) -> list[str]:
        """The columns of an order that not every version has."""
        return list(_COLUMNS[self.number])

    def columns(self, buyer: Buyer) -> dict[str, str | None]:
        """What is stored of a buyer."""
        always = {name: getattr(buyer, name).strip() for name in ("name", "email", "address")}
        return {**always, **{name: getattr(buyer, name).strip() or None for name in self.extras}}
