"""A protected environment asks, and refuses what nobody means: dirty trees, older commits, accidents."""

from __future__ import annotations

import pytest

from tests.e2e.fault import refused
from tests.e2e.repository import commit_all, git
from tests.e2e.witness import says, witness
from tests.project import Project, kubectl
from tests.tool import Ran


@pytest.fixture
def protected(fresh: Project) -> Project:
    """A protected environment to which nothing was deployed, and a commit of the project."""
    fresh.environment["protected"] = True
    fresh.save()
    commit_all(fresh.root, "One")
    return fresh


def test_the_life_of_a_protected_environment(protected: Project) -> None:
    refused(protected, "--yes", says=("nothing", "--first"), serves="test serves nothing yet")
    refused(protected, "--first", says=("--yes",), serves="test serves nothing yet")
    well(protected.run("deploy", "--first", "--yes"))
    served = witness(protected)

    protected.change("two")
    refused(protected, "--yes", says=("working tree", "--allow-dirty"))
    assert witness(protected) == served
    well(protected.run("deploy", "--yes", "--allow-dirty"))

    protected.change("three")
    commit_all(protected.root, "Three")
    well(protected.run("deploy", "--yes"))
    git(protected.root, "checkout", "-q", "HEAD~1")
    served = witness(protected)
    refused(protected, "--yes", says=("older",))
    assert witness(protected) == served
    well(protected.run("deploy", "--yes", "--allow-older"))
    assert says(protected, "one")


def test_down_of_a_protected_environment_wants_its_name(protected: Project) -> None:
    well(protected.run("deploy", "--first", "--yes"))
    served = witness(protected)
    refused(protected, verb="down", says=("--confirm test",), serves="")
    refused(protected, "--confirm", "tets", verb="down", status=2, says=("--confirm test",), serves="")
    assert witness(protected) == served
    well(protected.run("down", "--confirm", "test"))
    assert protected.run("history").result["history"]


@pytest.mark.lab
@pytest.mark.repeat
def test_down_leaves_the_namespace_that_it_did_not_make_and_the_record(on_kubernetes_unmade: Project) -> None:
    project = on_kubernetes_unmade
    kubectl("create", "namespace", project.name)
    kubectl("-n", project.name, "create", "configmap", "somebody-elses")
    well(project.run("deploy"))
    well(project.run("down"))
    assert project.kubectl("get", "configmap", "somebody-elses", "-o", "name").strip()
    assert project.kubectl("get", "deployments,services", "-o", "name").strip() == ""
    history = project.run("history").result["history"]
    assert [record["release"]["number"] for record in history] == [1]
    well(project.run("deploy"))
    assert says(project, "one")


def well(ran: Ran) -> None:
    assert ran.status == 0, ran.out + ran.err
