"""How the bytes of a push are told."""

from __future__ import annotations

import pytest

from cloudnorth_cli.platforms.image_sizes import Sent, megabytes, summary


@pytest.mark.parametrize(
    ("pushes", "told"),
    [
        ([Sent("api", 0, 0)], "0 B, the registry has it"),
        ([Sent("api", 0, 0), Sent("web", 0, 0)], "0 B, the registry has them all"),
        ([Sent("api", 12_400_000, 96_100_000)], "api 12.4 MB of 96.1 MB (rest was there)"),
        ([Sent("api", 170, 170)], "api 170 B of 170 B"),
        (
            [Sent("api", 1_500, 96_100_000), Sent("web", 0, 0)],
            "api 1.5 kB of 96.1 MB · web 0 B (rest was there)",
        ),
        ([Sent("api", None, 0)], "api sent"),
    ],
)
def test_a_push_is_told_in_one_line(pushes: list[Sent], told: str) -> None:
    assert summary(pushes) == told


def test_gigabytes_are_powers_of_ten() -> None:
    assert megabytes(1_200_000_000) == "1.2 GB"
