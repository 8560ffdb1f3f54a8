"""ConfigMaps as the API server keeps them, for what is written one after another: created once, patched, replaced."""

from __future__ import annotations

from typing import Any

from cloudnorth_cli.adapters.kube import Conflict


class ConfigMaps:
    """By path."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, Any]] = {}

    def find(self, path: str) -> dict[str, Any] | None:
        return self.there.get(path)

    def items(self, path: str, labelSelector: str) -> list[dict[str, Any]]:
        name, _, value = labelSelector.partition("=")
        return [thing for thing in self.there.values() if thing["metadata"]["labels"].get(name) == value]

    def create(self, path: str, body: dict[str, Any]) -> None:
        at = f"{path}/{body['metadata']['name']}"
        if at in self.there:
            raise Conflict("it is there")
        self.there[at] = body

    def replace(self, path: str, body: dict[str, Any]) -> None:
        assert path in self.there
        self.there[path] = body

    def patch(self, path: str, body: dict[str, Any]) -> None:
        """A merge patch, in which null removes."""
        data = self.there[path]["data"] | body["data"]
        self.there[path]["data"] = {key: value for key, value in data.items() if value is not None}
