"""What keeps the shop fast: no ORM anywhere, no SQLAlchemy at all on hot reads, and no BaseHTTPMiddleware."""

import ast
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware

from shop.api.app import create
from shop.common.lifecycle import Lifecycle
from shop.common.settings import Settings
from shop.storefront.app import create as create_storefront
from tests.app.running import ROOT

SHOP = ROOT / "app" / "shop"


def test_nothing_of_the_shop_imports_the_orm_or_decorates_with_middleware() -> None:
    for path in SHOP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            assert not [name for name in names if name.startswith("sqlalchemy.orm")], path
            assert "BaseHTTPMiddleware" not in names, path
            assert not (isinstance(node, ast.Attribute) and node.attr == "middleware" and _is_call(node)), path


def _is_call(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "app"


@pytest.mark.parametrize("make", [create, create_storefront])
def test_every_layer_of_both_services_is_plain_asgi(make: object) -> None:
    layer: object = make(Settings(), Lifecycle())  # type: ignore[operator]
    layers = []
    while layer is not None:
        if isinstance(layer, Starlette):
            layers += [one.cls for one in layer.user_middleware]
            layer = layer.build_middleware_stack()
        layers.append(type(layer))
        layer = getattr(layer, "app", None)
    assert len(layers) >= 4
    assert not [kind for kind in layers if isinstance(kind, type) and issubclass(kind, BaseHTTPMiddleware)]


def test_hot_reads_and_adding_to_the_cart_never_go_through_sqlalchemy(api: httpx.Client, guest: dict[str, str]) -> None:
    asked: list[str] = []

    def seen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", seen)
    try:
        for path in ("/api/products", "/api/products?category=desk", "/api/products/ridge-tent", "/api/search?q=mug"):
            assert api.get(path).status_code == 200
        assert api.post("/api/cart/items", json={"product": "ridge-tent"}, headers=guest).status_code == 200
        assert api.get("/api/cart", headers=guest).json()["count"] == 1
        assert asked == []
        assert api.get("/api/orders", headers=guest).status_code == 200
        assert asked, "the listener hears nothing, so its silence above would mean nothing"
    finally:
        event.remove(Engine, "before_cursor_execute", seen)


def test_a_database_that_went_away_is_a_503_and_comes_back(tmp_path: Path, serve: object) -> None:
    api: httpx.Client = serve("api", database_url=f"sqlite:///{tmp_path / 'later.db'}")  # type: ignore[operator]
    refused = api.get("/api/products")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
    assert refused.headers["Retry-After"] == "2"
