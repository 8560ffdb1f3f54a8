"""Which processes a release needs anew, and when two releases are the same."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cloudnorth_cli.model import Image
from cloudnorth_cli.platforms.local import plan as plans
from cloudnorth_cli.platforms.local.plan import Plan, ServicePlan


def service(name: str, **changes: object) -> ServicePlan:
    made = ServicePlan(
        name=name,
        image=Image(service=name, repository="bundles", digest="sha256:" + "1" * 64),
        folder=Path("/bundles/1"),
        environment=None,
        run="serve --port {port}",
        env={},
        health="/",
        route=f"/{name}",
        timeout=60,
    )
    return msgspec.structs.replace(made, **changes)


API = service("api", env={"DATABASE": "{data}/db"})
PAGE = service("page", env={"API": "{url.api}"})
MAIL = service("mail")
PLAN = Plan(services=(API, PAGE, MAIL), secrets="")


def changed(**by_service: dict[str, object]) -> Plan:
    services = tuple(msgspec.structs.replace(each, **by_service.get(each.name, {})) for each in PLAN.services)
    return msgspec.structs.replace(PLAN, services=services)


def renewed(after: Plan) -> set[str]:
    """Services whose processes cannot be taken over."""
    return {each.name for each in PLAN.services if after.key(each.name) != PLAN.key(each.name)}


def test_a_change_renews_the_service_and_those_that_are_pointed_to_it() -> None:
    assert renewed(changed(api={"env": {"DATABASE": "other"}})) == {"api", "page"}
    assert renewed(changed(page={"run": "serve"})) == {"page"}
    assert renewed(changed(mail={"folder": Path("/bundles/2")})) == {"mail"}


def test_a_secret_renews_everything() -> None:
    assert renewed(msgspec.structs.replace(PLAN, secrets="other")) == {"api", "page", "mail"}


def test_services_that_point_to_each_other_are_one() -> None:
    both = (service("a", env={"B": "{url.b}"}), service("b", env={"A": "{url.a}"}))
    plan = Plan(services=both, secrets="")
    assert plan.reached(("a",)) == plan.reached(("b",)) == {"a", "b"}
    assert plan.key("a") != plan.key("b")


def test_a_route_or_a_health_path_is_another_release_but_no_other_process() -> None:
    moved = changed(api={"route": "/v2"})
    assert moved.id != PLAN.id
    assert renewed(moved) == set()


def test_the_order_of_services_is_no_difference() -> None:
    assert Plan(services=(MAIL, PAGE, API), secrets="").id == PLAN.id


def test_changes_are_told_by_service() -> None:
    after = Plan(services=(API, service("page", run="other"), service("new")), secrets="")
    told = {each.workload: each.change for each in after.changes(PLAN)}
    assert told == {"api": "unchanged", "page": "changed", "new": "created", "mail": "removed"}
    assert {each.change for each in PLAN.changes(None)} == {"created"}


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plans.write(PLAN, tmp_path)
    assert plans.read(tmp_path, PLAN.id) == PLAN
    assert plans.read(tmp_path, "other") is None
