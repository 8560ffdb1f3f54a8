"""What can be seen to be missing before anything is changed."""

from __future__ import annotations

import importlib.util

from cloudnorth_cli.adapters import caddy, uv
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Request
from cloudnorth_cli.settings import Environment


def check(environment: Environment, request: Request) -> None:
    """Tools, and what every service needs to run here. Raises Refused."""
    if importlib.util.find_spec("supervisor") is None:
        raise Refused("supervisor is missing", code="tool-missing", next=("pip install 'cloudnorth[local]'",))
    caddy.binary()
    for name, service in environment.services.items():
        where = f"services.{name}"
        if not service.run:
            raise Refused(
                f"{where}.run is missing: the command that starts {name} on this machine", code="no-run", where=where
            )
        if service.build is None and name not in request.images:
            raise Refused(
                f"{where} names an image: the local platform runs the files of build.context",
                code="no-files",
                where=where,
            )
        if service.prepare.requirements:
            uv.binary()
            uv.key(environment.root / service.prepare.requirements)
    _routes_differ(environment)


def _routes_differ(environment: Environment) -> None:
    seen: dict[str, str] = {}
    for name, service in environment.services.items():
        route = (service.route or "/").rstrip("/")
        if route in seen:
            raise Refused(
                f"services {seen[route]} and {name} have the same route {route or '/'} at the local front",
                code="routes",
                where=f"services.{name}.route",
            )
        seen[route] = name
