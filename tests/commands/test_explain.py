"""Every cause has a page, which comes with the tool."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cloudnorth_cli.commands.explain import explain
from cloudnorth_cli.errors import UsageError
from cloudnorth_cli.rollout.bounds import CAUSES
from tests.test_startup import imported

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("code", CAUSES)
def test_a_cause_is_explained(code: str) -> None:
    text = explain(code).text or ""
    assert text.startswith(f"# {code}\n")
    assert "## What to do" in text


def test_there_is_no_page_about_anything_else() -> None:
    pages = {page.stem for page in (ROOT / "docs" / "causes").glob("*.md")}
    assert pages == {*CAUSES, "README"}


def test_without_a_code_all_are_listed() -> None:
    text = explain(None).text or ""
    assert [line.split()[0] for line in text.splitlines()] == sorted(CAUSES)


def test_a_code_that_is_none_is_a_mistake_with_a_suggestion() -> None:
    with pytest.raises(UsageError) as told:
        explain("crash-at-strat")
    assert told.value.evidence == ("did you mean: crash-at-start",)


def test_a_word_that_is_near_to_nothing_gets_the_way_to_all_of_them() -> None:
    with pytest.raises(UsageError) as told:
        explain("foo")
    assert told.value.message == "there is no page about foo"
    assert (told.value.evidence, told.value.next) == ((), ("cloudnorth explain",))


def test_explaining_needs_no_sdk() -> None:
    out, modules = imported("explain", "oom")
    assert out.startswith("# oom\n")
    assert modules.isdisjoint({"boto3", "docker", "kubernetes", "requests", "urllib3", "rich"})


@pytest.mark.slow
def test_the_pages_come_with_the_wheel(tmp_path: Path) -> None:
    import build

    wheel = build.ProjectBuilder(ROOT).build("wheel", tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"cloudnorth_cli/causes/{code}.md" for code in CAUSES} <= set(names)
