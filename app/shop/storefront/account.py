"""A shopper's account: register, log in and out, here and everywhere, another password."""

import re
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from shop.storefront.client import Api, ApiDown, ApiRefused
from shop.storefront.sessions import session
from shop.storefront.view import View, form


class Account:
    """The handlers, with what they need."""

    def __init__(self, api: Api, view: View) -> None:
        self.api = api
        self.view = view

    def routes(self) -> list[Route]:
        """The pages, and where their forms go."""
        return [
            Route("/login", self.login),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/register", self.registration),
            Route("/register", self.register, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
            Route("/account", self.account),
            Route("/account/password", self.change_password, methods=["POST"]),
            Route("/account/logout-everywhere", self.log_out_everywhere, methods=["POST"]),
        ]

    async def login(self, request: Request) -> Response:
        """The login form."""
        return await self._show_login(request, next=local(request.query_params.get("next", "")))

    async def log_in(self, request: Request) -> Response:
        """The login form, sent."""
        sent = await form(request)
        email, after = sent.get("email", "").strip(), local(sent.get("next", ""))
        try:
            await self._log_in(request, email, sent.get("password", ""))
        except ApiRefused as refused:
            problem = _problem(refused, wrong_login="The e-mail address or the password is wrong.")
            return await self._show_login(request, refused.status, email=email, problem=problem, next=after)
        return RedirectResponse(after or "/", 303)

    async def registration(self, request: Request) -> Response:
        """The form for a new account."""
        return await self.view.page(request, "register.html", given={}, problem="")

    async def register(self, request: Request) -> Response:
        """The form for a new account, sent. Whoever is new is logged in; who was known already is asked to log in."""
        sent = await form(request)
        given = {name: sent.get(name, "").strip() for name in ("name", "email")}
        password = sent.get("password", "")
        try:
            await self.api.post("/api/register", body={**given, "password": password})
        except ApiRefused as refused:
            problem = _problem(refused)
            return await self.view.page(request, "register.html", refused.status, given=given, problem=problem)
        try:
            await self._log_in(request, given["email"], password)
        except ApiRefused as refused:
            # The same words whether the address had an account or not: nobody learns who is a customer here.
            _problem(refused, wrong_login="")
            notice = "Please log in. If you have had an account before, its password is the one from then."
            return await self._show_login(request, email=given["email"], notice=notice)
        return RedirectResponse("/account?welcome", 303)

    async def log_out(self, request: Request) -> Response:
        """Ends this session, here and at the API; where the API is down, here at least."""
        try:
            await self._end(request, "/api/logout")
        except ApiDown:
            session(request).forget()
        return RedirectResponse("/", 303)

    async def account(self, request: Request) -> Response:
        """The shopper's own page."""
        return await self._show_account(request)

    async def change_password(self, request: Request) -> Response:
        """Another password; every other session is over."""
        sent = await form(request)
        try:
            changed = {"current": sent.get("current", ""), "new": sent.get("new", "")}
            told = await self.api.post("/api/password", await session(request).token(), changed)
        except ApiRefused as refused:
            problem = _problem(refused, wrong_password="The present password is not that one.")
            return await self._show_account(request, refused.status, problem)
        session(request).keep(told)
        return RedirectResponse("/account?changed", 303)

    async def log_out_everywhere(self, request: Request) -> Response:
        """Ends all sessions of the shopper."""
        await self._end(request, "/api/logout-everywhere")
        return RedirectResponse("/login?everywhere", 303)

    async def _log_in(self, request: Request, email: str, password: str) -> None:
        # A guest's token goes along, so that cart and orders come into the account.
        token = await session(request).token()
        session(request).keep(await self.api.post("/api/login", token, {"email": email, "password": password}))

    async def _end(self, request: Request, address: str) -> None:
        own = session(request)
        try:
            await self.api.post(address, await own.token())
        except ApiRefused as refused:
            # An ended session, or a guest's, which has none.
            if refused.status not in (401, 403, 404):
                raise
        own.forget()

    async def _show_login(self, request: Request, status: int = 200, **given: Any) -> Response:
        notice = "You are logged out on every device." if "everywhere" in request.query_params else ""
        known = {"email": "", "problem": "", "notice": notice, "next": "", **given}
        return await self.view.page(request, "login.html", status, **known)

    async def _show_account(self, request: Request, status: int = 200, problem: str = "") -> Response:
        me = await self.view.me(request)
        if not me or not me["user"]:
            return to_login("/account")
        notices = {"welcome": "Welcome! Your account is ready.", "changed": "Your password is changed."}
        notice = next((text for word, text in notices.items() if word in request.query_params), "")
        return await self.view.page(request, "account.html", status, problem=problem, notice=notice)


def to_login(back: str) -> Response:
    """Log in first, then go on to `back`."""
    return RedirectResponse(f"/login?next={quote(back, safe='')}", 303)


def local(address: str) -> str:
    """`address` when it is one of our own pages, else nothing: a login must not send people elsewhere."""
    return address if re.fullmatch(r"/(?:[A-Za-z0-9_.~-][A-Za-z0-9_.~/-]*(?:\?[A-Za-z0-9_.~=&-]*)?)?", address) else ""


def _problem(refused: ApiRefused, **texts: str) -> str:
    """What to tell about a refusal; one that is nobody's typing error is raised again."""
    if refused.code in texts:
        return texts[refused.code]
    if refused.code == "too_many_requests":
        return f"That was too often. Please wait {refused.error.get('retry_after', 60)} seconds and try again."
    if refused.code == "invalid":
        return f"Please check: {refused}."
    raise refused
