"""Objects in any order, told twice or late, make the same world."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloudnorth_cli.rollout.world import World, slim
from tests.rollout.objects import pod


def version(number: int, **about: Any) -> dict[str, Any]:
    one = pod(**about)
    one["metadata"]["resourceVersion"] = str(number)
    return one


@given(st.permutations(range(1, 7)), st.lists(st.integers(1, 6)))
def test_the_newest_telling_counts_whatever_the_order(order: list[int], again: list[int]) -> None:
    world = World()
    for number in [*order, *again]:
        world.put(version(number, restarts=number))
    assert world.observed(0.0).pods[0]["status"]["containerStatuses"][0]["restartCount"] == 6


def test_what_is_gone_does_not_come_back() -> None:
    world = World()
    world.put(version(5))
    world.remove("Pod", "uid-api-2-x")
    assert not world.put(version(4))
    assert world.observed(0.0).pods == ()


def test_a_list_removes_what_is_not_in_it_unless_that_is_newer() -> None:
    world = World()
    world.put(version(5, name="old"))
    world.put(version(9, name="new"))
    world.replace("Pod", [], "7")
    assert [one["metadata"]["name"] for one in world.observed(0.0).pods] == ["new"]


def test_what_is_kept_holds_no_environment() -> None:
    secret = {"containers": [{"name": "web", "env": [{"name": "PASSWORD", "value": "hunter22"}], "args": ["x"]}]}
    kept = slim({"kind": "Pod", "metadata": {"name": "a", "managedFields": []}, "spec": secret, "status": {}})
    assert "hunter22" not in str(kept)
    assert kept["spec"]["containers"] == [{"name": "web"}]
