"""Images are built here and deployed there: a file carries their names between the two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Cloudnorth
from tests.fakes import DIGEST


def test_build_names_what_is_still_to_be_pushed_by_its_content_tag(cloudnorth: Cloudnorth, project: Path) -> None:
    ran = cloudnorth("build", "-e", "test", "--out", "images.json", "-o", "json")
    assert ran.status == 0
    assert json.loads((project / "images.json").read_text()) == {"storefront": "registry/shop-storefront:3a91f0c2"}
    assert ran.result["artifacts"][0]["service"] == "storefront"
    assert ran.result["next"] == ["cloudnorth push --env test"]


def test_push_names_what_it_pushed_by_digest_and_deploy_takes_that(cloudnorth: Cloudnorth, project: Path) -> None:
    pushed = cloudnorth("push", "-e", "test", "--out", "images.json", "-o", "json")
    assert json.loads((project / "images.json").read_text()) == {"storefront": f"registry/shop-storefront@{DIGEST}"}
    assert pushed.result["next"] == ["cloudnorth deploy --env test --images images.json"]
    ran = cloudnorth("deploy", "-e", "test", "--images", "images.json", "-o", "json")
    assert ran.status == 0
    assert "build" not in ran.steps
    assert [image["service"] for image in ran.result["images"]] == ["storefront"]


def test_an_image_on_the_line_wins_over_the_file(cloudnorth: Cloudnorth, project: Path) -> None:
    (project / "images.json").write_text('{"api": "r/api:1", "storefront": "r/storefront:1"}')
    words = ("deploy", "-e", "test", "--images", "images.json", "--image", "api=r/api:2", "-o", "json")
    assert [image["service"] for image in cloudnorth(*words).result["images"]] == ["api", "storefront"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "images.json"),
        ("[]", "Expected `object`"),
        ('{"api": 1}', "Expected `str`"),
        ('{"apu": "r/x:1"}', "did you mean: api"),
        ("x" * 1_000_001, "too large"),
    ],
)
def test_a_file_that_is_no_images_file_is_exit_2(cloudnorth: Cloudnorth, project: Path, text: str, told: str) -> None:
    (project / "images.json").write_text(text)
    ran = cloudnorth("deploy", "-e", "test", "--images", "images.json")
    assert ran.status == 2
    assert told in ran.err


def test_explain_builds_nothing_and_says_what_changed(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("build", "-e", "test", "--explain")
    assert ran.out == "storefront  3a91f0c2  was 77be01aa\n  ~ app/shop/settings.py\n"
    assert ran.err == ""


def test_what_is_made_elsewhere_cannot_be_built_here(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("build", "-e", "test", "-s", "api")
    assert ran.status == 3
    assert "api: there is nothing to build" in ran.err


def test_a_file_that_cannot_be_written_is_told(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("build", "-e", "test", "--out", "missing/images.json")
    assert ran.status == 4
    assert "cannot write missing/images.json" in ran.err
