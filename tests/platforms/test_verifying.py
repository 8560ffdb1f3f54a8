"""Whether pods run what they should."""

from __future__ import annotations

from typing import Any

import pytest

from cloudnorth_cli.model import Image
from cloudnorth_cli.platforms.kubernetes.verifying import strangers

NEW, OLD = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
WEB = "registry.example/shop/web"
IMAGES = [Image(service="web", repository=WEB, digest=NEW)]


def pod(image: str, running: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "web-1"},
        "spec": {"containers": [{"name": "web", "image": image}]},
        "status": {"containerStatuses": [{"name": "web", "imageID": running}]},
    }


@pytest.mark.parametrize(
    ("image", "running"),
    [
        (f"{WEB}@{NEW}", f"{WEB}@{NEW}"),
        (f"{WEB}:1.2", f"{WEB}@{NEW}"),
        (f"{WEB}:1.2@{NEW}", f"mirror.example/web@{NEW}"),
        # The node knew the same image from another registry before, which had packed its layers in another way.
        (f"{WEB}@{NEW}", f"mirror.example/web@{OLD}"),
        ("registry.example/sidecar:7", f"registry.example/sidecar@{OLD}"),
    ],
)
def test_what_is_right(image: str, running: str) -> None:
    assert strangers([pod(image, running)], IMAGES) == []


@pytest.mark.parametrize(
    ("image", "running", "told"),
    [
        (f"{WEB}:1.2", f"{WEB}@{OLD}", f"web-1 runs {WEB}@{OLD}, not {NEW}"),
        (f"{WEB}@{OLD}", f"{WEB}@{OLD}", f"web-1 runs {WEB}@{OLD}, not {NEW}"),
        (f"{WEB}@{NEW}", "", f"web-1 runs nothing yet, not {NEW}"),
    ],
)
def test_what_is_wrong(image: str, running: str, told: str) -> None:
    assert strangers([pod(image, running)], IMAGES) == [told]
