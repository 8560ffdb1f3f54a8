"""Write the references that are made from the code (`make docs`); a test asserts that they are up to date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scripts import causes, configuration, event_schemas, shop_api

ROOT = Path(__file__).resolve().parent.parent


def _always(text: str) -> Callable[[str], str]:
    return lambda page: text


PAGES: dict[str, Callable[[str], str]] = {
    "docs/configuration.md": configuration.reference,
    "docs/cloudnorth.schema.json": lambda page: configuration.schema(),
    causes.PAGE: lambda page: causes.page(),
    "docs/shop-openapi.json": lambda page: shop_api.page(),
    **{name: _always(text) for name, text in event_schemas.pages().items()},
}
"""Page to what it should hold, given what it holds."""


def stale() -> dict[Path, str]:
    """The pages that are not up to date, with what they should hold."""
    pages = {ROOT / name: make for name, make in PAGES.items()}
    held = {path: path.read_text(encoding="utf-8") if path.exists() else "" for path in pages}
    made = {path: make(held[path]) for path, make in pages.items()}
    return {path: text for path, text in made.items() if text != held[path]}


if __name__ == "__main__":
    for path, text in stale().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
