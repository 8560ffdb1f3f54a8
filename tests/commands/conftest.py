"""What several tests of the verbs need."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest


@pytest.fixture
def hole() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(8)
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
