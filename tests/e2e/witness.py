"""What serves, as its platform tells it and not the tool: the witness that a failed run changed nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import requests

from tests.project import Project

T = TypeVar("T")


class InCluster(Protocol):
    """Whatever has a namespace of its own."""

    def kubectl(self, *words: str) -> str: ...


@dataclass(frozen=True)
class Witness:
    """Two witnesses are equal when nothing was changed between them."""

    pods: frozenset[tuple[str, ...]]
    """UID, image and restarts of every pod that is not ending; on local the process that answers."""
    revisions: frozenset[tuple[str, ...]]
    """Helm's revisions and their states; empty on local."""
    message: str
    """What the service says."""


def witness(project: Project) -> Witness:
    """Look at what serves now."""
    answer = project.answer()
    if project.platform == "local":
        return Witness(frozenset({(str(answer["pid"]),)}), frozenset(), answer["message"])
    return Witness(frozenset(pods(project).values()), frozenset(revisions(project).items()), answer["message"])


def pods(project: InCluster, selector: str = "") -> dict[str, tuple[str, ...]]:
    """Pods by name, without those that are ending and those of Jobs: UID, images, restarts."""
    items = json.loads(project.kubectl("get", "pods", "-o", "json", "-l", selector))["items"]
    return {
        item["metadata"]["name"]: (
            item["metadata"]["uid"],
            *(container["image"] for container in item["spec"]["containers"]),
            *(str(status["restartCount"]) for status in item["status"].get("containerStatuses", [])),
        )
        for item in items
        if "deletionTimestamp" not in item["metadata"]
        and not any(owner["kind"] == "Job" for owner in item["metadata"].get("ownerReferences", []))
    }


def revisions(project: InCluster) -> dict[str, str]:
    """Helm's revisions in the project's namespace with their states, from its own Secrets."""
    items = json.loads(project.kubectl("get", "secrets", "-l", "owner=helm", "-o", "json"))["items"]
    return {item["metadata"]["labels"]["version"]: item["metadata"]["labels"]["status"] for item in items}


def says(project: Project, message: str) -> bool:
    """Whether the service comes to say a message that begins so.

    Soon, not at once: for a moment a node may still send a connection to a pod that is ending.
    """

    def look() -> bool:
        try:
            return str(project.answer()["message"]).startswith(message)
        except requests.ConnectionError:
            return False

    return eventually(look, bool, 10)


def eventually(look: Callable[[], T], wanted: Callable[[T], bool], seconds: float = 30) -> T:
    """Look until what is seen is wanted; the last thing seen when time is out, which is not."""
    deadline = time.monotonic() + seconds
    while not wanted(seen := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen
