"""The pages name files that are there, and each decision has its date."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from cloudnorth_cli.cli import VERBS

ROOT = Path(__file__).parents[1]
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
]  # fmt: skip
PAGES = [path for path in TRACKED if path.suffix == ".md" and path.exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_no_page_holds_two_versions_of_itself() -> None:
    marks = ("<" * 7 + " ", ">" * 7 + " ")
    assert [page.name for page in PAGES if any(line.startswith(marks) for line in page.read_text().splitlines())] == []


def test_the_readme_names_every_verb() -> None:
    named = set(re.findall(r"`([a-z]+)`", (ROOT / "README.md").read_text()))
    assert {verb.name for verb in VERBS} <= named


def test_every_decision_that_is_named_is_there() -> None:
    named = {
        (name, str(path.relative_to(ROOT)))
        for path in TRACKED
        if path.suffix in (".py", ".md", ".toml", ".yaml", ".tf") and path.exists()
        for name in re.findall(r"decisions/([\w-]+\.md)", path.read_text())
    }
    assert named
    assert {(name, where) for name, where in named if not (ROOT / "docs/decisions" / name).exists()} == set()


@pytest.mark.parametrize("page", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_has_its_date_in_its_name_and_at_its_top(page: Path) -> None:
    date = re.match(r"\d{4}-\d\d-\d\d(?=-)", page.stem)
    assert date
    assert date[0] in "\n".join(page.read_text().splitlines()[:3])
