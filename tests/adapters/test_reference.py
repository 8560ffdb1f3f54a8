"""Names of images, taken apart as Docker does."""

from __future__ import annotations

import pytest

from cloudnorth_cli.adapters.reference import Reference, parse

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", Reference("docker.io", "library/python", None, None)),
        ("python:3.11", Reference("docker.io", "library/python", "3.11", None)),
        ("us/shop", Reference("docker.io", "us/shop", None, None)),
        ("docker.io/python", Reference("docker.io", "library/python", None, None)),
        ("localhost/shop", Reference("localhost", "shop", None, None)),
        ("10.89.0.2:5000/shop/api:1", Reference("10.89.0.2:5000", "shop/api", "1", None)),
        (f"ghcr.io/us/api@{DIGEST}", Reference("ghcr.io", "us/api", None, DIGEST)),
        (f"ghcr.io/us/api:1@{DIGEST}", Reference("ghcr.io", "us/api", "1", DIGEST)),
    ],
)
def test_a_name_is_taken_apart(text: str, expected: Reference) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["", "ghcr.io/Us/api", "api:", "api@sha256:abc", "a b", "$BASE", "ghcr.io/"])
def test_what_names_no_image_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not name an image"):
        parse(text)


def test_the_digest_is_asked_for_before_the_tag() -> None:
    assert parse(f"api:1@{DIGEST}").version == DIGEST
    assert parse("api:1").version == "1"
    assert parse("api").version == "latest"
