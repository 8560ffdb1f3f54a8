"""`make bench-shop`: every figure that docs/shop.md promises of the shop, side by side with Express in one run."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.shop import express, load, mariadb
from benchmarks.shop.processes import resident
from benchmarks.shop.roll import roll
from benchmarks.shop.servers import Server, run_shop, servers_of, shop

PRODUCTS = 1000
LIST = "/api/products"
SATURATION_SHARE = 0.6
"""The fixed rate that latencies are compared at, as a share of what Express can do."""

MEMORY_REQUESTS = 100_000


class Book:
    """The results, as rows that are printed when they are known."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    def compare(
        self, what: str, ours: list[float], theirs: list[float], unit: str, bound: float, *, less: bool
    ) -> None:
        """One row: medians and their ratio; `less` where lower is better."""
        mine, other = statistics.median(ours), statistics.median(theirs)
        ratio = mine / other
        kept = ratio <= bound if less else ratio >= bound
        self._say(
            what, f"{mine:8.1f} {other:8.1f} {unit:5} {ratio:5.2f} x", f"{'<=' if less else '>='} {bound:g} x", kept
        )
        self.rows[-1] |= {"shop": ours, "express": theirs, "ratio": round(ratio, 3), "unit": unit}

    def hold(self, what: str, value: float, unit: str, most: float) -> None:
        """One row: a value of ours that must not be above a limit."""
        self._say(what, f"{value:8.1f} {'':8} {unit:5} {'':7}", f"<= {most:g} {unit}", value <= most)
        self.rows[-1] |= {"shop": [value], "unit": unit}

    def _say(self, what: str, figures: str, bound: str, kept: bool) -> None:
        self.rows.append({"what": what, "bound": bound, "kept": kept})
        print(f"{what:44} {figures}  {bound:12} {'ok' if kept else 'MISSED'}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-shop", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="of one run of wrk")
    parser.add_argument("--only", choices=["sqlite", "mariadb", "alone", "roll"], help="a part of it")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    book, began = Book(), time.monotonic()
    print(f"shop and Express each alone on core 0; wrk and MariaDB on core 1; medians of {arguments.rounds}\n")
    print(f"{'':44} {'shop':>8} {'express':>8}")
    with tempfile.TemporaryDirectory(prefix="bench-shop-") as name:
        folder = Path(name)
        for kind in ("sqlite", "mariadb"):
            if arguments.only in (None, kind):
                with database(kind, folder) as url:
                    side_by_side(book, kind, url, folder, arguments.rounds, arguments.seconds)
        if arguments.only in (None, "alone"):
            with database("sqlite", folder) as url:
                alone(book, url)
        if arguments.only in (None, "roll"):
            with database("sqlite", folder) as url:
                rolled(book, url, folder)
    print(f"\n{time.monotonic() - began:.0f} s")
    if arguments.json:
        arguments.json.write_text(json.dumps(book.rows, indent=2))
    return 0 if all(row["kept"] for row in book.rows) else 1


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """A database with products, more than enough of each."""
    with ExitStack() as stack:
        if kind == "sqlite":
            url = f"sqlite:///{folder / f'shop-{time.monotonic_ns()}.db'}"
        else:
            url = stack.enter_context(mariadb.mariadb(folder, load.CORE))
        run_shop("migrate", database=url)
        run_shop("seed", "--products", str(PRODUCTS), database=url)
        yield url


def side_by_side(book: Book, kind: str, url: str, folder: Path, rounds: int, seconds: int) -> None:
    """The three routes on one database."""
    least = {"sqlite": 2.0, "mariadb": 1.2}[kind]
    saturation = {}
    for cache in (0, 1):
        with servers_of(express.install(), url, cache) as both:
            slugs = same_answers(both)
            page = f"{LIST}/{slugs[0]}"
            kept = ", kept 1 s" if cache else ""
            for what, path in (("list", LIST), ("product", page)):
                rates = saturated(both, path, rounds, seconds)
                saturation[path, cache] = statistics.median(rates["express"])
                book.compare(
                    f"{kind}: {what}{kept}",
                    rates["shop"],
                    rates["express"],
                    "req/s",
                    2.0 if cache else least,
                    less=False,
                )
            if not cache:
                script = load.adding(folder, slugs)
                rates = saturated(both, "/", rounds, seconds, script)
                book.compare(f"{kind}: add to cart", rates["shop"], rates["express"], "req/s", 1.0, less=False)
                rate = SATURATION_SHARE * saturation[LIST, 0]
                late = {
                    server.name: [load.at_rate(server.url, LIST, rate, 2 * seconds).p99_ms for _ in range(rounds)]
                    for server in both
                }
                book.compare(
                    f"{kind}: list, p99 at {rate:.0f} req/s", late["shop"], late["express"], "ms", 1.0, less=True
                )


def saturated(
    both: list[Server], path: str, rounds: int, seconds: int, script: Path | None = None
) -> dict[str, list[float]]:
    """Requests a second of each side, A B A B; the first second of each is not counted."""
    rates: dict[str, list[float]] = {server.name: [] for server in both}
    for server in both:
        load.wrk(server.url + path, 1, script)
    for _ in range(rounds):
        for server in both:
            met = load.wrk(server.url + path, seconds, script)
            if met.failed:
                raise RuntimeError(f"{server.name}: {met.failed} of {met.requests} requests to {path} failed")
            rates[server.name].append(met.rate)
    return rates


def same_answers(both: list[Server]) -> list[str]:
    """Both sides say the same JSON for each route, or there is nothing to compare. Returns the products' names."""

    def ask(server: Server, path: str, body: object = None) -> object:
        headers = {"Authorization": f"Bearer {load.token(10**6)}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(server.url + path, data, headers)) as answer:
            return json.load(answer)

    listed = [ask(server, LIST) for server in both]
    slugs = [product["slug"] for product in listed[0]["products"]]  # type: ignore[index]
    assert listed[0] == listed[1], "the lists differ"
    assert len({json.dumps(ask(server, f"{LIST}/{slugs[0]}"), sort_keys=True) for server in both}) == 1, (
        "the products differ"
    )
    # The second one finds what the first one put in.
    carts = [ask(server, "/api/cart/items", {"product": slugs[0], "quantity": 1}) for server in both]
    first, second = ([{**item, "quantity": 0} for item in cart["items"]] for cart in carts)  # type: ignore[index]
    assert first == second, "the carts differ"
    assert carts[1]["count"] == carts[0]["count"] + 1, "the carts are not added to alike"  # type: ignore[index]
    return slugs


def alone(book: Book, url: str) -> None:
    """What the shop needs for itself."""
    starts = []
    for _ in range(5):
        with shop(url) as server:
            starts.append(server.ready_seconds)
    book.hold("start to ready", statistics.median(starts), "s", 1.5)
    with shop(url) as server:
        held, sent = [], 0
        while sent < MEMORY_REQUESTS:
            sent += load.wrk(server.url + LIST, 3).requests
            held.append(resident(server.process))
        book.hold(f"memory after {sent} requests", held[-1], "MB", 120)
        book.hold("memory: growth over the second half", held[-1] - held[len(held) // 2], "MB", 2)


def rolled(book: Book, url: str, folder: Path) -> None:
    """Both processes replaced under load, with and without the drain."""
    drained = roll(url, drain_seconds=5)
    book.hold(f"roll of two processes: failed of {drained.requests}", drained.failed, "", 0)
    cut = roll(url, drain_seconds=0)
    book._say(
        f"the same without the drain: failed of {cut.requests}",
        f"{cut.failed:8.0f} {'':8} {'':5} {'':7}",
        "> 0",
        cut.failed > 0,
    )


if __name__ == "__main__":
    if mariadb.missing():
        sys.exit("bench-shop: there is no mariadbd here (Debian: apt install mariadb-server wrk nodejs)")
    sys.exit(main())
