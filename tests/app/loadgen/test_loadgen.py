"""`shop loadgen` against the shop, against servers that fail in known ways, and against the clock."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from shop.loadgen.plan import read_mix
from shop.loadgen.tally import Tally, at
from tests.app.conftest import Serve
from tests.app.running import shop, start, until

Answer = Callable[[int, int], bytes | None]
"""What a server says to a connection's n-th request, which is its m-th in all; None: it closes the connection."""


def _ok(release: str = "r1", status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nX-Release: {release}\r\nContent-Length: 2\r\n\r\nok".encode()


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, Counter[str]]]:
    """A web server that answers just so, with its address and how many requests and connections it has seen."""
    seen: Counter[str] = Counter()

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            seen["connections"] += 1
            number = 0
            while connection.recv(65536):
                number += 1
                seen["requests"] += 1
                said = answer(number, seen["requests"])
                if said is None:
                    return
                connection.sendall(said)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
        listener.shutdown(socket.SHUT_RDWR)


def _load(*words: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    ended = shop("loadgen", *words, "--json", environ={})
    return ended, json.loads(ended.stdout)


def test_shoppers_browse_search_fill_carts_and_buy_and_every_order_is_found_again(api: httpx.Client) -> None:
    ended, told = _load("--url", str(api.base_url), "--rate", "40", "--seconds", "4")
    assert ended.returncode == 0, ended.stderr
    assert told["requests"]["sent"] == 160
    assert {kind["kind"] for kind in told["kinds"]} >= {"list", "product", "search", "guest", "add", "cart", "checkout"}
    assert [(one["service"], one["release"], one["ok"] + one["sold_out"]) for one in told["releases"]] == [
        ("api", "dev", 160)
    ]
    orders = told["orders"]
    assert orders["acknowledged"] == orders["found"] > 0
    assert (orders["lost"], orders["twice"], orders["unread"]) == (0, 0, 0)


def test_a_storefront_alone_is_looked_at(serve: Serve, api: httpx.Client) -> None:
    pages = serve("storefront", api=str(api.base_url).rstrip("/"))
    ended, told = _load("--url", str(pages.base_url), "--rate", "20", "--seconds", "1")
    assert ended.returncode == 0, ended.stderr
    assert {kind["kind"] for kind in told["kinds"]} <= {"home page", "product page", "search page"}


def test_a_request_whose_kept_connection_breaks_is_dropped_and_never_sent_again() -> None:
    with answering(lambda number, _: _ok() if number == 1 else None) as (url, seen):
        ended, told = _load("--url", url, "--path", "/", "--rate", "20", "--seconds", "1")
    assert ended.returncode == 1
    requests = told["requests"]
    assert requests["dropped"] > 0
    assert told["errors"] == {"connection broke": requests["dropped"]}
    # Each connection answered once; a request that had been sent again would have been seen once more.
    assert seen == {"requests": 20, "connections": requests["ok"]}
    assert requests["sent"] == requests["ok"] + requests["dropped"] == 20


def test_failures_are_counted_with_the_release_that_answered() -> None:
    def half(_: int, number: int) -> bytes:
        return _ok("good") if number <= 10 else _ok("bad", "503 Service Unavailable")

    with answering(half) as (url, _):
        ended, told = _load("--url", url, "--path", "/", "--rate", "20", "--seconds", "1")
    assert ended.returncode == 1
    assert [(one["release"], one["ok"], one["failed"]) for one in told["releases"]] == [("good", 10, 0), ("bad", 0, 10)]
    assert told["statuses"] == {"200": 10, "503": 10}


def test_nobody_there_is_dropped_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    ended, told = _load("--url", url, "--path", "/", "--rate", "10", "--seconds", "0.5")
    assert (ended.returncode, told["errors"]) == (1, {"could not connect": 5})


def test_a_server_that_stalls_does_not_slow_the_sending_and_shows_in_the_latency() -> None:
    def stalls(_: int, number: int) -> bytes:
        if number <= 10:
            time.sleep(1)
        return _ok()

    with answering(stalls) as (url, _):
        ended, told = _load("--url", url, "--path", "/", "--rate", "20", "--seconds", "1")
    assert ended.returncode == 0
    assert told["requests"]["sent"] == 20
    assert told["latency_ms"]["p95"] >= 1000
    assert told["latency_ms"]["max"] < 3000


def test_asked_to_stop_it_tells_what_there_was(tmp_path: Path) -> None:
    with (
        answering(lambda _, __: _ok()) as (url, seen),
        start("loadgen", "--url", url, "--path", "/", "--seconds", "0", "--json", environ={}) as child,
    ):
        until(lambda: seen["requests"] >= 5)
        child.send_signal(signal.SIGTERM)
        said, _ = child.communicate(timeout=20)
    assert child.returncode == 0
    assert json.loads(said)["requests"]["ok"] == seen["requests"]


def test_the_report_is_one_page_that_colours_the_releases(tmp_path: Path) -> None:
    with answering(lambda _, number: _ok("<old>" if number <= 10 else "new")) as (url, _):
        shop(
            "loadgen",
            "--url",
            url,
            "--path",
            "/",
            "--rate",
            "20",
            "--seconds",
            "1",
            "--report",
            str(tmp_path / "r.html"),
            environ={},
        )
    page = (tmp_path / "r.html").read_text()
    assert "&lt;old&gt;" in page
    assert "<old>" not in page
    assert page.count("<rect") == 2
    assert "http" not in page.replace(url, "")


@pytest.mark.parametrize("words", [("--rate", "0"), ("--mix", "dance=1"), ("--mix", "browse=0"), ("--url", "shop")])
def test_what_makes_no_sense_ends_with_2(words: tuple[str, ...]) -> None:
    assert shop("loadgen", "--url", "http://127.0.0.1:1", *words, environ={}).returncode == 2


def test_no_shop_there_is_said_in_one_line() -> None:
    with answering(lambda _, __: _ok()) as (url, _):
        ended = shop("loadgen", "--url", url, environ={})
    assert ended.returncode == 1
    assert "this is the shop" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_mix_names_what_it_wants() -> None:
    assert read_mix("browse=3,checkout=1") == {"browse": 3, "search": 0, "cart": 0, "checkout": 1}


def test_percentiles_and_the_senders_own_error() -> None:
    tally = Tally()
    for number in range(100):
        late = 0.2 if number == 99 else 0.001
        tally.add(
            due=number / 10, late=late, took=(number + 1) / 1000, outcome="ok", kind="list", release=("api", "r1")
        )
    told = tally.figures()
    assert told["latency_ms"] == {"p50": 51.0, "p95": 96.0, "p99": 100.0, "max": 100.0}
    assert told["sender"]["late"] == 1
    assert told["sender"]["late_ms"] == {"p50": 1.0, "p99": 200.0, "max": 200.0}
    assert [second["second"] for second in told["timeline"]] == list(range(10))
    assert at([], 99) == 0.0
