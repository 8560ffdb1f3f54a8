"""The OpenAPI document: what it says is what is answered, tried by schemathesis with what nobody thought of."""

from __future__ import annotations

from typing import Any

import httpx
import jsonschema
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from scripts import shop_api
from tests.app.conftest import Serve, bearer, logged_in
from tests.app.running import ROOT

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


def test_the_document_in_docs_is_the_one_that_is_served(serve: Serve, database: str) -> None:
    api = serve("api", database_url=database, version=3)
    served = api.get("/api/openapi.json")
    assert served.headers["Content-Type"] == "application/json"
    assert msgspec.json.decode((ROOT / "docs" / "shop-openapi.json").read_bytes()) == served.json() == shop_api.made()


def test_the_document_names_every_route_and_each_with_who_may_ask(serve: Serve, sqlite_template: Any) -> None:
    document = serve("api", database_url=f"sqlite:///{sqlite_template}", version=3).get("/api/openapi.json").json()
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len(operations) == len({one["operationId"] for one in operations}) > 25
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    staff = [one for path, ones in document["paths"].items() if path.startswith("/api/staff") for one in ones.values()]
    assert all(one["security"] == [{"bearer": []}] and "403" in one["responses"] for one in staff)


def _try_all(api: httpx.Client, examples: int) -> int:
    """Asks every operation `examples` times, with what fits the document and what does not; returns how often."""
    schema = schemathesis.openapi.from_dict(api.get("/api/openapi.json").json())
    schema.config.update(base_url=str(api.base_url))
    login = logged_in(api, "staff@shop.example", "staff-shop").json()
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in ("/api/logout", "/api/logout-everywhere", "/api/password"):
            continue  # They would end the login that the others ask with; test_sessions.py has them.

        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(operation.as_strategy(), _broken(operation)))
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers=bearer(login), checks=CHECKS, session=None)

        ask()
    return asked


def _broken(operation: Any) -> Any:
    """Cases of which something is not as the document says; the plain ones where nothing could be."""
    if operation.body or operation.query or operation.headers:
        # A parameter that we do not know is no mistake: an older API must not refuse what a newer page asks.
        known = {parameter.name for parameter in operation.query}
        broken = operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
        return broken.filter(lambda case: set(case.query or {}) <= known)
    return operation.as_strategy()


def test_nothing_that_fits_the_document_or_does_not_makes_it_fail(api: httpx.Client) -> None:
    assert _try_all(api, 6) > 100


@pytest.mark.repeat
def test_nothing_makes_it_fail_with_two_hundred_tries_each(api: httpx.Client) -> None:
    assert _try_all(api, 200) > 4000
