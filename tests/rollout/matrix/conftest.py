"""All faults are planted once for a whole run, side by side; each test looks at one of them."""

from __future__ import annotations

import pytest

from tests.rollout.matrix.faults import FAULTS
from tests.rollout.matrix.running import Outcome, all_of

Outcomes = dict[str, Outcome | Exception]


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    return all_of(FAULTS, tmp_path_factory.mktemp("matrix"))
