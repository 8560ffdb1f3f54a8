"""What is shown of a process that died."""

from __future__ import annotations

import pytest

from cloudnorth_cli.platforms.local.watching import once


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ("starting KeyError starting KeyError", "starting KeyError"),
        ("a b c b c", "b c"),
        ("at-10:00 KeyError at-10:01 KeyError", "at-10:00 KeyError at-10:01 KeyError"),
        ("only", "only"),
        ("", ""),
    ],
)
def test_what_was_said_twice_is_shown_once(lines: str, shown: str) -> None:
    assert once(tuple(lines.split())) == tuple(shown.split())
