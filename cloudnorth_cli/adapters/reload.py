"""Pages that load themselves anew: a server between the front and a browser that adds one script to every page.

Listens on a unix socket; the front sends it requests for pages and for `PATH`, and nothing else. A page is fetched from
the front itself (`PASSED` tells it that this was done), so which process serves, waiting and draining stay the front's.
"""

from __future__ import annotations

import http.client
import re
import secrets
import socketserver
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

PATH = "/.cloudnorth/"
"""What is asked below it is answered here."""
PASSED = "X-Cloudnorth-Page"
"""Header that the front adds to what it sends here, and by which it knows the question for the page itself."""
LARGEST = 20_000_000
"""Bytes of a page that is changed; a larger one is passed on as it is."""
SILENCE = 15.0
"""Seconds after which a comment keeps an open stream of events alive."""
PATIENCE = 60.0
"""Seconds for a page."""
SCRIPT = b"""\
(() => {
  const mine = document.currentScript.dataset.release;
  const listen = () => {
    const told = new EventSource("/.cloudnorth/release");
    told.onmessage = (event) => { if (event.data !== mine) location.reload(); };
    told.addEventListener("end", () => told.close());
    told.onerror = () => { if (told.readyState === EventSource.CLOSED) setTimeout(listen, 2000); };
  };
  listen();
})();
"""
_NOT_HANDED_ON = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te"})
"""They belong to one connection (RFC 9110, 7.6.1), or change with the page."""
_OF_A_COPY = frozenset({"accept-encoding", "if-none-match", "if-modified-since", "range"})
"""Left out of the question: the page is wanted whole and as text."""


class Reload:
    """The server, within `with`; `tell` says which release serves now."""

    def __init__(self, socket: Path, front: Callable[[], int], release: str) -> None:
        """front: tells the port of the front on 127.0.0.1."""
        self.socket, self.front = socket, front
        self.passed = secrets.token_hex(8)
        self._release = release
        self._changed = threading.Condition()
        self._ended = False
        self._server: _Server | None = None

    def __enter__(self) -> Reload:
        self.socket.unlink(missing_ok=True)
        self._server = _Server(str(self.socket), type("Handler", (_Handler,), {"reload": self}))
        self.socket.chmod(0o600)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        self.socket.unlink(missing_ok=True)

    @property
    def release(self) -> str:
        return self._release

    def tell(self, release: str) -> None:
        """Another release serves: every open page is loaded anew."""
        with self._changed:
            self._release = release
            self._changed.notify_all()

    def wait(self, known: str | None) -> str | None:
        """The release that serves, once it is another one than `known` or `SILENCE` is over; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._release != known, SILENCE)
            return None if self._ended else self._release


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a browser that goes away is no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    reload: Reload

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/.cloudnorth/reload.js":
                self._answer(200, {"Content-Type": "text/javascript", "Cache-Control": "no-cache"}, SCRIPT)
            case "/.cloudnorth/release":
                self._stream()
            case path if path.startswith(PATH):
                self._answer(404, {"Content-Type": "text/plain"}, b"not found\n")
            case _:
                self._page()

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        known = None
        while (now := self.reload.wait(known)) is not None:
            self.wfile.write(f"data: {now}\n\n".encode() if now != known else b": still here\n\n")
            known = now
        self.wfile.write(b"event: end\ndata:\n\n")

    def _page(self) -> None:
        # Before the page is asked for: a release that comes meanwhile must find the page older than itself.
        release = self.reload.release
        connection = http.client.HTTPConnection("127.0.0.1", self.reload.front(), timeout=PATIENCE)
        try:
            connection.putrequest("GET", self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _NOT_HANDED_ON | _OF_A_COPY:
                    connection.putheader(name, value)
            connection.endheaders()
            self._pass_on(connection.getresponse(), release)
        finally:
            connection.close()

    def _pass_on(self, page: http.client.HTTPResponse, release: str) -> None:
        given = [(name, value) for name, value in page.getheaders() if name.lower() not in _NOT_HANDED_ON]
        body = page.read(LARGEST)
        if not page.isclosed() or not _is_page(page):
            self._begin(page.status, given)
            while body:
                self.wfile.write(body)
                body = page.read(1 << 16)
            return
        base = f"http://{self.headers.get('Host', '')}{PATH}"
        nonce = ""
        headers = []
        for name, value in given:
            if name.lower() == "content-security-policy":
                value, found = allow(value, base)
                nonce = nonce or found
            if name.lower() not in ("etag", "last-modified", "cache-control"):
                headers.append((name, value))
        text = with_script(body, release, nonce)
        self._begin(page.status, [*headers, ("Cache-Control", "no-store"), ("Content-Length", str(len(text)))])
        self.wfile.write(text)

    def _begin(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name == "Content-Length" for name, _ in headers):
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._begin(status, [*headers.items(), ("Content-Length", str(len(body)))])
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the front and the service log a request already."""


def _is_page(answer: http.client.HTTPResponse) -> bool:
    kind = answer.headers.get_content_type()
    return kind == "text/html" and not answer.headers.get("Content-Encoding") and answer.status not in (204, 304)


def with_script(page: bytes, release: str, nonce: str = "") -> bytes:
    """A page with our script before its end."""
    allowed = f' nonce="{nonce}"' if nonce else ""
    tag = f'<script src="{PATH}reload.js" data-release="{release}"{allowed}></script>'.encode()
    end = page.lower().rfind(b"</body>")
    return page + tag if end < 0 else page[:end] + tag + page[end:]


def allow(policy: str, base: str) -> tuple[str, str]:
    """A Content-Security-Policy that lets our script run and listen, and nothing else more; and the nonce to use.

    base: `http://127.0.0.1:8000/.cloudnorth/`, which stands for everything below it (CSP3, 6.7.2.12 "path-part match").
    """
    nonce = ""
    policies = []
    for one in policy.split(","):
        directives: dict[str, list[str]] = {}
        for words in filter(None, (part.split() for part in one.split(";"))):
            directives.setdefault(words[0].lower(), words[1:])  # the first of a name counts
        for names in (("script-src-elem", "script-src", "default-src"), ("connect-src", "default-src")):
            rules = next((name for name in names if name in directives), None)
            if rules is None:
                continue
            sources = directives[rules]
            if "'strict-dynamic'" in sources and names[0] != "connect-src":
                found = re.search(r"'nonce-([^']+)'", " ".join(sources))
                nonce = nonce or (found[1] if found else "")
                continue
            kept = [source for source in sources if source.lower() != "'none'"]
            own = names[-2] if rules == "default-src" else rules
            directives[own] = [*kept, base]
        policies.append("; ".join(" ".join((name, *sources)) for name, sources in directives.items()))
    return ", ".join(policies), nonce
