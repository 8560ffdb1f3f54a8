"""What stands in a pod's Secret is what was read, byte by byte."""

from __future__ import annotations

import base64
from typing import Any, cast

from cloudnorth_cli.adapters import kube_secrets
from cloudnorth_cli.adapters.kube import Api
from cloudnorth_cli.model import Secret

LONG = "".join(f"{number:06x}\r\n\t" for number in range(6667))
"""60 kB of lines."""


class _Kept:
    def __init__(self) -> None:
        self.body: dict[str, Any] = {}

    def create(self, path: str, body: dict[str, Any]) -> None:
        self.body = body

    def find(self, path: str) -> dict[str, Any]:
        return self.body


def test_a_value_of_60_kb_and_one_with_newlines_come_back_unchanged() -> None:
    values = {"LONG": Secret(LONG), "KEY": Secret("-----BEGIN-----\nAAA=\n-----END-----\n"), "É": Secret("ö\\\"'")}
    kept = _Kept()
    kube_secrets.ensure(cast(Api, kept), "shop", "shop", kube_secrets.name_of("shop", values), values)
    told = {name: base64.b64decode(value).decode() for name, value in kept.body["data"].items()}
    assert told == {name: value.reveal() for name, value in values.items()}
    assert kube_secrets.read(cast(Api, kept), "shop", "shop-1") == values
