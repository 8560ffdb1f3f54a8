"""A shopper's orders."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shop.storefront.client import Api, ApiRefused, path
from shop.storefront.sessions import session
from shop.storefront.view import View

PAGE = 20


class Orders:
    """The handlers, with what they need."""

    def __init__(self, api: Api, view: View) -> None:
        self.api = api
        self.view = view

    def routes(self) -> list[Route]:
        """List, detail, and what can be done about an order."""
        return [
            Route("/orders", self.listed),
            Route("/orders/{number}", self.order),
            Route("/orders/{number}/cancel", self.cancel, methods=["POST"]),
            Route("/orders/{number}/again", self.again, methods=["POST"]),
        ]

    async def listed(self, request: Request) -> Response:
        """The shopper's orders, newest first."""
        page: dict[str, Any] = {"orders": [], "next": None}
        if await self.view.me(request):
            after = request.query_params.get("after", "")
            query: dict[str, str | int] = {"limit": PAGE, **({"after": after} if after else {})}
            page = await self.api.get("/api/orders", await session(request).token(), query)
        return await self.view.page(request, "orders.html", page=page)

    async def order(self, request: Request) -> Response:
        """One order; just after the checkout, with thanks."""
        return await self._show(request)

    async def cancel(self, request: Request) -> Response:
        """Takes the order back, while that is possible."""
        number = request.path_params["number"]
        try:
            await self.api.post(path("orders", number, "cancel"), await session(request).token())
        except ApiRefused as refused:
            if refused.code != "not_cancellable":
                raise
            return await self._show(request, 409, "It is too late for that: this order is on its way.")
        return RedirectResponse(path_to(number), 303)

    async def again(self, request: Request) -> Response:
        """Puts what was ordered into the cart once more."""
        await self.api.post(path("orders", request.path_params["number"], "again"), await session(request).token())
        return RedirectResponse("/cart", 303)

    async def _show(self, request: Request, status: int = 200, problem: str = "") -> Response:
        if not await self.view.me(request):
            raise HTTPException(404)
        token = await session(request).token()
        order = await self.api.get(path("orders", request.path_params["number"]), token)
        features = (await self.api.get("/api/cart", token))["features"]
        placed = "placed" in request.query_params
        return await self.view.page(
            request, "order.html", status, order=order, placed=placed, problem=problem, features=features
        )


def path_to(number: str) -> str:
    """Where an order is shown."""
    return path("orders", number).removeprefix("/api")
