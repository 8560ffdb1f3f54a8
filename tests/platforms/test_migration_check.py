"""What `migrate.check` may print, and what that means for the way back."""

from __future__ import annotations

import json

import pytest

from cloudnorth_cli.platforms.migration_check import irreversible


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"pending": []}, ""),
        ({"pending": [{"revision": "0007", "name": "add_brand", "expand_only": True, "reversible": True}]}, ""),
        ({"pending": [{"revision": "0007", "name": "add_brand", "expand_only": True, "reversible": False}]}, ""),
        ({"pending": [{"revision": "0008", "name": "drop_brand", "expand_only": False}]}, "0008 drop_brand"),
        ({"pending": [{"revision": "0008", "reversible": False}, {"name": "last"}]}, "0008"),
        ({"irreversible": True}, "it says so"),
        ({"irreversible": "drops the table brand"}, "drops the table brand"),
        ({"irreversible": ["0008", "0009"]}, "0008, 0009"),
        ({"irreversible": False, "pending": [{}]}, ""),
    ],
)
def test_steps_that_old_code_does_not_bear_are_named(said: dict[str, object], named: str) -> None:
    assert irreversible(["waiting for the database", json.dumps(said)]) == named


def test_the_last_object_counts_and_what_is_none_says_nothing() -> None:
    assert irreversible(['{"irreversible": true}', '{"pending": []}']) == ""
    assert irreversible(["schema is 0007, nothing to apply", "[1]", "{"]) == ""
