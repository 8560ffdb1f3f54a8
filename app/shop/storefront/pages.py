"""The pages to look around in, and a shopper's own: login and orders."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shop.storefront import cookies
from shop.storefront.client import Api, ApiRefused, path
from shop.storefront.view import View, form


class Pages:
    """The handlers, with what they need."""

    def __init__(self, api: Api, view: View) -> None:
        self.api = api
        self.view = view

    def routes(self) -> list[Route]:
        """The catalogue, a product, orders, login and logout."""
        return [
            Route("/", self.catalogue),
            Route("/category/{category}", self.catalogue),
            Route("/product/{slug}", self.product),
            Route("/orders", self.orders),
            Route("/orders/{number}", self.order),
            Route("/login", self.login),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
        ]

    async def catalogue(self, request: Request) -> Response:
        """All products, or those of one category; a page at a time."""
        category = request.path_params.get("category", "")
        shelf = next((shelf for shelf in await self.view.categories() if shelf["slug"] == category), None)
        if category and shelf is None:
            raise HTTPException(404)
        after = request.query_params.get("after", "0")
        query: dict[str, str | int] = {"limit": 24, "after": after, **({"category": category} if category else {})}
        page = await self.api.get("/api/products", query=query)
        return await self.view.page(request, "catalogue.html", page=page, shelf=shelf, first=after == "0")

    async def product(self, request: Request) -> Response:
        """One product, with the form that puts it into the cart."""
        product = await self.api.get(path("products", request.path_params["slug"]))
        return await self.view.page(request, "product.html", product=product, problem="")

    async def orders(self, request: Request) -> Response:
        """The shopper's orders."""
        known = await self.view.me(request)
        orders = (await self.api.get("/api/orders", cookies.token(request)))["orders"] if known else []
        return await self.view.page(request, "orders.html", orders=orders)

    async def order(self, request: Request) -> Response:
        """One order; just after the checkout, with thanks."""
        if not await self.view.me(request):
            raise HTTPException(404)
        order = await self.api.get(path("orders", request.path_params["number"]), cookies.token(request))
        return await self.view.page(request, "order.html", order=order, placed="placed" in request.query_params)

    async def login(self, request: Request) -> Response:
        """The login form."""
        return await self.view.page(request, "login.html", email="", problem="")

    async def log_in(self, request: Request) -> Response:
        """The login form, sent."""
        sent = await form(request)
        email = sent.get("email", "")
        try:
            credentials = {"email": email, "password": sent.get("password", "")}
            known = await self.api.post("/api/login", cookies.token(request), credentials)
        except ApiRefused as refused:
            if refused.code != "wrong_login":
                raise
            problem = "E-mail address or password is wrong."
            return await self.view.page(request, "login.html", 401, email=email, problem=problem)
        response = RedirectResponse("/", 303)
        cookies.remember(request, response, known["token"], known["expires_in"])
        return response

    async def log_out(self, request: Request) -> Response:
        """Forgets the shopper."""
        response = RedirectResponse("/", 303)
        cookies.forget(request, response)
        return response
