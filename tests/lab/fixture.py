"""The lab for tests: `lab()` gives it, and starts it first if it is not up.

@pytest.fixture(scope="session")
def the_lab() -> Lab:
    return lab()
"""

from __future__ import annotations

from functools import cache

from tests.lab import lifecycle
from tests.lab.facts import Lab, LabNode
from tests.lab.settings import load_settings

__all__ = ["Lab", "LabNode", "lab"]


@cache
def lab(nodes: int = 1) -> Lab:
    """The lab that is up on this machine, started first if there is none, with at least so many nodes.

    Workers of pytest-xdist may all ask: the first starts it while the others wait for a lock, and then find it.
    Raises LabUnavailable with the reasons where the machine cannot run it, LabError when a part fails.
    """
    return lifecycle.up(load_settings(), nodes)
