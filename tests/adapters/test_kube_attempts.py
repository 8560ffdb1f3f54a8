"""Attempts share one ConfigMap: the newest stay, what others write meanwhile too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from cloudnorth_cli.adapters import kube_attempts
from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.model import Actor, Attempt, Source
from tests.adapters.config_maps import ConfigMaps

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


PLACE = "/api/v1/namespaces/web/configmaps/cloudnorth.shop.attempts"


def attempt(number: int) -> Attempt:
    return Attempt(
        step="migrate",
        outcome="failed",
        images=(),
        actor=Actor(who="anna", run=f"run-{number}"),
        source=Source(commit="abc"),
        started_at=NOW,
        finished_at=NOW + timedelta(minutes=number),
        lines=("é" * 8_000,),
    )


def test_the_newest_are_kept_and_fit_into_one_configmap() -> None:
    maps = ConfigMaps()
    api = cast(Api, maps)
    assert kube_attempts.attempts(api, "web", "shop") == ()
    for number in range(25):
        kube_attempts.keep(api, "web", "shop", attempt(number))
    kept = kube_attempts.attempts(api, "web", "shop")
    assert [one.actor.run for one in kept] == [f"run-{number}" for number in range(24, 4, -1)]
    assert sum(len(key) + len(text.encode()) for key, text in maps.there[PLACE]["data"].items()) < 1_000_000


def test_what_a_newer_tool_wrote_is_left_out() -> None:
    maps = ConfigMaps()
    api = cast(Api, maps)
    kube_attempts.keep(api, "web", "shop", attempt(1))
    maps.there[PLACE]["data"]["20270101-000000-000000.run"] = '{"later": true}'
    assert kube_attempts.attempts(api, "web", "shop") == (attempt(1),)
