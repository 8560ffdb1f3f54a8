"""One sample project on every platform: what the contract suite is run over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import project as samples


@pytest.fixture(params=["local", pytest.param("kubernetes", marks=pytest.mark.lab)])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[samples.Project]:
    made = samples.make(tmp_path, request.param)
    yield made
    made.remove()
