"""Sample projects that serve already, so that a fault can be seen to change nothing of them."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import project as samples
from tests.e2e.witness import says
from tests.project import Project

PLATFORMS = ("local", pytest.param("kubernetes", marks=pytest.mark.lab))
LOCAL_DAILY = ("local", pytest.param("kubernetes", marks=[pytest.mark.lab, pytest.mark.repeat]))
"""For what another suite of `make test` shows on Kubernetes, such as the fault matrix, or what no platform knows of."""
Served = Callable[[str], Project]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole deploys are no tests for every minute of the day."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A project that serves "one" on a platform: made once in a worker, removed at its end."""
    made: dict[str, Project] = {}

    def on(platform: str) -> Project:
        if platform not in made:
            project = made[platform] = samples.make(tmp_path_factory.mktemp(platform), platform)
            deployed = project.run("deploy")
            assert deployed.status == 0, deployed.out + deployed.err
            assert says(project, "one")
        return made[platform]

    yield on
    for project in made.values():
        project.remove()


@pytest.fixture
def on_kubernetes(served: Served, tmp_path: Path) -> Iterator[Project]:
    """A project that serves on Kubernetes; what a test changes in its files is put back afterwards."""
    yield from borrowed(served("kubernetes"), tmp_path)


@pytest.fixture(params=PLATFORMS)
def anywhere(request: pytest.FixtureRequest, served: Served, tmp_path: Path) -> Iterator[Project]:
    """The same on every platform."""
    yield from borrowed(served(request.param), tmp_path)


@pytest.fixture(params=LOCAL_DAILY)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """A project that was never deployed, removed afterwards: for rules that no platform knows of."""
    project = samples.make(tmp_path, request.param)
    yield project
    project.environment["protected"] = False
    project.save()
    project.remove()


@pytest.fixture
def on_kubernetes_new(tmp_path: Path) -> Iterator[Project]:
    """A project of its own that was never deployed, for one test."""
    project = samples.make(tmp_path, "kubernetes")
    yield project
    project.remove()


@pytest.fixture
def on_kubernetes_unmade(tmp_path: Path) -> Iterator[Project]:
    """A project whose namespace is not there yet."""
    project = samples.make(tmp_path, "kubernetes", admin=True)
    yield project
    project.remove()


def borrowed(project: Project, folder: Path) -> Iterator[Project]:
    """The project for one test: in its place, as a local environment belongs to its folder, and serving what it holds.

    A test leaves what it deployed; the next one takes for granted that nothing has changed.
    """
    if project.answer()["message"] != (project.root / "message.txt").read_text().strip():
        deployed = project.run("deploy", "--no-hold")
        assert deployed.status == 0, deployed.out + deployed.err
    kept = folder / "kept"
    shutil.copytree(project.root, kept, symlinks=True)
    yield Project(project.root, project.platform, project.name, copy.deepcopy(project.config), dict(project.extra))
    shutil.rmtree(project.root)
    shutil.copytree(kept, project.root, symlinks=True)
    project.run("lock", "release")  # what one test took back, the next one may deploy
