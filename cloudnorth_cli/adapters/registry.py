"""One OCI registry: digests, manifests, sizes, and whether we may push. The engine pushes (adapters/docker.py).

Speaks https://github.com/opencontainers/distribution-spec/blob/main/spec.md.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from cloudnorth_cli.adapters.reference import DEFAULT_HOST
from cloudnorth_cli.adapters.registry_login import TIMEOUT, Challenged, Login
from cloudnorth_cli.errors import Refused

MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


class Registry:
    """A registry by its host; safe to use from several threads, each with connections of its own."""

    def __init__(self, host: str, *, insecure: bool = False, login: Login | Callable[[], Login] | None = None) -> None:
        """login: where it is one that ends, what gives it anew."""
        self.host = host
        self._url = f"{'http' if insecure else 'https'}://{_server(host)}/v2/"
        self._given = login

    @property
    def _login(self) -> Login | None:
        return self._given() if callable(self._given) else self._given

    def check(self) -> None:
        """See that it answers and takes our credentials. Raises Refused."""
        self._ask("GET", "", about="")

    def now(self) -> datetime | None:
        """Its own time, to the second; None where its answers have none. Raises Refused."""
        answer = self._ask("GET", "", about="")
        said = answer.headers.get("Date") if answer is not None else None
        return parsedate_to_datetime(said).replace(tzinfo=UTC) if said else None

    def digest(self, path: str, version: str) -> str | None:
        """The digest behind a tag or digest of a repository, None where there is none. Raises Refused.

        path: `shop/api`; version: a tag or `sha256:…`.
        """
        answer = self._ask("HEAD", f"{path}/manifests/{version}", about=path)
        if answer is None:
            return None
        # The header is optional in the specification; without it the digest is that of the bytes.
        return answer.headers.get("Docker-Content-Digest") or self._digest_of_bytes(path, version)

    def manifest(self, path: str, version: str) -> Mapping[str, Any] | None:
        """A manifest as the registry has it, None where there is none. Raises Refused."""
        answer = self._ask("GET", f"{path}/manifests/{version}", about=path)
        return None if answer is None else self._json(answer)

    def config(self, path: str, digest: str) -> Mapping[str, Any] | None:
        """An image's configuration, named by its manifest. Raises Refused."""
        answer = self._ask("GET", f"{path}/blobs/{digest}", about=path)
        return None if answer is None else self._json(answer)

    def check_push(self, path: str) -> None:
        """See that we may push to a repository: an upload is begun and given up. Raises Refused.

        The engine cannot tell: it tries a refused layer five times, for 50 s, before it says so.
        """
        begun = self._ask("POST", f"{path}/blobs/uploads/", about=path, verb="write")
        if begun is None:
            raise Refused(f"the registry has no repository {self.host}/{path}", code="repository-missing")
        location = urljoin(self._url, begun.headers.get("Location", ""))
        if begun.status_code == 202 and location.startswith(self._url):
            with contextlib.suppress(Refused):  # it forgets uploads by itself, later
                self._ask("DELETE", location.removeprefix(self._url), about=path, verb="write")

    def _digest_of_bytes(self, path: str, version: str) -> str | None:
        answer = self._ask("GET", f"{path}/manifests/{version}", about=path)
        return None if answer is None else "sha256:" + hashlib.sha256(answer.content).hexdigest()

    def _ask(self, method: str, where: str, *, about: str, verb: str = "read") -> requests.Response | None:
        name = f"{self.host}/{about}" if about else self.host
        with requests.Session() as session:
            session.auth = Challenged(self._login)
            session.mount(self._url, HTTPAdapter(max_retries=_patience()))
            try:
                answer = session.request(method, self._url + where, headers={"Accept": MANIFESTS}, timeout=TIMEOUT)
            except requests.exceptions.SSLError as error:
                raise _unreachable(
                    self.host, f"{_reason(error)}; a registry that speaks plain HTTP needs insecure: true"
                ) from error
            except requests.RequestException as error:
                raise _unreachable(self.host, _reason(error)) from error
        match answer.status_code:
            case 404:
                return None
            case 401 | 403:
                raise _denied(name, answer, self._login, verb)
            case status if status >= 400:
                raise _unreachable(self.host, f"it answers {status} {answer.reason}{_said(answer)}")
        return answer

    def _json(self, answer: requests.Response) -> Mapping[str, Any]:
        try:
            read = answer.json()
        except ValueError:
            read = None
        if not isinstance(read, dict):
            raise _unreachable(self.host, f"{answer.url} is not what a registry answers")
        return read


def _patience() -> Retry:
    # A registry behind a balancer answers 502 to 504 now and then; a refused connection is told at once.
    return Retry(
        connect=0,
        read=1,
        other=0,
        status=2,
        backoff_factor=0.3,
        status_forcelist=(502, 503, 504),
        raise_on_status=False,
    )


def _server(host: str) -> str:
    return "registry-1.docker.io" if host == DEFAULT_HOST else host


def _unreachable(host: str, why: str) -> Refused:
    return Refused(f"the registry {host} cannot be read: {why}", code="registry-unreachable", retryable=True)


def _denied(name: str, answer: requests.Response, login: Login | None, verb: str) -> Refused:
    who = f"{login.username} may not {verb} it" if login else "it wants credentials, and there are none"
    return Refused(
        f"the registry refuses to let us {verb} {name} ({answer.status_code}): {who}{_said(answer)}",
        code="push-denied" if verb == "write" else "registry-denied",
        next=() if login else (f"docker login {name.partition('/')[0]}",),
    )


def _said(answer: requests.Response) -> str:
    """The registry's own words, where it has some (`errors` in the specification)."""
    try:
        errors = answer.json()["errors"]
        return f" ({'; '.join(str(error.get('message') or error.get('code')) for error in errors)})"
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _reason(error: requests.RequestException) -> str:
    """The innermost cause: `Connection refused` rather than urllib3's own story."""
    cause: BaseException = error
    while inner := (getattr(cause, "reason", None) or cause.__context__):
        if not isinstance(inner, BaseException):
            break
        cause = inner
    if isinstance(error, requests.exceptions.Timeout):
        return "it does not answer in time"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause).partition(": ")[2] or str(cause)
