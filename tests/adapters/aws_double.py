"""An endpoint that answers as AWS does when something is wrong; what works is moto's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

from tests.servers import Answering, served


@contextmanager
def refusing(code: str, status: int = 400, message: str = "said the endpoint") -> Iterator[str]:
    """The URL of an endpoint that answers everything with one error, to query and to JSON protocols."""
    told = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"

    class Handler(Answering):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = "X-Amz-Target" not in self.headers
            kind = "text/xml" if query else "application/x-amz-json-1.1"
            body = told if query else {"__type": code, "message": message}
            self.answer(status, body, kind, **{"x-amzn-ErrorType": code})

        do_GET = do_POST

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"
