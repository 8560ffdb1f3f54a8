"""What probes and deploy tools are told."""

import re

import httpx

from tests.app.conftest import Serve
from tests.app.running import until

GONE = "mysql://shop:hunter2@127.0.0.1:1/shop"


def test_a_database_that_is_gone_makes_the_api_unready_but_not_dead(serve: Serve) -> None:
    api = serve("api", database_url=GONE)
    assert api.get("/livez").status_code == 200
    unready = api.get("/readyz")
    assert unready.status_code == 503
    assert "the database does not answer" in unready.json()["reason"]
    assert "hunter2" not in unready.text
    assert api.get("/version").json()["schema"] == {"current": None, "minimum": "0002", "head": "0002"}


def test_without_its_database_the_api_says_so_and_to_come_again(serve: Serve) -> None:
    answer = serve("api", database_url=GONE).get("/api/products")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert "hunter2" not in answer.text


def test_the_version_tells_what_serves(serve: Serve, database: str) -> None:
    facts = {"release": "3a91f0c2", "commit": "8f3c1d2", "digest": "sha256:3a91f0c2", "pod": "api-1", "node": "n-2"}
    api = serve("api", database_url=database, **facts)
    told = api.get("/version").json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told.pop("started"))
    schema = {"current": "0002", "minimum": "0002", "head": "0002"}
    assert told == {"service": "api", "version": 2, **facts, "schema": schema, "fault": None}


def test_every_answer_carries_the_release(api: httpx.Client) -> None:
    for path in ("/livez", "/readyz", "/version", "/api/version", "/api/products", "/api/nothing", "/api/cart"):
        assert api.get(path).headers.get_list("X-Release") == ["dev"], path
    refused = api.request("BREW", "/api/tea")
    assert (refused.status_code, refused.headers["X-Release"]) == (400, "dev"), "refused before any app has seen it"


def test_behind_a_front_that_gives_it_only_api_it_can_be_asked_the_same(api: httpx.Client) -> None:
    assert api.get("/api/version").json() == api.get("/version").json()
    assert (api.get("/api/livez").status_code, api.get("/api/readyz").status_code) == (200, 200)


def test_the_storefront_is_ready_when_it_has_met_the_api_and_stays_ready_without_it(serve: Serve) -> None:
    alone = serve("storefront", api="http://127.0.0.1:1")
    assert (alone.get("/livez").status_code, alone.get("/readyz").status_code) == (200, 503)
    api = serve("api", database_url=GONE)
    storefront = serve("storefront", api=str(api.base_url))
    assert until(lambda: storefront.get("/readyz").status_code == 200)
    assert storefront.get("/version").json()["schema"] is None
