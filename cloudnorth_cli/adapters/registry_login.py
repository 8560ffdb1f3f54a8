"""Showing a registry who we are: by basic credentials, or by a token for them.

As https://distribution.github.io/distribution/spec/auth/token/ says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from cloudnorth_cli.model import Secret

TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and between two bytes of an answer."""


@dataclass(frozen=True)
class Login:
    """Who we are to a registry."""

    username: str
    password: Secret


class Challenged(AuthBase):
    """Answers a 401 with what its challenge asks for, once: basic credentials, or a token from the named realm.

    Set as the session's auth also because requests would else send what ~/.netrc holds.
    """

    def __init__(self, login: Login | None) -> None:
        # Bytes, as the docker client sends them: of texts requests makes Latin-1, and breaks on what that has not.
        self._basic = HTTPBasicAuth(login.username.encode(), login.password.reveal().encode()) if login else None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.hooks["response"].append(self._answer)
        return request

    def _answer(self, answer: requests.Response, **options: Any) -> requests.Response:
        if answer.status_code != 401 or "Authorization" in answer.request.headers:
            return answer
        scheme, _, rest = answer.headers.get("WWW-Authenticate", "").partition(" ")
        again = answer.request.copy()
        if scheme.lower() == "bearer":
            token = self._token(dict(re.findall(r'(\w+)="([^"]*)"', rest)))
            if token is None:
                return answer
            again.headers["Authorization"] = f"Bearer {token}"
        elif scheme.lower() == "basic" and self._basic:
            again = self._basic(again)
        else:
            return answer
        _ = answer.content  # read to its end, so that the connection can be used again
        second: requests.Response = answer.connection.send(again, **options)
        second.history.append(answer)
        return second

    def _token(self, challenge: Mapping[str, str]) -> str | None:
        realm = challenge.get("realm", "")
        if not realm.startswith(("http://", "https://")):
            return None
        wanted = {name: challenge[name] for name in ("service", "scope") if name in challenge}
        with requests.Session() as session:
            session.auth = self._basic or _Nobody()
            answer = session.get(realm, params=wanted, timeout=TIMEOUT)
        if not answer.ok:
            return None
        try:
            read = answer.json()
            return str(read.get("token") or read["access_token"])
        except (ValueError, KeyError, AttributeError):
            return None


class _Nobody(AuthBase):
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request
