"""What the engine says while it pushes (lines kept from Docker 20.10.24)."""

from __future__ import annotations

from typing import Any

import pytest

from cloudnorth_cli.adapters.push_stream import read_push
from cloudnorth_cli.errors import ExitStatus, Failed

NAME = "registry.example/shop/api:1"
DIGEST = "sha256:2847c0915a19a7bb6f0ac9c34a95ce6676272dcd82a6b3f64431944994f914a9"


def line(layer: str, status: str, **detail: int) -> dict[str, Any]:
    return {"status": status, "progressDetail": detail, "id": layer}


LINES: list[dict[str, Any]] = [
    {"status": "The push refers to repository [registry.example/shop/api]"},
    line("191e2c125a80", "Preparing"),
    line("262662cca15a", "Preparing"),
    line("262662cca15a", "Waiting"),
    line("191e2c125a80", "Pushing", current=512, total=4096),
    line("35319ee249a7", "Pushing", current=3584, total=3),
    line("35319ee249a7", "Pushed"),
    line("191e2c125a80", "Pushed"),
    line("262662cca15a", "Mounted from shop/web"),
    {"status": f"1: digest: {DIGEST} size: 1149"},
    {"progressDetail": {}, "aux": {"Tag": "1", "Digest": DIGEST, "Size": 1149}},
]


def read(lines: list[dict[str, Any]]) -> tuple[Any, list[tuple[float, float | None, str]]]:
    told: list[tuple[float, float | None, str]] = []
    return read_push(NAME, iter(lines), lambda *progress: told.append(progress)), told


def test_the_digest_and_the_layers_that_were_sent_are_read() -> None:
    pushed, told = read(LINES)
    assert pushed.digest == DIGEST
    assert pushed.sent == ("191e2c125a80", "35319ee249a7")
    assert told[-1] == (7680, 7680, "2 of 2 layers")


def test_the_line_for_people_tells_the_digest_too() -> None:
    pushed, _ = read(LINES[:-1])
    assert pushed.digest == DIGEST


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        ("denied: requested access to the resource is denied", "push-denied"),
        ("unauthorized: authentication required", "push-denied"),
        ("no basic auth credentials", "push-denied"),
        ("received unexpected HTTP status: 500, write /var/lib/registry/x: no space left on device", "disk-full"),
        ("Put http://registry.example/v2/: dial tcp 10.0.0.1:5000: connect: connection refused", "push-failed"),
    ],
)
def test_a_push_that_fails_is_told_with_the_engines_words(problem: str, code: str) -> None:
    with pytest.raises(Failed) as failure:
        read([*LINES[:4], {"errorDetail": {"message": problem}, "error": problem}])
    assert (failure.value.code, failure.value.status) == (code, ExitStatus.FAILED)
    assert failure.value.evidence == (problem,)
    assert NAME in failure.value.message


def test_a_push_that_ends_without_a_digest_is_a_failure() -> None:
    with pytest.raises(Failed, match="without a digest"):
        read(LINES[:4])
