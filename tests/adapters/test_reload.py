"""The script that loads a page anew: where it is put, what lets it run, and when it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cloudnorth_cli.adapters.reload import PASSED, Reload, allow, with_script
from cloudnorth_cli.adapters.unix_http import UnixConnection

BASE = "http://127.0.0.1:8000/.cloudnorth/"


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("default-src 'none'; a b", f"default-src 'none'; a b; script-src {BASE}; connect-src {BASE}"),
        ("script-src 'self'; connect-src 'none'", f"script-src 'self' {BASE}; connect-src {BASE}"),
        ("img-src 'self'", "img-src 'self'"),
        ("Script-Src-Elem 'self'; script-src 'none'", f"script-src-elem 'self' {BASE}; script-src 'none'"),
        ("default-src 'self'", f"default-src 'self'; script-src 'self' {BASE}; connect-src 'self' {BASE}"),
        ("script-src 'none', script-src x", f"script-src {BASE}, script-src x {BASE}"),
        ("script-src 'none'; script-src 'self'", f"script-src {BASE}"),
    ],
)
def test_a_policy_allows_the_script_and_nothing_else_more(policy: str, wanted: str) -> None:
    assert allow(policy, BASE) == (wanted, "")


def test_under_strict_dynamic_the_page_s_own_nonce_is_used() -> None:
    policy = "script-src 'strict-dynamic' 'nonce-abc'"
    assert allow(policy, BASE) == (policy, "abc")


def test_the_script_stands_before_the_end_of_the_body() -> None:
    tag = b'<script src="/.cloudnorth/reload.js" data-release="r1"></script>'
    assert with_script(b"<BODY>x</BODY></html>", "r1") == b"<BODY>x" + tag + b"</BODY></html>"
    assert with_script(b"<p>no body", "r1") == b"<p>no body" + tag


class Front(BaseHTTPRequestHandler):
    """Answers a page, or with /file something else; tells the headers that it was asked with."""

    def do_GET(self) -> None:
        body = b"<body>\xc3\xa4</body>" if self.path == "/" else b"data"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8" if self.path == "/" else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("ETag", '"1"')
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header(
            "X-Asked", f"{self.headers.get('Host')} {self.headers.get(PASSED)} {self.headers.get('Range')}"
        )
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Reload]:
    front = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    with Reload(tmp_path / "pages", lambda: front.server_port, "r1") as made:
        yield made
    front.shutdown()


def ask(server: Reload, path: str, **headers: str) -> tuple[dict[str, list[str]], bytes]:
    connection = UnixConnection(str(server.socket))
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found: dict[str, list[str]] = {}
    for name, value in answer.getheaders():
        found.setdefault(name, []).append(value)
    return found, answer.read()


def test_a_page_gets_the_script_and_keeps_its_headers(server: Reload) -> None:
    headers, body = ask(server, "/", Host="shop:8000", Range="bytes=0-1", **{PASSED: "x"})
    assert b'data-release="r1"' in body
    assert headers["Content-Length"] == [str(len(body))]
    assert headers["Set-Cookie"] == ["a=1", "b=2"]
    assert headers["X-Asked"] == ["shop:8000 x None"]
    assert "http://shop:8000/.cloudnorth/" in headers["Content-Security-Policy"][0]
    assert "ETag" not in headers


def test_what_is_no_page_is_passed_on_as_it_is(server: Reload) -> None:
    headers, body = ask(server, "/file")
    assert body == b"data"
    assert headers["Content-Security-Policy"] == ["default-src 'none'"]


def test_an_open_page_is_told_of_another_release_and_of_the_end(server: Reload) -> None:
    with socket.socket(socket.AF_UNIX) as browser:
        browser.connect(str(server.socket))
        browser.settimeout(10)
        browser.sendall(b"GET /.cloudnorth/release HTTP/1.1\r\nHost: a\r\n\r\n")
        stream = browser.makefile("rb")
        lines = iter(stream.readline, b"")
        assert next(line for line in lines if line.startswith(b"data")) == b"data: r1\n"
        server.tell("r2")
        assert next(line for line in lines if line.startswith(b"data")) == b"data: r2\n"
        server.__exit__()
        assert b"event: end\n" in list(lines)


def test_the_socket_is_its_owners_alone_and_goes_away(tmp_path: Path) -> None:
    with Reload(tmp_path / "pages", lambda: 1, "") as made:
        assert made.socket.stat().st_mode & 0o077 == 0
    assert not made.socket.exists()
