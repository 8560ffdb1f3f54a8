"""EKS clusters that answer: whichever is made has the lab's API server as its endpoint."""

from __future__ import annotations

import base64
from typing import Any

from moto.eks.models import Cluster


def lead_to(endpoint: str, authority: str, version: str) -> None:
    """Have every cluster tell the lab's endpoint and authority (PEM), and `version` where none is asked for."""
    of_moto = Cluster.__init__

    def init(self: Cluster, *args: Any, **given: Any) -> None:
        of_moto(self, *args, **{**given, "version": given.get("version") or version})
        self.endpoint = endpoint
        self.certificate_authority = {"data": base64.b64encode(authority.encode()).decode()}

    Cluster.__init__ = init  # type: ignore[method-assign]
