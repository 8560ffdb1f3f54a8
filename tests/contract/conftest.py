"""One sample project on every platform: what the contract suite is run over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import project as samples

LONG_ON_KUBERNETES = {
    "test_a_release_that_was_taken_back_stays_out_until_somebody_lets_it_in",
    "test_a_rollback_by_hand_holds_what_it_takes_back_with_its_reason",
    "test_a_frozen_environment_stands_still_until_it_is_released",
}
"""Several rollouts each; in `make test` the local platform stands for their rules, which are the commands' own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.name.removesuffix("[kubernetes]") in LONG_ON_KUBERNETES and item.name.endswith("[kubernetes]"):
            item.add_marker(pytest.mark.repeat)


@pytest.fixture(params=["local", pytest.param("kubernetes", marks=pytest.mark.lab)])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[samples.Project]:
    made = samples.make(tmp_path, request.param)
    yield made
    made.remove()
