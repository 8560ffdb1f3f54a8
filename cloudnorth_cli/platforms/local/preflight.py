"""What can be seen to be missing before anything is changed."""

from __future__ import annotations

import getpass
import importlib.util

from cloudnorth_cli.adapters import caddy, uv
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Request
from cloudnorth_cli.platforms.local import ports, service
from cloudnorth_cli.platforms.local.machine import Machine
from cloudnorth_cli.settings import Environment


def check(environment: Environment, request: Request, machine: Machine) -> None:
    """Tools, what every service needs to run here, ports of a domain. Raises Refused."""
    if importlib.util.find_spec("supervisor") is None:
        raise Refused("supervisor is missing", code="tool-missing", next=("pip install 'cloudnorth[local]'",))
    caddy.binary()
    for name, wanted in environment.services.items():
        where = f"services.{name}"
        if not wanted.run:
            raise Refused(
                f"{where}.run is missing: the command that starts {name} on this machine", code="no-run", where=where
            )
        if wanted.build is None and name not in request.images:
            raise Refused(
                f"{where} names an image: the local platform runs the files of build.context",
                code="no-files",
                where=where,
            )
        if wanted.prepare.requirements:
            uv.binary()
            uv.key(environment.root / wanted.prepare.requirements)
    _routes_differ(environment)
    stopped = service.not_running(environment)
    if stopped and not machine.supervisor.running():
        raise stopped
    if environment.file.domain and not machine.fronts_as_wanted():
        _ports_of_domain(environment, machine)


def _ports_of_domain(environment: Environment, machine: Machine) -> None:
    """That nobody else has them, and that we, or the service that runs already, may take them."""
    tls = environment.file.tls
    for port in (tls.http_port, tls.https_port):
        match ports.on_all_addresses(port):
            case "taken":
                raise Refused(
                    f"port {port} is taken by another program; {environment.file.domain} is to be served there",
                    code="port-taken",
                    next=(f"ss -ltnp sport = :{port}", f"sudo lsof -nP -iTCP:{port} -sTCP:LISTEN"),
                )
            case "forbidden" if not machine.supervisor.running():
                raise Refused(
                    f"only root or a service may listen on port {port}",
                    code="port-forbidden",
                    next=(f"sudo cloudnorth service install --env {environment.name} --user {getpass.getuser()}",),
                )


def _routes_differ(environment: Environment) -> None:
    seen: dict[str, str] = {}
    for name, wanted in environment.services.items():
        route = (wanted.route or "/").rstrip("/")
        if route in seen:
            raise Refused(
                f"services {seen[route]} and {name} have the same route {route or '/'} at the local front",
                code="routes",
                where=f"services.{name}.route",
            )
        seen[route] = name
