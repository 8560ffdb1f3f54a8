"""What every request passes through."""

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from shop.common import logs
from shop.common.answers import refusal
from shop.common.lifecycle import Lifecycle
from shop.common.middleware import Dress
from shop.common.settings import Settings
from tests.app.running import ROOT, serving, until


async def _hello(_: Request) -> Response:
    return PlainTextResponse("hello")


async def _broken(_: Request) -> Response:
    raise ZeroDivisionError("a secret of the inside")


@pytest.fixture
def lifecycle() -> Lifecycle:
    return Lifecycle()


@pytest.fixture
def client(lifecycle: Lifecycle) -> Iterator[httpx.Client]:
    app = Starlette(
        routes=[Route("/hello/{name}", _hello), Route("/broken", _broken), Route("/livez", _hello)],
        exception_handlers={Exception: refusal},
        max_body_size=100,
    )
    headers = {"X-Content-Type-Options": "nosniff"}
    with serving(Dress(app, release="r-7", lifecycle=lifecycle, headers=headers)) as found:
        yield found


def test_a_decent_request_id_is_kept_and_any_other_replaced(client: httpx.Client) -> None:
    kept = client.get("/hello/you", headers={"X-Request-Id": "front-0815.a_b"})
    assert kept.headers["X-Request-Id"] == "front-0815.a_b"
    for given in ("short", "x" * 65, 'quo"te-quote', "white space"):
        made = client.get("/hello/you", headers={"X-Request-Id": given}).headers["X-Request-Id"]
        assert made != given
        assert len(made) == 16


def test_an_unforeseen_error_is_a_500_with_a_request_id_and_nothing_of_the_inside(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/broken", headers={"X-Request-Id": "broken-one"})
    assert answer.status_code == 500
    assert answer.json()["error"]["request_id"] == "broken-one"
    assert "secret" not in answer.text
    assert (answer.headers["X-Release"], answer.headers["X-Content-Type-Options"]) == ("r-7", "nosniff")
    assert until(lambda: "a secret of the inside" in caplog.text)


def test_a_request_is_one_line_and_a_probe_is_none(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(logs, "_lines", logs.Lines(Settings(service="api", release="r-7"), written))
    monkeypatch.setattr(logs.access, "level", logging.INFO)
    client.get("/hello/you?token=secret", headers={"X-Request-Id": "request-1"})
    client.get("/livez")
    client.get("/hello/last")
    assert until(lambda: "last" in written.getvalue())
    assert "secret" not in written.getvalue()
    line, last = (json.loads(text) for text in written.getvalue().splitlines())
    assert (line["method"], line["path"], line["route"]) == ("GET", "/hello/you", "/hello/{name}")
    assert (line["status"], line["request_id"], line["release"]) == (200, "request-1", "r-7")
    assert (line["level"], line["message"], line["service"]) == ("info", "request", "api")
    assert last["path"] == "/hello/last"


def test_a_reader_of_the_log_that_went_away_is_no_error_of_the_request(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as gone:
        monkeypatch.setattr(logs, "_lines", logs.Lines(Settings(service="api"), gone))
        monkeypatch.setattr(logs.access, "level", logging.INFO)
        assert [client.get("/hello/you").status_code for _ in range(2)] == [200, 200]
        with pytest.raises(BrokenPipeError):
            gone.flush()
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), writer)  # So that it can be closed.


def test_a_body_that_is_too_large_is_refused(client: httpx.Client) -> None:
    answer = client.post("/hello/you", content=b"x" * 101)
    assert answer.status_code == 413
    assert answer.headers["X-Release"] == "r-7"


def test_while_draining_a_front_is_told_to_open_its_next_connection_elsewhere(
    client: httpx.Client, lifecycle: Lifecycle
) -> None:
    assert "connection" not in client.get("/hello/you").headers
    lifecycle.draining = True
    assert client.get("/hello/you").headers["connection"] == "close"


def test_a_log_line_is_json_with_the_id_of_its_request() -> None:
    formatter = logs.JsonLines(Settings(service="api", release="r-7"))
    record = logging.LogRecord("shop", logging.WARNING, "", 0, "two\nlines %d", (7,), None)
    token = logs.request_id.set("request-1")
    try:
        line = formatter.format(record)
    finally:
        logs.request_id.reset(token)
    assert "\n" not in line
    told = json.loads(line)
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "warning",
        "message": "two\nlines 7",
        "service": "api",
        "release": "r-7",
        "request_id": "request-1",
    }


def test_no_module_of_the_shop_uses_middleware_that_is_not_plain_asgi() -> None:
    # BaseHTTPMiddleware costs half of the throughput a layer: docs/decisions/2026-11-24-shop-stack.md.
    modules = list(Path(ROOT / "app" / "shop").rglob("*.py"))
    assert len(modules) > 20
    found = [module for module in modules if "import BaseHTTPMiddleware" in module.read_text()]
    found += [module for module in modules if ".middleware(" in module.read_text()]
    assert found == []
