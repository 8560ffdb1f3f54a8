"""A release that cannot work: what served before serves, and nothing else was changed."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import LOCAL_DAILY
from tests.e2e.fault import refused
from tests.e2e.witness import eventually, witness
from tests.project import Project


@pytest.mark.parametrize("anywhere", LOCAL_DAILY, indirect=True)
def test_an_image_without_the_program_is_taken_back(anywhere: Project) -> None:
    before = witness(anywhere)
    anywhere.change("no program")
    without_program(anywhere)
    refused(anywhere, status=4, says=("missing-program",))
    after = eventually(lambda: witness(anywhere), lambda seen: seen.pods == before.pods)
    assert after.message == before.message == "one"
    if anywhere.platform == "kubernetes":
        assert after.pods == before.pods  # no pod of what served was touched
        states = [state for _, state in sorted(after.revisions, key=lambda item: int(item[0]))]
        assert states[-2:] == ["failed", "deployed"] or states[-2:] == ["superseded", "deployed"]


@pytest.mark.parametrize("anywhere", LOCAL_DAILY, indirect=True)
def test_a_service_that_is_never_ready_is_taken_back_when_its_time_is_over(anywhere: Project) -> None:
    before = witness(anywhere)
    anywhere.change("never ready")
    anywhere.environment["rollout"] = {"timeout": "8s"}
    anywhere.save()
    refused(anywhere, status=4)
    after = eventually(lambda: witness(anywhere), lambda seen: seen.pods == before.pods)
    assert after.message == before.message
    if anywhere.platform == "kubernetes":
        assert after.pods == before.pods


def test_a_migration_that_fails_changes_nothing(anywhere: Project) -> None:
    before = witness(anywhere)
    anywhere.change("migration fails")
    migrate(anywhere, "python3 -c 'import sys; sys.exit(\"no such column: colour\")'")
    refused(anywhere, status=4, says=("no such column: colour",))
    assert witness(anywhere) == before


def test_a_migration_whose_program_is_not_in_the_image_changes_nothing(anywhere: Project) -> None:
    before = witness(anywhere)
    anywhere.change("migration is missing")
    migrate(anywhere, "missing-program migrate")
    refused(anywhere, status=4, says=("missing-program",))
    assert witness(anywhere) == before


def migrate(project: Project, command: str) -> None:
    project.config["migrate"] = {"service": "web", "run": command}
    project.save()


def without_program(project: Project) -> None:
    if project.platform == "local":
        project.config["services"]["web"]["run"] = "missing-program serve"
        project.save()
    else:
        dockerfile = project.root / "Dockerfile"
        dockerfile.write_text(dockerfile.read_text().replace('CMD ["python3"', 'CMD ["/missing-program"'))
