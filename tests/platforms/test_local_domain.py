"""A host name served to the world: certificates of Caddy's own authority, HTTP/1.1, 2 and 3, encodings."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent

from tests.platforms.local_project import LocalProject

pytestmark = pytest.mark.slow
DOMAIN = "shop.example"


@pytest.fixture
def site(local: LocalProject) -> LocalProject:
    """The plain sample with a domain on two free ports."""
    http = random.randrange(14000, 16000)
    tls = {"issuer": "internal", "http_port": http, "https_port": http + 2000}
    local.config["environments"]["local"] |= {"domain": DOMAIN, "tls": tls}
    return local


def ports(site: LocalProject) -> tuple[int, int]:
    tls = site.config["environments"]["local"]["tls"]
    return tls["http_port"], tls["https_port"]


def authority(site: LocalProject) -> Path:
    """The certificate of Caddy's own authority; there once the first one is signed."""
    root = site.platform().place.home / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    end = time.monotonic() + 20
    while site.platform().status().problems:
        assert time.monotonic() < end, site.platform().status().problems
        time.sleep(0.1)
    return root


class ToLoopback(httpx.HTTPTransport):
    """Resolves every name to this machine; certificate and Host stay those of the name."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = request.url.host
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


def client(site: LocalProject, *, http2: bool) -> httpx.Client:
    context = ssl.create_default_context(cafile=str(authority(site)))
    return httpx.Client(transport=ToLoopback(verify=context, http1=not http2, http2=http2))


def test_every_protocol_the_redirect_and_the_encodings(site: LocalProject) -> None:
    site.config["services"]["web"]["env"]["LARGE"] = "x" * 5000
    address = f"https://{DOMAIN}:{ports(site)[1]}"
    assert site.deploy().address == address
    for http2 in (False, True):
        with client(site, http2=http2) as asking:
            answer = asking.get(f"{address}/x")
        assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
        assert answer.json()["path"] == "/x"
        assert "h3=" in answer.headers["alt-svc"]
    status, body = asyncio.run(_http3(ports(site)[1], authority(site)))
    assert (status, json.loads(body)["path"]) == ("200", "/x")
    with client(site, http2=True) as asking:
        for encoding in ("gzip", "zstd"):
            with asking.stream("GET", address, headers={"Accept-Encoding": encoding}) as answer:
                assert answer.headers["content-encoding"] == encoding
                assert sum(map(len, answer.iter_raw())) < 4000
    with client(site, http2=False) as asking:
        redirected = asking.get(f"http://{DOMAIN}:{ports(site)[0]}/x?y=1")
    assert redirected.status_code in (301, 308)
    assert redirected.headers["location"] == f"https://{DOMAIN}/x?y=1"  # 443 is forwarded to another port


def test_releases_change_under_it_without_a_lost_request(site: LocalProject) -> None:
    address = site.deploy().address
    failed: list[str] = []
    texts: set[str] = set()
    ended = threading.Event()

    def ask() -> None:
        with client(site, http2=True) as asking:
            while not ended.is_set():
                try:
                    texts.add(asking.get(f"{address}/?wait=0.05").json()["text"])
                except Exception as error:
                    failed.append(repr(error))

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for each in asking:
        each.start()
    for text in ("two", "three"):
        site.write(text)
        assert site.deploy().exit_status == 0
    ended.set()
    for each in asking:
        each.join()
    assert failed == []
    assert texts == {"one", "two", "three"}


def test_a_domain_is_taken_up_and_given_up_without_a_change_of_files(local: LocalProject, site: LocalProject) -> None:
    settings = site.config["environments"]["local"]
    domain = settings.pop("domain")
    plain = site.deploy().address
    assert plain is not None
    assert plain.startswith("http://127.0.0.1:")
    pid = site.ask()["pid"]
    settings["domain"] = domain
    assert site.deploy().address == f"https://{DOMAIN}:{ports(site)[1]}"
    with client(site, http2=True) as asking:
        assert asking.get(f"https://{DOMAIN}:{ports(site)[1]}/").json()["pid"] == pid
    assert site.deploy().outcome == "unchanged"
    settings.pop("domain")
    assert site.deploy().address == plain
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ports(site)[1]))


def test_a_port_of_somebody_else_is_refused_and_what_serves_serves(site: LocalProject) -> None:
    settings = site.config["environments"]["local"]
    domain = settings.pop("domain")
    site.deploy()
    settings["domain"] = domain
    with socket.create_server(("", ports(site)[1])):
        refused = site.deploy()
    assert refused.exit_status == 3
    assert refused.error is not None
    assert refused.error.code == "port-taken"
    settings.pop("domain")
    assert site.ask()["text"] == "one"


def test_watch_is_refused_where_the_world_looks_on(site: LocalProject) -> None:
    with pytest.raises(Exception, match=DOMAIN), site.platform().pages():
        pass


async def _http3(port: int, authority: Path) -> tuple[str, bytes]:
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=DOMAIN)
    configuration.load_verify_locations(str(authority))
    async with (
        asyncio.timeout(20),
        connect("127.0.0.1", port, configuration=configuration, create_protocol=_Http3) as made,
    ):
        assert isinstance(made, _Http3)
        return await made.get(f"{DOMAIN}:{port}", "/x")


class _Http3(QuicConnectionProtocol):
    """One GET."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.http = H3Connection(self._quic)
        self.status, self.body = "", b""
        self.done = asyncio.get_running_loop().create_future()

    async def get(self, authority: str, path: str) -> tuple[str, bytes]:
        asked = {":method": "GET", ":scheme": "https", ":authority": authority, ":path": path}
        headers = [(name.encode(), value.encode()) for name, value in asked.items()]
        self.http.send_headers(self._quic.get_next_available_stream_id(), headers, end_stream=True)
        self.transmit()
        await self.done
        return self.status, self.body

    def quic_event_received(self, event: QuicEvent) -> None:
        for part in self.http.handle_event(event):
            if isinstance(part, HeadersReceived):
                self.status = dict(part.headers)[b":status"].decode()
            if isinstance(part, DataReceived):
                self.body += part.data
            if getattr(part, "stream_ended", False) and not self.done.done():
                self.done.set_result(None)
