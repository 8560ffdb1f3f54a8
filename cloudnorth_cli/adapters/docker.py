"""The Docker engine: builds through the `docker` client (BuildKit), everything else through the SDK. Its only door.

The SDK builds with the legacy builder only, which knows neither build secrets nor cache mounts.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
import docker.auth
import docker.errors
import requests
import urllib3.exceptions

from cloudnorth_cli.adapters.push_stream import OnProgress, Pushed, read_push
from cloudnorth_cli.adapters.reference import parse
from cloudnorth_cli.adapters.registry_login import Login
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.model import Secret

ANSWER = 10
"""Seconds in which the engine has to answer a small question."""
SILENCE = 300
"""Seconds that a push may say nothing."""

_TROUBLE = (docker.errors.DockerException, requests.RequestException, OSError)


class Engine:
    """One engine; contacted when something is asked of it, not before."""

    def __init__(self, host: str | None) -> None:
        self.host = host

    def ping(self) -> None:
        """See that it answers. Raises Refused."""
        with self._client(ANSWER):
            pass

    def has(self, reference: str) -> bool:
        """Whether it holds an image of this name. Raises Refused."""
        return self._image(reference) is not None

    def digest(self, reference: str) -> str | None:
        """Digest under which an image was pulled or pushed; its own id when it is known here only; else None."""
        image = self._image(reference)
        if image is None:
            return None
        for known in image.attrs.get("RepoDigests") or ():
            repository, _, digest = known.partition("@")
            with contextlib.suppress(ValueError):  # `<none>`
                if parse(repository).repository == parse(reference).repository:
                    return str(digest)
        return str(image.id)

    def tag(self, image: str, repository: str, tag: str) -> None:
        """Name an image. Raises Refused, Failed."""
        with self._client(ANSWER) as client, _told(f"cannot tag {image[:19]} as {repository}:{tag}"):
            client.images.get(image).tag(repository, tag)

    def push(self, repository: str, tag: str, login: Login | None, on_progress: OnProgress) -> Pushed:
        """Push REPOSITORY:TAG to its registry. Raises Refused where the engine does not answer, Failed."""
        name = f"{repository}:{tag}"
        given = {"username": login.username, "password": login.password.reveal()} if login else None
        given = given or _left_by_docker_login(parse(repository).host)  # tokens, which are no Login, too
        with self._client(SILENCE) as client, _told(f"the push of {name} broke off"):
            lines = client.api.push(repository, tag, stream=True, decode=True, auth_config=given)
            return read_push(name, lines, on_progress)

    def _image(self, reference: str) -> Any | None:
        with self._client(ANSWER) as client, _told(f"cannot look at {reference}"):
            try:
                return client.images.get(reference)
            except docker.errors.NotFound:
                return None

    @contextmanager
    def _client(self, timeout: int) -> Iterator[docker.DockerClient]:
        try:
            if self.host is not None:
                client = docker.DockerClient(base_url=self.host, timeout=timeout)
            else:
                client = docker.from_env(timeout=timeout)
            client.ping()
        except _TROUBLE as error:
            where = f" at {self.host}" if self.host else ""
            raise Refused(
                f"the Docker engine{where} does not answer: {_innermost(error)}",
                code="docker-unreachable",
                next=(f"docker {f'--host {self.host} ' if self.host else ''}info",),
                retryable=True,
            ) from error
        try:
            yield client
        finally:
            client.close()


def login(host: str) -> Login | None:
    """What `docker login` left for a registry (config file or credential helper), None where there is nothing."""
    found = _left_by_docker_login(host)
    username, password = found.get("username") or found.get("Username"), found.get("password") or found.get("Password")
    return Login(username, Secret(password)) if username and password else None


def _left_by_docker_login(host: str) -> dict[str, Any]:
    # A helper that is not installed counts as no login, as it does for `docker pull`; a registry that needs no login
    # has to work with it. A person who needs one hears of it from `docker login`.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            return docker.auth.load_config().resolve_authconfig(None if host == "docker.io" else host) or {}
        except docker.errors.DockerException:
            return {}


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Translate what the SDK raises once the engine has answered before."""
    try:
        yield
    except _TROUBLE as error:
        raise Failed(f"{what}: {_innermost(error)}", code="docker-failed", retryable=True) from error
    except (urllib3.exceptions.HTTPError, json.JSONDecodeError) as error:  # of streams, which are read past requests
        why = "it was silent for too long" if "timed out" in str(error) else "its answer ended early"
        raise Failed(f"{what}: the Docker engine went away, {why}", code="docker-gone", retryable=True) from error


def _innermost(error: BaseException) -> str:
    """`No such file or directory` rather than the SDK's account of its own layers."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, docker.errors.APIError) and cause.explanation:
            return str(cause.explanation)
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        last, cause = cause, cause.__cause__ or cause.__context__
    return str(last).strip("() ")
