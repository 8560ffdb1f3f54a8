"""A registry that refuses, goes away or holds something else than we pushed: what serves goes on serving."""

from __future__ import annotations

import pytest

from tests.e2e.fault import refused
from tests.e2e.registry_proxy import Fault, registry_proxy
from tests.e2e.witness import witness
from tests.lab.fixture import lab
from tests.project import Project

pytestmark = pytest.mark.lab


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuses the push", ("denied",)),
        ("gone half-way", ("10.89",)),
        ("digest changes", ("sha256:",)),
    ],
)
def test_a_push_that_does_not_arrive_changes_nothing(
    on_kubernetes: Project, fault: Fault, words: tuple[str, ...]
) -> None:
    here = lab()
    before = witness(on_kubernetes)
    on_kubernetes.change(fault)
    with registry_proxy(here.machine, here.registry, fault) as proxy:
        on_kubernetes.environment["registry"]["host"] = proxy.host
        on_kubernetes.save()
        error = refused(on_kubernetes, status=4, says=words)
        assert proxy.host in error["message"] + (error.get("where") or "")
    assert witness(on_kubernetes) == before


def test_a_registry_that_does_not_answer_is_refused_before_anything_is_built(on_kubernetes: Project) -> None:
    before = witness(on_kubernetes)
    on_kubernetes.change("no registry")
    on_kubernetes.environment["registry"]["host"] = f"{lab().machine}:1"
    on_kubernetes.save()
    refused(on_kubernetes, status=3, says=(f"{lab().machine}:1",))
    assert witness(on_kubernetes) == before
