"""Keys as for `helm --set`, lists of the chart kept."""

from __future__ import annotations

from typing import Any

import pytest

from cloudnorth_cli.errors import Refused, UsageError
from cloudnorth_cli.platforms.kubernetes.chart_values import build, merged, parse_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("image", ("image",)),
        ("api.image", ("api", "image")),
        (r"labels.app\.kubernetes\.io/name", ("labels", "app.kubernetes.io/name")),
        ("containers[0].image", ("containers", 0, "image")),
        ("a[1][2]", ("a", 1, 2)),
    ],
)
def test_keys_are_read_as_helm_reads_them(text: str, key: tuple[str | int, ...]) -> None:
    assert parse_key(text) == key


@pytest.mark.parametrize("text", ["", "a..b", ".a", "a.", "[0]", "a[x]", "a[0", "a[0]b"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_key(text)


def put(below: dict[str, Any], **wanted: str) -> dict[str, Any]:
    return build({parse_key(key.replace("__", ".")): value for key, value in wanted.items()}, below)


def test_maps_hold_only_what_is_ours() -> None:
    assert put({"api": {"image": "old", "replicas": 2}}, api__image="new") == {"api": {"image": "new"}}


def test_one_element_changes_in_a_copy_of_the_whole_list() -> None:
    below = {"containers": [{"name": "app", "image": "old"}, {"name": "side", "image": "s"}]}
    made = build({parse_key("containers[0].image"): "new"}, below)
    assert made == {"containers": [{"name": "app", "image": "new"}, {"name": "side", "image": "s"}]}
    assert below["containers"][0]["image"] == "old"


def test_two_services_change_two_elements_of_one_list() -> None:
    below = {"containers": [{"name": "app"}, {"name": "side"}]}
    made = build({parse_key("containers[0].image"): "a", parse_key("containers[1].image"): "b"}, below)
    assert made == {"containers": [{"name": "app", "image": "a"}, {"name": "side", "image": "b"}]}


def test_a_list_within_lists_is_found() -> None:
    below = {"groups": [{"pods": [{"image": "x", "n": 1}]}]}
    made = build({parse_key("groups[0].pods[0].image"): "y"}, below)
    assert made == {"groups": [{"pods": [{"image": "y", "n": 1}]}]}


def test_an_element_that_the_list_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"containers\[2\]\.image is outside of its list, which holds 2"):
        build({parse_key("containers[2].image"): "x"}, {"containers": [{}, {}]})


def test_a_list_that_is_nowhere_is_begun() -> None:
    assert build({parse_key("images[0]"): "x"}, {}) == {"images": ["x"]}


def test_layers_are_merged_as_helm_does_it() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "l": [1]}, {"a": {"b": 3}, "l": [2]}, {"a": {"c": None}}) == {
        "a": {"b": 3},
        "l": [2],
    }
