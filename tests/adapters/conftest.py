"""What the tests of doors share."""

from __future__ import annotations

import os

import pytest

from tests.lab.fixture import lab


@pytest.fixture(scope="session")
def docker_client() -> tuple[str, ...]:
    """The lab's docker client, ready to build with BuildKit in the lab's engine."""
    facts = lab()
    os.environ["DOCKER_BUILDKIT"] = "1"
    return (f"{facts.bin}/docker", "--host", f"unix://{facts.docker_socket}")
