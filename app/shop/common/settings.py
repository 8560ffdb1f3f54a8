"""What a process is told from outside: environment variables, read once and checked whole."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

PORTS = {"api": 8080, "storefront": 3000}
"""Where each service listens when nobody says otherwise."""

VERSIONS = (1, 2, 3)
"""The versions of the shop that this source tree can be: see docs/shop.md."""

VERSION = 2
"""What it is when nobody says otherwise: the newest whose migration only adds."""


FAULTS = {
    "crash-at-start": 0,
    "never-ready": 600,
    "errors": 600,
    "slow-start": 30,
    "leak": 600,
    "slow-database": 600,
    "migration-fails": 0,
    "migration-hangs": 600,
}
"""Kinds of faults that can be asked for (shop.common.faults), and after how many seconds each ends unless told."""

PRIVATE = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,::1/128,fc00::/7"
"""TRUSTED_PROXIES=private: the networks that nobody's browser comes from (RFC 1918, 6598, 4193). A balancer appends
the address it sees to `X-Forwarded-For`; the last one that is not private counts, so one that the shopper made up does
not. With `*` the first would."""


class SettingsError(Exception):
    """A setting is missing or makes no sense; the message names it."""


@dataclass(frozen=True)
class Settings:
    """The settings of one process. `database_url` and `jwt_key` are secrets and never shown."""

    service: str = "shop"
    host: str = "127.0.0.1"
    port: int = 0
    api: str = "http://127.0.0.1:8080"
    static_url: str = ""
    database_url: str = field(default="sqlite:///shop.db", repr=False)
    database_tls: str = "off"
    database_wait: int = 15
    jwt_key: str = field(default="", repr=False)
    log_level: str = "INFO"
    version: int = VERSION
    release: str = "dev"
    commit: str = ""
    digest: str = ""
    demo: bool = False
    cache_seconds: int = 1
    rate_limits: bool = True
    payment_seconds: float = 5.0
    reservation_seconds: int = 900
    drain_seconds: float = 2.0
    grace_seconds: int = 25
    trusted_proxies: str = "127.0.0.1"
    pod: str = ""
    node: str = ""
    metrics_port: int = 0
    fault: str = ""
    fault_after: float = 0.0
    fault_seconds: float = 0.0
    allow_faults: bool = False


def read(service: str, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of `service` ("api", "storefront" or a one-off command) as `environ` tells them.

    Raises:
        SettingsError: a value that cannot be used, with the name of its variable.
    """
    defaults = Settings()

    def text(name: str, default: str) -> str:
        return environ.get(name, "").strip() or default

    fault = _one_of("FAULT", text("FAULT", ""), ("", *FAULTS))
    return Settings(
        service=service,
        host=text("HOST", defaults.host),
        port=_whole("PORT", text("PORT", str(PORTS.get(service, 0))), 0, 65535),
        api=http("API", text("API", defaults.api)),
        static_url=http("STATIC_URL", text("STATIC_URL", "")) if text("STATIC_URL", "") else "",
        database_url=_database(text("DATABASE_URL", defaults.database_url)),
        database_tls=_one_of("DATABASE_TLS", text("DATABASE_TLS", "off"), ("off", "on")),
        database_wait=_whole("DATABASE_WAIT_SECONDS", text("DATABASE_WAIT_SECONDS", "15"), 0, 600),
        jwt_key=_key(text("JWT_KEY", "")),
        log_level=_one_of("LOG_LEVEL", text("LOG_LEVEL", "info").upper(), ("DEBUG", "INFO", "WARNING", "ERROR")),
        version=_whole("SHOP_VERSION", text("SHOP_VERSION", str(VERSION)), VERSIONS[0], VERSIONS[-1]),
        release=_header("RELEASE", text("RELEASE", defaults.release)),
        commit=text("COMMIT", ""),
        digest=text("IMAGE_DIGEST", ""),
        demo=text("SHOP_DEMO", "0") == "1",
        cache_seconds=_whole("CACHE_SECONDS", text("CACHE_SECONDS", "1"), 0, 60),
        rate_limits=_one_of("RATE_LIMITS", text("RATE_LIMITS", "on"), ("off", "on")) == "on",
        payment_seconds=float(_whole("PAYMENT_SECONDS", text("PAYMENT_SECONDS", "5"), 1, 25)),
        reservation_seconds=_whole("RESERVATION_SECONDS", text("RESERVATION_SECONDS", "900"), 30, 86400),
        drain_seconds=float(_whole("DRAIN_SECONDS", text("DRAIN_SECONDS", "2"), 0, 300)),
        grace_seconds=_whole("GRACE_SECONDS", text("GRACE_SECONDS", "25"), 1, 600),
        trusted_proxies=PRIVATE if text("TRUSTED_PROXIES", "") == "private" else text("TRUSTED_PROXIES", "127.0.0.1"),
        pod=text("POD_NAME", ""),
        node=text("NODE_NAME", ""),
        metrics_port=_whole("METRICS_PORT", text("METRICS_PORT", "0"), 0, 65535),
        fault=fault,
        fault_after=float(_whole("FAULT_AFTER", text("FAULT_AFTER", "5" if fault == "errors" else "0"), 0, 3600)),
        fault_seconds=float(_whole("FAULT_SECONDS", text("FAULT_SECONDS", str(FAULTS.get(fault, 0))), 0, 86400)),
        allow_faults=text("ALLOW_FAULTS", "0") == "1",
    )


def sqlite_path(url: str) -> Path | None:
    """The file of a `sqlite:///` address, None for another kind of database."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def _whole(name: str, value: str, lowest: int, highest: int) -> int:
    if not re.fullmatch(r"\d{1,6}", value) or not lowest <= int(value) <= highest:
        raise SettingsError(f"{name} should be a whole number from {lowest} to {highest}, got {value!r}")
    return int(value)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise SettingsError(f"{name} should be one of {', '.join(filter(None, known)).lower()}, got {value.lower()!r}")
    return value


def http(name: str, value: str) -> str:
    """`value` as an address of the web, without a slash at its end. Raises SettingsError, which says `name`."""
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
        raise SettingsError(f"{name} should be an address like http://api:8080, got {value!r}")
    return value.rstrip("/")


def _header(name: str, value: str) -> str:
    # It becomes the header X-Release: one line of visible ASCII, nothing that could end the header early.
    if not re.fullmatch(r"[!-~]{1,128}", value):
        raise SettingsError(f"{name} should be 1 to 128 visible ASCII characters without spaces, got {value!r}")
    return value


def _database(value: str) -> str:
    # The value holds a password: the message names the form, never the value.
    if value.startswith("sqlite:///") and len(value) > len("sqlite:///"):
        return value
    if re.fullmatch(r"mysql://[^/@]+@[^/@]+/[^/?]+", value):
        return value
    raise SettingsError("DATABASE_URL should look like sqlite:///shop.db or mysql://user:password@host:3306/name")


def _key(value: str) -> str:
    # RFC 7518 section 3.2: an HS256 key has at least 256 bits.
    if value and len(value) < 32:
        raise SettingsError("JWT_KEY should have at least 32 characters")
    return value
