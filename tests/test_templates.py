"""Placeholders are filled, other braces stay, and what stands for nothing is told."""

from __future__ import annotations

import pytest

from cloudnorth_cli import templates
from cloudnorth_cli.errors import UsageError

VALUES = {"image": "registry/api@sha256:1", "port": "8080", "url.api": "http://localhost:8000/api"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{image}", "registry/api@sha256:1"),
        ("serve --port {port} --api {url.api}/", "serve --port 8080 --api http://localhost:8000/api/"),
        ("{port}{port}", "80808080"),
        ("{{image}}", "{image}"),
        ("${HOME} ${port}", "${HOME} ${port}"),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        ('{"port": {port}}', '{"port": 8080}'),
        ("{} { port } {9}", "{} { port } {9}"),
        ("${{port}} {{port}", "${port} {8080"),
        ("awk '{{print}}'", "awk '{print}'"),
    ],
)
def test_a_text_is_filled(text: str, filled: str) -> None:
    assert templates.fill(text, VALUES, "services.api.run") == filled


def test_a_value_is_not_filled_again() -> None:
    assert templates.fill("{a}", {"a": "{b}", "b": "no"}, "") == "{b}"


@pytest.mark.parametrize(
    ("text", "said", "near"),
    [
        ("{imgae}", "{imgae} stands for nothing here", "did you mean: image (for the text itself write {{imgae}})"),
        (
            "{url.apo}",
            "{url.apo} stands for nothing here",
            "did you mean: url.api (for the text itself write {{url.apo}})",
        ),
    ],
)
def test_what_stands_for_nothing_is_told_with_the_nearest(text: str, said: str, near: str) -> None:
    with pytest.raises(UsageError) as raised:
        templates.fill(text, VALUES, "cloudnorth.yaml:14:7")
    told = raised.value
    assert (told.where, told.message, told.evidence) == ("cloudnorth.yaml:14:7", said, (near,))
