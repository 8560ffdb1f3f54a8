"""The road in a cluster, on the bundled shop: one story, because each part needs the one before."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import docker
import pytest
import requests

from tests.e2e.running import Running
from tests.e2e.shop import Shop, in_the_lab, remove
from tests.e2e.shopper import Shopper
from tests.e2e.witness import eventually, pods
from tests.lab.fixture import lab
from tests.tool import Ran

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("shop in the lab")]
AT_MOST_SECONDS = 5.0
"""A deploy that has nothing to do."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The first version of the shop, deployed from a fresh clone by a shell with nothing exported."""
    made = in_the_lab(tmp_path_factory.mktemp("shop"))
    made.version(1)
    well(made.run("deploy"))
    yield made
    remove(made)


def test_status_and_history_show_what_was_deployed(shop: Shop) -> None:
    status = shop.run("status")
    well(status)
    shown = status.result["status"][0]
    assert shown["healthy"] is True
    assert {service["name"] for service in shown["services"]} == {"api", "storefront"}
    record = shop.run("history").result["history"][0]
    assert record["outcome"] == "deployed"
    assert record["verified_at"]
    assert record["actor"]["who"]
    running = {image for pod in pods(shop).values() for image in pod[1:] if "@sha256:" in image}
    assert running == {f"{image['repository']}@{image['digest']}" for image in record["images"]}


def test_logs_follow_what_happens_now_and_end_by_ctrl_c(shop: Shop) -> None:
    path = f"/product/asked-for-at-{time.monotonic_ns()}"
    following = Running(shop, "logs", "-f", environment="lab")
    try:
        following.wait_for(lambda event: event["event"] == "logged")
        requests.get(shop.service("storefront", 3000) + path, timeout=10)
        following.wait_for(lambda event: event["event"] == "logged" and path in event["line"]["text"], 15)
    finally:
        following.send(signal.SIGINT)
        ended = following.finish(10)
    assert ended.status == 130, ended.out + ended.err
    assert following.left_behind() == []


def test_a_deploy_with_no_change_touches_nothing_and_is_quick(shop: Shop) -> None:
    before = pods(shop)
    seconds = []
    for _ in range(6):  # the other tests share the two cores: the best of six
        started, since, pushed = time.monotonic(), datetime.now(UTC), len(writes(shop))
        again = shop.run("deploy")
        seconds.append(time.monotonic() - started)
        assert (again.status, again.result["outcome"]) == (0, "unchanged"), again.out + again.err
        assert len(writes(shop)) == pushed
        assert built(shop, since) == []
        if seconds[-1] <= AT_MOST_SECONDS:
            break
    assert pods(shop) == before
    assert min(seconds) <= AT_MOST_SECONDS, seconds


def test_a_change_in_one_service_rolls_that_service_only(shop: Shop) -> None:
    before, since, pushed = pods(shop), datetime.now(UTC), len(writes(shop))
    sheet = shop.root / "app/shop/storefront/static/shop.css"
    sheet.write_text(sheet.read_text() + "\n/* another line */\n")
    well(shop.run("deploy"))
    after = eventually(lambda: pods(shop), lambda seen: len(seen) == len(before))
    stayed = {name for name in before if before[name] == after.get(name)}
    assert stayed == {name for name in before if "-api-" in name}
    # The same witnesses as above, so that it is known that they would have seen something.
    assert built(shop, since)
    paths = writes(shop)[pushed:]
    assert paths
    assert all("/storefront/" in path for path in paths), paths


def test_an_order_of_release_1_is_read_through_release_2_with_its_new_column(shop: Shop) -> None:
    shopper = Shopper(shop.service("storefront", 3000))
    api = shop.service("api", 8080)
    order = shopper.buy()
    number = order.rpartition("/")[2]
    written = shopper.ask(api, f"/api/orders/{number}")
    assert requests.get(api + "/version", timeout=5).json()["schema"]["current"] == "0001"

    shop.version(2)
    deployed = shop.run("deploy")
    well(deployed)
    assert "migrate" in deployed.steps
    assert any("0002" in event.get("line", "") for event in deployed.events if event["event"] == "output")
    assert requests.get(api + "/version", timeout=5).json()["schema"]["current"] == "0002"
    assert shopper.ask(api, f"/api/orders/{number}") == written
    assert number in shopper.visit(order)
    shopper.fill_cart()
    # Pods of release 1 end their last connections for a while yet, and the storefront keeps its own for 30 s.
    assert eventually(lambda: "gift_note" in shopper.visit("/checkout"), bool, 60)
    assert "For my mother" in shopper.visit(shopper.buy(gift_note="For my mother"))


def writes(shop: Shop) -> list[str]:
    """Paths of the requests by which something was sent to this shop's repositories, from the registry's own log."""
    paths = []
    for line in lab().registry_access_log.read_text().splitlines():
        method, _, path = line.partition('"')[2].partition('"')[0].partition(" ")
        if method in ("POST", "PUT", "PATCH") and f"/v2/{shop.name}/" in path:
            paths.append(path)
    return paths


def built(shop: Shop, since: datetime) -> list[str]:
    """What the engine did with images of this shop since then, from its own events."""
    client = docker.DockerClient(base_url=lab().docker_host)
    events = client.events(since=since, until=datetime.now(UTC), decode=True)
    return [
        f"{event['Type']} {event['Action']} {event['Actor']['Attributes'].get('name', '')}"
        for event in events
        if shop.name in str(event["Actor"])
    ]


def well(ran: Ran) -> None:
    assert ran.status == 0, ran.out + ran.err
